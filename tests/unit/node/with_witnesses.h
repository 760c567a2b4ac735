/* Three witnesses of one agreement (2 of 3), each with a folder, keys and a ledger whose log has a
 * tick per second, and what follows from it: opinions, cosigned heads, proofs.  Witness 0 has a key
 * file and a signer's record, so that a real signer can run on it. */
#ifndef WEIR_TESTS_UNIT_NODE_WITH_WITNESSES_H
#define WEIR_TESTS_UNIT_NODE_WITH_WITNESSES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/proof.h"
#include "base/arena.h"
#include "node/agreement.h"
#include "node/keyfile.h"

#define WITNESSES 3
#define WITNESSES_START_MS INT64_C(1769904000000) /* 2026-02-01T00:00:00Z, window 0 */
#define WITNESSES_WINDOW_MS INT64_C(60000)
#define WITNESSES_FOLDER_BYTES 64

struct weir_config;
struct weir_store;

struct one_witness {
    char folder[WITNESSES_FOLDER_BYTES];
    const char *name;
    struct weir_keys *keys;
    struct weir_key_set set;
    struct weir_config *config;
    struct weir_agreements agreements;
    struct weir_store *store;
    int64_t log_id;
};

struct with_witnesses {
    struct weir_scope scope;
    char folder[WITNESSES_FOLDER_BYTES];
    struct one_witness items[WITNESSES];
};

/* Makes all of it. */
void with_witnesses_make(struct with_witnesses *with);
/* Removes all of it. */
void with_witnesses_drop(struct with_witnesses *with);

/* Fails the test with the scope's text unless `err` is WEIR_OK. */
void with_witnesses_expect(struct with_witnesses *with, enum weir_err err);

/* The agreement as witness `w` sees it; place 0 pays a token, place 1 pays coins. */
const struct weir_agreement *
with_witnesses_agreement(const struct with_witnesses *with, size_t w, size_t place);
/* Index in the terms of the first agreement. */
uint8_t with_witnesses_index(const struct with_witnesses *with, size_t w);

/* Ticks of witness `w` for the seconds [from, to) after the start; down in [down_from, down_to). */
struct with_seconds {
    int64_t from;
    int64_t to;
    int64_t down_from;
    int64_t down_to;
};
void with_witnesses_tick(struct with_witnesses *with, size_t w, struct with_seconds seconds);

/* What witness `w` thinks of a window of the first agreement now, at `made_at_ms`. */
struct weir_opinion with_witnesses_opinion(struct with_witnesses *with,
                                           size_t w,
                                           uint64_t window,
                                           uint32_t revision,
                                           int64_t made_at_ms);
void with_witnesses_sign(struct with_witnesses *with,
                         size_t w,
                         const struct weir_opinion *opinion,
                         struct weir_signature *signature);

/* Note over the head of `size` leaves of witness `w`'s log; bit i of `cosigners`: witness i too. */
struct weir_slice
with_witnesses_note(struct with_witnesses *with, size_t w, uint64_t size, unsigned cosigners);

/* The section of one opinion, signed, its head cosigned by all others. */
struct weir_proof_section
with_witnesses_section(struct with_witnesses *with, size_t w, const struct weir_opinion *opinion);

/* A proof of these sections about one window; the caller may bend it before it is written. */
struct weir_proof with_witnesses_proof(struct with_witnesses *with,
                                       const struct weir_proof_section *sections,
                                       size_t section_count,
                                       uint8_t tier);
struct weir_slice with_witnesses_bytes(struct with_witnesses *with, struct weir_proof *proof);

#endif /* WEIR_TESTS_UNIT_NODE_WITH_WITNESSES_H */
