/* What `weir-verify` and `weir verify` share: reading, checking and telling.  Links floors 0 and 1
 * only, so that the small program has no network, no database and nothing else to trust. */
#ifndef WEIR_NODE_CMD_VERIFY_H
#define WEIR_NODE_CMD_VERIFY_H

#include <stdbool.h>
#include <stdio.h>

#include "attest/account.h"
#include "base/err.h"
#include "base/slice.h"

struct weir_verify_options {
    const char *file;
    const char *block_hash; /* "0x…" or without; NULL: none */
    const char *terms;      /* hash of the terms; NULL: any */
    const char *contract;   /* address of the agreement; NULL: any */
    const char *chain;      /* its chain id; NULL: any */
    bool wants_json;
};

/* Reads the file, checks it and writes the account to `out`.  Returns an exit code of
 * exit_codes.def: 0 breached and, with a trusted block, paid in full. */
int weir_verify_file(const struct weir_verify_options *options, FILE *out);

/* Whether a payment in the trusted block left nothing owed. */
bool weir_verify_is_paid(const struct weir_account *account);

/* The account of a checked proof, in plain words or as JSON.  `is_pinned`: the caller said which
 * agreement it must be about. */
void weir_verify_tell(const struct weir_account *account, bool is_pinned, FILE *out);
void weir_verify_tell_json(const struct weir_account *account, FILE *out);

/* The exit code for the failure of a check. */
int weir_verify_exit(enum weir_err err);

#endif /* WEIR_NODE_CMD_VERIFY_H */
