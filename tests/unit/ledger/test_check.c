/* Goal: the check finds every kind of damage and names the place.
 * Method: a ledger with everything in it, one row changed at a time behind its back. */
#include "ledger/check.h"

#include <stdio.h>
#include <string.h>

#include "ledger/agreements.h"
#include "ledger/checkpoints.h"
#include "ledger/log.h"
#include "ledger/record.h"
#include "ledger/transfers.h"
#include "ledger/windows.h"
#include "tests/unit/ledger/with_ledger.h"

#define TICKS 900
#define START_MS 1767225600000
#define DAY_MS 86400000

static int64_t ticks_add(struct with_ledger *ledger)
{
    static struct weir_tick ticks[TICKS];
    struct weir_gauge gauge = with_ledger_probed("api", 10000, 250);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    for (size_t i = 0; i < TICKS; i++)
        ticks[i] =
            weir_tick_make(START_MS + (int64_t)i * 250,
                           i % 50 == 0 ? WEIR_REASON_STATUS : WEIR_REASON_OK, 200, (uint32_t)i);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, TICKS, &counts));
    return log_id;
}

static void checkpoint_add(struct with_ledger *ledger, int64_t log_id)
{
    struct weir_log log;
    with_ledger_expect(ledger, weir_log_load(ledger->store, &ledger->scope, log_id, &log));
    struct weir_checkpoint_row row = {
        .head = log.head, .note = weir_slice_text("note"), .made_ms = START_MS};
    with_ledger_expect(ledger, weir_checkpoint_put(ledger->store, &ledger->scope, log_id, &row));
}

static void jobs_add(struct with_ledger *ledger)
{
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_COMMITMENT);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_event events[40];
    struct weir_record_counts counts = {0};
    for (unsigned i = 0; i < 40; i++) {
        unsigned job = i / 2;
        events[i] = (struct weir_event){
            .type = i % 2 == 0 ? WEIR_EVENT_JOB_PROMISED : WEIR_EVENT_JOB_DELIVERED,
            .source = weir_slice_text("erp"),
            .id = weir_slice_text(weir_take_printf(&ledger->scope, "e%u", i == 39 ? 37 : i)),
            .rev = i == 39 ? 1 : 0,
            .subject = weir_slice_text(weir_take_printf(&ledger->scope, "job-%u", job)),
            .order = weir_slice_text(weir_take_printf(&ledger->scope, "order-%u", job / 4)),
            .occurred_ms = START_MS + (int64_t)i * DAY_MS / 4,
            .quantity = 5,
        };
        if (i % 2 == 0)
            events[i].due = weir_due_of_day(START_MS / DAY_MS + 1 + job, 0, 0);
    }
    struct weir_events all = {.items = events, .count = 40, .received_ms = INT64_MAX / 2};
    with_ledger_expect(ledger,
                       weir_record_events(ledger->store, &ledger->scope, log_id, &all, &counts));
    assert_int_equal(counts.superseded, 1);
    struct weir_interval *windows = NULL;
    size_t count = 0;
    struct weir_closing closing;
    with_ledger_expect(ledger, weir_window_list_unclosed(ledger->store, &ledger->scope, log_id,
                                                         INT64_MAX, 100, &windows, &count));
    for (size_t i = 0; i < count; i++)
        with_ledger_expect(
            ledger, weir_window_close(ledger->store, &ledger->scope, log_id, windows[i], &closing));
}

static void money_add(struct with_ledger *ledger)
{
    struct weir_asset_row asset = {.chain_id = 1, .symbol = "TST", .decimals = 6};
    struct weir_transfer transfer = {
        .kind = WEIR_TRANSFER_PENDING, .cause = {{1}}, .detail = "", .made_ms = START_MS};
    uint16_t number = 0;
    with_ledger_expect(ledger, weir_asset_open(ledger->store, &ledger->scope, &asset, &number));
    with_ledger_expect(ledger, weir_account_open(ledger->store, &ledger->scope, "escrow/a", number,
                                                 &transfer.debit));
    with_ledger_expect(ledger, weir_account_open(ledger->store, &ledger->scope, "customer/a",
                                                 number, &transfer.credit));
    transfer.amount = weir_money_make(number, 25000000);
    with_ledger_expect(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer));
    with_ledger_expect(ledger,
                       weir_transfer_post(ledger->store, &ledger->scope, &transfer.cause,
                                          weir_money_make(number, 20000000), START_MS, "tx"));
}

static void everything_add(struct with_ledger *ledger)
{
    checkpoint_add(ledger, ticks_add(ledger));
    jobs_add(ledger);
    money_add(ledger);
}

static void a_sound_ledger_is_counted(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_ledger_report report;
    everything_add(ledger);
    with_ledger_expect(ledger, weir_ledger_check(ledger->store, &ledger->scope, NULL, &report));
    assert_int_equal(report.logs, 2);
    assert_int_equal(report.checkpoints, 1);
    assert_true(report.leaves > TICKS + 40);
    assert_int_equal(report.units, 20);
    assert_int_equal(report.accounts, 2);
    assert_int_equal(report.transfers, 2);
}

/* One way to damage the file, and the words that must name it. */
struct damage {
    const char *table;
    const char *script;
    const char *words;
};

static const struct damage DAMAGES[] = {
    {"observation", "UPDATE observation SET payload = x'01000000000001' WHERE position = (1<<40)+7",
     "log node.example/gauge/api: leaf 7 does not hash to what tile 0/0 holds"},
    {"observation", "UPDATE observation SET tick_ms = tick_ms + 1 WHERE position = (1<<40)+300",
     "leaf 300 does not hash to what tile 0/1 holds"},
    {"observation", "UPDATE observation SET flags = 1 WHERE position = (1<<40)+801",
     "leaves [768, 896) do not hash"},
    {"observation", "UPDATE observation SET tick_ms = tick_ms + 1 WHERE position = (1<<40)+890",
     "leaves [768, 896) do not hash to what head.edge holds"},
    {"observation", "DELETE FROM observation WHERE position = (1<<40)+5", "has no leaf 5"},
    {"observation",
     "INSERT INTO observation(position, kind, flags, tick_ms, payload) "
     "VALUES ((1<<40)+901, 7, 0, 1, x'')",
     "leaf 901 stands beyond the head"},
    {"tile", "UPDATE tile SET hashes = zeroblob(8192) WHERE tile_id = (1<<36)+2",
     "leaf 512 does not hash"},
    {"tile", "UPDATE tile SET root = zeroblob(32) WHERE tile_id = (1<<36)", "the root of tile 0/0"},
    {"tile", "DELETE FROM tile WHERE tile_id = (1<<36)+1", "tile 0/1 is missing"},
    {"head", "UPDATE head SET size = size + 1 WHERE log_id = 1", "head.size is not the size"},
    {"head", "UPDATE head SET tick_ms = 5 WHERE log_id = 1", "head.tick_ms is 5"},
    {"checkpoint", "UPDATE checkpoint SET root = zeroblob(32)",
     "the checkpoint of size 901 has another root"},
    {"log", "UPDATE log SET salt_root = zeroblob(32) WHERE log_id = 1", "leaf 0 does not hash"},
    {"log", "UPDATE log SET definition_hash = zeroblob(32) WHERE log_id = 1", "definition_hash"},
    {"gauge_window",
     "UPDATE gauge_window SET down_ms = down_ms + 1 WHERE log_id = 1 AND start_ms "
     "= (SELECT min(start_ms) FROM gauge_window WHERE log_id = 1)",
     "gauge_window at 1767225600000 holds"},
    {"gauge_window", "INSERT INTO gauge_window VALUES (1, '_all', 0, 10000, 1, 0, 0, 0, 0, 0, 0)",
     "gauge_window has"},
    {"gauge_window", "UPDATE gauge_window SET num = num - 1 WHERE log_id = 2 AND class = '_none'",
     "gauge_window of class '_none'"},
    {"gauge_window", "DELETE FROM gauge_window WHERE log_id = 2 AND class = '_all'",
     "gauge_window of class '_all'"},
    {"commitment", "UPDATE commitment SET lines = lines + 1", "lines ("},
    {"commitment", "INSERT INTO commitment VALUES (2, zeroblob(32), 1, 1, 1, 0, 1, 1, 1)",
     "FROM commitment"},
    {"observation", "UPDATE observation SET subject = 'job-x' WHERE event_id = 'e4'",
     "subject is not the subject of its payload"},
    {"observation", "UPDATE observation SET window_ms = 0 WHERE event_id = 'e4'",
     "window_ms is not the window"},
    {"observation", "UPDATE observation SET event_id = 'zz' WHERE event_id = 'e4'",
     "event_id is not the id"},
    {"observation", "UPDATE observation SET ordinal = 3 WHERE event_id = 'e4'", "have a gap"},
    {"observation", "UPDATE observation SET job_ordinal = 9 WHERE event_id = 'e5'",
     "job_ordinals of its job have a gap"},
    {"event_superseded", "DELETE FROM event_superseded", "does not name exactly the other"},
    {"window_close", "UPDATE window_close SET inputs = zeroblob(32)", "since its close"},
    {"balance", "UPDATE balance SET credits_posted = zeroblob(32)", "balance of account"},
    {"transfer", "UPDATE transfer SET transfer_id = randomblob(32) WHERE kind = 4 OR kind = 2",
     "its id does not follow"},
};

static void every_damage_is_found_and_named(void **state)
{
    struct with_ledger *ledger = *state;
    everything_add(ledger);
    with_ledger_close(ledger);
    char *copy = weir_take_printf(&ledger->scope, "VACUUM INTO '%s.sound'", ledger->path);
    with_ledger_sql(ledger, copy, NULL);
    for (size_t i = 0; i < sizeof(DAMAGES) / sizeof(DAMAGES[0]); i++) {
        char sound[128];
        char path[96];
        memcpy(path, ledger->path, sizeof(path));
        (void)snprintf(sound, sizeof(sound), "%s.sound", path);
        (void)snprintf(ledger->path, sizeof(ledger->path), "%s/damaged-%zu.db", ledger->folder, i);
        FILE *from = fopen(sound, "r");
        FILE *to = fopen(ledger->path, "w");
        assert_non_null(from);
        assert_non_null(to);
        static char bytes[1 << 16];
        for (size_t length = fread(bytes, 1, sizeof(bytes), from); length > 0;
             length = fread(bytes, 1, sizeof(bytes), from))
            assert_int_equal(fwrite(bytes, 1, length, to), length);
        assert_int_equal(fclose(from), 0);
        assert_int_equal(fclose(to), 0);
        with_ledger_damage(ledger, DAMAGES[i].table, DAMAGES[i].script);
        with_ledger_reopen(ledger);
        with_ledger_check(ledger, DAMAGES[i].words);
        with_ledger_close(ledger);
        memcpy(ledger->path, path, sizeof(path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(a_sound_ledger_is_counted),
        with_ledger(every_damage_is_found_and_named),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
