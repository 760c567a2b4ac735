/* Goal: every version of a job is kept, the newest counts, and one that is over stays so.
 * Method: versions of three jobs in a ledger that is opened again. */
#include "ledger/jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/ledger/with_ledger.h"

static struct weir_rail_job_row
row_of(uint8_t number, uint8_t stage, bool is_over, const char *text)
{
    return (struct weir_rail_job_row){
        .job_id = {{number}},
        .kind = 1,
        .stage = stage,
        .is_over = is_over,
        .bytes = weir_slice_text(text),
        .made_ms = 1000 - number,
    };
}

static void keep(struct with_ledger *ledger, struct weir_rail_job_row row)
{
    with_ledger_expect(ledger, weir_rail_job_put(ledger->store, &ledger->scope, &row));
}

static void the_newest_version_counts_and_all_are_kept(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_rail_job_row found;
    const struct weir_hash id = {{1}};
    with_ledger_refused(ledger, weir_rail_job_load(ledger->store, &ledger->scope, &id, &found),
                        WEIR_E_NOT_FOUND, "no such job");
    keep(ledger, row_of(1, 0, false, "intent"));
    keep(ledger, row_of(1, 1, false, "prepared"));
    with_ledger_reopen(ledger);
    keep(ledger, row_of(1, 2, false, "signed"));
    with_ledger_expect(ledger, weir_rail_job_load(ledger->store, &ledger->scope, &id, &found));
    assert_int_equal(found.stage, 2);
    assert_true(weir_slice_equals_text(found.bytes, "signed"));
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM rail_job"), 3);
    with_ledger_sql(ledger, "UPDATE rail_job SET stage = 9", "append-only");
    with_ledger_sql(ledger, "DELETE FROM rail_job", "append-only");
}

static void a_job_that_is_over_takes_no_more_versions(void **state)
{
    struct with_ledger *ledger = *state;
    keep(ledger, row_of(1, 3, false, "sent"));
    keep(ledger, row_of(1, 5, true, "final"));
    struct weir_rail_job_row late = row_of(1, 3, false, "sent again");
    with_ledger_refused(ledger, weir_rail_job_put(ledger->store, &ledger->scope, &late),
                        WEIR_E_CONFLICT, "the job is over");
    struct weir_rail_job_row found;
    with_ledger_expect(ledger,
                       weir_rail_job_load(ledger->store, &ledger->scope, &late.job_id, &found));
    assert_true(found.is_over);
}

static void open_jobs_are_listed_oldest_first(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_rail_job_row *rows;
    size_t count;
    for (uint8_t i = 1; i <= 3; i++) {
        keep(ledger, row_of(i, 0, false, "intent"));
        keep(ledger, row_of(i, 1, false, "prepared"));
    }
    keep(ledger, row_of(2, 5, true, "final"));
    with_ledger_expect(ledger,
                       weir_rail_job_list(ledger->store, &ledger->scope, true, 10, &rows, &count));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].job_id.bytes[0], 3); /* made first */
    assert_int_equal(rows[1].job_id.bytes[0], 1);
    assert_int_equal(rows[0].stage, 1);
    with_ledger_expect(ledger,
                       weir_rail_job_list(ledger->store, &ledger->scope, false, 10, &rows, &count));
    assert_int_equal(count, 3);
    with_ledger_expect(ledger,
                       weir_rail_job_list(ledger->store, &ledger->scope, false, 1, &rows, &count));
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(the_newest_version_counts_and_all_are_kept),
        with_ledger(a_job_that_is_over_takes_no_more_versions),
        with_ledger(open_jobs_are_listed_oldest_first),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
