/* Goal: notes, shown leaves and payments are found again as they came, and what came first or says
 * more stays.
 * Method: each kept twice, differing, in a ledger that is opened again. */
#include "ledger/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/mirror.h"
#include "tests/unit/ledger/with_ledger.h"

static const struct weir_hash origin = {{1, 2, 3}};

static void the_note_with_more_cosignatures_stays(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_slice note;
    static const char *const notes[] = {"short", "with one line", "tiny", "with many more lines"};
    static const char *const kept[] = {"short", "with one line", "with one line",
                                       "with many more lines"};
    with_ledger_refused(ledger,
                        weir_head_note_load(ledger->store, &ledger->scope, &origin, 7, &note),
                        WEIR_E_NOT_FOUND, "size 7");
    for (size_t i = 0; i < 4; i++) {
        with_ledger_expect(ledger, weir_head_note_put(ledger->store, &ledger->scope, &origin, 7,
                                                      weir_slice_text(notes[i])));
        with_ledger_reopen(ledger);
        with_ledger_expect(ledger,
                           weir_head_note_load(ledger->store, &ledger->scope, &origin, 7, &note));
        assert_true(weir_slice_equals_text(note, kept[i]));
    }
}

static void what_was_shown_of_a_leaf_first_stays(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_shown_leaf *leaves;
    size_t count;
    const struct weir_shown_leaf late = {9, {{9}}, weir_slice_text("nine")};
    const struct weir_shown_leaf early = {2, {{2}}, weir_slice_text("two")};
    const struct weir_shown_leaf other = {2, {{3}}, weir_slice_text("other")};
    const struct weir_shown_leaf *const all[] = {&late, &early, &other};
    for (size_t i = 0; i < 3; i++)
        with_ledger_expect(ledger,
                           weir_shown_leaf_put(ledger->store, &ledger->scope, &origin, all[i]));
    with_ledger_expect(
        ledger, weir_shown_leaf_list(ledger->store, &ledger->scope, &origin, &leaves, &count));
    assert_int_equal(count, 2);
    assert_int_equal(leaves[0].seq, 2);
    assert_true(weir_slice_equals_text(leaves[0].payload, "two"));
    assert_int_equal(leaves[0].salt.bytes[0], 2);
    assert_int_equal(leaves[1].seq, 9);
    with_ledger_sql(ledger, "UPDATE shown_leaf SET seq = 1", "append-only");
    with_ledger_sql(ledger, "DELETE FROM shown_leaf", "append-only");
}

static void a_payment_is_kept_once_per_transaction(void **state)
{
    struct with_ledger *ledger = *state;
    const struct weir_hash report = {{4}};
    const struct weir_hash first = {{5}};
    const struct weir_hash second = {{6}};
    struct weir_slice *payments;
    size_t count;
    with_ledger_expect(ledger, weir_payment_put(ledger->store, &ledger->scope, &report, &second,
                                                weir_slice_text("b")));
    with_ledger_expect(ledger, weir_payment_put(ledger->store, &ledger->scope, &report, &first,
                                                weir_slice_text("a")));
    with_ledger_expect(ledger, weir_payment_put(ledger->store, &ledger->scope, &report, &first,
                                                weir_slice_text("other")));
    with_ledger_expect(
        ledger, weir_payment_list(ledger->store, &ledger->scope, &report, &payments, &count));
    assert_int_equal(count, 2);
    assert_true(weir_slice_equals_text(payments[0], "a"));
    assert_true(weir_slice_equals_text(payments[1], "b"));
    with_ledger_sql(ledger, "DELETE FROM payment", "append-only");
}

static void when_a_head_was_shown_is_remembered(void **state)
{
    struct with_ledger *ledger = *state;
    int64_t cosigned_ms = -1;
    struct weir_mirror_note note = {
        .head = {.size = 10}, .note = weir_slice_text("note"), .cosigned_ms = 1000};
    with_ledger_expect(
        ledger, weir_mirror_note_put(ledger->store, &ledger->scope, "w2/gauge/web", 0, &note));
    note.head.size = 20;
    note.cosigned_ms = 2000;
    with_ledger_expect(
        ledger, weir_mirror_note_put(ledger->store, &ledger->scope, "w2/gauge/web", 10, &note));
    static const struct {
        uint64_t size;
        int64_t expected_ms;
    } table[] = {{9, -1}, {10, 1000}, {19, 1000}, {20, 2000}, {1000, 2000}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        cosigned_ms = -1;
        with_ledger_expect(ledger,
                           weir_head_shown_before(ledger->store, &ledger->scope, "w2/gauge/web",
                                                  table[i].size, &cosigned_ms));
        assert_int_equal(cosigned_ms, table[i].expected_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(the_note_with_more_cosignatures_stays),
        with_ledger(what_was_shown_of_a_leaf_first_stays),
        with_ledger(a_payment_is_kept_once_per_transaction),
        with_ledger(when_a_head_was_shown_is_remembered),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
