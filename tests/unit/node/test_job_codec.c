/* Goal: a job is read back as it was stored, and damaged bytes never become another job unseen.
 * Method: a full job; every truncation; every changed byte is refused or prints differently. */
#include "node/job_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static struct weir_scope scope;
static struct weir_stored_job job;

static int job_make(void **state)
{
    (void)state;
    scope = (struct weir_scope){.arena = weir_arena_new((size_t)512 << 20)};
    job.subject = (struct weir_job_subject){.chain_id = 31337,
                                            .terms = {{1}},
                                            .report = {{2}},
                                            .window = 77,
                                            .tier = 2,
                                            .amount = (unsigned __int128)3 << 100};
    job.call = (struct weir_rail_call){
        .to = {{4}}, .value = 5, .data = weir_slice_text("call data"), .gas = 90000};
    job.effect = (struct weir_rail_effect){
        .kind = WEIR_RAIL_EFFECT_LEVELS, .contract = {{4}}, .word = 6, .mask = {{7}}, .tier = 2};
    job.job = (struct weir_rail_job){
        .id = {{8}},
        .kind = WEIR_RAIL_PAYOUT,
        .stage = WEIR_RAIL_STAGE_MINED,
        .alarm = WEIR_RAIL_ALARM_FUNDS,
        .call = &job.call,
        .effect = &job.effect,
        .attempt_count = 2,
        .has_nonce = true,
        .nonce = 9,
        .is_mined = true,
        .mined = {.attempt = 1,
                  .succeeded = true,
                  .block_number = 10,
                  .block_hash = {{11}},
                  .gas_used = 12,
                  .gas_price = 13},
        .trusts_chain_nonce = true,
        .revert_count = 1,
    };
    (void)snprintf(job.job.reason, sizeof(job.job.reason), "gas account too poor");
    for (uint32_t i = 0; i < 2; i++)
        job.job.attempts[i] = (struct weir_rail_attempt){
            .state = i == 0 ? WEIR_RAIL_ATTEMPT_DEAD : WEIR_RAIL_ATTEMPT_SENT,
            .is_clearing = i == 0,
            .nonce = 9,
            .gas = 90000,
            .fee_cap = 100 + i,
            .tip = 1,
            .hash = {{14}},
            .raw = weir_slice_text("raw bytes"),
            .signed_ms = 15,
            .sent_ms = 16,
        };
    return scope.arena == NULL ? -1 : 0;
}

static int job_drop(void **state)
{
    (void)state;
    weir_arena_free(scope.arena);
    return 0;
}

static struct weir_slice written(const struct weir_stored_job *stored)
{
    struct weir_buffer buffer = {.capacity_max = 0};
    assert_int_equal(weir_job_write(&scope, stored, &buffer), WEIR_OK);
    return weir_buffer_slice(&buffer);
}

static void write_and_read_are_inverse(void **state)
{
    (void)state;
    static struct weir_stored_job read;
    struct weir_slice bytes = written(&job);
    assert_int_equal(weir_job_read(&scope, bytes, &read), WEIR_OK);
    assert_true(weir_slice_equal(written(&read), bytes));
    assert_ptr_equal(read.job.call, &read.call);
    assert_ptr_equal(read.job.effect, &read.effect);
    assert_true(read.subject.amount == (unsigned __int128)3 << 100);
    assert_string_equal(read.job.reason, "gas account too poor");
    assert_int_equal(read.job.attempts[1].fee_cap, 101);
    assert_true(weir_slice_equals_text(read.job.attempts[1].raw, "raw bytes"));
    assert_int_equal(read.job.mined.attempt, 1);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static struct weir_stored_job read;
    struct weir_slice bytes = written(&job);
    for (size_t length = 0; length < bytes.length; length++) {
        assert_int_not_equal(weir_job_read(&scope, (struct weir_slice){bytes.data, length}, &read),
                             WEIR_OK);
        weir_scope_recover(&scope);
    }
}

static void every_changed_byte_is_refused_or_another_job(void **state)
{
    (void)state;
    static struct weir_stored_job read;
    struct weir_slice bytes = written(&job);
    uint8_t *bent = (uint8_t *)weir_take_text(&scope, bytes.data, bytes.length);
    for (size_t i = 0; i < bytes.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bent[i] ^= (uint8_t)(1U << bit);
            struct weir_slice given = {bent, bytes.length};
            if (weir_job_read(&scope, given, &read) == WEIR_OK) {
                assert_true(weir_slice_equal(written(&read), given));
                assert_true(read.job.attempt_count <= WEIR_RAIL_ATTEMPTS_MAX);
                assert_true(!read.job.is_mined || read.job.mined.attempt < read.job.attempt_count);
            }
            weir_scope_recover(&scope);
            bent[i] ^= (uint8_t)(1U << bit);
        }
}

static void a_job_mined_by_no_attempt_is_corrupt(void **state)
{
    (void)state;
    static struct weir_stored_job bent;
    static struct weir_stored_job read;
    bent = job;
    bent.job.mined.attempt = 2;
    assert_int_equal(weir_job_read(&scope, written(&bent), &read), WEIR_E_CORRUPT);
    weir_scope_recover(&scope);
    bent = job;
    bent.job.attempt_count = 0;
    bent.job.mined.attempt = 0;
    assert_int_equal(weir_job_read(&scope, written(&bent), &read), WEIR_E_CORRUPT);
    weir_scope_recover(&scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_and_read_are_inverse),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_another_job),
        cmocka_unit_test(a_job_mined_by_no_attempt_is_corrupt),
    };
    return cmocka_run_group_tests_name("job_codec", tests, job_make, job_drop);
}
