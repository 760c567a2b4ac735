/* A chain in memory for the simulation of the transaction manager: blocks with our transactions, a
 * pool, reorganisations, and faults of the node in front of it.  Everything follows from one seed.
 */
#ifndef WEIR_TESTS_UNIT_RAILS_WITH_CHAIN_H
#define WEIR_TESTS_UNIT_RAILS_WITH_CHAIN_H

#include "tests/unit/rails/with_job.h"

#define WITH_TXS_MAX 4096
#define WITH_BLOCKS_MAX 4096
#define WITH_BLOCK_TXS_MAX 8
#define WITH_JOBS_MAX 6
#define WITH_NONE UINT32_MAX

/* A transaction the chain has seen. */
struct with_tx {
    struct weir_hash hash;
    bool is_ours; /* of the key under test */
    bool is_clearing;
    uint32_t job; /* whose effect it makes; WITH_NONE: nobody's */
    uint64_t nonce;
    unsigned __int128 fee_cap;
    unsigned __int128 tip;
    bool is_pooled;
};

struct with_block {
    struct weir_hash hash;
    uint32_t txs[WITH_BLOCK_TXS_MAX];
    bool succeeded[WITH_BLOCK_TXS_MAX];
    size_t tx_count;
};

struct with_chain {
    struct with_random random;
    struct weir_scope *scope; /* borrowed, for reading transactions */
    enum weir_rail_effect_kind effects[WITH_JOBS_MAX];
    size_t job_count;
    struct with_tx txs[WITH_TXS_MAX];
    size_t tx_count;
    struct with_block blocks[WITH_BLOCKS_MAX]; /* [0] is the genesis block */
    size_t block_count;
    uint64_t block_serial; /* makes hashes differ */
    uint64_t depth;        /* final = head - depth */
    uint64_t final_height; /* no reorganisation goes below */
    unsigned __int128 base_fee;
    uint64_t nonce; /* of the key, at the head */
};

void with_chain_init(struct with_chain *chain, uint64_t seed, uint64_t depth);

/* What a node says to raw bytes; also puts them into the pool where it takes them. */
enum weir_rail_sent with_chain_send(struct with_chain *chain, struct weir_slice raw, uint32_t job);

/* A competing sender makes the effect of `job`, or uses a nonce of our key for nothing. */
void with_chain_compete(struct with_chain *chain, uint32_t job);
void with_chain_use_nonce(struct with_chain *chain);

void with_chain_mine(struct with_chain *chain);
/* Drops `depth` blocks, none that ever was final; each of their transactions returns to the pool or
 * is forgotten. */
void with_chain_reorganise(struct with_chain *chain, size_t depth);
/* Pools forget. */
void with_chain_drop(struct with_chain *chain);

/* How often the effect of `job` was made up to block `height`. */
unsigned with_chain_effects(const struct with_chain *chain, uint32_t job, size_t height);

/* What a look shows at a head that lags `lag` blocks. */
void with_chain_view(const struct with_chain *chain,
                     const struct weir_rail_job *job,
                     uint32_t index,
                     size_t lag,
                     struct weir_rail_view *view);

#endif /* WEIR_TESTS_UNIT_RAILS_WITH_CHAIN_H */
