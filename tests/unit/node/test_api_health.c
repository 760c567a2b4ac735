/* Goal: a node is ready exactly as long as every duty and every chain that matters was heard of
 * lately.
 * Method: status rows of every age against a configuration with a used and an unused chain. */
#include "node/api_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/status.h"

#define NOW_MS INT64_C(1800000000000)
#define ROWS 3

static struct weir_config_chain chains[2] = {
    {.name = "base", .chain_id = 8453, .poll_ms = 4000},
    {.name = "spare", .chain_id = 1, .poll_ms = 4000},
};
static struct weir_config_agreement agreements[1] = {{.name = "web", .chain = &chains[0]}};
static const struct weir_config config = {.chains = chains,
                                          .chain_count = 2,
                                          .agreements = agreements,
                                          .agreement_count = 1};

static void rows_of_now(struct weir_status_row rows[static ROWS])
{
    rows[0] = (struct weir_status_row){"collector", "weir_collector_turns_total", 1, "", NOW_MS};
    rows[1] = (struct weir_status_row){
        "settler", "weir_chain_head_timestamp_seconds{chain=\"base\"}", 1, "", NOW_MS};
    rows[2] = (struct weir_status_row){"settler", "weir_intents_open", 0, "", NOW_MS};
}

static const struct weir_health_point *
judge(const struct weir_config *judged, const struct weir_status_row *rows, size_t count)
{
    static struct weir_health health;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    const struct weir_health_view view = {judged, rows, count, NOW_MS};
    health = (struct weir_health){.is_well = true};
    assert_int_equal(weir_health_of_rows(&scope, &view, &health), WEIR_OK);
    weir_arena_free(scope.arena); /* names and verdicts are looked at, not the texts */
    const struct weir_health_point *bad = NULL;
    for (size_t i = 0; i < health.count; i++)
        if (!health.points[i].is_well)
            bad = &health.points[i];
    assert_int_equal(bad == NULL, health.is_well);
    assert_int_equal(health.count, judged->agreement_count > 0 ? 3 : 2);
    return bad;
}

static void all_heard_of_now_is_ready(void **state)
{
    (void)state;
    struct weir_status_row rows[ROWS];
    rows_of_now(rows);
    assert_null(judge(&config, rows, ROWS));
}

static void whoever_is_silent_too_long_is_named(void **state)
{
    (void)state;
    static const struct {
        size_t row;
        int64_t limit_ms;
    } table[] = {{0, 20000}, {1, 60000}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct weir_status_row rows[ROWS];
        rows_of_now(rows);
        rows[table[i].row].updated_ms = NOW_MS - table[i].limit_ms;
        assert_null(judge(&config, rows, ROWS));
        rows[table[i].row].updated_ms--;
        assert_non_null(judge(&config, rows, ROWS));
    }
    struct weir_status_row rows[ROWS];
    rows_of_now(rows);
    rows[1].updated_ms = rows[2].updated_ms = NOW_MS - 60001;
    assert_non_null(judge(&config, rows, ROWS));
}

static void a_duty_or_chain_that_never_spoke_is_not_ready(void **state)
{
    (void)state;
    struct weir_status_row rows[ROWS];
    rows_of_now(rows);
    assert_non_null(judge(&config, rows, 0));
    assert_non_null(judge(&config, rows, 1));
    assert_non_null(judge(&config, rows + 1, 2));
    rows[1] = rows[2];
    assert_non_null(judge(&config, rows, 2));
}

static void a_clock_that_was_set_back_does_not_end_readiness(void **state)
{
    (void)state;
    struct weir_status_row rows[ROWS];
    rows_of_now(rows);
    for (size_t i = 0; i < ROWS; i++)
        rows[i].updated_ms = NOW_MS + 3600000;
    assert_null(judge(&config, rows, ROWS));
}

static void without_agreements_no_chain_matters(void **state)
{
    (void)state;
    struct weir_status_row rows[ROWS];
    struct weir_config alone = config;
    rows_of_now(rows);
    alone.agreement_count = 0;
    rows[1] = rows[2];
    assert_null(judge(&alone, rows, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_heard_of_now_is_ready),
        cmocka_unit_test(whoever_is_silent_too_long_is_named),
        cmocka_unit_test(a_duty_or_chain_that_never_spoke_is_not_ready),
        cmocka_unit_test(a_clock_that_was_set_back_does_not_end_readiness),
        cmocka_unit_test(without_agreements_no_chain_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
