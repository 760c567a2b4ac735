/* A tick: what one scheduled probe of an availability gauge found, and its 7-byte payload in the
 * log.  The tick's time is the start of the probe; within a log, times rise strictly.
 * A clock step is a tick too (protocol section 4): its reason is CLOCK_FORWARD or CLOCK_BACK and
 * its latency holds the size of the step in ms (0xffffffff for a larger one).  Floor 1: pure. */
#ifndef WEIR_METRICS_TICK_H
#define WEIR_METRICS_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_TICK_PAYLOAD_BYTES 7

/* The numbers are those of the leaf's flags. */
enum weir_state {
    WEIR_STATE_UP = 1,
    WEIR_STATE_DOWN = 2,
    WEIR_STATE_UNKNOWN = 3,
};

enum weir_reason {
#define WEIR_REASON(name, number, short_name, state, text) WEIR_REASON_##name = (number),
#include "metrics/reasons.def"
#undef WEIR_REASON
};

struct weir_tick {
    int64_t tick_ms;
    uint8_t state;        /* enum weir_state */
    uint8_t reason;       /* enum weir_reason */
    uint16_t http_status; /* 0 when there was no answer */
    uint32_t latency_ms;  /* or the size of a clock step */
};

/* A tick with the state that its reason implies. */
struct weir_tick
weir_tick_make(int64_t tick_ms, enum weir_reason reason, uint16_t http_status, uint32_t latency_ms);

bool weir_tick_is_clock_step(const struct weir_tick *tick);

/* u8 reason, u16 http_status, u32 latency_ms, big-endian. */
void weir_tick_write(const struct weir_tick *tick, uint8_t payload[static WEIR_TICK_PAYLOAD_BYTES]);

/* The inverse, with time and state from the leaf.  Errors: PARSE (length, unknown reason, or a
 * state that the reason does not imply). */
WEIR_CHECKED enum weir_err weir_tick_read(struct weir_scope *scope,
                                          struct weir_slice payload,
                                          int64_t tick_ms,
                                          uint8_t state,
                                          struct weir_tick *tick);

/* "up", "down", "unknown"; "timeout", "own_network"; the sentence of the table.  NULL for a number
 * outside the table. */
const char *weir_state_name(uint8_t state);
const char *weir_reason_name(uint8_t reason);
const char *weir_reason_text(uint8_t reason);

/* 0 for a number outside the table. */
uint8_t weir_reason_state(uint8_t reason);

/* By name; 0 when there is no such state or reason. */
uint8_t weir_state_find(struct weir_slice name);
uint8_t weir_reason_find(struct weir_slice name);

#endif /* WEIR_METRICS_TICK_H */
