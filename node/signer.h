/* The inside of the duty "signer", shared by the files node/signer*.c only.  It alone has keys; it
 * opens no file but its own and no network at all.  It recognises what it is asked to sign, checks
 * it against its configuration and its memory, computes verdicts again from the evidence, writes
 * the signature down, and only then answers. */
#ifndef WEIR_NODE_SIGNER_H
#define WEIR_NODE_SIGNER_H

#include "base/err.h"
#include "base/slice.h"
#include "node/agreement.h"
#include "node/duty.h"
#include "node/key_set.h"

struct weir_config;
struct weir_keys;
struct weir_store;

struct weir_signer {
    const struct weir_config *config;
    struct weir_hash config_digest;
    struct weir_keys *keys;
    struct weir_key_set set;
    struct weir_agreements agreements;
    struct weir_store *vault;
};

/* Each answers one question; `answer` is what is sent back.  Failures are refusals with their text.
 */
WEIR_CHECKED enum weir_err
weir_signer_keys(struct weir_signer *signer, struct weir_scope *scope, struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_checkpoint(struct weir_signer *signer,
                                                  struct weir_scope *scope,
                                                  struct weir_slice question,
                                                  struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_cosign(struct weir_signer *signer,
                                              struct weir_scope *scope,
                                              struct weir_slice question,
                                              struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_opinion(struct weir_signer *signer,
                                               struct weir_scope *scope,
                                               struct weir_slice question,
                                               struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_report(struct weir_signer *signer,
                                              struct weir_scope *scope,
                                              struct weir_slice question,
                                              struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_statement(struct weir_signer *signer,
                                                 struct weir_scope *scope,
                                                 struct weir_slice question,
                                                 struct weir_buffer *answer);
WEIR_CHECKED enum weir_err weir_signer_transaction(struct weir_signer *signer,
                                                   struct weir_scope *scope,
                                                   struct weir_slice question,
                                                   struct weir_buffer *answer);

#endif /* WEIR_NODE_SIGNER_H */
