/* Goal: the signer's memory is one file in one hand, never forgets, never begins anew by itself,
 * and refuses what contradicts it, also after it was killed. Method: the file opened twice,
 * emptied, removed; each table asked for the same and for something else; a child killed after each
 * write. */
#include "ledger/vault.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/unit/ledger/with_ledger.h"

struct box {
    struct with_ledger *ledger;
    struct weir_scope *scope;
    char path[128];
    struct weir_store *vault;
};

static struct box box_open(void **state)
{
    struct box box = {.ledger = *state};
    box.scope = &box.ledger->scope;
    (void)snprintf(box.path, sizeof(box.path), "%s/vault.db", box.ledger->folder);
    with_ledger_expect(box.ledger, weir_vault_open(box.scope, box.path, true, &box.vault));
    return box;
}

static void box_reopen(struct box *box)
{
    weir_store_close(box->vault);
    with_ledger_expect(box->ledger, weir_vault_open(box->scope, box->path, false, &box->vault));
}

static void box_close(struct box *box)
{
    weir_store_close(box->vault);
}

/* Opens it in another process; its error number. */
static int opened_elsewhere(const struct box *box)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct weir_store *vault;
        _exit((int)weir_vault_open(box->scope, box->path, false, &vault));
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void one_signer_only_holds_the_file(void **state)
{
    struct box box = box_open(state);
    assert_int_equal(opened_elsewhere(&box), WEIR_E_BUSY);
    const struct weir_merkle_head head = {.size = 1};
    with_ledger_expect(box.ledger, weir_vault_head_put(box.vault, box.scope, weir_slice_text("log"),
                                                       &head)); /* the first one goes on */
    box_close(&box);
    assert_int_equal(opened_elsewhere(&box), WEIR_OK);
}

static void a_missing_or_emptied_file_is_never_begun_anew(void **state)
{
    struct box box = box_open(state);
    box_close(&box);
    struct weir_store *vault;
    char side[160];
    assert_int_equal(truncate(box.path, 0), 0);
    with_ledger_refused(box.ledger, weir_vault_open(box.scope, box.path, false, &vault),
                        WEIR_E_NOT_FOUND, "holds no record");
    assert_int_equal(unlink(box.path), 0);
    (void)snprintf(side, sizeof(side), "%s-wal", box.path);
    (void)unlink(side); /* most often absent */
    with_ledger_refused(box.ledger, weir_vault_open(box.scope, box.path, false, &vault),
                        WEIR_E_NOT_FOUND, "there is no file");
    assert_int_equal(access(box.path, F_OK), -1);
}

static void the_ledger_is_not_taken_for_the_record(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *vault;
    with_ledger_close(ledger);
    enum weir_err err = weir_vault_open(&ledger->scope, ledger->path, false, &vault);
    assert_true(err == WEIR_E_NOT_FOUND || err == WEIR_E_CORRUPT);
    weir_scope_recover(&ledger->scope);
    with_ledger_reopen(ledger);
}

static void heads_grow_and_cosigned_sizes_are_compared(void **state)
{
    struct box box = box_open(state);
    struct weir_slice origin = weir_slice_text("w1/gauge/web");
    struct weir_merkle_head head = {.size = 10, .root = {{1}}};
    with_ledger_expect(box.ledger, weir_vault_head_put(box.vault, box.scope, origin, &head));
    with_ledger_expect(box.ledger, weir_vault_head_put(box.vault, box.scope, origin, &head));
    head.root.bytes[0] = 2;
    with_ledger_refused(box.ledger, weir_vault_head_put(box.vault, box.scope, origin, &head),
                        WEIR_E_CONFLICT, "another root");
    head.size = 9;
    with_ledger_refused(box.ledger, weir_vault_head_put(box.vault, box.scope, origin, &head),
                        WEIR_E_STALE, "9 is older");
    struct weir_vault_cosigned cosigned;
    with_ledger_expect(box.ledger,
                       weir_vault_cosigned_load(box.vault, box.scope, origin, &cosigned));
    assert_int_equal(cosigned.head.size, 0);
    const struct weir_vault_cosigned first = {.head = {.size = 5, .root = {{5}}}, .time_s = 100};
    const struct weir_vault_cosigned second = {.head = {.size = 8, .root = {{8}}}, .time_s = 101};
    with_ledger_expect(box.ledger,
                       weir_vault_cosigned_put(box.vault, box.scope, origin, 0, &first));
    with_ledger_refused(box.ledger,
                        weir_vault_cosigned_put(box.vault, box.scope, origin, 0, &second),
                        WEIR_E_STALE, "not 0 any more");
    with_ledger_expect(box.ledger,
                       weir_vault_cosigned_put(box.vault, box.scope, origin, 5, &second));
    box_reopen(&box);
    with_ledger_expect(box.ledger,
                       weir_vault_cosigned_load(box.vault, box.scope, origin, &cosigned));
    assert_int_equal(cosigned.head.size, 8);
    assert_int_equal(cosigned.time_s, 101);
    box_close(&box);
}

static struct weir_vault_opinion opinion(uint32_t revision, uint8_t phase, uint8_t tier)
{
    return (struct weir_vault_opinion){
        .opinion = {.terms = {{1}},
                    .window = 3,
                    .revision = revision,
                    .phase = phase,
                    .tier = tier,
                    .num = 1,
                    .den = 2,
                    .end_leaf = 2,
                    .tree_size = 2},
        .digest = {{(uint8_t)revision, phase, tier}},
        .signature = {{9, tier}},
    };
}

static enum weir_err
put(struct box *box, uint32_t revision, uint8_t phase, uint8_t tier, bool pays_early)
{
    struct weir_vault_opinion row = opinion(revision, phase, tier);
    return weir_vault_opinion_put(box->vault, box->scope, &row, pays_early);
}

static void opinions_never_contradict_each_other(void **state)
{
    struct box box = box_open(state);
    struct weir_vault_opinion given;
    bool is_given;
    struct weir_vault_opinion first = opinion(0, WEIR_PHASE_EARLY, 1);
    with_ledger_expect(box.ledger, weir_vault_opinion_find(box.vault, box.scope, &first.opinion,
                                                           &is_given, &given));
    assert_false(is_given);
    with_ledger_expect(box.ledger, put(&box, 0, WEIR_PHASE_EARLY, 1, true));
    box_reopen(&box);
    with_ledger_expect(box.ledger, weir_vault_opinion_find(box.vault, box.scope, &first.opinion,
                                                           &is_given, &given));
    assert_true(is_given);
    assert_memory_equal(&given.signature, &first.signature, sizeof(given.signature));
    assert_int_equal(given.opinion.tier, 1);
    assert_true(weir_hash_equal(&given.digest, &first.digest));

    with_ledger_refused(box.ledger, put(&box, 0, WEIR_PHASE_EARLY, 2, true), WEIR_E_CONFLICT,
                        "revision 0 of this window was signed");
    with_ledger_expect(box.ledger, put(&box, 2, WEIR_PHASE_EARLY, 2, true));
    with_ledger_refused(box.ledger, put(&box, 1, WEIR_PHASE_EARLY, 2, true), WEIR_E_CONFLICT,
                        "revision 2");
    with_ledger_refused(box.ledger, put(&box, 3, WEIR_PHASE_EARLY, 1, true), WEIR_E_CONFLICT,
                        "tier 1 is milder");
    with_ledger_refused(box.ledger, put(&box, 3, WEIR_PHASE_FINAL, 1, true), WEIR_E_CONFLICT,
                        "tier 1 is milder");
    with_ledger_expect(box.ledger, put(&box, 3, WEIR_PHASE_FINAL, 2, true));
    with_ledger_refused(box.ledger, put(&box, 4, WEIR_PHASE_EARLY, 3, true), WEIR_E_CONFLICT,
                        "a final opinion");
    with_ledger_refused(box.ledger, put(&box, 4, WEIR_PHASE_FINAL, 3, true), WEIR_E_CONFLICT,
                        "a final opinion");
    with_ledger_expect(box.ledger, put(&box, 4, WEIR_PHASE_FINAL, 0, false)); /* a revision */
    box_close(&box);
}

static void reports_are_counted_per_window_and_tier(void **state)
{
    struct box box = box_open(state);
    const uint64_t windows[] = {4, 5};
    struct weir_vault_report report = {
        .terms = {{1}}, .tier = 2, .windows = windows, .window_count = 2, .signature = {{7}}};
    for (unsigned i = 0; i < WEIR_VAULT_REPORTS_MAX; i++) {
        report.digest.bytes[0] = (uint8_t)i;
        with_ledger_expect(box.ledger, weir_vault_report_put(box.vault, box.scope, &report));
    }
    report.digest.bytes[1] = 1;
    report.windows = &windows[1]; /* one full window is enough */
    report.window_count = 1;
    with_ledger_refused(box.ledger, weir_vault_report_put(box.vault, box.scope, &report),
                        WEIR_E_POLICY, "64 reports about window 5 at tier 2");
    bool is_signed;
    struct weir_signature signature;
    with_ledger_expect(box.ledger, weir_vault_report_find(box.vault, box.scope, &report.digest,
                                                          &is_signed, &signature));
    assert_false(is_signed); /* refused as a whole */
    report.tier = 1;
    with_ledger_expect(box.ledger, weir_vault_report_put(box.vault, box.scope, &report));
    box_reopen(&box);
    with_ledger_expect(box.ledger, weir_vault_report_find(box.vault, box.scope, &report.digest,
                                                          &is_signed, &signature));
    assert_true(is_signed);
    assert_int_equal(signature.bytes[0], 7);
    box_close(&box);
}

static struct weir_vault_transaction payment(uint64_t nonce, int64_t day, unsigned amount)
{
    return (struct weir_vault_transaction){
        .digest = {{(uint8_t)nonce, (uint8_t)day, (uint8_t)amount}},
        .job = {{(uint8_t)nonce}},
        .chain_id = 1,
        .nonce = nonce,
        .day = day,
        .raw = weir_slice_text("raw"),
        .asset = "PLAY",
        .amount = amount,
    };
}

static unsigned spent_beside(struct box *box, uint64_t nonce, int64_t day)
{
    struct weir_vault_transaction asked = payment(nonce, day, 0);
    unsigned __int128 spent;
    uint64_t count;
    with_ledger_expect(box->ledger, weir_vault_day(box->vault, box->scope, &asked, &spent, &count));
    return (unsigned)spent;
}

static void keep_payment(struct box *box, uint64_t nonce, int64_t day, unsigned amount)
{
    struct weir_vault_transaction made = payment(nonce, day, amount);
    with_ledger_expect(box->ledger, weir_vault_transaction_put(box->vault, box->scope, &made));
}

static void a_nonce_counts_with_the_dearest_that_was_signed_for_it(void **state)
{
    struct box box = box_open(state);
    keep_payment(&box, 1, 10, 30);
    keep_payment(&box, 2, 10, 5);
    keep_payment(&box, 1, 10, 20); /* a cheaper attempt */
    assert_int_equal(spent_beside(&box, 9, 10), 35);
    assert_int_equal(spent_beside(&box, 1, 10), 5);
    keep_payment(&box, 1, 10, 50);
    assert_int_equal(spent_beside(&box, 9, 10), 55);
    keep_payment(&box, 2, 11, 6); /* dearer on the next day: counts there */
    assert_int_equal(spent_beside(&box, 9, 11), 6);
    assert_int_equal(spent_beside(&box, 9, 10), 56); /* a clock set back sees all of it */
    assert_int_equal(spent_beside(&box, 9, 12), 0);
    box_close(&box);
}

static void a_nonce_belongs_to_one_job(void **state)
{
    struct box box = box_open(state);
    keep_payment(&box, 1, 10, 30);
    struct weir_vault_transaction other = payment(1, 10, 31);
    other.job.bytes[5] = 1;
    with_ledger_refused(box.ledger, weir_vault_transaction_put(box.vault, box.scope, &other),
                        WEIR_E_CONFLICT, "nonce 1 was used for another job");
    struct weir_slice raw;
    with_ledger_expect(box.ledger,
                       weir_vault_transaction_find(box.vault, box.scope, &other.digest, &raw));
    assert_int_equal(raw.length, 0); /* nothing of the refused one is kept */
    assert_int_equal(spent_beside(&box, 9, 10), 30);
    other.chain_id = 2; /* another chain counts by itself */
    with_ledger_expect(box.ledger, weir_vault_transaction_put(box.vault, box.scope, &other));
    box_close(&box);
}

static void statements_follow_each_other(void **state)
{
    struct box box = box_open(state);
    struct weir_vault_statement statement = {
        .hash = {{1}}, .subject = {{2}}, .message = weir_slice_text("first")};
    uint64_t sequence;
    struct weir_hash previous;
    with_ledger_expect(box.ledger,
                       weir_vault_statement_next(box.vault, box.scope, &sequence, &previous));
    assert_int_equal(sequence, 0);
    statement.sequence = 1;
    with_ledger_refused(box.ledger, weir_vault_statement_put(box.vault, box.scope, &statement),
                        WEIR_E_CONFLICT, "not the next one");
    statement.sequence = 0;
    with_ledger_expect(box.ledger, weir_vault_statement_put(box.vault, box.scope, &statement));
    box_reopen(&box);
    with_ledger_expect(box.ledger,
                       weir_vault_statement_next(box.vault, box.scope, &sequence, &previous));
    assert_int_equal(sequence, 1);
    assert_true(weir_hash_equal(&previous, &statement.hash));
    bool is_made;
    struct weir_vault_statement found;
    with_ledger_expect(box.ledger, weir_vault_statement_find(box.vault, box.scope,
                                                             &statement.subject, &is_made, &found));
    assert_true(is_made);
    assert_true(weir_slice_equals_text(found.message, "first"));
    box_close(&box);
}

static void what_was_put_survives_a_kill_at_once(void **state)
{
    struct box box = box_open(state);
    box_close(&box);
    for (uint64_t size = 1; size <= 5; size++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            const struct weir_merkle_head head = {.size = size, .root = {{(uint8_t)size}}};
            if (weir_vault_open(box.scope, box.path, false, &box.vault) != WEIR_OK ||
                weir_vault_head_put(box.vault, box.scope, weir_slice_text("log"), &head) != WEIR_OK)
                _exit(1);
            (void)raise(SIGKILL);
        }
        int status = -1;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        with_ledger_expect(box.ledger, weir_vault_open(box.scope, box.path, false, &box.vault));
        const struct weir_merkle_head forked = {.size = size, .root = {{0xff}}};
        with_ledger_refused(
            box.ledger, weir_vault_head_put(box.vault, box.scope, weir_slice_text("log"), &forked),
            WEIR_E_CONFLICT, "another root");
        box_close(&box);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(one_signer_only_holds_the_file),
        with_ledger(a_missing_or_emptied_file_is_never_begun_anew),
        with_ledger(the_ledger_is_not_taken_for_the_record),
        with_ledger(heads_grow_and_cosigned_sizes_are_compared),
        with_ledger(opinions_never_contradict_each_other),
        with_ledger(reports_are_counted_per_window_and_tier),
        with_ledger(a_nonce_counts_with_the_dearest_that_was_signed_for_it),
        with_ledger(a_nonce_belongs_to_one_job),
        with_ledger(statements_follow_each_other),
        with_ledger(what_was_put_survives_a_kill_at_once),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
