#include "tests/unit/rails/with_job.h"

#include <string.h>

#include "attest/secp.h"

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

static const uint8_t secret[WEIR_SECP_SECRET_BYTES] = {[31] = 7};

void with_signer_open(struct with_signer *signer)
{
    static const uint8_t random[32] = {1};
    struct weir_secp_key key;
    *signer = (struct with_signer){.scope = {.arena = weir_arena_new(ARENA_BYTES)}};
    signer->secp = weir_secp_new(random);
    assert_non_null(signer->scope.arena);
    assert_non_null(signer->secp);
    assert_int_equal(weir_secp_key_of(signer->secp, &signer->scope, secret, &key), WEIR_OK);
    assert_int_equal(weir_secp_address(&signer->scope, &key, &signer->address), WEIR_OK);
}

void with_signer_close(struct with_signer *signer)
{
    weir_secp_free(signer->secp);
    weir_arena_free(signer->scope.arena);
}

void with_sign(struct with_signer *signer,
               const struct weir_rail_job *job,
               uint32_t attempt,
               struct weir_rail_event *event)
{
    const struct weir_rail_attempt *asked = &job->attempts[attempt];
    struct weir_evm_tx tx = {.type = WEIR_EVM_TX_DYNAMIC_FEE,
                             .chain_id = WITH_CHAIN_ID,
                             .nonce = asked->nonce,
                             .max_priority_fee = asked->tip,
                             .max_fee = asked->fee_cap,
                             .gas_limit = asked->gas,
                             .is_creation = !asked->is_clearing && job->call->is_creation,
                             .to = asked->is_clearing ? signer->address : job->call->to,
                             .value = asked->is_clearing ? 0 : job->call->value};
    if (!asked->is_clearing)
        tx.data = job->call->data;
    struct weir_hash digest;
    struct weir_signature signature;
    struct weir_buffer raw = {0};
    struct weir_scope *scope = &signer->scope;
    assert_int_equal(weir_evm_tx_digest(scope, &tx, &digest), WEIR_OK);
    assert_int_equal(weir_secp_sign(signer->secp, scope, secret, &digest, &signature), WEIR_OK);
    assert_int_equal(weir_evm_tx_write(scope, &tx, &signature, &raw), WEIR_OK);
    *event = (struct weir_rail_event){.kind = WEIR_RAIL_EVENT_SIGNED,
                                      .attempt = attempt,
                                      .raw = weir_buffer_slice(&raw),
                                      .hash = weir_evm_tx_hash(weir_buffer_slice(&raw))};
}

struct weir_evm_policy with_policy(void)
{
    return (struct weir_evm_policy){
        .chain_id = WITH_CHAIN_ID,
        .depth = 8,
        .tip_min = WITH_GWEI,
        .tip_max = 50 * WITH_GWEI,
        .fee_cap_max = 500 * WITH_GWEI,
        .look_ms = 1000,
        .resend_ms = 10000,
        .bump_ms = 20000,
        .hold_ms = 5000,
        .retry_ms = 100,
        .fresh_ms = 3000,
        .in_flight_max = 4,
        .revert_max = 2,
    };
}

uint64_t with_random_next(struct with_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t with_random_below(struct with_random *random, uint64_t limit)
{
    return with_random_next(random) % limit;
}

bool with_random_once_in(struct with_random *random, uint64_t often)
{
    return with_random_below(random, often) == 0;
}
