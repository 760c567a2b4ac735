/* Gauges on the status page: the number of now, the budget, and the last windows as a strip. */
#include "node/page.h"

#include <string.h>

#include "config/config.h"
#include "ledger/observations.h"
#include "ledger/store.h"
#include "metrics/tick.h"

#define STRIP_WINDOWS 30
#define STRIP_STEP 8
#define STRIP_HEIGHT 26
#define METER_WIDTH 128
#define GAUGES_WITH_STRIP 200 /* on a node with more, the page stays quick without the strips */

void weir_page_cell(struct weir_html *html, const char *label)
{
    weir_html_put(html, "<td data-label=\"%s\"><div>", label);
}

void weir_page_number(struct weir_html *html, const char *label)
{
    weir_html_put(html, "<td class=\"num\" data-label=\"%s\"><div>", label);
}

void weir_page_cell_end(struct weir_html *html)
{
    weir_html_put(html, "</div></td>");
}

void weir_page_pill(struct weir_html *html, enum weir_page_mood mood, const char *text)
{
    static const char *const classes[] = {
        [WEIR_MOOD_NONE] = "pill",
        [WEIR_MOOD_GOOD] = "pill good",
        [WEIR_MOOD_BAD] = "pill bad",
        [WEIR_MOOD_WARN] = "pill warn",
    };
    weir_html_put(html, "<span class=\"%s\">", classes[mood]);
    weir_html_text(html, text);
    weir_html_put(html, "</span>");
}

/* --- verdicts --------------------------------------------------------------------------------- */

static enum weir_page_mood mood_of(enum weir_judgement judgement)
{
    switch (judgement) {
    case WEIR_JUDGEMENT_MET:
        return WEIR_MOOD_GOOD;
    case WEIR_JUDGEMENT_BREACHED:
        return WEIR_MOOD_BAD;
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return WEIR_MOOD_WARN;
    case WEIR_JUDGEMENT_NO_DATA:
        break;
    }
    return WEIR_MOOD_NONE;
}

static const char *word_of(enum weir_judgement judgement)
{
    switch (judgement) {
    case WEIR_JUDGEMENT_MET:
        return "met";
    case WEIR_JUDGEMENT_BREACHED:
        return "breached";
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return "too little known";
    case WEIR_JUDGEMENT_NO_DATA:
        break;
    }
    return "no data";
}

/* Height tells the same as the colour. */
static int height_of(enum weir_judgement judgement)
{
    switch (judgement) {
    case WEIR_JUDGEMENT_MET:
        return 16;
    case WEIR_JUDGEMENT_BREACHED:
        return STRIP_HEIGHT;
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return 10;
    case WEIR_JUDGEMENT_NO_DATA:
        break;
    }
    return 4;
}

/* Rows come newest first; the newest stands at the right. */
static void put_strip(struct weir_html *html, const struct weir_gauge_row *rows, size_t count)
{
    size_t breached = 0;
    for (size_t i = 0; i < count; i++)
        breached += rows[i].verdict.judgement == WEIR_JUDGEMENT_BREACHED;
    weir_html_put(html,
                  "<svg class=\"strip\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
                  "role=\"img\" aria-label=\"%zu of the last %zu windows breached\">",
                  STRIP_WINDOWS * STRIP_STEP, STRIP_HEIGHT, breached, count);
    for (size_t i = count; i > 0; i--) {
        const struct weir_gauge_row *row = &rows[i - 1];
        int height = height_of(row->verdict.judgement);
        weir_html_put(html,
                      "<rect class=\"%s\" x=\"%zu\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"1\">"
                      "<title>%s: %s, ",
                      weir_judgement_name(row->verdict.judgement), (STRIP_WINDOWS - i) * STRIP_STEP,
                      STRIP_HEIGHT - height, STRIP_STEP - 2, height, row->label,
                      word_of(row->verdict.judgement));
        weir_html_percent(html, row->verdict.ratio);
        weir_html_put(html, "</title></rect>");
    }
    weir_html_put(html, "</svg>");
}

/* --- one gauge -------------------------------------------------------------------------------- */

static void put_meter(struct weir_html *html, uint64_t spent_ms, uint64_t budget_ms)
{
    uint64_t width = METER_WIDTH;
    if (spent_ms < budget_ms)
        width = (uint64_t)((unsigned __int128)spent_ms * METER_WIDTH / budget_ms);
    bool is_over = spent_ms > budget_ms;
    weir_html_put(html,
                  "<svg class=\"meter\" viewBox=\"0 0 %d 8\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect class=\"ground\" width=\"%d\" height=\"8\" rx=\"4\"/>"
                  "<rect class=\"%s\" width=\"%llu\" height=\"8\" rx=\"4\"/></svg>",
                  METER_WIDTH, METER_WIDTH, is_over ? "over" : "spent",
                  (unsigned long long)(spent_ms == 0 ? 0 : width));
}

/* Down time against what the window allows, or promises kept. */
static void
put_budget(struct weir_html *html, const struct weir_gauge *gauge, const struct weir_gauge_row *row)
{
    weir_page_cell(html, "Budget");
    if (gauge->kind == WEIR_GAUGE_OTIF) {
        weir_html_put(html, "<span class=\"nowrap\">%llu of %llu kept</span>",
                      (unsigned long long)row->tally.num, (unsigned long long)row->tally.den);
        weir_page_cell_end(html);
        return;
    }
    uint64_t length_ms = weir_interval_ms(row->window);
    uint64_t off_ms = row->availability.maintenance_ms;
    uint64_t budget_ms =
        weir_budget_ms_floor(length_ms > off_ms ? length_ms - off_ms : 0, gauge->target);
    put_meter(html, row->availability.down_ms, budget_ms);
    weir_html_put(html, "<small>");
    weir_html_duration(html, row->availability.down_ms);
    weir_html_put(html, " down of ");
    weir_html_duration(html, budget_ms);
    if (row->availability.unknown_ms > 0) {
        weir_html_put(html, ", ");
        weir_html_duration(html, row->availability.unknown_ms);
        weir_html_put(html, " unknown");
    }
    weir_html_put(html, "</small>");
    weir_page_cell_end(html);
}

static enum weir_err put_last_tick(const struct weir_overview *overview,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_html *html)
{
    struct weir_tick tick;
    uint64_t seq;
    enum weir_err err = log_id == 0 ? WEIR_E_NOT_FOUND
                                    : weir_tick_last(overview->store, scope, log_id, &tick, &seq);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        weir_html_put(html, "–");
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    weir_html_age(html, tick.tick_ms);
    weir_html_put(html, "<small>%s", weir_state_name(tick.state));
    if (tick.state != WEIR_STATE_UP)
        weir_html_put(html, ": %s", weir_reason_name(tick.reason));
    else if (tick.latency_ms > 0)
        weir_html_put(html, ", %u ms", tick.latency_ms);
    weir_html_put(html, "</small>");
    return WEIR_OK;
}

static void put_name(struct weir_html *html, const struct weir_config_gauge *gauge)
{
    weir_html_put(html, "<td data-label=\"Gauge\"><a href=\"/v1/gauges/%s\"><b>%s</b></a>",
                  gauge->definition.name, gauge->definition.name);
    if (gauge->description != NULL && gauge->description[0] != '\0') {
        weir_html_put(html, "<small>");
        weir_html_text(html, gauge->description);
        weir_html_put(html, "</small>");
    }
    weir_html_put(html, "</td>");
}

static void put_number(struct weir_html *html,
                       const struct weir_config_gauge *gauge,
                       const struct weir_gauge_row *row)
{
    weir_page_cell(html, "Now");
    weir_html_put(html, "<span class=\"big\" title=\"%llu / %llu\">",
                  (unsigned long long)row->verdict.ratio.num,
                  (unsigned long long)row->verdict.ratio.den);
    weir_html_percent(html, row->verdict.ratio);
    weir_html_put(html, "</span><small>promised ");
    weir_html_text(html, gauge->target_percent);
    weir_html_put(html, " %%</small>");
    weir_page_cell_end(html);
    weir_page_cell(html, "Verdict");
    weir_page_pill(html, mood_of(row->verdict.judgement), word_of(row->verdict.judgement));
    weir_html_put(html, "<small>%s%s</small>", weir_stage_name(row->verdict.stage),
                  row->verdict.is_thin ? ", thin" : "");
    weir_page_cell_end(html);
    weir_page_cell(html, "Window");
    weir_html_put(html, "<span class=\"nowrap\">%s</span><small>ends ", row->label);
    weir_html_age(html, row->window.end_ms);
    weir_html_put(html, "</small>");
    weir_page_cell_end(html);
}

static enum weir_err put_gauge(const struct weir_overview *overview,
                               struct weir_scope *scope,
                               const struct weir_config_gauge *gauge,
                               struct weir_html *html)
{
    struct weir_gauge_row *rows = NULL;
    size_t count = 0;
    int64_t log_id = 0;
    const struct weir_overview_gauge_query query = {
        .gauge = gauge,
        .last = overview->config->gauge_count > GAUGES_WITH_STRIP ? 1 : STRIP_WINDOWS};
    enum weir_err err = weir_overview_rows(overview, scope, &query, &log_id, &rows, &count);
    if (err == WEIR_E_RANGE) { /* outside its frozen boundaries a gauge has no window */
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    weir_html_put(html, "<tr>");
    put_name(html, gauge);
    put_number(html, gauge, &rows[0]);
    put_budget(html, &gauge->definition, &rows[0]);
    weir_page_cell(html, "Windows");
    put_strip(html, rows, count);
    weir_page_cell_end(html);
    weir_page_cell(html, "Last seen");
    err = put_last_tick(overview, scope, log_id, html);
    weir_page_cell_end(html);
    weir_html_put(html, "</tr>\n");
    return err;
}

enum weir_err weir_page_gauges(const struct weir_overview *overview,
                               struct weir_scope *scope,
                               struct weir_html *html)
{
    enum weir_err err = WEIR_OK;
    weir_html_put(html, "<section><h2>Gauges</h2>\n");
    if (overview->config->gauge_count == 0) {
        weir_html_put(html, "<p class=\"note\">None is configured.</p></section>\n");
        return WEIR_OK;
    }
    weir_html_put(html,
                  "<table><thead><tr><th scope=\"col\">Gauge</th><th scope=\"col\">Now</th>"
                  "<th scope=\"col\">Verdict</th><th scope=\"col\">Window</th>"
                  "<th scope=\"col\">Budget</th><th scope=\"col\">Last %d windows</th>"
                  "<th scope=\"col\">Last seen</th></tr></thead><tbody>\n",
                  STRIP_WINDOWS);
    for (size_t i = 0; err == WEIR_OK && i < overview->config->gauge_count; i++)
        err = put_gauge(overview, scope, &overview->config->gauges[i], html);
    weir_html_put(html, "</tbody></table>\n<p class=\"note legend\">"
                        "<span><span class=\"dot met\"></span>met</span>"
                        "<span><span class=\"dot breached\"></span>breached</span>"
                        "<span><span class=\"dot insufficient\"></span>too little known</span>"
                        "<span><span class=\"dot\"></span>no data</span></p></section>\n");
    return err;
}
