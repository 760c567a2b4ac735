/* The inside of the duty "collector", shared by the files node/collector*.c only.  It probes what
 * is due, records every tick of a turn in one transaction, wakes the settler when a tick matters
 * for money, and keeps the published history of all gauges up to date.  It calls out and never
 * listens. One waiting place: weir_http_wait.  Floor 3. */
#ifndef WEIR_NODE_COLLECTOR_H
#define WEIR_NODE_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "metrics/tick.h"
#include "node/publish.h"
#include "node/worker.h"
#include "rails/http.h"

#define WEIR_SKEW_DEFAULT_MS 1000 /* of a gauge without an agreement */
#define WEIR_MISSED_PER_TURN 4096
#define WEIR_REFERENCES_MAX 8
#define WEIR_REASON_COUNT 256

enum weir_probe_state {
    WEIR_PROBE_IDLE,
    WEIR_PROBE_RUNNING,
    WEIR_PROBE_DOUBTED, /* it failed, and the references are being asked whether we are at fault */
};

/* One gauge that is probed by schedule. */
struct weir_probing {
    const struct weir_config_gauge *configured;
    const struct weir_gauge *gauge;
    int64_t log_id;
    int64_t skew_max_ms; /* a larger step of the clock makes time unknown */
    enum weir_probe_state state;
    uint32_t ticket;
    int64_t due_ms;         /* the scheduled tick that has no leaf yet */
    int64_t last_ms;        /* of the newest tick, queued ones too; INT64_MIN: none */
    int64_t started_ms;     /* of the probe under way */
    int64_t offset_ms;      /* wall clock minus monotonic clock at the newest tick */
    int64_t step_ms;        /* of the clock, not yet logged; 0: none */
    int64_t window_end_ms;  /* of the window of the newest tick */
    uint8_t last_reason;    /* of the newest tick */
    struct weir_tick found; /* while DOUBTED: what it is if the network works */
    struct weir_publication publication;
    bool is_dirty;  /* ticks were recorded since it was published */
    bool is_urgent; /* and one of them began a window or changed the state */
};

/* Ticks on their way into the ledger, per gauge in the order of time. */
struct weir_tick_queue {
    struct weir_tick *ticks;
    uint32_t *owners; /* number of the probing */
    size_t count;
    size_t capacity;
};

/* Are our own connections at fault?  The references are asked together; one answer is enough. */
struct weir_reference_check {
    struct weir_http_request requests[WEIR_REFERENCES_MAX];
    uint32_t tickets[WEIR_REFERENCES_MAX]; /* 0: not under way */
    size_t count;
    size_t running;
};

struct weir_collector_counters {
    uint64_t by_reason[WEIR_REASON_COUNT];
    uint64_t turns;
    uint64_t record_failures;
    int64_t lag_ms_max; /* from the scheduled time to the start, since the last report */
    int64_t tick_ms;    /* of the newest tick */
    uint64_t verdicts;
};

struct weir_collector {
    struct weir_worker worker;
    struct weir_http *http;
    size_t probe_slots; /* the rest is for the references */
    size_t probes_running;
    const char *user_agent; /* whole header line */
    struct weir_probing *probings;
    size_t probing_count;
    struct weir_publication *fed; /* gauges that events feed */
    size_t fed_count;
    struct weir_tick_queue queue;
    struct weir_reference_check references;
    struct weir_collector_counters counters;
    int64_t publish_at_ms; /* monotonic */
    int64_t status_at_ms;
    size_t publish_next; /* where the last round of publishing stopped */
    uint64_t version;    /* of the ledger when events were last looked for */
    bool must_look;      /* somebody said that there is something new */
    bool has_news;       /* there was: gauges that events feed are to be published */
    bool is_behind;      /* there is more to do at once */
    bool is_partial;     /* some gauge has more to publish */
};

/* collector_probe.c: pure decisions. */

/* What an answer means for the gauge, if our own network works. */
enum weir_reason weir_probe_judge(const struct weir_gauge *gauge,
                                  const struct weir_http_result *result);

/* Whether the same result could come from a network of ours that does not work. */
bool weir_probe_is_doubtful(const struct weir_http_result *result);

/* The latest multiple of the interval at or before, and the next one after, `at_ms`. */
int64_t weir_tick_floor(int64_t at_ms, int64_t interval_ms);
int64_t weir_tick_after(int64_t at_ms, int64_t interval_ms);

/* collector_schedule.c: what is due, missed, or out of joint. */

/* Sets the next tick from the log's newest one. */
WEIR_CHECKED enum weir_err weir_probing_begin(struct weir_collector *collector,
                                              struct weir_scope *scope,
                                              struct weir_probing *probing);

/* Notices steps of the clock, then queues clock ticks and missed ticks. */
void weir_collector_catch_up(struct weir_collector *collector, int64_t now_ms);

/* Starts the probes that are due, as far as there are slots. */
void weir_collector_launch(struct weir_collector *collector, int64_t now_ms);

/* Milliseconds until something is due; 0: at once. */
int weir_collector_patience(const struct weir_collector *collector, int64_t now_ms);

/* Queues a tick of a probing whose time is after its newest one. */
void weir_queue_tick(struct weir_collector *collector,
                     struct weir_probing *probing,
                     const struct weir_tick *tick);

/* collector_results.c: what came back. */
WEIR_CHECKED enum weir_err weir_references_begin(struct weir_collector *collector);
void weir_collector_results(struct weir_collector *collector);
void weir_collector_abandon(struct weir_collector *collector, struct weir_probing *probing);

/* collector_record.c: into the ledger. */
WEIR_CHECKED enum weir_err weir_collector_record(struct weir_collector *collector);
WEIR_CHECKED enum weir_err weir_collector_publish(struct weir_collector *collector, int64_t now_ms);
void weir_collector_report(struct weir_collector *collector, int64_t now_ms);

#endif /* WEIR_NODE_COLLECTOR_H */
