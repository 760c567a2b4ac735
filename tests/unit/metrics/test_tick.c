/* Goal: a tick's seven bytes read back exactly, and no other seven bytes are a tick.
 * Method: every reason and state, every length. */
#include "metrics/tick.h"

#include <string.h>

#include "tests/unit/metrics/with_scope.h"

static void every_reason_reads_back_in_its_own_state_only(void **state)
{
    struct weir_scope *scope = *state;
    unsigned known = 0;
    for (unsigned reason = 0; reason < 256; reason++) {
        const uint8_t payload[] = {(uint8_t)reason, 0x01, 0xf4, 0, 1, 0, 2};
        struct weir_slice slice = {payload, sizeof(payload)};
        for (uint8_t given = 0; given < 5; given++) {
            struct weir_tick tick;
            if (weir_reason_state((uint8_t)reason) != given || given == 0) {
                assert_int_equal(weir_tick_read(scope, slice, 9, given, &tick), WEIR_E_PARSE);
                weir_scope_recover(scope);
                continue;
            }
            uint8_t again[WEIR_TICK_PAYLOAD_BYTES];
            with_scope_expect(scope, weir_tick_read(scope, slice, 9, given, &tick));
            assert_true(tick.tick_ms == 9 && tick.http_status == 500 && tick.latency_ms == 65538);
            weir_tick_write(&tick, again);
            assert_memory_equal(again, payload, sizeof(payload));
            known++;
        }
    }
    assert_int_equal(known, 19);
}

static void other_lengths_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    const uint8_t payload[9] = {WEIR_REASON_OK};
    for (size_t length = 0; length <= sizeof(payload); length++) {
        struct weir_tick tick;
        enum weir_err err =
            weir_tick_read(scope, (struct weir_slice){payload, length}, 0, WEIR_STATE_UP, &tick);
        assert_int_equal(err, length == WEIR_TICK_PAYLOAD_BYTES ? WEIR_OK : WEIR_E_PARSE);
        weir_scope_recover(scope);
    }
}

static void names_are_found_again(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason < 256; reason++) {
        const char *name = weir_reason_name((uint8_t)reason);
        if (name == NULL)
            continue;
        assert_int_equal(weir_reason_find(weir_slice_text(name)), reason);
        assert_non_null(weir_reason_text((uint8_t)reason));
        assert_non_null(weir_state_name(weir_reason_state((uint8_t)reason)));
    }
    assert_int_equal(weir_state_find(weir_slice_text("down")), WEIR_STATE_DOWN);
    assert_int_equal(weir_state_find(weir_slice_text("Down")), 0);
    assert_null(weir_state_name(0));
    assert_null(weir_state_name(9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(every_reason_reads_back_in_its_own_state_only),
        with_scope(other_lengths_are_refused),
        with_scope(names_are_found_again),
    };
    return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
