#include "attest/opinion.h"

#include <assert.h>
#include <string.h>

/* The order of the type string; also the order of the bytes. */
enum {
    TERMS,
    WINDOW,
    REVISION,
    PHASE,
    TIER,
    NUM,
    DEN,
    INPUTS,
    ORIGIN,
    FIRST_LEAF,
    END_LEAF,
    TREE_SIZE,
    TREE_ROOT,
    MADE_AT_MS,
};

static void put_words(const struct weir_opinion *opinion,
                      struct weir_word words[WEIR_OPINION_WORDS])
{
    words[TERMS] = weir_word_hash(&opinion->terms);
    words[WINDOW] = weir_word_u64(opinion->window);
    words[REVISION] = weir_word_u64(opinion->revision);
    words[PHASE] = weir_word_u64(opinion->phase);
    words[TIER] = weir_word_u64(opinion->tier);
    words[NUM] = weir_word_u64(opinion->num);
    words[DEN] = weir_word_u64(opinion->den);
    words[INPUTS] = weir_word_hash(&opinion->inputs);
    words[ORIGIN] = weir_word_hash(&opinion->origin);
    words[FIRST_LEAF] = weir_word_u64(opinion->first_leaf);
    words[END_LEAF] = weir_word_u64(opinion->end_leaf);
    words[TREE_SIZE] = weir_word_u64(opinion->tree_size);
    words[TREE_ROOT] = weir_word_hash(&opinion->tree_root);
    words[MADE_AT_MS] = weir_word_u64(opinion->made_at_ms);
}

static struct weir_hash in_domain(const struct weir_domain *domain, struct weir_hash struct_hash)
{
    struct weir_hash separator = weir_domain_separator(domain);
    return weir_eip712_digest(&separator, &struct_hash);
}

struct weir_hash weir_opinion_digest(const struct weir_domain *domain,
                                     const struct weir_opinion *opinion)
{
    struct weir_word words[WEIR_OPINION_WORDS];
    put_words(opinion, words);
    return in_domain(domain, weir_eip712_struct(WEIR_OPINION_TYPE, words, WEIR_OPINION_WORDS));
}

struct weir_hash weir_breach_digest(const struct weir_domain *domain,
                                    const struct weir_breach *breach)
{
    const struct weir_word words[] = {
        weir_word_hash(&breach->terms), weir_word_u64(breach->epoch),
        weir_word_u64(breach->word),    breach->mask,
        weir_word_u64(breach->tier),    weir_word_hash(&breach->evidence_root),
    };
    return in_domain(domain,
                     weir_eip712_struct(WEIR_BREACH_TYPE, words, sizeof(words) / sizeof(words[0])));
}

struct weir_hash weir_clean_digest(const struct weir_domain *domain, const struct weir_clean *clean)
{
    const struct weir_word words[] = {
        weir_word_hash(&clean->terms),
        weir_word_u64(clean->epoch),
        weir_word_u64(clean->word),
        clean->mask,
        weir_word_hash(&clean->evidence_root),
    };
    return in_domain(domain,
                     weir_eip712_struct(WEIR_CLEAN_TYPE, words, sizeof(words) / sizeof(words[0])));
}

struct weir_hash weir_maintenance_digest(const struct weir_domain *domain,
                                         const struct weir_maintenance_message *maintenance)
{
    const struct weir_word words[] = {
        weir_word_hash(&maintenance->terms),
        weir_word_u64(maintenance->from_ms),
        weir_word_u64(maintenance->to_ms),
        weir_word_u64(maintenance->nonce),
    };
    return in_domain(
        domain, weir_eip712_struct(WEIR_MAINTENANCE_TYPE, words, sizeof(words) / sizeof(words[0])));
}

void weir_opinion_write(const struct weir_opinion *opinion,
                        uint8_t bytes[static WEIR_OPINION_BYTES])
{
    struct weir_word words[WEIR_OPINION_WORDS];
    put_words(opinion, words);
    memcpy(bytes, words, WEIR_OPINION_BYTES);
}

/* What no honest witness can say, whatever it measured. */
static enum weir_err check(struct weir_scope *scope, const struct weir_opinion *opinion)
{
    if (opinion->num > opinion->den)
        return weir_fail(scope, WEIR_E_PARSE, "an opinion with a ratio above 1");
    if (opinion->first_leaf >= opinion->end_leaf || opinion->end_leaf > opinion->tree_size)
        return weir_fail(scope, WEIR_E_PARSE, "an opinion about leaves outside its tree");
    return WEIR_OK;
}

enum weir_err
weir_opinion_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_opinion *opinion)
{
    if (bytes.length != WEIR_OPINION_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "an opinion has %d bytes, not %zu",
                         WEIR_OPINION_BYTES, bytes.length);
    struct weir_word words[WEIR_OPINION_WORDS];
    memcpy(words, bytes.data, WEIR_OPINION_BYTES);

    static const struct {
        const char *name;
        uint64_t max; /* 0: a bytes32, which may hold anything */
    } members[WEIR_OPINION_WORDS] = {
        [TERMS] = {"terms", 0},
        [WINDOW] = {"window", UINT64_MAX},
        [REVISION] = {"revision", UINT32_MAX},
        [PHASE] = {"phase", WEIR_PHASE_FINAL},
        [TIER] = {"tier", UINT8_MAX},
        [NUM] = {"num", UINT64_MAX},
        [DEN] = {"den", UINT64_MAX},
        [INPUTS] = {"inputs", 0},
        [ORIGIN] = {"origin", 0},
        [FIRST_LEAF] = {"firstLeaf", UINT64_MAX},
        [END_LEAF] = {"endLeaf", UINT64_MAX},
        [TREE_SIZE] = {"treeSize", UINT64_MAX},
        [TREE_ROOT] = {"treeRoot", 0},
        [MADE_AT_MS] = {"madeAtMs", UINT64_MAX},
    };
    uint64_t numbers[WEIR_OPINION_WORDS] = {0};
    for (unsigned i = 0; i < WEIR_OPINION_WORDS; i++)
        if (members[i].max != 0 && !weir_word_get_u64(words[i], members[i].max, &numbers[i]))
            return weir_fail(scope, WEIR_E_PARSE, "'%s' of an opinion is too large",
                             members[i].name);

    const struct weir_opinion parsed = {
        .terms = weir_word_get_hash(words[TERMS]),
        .window = numbers[WINDOW],
        .revision = (uint32_t)numbers[REVISION],
        .phase = (uint8_t)numbers[PHASE],
        .tier = (uint8_t)numbers[TIER],
        .num = numbers[NUM],
        .den = numbers[DEN],
        .inputs = weir_word_get_hash(words[INPUTS]),
        .origin = weir_word_get_hash(words[ORIGIN]),
        .first_leaf = numbers[FIRST_LEAF],
        .end_leaf = numbers[END_LEAF],
        .tree_size = numbers[TREE_SIZE],
        .tree_root = weir_word_get_hash(words[TREE_ROOT]),
        .made_at_ms = numbers[MADE_AT_MS],
    };
    enum weir_err err = check(scope, &parsed);
    if (err != WEIR_OK)
        return err;
    *opinion = parsed;
    return WEIR_OK;
}
