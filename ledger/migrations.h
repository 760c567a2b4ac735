/* The numbered steps that make the schemas, from the texts in ledger/migrations.  A released step
 * is never changed: every file that it made knows its checksum.  Private to the ledger. */
#ifndef WEIR_LEDGER_MIGRATIONS_H
#define WEIR_LEDGER_MIGRATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "ledger/store.h"

#define WEIR_MIGRATION_PARTS 5

struct weir_migration {
    uint32_t number; /* 1, 2, ... without gaps */
    const char *name;
    const char *parts[WEIR_MIGRATION_PARTS]; /* run in this order */
    size_t part_count;
};

struct weir_migrations {
    const struct weir_migration *steps;
    size_t step_count;
    uint32_t application_id; /* in the file's header */
};

const struct weir_migrations *weir_migrations_of(enum weir_store_schema schema);

/* SHA-256 over the parts, one after the other. */
struct weir_hash weir_migration_checksum(const struct weir_migration *step);

extern const char weir_migration_ledger_0001_logs[];
extern const char weir_migration_ledger_0001_gauges[];
extern const char weir_migration_ledger_0001_settlement[];
extern const char weir_migration_ledger_0001_node[];
extern const char weir_migration_ledger_0001_evidence[];
extern const char weir_migration_vault_0001[];

#endif /* WEIR_LEDGER_MIGRATIONS_H */
