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

/* Rho and pi in one walk: lane 1 goes to place 10 turned by 1, what stood there to place 7 turned
 * by 3, and so on through all lanes but the first. */
static const uint8_t pi_places[ROUNDS] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                          15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
static const uint8_t rho_turns[ROUNDS] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                          27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

static inline uint64_t turn_left(uint64_t lane, unsigned bits)
{
    return lane << bits | lane >> (64 - bits);
}

static inline void theta(uint64_t lanes[25])
{
    uint64_t column[5];
    for (unsigned x = 0; x < 5; x++)
        column[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
    for (unsigned x = 0; x < 5; x++) {
        uint64_t parity = column[(x + 4) % 5] ^ turn_left(column[(x + 1) % 5], 1);
        for (unsigned y = 0; y < 25; y += 5)
            lanes[x + y] ^= parity;
    }
}

static inline void chi(uint64_t lanes[25])
{
    for (unsigned y = 0; y < 25; y += 5) {
        uint64_t row[5];
        memcpy(row, lanes + y, sizeof(row));
        for (unsigned x = 0; x < 5; x++)
            lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

/* The loops have constant bounds: the compiler unrolls them where it pays. */
static void permute(uint64_t lanes[25])
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        theta(lanes);
        uint64_t moved = lanes[1];
        for (unsigned i = 0; i < ROUNDS; i++) {
            uint64_t next = lanes[pi_places[i]];
            lanes[pi_places[i]] = turn_left(moved, rho_turns[i]);
            moved = next;
        }
        chi(lanes);
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
