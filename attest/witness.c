#include "attest/witness.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

/* "old N" */
static enum weir_err
old_size_parse(struct weir_scope *scope, struct weir_slice line, uint64_t *old_size)
{
    static const char prefix[] = "old ";
    size_t prefix_bytes = sizeof(prefix) - 1;
    if (line.length <= prefix_bytes || memcmp(line.data, prefix, prefix_bytes) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "the first line is not 'old' and a size");
    struct weir_slice digits = {line.data + prefix_bytes, line.length - prefix_bytes};
    enum weir_err err = weir_u64_parse(scope, digits, WEIR_MERKLE_SIZE_MAX, old_size);
    return err == WEIR_OK ? WEIR_OK : weir_note(scope, "old size");
}

/* Hash lines up to and with the empty line. */
static enum weir_err
hashes_parse(struct weir_scope *scope, struct weir_slice *rest, struct weir_add_checkpoint *request)
{
    struct weir_hash *hashes = weir_take(scope, WEIR_WITNESS_HASHES_MAX, sizeof(*hashes));
    if (hashes == NULL)
        return scope->err;
    size_t count = 0;
    struct weir_slice line;
    while (weir_slice_line(rest, &line)) {
        if (line.length == 0) {
            request->hashes = hashes;
            request->hash_count = count;
            return WEIR_OK;
        }
        if (count == WEIR_WITNESS_HASHES_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "more than %d hashes", WEIR_WITNESS_HASHES_MAX);
        enum weir_err err = weir_base64_parse(scope, line, hashes[count].bytes, WEIR_HASH_BYTES);
        if (err != WEIR_OK)
            return weir_note(scope, "hash %zu", count + 1);
        count++;
    }
    return weir_fail(scope, WEIR_E_PARSE, "no empty line before the checkpoint");
}

enum weir_err weir_add_checkpoint_parse(struct weir_scope *scope,
                                        struct weir_slice body,
                                        struct weir_add_checkpoint *request)
{
    if (body.length > WEIR_WITNESS_BODY_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a body of %zu bytes", body.length);
    struct weir_add_checkpoint parsed = {0};
    struct weir_slice rest = body;
    struct weir_slice line;
    if (!weir_slice_line(&rest, &line))
        return weir_fail(scope, WEIR_E_PARSE, "no line with the old size");
    enum weir_err err = old_size_parse(scope, line, &parsed.old_size);
    if (err == WEIR_OK)
        err = hashes_parse(scope, &rest, &parsed);
    if (err == WEIR_OK)
        err = weir_note_parse_foreign(scope, rest, &parsed.note);
    if (err == WEIR_OK)
        err = weir_checkpoint_parse(scope, parsed.note.text, &parsed.checkpoint);
    if (err != WEIR_OK)
        return err;
    if (parsed.old_size > parsed.checkpoint.head.size)
        return weir_fail(scope, WEIR_E_RANGE, "the old size %llu is above the new one %llu",
                         (unsigned long long)parsed.old_size,
                         (unsigned long long)parsed.checkpoint.head.size);
    *request = parsed;
    return WEIR_OK;
}

enum weir_err weir_add_checkpoint_print(struct weir_scope *scope,
                                        const struct weir_add_checkpoint *request,
                                        struct weir_buffer *buffer)
{
    assert(request->hash_count <= WEIR_WITNESS_HASHES_MAX);
    assert(request->old_size <= WEIR_MERKLE_SIZE_MAX);
    enum weir_err err =
        weir_buffer_printf(scope, buffer, "old %llu\n", (unsigned long long)request->old_size);
    for (size_t i = 0; err == WEIR_OK && i < request->hash_count; i++) {
        char *hash = weir_take_base64(scope, request->hashes[i].bytes, WEIR_HASH_BYTES);
        if (hash == NULL)
            return scope->err;
        err = weir_buffer_printf(scope, buffer, "%s\n", hash);
    }
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, "\n");
    return err == WEIR_OK ? weir_note_print(scope, &request->note, buffer) : err;
}

static enum weir_err
answer_set(struct weir_witness_answer *answer, enum weir_witness_status status, const char *reason)
{
    *answer = (struct weir_witness_answer){.status = status, .reason = reason};
    return WEIR_OK;
}

/* The checks behind the signature and the size: 422 or 200. */
static enum weir_err decide_growth(struct weir_scope *scope,
                                   const struct weir_add_checkpoint *request,
                                   const struct weir_witness_log *log,
                                   struct weir_witness_answer *answer)
{
    const struct weir_merkle_head *head = &request->checkpoint.head;
    if (!weir_checkpoint_root_is_possible(&request->checkpoint))
        return answer_set(answer, WEIR_WITNESS_INCONSISTENT,
                          "a tree without leaves has the root SHA-256(\"\")");
    if (request->old_size == 0) {
        if (request->hash_count != 0)
            return answer_set(answer, WEIR_WITNESS_INCONSISTENT, "a proof from size 0");
        return answer_set(answer, WEIR_WITNESS_OK, "first checkpoint");
    }
    enum weir_err err = weir_merkle_consistency_check(scope, &log->head, head, request->hashes,
                                                      request->hash_count);
    if (err == WEIR_OK)
        return answer_set(answer, WEIR_WITNESS_OK, "consistent");
    weir_scope_recover(scope);
    if (request->old_size == head->size)
        return answer_set(answer, WEIR_WITNESS_INCONSISTENT,
                          "the same size with another root or a proof");
    return answer_set(answer, WEIR_WITNESS_INCONSISTENT, "the consistency proof does not verify");
}

enum weir_err weir_witness_decide(struct weir_scope *scope,
                                  const struct weir_add_checkpoint *request,
                                  const struct weir_witness_log *log,
                                  struct weir_witness_answer *answer)
{
    if (request == NULL) {
        weir_scope_recover(scope);
        return answer_set(answer, WEIR_WITNESS_MALFORMED, "malformed request");
    }
    assert(request->old_size <= request->checkpoint.head.size);
    if (log == NULL)
        return answer_set(answer, WEIR_WITNESS_UNKNOWN_LOG, "unknown origin");
    enum weir_err err = weir_note_verify(scope, &request->note, log->keys, log->key_count, NULL);
    if (err == WEIR_E_MEMORY)
        return err;
    if (err != WEIR_OK) {
        weir_scope_recover(scope);
        return answer_set(answer, WEIR_WITNESS_UNTRUSTED, "no valid signature of a trusted key");
    }
    if (request->old_size != log->head.size) {
        (void)answer_set(answer, WEIR_WITNESS_WRONG_SIZE, "not the size last cosigned"); /* OK */
        answer->size = log->head.size;
        return WEIR_OK;
    }
    return decide_growth(scope, request, log, answer);
}

enum weir_err weir_witness_note(struct weir_scope *scope,
                                const struct weir_add_checkpoint *request,
                                const struct weir_witness_log *log,
                                struct weir_slice cosignature_lines,
                                struct weir_buffer *buffer)
{
    const struct weir_note_line **verified =
        weir_take(scope, log->key_count, sizeof(const struct weir_note_line *));
    if (verified == NULL)
        return scope->err;
    enum weir_err err =
        weir_note_verify(scope, &request->note, log->keys, log->key_count, verified);
    if (err == WEIR_OK)
        err = weir_checkpoint_print(scope, &request->checkpoint, buffer);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, "\n");
    for (size_t k = 0; err == WEIR_OK && k < log->key_count; k++)
        if (verified[k] != NULL)
            err = weir_note_line_print(scope, verified[k], buffer);
    if (err != WEIR_OK)
        return err;
    return weir_buffer_put(scope, buffer, cosignature_lines.data, cosignature_lines.length);
}

enum weir_err
weir_witness_size_parse(struct weir_scope *scope, struct weir_slice body, uint64_t *size)
{
    struct weir_slice rest = body;
    struct weir_slice digits;
    if (!weir_slice_line(&rest, &digits) || rest.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "the answer is not one line with a size");
    return weir_u64_parse(scope, digits, WEIR_MERKLE_SIZE_MAX, size);
}
