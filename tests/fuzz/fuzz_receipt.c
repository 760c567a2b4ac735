/* Law: a receipt that is read is written to the same bytes, as trie item too: its proof in a trie
 * of its own verifies.  Headers and foreign trie nodes are only read. */
#include <stdlib.h>

#include "attest/keccak.h"
#include "attest/receipt.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 24)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_receipt(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_receipt receipt;
    struct weir_buffer logs = {.capacity_max = 0};
    struct weir_buffer again = {.capacity_max = 0};
    if (weir_receipt_read(scope, bytes, &receipt) != WEIR_OK) {
        weir_scope_recover(scope);
        return;
    }
    for (uint64_t i = 0; i < receipt.log_count; i++) {
        struct weir_chain_log log;
        struct weir_settled settled;
        require(weir_receipt_log(scope, &receipt, i, &log) == WEIR_OK);
        require(weir_receipt_put_log(scope, &log, &logs) == WEIR_OK);
        if (weir_settled_read(scope, &log, &settled) != WEIR_OK)
            weir_scope_recover(scope);
    }
    receipt.logs = weir_buffer_slice(&logs);
    require(weir_receipt_write(scope, &receipt, &again) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&again), bytes));

    const struct weir_slice items[] = {bytes, bytes, bytes};
    struct weir_trie_proof proof;
    struct weir_hash root;
    struct weir_slice value;
    require(weir_trie_prove(scope, items, 3, 1, &proof, &root) == WEIR_OK);
    require(weir_trie_verify(scope, &root, 1, &proof, &value) == WEIR_OK);
    require(weir_slice_equal(value, bytes));
}

/* The bytes as nodes that hash right: cut in two where the first byte says. */
static void try_nodes(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_slice value;
    struct weir_header header;
    size_t cut = bytes.length == 0 ? 0 : bytes.data[0] % bytes.length;
    struct weir_trie_proof proof = {
        .node_count = 2,
        .nodes = {{bytes.data, cut}, {bytes.data + cut, bytes.length - cut}},
    };
    struct weir_hash root = weir_keccak_of(proof.nodes[0].data, proof.nodes[0].length);
    if (weir_trie_verify(scope, &root, 0, &proof, &value) != WEIR_OK)
        weir_scope_recover(scope);
    proof = (struct weir_trie_proof){.node_count = 1, .nodes = {bytes}};
    root = weir_keccak_of(bytes.data, bytes.length);
    if (weir_trie_verify(scope, &root, 0, &proof, &value) != WEIR_OK)
        weir_scope_recover(scope);
    if (weir_header_read(scope, bytes, &header) != WEIR_OK)
        weir_scope_recover(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    try_receipt(&scope, bytes);
    try_nodes(&scope, bytes);
    weir_arena_free(arena);
    return 0;
}
