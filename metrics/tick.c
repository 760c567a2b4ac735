#include "metrics/tick.h"

#include <assert.h>

#define REASON_COUNT 256

struct reason_row {
    const char *name;
    const char *text;
    uint8_t state;
};

static const struct reason_row reasons[REASON_COUNT] = {
#define WEIR_REASON(name, number, short_name, state, text)                                         \
    [number] = {short_name, text, WEIR_STATE_##state},
#include "metrics/reasons.def"
#undef WEIR_REASON
};

static const char *const state_names[] = {
    [WEIR_STATE_UP] = "up",
    [WEIR_STATE_DOWN] = "down",
    [WEIR_STATE_UNKNOWN] = "unknown",
};

struct weir_tick
weir_tick_make(int64_t tick_ms, enum weir_reason reason, uint16_t http_status, uint32_t latency_ms)
{
    assert(reasons[reason].state != 0);
    return (struct weir_tick){
        .tick_ms = tick_ms,
        .state = reasons[reason].state,
        .reason = (uint8_t)reason,
        .http_status = http_status,
        .latency_ms = latency_ms,
    };
}

bool weir_tick_is_clock_step(const struct weir_tick *tick)
{
    return tick->reason == WEIR_REASON_CLOCK_FORWARD || tick->reason == WEIR_REASON_CLOCK_BACK;
}

void weir_tick_write(const struct weir_tick *tick, uint8_t payload[static WEIR_TICK_PAYLOAD_BYTES])
{
    assert(reasons[tick->reason].state != 0 && reasons[tick->reason].state == tick->state);
    payload[0] = tick->reason;
    weir_put_u16(payload + 1, tick->http_status);
    weir_put_u32(payload + 3, tick->latency_ms);
}

enum weir_err weir_tick_read(struct weir_scope *scope,
                             struct weir_slice payload,
                             int64_t tick_ms,
                             uint8_t state,
                             struct weir_tick *tick)
{
    if (payload.length != WEIR_TICK_PAYLOAD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a tick has %d bytes, not %zu",
                         WEIR_TICK_PAYLOAD_BYTES, payload.length);
    uint8_t reason = payload.data[0];
    if (reasons[reason].state == 0)
        return weir_fail(scope, WEIR_E_PARSE, "reason %u of a tick is not known", reason);
    if (reasons[reason].state != state)
        return weir_fail(scope, WEIR_E_PARSE, "a tick with reason '%s' is not in state %u",
                         reasons[reason].name, state);
    *tick = (struct weir_tick){
        .tick_ms = tick_ms,
        .state = state,
        .reason = reason,
        .http_status = weir_get_u16(payload.data + 1),
        .latency_ms = weir_get_u32(payload.data + 3),
    };
    return WEIR_OK;
}

const char *weir_state_name(uint8_t state)
{
    return state < sizeof(state_names) / sizeof(state_names[0]) ? state_names[state] : NULL;
}

const char *weir_reason_name(uint8_t reason)
{
    return reasons[reason].name;
}

const char *weir_reason_text(uint8_t reason)
{
    return reasons[reason].text;
}

uint8_t weir_reason_state(uint8_t reason)
{
    return reasons[reason].state;
}

uint8_t weir_state_find(struct weir_slice name)
{
    for (unsigned state = WEIR_STATE_UP; state <= WEIR_STATE_UNKNOWN; state++)
        if (weir_slice_equals_text(name, state_names[state]))
            return (uint8_t)state;
    return 0;
}

uint8_t weir_reason_find(struct weir_slice name)
{
    for (unsigned reason = 0; reason < REASON_COUNT; reason++)
        if (reasons[reason].name != NULL && weir_slice_equals_text(name, reasons[reason].name))
            return (uint8_t)reason;
    return 0;
}
