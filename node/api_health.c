/* Is the process alive, and can the node do its work? */
#include "node/api_health.h"

#include <string.h>
#include <sys/statvfs.h>

#include <microhttpd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "node/api_public.h"
#include "node/clock.h"

#define SIGNER_ASKED_MS 1000
#define COLLECTOR_QUIET_MS 20000
#define SETTLER_QUIET_MS 60000 /* it waits for chains and peers within one round */
#define CHAIN_QUIET_POLLS 10
#define CHAIN_QUIET_MS_MIN 60000
#define CHAIN_ROW "weir_chain_head_timestamp_seconds{chain=\""

static void add(struct weir_health *health, const char *name, bool is_well, const char *text)
{
    if (health->count == WEIR_HEALTH_MAX)
        return;
    health->points[health->count++] = (struct weir_health_point){name, is_well, text};
    health->is_well = health->is_well && is_well;
}

/* The newest word of a duty, -1: none. */
static int64_t last_word_ms(const struct weir_health_view *view, const char *duty)
{
    int64_t newest_ms = -1;
    for (size_t i = 0; i < view->row_count; i++)
        if (strcmp(view->rows[i].duty, duty) == 0 && view->rows[i].updated_ms > newest_ms)
            newest_ms = view->rows[i].updated_ms;
    return newest_ms;
}

static enum weir_err judge_word(struct weir_scope *scope,
                                struct weir_health *health,
                                const char *name,
                                int64_t age_ms,
                                int64_t quiet_ms)
{
    const char *text =
        weir_take_printf(scope, "last heard of %lld ms ago", (long long)(age_ms < 0 ? 0 : age_ms));
    if (text == NULL)
        return scope->err;
    add(health, name, age_ms <= quiet_ms, text);
    return WEIR_OK;
}

static enum weir_err judge_duty(struct weir_scope *scope,
                                const struct weir_health_view *view,
                                struct weir_health *health,
                                const char *duty,
                                int64_t quiet_ms)
{
    int64_t word_ms = last_word_ms(view, duty);
    if (word_ms >= 0)
        return judge_word(scope, health, duty, view->now_ms - word_ms, quiet_ms);
    add(health, duty, false, "has not reported yet");
    return WEIR_OK;
}

/* The settler tells the time of the newest block it has seen. */
static enum weir_err judge_chain(struct weir_scope *scope,
                                 const struct weir_health_view *view,
                                 struct weir_health *health,
                                 const struct weir_config_chain *chain)
{
    const char *row = weir_take_printf(scope, CHAIN_ROW "%s\"}", chain->name);
    const char *name = weir_take_printf(scope, "chain %s", chain->name);
    int64_t quiet_ms = chain->poll_ms * CHAIN_QUIET_POLLS;
    if (row == NULL || name == NULL)
        return scope->err;
    for (size_t i = 0; i < view->row_count; i++)
        if (strcmp(view->rows[i].name, row) == 0)
            return judge_word(scope, health, name, view->now_ms - view->rows[i].updated_ms,
                              quiet_ms > CHAIN_QUIET_MS_MIN ? quiet_ms : CHAIN_QUIET_MS_MIN);
    add(health, name, false, "not seen since the node was started");
    return WEIR_OK;
}

/* A chain matters when an agreement lives on it. */
static bool is_chain_used(const struct weir_config *config, const struct weir_config_chain *chain)
{
    for (size_t i = 0; i < config->agreement_count; i++)
        if (config->agreements[i].chain == chain)
            return true;
    return false;
}

enum weir_err weir_health_of_rows(struct weir_scope *scope,
                                  const struct weir_health_view *view,
                                  struct weir_health *health)
{
    const struct weir_config *config = view->config;
    enum weir_err err = judge_duty(scope, view, health, "collector", COLLECTOR_QUIET_MS);
    if (err == WEIR_OK)
        err = judge_duty(scope, view, health, "settler", SETTLER_QUIET_MS);
    for (size_t i = 0; err == WEIR_OK && i < config->chain_count; i++)
        if (is_chain_used(config, &config->chains[i]))
            err = judge_chain(scope, view, health, &config->chains[i]);
    return err;
}

/* --- what is asked now ------------------------------------------------------------------------ */

/* Answers of the last second, so that nobody keeps the signer busy from outside. */
static struct {
    bool is_known;
    int64_t asked_ms; /* monotonic */
    bool is_well;
    char text[WEIR_FAULT_BYTES];
} signer;

static void ask_signer(struct weir_api *api, struct weir_scope *scope)
{
    struct weir_ask_keys keys;
    int64_t now_ms = weir_clock_monotonic_ms();
    if (signer.is_known && now_ms - signer.asked_ms < SIGNER_ASKED_MS)
        return;
    signer.is_well = weir_ask_keys(scope, api->worker.duty->signer, &keys) == WEIR_OK;
    const char *text = signer.is_well ? "answers" : scope->fault;
    size_t length = strnlen(text, sizeof(signer.text) - 1);
    memcpy(signer.text, text, length);
    signer.text[length] = '\0';
    signer.is_known = true;
    signer.asked_ms = weir_clock_monotonic_ms();
    weir_scope_recover(scope);
}

static enum weir_err
judge_disk(struct weir_scope *scope, const struct weir_config *config, struct weir_health *health)
{
    struct statvfs disk;
    if (statvfs(config->node.data_dir, &disk) != 0) {
        add(health, "disk", false, "the space in data_dir cannot be told");
        return WEIR_OK;
    }
    uint64_t free_bytes = (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize;
    const char *text =
        weir_take_printf(scope, "%llu MiB free", (unsigned long long)(free_bytes >> 20));
    if (text == NULL)
        return scope->err;
    add(health, "disk", free_bytes >= config->limits.disk_reserve_bytes, text);
    return WEIR_OK;
}

enum weir_err
weir_api_health(struct weir_api *api, struct weir_scope *scope, struct weir_health *health)
{
    struct weir_status_row *rows = NULL;
    size_t count = 0;
    health->count = 0;
    health->is_well = true;
    if (weir_status_list(api->worker.store, scope, &rows, &count) == WEIR_OK) {
        add(health, "ledger", true, "can be read");
    } else {
        const char *why = weir_take_printf(scope, "%s", scope->fault);
        weir_scope_recover(scope);
        add(health, "ledger", false, why == NULL ? "cannot be read" : why);
    }
    ask_signer(api, scope);
    add(health, "signer", signer.is_well, signer.text);
    enum weir_err err = judge_disk(scope, api->worker.config, health);
    const struct weir_health_view view = {api->worker.config, rows, count, weir_clock_now()};
    return err == WEIR_OK ? weir_health_of_rows(scope, &view, health) : err;
}

/* --- handlers --------------------------------------------------------------------------------- */

enum weir_err weir_api_healthy(struct weir_api *api,
                               struct weir_scope *scope,
                               const struct weir_api_request *request,
                               struct weir_api_answer *answer)
{
    (void)api;
    (void)scope;
    (void)request;
    weir_api_text(answer, MHD_HTTP_OK, weir_slice_text("ok\n"));
    return WEIR_OK;
}

/* `?verbose` has no value, which a plain look-up would not find. */
static bool is_verbose(const struct weir_api_request *request)
{
    static const char name[] = "verbose";
    return MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                         sizeof(name) - 1, NULL, NULL) == MHD_YES;
}

enum weir_err weir_api_ready(struct weir_api *api,
                             struct weir_scope *scope,
                             const struct weir_api_request *request,
                             struct weir_api_answer *answer)
{
    struct weir_health *health = weir_take(scope, 1, sizeof(*health));
    struct weir_buffer text = {.capacity_max = 64 * 1024};
    bool shows_all = is_verbose(request);
    enum weir_err err = health == NULL ? scope->err : weir_api_health(api, scope, health);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &text, health->is_well ? "ready\n" : "not ready\n");
    for (size_t i = 0; err == WEIR_OK && i < health->count; i++) {
        const struct weir_health_point *point = &health->points[i];
        if (shows_all || !point->is_well)
            err = weir_buffer_printf(scope, &text, "%s %s: %s\n", point->is_well ? "[+]" : "[-]",
                                     point->name, point->text);
    }
    if (err != WEIR_OK)
        return err;
    weir_api_text(answer, health->is_well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                  weir_buffer_slice(&text));
    return WEIR_OK;
}
