/* An event: one immutable fact from a source, and its canonical text of sorted "key value" lines,
 * which is the payload of its leaf.  Identity is (source, id); of several revisions the highest
 * counts, of equal revisions the one with the greater payload hash, so that the order of arrival
 * cannot matter (docs/formats-metrics.md 2).  The CloudEvents form is made elsewhere.
 * Texts are borrowed slices: parsed events point into the parsed bytes.  Floor 1: pure. */
#ifndef WEIR_METRICS_EVENT_H
#define WEIR_METRICS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "metrics/interval.h"
#include "metrics/tick.h"

#define WEIR_EVENT_TEXT_MAX ((size_t)4096) /* bytes of one canonical text */
#define WEIR_EVENT_FIELD_MAX ((size_t)512) /* bytes of source, id, subject, order */
#define WEIR_EVENT_SKEW_MS (INT64_C(5) * 60 * 1000)
#define WEIR_QUANTITY_MAX UINT64_C(1000000000000000)
#define WEIR_REVISION_MAX ((UINT64_C(1) << 62) - 1)

enum weir_event_type {
#define WEIR_EVENT_TYPE(name, number, text, feeds, fields) WEIR_EVENT_##name = (number),
#include "metrics/event_types.def"
#undef WEIR_EVENT_TYPE
};

enum weir_refusal {
    WEIR_REFUSAL_NONE = 0,
#define WEIR_REFUSAL(name, number, short_name, text) WEIR_REFUSAL_##name = (number),
#include "metrics/refusals.def"
#undef WEIR_REFUSAL
};

enum weir_party { WEIR_PARTY_NONE = 0, WEIR_PARTY_CUSTOMER = 1, WEIR_PARTY_US = 2 };

/* Fields that a type does not have are zero. */
struct weir_event {
    enum weir_event_type type;
    enum weir_party by;       /* who re-planned or cancelled */
    struct weir_slice source; /* unique together with id */
    struct weir_slice id;
    uint64_t rev;
    struct weir_slice subject;    /* the job (line), or the site */
    struct weir_slice order;      /* the order the job belongs to, or empty */
    struct weir_slice class_name; /* or empty */
    int64_t occurred_ms;          /* by the source's clock; a bare date is the start of the day */
    struct weir_interval due;     /* see weir_due_of_day; empty when absent */
    uint64_t quantity;            /* 0 when absent */
    struct weir_interval planned; /* maintenance.declared: from, to */
    uint8_t state;                /* probe.result: enum weir_state */
    uint8_t reason;               /* enum weir_reason */
    uint16_t http_status;
    uint32_t latency_ms;
};

/* A due date means the end of that day where the promise was made: the interval of the whole day.
 * `start_offset_ms` and `end_offset_ms` are the zone's distance from UTC (east positive) at the
 * day's start and end; they differ on the day a clock changes. */
struct weir_interval weir_due_of_day(int64_t days, int64_t start_offset_ms, int64_t end_offset_ms);

/* A due time: delivered at that very millisecond is in time, one later is late. */
struct weir_interval weir_due_of_instant(int64_t unix_ms);
bool weir_due_is_instant(struct weir_interval due);

/* Whether the event is complete and possible, by itself and at the time it was received:
 * WEIR_REFUSAL_NONE, or why it must be put aside. */
enum weir_refusal weir_event_check(const struct weir_event *event, int64_t received_ms);
/* Whether the event has the field of that small letter in event_types.def. */
bool weir_event_has(const struct weir_event *event, char letter);

const char *weir_refusal_name(enum weir_refusal refusal);
const char *weir_refusal_text(enum weir_refusal refusal);

/* Appends the canonical text.  The event has passed weir_event_check with any `received_ms`
 * (asserted).  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_event_print(struct weir_scope *scope,
                                            const struct weir_event *event,
                                            struct weir_buffer *buffer);

/* Canonical text only: weir_event_print of the result gives the same bytes.  `event` borrows from
 * `text`.  Errors: PARSE, RANGE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_event_parse(struct weir_scope *scope, struct weir_slice text, struct weir_event *event);

/* As weir_event_parse without the proof that the text is canonical and without taking memory: for
 * texts that weir_event_print made and a store kept.  Errors: PARSE, RANGE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_event_read(struct weir_scope *scope, struct weir_slice text, struct weir_event *event);

/* SHA-256 of the canonical text: the payload hash that decides ties. */
struct weir_hash weir_event_payload_hash(struct weir_slice canonical_text);

/* SHA-256 of `u32 length || source || u32 length || id || u64 rev || payload hash`: the event's
 * element of an input set (protocol section 5). */
struct weir_hash weir_event_digest(const struct weir_event *event,
                                   const struct weir_hash *payload_hash);

/* One revision of an event, as the ledger knows it without opening the payload. */
struct weir_revision {
    uint64_t rev;
    struct weir_hash payload_hash;
};

/* Which of two revisions of one (source, id) counts: <0 b, 0 they are the same event, >0 a. */
int weir_revision_compare(const struct weir_revision *a, const struct weir_revision *b);

/* Reduces `events` in place to the revision that counts of each (source, id), sorted by source and
 * id: the same result for every order of the same events.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err
weir_event_keep_current(struct weir_scope *scope, struct weir_event *events, size_t *event_count);

/* "job.promised"; NULL for a number outside the table.  0 when there is no such type or party. */
const char *weir_event_type_name(enum weir_event_type type);
enum weir_event_type weir_event_type_find(struct weir_slice name);
const char *weir_party_name(enum weir_party party);
enum weir_party weir_party_find(struct weir_slice name);

/* The tick of a probe.result. */
struct weir_tick weir_event_tick(const struct weir_event *event);

struct weir_gauge;

/* Whether the event can bear on the gauge: type, source and subject (of maintenance.declared: the
 * site or the gauge's name).  The class of a job is decided by its promise and not looked at here.
 */
bool weir_event_feeds(const struct weir_event *event, const struct weir_gauge *gauge);

#endif /* WEIR_METRICS_EVENT_H */
