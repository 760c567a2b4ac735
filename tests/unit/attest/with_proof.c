#include "tests/unit/attest/with_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/due.h"
#include "attest/report.h"
#include "base/arena.h"
#include "base/text.h"
#include "metrics/calendar.h"
#include "metrics/otif.h"
#include "metrics/settlement.h"

#define must(call) witness_must(&world->scope, call)
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define COSIGNED_S (PROOF_START_S + 3600)

struct proof_options proof_defaults(void)
{
    return (struct proof_options){
        .witness_count = 3,
        .m = 2,
        .window_s = 10,
        .window_count = 6,
        .interval_ms = 1000,
        .open = 1,
    };
}

struct proof_options proof_event_defaults(void)
{
    struct proof_options options = proof_defaults();
    options.is_event = true;
    options.window_s = 86400;
    return options;
}

static void *take(struct proof_world *world, size_t count, size_t item_bytes)
{
    void *taken = weir_take(&world->scope, count, item_bytes);
    if (taken == NULL)
        must(WEIR_E_MEMORY);
    return taken;
}

static void make_gauge(struct proof_world *world)
{
    const struct proof_options *options = &world->options;
    struct weir_gauge *gauge = &world->gauge;
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    weir_gauge_init(gauge, options->is_event ? WEIR_GAUGE_OTIF : WEIR_GAUGE_AVAILABILITY);
    gauge->name = "web";
    gauge->target = (struct weir_ratio){95, 100};
    gauge->windows = (struct weir_windows){
        .calendar = WEIR_CALENDAR_FIXED,
        .length_ms = (int64_t)options->window_s * 1000,
        .anchor_ms = PROOF_START_MS,
    };
    if (options->is_event) {
        gauge->lateness_ms = WEIR_DAY_MS;
        gauge->minimum = 3;
        gauge->otif.kill_rule = WEIR_KILL_NONE;
        gauge->otif.kill_min_due = 0;
    } else {
        gauge->availability.hold_ms = 2 * options->interval_ms + 200;
        gauge->availability.maintenance_notice_ms = options->notice_ms;
        gauge->availability.maintenance_allowance_ms = options->allowance_ms;
        gauge->availability.probe.url = "http://127.0.0.1:8080/health";
        gauge->availability.probe.interval_ms = options->interval_ms;
        gauge->availability.probe.timeout_ms = 200;
    }
    must(weir_gauge_print(&world->scope, gauge, &text));
    world->proof.gauge = weir_buffer_slice(&text);
}

static void make_terms(struct proof_world *world)
{
    const struct proof_options *options = &world->options;
    struct weir_terms *terms = &world->proof.terms;
    struct weir_secp_key point;
    *terms = (struct weir_terms){
        .gauge = weir_sha256_of(world->proof.gauge.data, world->proof.gauge.length),
        .calendar = WEIR_CALENDAR_FIXED,
        .length_s = options->window_s,
        .start_s = PROOF_START_S,
        .count = options->window_count,
        .early = options->is_early,
        .settle_delay_s = options->is_event ? 86400 : 0,
        .claim_window_s = 7 * 86400,
        .max_skew_ms = 250,
        .cap = 1000000000,
        .m = (uint8_t)options->m,
        .witness_count = options->witness_count,
        .tier_count = 2,
        .tiers = {{{95, 100}, 25000000}, {{60, 100}, 60000000}},
        .nonce = 7,
    };
    must(weir_secp_key_of(world->secp, &world->scope, world->provider, &point));
    must(weir_secp_address(&world->scope, &point, &terms->provider));
    memset(terms->customer.bytes, 0xc0, sizeof(terms->customer.bytes));
    memset(terms->asset.bytes, 0xa5, sizeof(terms->asset.bytes));
    for (unsigned i = 0; i < options->witness_count; i++) {
        struct weir_ed25519_key node = weir_ed25519_public(world->witnesses[i].identity);
        terms->witnesses[i].key = world->witnesses[i].address;
        memcpy(terms->witnesses[i].node, node.bytes, sizeof(node.bytes));
    }
}

void proof_place(struct proof_world *world)
{
    struct weir_proof *proof = &world->proof;
    memset(proof->factory.bytes, 0xfa, sizeof(proof->factory.bytes));
    memset(proof->implementation.bytes, 0x1e, sizeof(proof->implementation.bytes));
    proof->domain.chain_id = PROOF_CHAIN_ID;
    proof->domain.contract =
        weir_terms_clone_address(&proof->terms, &proof->factory, &proof->implementation);
}

static int by_address(const void *left, const void *right)
{
    const struct proof_witness *a = left;
    const struct proof_witness *b = right;
    return weir_address_compare(&a->address, &b->address);
}

void proof_begin(struct proof_world *world, struct proof_options options, size_t arena_bytes)
{
    static const uint8_t unblinded[32];
    *world = (struct proof_world){.options = options};
    world->scope.arena = weir_arena_new(arena_bytes);
    world->secp = weir_secp_new(unblinded);
    if (world->scope.arena == NULL || world->secp == NULL)
        abort();
    memset(world->provider, 0x77, sizeof(world->provider));
    for (unsigned i = 0; i < options.witness_count; i++)
        witness_make(&world->scope, world->secp, i + 1, &world->witnesses[i]);
    qsort(world->witnesses, options.witness_count, sizeof(world->witnesses[0]), by_address);
    make_gauge(world);
    make_terms(world);
    proof_place(world);
    for (unsigned i = 0; i < options.witness_count; i++) {
        const struct witness_leaf definition = {
            .kind = WEIR_LEAF_DEFINITION,
            .tick_ms = PROOF_START_MS - 60000,
            .payload = world->proof.gauge,
        };
        witness_log(&world->scope, &world->witnesses[i], definition);
        world->proof.keys[i] = world->witnesses[i].keys;
    }
}

void proof_free(struct proof_world *world)
{
    weir_secp_free(world->secp);
    weir_arena_free(world->scope.arena);
}

static struct weir_interval window_of(const struct proof_world *world, uint64_t window)
{
    struct weir_schedule schedule = weir_terms_schedule(&world->proof.terms);
    return weir_window_of_terms(&schedule, window);
}

void proof_log_outages(struct proof_world *world)
{
    int64_t window_ms = (int64_t)world->options.window_s * 1000;
    int64_t interval_ms = world->options.interval_ms;
    int64_t last_ms = window_of(world, world->options.window_count - 1).end_ms;
    for (unsigned w = 0; w < world->options.witness_count; w++) {
        int64_t own_ms = 10 * (int64_t)w;
        struct proof_witness *witness = &world->witnesses[w];
        const struct weir_interval none = {0, 0};
        struct weir_interval span = {PROOF_START_MS - 2 * interval_ms + own_ms, PROOF_START_MS};
        witness_log_ticks(&world->scope, witness, span, interval_ms, none);
        for (int64_t at_ms = PROOF_START_MS; at_ms < last_ms; at_ms += window_ms) {
            struct weir_interval down = {at_ms + window_ms * 3 / 10, at_ms + window_ms * 8 / 10};
            span = (struct weir_interval){at_ms + own_ms, at_ms + window_ms};
            witness_log_ticks(&world->scope, witness, span, interval_ms, down);
        }
        span = (struct weir_interval){last_ms + own_ms, last_ms + 2 * interval_ms};
        witness_log_ticks(&world->scope, witness, span, interval_ms, none);
    }
}

struct weir_notice
proof_notice(struct proof_world *world, uint64_t from_ms, uint64_t to_ms, uint64_t nonce)
{
    struct weir_notice notice = {
        .maintenance = {weir_terms_hash(&world->proof.terms), from_ms, to_ms, nonce}};
    struct weir_hash digest = weir_maintenance_digest(&world->proof.domain, &notice.maintenance);
    must(weir_secp_sign(world->secp, &world->scope, world->provider, &digest, &notice.signature));
    return notice;
}

void proof_log_notice(struct proof_world *world,
                      unsigned witness,
                      const struct weir_notice *notice,
                      int64_t logged_ms)
{
    uint8_t *payload = take(world, 1, WEIR_NOTICE_BYTES);
    weir_notice_write(notice, payload);
    const struct witness_leaf leaf = {
        .kind = WEIR_LEAF_MAINTENANCE,
        .tick_ms = logged_ms,
        .payload = {payload, WEIR_NOTICE_BYTES},
    };
    witness_log(&world->scope, &world->witnesses[witness], leaf);
}

static bool is_tick(const struct witness_leaf *leaf)
{
    return leaf->kind == WEIR_LEAF_TICK || leaf->kind == WEIR_LEAF_MISSED;
}

/* The leaves that a probe opinion names: the neighbours and what lies between, or all to the end.
 */
static void place_ticks(struct proof_world *world, struct weir_proof_section *section)
{
    const struct proof_witness *witness = &world->witnesses[section->witness];
    struct weir_interval window = window_of(world, section->window);
    struct weir_opinion *opinion = &section->opinion;
    opinion->first_leaf = 0;
    opinion->end_leaf = 0;
    for (uint64_t seq = 0; seq < opinion->tree_size && opinion->end_leaf == 0; seq++) {
        if (!is_tick(&witness->leaves[seq]))
            continue;
        if (witness->leaves[seq].tick_ms < window.start_ms)
            opinion->first_leaf = seq;
        if (witness->leaves[seq].tick_ms >= window.end_ms)
            opinion->end_leaf = seq + 1;
    }
    if (opinion->end_leaf == 0)
        opinion->end_leaf = opinion->tree_size;
}

/* The notices of the log that overlap the window, as declarations and as the file shows them. */
static struct weir_maintenance_list take_notices(struct proof_world *world,
                                                 struct weir_proof_section *section)
{
    struct proof_witness *witness = &world->witnesses[section->witness];
    uint64_t size = section->opinion.tree_size;
    struct weir_maintenance *declared = take(world, witness->leaf_count, sizeof(*declared));
    struct weir_proof_notice *notices = take(world, witness->leaf_count, sizeof(*notices));
    struct weir_interval window = window_of(world, section->window);
    section->notices = notices;
    section->notice_count = 0;
    for (uint64_t seq = 0; seq < size; seq++) {
        struct weir_notice notice;
        if (witness->leaves[seq].kind != WEIR_LEAF_MAINTENANCE)
            continue;
        must(weir_notice_read(&world->scope, witness->leaves[seq].payload, &notice));
        const struct weir_maintenance one = {
            witness->leaves[seq].tick_ms,
            {(int64_t)notice.maintenance.from_ms, (int64_t)notice.maintenance.to_ms}};
        if (weir_interval_ms(weir_interval_clip(one.planned, window)) == 0)
            continue;
        declared[section->notice_count] = one;
        notices[section->notice_count++] = (struct weir_proof_notice){
            .index = seq,
            .tick_ms = witness->leaves[seq].tick_ms,
            .payload = witness->leaves[seq].payload,
            .salt = witness_salt(&world->scope, witness, seq),
            .inclusion = witness_inclusion(&world->scope, witness, seq, size),
        };
    }
    return (struct weir_maintenance_list){declared, section->notice_count};
}

static void judge_ticks(struct proof_world *world, struct weir_proof_section *section)
{
    const struct proof_witness *witness = &world->witnesses[section->witness];
    struct weir_opinion *opinion = &section->opinion;
    struct weir_tick *ticks = take(world, witness->leaf_count, sizeof(*ticks));
    struct weir_evidence evidence = {
        .ticks = {ticks, 0},
        .maintenance = take_notices(world, section),
    };
    for (uint64_t seq = opinion->first_leaf; seq < opinion->end_leaf; seq++) {
        const struct witness_leaf *leaf = &witness->leaves[seq];
        if (is_tick(leaf))
            must(weir_tick_read(&world->scope, leaf->payload, leaf->tick_ms, (uint8_t)leaf->flags,
                                &ticks[evidence.ticks.count++]));
    }
    struct weir_own_verdict verdict;
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&world->proof.terms, tiers);
    must(weir_own_verdict_compute(&world->scope, &world->gauge, window_of(world, section->window),
                                  &evidence, &verdict));
    opinion->num = verdict.num;
    opinion->den = verdict.den;
    opinion->inputs = verdict.inputs;
    opinion->phase = verdict.is_final != 0 ? WEIR_PHASE_FINAL : WEIR_PHASE_EARLY;
    opinion->tier = (uint8_t)weir_own_verdict_tier(&verdict, tiers, tier_count);
}

/* From the events that the world knows; the log has one close leaf. */
static void judge_events(struct proof_world *world, struct weir_proof_section *section)
{
    struct weir_event *events = take(world, world->event_count, sizeof(*events));
    struct weir_opinion *opinion = &section->opinion;
    struct weir_interval window = window_of(world, section->window);
    struct weir_input_set inputs;
    struct weir_tally_rows rows;
    struct weir_tally tally = {0};
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&world->proof.terms, tiers);
    for (size_t i = 0; i < world->event_count; i++)
        must(weir_event_parse(&world->scope, world->event_texts[i], &events[i]));
    must(weir_otif_inputs(&world->scope, &world->gauge, events, world->event_count, window,
                          &inputs));
    must(weir_otif_compute(&world->scope, &world->gauge, events, world->event_count, &rows));
    for (size_t i = 0; i < rows.count; i++)
        if (weir_slice_equals_text(rows.items[i].class_name, WEIR_CLASS_ALL) &&
            rows.items[i].window.start_ms == window.start_ms)
            tally = rows.items[i].tally;
    opinion->num = tally.num;
    opinion->den = tally.den;
    opinion->inputs = inputs.digest;
    opinion->phase = WEIR_PHASE_FINAL;
    opinion->tier = (uint8_t)weir_tally_tier(&world->gauge, &tally, tiers, tier_count);
}

void proof_judge(struct proof_world *world, struct weir_proof_section *section)
{
    if (world->options.is_event)
        judge_events(world, section);
    else
        judge_ticks(world, section);
}

void proof_sign_opinion(struct proof_world *world, struct weir_proof_section *section)
{
    struct weir_hash digest = weir_opinion_digest(&world->proof.domain, &section->opinion);
    must(weir_secp_sign(world->secp, &world->scope, world->witnesses[section->witness].report,
                        &digest, &section->signature));
}

void proof_checkpoint(struct proof_world *world,
                      struct weir_proof_section *section,
                      unsigned cosigners)
{
    const struct proof_witness *witness = &world->witnesses[section->witness];
    struct weir_buffer note = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    const struct weir_checkpoint checkpoint = {
        weir_slice_text(witness->origin), {section->opinion.tree_size, section->opinion.tree_root}};
    struct weir_buffer text = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    must(weir_checkpoint_print(&world->scope, &checkpoint, &text));
    must(weir_checkpoint_sign(&world->scope, &checkpoint, witness->log_key, &note));
    for (unsigned i = 0; i < world->options.witness_count; i++) {
        const struct weir_cosigner cosigner = {weir_slice_text(world->witnesses[i].cosigner),
                                               world->witnesses[i].cosign};
        if ((cosigners & (1U << i)) != 0)
            must(weir_cosignature_sign(&world->scope, &cosigner, weir_buffer_slice(&text),
                                       COSIGNED_S + i, &note));
    }
    section->checkpoint = weir_buffer_slice(&note);
}

void proof_show(struct proof_world *world, struct weir_proof_section *section)
{
    struct proof_witness *witness = &world->witnesses[section->witness];
    struct weir_opinion *opinion = &section->opinion;
    const struct weir_range range = {opinion->first_leaf, opinion->end_leaf, opinion->tree_size};
    bool is_open = (world->options.open & (1U << section->witness)) != 0;
    opinion->tree_root = witness_root(&world->scope, witness, opinion->tree_size);
    witness_show(&world->scope, witness, world->options.is_event ? 0 : world->options.interval_ms,
                 is_open, section);
    section->definition = (struct weir_proof_definition){
        .tick_ms = witness->leaves[0].tick_ms,
        .salt = witness_salt(&world->scope, witness, 0),
        .inclusion = witness_inclusion(&world->scope, witness, 0, opinion->tree_size),
    };
    section->range = witness_range(&world->scope, witness, range);
    section->events = world->event_texts;
    section->event_count = is_open ? world->event_count : 0;
    proof_checkpoint(world, section,
                     ((1U << world->options.witness_count) - 1) & ~(1U << section->witness));
}

void proof_make_section(struct proof_world *world,
                        uint64_t window,
                        unsigned witness,
                        struct weir_proof_section *section)
{
    const struct proof_witness *maker = &world->witnesses[witness];
    struct weir_interval span = window_of(world, window);
    *section = (struct weir_proof_section){.window = window, .witness = (uint8_t)witness};
    section->opinion = (struct weir_opinion){
        .terms = weir_terms_hash(&world->proof.terms),
        .window = window,
        .origin = weir_origin_hash(weir_slice_text(maker->origin)),
        .tree_size = maker->leaf_count,
        .made_at_ms = (uint64_t)(span.end_ms + world->gauge.lateness_ms + 500),
    };
    if (world->options.is_event) {
        section->opinion.first_leaf = maker->leaf_count - 1;
        section->opinion.end_leaf = maker->leaf_count;
    } else {
        place_ticks(world, section);
    }
    proof_judge(world, section);
    proof_show(world, section);
    proof_sign_opinion(world, section);
}

void proof_make_sections(struct proof_world *world, uint64_t mask)
{
    struct weir_proof *proof = &world->proof;
    proof->sections = world->sections;
    proof->section_count = 0;
    for (unsigned w = 0; w < world->options.witness_count; w++)
        witness_seal(&world->scope, &world->witnesses[w]);
    for (unsigned window = 0; window < world->options.window_count; window++)
        for (unsigned w = 0; (mask >> window & 1) != 0 && w < world->options.witness_count; w++)
            proof_make_section(world, window, w, &world->sections[proof->section_count++]);
    proof->report.breach = (struct weir_breach){
        .terms = weir_terms_hash(&proof->terms),
        .mask = weir_word_u64(mask),
    };
}

void proof_report(struct proof_world *world, uint8_t tier, unsigned who)
{
    struct weir_proof *proof = &world->proof;
    struct weir_report *report = &proof->report;
    struct weir_evidence_item items[PROOF_SECTIONS_MAX];
    for (size_t i = 0; i < proof->section_count; i++)
        items[i] = (struct weir_evidence_item){
            .window = proof->sections[i].window,
            .witness = proof->sections[i].witness,
            .digest = weir_opinion_digest(&proof->domain, &proof->sections[i].opinion),
        };
    report->breach.tier = tier;
    must(weir_evidence_root(&world->scope, items, proof->section_count,
                            &report->breach.evidence_root));
    struct weir_hash digest = weir_breach_digest(&proof->domain, &report->breach);
    report->who = who;
    report->signature_count = 0;
    for (unsigned i = 0; i < world->options.witness_count; i++)
        if ((who & (1U << i)) != 0)
            must(weir_secp_sign(world->secp, &world->scope, world->witnesses[i].report, &digest,
                                &report->signatures[report->signature_count++]));
}

void proof_make(struct proof_world *world, struct proof_options options)
{
    proof_begin(world, options, ARENA_BYTES);
    if (options.is_event)
        proof_log_jobs(world);
    else
        proof_log_outages(world);
    proof_make_sections(world, 1);
    proof_report(world, 2, (1U << options.m) - 1);
}

struct weir_slice proof_bytes(struct proof_world *world)
{
    struct weir_buffer buffer = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    must(weir_proof_write(&world->scope, &world->proof, &buffer));
    return weir_buffer_slice(&buffer);
}

/* Writes the digest of all that stands before the line that begins with `keyword`. */
static void digest_again(uint8_t *bytes, size_t length, const char *keyword)
{
    char line[32];
    int line_bytes = snprintf(line, sizeof(line), "\n%s ", keyword);
    uint8_t *found = NULL;
    for (uint8_t *at = bytes; length - (size_t)(at - bytes) > (size_t)line_bytes + 64; at++)
        if (memcmp(at, line, (size_t)line_bytes) == 0)
            found = at;
    if (found == NULL)
        return;
    char hex[WEIR_HASH_HEX_BYTES];
    struct weir_hash digest = weir_sha256_of(bytes, (size_t)(found - bytes) + 1);
    weir_hash_hex(&digest, hex);
    memcpy(found + line_bytes, hex, 64);
}

void proof_reseal(uint8_t *bytes, size_t length)
{
    digest_again(bytes, length, "evidence");
    digest_again(bytes, length, "end");
}

enum weir_err proof_verify(struct proof_world *world,
                           const struct weir_proof_rules *rules,
                           struct weir_account *account)
{
    weir_scope_recover(&world->scope);
    return weir_proof_verify(&world->scope, proof_bytes(world), rules, account);
}
