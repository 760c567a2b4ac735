#include "node/gauge_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "node/json_out.h"
#include "node/terminal.h"

#define PPM_PER_PERCENT 10000

void weir_share_print(struct weir_ratio ratio, char text[static WEIR_SHARE_TEXT_BYTES])
{
    if (ratio.den == 0) {
        (void)snprintf(text, WEIR_SHARE_TEXT_BYTES, "-");
        return;
    }
    uint64_t ppm = (uint64_t)((unsigned __int128)ratio.num * 1000000 / ratio.den);
    (void)snprintf(text, WEIR_SHARE_TEXT_BYTES, "%" PRIu64 ".%04" PRIu64 " %%",
                   ppm / PPM_PER_PERCENT, ppm % PPM_PER_PERCENT);
}

static bool is_empty(struct weir_interval window)
{
    return window.start_ms == window.end_ms;
}

/* Quoted when it must be. */
static void put_field(const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, stdout);
        return;
    }
    (void)fputc('"', stdout);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            (void)fputc('"', stdout);
        (void)fputc(*at, stdout);
    }
    (void)fputc('"', stdout);
}

static void put_numbers(const struct weir_gauge *gauge, const struct weir_gauge_row *row)
{
    const struct weir_availability *time = &row->availability;
    const struct weir_tally *tally = &row->tally;
    (void)printf(",%" PRIu64 ",%" PRIu64, row->verdict.ratio.num, row->verdict.ratio.den);
    if (gauge->kind == WEIR_GAUGE_AVAILABILITY)
        (void)printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",,,", time->up_ms,
                     time->down_ms, time->unknown_ms, time->maintenance_ms);
    else
        (void)printf(",,,,,%" PRIu64 ",%" PRIu64 ",%" PRIu64, tally->units, tally->replanned,
                     tally->last_num);
}

void weir_gauge_print_csv(const struct weir_gauge *gauge,
                          const struct weir_gauge_row *rows,
                          size_t row_count)
{
    /* Whether it arrived is seen when standard output is flushed at the end. */
    (void)puts("class,window,start_ms,end_ms,num,den,up_ms,down_ms,unknown_ms,maintenance_ms,units,"
               "replanned,last_num,judgement,stage,below,thin,certain,revision,kill_since");
    for (size_t i = 0; i < row_count; i++) {
        const struct weir_gauge_row *row = &rows[i];
        char since[WEIR_WINDOW_LABEL_BYTES] = "";
        put_field(row->class_name);
        (void)printf(",%s,%" PRId64 ",%" PRId64, row->label, row->window.start_ms,
                     row->window.end_ms);
        put_numbers(gauge, row);
        (void)printf(",%s,%s,%d,%d,%d,", weir_judgement_name(row->verdict.judgement),
                     weir_stage_name(row->verdict.stage), row->verdict.is_below,
                     row->verdict.is_thin, row->verdict.is_certain);
        if (row->is_published)
            (void)printf("%" PRIu32, row->revision);
        if (!is_empty(row->kill_first))
            weir_window_print(&gauge->windows, row->kill_first, since);
        (void)printf(",%s\n", since);
    }
}

static enum weir_colour colour_of(const struct weir_verdict *verdict)
{
    switch (verdict->judgement) {
    case WEIR_JUDGEMENT_MET:
        return WEIR_COLOUR_GOOD;
    case WEIR_JUDGEMENT_BREACHED:
        return WEIR_COLOUR_BAD;
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return WEIR_COLOUR_WARN;
    case WEIR_JUDGEMENT_NO_DATA:
        return WEIR_COLOUR_DIM;
    }
    return WEIR_COLOUR_PLAIN;
}

void weir_gauge_print_table(const struct weir_terminal *terminal,
                            const struct weir_gauge *gauge,
                            const struct weir_gauge_row *rows,
                            size_t row_count)
{
    bool is_availability = gauge->kind == WEIR_GAUGE_AVAILABILITY;
    (void)printf("%-16s %-24s %12s  %-22s %s\n", "class", "window", "value",
                 is_availability ? "up/counted ms" : "kept/due", "verdict");
    for (size_t i = 0; i < row_count; i++) {
        const struct weir_gauge_row *row = &rows[i];
        char share[WEIR_SHARE_TEXT_BYTES];
        char ratio[WEIR_RATIO_TEXT_BYTES];
        weir_share_print(row->verdict.ratio, share);
        weir_ratio_print(row->verdict.ratio, ratio);
        (void)printf("%-16s %-24s %12s  %-22s %s%s%s %s%s%s", row->class_name, row->label, share,
                     ratio, weir_terminal_begin(terminal, colour_of(&row->verdict)),
                     weir_judgement_name(row->verdict.judgement), weir_terminal_end(terminal),
                     weir_stage_name(row->verdict.stage), row->verdict.is_thin ? " thin" : "",
                     is_empty(row->kill_first) ? "" : " KILL");
        if (is_availability && row->availability.unknown_ms > 0)
            (void)printf(" unknown %" PRIu64 " ms", row->availability.unknown_ms);
        if (row->is_published && row->revision > 0)
            (void)printf(" revision %" PRIu32, row->revision);
        (void)putchar('\n');
    }
}

void weir_gauge_print_json(struct weir_json *json,
                           const char *key,
                           const struct weir_gauge *gauge,
                           const struct weir_gauge_row *row)
{
    weir_json_object(json, key);
    weir_json_text(json, "class", row->class_name);
    weir_json_text(json, "window", row->label);
    weir_json_i64(json, "start_ms", row->window.start_ms);
    weir_json_i64(json, "end_ms", row->window.end_ms);
    weir_json_u64(json, "num", row->verdict.ratio.num);
    weir_json_u64(json, "den", row->verdict.ratio.den);
    if (gauge->kind == WEIR_GAUGE_AVAILABILITY) {
        weir_json_u64(json, "up_ms", row->availability.up_ms);
        weir_json_u64(json, "down_ms", row->availability.down_ms);
        weir_json_u64(json, "unknown_ms", row->availability.unknown_ms);
        weir_json_u64(json, "maintenance_ms", row->availability.maintenance_ms);
    } else {
        weir_json_u64(json, "units", row->tally.units);
        weir_json_u64(json, "replanned", row->tally.replanned);
        weir_json_u64(json, "last_num", row->tally.last_num);
    }
    weir_json_text(json, "judgement", weir_judgement_name(row->verdict.judgement));
    weir_json_text(json, "stage", weir_stage_name(row->verdict.stage));
    weir_json_bool(json, "below", row->verdict.is_below != 0);
    weir_json_bool(json, "thin", row->verdict.is_thin != 0);
    weir_json_bool(json, "certain", row->verdict.is_certain != 0);
    if (row->is_published)
        weir_json_count(json, "revision", row->revision);
    else
        weir_json_null(json, "revision");
    if (is_empty(row->kill_first)) {
        weir_json_null(json, "kill_since");
    } else {
        char since[WEIR_WINDOW_LABEL_BYTES];
        weir_window_print(&gauge->windows, row->kill_first, since);
        weir_json_text(json, "kill_since", since);
    }
    weir_json_close(json);
}
