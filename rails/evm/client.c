#include "rails/evm/client.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "attest/keccak.h"
#include "attest/terms.h"
#include "base/arena.h"
#include "rails/evm/abi.h"
#include "rails/evm/artifacts/selectors.h"

#define DECIMALS_MAX 38
#define NATIVE_DECIMALS 18
#define SYMBOL_BYTES_MAX 32

enum weir_err weir_client_exchange(struct weir_client *client,
                                   struct weir_scope *scope,
                                   struct weir_rpc_batch *batch)
{
    uint64_t chain_id = 0;
    if (weir_rpc_chain_id(scope, batch, &chain_id) == NULL)
        return scope->err;
    batch->first_id = client->serial;
    client->serial += batch->count;
    enum weir_err err = weir_rpc_exchange(client->http, scope, &client->endpoint, batch);
    batch->count--;
    if (err == WEIR_OK)
        err = weir_rpc_require(scope, &batch->calls[batch->count]);
    if (err == WEIR_OK && chain_id != client->chain_id)
        err =
            weir_fail(scope, WEIR_E_CHAIN, "the node serves chain %" PRIu64 " instead of %" PRIu64,
                      chain_id, client->chain_id);
    return err;
}

enum weir_err weir_client_connect(struct weir_client *client, struct weir_scope *scope)
{
    struct weir_rpc_batch batch = {0};
    uint64_t number = 0;
    if (weir_rpc_block_number(scope, &batch, &number) == NULL)
        return scope->err;
    enum weir_err err = weir_client_exchange(client, scope, &batch);
    return err == WEIR_OK ? weir_rpc_require(scope, &batch.calls[0]) : err;
}

enum weir_err weir_client_take_final(struct weir_client *client,
                                     struct weir_scope *scope,
                                     const struct weir_rail_head *final,
                                     const struct weir_rail_head *seen)
{
    const struct weir_rail_head *last = &client->final_seen;
    if (client->has_final && final->number < last->number)
        return weir_fail(scope, WEIR_E_STALE,
                         "the final block went back from %" PRIu64 " to %" PRIu64, last->number,
                         final->number);
    if (client->has_final && final->number == last->number)
        seen = final;
    if (client->has_final && seen != NULL && seen->number == last->number &&
        !weir_hash_equal(&seen->hash, &last->hash))
        client->is_violated = true;
    if (client->is_violated)
        return weir_fail(scope, WEIR_E_CHAIN, "block %" PRIu64 " was final and was replaced",
                         last->number);
    client->final_seen = *final;
    client->has_final = true;
    return WEIR_OK;
}

static struct weir_rail_head head_of(const struct weir_rpc_block *block)
{
    return (struct weir_rail_head){block->number, block->hash, block->timestamp_s, block->base_fee};
}

/* One block, and the one that was final last time when `with_seen` is set. */
static enum weir_err fetch_block(struct weir_client *client,
                                 struct weir_scope *scope,
                                 struct weir_rpc_tag tag,
                                 struct weir_rpc_block *block)
{
    struct weir_rpc_batch batch = {0};
    if (weir_rpc_block_at(scope, &batch, tag, block) == NULL)
        return scope->err;
    enum weir_err err = weir_client_exchange(client, scope, &batch);
    return err == WEIR_OK ? weir_rpc_require(scope, &batch.calls[0]) : err;
}

enum weir_err weir_client_heads(struct weir_client *client,
                                struct weir_scope *scope,
                                struct weir_rail_head *head,
                                struct weir_rail_head *final)
{
    struct weir_rpc_block newest;
    struct weir_rpc_block settled;
    enum weir_err err =
        fetch_block(client, scope, (struct weir_rpc_tag){.at = WEIR_RPC_LATEST}, &newest);
    if (err != WEIR_OK)
        return err;
    struct weir_rpc_tag tag = {.at = WEIR_RPC_FINALIZED};
    if (client->depth != 0)
        tag = (struct weir_rpc_tag){
            WEIR_RPC_NUMBER, newest.number > client->depth ? newest.number - client->depth : 0};
    err = fetch_block(client, scope, tag, &settled);
    if (err != WEIR_OK)
        return err;
    struct weir_rail_head last = head_of(&settled);
    err = weir_client_take_final(client, scope, &last, NULL);
    if (err != WEIR_OK)
        return err;
    *head = head_of(&newest);
    *final = last;
    return WEIR_OK;
}

/* The tag that reads at `at`; a depth rule needs the head first. */
static enum weir_err find_tag(struct weir_client *client,
                              struct weir_scope *scope,
                              enum weir_client_at at,
                              struct weir_rpc_tag *tag)
{
    struct weir_rail_head head;
    struct weir_rail_head final;
    switch (at) {
    case WEIR_CLIENT_PENDING:
        *tag = (struct weir_rpc_tag){.at = WEIR_RPC_PENDING};
        return WEIR_OK;
    case WEIR_CLIENT_LATEST:
        *tag = (struct weir_rpc_tag){.at = WEIR_RPC_LATEST};
        return WEIR_OK;
    case WEIR_CLIENT_FINAL:
        break;
    }
    enum weir_err err = weir_client_heads(client, scope, &head, &final);
    if (err == WEIR_OK)
        *tag = (struct weir_rpc_tag){WEIR_RPC_NUMBER, final.number};
    return err;
}

/* Adds an eth_call of a contract with finished call data. */
static struct weir_rpc_call *add_view(struct weir_scope *scope,
                                      struct weir_rpc_batch *batch,
                                      const struct weir_address *contract,
                                      const struct weir_buffer *data,
                                      struct weir_rpc_tag tag,
                                      struct weir_slice *out)
{
    struct weir_rpc_message message = {.to = *contract, .data = weir_buffer_slice(data)};
    return weir_rpc_eth_call(scope, batch, &message, tag, out);
}

static enum weir_err require_all(struct weir_scope *scope, const struct weir_rpc_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        enum weir_err err = weir_rpc_require(scope, &batch->calls[i]);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

/* An account without code answers every call with nothing. */
static enum weir_err no_contract(struct weir_scope *scope, const struct weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(address, text);
    return weir_fail(scope, WEIR_E_REVERT, "there is no such contract at %s", text);
}

enum weir_err weir_client_levels(struct weir_client *client,
                                 struct weir_scope *scope,
                                 const struct weir_client_windows *windows,
                                 enum weir_client_at at,
                                 uint8_t *levels)
{
    assert(windows->window_count > 0 && windows->window_count <= WEIR_CLIENT_WINDOWS_MAX);
    struct weir_rpc_batch batch = {0};
    struct weir_slice answers[WEIR_CLIENT_WINDOWS_MAX];
    uint64_t found[WEIR_CLIENT_WINDOWS_MAX];
    struct weir_rpc_tag tag;
    enum weir_err err = find_tag(client, scope, at, &tag);
    for (size_t i = 0; err == WEIR_OK && i < windows->window_count; i++) {
        struct weir_buffer data = {0};
        err = weir_abi_level(scope, windows->windows[i], &data);
        if (err == WEIR_OK &&
            add_view(scope, &batch, &windows->agreement, &data, tag, &answers[i]) == NULL)
            err = scope->err;
    }
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = require_all(scope, &batch);
    for (size_t i = 0; err == WEIR_OK && i < windows->window_count; i++) {
        if (answers[i].length == 0)
            return no_contract(scope, &windows->agreement);
        err = weir_abi_read_u64(scope, answers[i], &found[i]);
        if (err == WEIR_OK && found[i] > WEIR_TIER_MAX)
            err = weir_fail(scope, WEIR_E_RANGE, "a level of %" PRIu64, found[i]);
    }
    for (size_t i = 0; err == WEIR_OK && i < windows->window_count; i++)
        levels[i] = (uint8_t)found[i];
    return err;
}

/* Adds the question for a balance: of the chain for the native coin, of the token otherwise. */
static enum weir_err ask_balance(struct weir_scope *scope,
                                 struct weir_rpc_batch *batch,
                                 const struct weir_address *asset,
                                 const struct weir_address *account,
                                 struct weir_rpc_tag tag,
                                 void *out)
{
    struct weir_buffer data = {0};
    if (weir_address_is_zero(asset)) {
        (void)weir_rpc_balance(scope, batch, account, tag, out); /* the scope tells */
        return scope->err;
    }
    enum weir_err err = weir_abi_balance_of(scope, account, &data);
    if (err == WEIR_OK && add_view(scope, batch, asset, &data, tag, out) == NULL)
        err = scope->err;
    return err;
}

/* Where a balance lands before it is read. */
union balance {
    unsigned __int128 units;
    struct weir_slice answer;
};

static enum weir_err read_balance(struct weir_scope *scope,
                                  const struct weir_address *asset,
                                  const union balance *balance,
                                  unsigned __int128 *base_units)
{
    if (weir_address_is_zero(asset)) {
        *base_units = balance->units;
        return WEIR_OK;
    }
    if (balance->answer.length == 0)
        return no_contract(scope, asset);
    return weir_abi_read_u128(scope, balance->answer, base_units);
}

enum weir_err weir_client_balance(struct weir_client *client,
                                  struct weir_scope *scope,
                                  const struct weir_address *asset,
                                  const struct weir_address *account,
                                  enum weir_client_at at,
                                  unsigned __int128 *base_units)
{
    struct weir_rpc_batch batch = {0};
    union balance balance = {0};
    struct weir_rpc_tag tag;
    enum weir_err err = find_tag(client, scope, at, &tag);
    if (err == WEIR_OK)
        err = ask_balance(scope, &batch, asset, account, tag, &balance);
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = require_all(scope, &batch);
    return err == WEIR_OK ? read_balance(scope, asset, &balance, base_units) : err;
}

enum weir_err weir_client_agreement(struct weir_client *client,
                                    struct weir_scope *scope,
                                    const struct weir_address *agreement,
                                    const struct weir_address *asset,
                                    enum weir_client_at at,
                                    struct weir_agreement_state *state)
{
    struct weir_rpc_batch batch = {0};
    union balance balance = {0};
    struct weir_slice code = {0};
    struct weir_slice terms = {0};
    struct weir_slice owed = {0};
    struct weir_buffer ask_terms = {0};
    struct weir_buffer ask_owed = {0};
    struct weir_rpc_tag tag;
    enum weir_err err = find_tag(client, scope, at, &tag);
    if (err == WEIR_OK)
        err = weir_abi_terms_hash(scope, &ask_terms);
    if (err == WEIR_OK)
        err = weir_abi_owed(scope, &ask_owed);
    if (err == WEIR_OK)
        err = ask_balance(scope, &batch, asset, agreement, tag, &balance);
    if (err == WEIR_OK && (weir_rpc_code(scope, &batch, agreement, tag, &code) == NULL ||
                           add_view(scope, &batch, agreement, &ask_terms, tag, &terms) == NULL ||
                           add_view(scope, &batch, agreement, &ask_owed, tag, &owed) == NULL))
        err = scope->err;
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = require_all(scope, &batch);
    struct weir_agreement_state found = {.has_code = code.length > 0};
    if (err == WEIR_OK)
        err = read_balance(scope, asset, &balance, &found.balance);
    if (err == WEIR_OK && found.has_code) {
        struct weir_word word;
        found.code_hash = weir_keccak_of(code.data, code.length);
        err = weir_abi_read_words(scope, terms, &word, 1);
        if (err == WEIR_OK)
            found.terms = weir_word_get_hash(word);
        if (err == WEIR_OK)
            err = weir_abi_read_u128(scope, owed, &found.owed);
    }
    if (err == WEIR_OK)
        *state = found;
    return err;
}

enum weir_err weir_client_factory(struct weir_client *client,
                                  struct weir_scope *scope,
                                  const struct weir_address *factory,
                                  struct weir_address *implementation)
{
    const struct weir_rpc_tag latest = {.at = WEIR_RPC_LATEST};
    static const struct weir_hash pinned = {WEIR_EVM_AGREEMENT_CODE_HASH};
    struct weir_rpc_batch batch = {0};
    struct weir_slice answer = {0};
    struct weir_slice code = {0};
    struct weir_buffer data = {0};
    struct weir_address found;
    enum weir_err err = weir_abi_implementation(scope, &data);
    if (err == WEIR_OK && add_view(scope, &batch, factory, &data, latest, &answer) == NULL)
        err = scope->err;
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = require_all(scope, &batch);
    if (err == WEIR_OK && answer.length == 0)
        err = no_contract(scope, factory);
    if (err == WEIR_OK)
        err = weir_abi_read_address(scope, answer, &found);
    struct weir_rpc_batch second = {0};
    if (err == WEIR_OK && weir_rpc_code(scope, &second, &found, latest, &code) == NULL)
        err = scope->err;
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &second);
    if (err == WEIR_OK)
        err = require_all(scope, &second);
    if (err != WEIR_OK)
        return err;
    struct weir_hash hash = weir_keccak_of(code.data, code.length);
    if (!weir_hash_equal(&hash, &pinned))
        return weir_fail(scope, WEIR_E_CONFLICT,
                         "the factory's agreements run other code than this program knows");
    *implementation = found;
    return WEIR_OK;
}

/* A foreign name for people: printable, short. */
static const char *clean_symbol(struct weir_scope *scope, struct weir_slice foreign)
{
    size_t length = foreign.length < SYMBOL_BYTES_MAX ? foreign.length : SYMBOL_BYTES_MAX;
    char *text = weir_take_text(scope, foreign.data, length);
    for (size_t i = 0; text != NULL && i < length; i++)
        if (text[i] < '!' || text[i] > '~')
            text[i] = '?';
    return text;
}

enum weir_err weir_client_token(struct weir_client *client,
                                struct weir_scope *scope,
                                const struct weir_address *asset,
                                uint8_t *decimals,
                                const char **symbol)
{
    const struct weir_rpc_tag latest = {.at = WEIR_RPC_LATEST};
    struct weir_rpc_batch batch = {0};
    struct weir_slice answers[2] = {{0}};
    struct weir_buffer ask_decimals = {0};
    struct weir_buffer ask_symbol = {0};
    struct weir_slice name = {0};
    uint64_t found = 0;
    if (weir_address_is_zero(asset)) {
        *decimals = NATIVE_DECIMALS;
        *symbol = "native";
        return WEIR_OK;
    }
    enum weir_err err = weir_abi_decimals(scope, &ask_decimals);
    if (err == WEIR_OK)
        err = weir_abi_symbol(scope, &ask_symbol);
    if (err == WEIR_OK &&
        (add_view(scope, &batch, asset, &ask_decimals, latest, &answers[0]) == NULL ||
         add_view(scope, &batch, asset, &ask_symbol, latest, &answers[1]) == NULL))
        err = scope->err;
    if (err == WEIR_OK)
        err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = require_all(scope, &batch);
    if (err == WEIR_OK)
        err = weir_abi_read_u64(scope, answers[0], &found);
    if (err == WEIR_OK)
        err = weir_abi_read_bytes(scope, answers[1], &name);
    if (err == WEIR_OK && found > DECIMALS_MAX)
        err = weir_fail(scope, WEIR_E_RANGE, "a token with %" PRIu64 " decimals", found);
    const char *text = err == WEIR_OK ? clean_symbol(scope, name) : NULL;
    if (text == NULL)
        return scope->err;
    *decimals = (uint8_t)found;
    *symbol = text;
    return WEIR_OK;
}
