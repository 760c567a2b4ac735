/* Law: whatever a node answers, every call of the batch ends with a class, what counts as answered
 * was written, and reading never fails for another reason than memory. */
#include <stdlib.h>

#include "base/arena.h"
#include "rails/evm/rpc.h"

#define ARENA_BYTES ((size_t)1 << 24)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* One call of every shape, ids 0 and up. */
struct answers {
    struct weir_rpc_batch batch;
    uint64_t number;
    unsigned __int128 balance;
    unsigned __int128 tip;
    struct weir_hash sent;
    struct weir_slice code;
    struct weir_rpc_block block;
    struct weir_rpc_receipt receipt;
    struct weir_rpc_receipts receipts;
    struct weir_rpc_tx tx;
    struct weir_rpc_logs logs;
};

static void ask(struct weir_scope *scope, struct answers *to)
{
    static const struct weir_hash hash = {{1}};
    static const struct weir_address address = {{2}};
    const struct weir_rpc_tag latest = {.at = WEIR_RPC_LATEST};
    struct weir_rpc_batch *batch = &to->batch;
    require(weir_rpc_block_number(scope, batch, &to->number) != NULL);
    require(weir_rpc_balance(scope, batch, &address, latest, &to->balance) != NULL);
    require(weir_rpc_tip(scope, batch, &to->tip) != NULL);
    require(weir_rpc_send_raw(scope, batch, weir_slice_text("x"), &to->sent) != NULL);
    require(weir_rpc_code(scope, batch, &address, latest, &to->code) != NULL);
    require(weir_rpc_block_at(scope, batch, latest, &to->block) != NULL);
    require(weir_rpc_receipt_of(scope, batch, &hash, &to->receipt) != NULL);
    require(weir_rpc_block_receipts(scope, batch, &hash, &to->receipts) != NULL);
    require(weir_rpc_tx_of(scope, batch, &hash, &to->tx) != NULL);
    const struct weir_rpc_filter filter = {.address = address, .topic = hash};
    require(weir_rpc_logs(scope, batch, &filter, &to->logs) != NULL);
}

/* The first byte chooses between the whole batch and one of its calls alone. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct answers answers = {.number = 0};
    ask(&scope, &answers);
    size_t chosen = data[0] - (size_t)'0';
    if (chosen < answers.batch.count) {
        answers.batch.calls[0] = answers.batch.calls[chosen];
        answers.batch.count = 1;
    }
    enum weir_err err =
        weir_rpc_read(&scope, &answers.batch, (struct weir_slice){data + 1, size - 1});
    require(err == WEIR_OK || err == WEIR_E_MEMORY);
    for (size_t i = 0; i < answers.batch.count; i++) {
        const struct weir_rpc_call *call = &answers.batch.calls[i];
        require(weir_rpc_class_name(call->class) != NULL);
        require(!call->is_null || call->class == WEIR_RPC_ANSWERED);
    }
    weir_arena_free(arena);
    return 0;
}
