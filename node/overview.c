/* The node at a glance. */
#include "node/overview.h"

#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/kill.h"
#include "ledger/sources.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "node/api_health.h"

#define REFUSED_SHOWN 20

static void write_health(const struct weir_overview *overview, struct weir_json *json)
{
    const struct weir_health *health = overview->health;
    if (health == NULL) {
        weir_json_null(json, "ready");
        weir_json_null(json, "health");
        return;
    }
    weir_json_bool(json, "ready", health->is_well);
    weir_json_array(json, "health");
    for (size_t i = 0; i < health->count; i++) {
        weir_json_object(json, NULL);
        weir_json_text(json, "part", health->points[i].name);
        weir_json_bool(json, "ok", health->points[i].is_well);
        weir_json_text(json, "text", health->points[i].text);
        weir_json_close(json);
    }
    weir_json_close(json);
}

static void write_keys(const struct weir_overview *overview, struct weir_json *json)
{
    char report[WEIR_ADDRESS_TEXT_BYTES];
    char gas[WEIR_ADDRESS_TEXT_BYTES];
    const struct weir_ask_keys *keys = overview->keys;
    if (keys == NULL) {
        weir_json_null(json, "keys");
        return;
    }
    weir_address_print(&keys->report, report);
    weir_address_print(&keys->gas, gas);
    weir_json_object(json, "keys");
    weir_json_hex(json, "identity", keys->set.set.node.bytes, sizeof(keys->set.set.node.bytes));
    weir_json_text(json, "report", report);
    weir_json_text(json, "gas", gas);
    weir_json_close(json);
}

/* Rows come by duty and name. */
static enum weir_err
write_duties(const struct weir_overview *overview, struct weir_scope *scope, struct weir_json *json)
{
    struct weir_status_row *rows = NULL;
    size_t count = 0;
    enum weir_err err = weir_status_list(overview->store, scope, &rows, &count);
    weir_json_array(json, "duties");
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        bool is_first = i == 0 || strcmp(rows[i].duty, rows[i - 1].duty) != 0;
        bool is_last = i + 1 == count || strcmp(rows[i].duty, rows[i + 1].duty) != 0;
        if (is_first) {
            weir_json_object(json, NULL);
            weir_json_text(json, "duty", rows[i].duty);
            weir_json_array(json, "values");
        }
        weir_json_object(json, NULL);
        weir_json_text(json, "name", rows[i].name);
        weir_json_i64(json, "value", rows[i].value);
        weir_json_text(json, "text", rows[i].text);
        weir_json_i64(json, "updated_ms", rows[i].updated_ms);
        weir_json_close(json);
        if (is_last) {
            weir_json_close(json);
            weir_json_close(json);
        }
    }
    weir_json_close(json);
    return err;
}

/* Input that was put aside lately, without its bytes. */
static enum weir_err write_refused(const struct weir_overview *overview,
                                   struct weir_scope *scope,
                                   struct weir_json *json)
{
    struct weir_refused_row *rows = NULL;
    size_t count = 0;
    enum weir_err err = weir_refused_list(overview->store, scope, REFUSED_SHOWN, &rows, &count);
    weir_json_array(json, "refused");
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        weir_json_object(json, NULL);
        weir_json_text(json, "origin", rows[i].origin);
        weir_json_text(json, "reason", rows[i].reason);
        weir_json_u64(json, "length", rows[i].length);
        weir_json_u64(json, "times", rows[i].times);
        weir_json_i64(json, "received_ms", rows[i].received_ms);
        weir_json_close(json);
    }
    weir_json_close(json);
    return err;
}

static enum weir_err
write_kills(const struct weir_overview *overview, struct weir_scope *scope, struct weir_json *json)
{
    struct weir_kill_row *rows = NULL;
    size_t count = 0;
    enum weir_err err = weir_kill_list(overview->store, scope, 0, &rows, &count);
    weir_json_array(json, "kill_signals");
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        if (rows[i].acked_ms >= 0)
            continue;
        weir_json_object(json, NULL);
        weir_json_text(json, "class", rows[i].class_name);
        weir_json_i64(json, "window_start_ms", rows[i].window_start_ms);
        weir_json_i64(json, "fired_ms", rows[i].fired_ms);
        weir_json_text(json, "detail", rows[i].detail);
        weir_json_close(json);
    }
    weir_json_close(json);
    return err;
}

enum weir_err weir_overview_status(const struct weir_overview *overview,
                                   struct weir_scope *scope,
                                   struct weir_json *json)
{
    const struct weir_overview_payout_query payouts = {.limit = 20};
    weir_json_object(json, NULL);
    weir_json_text(json, "node", overview->config->node.name);
    weir_json_text(json, "version", WEIR_VERSION);
    weir_json_bool(json, "running", overview->started_ms != 0);
    weir_json_i64(json, "now_ms", overview->now_ms);
    weir_json_i64(json, "started_ms", overview->started_ms);
    write_health(overview, json);
    write_keys(overview, json);
    enum weir_err err = weir_overview_gauges(overview, scope, json);
    if (err == WEIR_OK)
        err = weir_overview_agreements(overview, scope, json);
    if (err == WEIR_OK)
        err = weir_overview_payouts(overview, scope, &payouts, json);
    if (err == WEIR_OK)
        err = write_kills(overview, scope, json);
    if (err == WEIR_OK)
        err = write_duties(overview, scope, json);
    if (err == WEIR_OK)
        err = write_refused(overview, scope, json);
    weir_json_close(json);
    return err;
}
