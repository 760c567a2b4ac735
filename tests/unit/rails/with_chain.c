#include "tests/unit/rails/with_chain.h"

#include <assert.h>
#include <string.h>

#include "base/slice.h"

#define BUMP_NUM 11 /* nodes demand 10 % more of both fees */
#define BUMP_DEN 10

void with_chain_init(struct with_chain *chain, uint64_t seed, uint64_t depth)
{
    memset(chain, 0, sizeof(*chain));
    chain->random.state = seed;
    chain->depth = depth;
    chain->base_fee = 10 * WITH_GWEI;
    chain->block_count = 1;
    chain->blocks[0].hash.bytes[0] = 1;
}

static const struct with_tx *tx_at(const struct with_chain *chain, size_t height, size_t index)
{
    return &chain->txs[chain->blocks[height].txs[index]];
}

unsigned with_chain_effects(const struct with_chain *chain, uint32_t job, size_t height)
{
    unsigned count = 0;
    for (size_t b = 0; b <= height; b++)
        for (size_t t = 0; t < chain->blocks[b].tx_count; t++) {
            const struct with_tx *tx = tx_at(chain, b, t);
            if (tx->job == job && !tx->is_clearing && chain->blocks[b].succeeded[t])
                count++;
        }
    return count;
}

static uint64_t nonce_at(const struct with_chain *chain, size_t height)
{
    uint64_t nonce = 0;
    for (size_t b = 0; b <= height; b++)
        for (size_t t = 0; t < chain->blocks[b].tx_count; t++)
            if (tx_at(chain, b, t)->is_ours)
                nonce++;
    return nonce;
}

static bool is_mined(const struct with_chain *chain, const struct weir_hash *hash)
{
    for (size_t b = 0; b < chain->block_count; b++)
        for (size_t t = 0; t < chain->blocks[b].tx_count; t++)
            if (weir_hash_equal(&tx_at(chain, b, t)->hash, hash))
                return true;
    return false;
}

static struct with_tx *find_tx(struct with_chain *chain, const struct weir_hash *hash)
{
    for (size_t i = 0; i < chain->tx_count; i++)
        if (weir_hash_equal(&chain->txs[i].hash, hash))
            return &chain->txs[i];
    return NULL;
}

static struct with_tx *pooled_with_nonce(struct with_chain *chain, uint64_t nonce)
{
    for (size_t i = 0; i < chain->tx_count; i++)
        if (chain->txs[i].is_pooled && chain->txs[i].is_ours && chain->txs[i].nonce == nonce)
            return &chain->txs[i];
    return NULL;
}

enum weir_rail_sent with_chain_send(struct with_chain *chain, struct weir_slice raw, uint32_t job)
{
    struct weir_evm_signed_tx parsed;
    assert_int_equal(weir_evm_tx_read(chain->scope, raw, &parsed), WEIR_OK);
    struct with_tx *known = find_tx(chain, &parsed.hash);
    if (known != NULL && (known->is_pooled || is_mined(chain, &parsed.hash)))
        return WEIR_RAIL_SENT_ACCEPTED;
    if (parsed.tx.nonce < chain->nonce)
        return WEIR_RAIL_SENT_NONCE_LOW;
    if (parsed.tx.max_fee < chain->base_fee)
        return WEIR_RAIL_SENT_UNDERPRICED;
    struct with_tx *rival = pooled_with_nonce(chain, parsed.tx.nonce);
    if (rival != NULL && (BUMP_DEN * parsed.tx.max_fee < BUMP_NUM * rival->fee_cap ||
                          BUMP_DEN * parsed.tx.max_priority_fee < BUMP_NUM * rival->tip))
        return WEIR_RAIL_SENT_UNDERPRICED;
    if (rival != NULL)
        rival->is_pooled = false;
    if (known == NULL) {
        assert(chain->tx_count < WITH_TXS_MAX);
        known = &chain->txs[chain->tx_count++];
        *known = (struct with_tx){.hash = parsed.hash,
                                  .is_ours = true,
                                  .is_clearing = parsed.tx.data.length == 0,
                                  .job = job,
                                  .nonce = parsed.tx.nonce,
                                  .fee_cap = parsed.tx.max_fee,
                                  .tip = parsed.tx.max_priority_fee};
    }
    known->is_pooled = true;
    return WEIR_RAIL_SENT_ACCEPTED;
}

static struct with_tx *add_foreign(struct with_chain *chain)
{
    assert(chain->tx_count < WITH_TXS_MAX);
    struct with_tx *tx = &chain->txs[chain->tx_count++];
    *tx = (struct with_tx){.job = WITH_NONE, .fee_cap = 1000 * WITH_GWEI, .is_pooled = true};
    tx->hash.bytes[0] = 0xff;
    weir_put_u64(tx->hash.bytes + 8, chain->tx_count);
    return tx;
}

void with_chain_compete(struct with_chain *chain, uint32_t job)
{
    add_foreign(chain)->job = job;
}

void with_chain_use_nonce(struct with_chain *chain)
{
    struct with_tx *rival = pooled_with_nonce(chain, chain->nonce);
    if (rival != NULL)
        rival->is_pooled = false;
    struct with_tx *tx = add_foreign(chain);
    tx->is_ours = true;
    tx->is_clearing = true;
    tx->nonce = chain->nonce;
}

/* A payout that is there already reverts; code and transfers do not care. */
static bool succeeds(const struct with_chain *chain, const struct with_tx *tx)
{
    if (tx->job == WITH_NONE || tx->is_clearing)
        return true;
    return chain->effects[tx->job] != WEIR_RAIL_EFFECT_LEVELS ||
           with_chain_effects(chain, tx->job, chain->block_count - 1) == 0;
}

static void include(struct with_chain *chain, uint32_t index)
{
    struct with_block *block = &chain->blocks[chain->block_count - 1];
    struct with_tx *tx = &chain->txs[index];
    bool succeeded = succeeds(chain, tx);
    block->succeeded[block->tx_count] = succeeded;
    block->txs[block->tx_count++] = index;
    tx->is_pooled = false;
    if (tx->is_ours)
        chain->nonce++;
}

void with_chain_mine(struct with_chain *chain)
{
    assert(chain->block_count < WITH_BLOCKS_MAX);
    struct with_block *block = &chain->blocks[chain->block_count++];
    *block = (struct with_block){.tx_count = 0};
    block->hash.bytes[0] = 2;
    weir_put_u64(block->hash.bytes + 8, ++chain->block_serial);
    if (chain->block_count - 1 > chain->depth + chain->final_height)
        chain->final_height = chain->block_count - 1 - chain->depth;
    bool found = true;
    while (found && block->tx_count < WITH_BLOCK_TXS_MAX) {
        found = false;
        for (uint32_t i = 0; i < chain->tx_count && block->tx_count < WITH_BLOCK_TXS_MAX; i++) {
            const struct with_tx *tx = &chain->txs[i];
            if (!tx->is_pooled || tx->fee_cap < chain->base_fee ||
                (tx->is_ours && tx->nonce != chain->nonce))
                continue;
            include(chain, i);
            found = true;
        }
    }
}

void with_chain_reorganise(struct with_chain *chain, size_t depth)
{
    for (; depth > 0 && chain->block_count > chain->final_height + 1; depth--) {
        struct with_block *block = &chain->blocks[--chain->block_count];
        for (size_t t = 0; t < block->tx_count; t++)
            chain->txs[block->txs[t]].is_pooled = !with_random_once_in(&chain->random, 2);
    }
    chain->nonce = nonce_at(chain, chain->block_count - 1);
}

void with_chain_drop(struct with_chain *chain)
{
    for (size_t i = 0; i < chain->tx_count; i++)
        if (with_random_once_in(&chain->random, 2))
            chain->txs[i].is_pooled = false;
}

static enum weir_rail_known effect_at(const struct with_chain *chain,
                                      const struct weir_rail_job *job,
                                      uint32_t index,
                                      size_t height)
{
    if (job->effect->kind == WEIR_RAIL_EFFECT_RECEIPT)
        return WEIR_RAIL_KNOWN_NO;
    return with_chain_effects(chain, index, height) > 0 ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
}

static void find_receipt(const struct with_chain *chain,
                         const struct weir_rail_job *job,
                         uint32_t attempt,
                         size_t height,
                         struct weir_rail_view *view)
{
    for (size_t b = 0; b <= height; b++)
        for (size_t t = 0; t < chain->blocks[b].tx_count; t++) {
            const struct with_tx *tx = tx_at(chain, b, t);
            if (!weir_hash_equal(&tx->hash, &job->attempts[attempt].hash))
                continue;
            view->receipts[attempt] = (struct weir_rail_sighting){
                .is_found = true,
                .mined = {.attempt = attempt,
                          .succeeded = chain->blocks[b].succeeded[t],
                          .block_number = b,
                          .block_hash = chain->blocks[b].hash},
            };
        }
}

static bool is_pending(const struct with_chain *chain, uint32_t index)
{
    for (size_t i = 0; i < chain->tx_count; i++)
        if (chain->txs[i].is_pooled && chain->txs[i].job == index && !chain->txs[i].is_clearing)
            return true;
    return false;
}

void with_chain_view(const struct with_chain *chain,
                     const struct weir_rail_job *job,
                     uint32_t index,
                     size_t lag,
                     struct weir_rail_view *view)
{
    size_t head = chain->block_count - 1;
    head = head > lag ? head - lag : 0;
    size_t final = head > chain->depth ? head - chain->depth : 0;
    *view = (struct weir_rail_view){
        .chain_id = WITH_CHAIN_ID,
        .head = {.number = head, .hash = chain->blocks[head].hash, .base_fee = chain->base_fee},
        .has_final = true,
        .final = {.number = final, .hash = chain->blocks[final].hash},
        .nonce_latest = nonce_at(chain, head),
        .has_nonce_final = true,
        .nonce_final = nonce_at(chain, final),
        .balance = ~(unsigned __int128)0,
        .tip = WITH_GWEI,
        .effect_latest = effect_at(chain, job, index, head),
        .effect_final = effect_at(chain, job, index, final),
        .preflight = WEIR_RAIL_PREFLIGHT_PASSES,
    };
    bool is_shared = job->effect->kind == WEIR_RAIL_EFFECT_LEVELS;
    if (is_shared && (view->effect_latest == WEIR_RAIL_KNOWN_YES || is_pending(chain, index)))
        view->preflight = WEIR_RAIL_PREFLIGHT_NOTHING_NEW;
    for (uint32_t i = 0; i < job->attempt_count; i++)
        if (job->attempts[i].state != WEIR_RAIL_ATTEMPT_PREPARED)
            find_receipt(chain, job, i, head, view);
    if (job->is_mined && job->mined.block_number <= head) {
        view->has_mined_block = true;
        view->mined_block_hash = chain->blocks[job->mined.block_number].hash;
    }
}
