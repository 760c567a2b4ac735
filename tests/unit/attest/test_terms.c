/* Goal: terms have one name, one encoding and one address, equal to those of the contracts, and
 * every rule about them holds on both of its sides.
 * Method: agreements made by an independent client and proved against the contracts; every byte of
 * an encoding changed; each rule broken alone; amounts against a plain model in random order. */
#include "attest/terms.h"

#include "attest/due.h"
#include "attest/keccak.h"
#include "tests/unit/with_agreement.h"

static void check_names(const json_t *agreement)
{
    struct weir_terms terms = agreement_terms(agreement);
    struct weir_hash hash = weir_terms_hash(&terms);
    evm_same((struct weir_slice){hash.bytes, 32}, evm_text(agreement, "termsHash"));
    struct weir_address factory = agreement_address(agreement, "factory");
    struct weir_address implementation = agreement_address(agreement, "implementation");
    struct weir_address clone = weir_terms_clone_address(&terms, &factory, &implementation);
    evm_same((struct weir_slice){clone.bytes, 20}, evm_text(agreement, "address"));
    evm_ok(weir_terms_check_open(&evm.scope, &terms));
}

static void name_and_address_are_those_of_the_contracts(void **state)
{
    (void)state;
    agreement_each(check_names);
    struct weir_hash type = weir_keccak_of(WEIR_TERMS_TYPE, sizeof(WEIR_TERMS_TYPE) - 1);
    evm_same((struct weir_slice){type.bytes, 32},
             "eaaa7e531e616d3be53c62eccac3733999dcd85fb12a5cc5e7e470c93377f72a");
}

/* Any changed bit is either refused, or it is the encoding of other terms. */
static void flip_bits(struct weir_slice good)
{
    uint8_t *bent = weir_take(&evm.scope, good.length, 1);
    memcpy(bent, good.data, good.length);
    size_t refused = 0;
    for (size_t bit = 0; bit < 8 * good.length; bit++) {
        struct weir_terms terms;
        struct weir_buffer again = {.capacity_max = WEIR_TERMS_BYTES_MAX};
        bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (weir_terms_read(&evm.scope, (struct weir_slice){bent, good.length}, &terms) !=
            WEIR_OK) {
            weir_scope_recover(&evm.scope);
            refused++;
        } else {
            evm_ok(weir_terms_write(&evm.scope, &terms, &again));
            assert_int_equal(again.length, good.length);
            assert_memory_equal(again.data, bent, good.length);
        }
        bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > good.length);
}

static void check_encoding(const json_t *agreement)
{
    struct weir_slice call = evm_bytes(agreement, "openCalldata");
    const struct weir_slice arguments = {call.data + 4, call.length - 4};
    struct weir_terms terms = agreement_terms(agreement);
    struct weir_buffer buffer = {.capacity_max = WEIR_TERMS_BYTES_MAX};
    evm_ok(weir_terms_write(&evm.scope, &terms, &buffer));
    assert_true(weir_slice_equal(weir_buffer_slice(&buffer), arguments));

    struct weir_terms read;
    evm_ok(weir_terms_read(&evm.scope, arguments, &read));
    struct weir_hash hash = weir_terms_hash(&read);
    evm_same((struct weir_slice){hash.bytes, 32}, evm_text(agreement, "termsHash"));
    for (size_t cut = 0; cut < arguments.length; cut++)
        evm_refused(weir_terms_read(&evm.scope, (struct weir_slice){arguments.data, cut}, &read),
                    WEIR_E_PARSE);
    flip_bits(arguments);
}

static void an_encoding_is_the_call_of_other_clients_and_no_other_is_read(void **state)
{
    (void)state;
    agreement_each(check_encoding);
}

/* Terms that everything below bends: fixed windows of 10 s, 2 of 3, two tiers. */
static struct weir_terms sample(void)
{
    struct weir_terms terms = {
        .provider = {{1}},
        .customer = {{2}},
        .calendar = WEIR_CALENDAR_FIXED,
        .length_s = 10,
        .start_s = 1767225600,
        .count = 1000,
        .early = true,
        .claim_window_s = 600,
        .max_skew_ms = 500,
        .cap = 60000,
        .m = 2,
        .witness_count = 3,
        .tier_count = 2,
        .tiers = {{{95, 100}, 25}, {{60, 100}, 60}},
    };
    for (uint8_t i = 0; i < 3; i++) {
        terms.witnesses[i].key.bytes[19] = (uint8_t)(1 + i);
        terms.witnesses[i].node[0] = i;
    }
    return terms;
}

/* Both checks refuse; or only that of the tools does. */
static void refuse(struct weir_terms terms)
{
    evm_refused(weir_terms_check_open(&evm.scope, &terms), WEIR_E_RANGE);
    evm_refused(weir_terms_check(&evm.scope, &terms, false), WEIR_E_RANGE);
}

static void refuse_in_tools(struct weir_terms terms, bool is_event_gauge)
{
    evm_ok(weir_terms_check_open(&evm.scope, &terms));
    evm_refused(weir_terms_check(&evm.scope, &terms, is_event_gauge), WEIR_E_RANGE);
}

/* refuse(sample with one statement about `t`). */
#define REFUSE(statement)                                                                          \
    do {                                                                                           \
        struct weir_terms t = sample();                                                            \
        statement;                                                                                 \
        refuse(t);                                                                                 \
    } while (0)

static void each_rule_of_open_is_enforced(void **state)
{
    (void)state;
    struct weir_terms good = sample();
    evm_ok(weir_terms_check(&evm.scope, &good, false));
    REFUSE(t.provider.bytes[0] = 0);
    REFUSE(t.customer.bytes[0] = 0);
    REFUSE(t.customer = t.provider);
    REFUSE(t.calendar = 3);
    REFUSE(t.length_s = 0);
    REFUSE(t.count = 0);
    REFUSE(t.start_s = (1ull << 40) - 10000);
    REFUSE(t.settle_delay_s = 1);
    REFUSE(t.claim_window_s = 0);
    REFUSE((t.early = false, t.settle_delay_s = 600));
    REFUSE(t.m = 0);
    REFUSE(t.m = 4);
    REFUSE((t.witness_count = 0, t.m = 0));
    REFUSE(t.witnesses[0].key.bytes[19] = 0);
    REFUSE(t.witnesses[1].key = t.witnesses[0].key);
    REFUSE(t.witnesses[2].key.bytes[19] = 1);
    REFUSE(t.tier_count = 0);
    REFUSE(t.tiers[0].ratio.num = 101);
    REFUSE(t.tiers[0].ratio.den = 0);
    REFUSE(t.tiers[1].ratio.num = 95);
    REFUSE(t.tiers[1].payout = 25);
    REFUSE(t.tiers[0].payout = 0);
    REFUSE(t.cap = 59);
    REFUSE(t.cap = (unsigned __int128)1 << 96);
}

static void weeks_begin_on_monday_and_months_on_the_first(void **state)
{
    (void)state;
    struct weir_terms terms = sample();
    terms.calendar = WEIR_CALENDAR_ISO_WEEK;
    terms.length_s = 604800;
    terms.start_s = 1767571200; /* Monday 2026-01-05 */
    evm_ok(weir_terms_check(&evm.scope, &terms, false));
    terms.start_s += 86400;
    refuse(terms);
    terms.calendar = WEIR_CALENDAR_MONTH;
    terms.length_s = 0;
    terms.start_s = 1767225600; /* 2026-01-01 */
    evm_ok(weir_terms_check(&evm.scope, &terms, false));
    terms.length_s = 604800;
    refuse(terms);
    terms.length_s = 0;
    terms.start_s++;
    refuse(terms);
}

static void tools_refuse_what_the_contract_would_take(void **state)
{
    (void)state;
    struct weir_terms terms = sample();
    refuse_in_tools(terms, true); /* early on an event gauge */
    terms.early = false;
    evm_ok(weir_terms_check(&evm.scope, &terms, true));
    terms.m = 1;
    refuse_in_tools(terms, false);
    terms = sample();
    terms.max_skew_ms = 501;
    refuse_in_tools(terms, false);
    terms = sample();
    terms.witnesses[2].node[0] = 0;
    refuse_in_tools(terms, false);
}

static void a_window_is_payable_and_closed_when_the_contract_says(void **state)
{
    (void)state;
    struct weir_terms terms = sample();
    assert_int_equal(weir_terms_payable_s(&terms, 3), terms.start_s + 30);
    assert_int_equal(weir_terms_closed_s(&terms, 3), terms.start_s + 40 + 600);
    terms.early = false;
    terms.settle_delay_s = 5;
    assert_int_equal(weir_terms_payable_s(&terms, 3), terms.start_s + 40 + 5);
}

/* The contract as plain code: a level per window, and per period what is due so far. */
struct model {
    unsigned levels[1000];
    unsigned __int128 used[1000];
};

static unsigned __int128 settle(struct model *model,
                                const struct weir_terms *terms,
                                const uint64_t windows[2],
                                struct weir_breach *breach)
{
    unsigned lane = weir_lane_windows(terms);
    unsigned __int128 due = 0;
    for (uint64_t w = windows[0]; w <= windows[1]; w++) {
        if (!weir_word_has(breach->mask, (unsigned)(w % lane)) || model->levels[w] >= breach->tier)
            continue;
        unsigned level = model->levels[w];
        due += terms->tiers[breach->tier - 1].payout -
               (level == 0 ? 0 : terms->tiers[level - 1].payout);
        model->levels[w] = breach->tier;
    }
    uint32_t period = weir_cap_windows(terms);
    if (period == 0)
        return due;
    unsigned __int128 *used = &model->used[windows[0] / period];
    if (*used + due > terms->cap)
        due = terms->cap - *used;
    *used += due;
    return due;
}

/* Deterministic numbers for the random walk (xorshift). */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void walk(struct weir_terms *terms, uint64_t seed)
{
    static struct model model;
    struct weir_lanes lanes[16] = {0};
    unsigned __int128 used[1000] = {0};
    memset(&model, 0, sizeof(model));
    unsigned lane = weir_lane_windows(terms);
    for (unsigned step = 0; step < 300; step++) {
        struct weir_breach breach = {.tier = (uint8_t)(1 + next_random(&seed) % terms->tier_count)};
        breach.word = next_random(&seed) % (terms->count / lane + 1);
        uint64_t first = next_random(&seed) % lane;
        for (unsigned i = 0; i < 4; i++)
            breach.mask = weir_word_or(
                breach.mask, weir_word_bit((unsigned)((first + next_random(&seed) % 8) % lane)));
        uint64_t windows[2];
        struct weir_due due;
        uint32_t period = weir_cap_windows(terms);
        if (weir_due_range(&evm.scope, terms, breach.word, breach.mask, breach.tier, windows) !=
            WEIR_OK) {
            evm_refused(weir_due_compute(&evm.scope, terms, &lanes[breach.word], &breach, &due),
                        WEIR_E_RANGE);
            continue;
        }
        struct weir_lanes *now = &lanes[breach.word];
        now->used = period == 0 ? 0 : used[windows[0] / period];
        evm_ok(weir_due_compute(&evm.scope, terms, now, &breach, &due));
        assert_true(due.amount == settle(&model, terms, windows, &breach));
        *now = due.after;
        if (period != 0)
            used[windows[0] / period] = due.after.used;
        for (uint64_t w = windows[0]; w <= windows[1]; w++)
            assert_int_equal(weir_lanes_level(terms, now->bits, w), model.levels[w]);
        evm_ok(weir_due_compute(&evm.scope, terms, now, &breach, &due)); /* once more: nothing */
        assert_true(weir_word_is_zero(due.fresh) && due.amount == 0);
    }
}

static void amounts_follow_a_plain_model(void **state)
{
    (void)state;
    struct weir_terms terms = sample();
    assert_int_equal(weir_cap_windows(&terms), 0); /* 1000 * 60 is the cap */
    walk(&terms, 1);
    terms.cap--;
    assert_int_equal(weir_cap_windows(&terms), 1000);
    terms.cap = 600;
    walk(&terms, 2);
    terms.cap_windows = 20;
    assert_int_equal(weir_cap_windows(&terms), 20);
    walk(&terms, 3);
    terms.cap_windows = 1001;
    assert_int_equal(weir_cap_windows(&terms), 1000);
    terms.tier_count = 1;
    walk(&terms, 4);
}

static void masks_outside_the_agreement_are_refused(void **state)
{
    (void)state;
    struct weir_terms terms = sample(); /* 127 windows per word, 1000 in all: word 7 holds 111 */
    uint64_t windows[2];
    evm_ok(weir_due_range(&evm.scope, &terms, 7, weir_word_bit(110), 1, windows));
    assert_true(windows[0] == 999 && windows[1] == 999);
    evm_refused(weir_due_range(&evm.scope, &terms, 7, weir_word_bit(111), 1, windows),
                WEIR_E_RANGE);
    evm_refused(weir_due_range(&evm.scope, &terms, 0, weir_word_bit(127), 1, windows),
                WEIR_E_RANGE);
    evm_refused(weir_due_range(&evm.scope, &terms, UINT64_MAX, weir_word_bit(1), 1, windows),
                WEIR_E_RANGE);
    evm_refused(weir_due_range(&evm.scope, &terms, 0, weir_word_u64(0), 1, windows), WEIR_E_RANGE);
    evm_refused(weir_due_range(&evm.scope, &terms, 0, weir_word_bit(1), 0, windows), WEIR_E_RANGE);
    evm_refused(weir_due_range(&evm.scope, &terms, 0, weir_word_bit(1), 3, windows), WEIR_E_RANGE);
    assert_int_equal(weir_window_word(&terms, 999), 7);
    assert_true(weir_word_equal(weir_window_mask(&terms, 999), weir_word_bit(110)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(name_and_address_are_those_of_the_contracts),
        evm_test(an_encoding_is_the_call_of_other_clients_and_no_other_is_read),
        evm_test(each_rule_of_open_is_enforced),
        evm_test(weeks_begin_on_monday_and_months_on_the_first),
        evm_test(tools_refuse_what_the_contract_would_take),
        evm_test(a_window_is_payable_and_closed_when_the_contract_says),
        evm_test(amounts_follow_a_plain_model),
        evm_test(masks_outside_the_agreement_are_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("terms", tests, NULL, NULL));
}
