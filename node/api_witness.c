/* The C2SP tlog-witness protocol: any log whose key we know may ask for a cosignature, and anybody
 * may read what was cosigned last. */
#include "node/api.h"

#include <string.h>

#include "attest/checkpoint.h"
#include "attest/note.h"
#include "attest/witness.h"
#include "base/arena.h"
#include "base/text.h"
#include "ledger/evidence.h"
#include "ledger/log.h"
#include "ledger/mirror.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/log.h"

/* The note as we serve it: the log's text, its lines that the signer verified, and our own. */
static enum weir_err keep_note(struct weir_api *api,
                               struct weir_scope *scope,
                               const struct weir_add_checkpoint *request,
                               struct weir_slice line)
{
    struct weir_slice origin = request->checkpoint.origin;
    struct weir_buffer note = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    struct weir_note own;
    enum weir_err err = weir_note_lines_parse(scope, request->note.text, line, &own);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, &note, request->note.text.data, request->note.text.length);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &note, "\n");
    for (size_t i = 0; err == WEIR_OK && i < request->note.line_count; i++)
        if (weir_slice_equal(request->note.lines[i].name, origin))
            err = weir_note_line_print(scope, &request->note.lines[i], &note);
    for (size_t i = 0; err == WEIR_OK && i < own.line_count; i++)
        err = weir_note_line_print(scope, &own.lines[i], &note);
    const char *name = weir_take_text(scope, origin.data, origin.length);
    if (err != WEIR_OK || name == NULL)
        return scope->err;
    const struct weir_mirror_note row = {
        .head = request->checkpoint.head,
        .note = weir_buffer_slice(&note),
        .cosigned_ms = weir_clock_now(),
    };
    struct weir_hash hash = weir_origin_hash(origin);
    /* The signer has decided on its own record.  Ours may be behind by what a kill between the two
     * has cut off, so it goes on from where it stands. */
    struct weir_mirror_note last;
    err = weir_mirror_note_load(api->worker.store, scope, name, &last);
    if (err == WEIR_OK)
        err = weir_mirror_note_put(api->worker.store, scope, name, last.head.size, &row);
    if (err == WEIR_OK)
        err = weir_head_note_put(api->worker.store, scope, &hash, row.head.size, row.note);
    return err;
}

static void put_refusal(struct weir_scope *scope,
                        const struct weir_witness_answer *decision,
                        struct weir_api_answer *answer)
{
    if (decision->status == WEIR_WITNESS_WRONG_SIZE) {
        const char *size = weir_take_printf(scope, "%llu\n", (unsigned long long)decision->size);
        *answer = (struct weir_api_answer){409, WEIR_WITNESS_SIZE_TYPE,
                                           weir_slice_text(size == NULL ? "" : size)};
        return;
    }
    const char *text = weir_take_printf(scope, "%s\n", decision->reason);
    weir_api_text(answer, (unsigned)decision->status, weir_slice_text(text == NULL ? "" : text));
}

enum weir_err weir_api_cosign(struct weir_api *api,
                              struct weir_scope *scope,
                              struct weir_slice add_checkpoint,
                              struct weir_api_answer *answer)
{
    struct weir_ask_cosigned cosigned;
    enum weir_err err = weir_ask_cosign(scope, api->worker.duty->signer, add_checkpoint, &cosigned);
    if (err != WEIR_OK)
        return err;
    if (cosigned.answer.status != WEIR_WITNESS_OK) {
        put_refusal(scope, &cosigned.answer, answer);
        return scope->err;
    }
    struct weir_add_checkpoint request;
    err = weir_add_checkpoint_parse(scope, add_checkpoint, &request);
    if (err == WEIR_OK)
        err = keep_note(api, scope, &request, cosigned.line);
    if (err == WEIR_OK)
        weir_api_text(answer, 200, cosigned.line);
    return err;
}

enum weir_err weir_api_add_checkpoint(struct weir_api *api,
                                      struct weir_scope *scope,
                                      const struct weir_api_request *request,
                                      struct weir_api_answer *answer)
{
    return weir_api_cosign(api, scope, request->body, answer);
}

/* GET /<hex sha256(origin)>/checkpoint: the last cosigned note of a foreign log. */
enum weir_err weir_api_get_checkpoint(struct weir_api *api,
                                      struct weir_scope *scope,
                                      const struct weir_api_request *request,
                                      struct weir_api_answer *answer)
{
    struct weir_hash hash;
    struct weir_log log;
    struct weir_mirror_note note;
    const char *rest = request->path + 1;
    const char *slash = strchr(rest, '/');
    if (slash == NULL || strcmp(slash, "/checkpoint") != 0 ||
        weir_hex_parse(scope, (struct weir_slice){(const uint8_t *)rest, (size_t)(slash - rest)},
                       hash.bytes, sizeof(hash.bytes)) != WEIR_OK) {
        weir_scope_recover(scope);
        return weir_fail(scope, WEIR_E_NOT_FOUND, "nothing is served at this path");
    }
    enum weir_err err = weir_log_find_hash(api->worker.store, scope, &hash, &log);
    if (err == WEIR_OK)
        err = weir_mirror_note_load(api->worker.store, scope, log.origin, &note);
    if (err == WEIR_OK && note.head.size == 0)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "this log was never cosigned here");
    if (err == WEIR_OK)
        weir_api_text(answer, 200, note.note);
    return err;
}
