/* GET /: the status page.  It is complete as it comes; its script only asks for it again and again.
 * Nothing in it is loaded from elsewhere, and its own policy names the hashes of its style and
 * script, so that nothing else could run. */
#include "node/api_public.h"

#include <stdio.h>
#include <string.h>

#include <microhttpd.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/kill.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "node/api_health.h"
#include "node/clock.h"
#include "node/page.h"
#include "node/web.h"

#define PAGE_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* One page being made. */
struct page {
    struct weir_api *api;
    struct weir_scope *scope;
    struct weir_html html;
    struct weir_overview overview;
    struct weir_health *health;
};

/* --- what stands above the tables ------------------------------------------------------------- */

static void put_facts(struct page *page)
{
    struct weir_html *html = &page->html;
    char now[32];
    (void)snprintf(now, sizeof(now), "%lld", (long long)page->overview.now_ms);
    weir_html_put(html, "<ul class=\"facts\"><li>");
    weir_page_pill(html, page->health->is_well ? WEIR_MOOD_GOOD : WEIR_MOOD_BAD,
                   page->health->is_well ? "ready" : "not ready");
    weir_html_put(html, "</li><li>started <b>");
    weir_html_age(html, page->overview.started_ms);
    weir_html_put(html, "</b></li><li>as of <time data-now=\"%s\">", now);
    weir_html_time(html, page->overview.now_ms / 1000 * 1000);
    weir_html_put(html, "</time></li></ul>\n");
}

static void put_troubles(struct page *page)
{
    struct weir_html *html = &page->html;
    if (page->health->is_well)
        return;
    weir_html_put(html, "<section class=\"alarm\"><h2>Not ready</h2><ul>\n");
    for (size_t i = 0; i < page->health->count; i++) {
        const struct weir_health_point *point = &page->health->points[i];
        if (point->is_well)
            continue;
        weir_html_put(html, "<li><b>");
        weir_html_text(html, point->name);
        weir_html_put(html, "</b>: ");
        weir_html_text(html, point->text);
        weir_html_put(html, "</li>\n");
    }
    weir_html_put(html, "</ul></section>\n");
}

static void put_kill(struct page *page, const struct weir_kill_row *row)
{
    struct weir_html *html = &page->html;
    struct weir_log log;
    bool is_known = weir_log_load(page->overview.store, page->scope, row->log_id, &log) == WEIR_OK;
    weir_scope_recover(page->scope); /* a signal without its gauge is still shown */
    weir_html_put(html, "<li><b>");
    weir_html_text(html, is_known ? log.gauge : "unknown gauge");
    weir_html_put(html, "</b>, class ");
    weir_html_text(html, row->class_name);
    weir_html_put(html, ", fired ");
    weir_html_age(html, row->fired_ms);
    weir_html_put(html, ": ");
    weir_html_text(html, row->detail);
    weir_html_put(html, "</li>\n");
}

static enum weir_err put_kills(struct page *page)
{
    struct weir_kill_row *rows = NULL;
    size_t count = 0;
    size_t latched = 0;
    enum weir_err err = weir_kill_list(page->overview.store, page->scope, 0, &rows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        latched += rows[i].acked_ms < 0;
    if (err != WEIR_OK || latched == 0)
        return err;
    weir_html_put(&page->html, "<section class=\"alarm\"><h2>Kill signals</h2><ul>\n");
    for (size_t i = 0; i < count; i++)
        if (rows[i].acked_ms < 0)
            put_kill(page, &rows[i]);
    weir_html_put(&page->html, "</ul><p class=\"note\">A signal stays until somebody runs "
                               "<code>weir kill ack</code>.</p></section>\n");
    return WEIR_OK;
}

static void put_health(struct page *page)
{
    struct weir_html *html = &page->html;
    weir_html_put(html, "<section><details id=\"health\"><summary>Parts of the node</summary>"
                        "<table><thead><tr><th scope=\"col\">Part</th><th scope=\"col\">State</th>"
                        "<th scope=\"col\">Says</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < page->health->count; i++) {
        const struct weir_health_point *point = &page->health->points[i];
        weir_html_put(html, "<tr><td data-label=\"Part\">");
        weir_html_text(html, point->name);
        weir_html_put(html, "</td>");
        weir_page_cell(html, "State");
        weir_page_pill(html, point->is_well ? WEIR_MOOD_GOOD : WEIR_MOOD_BAD,
                       point->is_well ? "works" : "does not work");
        weir_page_cell_end(html);
        weir_page_cell(html, "Says");
        weir_html_text(html, point->text);
        weir_page_cell_end(html);
        weir_html_put(html, "</tr>\n");
    }
    weir_html_put(html, "</tbody></table></details></section>\n");
}

/* --- places of the page ----------------------------------------------------------------------- */

static enum weir_err put_live(struct page *page)
{
    put_facts(page);
    put_troubles(page);
    enum weir_err err = put_kills(page);
    if (err == WEIR_OK)
        err = weir_page_gauges(&page->overview, page->scope, &page->html);
    if (err == WEIR_OK)
        err = weir_page_agreements(&page->overview, page->scope, &page->html);
    if (err == WEIR_OK)
        err = weir_page_payouts(&page->overview, page->scope, &page->html);
    if (err == WEIR_OK)
        put_health(page);
    return err;
}

/* Base64 of the SHA-256, as a content policy wants it. */
static enum weir_err put_digest(struct page *page, const char *text)
{
    struct weir_hash hash = weir_sha256_of(text, strlen(text));
    const char *digest = weir_take_base64(page->scope, hash.bytes, sizeof(hash.bytes));
    if (digest == NULL)
        return page->scope->err;
    weir_html_put(&page->html, "%s", digest);
    return WEIR_OK;
}

static enum weir_err put_whole(struct page *page, const char *text)
{
    if (page->html.err == WEIR_OK)
        page->html.err = weir_buffer_text(page->scope, &page->html.buffer, text);
    return page->html.err;
}

static enum weir_err put_style_hash(struct page *page)
{
    return put_digest(page, weir_web_page_css);
}

static enum weir_err put_script_hash(struct page *page)
{
    return put_digest(page, weir_web_page_mjs);
}

static enum weir_err put_style(struct page *page)
{
    return put_whole(page, weir_web_page_css);
}

static enum weir_err put_script(struct page *page)
{
    return put_whole(page, weir_web_page_mjs);
}

static enum weir_err put_node(struct page *page)
{
    weir_html_text(&page->html, page->overview.config->node.name);
    return WEIR_OK;
}

static enum weir_err put_title(struct page *page)
{
    weir_html_text(&page->html, page->overview.config->node.name);
    weir_html_put(&page->html, page->health->is_well ? " – weir" : " – not ready – weir");
    return WEIR_OK;
}

static enum weir_err put_version(struct page *page)
{
    weir_html_put(&page->html, WEIR_VERSION);
    return WEIR_OK;
}

static const struct {
    const char *name;
    enum weir_err (*put)(struct page *page);
} places[] = {
    {"style_hash", put_style_hash},
    {"script_hash", put_script_hash},
    {"title", put_title},
    {"style", put_style},
    {"node", put_node},
    {"live", put_live},
    {"version", put_version},
    {"script", put_script},
};

static enum weir_err fill_place(struct page *page, struct weir_slice name)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (weir_slice_equals_text(name, places[i].name))
            return places[i].put(page);
    return weir_fail(page->scope, WEIR_E_NOT_FOUND, "the page has an unknown place");
}

/* The page with each {{name}} filled. */
static enum weir_err fill_page(struct page *page)
{
    const char *at = weir_web_page_html;
    enum weir_err err = WEIR_OK;
    while (err == WEIR_OK) {
        const char *open = strstr(at, "{{");
        const char *close = open == NULL ? NULL : strstr(open, "}}");
        if (close == NULL)
            return put_whole(page, at);
        err = weir_buffer_put(page->scope, &page->html.buffer, at, (size_t)(open - at));
        const struct weir_slice name = {(const uint8_t *)open + 2, (size_t)(close - open - 2)};
        if (err == WEIR_OK)
            err = fill_place(page, name);
        at = close + 2;
    }
    return err;
}

enum weir_err weir_api_page(struct weir_api *api,
                            struct weir_scope *scope,
                            const struct weir_api_request *request,
                            struct weir_api_answer *answer)
{
    (void)request;
    struct page page = {
        .api = api,
        .scope = scope,
        .health = weir_take(scope, 1, sizeof(*page.health)),
        .overview = {.config = api->worker.config,
                     .store = api->worker.store,
                     .now_ms = weir_clock_now(),
                     .started_ms = api->started_ms,
                     .keys = &api->worker.keys},
    };
    struct weir_slice text = {NULL, 0};
    weir_html_begin(&page.html, scope, PAGE_BYTES_MAX);
    enum weir_err err = page.health == NULL ? scope->err : weir_api_health(api, scope, page.health);
    if (err == WEIR_OK)
        err = fill_page(&page);
    if (err == WEIR_OK)
        err = weir_html_end(&page.html, &text);
    if (err != WEIR_OK)
        return err;
    *answer = (struct weir_api_answer){MHD_HTTP_OK, "text/html; charset=utf-8", text};
    return WEIR_OK;
}
