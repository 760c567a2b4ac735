/* Goal: a mirror holds exactly what a peer has shown and signed; our own heads are published with
 * the cosignatures of others; a head is cosigned once and never taken back.
 * Method: one ledger as the peer, one as the mirror, parts of random length, forged parts. */
#include "ledger/mirror.h"

#include <string.h>

#include "attest/leaf.h"
#include "ledger/checkpoints.h"
#include "ledger/kill.h"
#include "ledger/log.h"
#include "ledger/record.h"
#include "ledger/sources.h"
#include "tests/unit/ledger/with_ledger.h"

#define TICKS 1200
#define START_MS 1767225600000
#define ORIGIN "peer.example/gauge/api"

/* The leaves and heads of a log kept elsewhere. */
struct peer {
    struct with_ledger *ledger;
    int64_t log_id;
};

static struct peer peer_make(void **state)
{
    static struct weir_tick ticks[TICKS];
    struct weir_record_counts counts = {0};
    struct peer peer = {0};
    assert_int_equal(with_ledger_setup(state), 0);
    peer.ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", 10000, 250);
    peer.log_id = with_ledger_log(peer.ledger, &gauge);
    for (size_t i = 0; i < TICKS; i++)
        ticks[i] = weir_tick_make(START_MS + (int64_t)i * 250, WEIR_REASON_OK, 200, (uint32_t)i);
    with_ledger_expect(peer.ledger, weir_record_ticks(peer.ledger->store, &peer.ledger->scope,
                                                      peer.log_id, ticks, TICKS, &counts));
    return peer;
}

static struct weir_mirror_part part_of(const struct peer *peer, uint64_t first, uint64_t end)
{
    struct weir_mirror_part part = {.origin = ORIGIN, .first = first, .head = {.size = end}};
    struct weir_salt_range range = {.start = first, .end = end};
    with_ledger_expect(peer->ledger, weir_log_leaves(peer->ledger->store, &peer->ledger->scope,
                                                     peer->log_id, range, &part.leaves));
    with_ledger_expect(peer->ledger, weir_log_root(peer->ledger->store, &peer->ledger->scope,
                                                   peer->log_id, end, &part.head.root));
    return part;
}

static void a_mirror_grows_by_parts_and_proves_like_the_original(void **state)
{
    struct with_ledger *ledger = *state;
    void *other = NULL;
    struct peer peer = peer_make(&other);
    uint64_t seed = 3;
    uint64_t known = 0;
    int64_t log_id = 0;
    while (known < TICKS + 1) {
        uint64_t end = known + 1 + with_ledger_random(&seed) % 300;
        if (end > TICKS + 1)
            end = TICKS + 1;
        uint64_t first = known - with_ledger_random(&seed) % (known + 1); /* parts may overlap */
        struct weir_mirror_part part = part_of(&peer, first, end);
        with_ledger_expect(
            ledger, weir_mirror_append(ledger->store, &ledger->scope, &part, &known, &log_id));
        assert_int_equal(known, end);
    }
    struct weir_range range = {.start = 100, .end = 700, .size = 1100};
    struct weir_merkle_proof ours;
    struct weir_merkle_proof theirs;
    with_ledger_expect(ledger,
                       weir_log_prove_range(ledger->store, &ledger->scope, log_id, range, &ours));
    with_ledger_expect(peer.ledger, weir_log_prove_range(peer.ledger->store, &peer.ledger->scope,
                                                         peer.log_id, range, &theirs));
    assert_int_equal(ours.count, theirs.count);
    assert_memory_equal(ours.hashes, theirs.hashes, ours.count * sizeof(ours.hashes[0]));
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
    struct weir_salt_range salts = {.start = 0, .end = 1};
    size_t seed_count = 0;
    with_ledger_refused(
        ledger, weir_log_salts(ledger->store, &ledger->scope, log_id, salts, seeds, &seed_count),
        WEIR_E_NOT_FOUND, "is a mirror");
    with_ledger_check(ledger, NULL);
    with_ledger_damage(ledger, "mirror_leaf",
                       "UPDATE mirror_leaf SET leaf = (SELECT leaf FROM mirror_leaf WHERE position "
                       "= (1<<40)+8) WHERE position = (1<<40)+9");
    with_ledger_check(ledger, "leaf 9 says that it is leaf 8");
    assert_int_equal(with_ledger_teardown(&other), 0);
}

static void what_does_not_lead_to_the_signed_root_is_not_stored(void **state)
{
    struct with_ledger *ledger = *state;
    void *other = NULL;
    struct peer peer = peer_make(&other);
    uint64_t known = 0;
    int64_t log_id = 0;
    struct weir_mirror_part part = part_of(&peer, 0, 300);
    uint8_t *forged = weir_take(&ledger->scope, 1, part.leaves.length);
    memcpy(forged, part.leaves.data, part.leaves.length);
    forged[100 * WEIR_LEAF_BYTES + WEIR_LEAF_BYTES - 1] ^= 1;
    struct weir_mirror_part bad = part;
    bad.leaves.data = forged;
    with_ledger_refused(ledger,
                        weir_mirror_append(ledger->store, &ledger->scope, &bad, &known, &log_id),
                        WEIR_E_INCLUSION, "do not lead to its root");
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM mirror_leaf"), 0);
    with_ledger_expect(ledger,
                       weir_mirror_append(ledger->store, &ledger->scope, &part, &known, &log_id));
    bad.head = part.head;
    with_ledger_refused(ledger,
                        weir_mirror_append(ledger->store, &ledger->scope, &bad, &known, &log_id),
                        WEIR_E_CONFLICT, "leaf 100 of");
    part = part_of(&peer, 400, 500);
    with_ledger_refused(ledger,
                        weir_mirror_append(ledger->store, &ledger->scope, &part, &known, &log_id),
                        WEIR_E_STALE, "only 300 are known");
    assert_int_equal(known, 300);
    part = part_of(&peer, 300, 400);
    part.leaves.length -= 1;
    with_ledger_refused(ledger,
                        weir_mirror_append(ledger->store, &ledger->scope, &part, &known, &log_id),
                        WEIR_E_PARSE, "no whole leaves");
    with_ledger_check(ledger, NULL);
    assert_int_equal(with_ledger_teardown(&other), 0);
}

static void heads_cosigned_only_grow_and_the_first_time_counts(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_mirror_note note = {.head = {.size = 10, .root = {{1}}},
                                    .note = weir_slice_text("ten"),
                                    .cosigned_ms = START_MS};
    struct weir_mirror_note found;
    with_ledger_expect(ledger,
                       weir_mirror_note_put(ledger->store, &ledger->scope, ORIGIN, 0, &note));
    note.cosigned_ms += 5000;
    with_ledger_expect(ledger,
                       weir_mirror_note_put(ledger->store, &ledger->scope, ORIGIN, 10, &note));
    note.head.root.bytes[0] = 2;
    with_ledger_refused(ledger,
                        weir_mirror_note_put(ledger->store, &ledger->scope, ORIGIN, 10, &note),
                        WEIR_E_CONFLICT, "another root");
    note.head.size = 30;
    with_ledger_refused(ledger,
                        weir_mirror_note_put(ledger->store, &ledger->scope, ORIGIN, 9, &note),
                        WEIR_E_STALE, "has 10 leaves");
    with_ledger_expect(ledger,
                       weir_mirror_note_put(ledger->store, &ledger->scope, ORIGIN, 10, &note));
    with_ledger_expect(ledger,
                       weir_mirror_note_load(ledger->store, &ledger->scope, ORIGIN, &found));
    assert_int_equal(found.head.size, 30);
    struct weir_mirror_cover *covers = NULL;
    size_t count = 0;
    struct weir_salt_range range = {.start = 9, .end = 12};
    with_ledger_expect(
        ledger, weir_mirror_covers(ledger->store, &ledger->scope, ORIGIN, range, &covers, &count));
    assert_int_equal(count, 2);
    assert_int_equal(covers[0].size, 10);
    assert_int_equal(covers[0].cosigned_ms, START_MS);
    assert_int_equal(covers[1].cosigned_ms, START_MS + 5000);
}

static void a_checkpoint_is_one_root_per_size_and_carries_cosignatures(void **state)
{
    void *other = NULL;
    struct peer peer = peer_make(&other);
    struct with_ledger *ledger = peer.ledger;
    (void)state;
    struct weir_checkpoint_row row = {
        .head = {.size = 500}, .note = weir_slice_text("text\n\nours\n"), .made_ms = START_MS};
    struct weir_cosignature_row line = {.size = 500,
                                        .cosigner = "w3.example/cosign",
                                        .cosigned_s = 5,
                                        .line = weir_slice_text("w3\n")};
    struct weir_slice note;
    with_ledger_refused(ledger,
                        weir_cosignature_put(ledger->store, &ledger->scope, peer.log_id, &line),
                        WEIR_E_NOT_FOUND, "no checkpoint of size 500");
    with_ledger_refused(ledger,
                        weir_checkpoint_put(ledger->store, &ledger->scope, peer.log_id, &row),
                        WEIR_E_CONFLICT, "another root at size 500");
    with_ledger_expect(
        ledger, weir_log_root(ledger->store, &ledger->scope, peer.log_id, 500, &row.head.root));
    for (unsigned i = 0; i < 2; i++)
        with_ledger_expect(ledger,
                           weir_checkpoint_put(ledger->store, &ledger->scope, peer.log_id, &row));
    with_ledger_expect(ledger,
                       weir_cosignature_put(ledger->store, &ledger->scope, peer.log_id, &line));
    line.cosigner = "w2.example/cosign";
    line.line = weir_slice_text("w2\n");
    with_ledger_expect(ledger,
                       weir_cosignature_put(ledger->store, &ledger->scope, peer.log_id, &line));
    line.line = weir_slice_text("again\n");
    with_ledger_expect(ledger,
                       weir_cosignature_put(ledger->store, &ledger->scope, peer.log_id, &line));
    with_ledger_expect(
        ledger, weir_checkpoint_note(ledger->store, &ledger->scope, peer.log_id, 500, &note));
    assert_true(weir_slice_equals_text(note, "text\n\nours\nw2\nw3\n"));
    row.head.size = 400;
    with_ledger_expect(
        ledger, weir_log_root(ledger->store, &ledger->scope, peer.log_id, 400, &row.head.root));
    with_ledger_refused(ledger,
                        weir_checkpoint_put(ledger->store, &ledger->scope, peer.log_id, &row),
                        WEIR_E_STALE, "500 leaves is stored");
    with_ledger_refused(
        ledger, weir_checkpoint_covering(ledger->store, &ledger->scope, peer.log_id, 501, &row),
        WEIR_E_NOT_FOUND, "covers 501");
    with_ledger_expect(
        ledger, weir_checkpoint_covering(ledger->store, &ledger->scope, peer.log_id, 17, &row));
    assert_int_equal(row.head.size, 500);
    with_ledger_check(ledger, NULL);
    assert_int_equal(with_ledger_teardown(&other), 0);
}

static void a_source_is_known_by_the_hash_of_its_token(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_source_row row = {
        .name = "erp", .token_hash = {{1}}, .types = "job.promised", .made_ms = START_MS};
    struct weir_source_row found;
    int64_t first = 0;
    int64_t second = 0;
    with_ledger_expect(ledger, weir_source_put(ledger->store, &ledger->scope, &row, &first));
    row.types = "job.promised job.delivered";
    with_ledger_expect(ledger, weir_source_put(ledger->store, &ledger->scope, &row, &second));
    assert_int_equal(first, second);
    with_ledger_expect(
        ledger, weir_source_by_token(ledger->store, &ledger->scope, &row.token_hash, &found));
    assert_string_equal(found.types, row.types);
    row.name = "other";
    with_ledger_refused(ledger, weir_source_put(ledger->store, &ledger->scope, &row, &second),
                        WEIR_E_CONFLICT, "belongs to another");
    row.token_hash.bytes[0] = 2;
    with_ledger_refused(
        ledger, weir_source_by_token(ledger->store, &ledger->scope, &row.token_hash, &found),
        WEIR_E_NOT_FOUND, "no source");
}

static void refused_input_is_kept_once_and_counted(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_refused_row row = {.origin = "erp",
                                   .reason = "not a date",
                                   .bytes = weir_slice_text("2026-02-30"),
                                   .length = 10,
                                   .received_ms = START_MS};
    struct weir_refused_row *rows = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < 3; i++)
        with_ledger_expect(ledger, weir_refused_put(ledger->store, &ledger->scope, &row));
    row.bytes.data = weir_take(&ledger->scope, 1, WEIR_REFUSED_BYTES_MAX + 5);
    row.bytes.length = WEIR_REFUSED_BYTES_MAX + 5;
    row.length = row.bytes.length;
    with_ledger_expect(ledger, weir_refused_put(ledger->store, &ledger->scope, &row));
    with_ledger_expect(ledger, weir_refused_list(ledger->store, &ledger->scope, 10, &rows, &count));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].times, 3);
    assert_int_equal(rows[0].bytes.length, WEIR_REFUSED_BYTES_MAX);
    assert_int_equal(rows[0].length, WEIR_REFUSED_BYTES_MAX + 5);
}

static void a_kill_signal_stays_on_until_acknowledged(void **state)
{
    void *other = NULL;
    struct peer peer = peer_make(&other);
    struct with_ledger *ledger = peer.ledger;
    (void)state;
    struct weir_kill_row row = {.log_id = peer.log_id,
                                .class_name = "milling",
                                .window_start_ms = START_MS,
                                .fired_ms = START_MS + 5,
                                .detail = "2 of 9",
                                .acked_ms = START_MS + 9,
                                .acked_by = "operator",
                                .reason = "line repaired"};
    struct weir_kill_row *rows = NULL;
    size_t count = 0;
    bool is_new = false;
    with_ledger_expect(ledger, weir_kill_fire(ledger->store, &ledger->scope, &row, &is_new));
    assert_true(is_new);
    with_ledger_expect(ledger, weir_kill_fire(ledger->store, &ledger->scope, &row, &is_new));
    assert_false(is_new);
    with_ledger_expect(ledger, weir_kill_list(ledger->store, &ledger->scope, 0, &rows, &count));
    assert_int_equal(rows[0].acked_ms, -1);
    with_ledger_expect(ledger, weir_kill_ack(ledger->store, &ledger->scope, &row));
    with_ledger_refused(ledger, weir_kill_ack(ledger->store, &ledger->scope, &row),
                        WEIR_E_NOT_FOUND, "");
    with_ledger_expect(ledger,
                       weir_kill_list(ledger->store, &ledger->scope, peer.log_id, &rows, &count));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].reason, "line repaired");
    assert_int_equal(with_ledger_teardown(&other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(a_mirror_grows_by_parts_and_proves_like_the_original),
        with_ledger(what_does_not_lead_to_the_signed_root_is_not_stored),
        with_ledger(heads_cosigned_only_grow_and_the_first_time_counts),
        with_ledger(a_checkpoint_is_one_root_per_size_and_carries_cosignatures),
        with_ledger(a_source_is_known_by_the_hash_of_its_token),
        with_ledger(refused_input_is_kept_once_and_counted),
        with_ledger(a_kill_signal_stays_on_until_acknowledged),
    };
    return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
