/* What `weir doctor` looks at, part by part.  Each part adds findings in plain words; nothing is
 * changed anywhere.  Private to node/doctor_*.c and the command.  Floor 3: I/O. */
#ifndef WEIR_NODE_DOCTOR_H
#define WEIR_NODE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "attest/address.h"
#include "base/err.h"

struct weir_config;
struct weir_keys;

#define WEIR_FINDINGS_MAX 1024

enum weir_finding_level {
    WEIR_FINDING_GOOD, /* as it should be */
    WEIR_FINDING_NOTE, /* good to know */
    WEIR_FINDING_WARN, /* should be looked at */
};

struct weir_finding {
    enum weir_finding_level level;
    const char *part; /* "files", "doors", "chain base" */
    const char *text;
};

struct weir_doctor {
    struct weir_scope *scope; /* findings live in its arena; holds no failure between parts */
    const struct weir_config *config;
    const char *config_path;
    bool is_running;         /* the node answered on its control socket */
    bool has_gas;            /* `gas` is known: the node said it, or the keys were opened */
    struct weir_address gas; /* of the key that pays for transactions */
    size_t count;
    struct weir_finding findings[WEIR_FINDINGS_MAX];
};

void weir_doctor_say(struct weir_doctor *doctor,
                     enum weir_finding_level level,
                     const char *part,
                     const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));

/* Turns the failure of the scope into a warning of this part. */
void weir_doctor_fault(struct weir_doctor *doctor, const char *part);

/* "warn", "note", "good" for programs. */
const char *weir_finding_level_name(enum weir_finding_level level);

/* doctor_files.c: modes and owners, the key file, the signer's record, the ledger. */
void weir_doctor_files(struct weir_doctor *doctor);
/* Opens the key file, which takes up to a second, and compares it with what is configured. */
void weir_doctor_keys(struct weir_doctor *doctor);
void weir_doctor_ledger(struct weir_doctor *doctor);

/* doctor_doors.c: who may come in where; asks the running node about itself. */
void weir_doctor_doors(struct weir_doctor *doctor);
void weir_doctor_node(struct weir_doctor *doctor);

/* doctor_network.c: chains and peers, over the network. */
void weir_doctor_network(struct weir_doctor *doctor);

/* doctor_machine.c: what the kernel gives: sandbox, limits, disk. */
void weir_doctor_machine(struct weir_doctor *doctor);

#endif /* WEIR_NODE_DOCTOR_H */
