#include "attest/keccak.h"

#include <assert.h>
#include <string.h>

#define RATE_LANES (WEIR_KECCAK_RATE_BYTES / 8)
#define ROUNDS 24

/* FIPS 202 3.2.5: the constants of iota. */
static const uint64_t round_constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t turn_left(uint64_t lane, unsigned bits)
{
    return lane << bits | lane >> (64 - bits);
}

/* Theta, rho and pi: every lane gets the parity of two columns, is turned and takes its new place.
 * Written out, because compilers keep the lanes in registers only then. */
static inline void mix(const uint64_t a[25], uint64_t moved[25])
{
    const uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    const uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    const uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    const uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    const uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    const uint64_t d0 = c4 ^ turn_left(c1, 1);
    const uint64_t d1 = c0 ^ turn_left(c2, 1);
    const uint64_t d2 = c1 ^ turn_left(c3, 1);
    const uint64_t d3 = c2 ^ turn_left(c4, 1);
    const uint64_t d4 = c3 ^ turn_left(c0, 1);
    moved[0] = a[0] ^ d0;
    moved[1] = turn_left(a[6] ^ d1, 44);
    moved[2] = turn_left(a[12] ^ d2, 43);
    moved[3] = turn_left(a[18] ^ d3, 21);
    moved[4] = turn_left(a[24] ^ d4, 14);
    moved[5] = turn_left(a[3] ^ d3, 28);
    moved[6] = turn_left(a[9] ^ d4, 20);
    moved[7] = turn_left(a[10] ^ d0, 3);
    moved[8] = turn_left(a[16] ^ d1, 45);
    moved[9] = turn_left(a[22] ^ d2, 61);
    moved[10] = turn_left(a[1] ^ d1, 1);
    moved[11] = turn_left(a[7] ^ d2, 6);
    moved[12] = turn_left(a[13] ^ d3, 25);
    moved[13] = turn_left(a[19] ^ d4, 8);
    moved[14] = turn_left(a[20] ^ d0, 18);
    moved[15] = turn_left(a[4] ^ d4, 27);
    moved[16] = turn_left(a[5] ^ d0, 36);
    moved[17] = turn_left(a[11] ^ d1, 10);
    moved[18] = turn_left(a[17] ^ d2, 15);
    moved[19] = turn_left(a[23] ^ d3, 56);
    moved[20] = turn_left(a[2] ^ d2, 62);
    moved[21] = turn_left(a[8] ^ d3, 55);
    moved[22] = turn_left(a[14] ^ d4, 39);
    moved[23] = turn_left(a[15] ^ d0, 41);
    moved[24] = turn_left(a[21] ^ d1, 2);
}

/* Chi on one row of five lanes. */
static inline void chi(const uint64_t from[5], uint64_t to[5])
{
    to[0] = from[0] ^ (~from[1] & from[2]);
    to[1] = from[1] ^ (~from[2] & from[3]);
    to[2] = from[2] ^ (~from[3] & from[4]);
    to[3] = from[3] ^ (~from[4] & from[0]);
    to[4] = from[4] ^ (~from[0] & from[1]);
}

static void permute(uint64_t lanes[25])
{
    uint64_t moved[25];
    for (unsigned round = 0; round < ROUNDS; round++) {
        mix(lanes, moved);
        chi(moved, lanes);
        chi(moved + 5, lanes + 5);
        chi(moved + 10, lanes + 10);
        chi(moved + 15, lanes + 15);
        chi(moved + 20, lanes + 20);
        lanes[0] ^= round_constants[round];
    }
}

static uint64_t get_lane(const uint8_t *bytes)
{
    uint64_t lane = 0;
    for (unsigned i = 0; i < 8; i++)
        lane |= (uint64_t)bytes[i] << 8 * i;
    return lane;
}

static void absorb(struct weir_keccak *state, const uint8_t *block)
{
    for (unsigned i = 0; i < RATE_LANES; i++)
        state->lanes[i] ^= get_lane(block + (size_t)8 * i);
    permute(state->lanes);
}

void weir_keccak_init(struct weir_keccak *state)
{
    memset(state, 0, sizeof(*state));
}

void weir_keccak_update(struct weir_keccak *state, const void *bytes, size_t length)
{
    assert(state->filled < WEIR_KECCAK_RATE_BYTES);
    const uint8_t *at = bytes;
    while (length > 0) {
        if (state->filled == 0 && length >= WEIR_KECCAK_RATE_BYTES) {
            absorb(state, at);
            at += WEIR_KECCAK_RATE_BYTES;
            length -= WEIR_KECCAK_RATE_BYTES;
            continue;
        }
        size_t room = WEIR_KECCAK_RATE_BYTES - state->filled;
        size_t part = length < room ? length : room;
        memcpy(state->block + state->filled, at, part);
        state->filled += part;
        at += part;
        length -= part;
        if (state->filled == WEIR_KECCAK_RATE_BYTES) {
            absorb(state, state->block);
            state->filled = 0;
        }
    }
}

struct weir_hash weir_keccak_final(struct weir_keccak *state)
{
    assert(state->filled < WEIR_KECCAK_RATE_BYTES);
    memset(state->block + state->filled, 0, WEIR_KECCAK_RATE_BYTES - state->filled);
    state->block[state->filled] = 0x01;
    state->block[WEIR_KECCAK_RATE_BYTES - 1] |= 0x80;
    absorb(state, state->block);
    state->filled = 0;

    struct weir_hash hash;
    for (unsigned i = 0; i < WEIR_HASH_BYTES; i++)
        hash.bytes[i] = (uint8_t)(state->lanes[i / 8] >> 8 * (i % 8));
    return hash;
}

struct weir_hash weir_keccak_of(const void *bytes, size_t length)
{
    struct weir_keccak state;
    weir_keccak_init(&state);
    weir_keccak_update(&state, bytes, length);
    return weir_keccak_final(&state);
}
