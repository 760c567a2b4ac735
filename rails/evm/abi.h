/* Contract calls and answers in Solidity's ABI: a small generic coder for static words and byte
 * strings, and on top of it every call that this program makes, the events it reads and the errors
 * it can name.  Readers are strict: exact lengths, clean padding, offsets where Solidity puts them.
 * Pure. */
#ifndef WEIR_RAILS_EVM_ABI_H
#define WEIR_RAILS_EVM_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/receipt.h"
#include "attest/report.h"
#include "attest/terms.h"
#include "attest/word.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

/* Appends selector and words: a call with static arguments only.  Selectors stand in
 * rails/evm/artifacts/selectors.h.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_abi_call(struct weir_scope *scope,
                                         uint32_t selector,
                                         const struct weir_word *words,
                                         size_t word_count,
                                         struct weir_buffer *buffer);

/* The calls of factory and agreement.  Errors: RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_abi_open(struct weir_scope *scope, const struct weir_terms *terms, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_report(struct weir_scope *scope,
                                           const struct weir_report *report,
                                           struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_pay_owed(struct weir_scope *scope, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err
weir_abi_claim(struct weir_scope *scope, const struct weir_address *to, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_withdraw(struct weir_scope *scope,
                                             const struct weir_address *to,
                                             struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err
weir_abi_level(struct weir_scope *scope, uint64_t window, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err
weir_abi_window_start(struct weir_scope *scope, uint64_t window, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err
weir_abi_lanes(struct weir_scope *scope, uint64_t word, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err
weir_abi_used(struct weir_scope *scope, uint64_t period, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_owed(struct weir_scope *scope, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_terms_hash(struct weir_scope *scope,
                                               struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_implementation(struct weir_scope *scope,
                                                   struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_preview(struct weir_scope *scope,
                                            uint64_t word,
                                            struct weir_word mask,
                                            uint8_t tier,
                                            struct weir_buffer *buffer);

/* The calls of an ERC-20 token. */
WEIR_CHECKED enum weir_err weir_abi_transfer(struct weir_scope *scope,
                                             const struct weir_address *to,
                                             unsigned __int128 amount,
                                             struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_approve(struct weir_scope *scope,
                                            const struct weir_address *spender,
                                            unsigned __int128 amount,
                                            struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_balance_of(struct weir_scope *scope,
                                               const struct weir_address *holder,
                                               struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_decimals(struct weir_scope *scope, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_abi_symbol(struct weir_scope *scope, struct weir_buffer *buffer);

/* Answers: exactly `word_count` static words.  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_abi_read_words(struct weir_scope *scope,
                                               struct weir_slice bytes,
                                               struct weir_word *words,
                                               size_t word_count);
/* One number or address.  Errors: PARSE, RANGE (does not fit). */
WEIR_CHECKED enum weir_err
weir_abi_read_u64(struct weir_scope *scope, struct weir_slice bytes, uint64_t *value);
WEIR_CHECKED enum weir_err
weir_abi_read_u128(struct weir_scope *scope, struct weir_slice bytes, unsigned __int128 *value);
WEIR_CHECKED enum weir_err weir_abi_read_address(struct weir_scope *scope,
                                                 struct weir_slice bytes,
                                                 struct weir_address *value);
/* One `string` or `bytes`; borrowed from `bytes`.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_abi_read_bytes(struct weir_scope *scope, struct weir_slice bytes, struct weir_slice *value);

/* The byte string at the end of a call or answer: its length, its bytes, padding of zeros and
 * nothing else.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_abi_read_tail(struct weir_scope *scope, struct weir_slice tail, struct weir_slice *value);

/* The arguments of a `report` call with its selector, strictly.  A signer checks with it what it is
 * asked to send.  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_abi_read_report(struct weir_scope *scope,
                                                struct weir_slice call,
                                                const struct weir_hash *terms_hash,
                                                struct weir_report *report);

/* Events other than Settled (attest/receipt.h).  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_abi_read_owed(struct weir_scope *scope,
                                              const struct weir_chain_log *log,
                                              unsigned __int128 *owed);
/* Opened(agreement, terms, provider, customer). */
WEIR_CHECKED enum weir_err weir_abi_read_opened(struct weir_scope *scope,
                                                const struct weir_chain_log *log,
                                                struct weir_address *agreement,
                                                struct weir_hash *terms_hash);

/* What is to be done about an error of the contracts. */
enum weir_revert_meaning {
    WEIR_REVERT_FATAL = 1, /* the same call can never succeed */
    WEIR_REVERT_DONE = 2,  /* the effect is there already */
    WEIR_REVERT_LATER = 3, /* the same call may succeed at another time or with more gas */
};

/* One row of the error table (rails/evm/artifacts/errors.def and the two of the language). */
struct weir_revert {
    uint32_t selector;
    const char *signature; /* "TooEarly()" */
    enum weir_revert_meaning meaning;
    const char *text;
};

/* Sets `*revert` and returns true when the selector of the revert data is in the table and its
 * arguments have the length that it says. */
bool weir_abi_revert(struct weir_slice data, struct weir_revert *revert);

/* A sentence for people in the arena: name, arguments and meaning, or the bytes when unknown; NULL
 * after MEMORY. */
char *weir_abi_revert_text(struct weir_scope *scope, struct weir_slice data);

#endif /* WEIR_RAILS_EVM_ABI_H */
