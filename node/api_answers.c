/* Errors as HTTP: a status, and {"error":{"code","message","hint"}}. */
#include "node/api.h"

#include "base/arena.h"
#include "node/json_out.h"

static const struct {
    enum weir_err err;
    unsigned status;
    const char *hint;
} rows[] = {
    {WEIR_E_NOT_FOUND, 404, "GET /v1/status lists what this node serves"},
    {WEIR_E_PARSE, 400, "correct the place that the message names and send it again"},
    {WEIR_E_RANGE, 400, "correct the value that the message names and send it again"},
    {WEIR_E_LIMIT, 413, "send less at once"},
    {WEIR_E_DENIED, 403, "a token or a signature with this permission is needed"},
    {WEIR_E_SIGNATURE, 403, "check that the configured key set is the sender's present one"},
    {WEIR_E_CLOCK, 403, "synchronise the clocks"},
    {WEIR_E_CONFLICT, 409, "it contradicts what is recorded; nothing was changed"},
    {WEIR_E_STALE, 409, "read the present state and go on from there"},
    {WEIR_E_EVIDENCE, 422, "the evidence is about something else or not acceptable"},
    {WEIR_E_QUORUM, 422, "more witnesses must sign first"},
    {WEIR_E_INCLUSION, 422, "a hash does not lead where it should"},
    {WEIR_E_COMPLETENESS, 422, "exchange the missing leaves first"},
    {WEIR_E_RECOMPUTE, 422, "the numbers differ from what the leaves say"},
    {WEIR_E_NO_BREACH, 422, "the rule says that nothing was breached"},
    {WEIR_E_POLICY, 403, "the signer's policy forbids it; see `weir config show`"},
    {WEIR_E_BUSY, 503, "try again in a moment"},
    {WEIR_E_TIMEOUT, 503, "try again in a moment"},
    {WEIR_E_UNREACHABLE, 503, "a duty of this node is being restarted; try again in a moment"},
    {WEIR_E_MEMORY, 503, "the request is too large for what is set aside; send less at once"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

unsigned weir_api_status_of(enum weir_err err)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].err == err)
            return rows[i].status;
    return 500;
}

static const char *hint_of(enum weir_err err)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].err == err)
            return rows[i].hint;
    return "the operator finds the cause in the node's log";
}

void weir_api_fail(struct weir_scope *scope, struct weir_api_answer *answer)
{
    struct weir_scope failed = *scope;
    struct weir_slice text = {NULL, 0};
    struct weir_json json;
    weir_scope_recover(scope);
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    weir_json_object(&json, "error");
    weir_json_text(&json, "code", weir_err_name(failed.err));
    weir_json_text(&json, "message", failed.fault);
    weir_json_text(&json, "hint", hint_of(failed.err));
    weir_json_close(&json);
    weir_json_close(&json);
    if (weir_json_end(&json, &text) != WEIR_OK) {
        text = weir_slice_text("{\"error\":{\"code\":\"MEMORY\",\"message\":\"\",\"hint\":\"\"}}");
        weir_scope_recover(scope);
    }
    weir_api_json(answer, weir_api_status_of(failed.err), text);
}
