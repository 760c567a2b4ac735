#include "attest/terms.h"

#include <assert.h>
#include <string.h>

#include "attest/eip712.h"
#include "attest/word.h"

/* Members of the tuple, in the order of WEIR_TERMS_TYPE. */
enum {
    PROVIDER,
    CUSTOMER,
    ASSET,
    GAUGE,
    DOCUMENT,
    CALENDAR,
    LENGTH,
    START,
    COUNT,
    EARLY,
    SETTLE_DELAY,
    CLAIM_WINDOW,
    MAX_SKEW_MS,
    CAP,
    CAP_WINDOWS,
    M,
    WITNESSES,
    TIERS,
    NONCE,
    MEMBERS,
};

#define WITNESS_WORDS 2
#define TIER_WORDS 3

/* All members but the two arrays, whose words the hash and the encoding make differently. */
static void put_members(const struct weir_terms *terms, struct weir_word words[MEMBERS])
{
    words[PROVIDER] = weir_word_address(&terms->provider);
    words[CUSTOMER] = weir_word_address(&terms->customer);
    words[ASSET] = weir_word_address(&terms->asset);
    words[GAUGE] = weir_word_hash(&terms->gauge);
    words[DOCUMENT] = weir_word_hash(&terms->document);
    words[CALENDAR] = weir_word_u64(terms->calendar);
    words[LENGTH] = weir_word_u64(terms->length_s);
    words[START] = weir_word_u64(terms->start_s);
    words[COUNT] = weir_word_u64(terms->count);
    words[EARLY] = weir_word_u64(terms->early);
    words[SETTLE_DELAY] = weir_word_u64(terms->settle_delay_s);
    words[CLAIM_WINDOW] = weir_word_u64(terms->claim_window_s);
    words[MAX_SKEW_MS] = weir_word_u64(terms->max_skew_ms);
    words[CAP] = weir_word_u128(terms->cap);
    words[CAP_WINDOWS] = weir_word_u64(terms->cap_windows);
    words[M] = weir_word_u64(terms->m);
    words[NONCE] = weir_word_u64(terms->nonce);
}

static void put_witness(const struct weir_terms_witness *witness,
                        struct weir_word words[WITNESS_WORDS])
{
    words[0] = weir_word_address(&witness->key);
    memcpy(words[1].bytes, witness->node, WEIR_NODE_BYTES);
}

static void put_tier(const struct weir_terms_tier *tier, struct weir_word words[TIER_WORDS])
{
    words[0] = weir_word_u64(tier->ratio.num);
    words[1] = weir_word_u64(tier->ratio.den);
    words[2] = weir_word_u128(tier->payout);
}

struct weir_hash weir_terms_hash(const struct weir_terms *terms)
{
    assert(terms->witness_count <= WEIR_WITNESSES_MAX && terms->tier_count <= WEIR_TIER_MAX);
    struct weir_word witnesses[WEIR_WITNESSES_MAX];
    for (size_t i = 0; i < terms->witness_count; i++) {
        struct weir_word words[WITNESS_WORDS];
        put_witness(&terms->witnesses[i], words);
        struct weir_hash hash = weir_eip712_struct(WEIR_WITNESS_TYPE, words, WITNESS_WORDS);
        witnesses[i] = weir_word_hash(&hash);
    }
    struct weir_word tiers[WEIR_TIER_MAX];
    for (size_t j = 0; j < terms->tier_count; j++) {
        struct weir_word words[TIER_WORDS];
        put_tier(&terms->tiers[j], words);
        struct weir_hash hash = weir_eip712_struct(WEIR_TIER_TYPE, words, TIER_WORDS);
        tiers[j] = weir_word_hash(&hash);
    }
    struct weir_hash all_witnesses = weir_eip712_array(witnesses, terms->witness_count);
    struct weir_hash all_tiers = weir_eip712_array(tiers, terms->tier_count);

    struct weir_word members[MEMBERS];
    put_members(terms, members);
    members[WITNESSES] = weir_word_hash(&all_witnesses);
    members[TIERS] = weir_word_hash(&all_tiers);
    return weir_eip712_struct(WEIR_TERMS_TYPE, members, MEMBERS);
}

/* Bytes from the tuple's first word to the tail of each array, where Solidity puts them. */
static uint64_t witnesses_offset(void)
{
    return MEMBERS * WEIR_WORD_BYTES;
}

static uint64_t tiers_offset(size_t witness_count)
{
    return witnesses_offset() + (1 + WITNESS_WORDS * (uint64_t)witness_count) * WEIR_WORD_BYTES;
}

static size_t encoded_words(size_t witness_count, size_t tier_count)
{
    return 1 + MEMBERS + 1 + WITNESS_WORDS * witness_count + 1 + TIER_WORDS * tier_count;
}

enum weir_err weir_terms_write(struct weir_scope *scope,
                               const struct weir_terms *terms,
                               struct weir_buffer *buffer)
{
    assert(terms->witness_count <= WEIR_WITNESSES_MAX && terms->tier_count <= WEIR_TIER_MAX);
    struct weir_word words[WEIR_TERMS_BYTES_MAX / WEIR_WORD_BYTES];
    bool fits = terms->cap >> WEIR_AMOUNT_BITS == 0;
    words[0] = weir_word_u64(WEIR_WORD_BYTES);
    put_members(terms, words + 1);
    words[1 + WITNESSES] = weir_word_u64(witnesses_offset());
    words[1 + TIERS] = weir_word_u64(tiers_offset(terms->witness_count));
    size_t at = 1 + MEMBERS;
    words[at++] = weir_word_u64(terms->witness_count);
    for (size_t i = 0; i < terms->witness_count; i++, at += WITNESS_WORDS)
        put_witness(&terms->witnesses[i], words + at);
    words[at++] = weir_word_u64(terms->tier_count);
    for (size_t j = 0; j < terms->tier_count; j++, at += TIER_WORDS) {
        put_tier(&terms->tiers[j], words + at);
        fits = fits && terms->tiers[j].payout >> WEIR_AMOUNT_BITS == 0;
    }
    if (!fits)
        return weir_fail(scope, WEIR_E_RANGE, "an amount of the terms needs more than 96 bits");
    assert(at == encoded_words(terms->witness_count, terms->tier_count));
    return weir_buffer_put(scope, buffer, words, at * WEIR_WORD_BYTES);
}

/* A cursor over words that remembers the first one that did not fit its type. */
struct reader {
    const uint8_t *at;
    const char *refused;
};

static struct weir_word next_word(struct reader *reader)
{
    struct weir_word word;
    memcpy(word.bytes, reader->at, WEIR_WORD_BYTES);
    reader->at += WEIR_WORD_BYTES;
    return word;
}

static void refuse(struct reader *reader, const char *name)
{
    if (reader->refused == NULL)
        reader->refused = name;
}

static uint64_t next_u64(struct reader *reader, const char *name, uint64_t max)
{
    uint64_t value = 0;
    if (!weir_word_get_u64(next_word(reader), max, &value))
        refuse(reader, name);
    return value;
}

static unsigned __int128 next_amount(struct reader *reader, const char *name)
{
    unsigned __int128 value = 0;
    if (!weir_word_get_u128(next_word(reader), &value) || value >> WEIR_AMOUNT_BITS != 0)
        refuse(reader, name);
    return value;
}

static struct weir_address next_address(struct reader *reader, const char *name)
{
    struct weir_address address = {{0}};
    if (!weir_word_get_address(next_word(reader), &address))
        refuse(reader, name);
    return address;
}

/* The members up to the two arrays' places, which must hold what `terms`' counts say. */
static void read_members(struct reader *reader, struct weir_terms *terms)
{
    terms->provider = next_address(reader, "provider");
    terms->customer = next_address(reader, "customer");
    terms->asset = next_address(reader, "asset");
    terms->gauge = weir_word_get_hash(next_word(reader));
    terms->document = weir_word_get_hash(next_word(reader));
    terms->calendar = (uint8_t)next_u64(reader, "calendar", UINT8_MAX);
    terms->length_s = (uint32_t)next_u64(reader, "length", UINT32_MAX);
    terms->start_s = next_u64(reader, "start", UINT64_MAX);
    terms->count = (uint32_t)next_u64(reader, "count", UINT32_MAX);
    terms->early = next_u64(reader, "early", 1) == 1;
    terms->settle_delay_s = (uint32_t)next_u64(reader, "settleDelay", UINT32_MAX);
    terms->claim_window_s = (uint32_t)next_u64(reader, "claimWindow", UINT32_MAX);
    terms->max_skew_ms = (uint32_t)next_u64(reader, "maxSkewMs", UINT32_MAX);
    terms->cap = next_amount(reader, "cap");
    terms->cap_windows = (uint32_t)next_u64(reader, "capWindows", UINT32_MAX);
    terms->m = (uint8_t)next_u64(reader, "m", UINT8_MAX);
    if (next_u64(reader, "offset of witnesses", UINT64_MAX) != witnesses_offset())
        refuse(reader, "offset of witnesses");
    if (next_u64(reader, "offset of tiers", UINT64_MAX) != tiers_offset(terms->witness_count))
        refuse(reader, "offset of tiers");
    terms->nonce = next_u64(reader, "nonce", UINT64_MAX);
}

/* The counts decide where everything is, so they are found first: the count of witnesses stands at
 * a fixed place, that of tiers behind them, and together they give the exact length. */
static enum weir_err
read_counts(struct weir_scope *scope, struct weir_slice bytes, struct weir_terms *terms)
{
    const size_t witnesses_at = (1 + MEMBERS) * WEIR_WORD_BYTES;
    if (bytes.length < encoded_words(0, 0) * WEIR_WORD_BYTES || bytes.length > WEIR_TERMS_BYTES_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "terms of %zu bytes", bytes.length);
    struct reader reader = {.at = bytes.data + witnesses_at};
    uint64_t witnesses = next_u64(&reader, "number of witnesses", WEIR_WITNESSES_MAX);
    if (reader.refused != NULL || bytes.length < encoded_words(witnesses, 0) * WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "the number of witnesses of terms");
    reader.at += witnesses * WITNESS_WORDS * WEIR_WORD_BYTES;
    uint64_t tiers = next_u64(&reader, "number of tiers", WEIR_TIER_MAX);
    if (reader.refused != NULL || bytes.length != encoded_words(witnesses, tiers) * WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "the number of tiers of terms");
    terms->witness_count = witnesses;
    terms->tier_count = tiers;
    return WEIR_OK;
}

enum weir_err
weir_terms_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_terms *terms)
{
    struct weir_terms parsed = {0};
    enum weir_err err = read_counts(scope, bytes, &parsed);
    if (err != WEIR_OK)
        return err;
    struct reader reader = {.at = bytes.data};
    if (next_u64(&reader, "offset of the tuple", UINT64_MAX) != WEIR_WORD_BYTES)
        refuse(&reader, "offset of the tuple");
    read_members(&reader, &parsed);
    (void)next_word(&reader); /* the count of witnesses, read above */
    for (size_t i = 0; i < parsed.witness_count; i++) {
        parsed.witnesses[i].key = next_address(&reader, "key of a witness");
        struct weir_word node = next_word(&reader);
        memcpy(parsed.witnesses[i].node, node.bytes, WEIR_NODE_BYTES);
    }
    (void)next_word(&reader); /* the count of tiers, read above */
    for (size_t j = 0; j < parsed.tier_count; j++) {
        parsed.tiers[j].ratio.num = next_u64(&reader, "num of a tier", UINT64_MAX);
        parsed.tiers[j].ratio.den = next_u64(&reader, "den of a tier", UINT64_MAX);
        parsed.tiers[j].payout = next_amount(&reader, "payout of a tier");
    }
    assert(reader.at == bytes.data + bytes.length);
    if (reader.refused != NULL)
        return weir_fail(scope, WEIR_E_PARSE, "'%s' of terms is not in its range", reader.refused);
    *terms = parsed;
    return WEIR_OK;
}

struct weir_schedule weir_terms_schedule(const struct weir_terms *terms)
{
    return (struct weir_schedule){
        .calendar = (enum weir_calendar)terms->calendar,
        .length_s = terms->length_s,
        .count = terms->count,
        .start_s = terms->start_s,
    };
}

size_t weir_terms_ratios(const struct weir_terms *terms,
                         struct weir_ratio ratios[static WEIR_TIER_MAX])
{
    assert(terms->tier_count <= WEIR_TIER_MAX);
    for (size_t j = 0; j < terms->tier_count; j++)
        ratios[j] = terms->tiers[j].ratio;
    return terms->tier_count;
}

static struct weir_interval window_s(const struct weir_terms *terms, uint64_t w)
{
    const struct weir_schedule schedule = weir_terms_schedule(terms);
    struct weir_interval window = weir_window_of_terms(&schedule, w);
    return (struct weir_interval){window.start_ms / 1000, window.end_ms / 1000};
}

uint64_t weir_terms_payable_s(const struct weir_terms *terms, uint64_t w)
{
    struct weir_interval window = window_s(terms, w);
    return terms->early ? (uint64_t)window.start_ms
                        : (uint64_t)window.end_ms + terms->settle_delay_s;
}

uint64_t weir_terms_closed_s(const struct weir_terms *terms, uint64_t w)
{
    return (uint64_t)window_s(terms, w).end_ms + terms->claim_window_s;
}
