#include <string.h>

#include "config/check.h"

static enum weir_err
refuse_gauge(const struct weir_check *check, size_t index, const char *key, const char *reason)
{
    return weir_check_refuse(check, "gauges", index, key, "%s", reason);
}

/* A probe's state holds for two intervals and the timeout when nothing else is said. */
static enum weir_err complete_probe(const struct weir_check *check, size_t index)
{
    struct weir_config_gauge *gauge = &check->config->gauges[index];
    struct weir_availability_rules *rules = &gauge->definition.availability;
    if (gauge->definition.source != NULL)
        return refuse_gauge(check, index, "source", "a gauge with a probe has no source");
    if (gauge->definition.subject != NULL)
        return refuse_gauge(check, index, "subject", "a gauge with a probe has no subject");
    if (gauge->given.hold)
        return refuse_gauge(check, index, "hold", "with a probe, write this below 'probe'");
    if (rules->probe.timeout_ms > rules->probe.interval_ms)
        return refuse_gauge(check, index, "probe.timeout",
                            "the timeout is longer than the interval");
    if (!gauge->given.probe_hold)
        rules->hold_ms = 2 * rules->probe.interval_ms + rules->probe.timeout_ms;
    gauge->given.probe_hold = true;
    return WEIR_OK;
}

static enum weir_err complete_availability(const struct weir_check *check, size_t index)
{
    struct weir_config_gauge *gauge = &check->config->gauges[index];
    if (gauge->given.otif)
        return refuse_gauge(check, index, "otif", "an availability gauge has no such rules");
    if (gauge->given.kill)
        return refuse_gauge(check, index, "kill", "an availability gauge has no kill signal");
    if (gauge->given.minimum)
        return refuse_gauge(check, index, "min_due", "an availability gauge counts no units");
    memset(&gauge->definition.otif, 0, sizeof(gauge->definition.otif));
    gauge->given.maintenance = true;
    if (gauge->given.probe)
        return complete_probe(check, index);
    memset(&gauge->definition.availability.probe, 0, sizeof(struct weir_probe));
    if (!gauge->given.hold)
        gauge->definition.availability.hold_ms = WEIR_UNLIMITED_MS;
    gauge->given.hold = true;
    if (gauge->definition.subject == NULL)
        return refuse_gauge(check, index, "",
                            "it needs a probe, or the subject whose probe.result events count");
    return WEIR_OK;
}

static enum weir_err complete_otif(const struct weir_check *check, size_t index)
{
    struct weir_config_gauge *gauge = &check->config->gauges[index];
    if (gauge->given.probe)
        return refuse_gauge(check, index, "probe", "an otif gauge is fed by events, not probes");
    if (gauge->given.maintenance)
        return refuse_gauge(check, index, "maintenance", "an otif gauge knows no maintenance");
    if (gauge->definition.subject != NULL)
        return refuse_gauge(check, index, "subject", "an otif gauge counts all jobs");
    if (gauge->given.hold)
        return refuse_gauge(check, index, "hold", "an otif gauge has no states that hold");
    memset(&gauge->definition.availability, 0, sizeof(gauge->definition.availability));
    gauge->given.otif = true;
    gauge->given.kill = true;
    gauge->given.minimum = true;
    return WEIR_OK;
}

static enum weir_err check_windows(const struct weir_check *check, size_t index)
{
    const struct weir_gauge *gauge = &check->config->gauges[index].definition;
    bool is_fixed = gauge->windows.calendar == WEIR_CALENDAR_FIXED;
    bool is_utc = strcmp(gauge->zone, "UTC") == 0;
    if (is_fixed && gauge->windows.length_ms == 0)
        return refuse_gauge(check, index, "window", "a fixed window needs a length");
    if (is_fixed && gauge->windows.length_ms % 1000 != 0)
        return refuse_gauge(check, index, "window.length", "whole seconds are wanted");
    if (!is_fixed && gauge->windows.length_ms != 0)
        return refuse_gauge(check, index, "window.length", "only a fixed window has a length");
    if (!is_fixed && check->config->gauges[index].given.anchor)
        return refuse_gauge(check, index, "window.anchor", "only a fixed window has an anchor");
    if (is_utc && gauge->windows.boundary_count != 0)
        return refuse_gauge(check, index, "window.boundaries",
                            "UTC needs no boundaries; name the zone");
    if (!is_utc && is_fixed)
        return refuse_gauge(check, index, "window.zone", "fixed windows are the same in all zones");
    if (!is_utc && gauge->windows.boundary_count == 0)
        return refuse_gauge(check, index, "window.zone",
                            "a zone other than UTC needs its boundaries as a list of instants");
    return WEIR_OK;
}

/* Fills in what depends on the kind; from then on everything in effect counts as given. */
static enum weir_err check_gauge(const struct weir_check *check, size_t index)
{
    struct weir_config_gauge *gauge = &check->config->gauges[index];
    struct weir_gauge defaults;
    weir_gauge_init(&defaults, gauge->definition.kind);
    if (!gauge->given.lateness)
        gauge->definition.lateness_ms = defaults.lateness_ms;
    gauge->given.lateness = true;
    if (!gauge->given.minimum)
        gauge->definition.minimum = defaults.minimum;
    enum weir_err err = gauge->definition.kind == WEIR_GAUGE_OTIF
                            ? complete_otif(check, index)
                            : complete_availability(check, index);
    if (err == WEIR_OK)
        err = check_windows(check, index);
    if (err != WEIR_OK)
        return err;
    gauge->given.anchor = gauge->definition.windows.calendar == WEIR_CALENDAR_FIXED;
    if (gauge->definition.source != NULL) {
        struct weir_names sources = weir_names_of_sources(check->config);
        const struct weir_reference source = {"gauges", index, "source", gauge->definition.source};
        size_t found = 0;
        if (weir_check_find(check, &sources, source, &found) != WEIR_OK)
            return check->scope->err;
    }
    struct weir_scope inner = {.arena = check->scope->arena};
    if (weir_gauge_check(&inner, &gauge->definition) != WEIR_OK)
        return refuse_gauge(check, index, "", inner.fault);
    return WEIR_OK;
}

enum weir_err weir_check_gauges(const struct weir_check *check)
{
    for (size_t i = 0; i < check->config->gauge_count; i++) {
        if (check_gauge(check, i) != WEIR_OK)
            return check->scope->err;
    }
    return WEIR_OK;
}
