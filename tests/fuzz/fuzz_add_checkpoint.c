/* Law: a request that is read prints back to the same bytes; a witness that trusts a key nobody
 * holds answers every request, and never with 200. */
#include <stdlib.h>

#include "attest/witness.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static bool is_printable(const struct weir_add_checkpoint *request)
{
    for (size_t i = 0; i < request->note.line_count; i++)
        if (request->note.lines[i].signature.length == 0)
            return false;
    return true;
}

static void try_request(struct weir_scope *scope, struct weir_slice body)
{
    struct weir_add_checkpoint request;
    struct weir_witness_answer answer;
    enum weir_err err = weir_add_checkpoint_parse(scope, body, &request);
    if (err != WEIR_OK) {
        require(weir_witness_decide(scope, NULL, NULL, &answer) == WEIR_OK);
        require(answer.status == WEIR_WITNESS_MALFORMED && scope->err == WEIR_OK);
        return;
    }
    if (is_printable(&request)) {
        struct weir_buffer printed = {0};
        require(weir_add_checkpoint_print(scope, &request, &printed) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&printed), body));
    }
    struct weir_vkey key = {.name = request.note.lines[0].name,
                            .id = request.note.lines[0].id,
                            .type = WEIR_KEY_ED25519};
    struct weir_witness_log log = {.keys = &key, .key_count = 1};
    require(weir_witness_decide(scope, &request, NULL, &answer) == WEIR_OK);
    require(answer.status == WEIR_WITNESS_UNKNOWN_LOG);
    require(weir_witness_decide(scope, &request, &log, &answer) == WEIR_OK);
    require(answer.status == WEIR_WITNESS_UNTRUSTED && scope->err == WEIR_OK);
    /* The proof of the request, checked as if the signature were good. */
    struct weir_merkle_head old = {.size = request.old_size};
    err = weir_merkle_consistency_check(scope, &old, &request.checkpoint.head, request.hashes,
                                        request.hash_count);
    weir_scope_recover(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice body = {data, size};
    uint64_t answered;
    try_request(&scope, body);
    if (weir_witness_size_parse(&scope, body, &answered) == WEIR_OK)
        require(answered <= WEIR_MERKLE_SIZE_MAX);
    weir_arena_free(arena);
    return 0;
}
