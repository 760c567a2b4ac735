#include "metrics/gauge.h"

#include <string.h>

#include "metrics/calendar.h"
#include "metrics/pairs.h"
#include "metrics/tally.h"

#define UTC "UTC"
#define ZONE_BYTES_MAX 64
#define EVENT_TEXT_BYTES_MAX 512 /* source and subject, as in an event */
#define BODY_BYTES_MAX_DEFAULT ((uint64_t)1 << 20)
#define BODY_BYTES_MAX_MAX ((uint64_t)1 << 30)
#define REDIRECTS_MAX_MAX 10
#define MINIMUM_DEFAULT 20
#define MILLION 1000000

void weir_gauge_init(struct weir_gauge *gauge, enum weir_gauge_kind kind)
{
    *gauge = (struct weir_gauge){.kind = kind, .zone = UTC};
    if (kind == WEIR_GAUGE_OTIF) {
        gauge->lateness_ms = 3 * WEIR_DAY_MS;
        gauge->minimum = MINIMUM_DEFAULT;
        gauge->otif = (struct weir_otif_rules){
            .unit = WEIR_UNIT_LINE,
            .measure = WEIR_MEASURE_OTIF,
            .early_ms = WEIR_UNLIMITED_MS,
            .kill_rule = WEIR_KILL_A,
            .kill_min_due = MINIMUM_DEFAULT,
        };
        return;
    }
    gauge->lateness_ms = 10 * WEIR_MINUTE_MS;
    gauge->availability.probe = (struct weir_probe){
        .method = "GET",
        .body_bytes_max = BODY_BYTES_MAX_DEFAULT,
        .expect_status = {{200, 200}},
        .expect_status_count = 1,
    };
}

static bool is_in(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

static enum weir_err refuse(struct weir_scope *scope, const char *key, const char *wanted)
{
    return weir_fail(scope, WEIR_E_RANGE, "%s: %s", key, wanted);
}

static bool is_plain(const char *text, size_t length_max)
{
    return text != NULL && weir_text_is_plain(weir_slice_text(text), length_max);
}

static bool is_name(const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);
    if (length == 0 || length > WEIR_GAUGE_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_word = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
        if (!is_word && (i == 0 || strchr("._-", name[i]) == NULL))
            return false;
    }
    return true;
}

static bool is_url(const char *url)
{
    size_t length = strlen(url);
    if (length > WEIR_GAUGE_URL_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (url[i] <= ' ' || url[i] > '~')
            return false;
    return (strncmp(url, "http://", 7) == 0 && length > 7) ||
           (strncmp(url, "https://", 8) == 0 && length > 8);
}

static enum weir_err check_common(struct weir_scope *scope, const struct weir_gauge *gauge)
{
    if (!is_name(gauge->name))
        return refuse(scope, "name",
                      "1 to 63 of a-z, 0-9, '.', '_', '-', the first a letter or digit");
    if (weir_windows_check(scope, &gauge->windows) != WEIR_OK)
        return weir_note(scope, "calendar");
    if (!is_plain(gauge->zone, ZONE_BYTES_MAX))
        return refuse(scope, "zone", "the name of a time zone is wanted");
    if ((gauge->windows.boundary_count == 0) != (strcmp(gauge->zone, UTC) == 0))
        return refuse(scope, "zone", "UTC has no frozen boundaries, any other zone needs them");
    if (!is_in(gauge->lateness_ms, 0, WEIR_GAUGE_DURATION_MAX_MS))
        return refuse(scope, "lateness_ms", "0 to ten years");
    if (gauge->target.num == 0 || gauge->target.num > gauge->target.den ||
        gauge->target.den > WEIR_TALLY_MAX)
        return refuse(scope, "target", "a ratio above 0 and at most 1");
    if (gauge->source != NULL && !is_plain(gauge->source, EVENT_TEXT_BYTES_MAX))
        return refuse(scope, "source", "plain text of at most 512 bytes");
    return WEIR_OK;
}

static enum weir_err check_status(struct weir_scope *scope, const struct weir_probe *probe)
{
    unsigned last = 99;
    if (probe->expect_status_count == 0 || probe->expect_status_count > WEIR_GAUGE_STATUS_MAX)
        return refuse(scope, "expect_status", "1 to 16 codes or ranges");
    for (size_t i = 0; i < probe->expect_status_count; i++) {
        struct weir_status_range range = probe->expect_status[i];
        if (range.first <= last || range.last < range.first || range.last > 599)
            return refuse(scope, "expect_status", "codes from 100 to 599, ascending");
        last = range.last;
    }
    return WEIR_OK;
}

static enum weir_err check_probe(struct weir_scope *scope, const struct weir_probe *probe)
{
    if (!is_url(probe->url))
        return refuse(scope, "url", "an http or https address of at most 2048 characters");
    if (probe->method == NULL ||
        (strcmp(probe->method, "GET") != 0 && strcmp(probe->method, "HEAD") != 0))
        return refuse(scope, "method", "GET or HEAD");
    if (probe->expect_body != NULL &&
        (!is_plain(probe->expect_body, WEIR_GAUGE_BODY_MAX) || strcmp(probe->method, "HEAD") == 0))
        return refuse(scope, "expect_body", "plain text of at most 1024 bytes, and method GET");
    if (!is_in(probe->interval_ms, 1, WEIR_GAUGE_DURATION_MAX_MS))
        return refuse(scope, "interval_ms", "1 ms to ten years");
    if (!is_in(probe->timeout_ms, 1, probe->interval_ms))
        return refuse(scope, "timeout_ms", "1 ms to the interval");
    if (probe->body_bytes_max == 0 || probe->body_bytes_max > BODY_BYTES_MAX_MAX)
        return refuse(scope, "body_bytes_max", "1 to 2^30");
    if (probe->redirects_max > REDIRECTS_MAX_MAX)
        return refuse(scope, "redirects_max", "0 to 10");
    return check_status(scope, probe);
}

static enum weir_err check_availability(struct weir_scope *scope, const struct weir_gauge *gauge)
{
    const struct weir_availability_rules *rules = &gauge->availability;
    if (!is_in(rules->hold_ms, 1, WEIR_GAUGE_DURATION_MAX_MS) &&
        rules->hold_ms != WEIR_UNLIMITED_MS)
        return refuse(scope, "hold_ms", "1 ms to ten years, or none");
    if (!is_in(rules->maintenance_notice_ms, 0, WEIR_GAUGE_DURATION_MAX_MS))
        return refuse(scope, "maintenance_notice_ms", "0 to ten years");
    if (!is_in(rules->maintenance_allowance_ms, 0, WEIR_GAUGE_DURATION_MAX_MS))
        return refuse(scope, "maintenance_allowance_ms", "0 to ten years");
    if (gauge->minimum != 0)
        return refuse(scope, "minimum", "only gauges of promises have one");
    if (rules->probe.url == NULL) {
        if (!is_plain(gauge->subject, EVENT_TEXT_BYTES_MAX))
            return refuse(scope, "subject", "a gauge without url needs the site in its events");
        return WEIR_OK;
    }
    if (gauge->subject != NULL || gauge->source != NULL)
        return refuse(scope, gauge->subject != NULL ? "subject" : "source",
                      "a probed gauge takes no events");
    if (rules->hold_ms == WEIR_UNLIMITED_MS)
        return refuse(scope, "hold_ms", "a probed state cannot hold without end");
    return check_probe(scope, &rules->probe);
}

static enum weir_err check_otif(struct weir_scope *scope, const struct weir_gauge *gauge)
{
    const struct weir_otif_rules *rules = &gauge->otif;
    if (rules->unit != WEIR_UNIT_LINE && rules->unit != WEIR_UNIT_COMMITMENT)
        return refuse(scope, "unit", "line or commitment");
    if (rules->measure != WEIR_MEASURE_OTIF && rules->measure != WEIR_MEASURE_FILL)
        return refuse(scope, "measure", "otif or fill");
    if (rules->class_name != NULL && (!is_plain(rules->class_name, WEIR_GAUGE_CLASS_MAX) ||
                                      strcmp(rules->class_name, WEIR_CLASS_ALL) == 0))
        return refuse(scope, "class", "plain text of at most 128 bytes, not " WEIR_CLASS_ALL);
    if (!is_in(rules->early_ms, 0, WEIR_GAUGE_DURATION_MAX_MS) &&
        rules->early_ms != WEIR_UNLIMITED_MS)
        return refuse(scope, "early_ms", "0 to ten years, or none");
    if (!is_in(rules->return_ms, 0, WEIR_GAUGE_DURATION_MAX_MS))
        return refuse(scope, "return_ms", "0 to ten years");
    if (rules->quantity_short_ppm >= MILLION)
        return refuse(scope, "quantity_short_ppm", "0 to 999999");
    if (rules->kill_rule != WEIR_KILL_NONE && rules->kill_rule != WEIR_KILL_A &&
        rules->kill_rule != WEIR_KILL_B)
        return refuse(scope, "kill_rule", "a, b or none");
    if (rules->kill_rule == WEIR_KILL_NONE && rules->kill_min_due != 0)
        return refuse(scope, "kill_min_due", "belongs to a kill rule");
    if (rules->kill_min_due > WEIR_TALLY_MAX || gauge->minimum > WEIR_TALLY_MAX)
        return refuse(scope, "minimum", "0 to 2^63-1");
    if (gauge->subject != NULL)
        return refuse(scope, "subject", "only availability gauges have one");
    return WEIR_OK;
}

enum weir_err weir_gauge_check(struct weir_scope *scope, const struct weir_gauge *gauge)
{
    if (check_common(scope, gauge) != WEIR_OK)
        return scope->err;
    switch (gauge->kind) {
    case WEIR_GAUGE_AVAILABILITY:
        return check_availability(scope, gauge);
    case WEIR_GAUGE_OTIF:
        return check_otif(scope, gauge);
    }
    return refuse(scope, "kind", "availability or otif");
}

bool weir_gauge_is_scheduled(const struct weir_gauge *gauge)
{
    return gauge->kind == WEIR_GAUGE_AVAILABILITY && gauge->availability.probe.url != NULL;
}
