#include "node/job_codec.h"

#include <string.h>

#include "base/arena.h"
#include "node/ask.h"

#define VERSION 1

/* Puts values one after the other; after a failure nothing more. */
struct putter {
    struct weir_scope *scope;
    struct weir_buffer *buffer;
    enum weir_err err;
};

static void put_bytes(struct putter *putter, const void *bytes, size_t length)
{
    if (putter->err == WEIR_OK)
        putter->err = weir_buffer_put(putter->scope, putter->buffer, bytes, length);
}

static void put_u8(struct putter *putter, uint8_t value)
{
    put_bytes(putter, &value, 1);
}

static void put_u64(struct putter *putter, uint64_t value)
{
    uint8_t bytes[8];
    weir_put_u64(bytes, value);
    put_bytes(putter, bytes, sizeof(bytes));
}

static void put_u128(struct putter *putter, unsigned __int128 value)
{
    put_u64(putter, (uint64_t)(value >> 64));
    put_u64(putter, (uint64_t)value);
}

static void put_slice(struct putter *putter, struct weir_slice bytes)
{
    uint8_t length[4];
    weir_put_u32(length, (uint32_t)bytes.length);
    put_bytes(putter, length, sizeof(length));
    put_bytes(putter, bytes.data, bytes.length);
}

static void put_subject(struct putter *putter, const struct weir_job_subject *subject)
{
    put_u64(putter, subject->chain_id);
    put_bytes(putter, subject->terms.bytes, WEIR_HASH_BYTES);
    put_bytes(putter, subject->report.bytes, WEIR_HASH_BYTES);
    put_u64(putter, subject->window);
    put_u8(putter, subject->tier);
    put_u128(putter, subject->amount);
}

static void put_order(struct putter *putter, const struct weir_stored_job *stored)
{
    put_u8(putter, stored->call.is_creation ? 1 : 0);
    put_bytes(putter, stored->call.to.bytes, WEIR_ADDRESS_BYTES);
    put_u128(putter, stored->call.value);
    put_slice(putter, stored->call.data);
    put_u64(putter, stored->call.gas);
    put_u8(putter, (uint8_t)stored->effect.kind);
    put_bytes(putter, stored->effect.contract.bytes, WEIR_ADDRESS_BYTES);
    put_u64(putter, stored->effect.word);
    put_bytes(putter, stored->effect.mask.bytes, WEIR_WORD_BYTES);
    put_u8(putter, stored->effect.tier);
}

static void put_attempt(struct putter *putter, const struct weir_rail_attempt *attempt)
{
    put_u8(putter, (uint8_t)attempt->state);
    put_u8(putter, attempt->is_clearing ? 1 : 0);
    put_u64(putter, attempt->nonce);
    put_u64(putter, attempt->gas);
    put_u128(putter, attempt->fee_cap);
    put_u128(putter, attempt->tip);
    put_bytes(putter, attempt->hash.bytes, WEIR_HASH_BYTES);
    put_slice(putter, attempt->raw);
    put_u64(putter, (uint64_t)attempt->signed_ms);
    put_u64(putter, (uint64_t)attempt->sent_ms);
}

static void put_job(struct putter *putter, const struct weir_rail_job *job)
{
    put_bytes(putter, job->id.bytes, WEIR_HASH_BYTES);
    put_u8(putter, (uint8_t)job->kind);
    put_u8(putter, (uint8_t)job->stage);
    put_u8(putter, (uint8_t)job->alarm);
    put_u64(putter, job->attempt_count);
    for (uint32_t i = 0; i < job->attempt_count; i++)
        put_attempt(putter, &job->attempts[i]);
    put_u8(putter, job->has_nonce ? 1 : 0);
    put_u64(putter, job->nonce);
    put_u8(putter, job->is_mined ? 1 : 0);
    put_u64(putter, job->mined.attempt);
    put_u8(putter, job->mined.succeeded ? 1 : 0);
    put_u64(putter, job->mined.block_number);
    put_bytes(putter, job->mined.block_hash.bytes, WEIR_HASH_BYTES);
    put_u64(putter, job->mined.gas_used);
    put_u128(putter, job->mined.gas_price);
    put_u8(putter, job->is_superseded ? 1 : 0);
    put_u8(putter, job->trusts_chain_nonce ? 1 : 0);
    put_u64(putter, job->revert_count);
    put_slice(putter, weir_slice_text(job->reason));
}

enum weir_err weir_job_write(struct weir_scope *scope,
                             const struct weir_stored_job *stored,
                             struct weir_buffer *buffer)
{
    struct putter putter = {.scope = scope, .buffer = buffer};
    put_u8(&putter, VERSION);
    put_subject(&putter, &stored->subject);
    put_order(&putter, stored);
    put_job(&putter, &stored->job);
    return putter.err;
}

static void refuse(struct weir_body *body, const char *what)
{
    if (body->scope->err == WEIR_OK)
        (void)weir_fail(body->scope, WEIR_E_CORRUPT, "%s", what);
}

static bool read_bool(struct weir_body *body)
{
    uint64_t value = weir_body_uint(body, 1);
    if (value > 1)
        refuse(body, "neither yes nor no");
    return value == 1;
}

/* One of the numbers [first, last] of an enum. */
static uint8_t read_choice(struct weir_body *body, int first, int last, const char *what)
{
    int value = (int)weir_body_uint(body, 1);
    if (value >= first && value <= last)
        return (uint8_t)value;
    refuse(body, what);
    return (uint8_t)first;
}

static uint32_t read_u32(struct weir_body *body, uint32_t max, const char *what)
{
    uint64_t value = weir_body_uint(body, 8);
    if (value <= max)
        return (uint32_t)value;
    refuse(body, what);
    return 0;
}

static int64_t read_ms(struct weir_body *body)
{
    uint64_t value = weir_body_uint(body, 8);
    if (value > INT64_MAX)
        refuse(body, "a time before 1970");
    return value > INT64_MAX ? 0 : (int64_t)value;
}

static struct weir_slice read_copy(struct weir_body *body)
{
    struct weir_slice bytes = weir_body_slice(body);
    const char *copy = weir_take_text(body->scope, bytes.data, bytes.length);
    return (struct weir_slice){(const uint8_t *)copy, copy == NULL ? 0 : bytes.length};
}

static void read_subject(struct weir_body *body, struct weir_job_subject *subject)
{
    subject->chain_id = weir_body_uint(body, 8);
    weir_body_bytes(body, subject->terms.bytes, WEIR_HASH_BYTES);
    weir_body_bytes(body, subject->report.bytes, WEIR_HASH_BYTES);
    subject->window = weir_body_uint(body, 8);
    subject->tier = (uint8_t)weir_body_uint(body, 1);
    subject->amount = weir_body_u128(body);
}

static void read_order(struct weir_body *body, struct weir_stored_job *stored)
{
    stored->call.is_creation = read_bool(body);
    weir_body_bytes(body, stored->call.to.bytes, WEIR_ADDRESS_BYTES);
    stored->call.value = weir_body_u128(body);
    stored->call.data = read_copy(body);
    stored->call.gas = weir_body_uint(body, 8);
    stored->effect.kind = read_choice(body, WEIR_RAIL_EFFECT_LEVELS, WEIR_RAIL_EFFECT_RECEIPT,
                                      "an effect of no known kind");
    weir_body_bytes(body, stored->effect.contract.bytes, WEIR_ADDRESS_BYTES);
    stored->effect.word = weir_body_uint(body, 8);
    weir_body_bytes(body, stored->effect.mask.bytes, WEIR_WORD_BYTES);
    stored->effect.tier = (uint8_t)weir_body_uint(body, 1);
}

static void read_attempt(struct weir_body *body, struct weir_rail_attempt *attempt)
{
    attempt->state = read_choice(body, WEIR_RAIL_ATTEMPT_PREPARED, WEIR_RAIL_ATTEMPT_DEAD,
                                 "an attempt in no known state");
    attempt->is_clearing = read_bool(body);
    attempt->nonce = weir_body_uint(body, 8);
    attempt->gas = weir_body_uint(body, 8);
    attempt->fee_cap = weir_body_u128(body);
    attempt->tip = weir_body_u128(body);
    weir_body_bytes(body, attempt->hash.bytes, WEIR_HASH_BYTES);
    attempt->raw = read_copy(body);
    attempt->signed_ms = read_ms(body);
    attempt->sent_ms = read_ms(body);
}

static void read_mined(struct weir_body *body, struct weir_rail_job *job)
{
    job->is_mined = read_bool(body);
    uint32_t last = job->attempt_count == 0 ? 0 : job->attempt_count - 1;
    job->mined.attempt = read_u32(body, last, "mined by an attempt that was never made");
    if (job->is_mined && job->attempt_count == 0)
        refuse(body, "mined without an attempt");
    job->mined.succeeded = read_bool(body);
    job->mined.block_number = weir_body_uint(body, 8);
    weir_body_bytes(body, job->mined.block_hash.bytes, WEIR_HASH_BYTES);
    job->mined.gas_used = weir_body_uint(body, 8);
    job->mined.gas_price = weir_body_u128(body);
}

static void read_reason(struct weir_body *body, struct weir_rail_job *job)
{
    struct weir_slice reason = weir_body_slice(body);
    if (reason.length >= sizeof(job->reason) ||
        (reason.length > 0 && memchr(reason.data, '\0', reason.length) != NULL))
        refuse(body, "a reason that is too long or no text");
    else if (reason.length > 0)
        memcpy(job->reason, reason.data, reason.length);
}

static void read_job(struct weir_body *body, struct weir_rail_job *job)
{
    weir_body_bytes(body, job->id.bytes, WEIR_HASH_BYTES);
    job->kind = read_choice(body, WEIR_RAIL_PAYOUT, WEIR_RAIL_CALL, "a job of no known kind");
    job->stage = read_choice(body, WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_STAGE_SUPERSEDED,
                             "a job at no known stage");
    job->alarm =
        read_choice(body, WEIR_RAIL_ALARM_NONE, WEIR_RAIL_ALARM_GAP, "an alarm of no known kind");
    job->attempt_count = read_u32(body, WEIR_RAIL_ATTEMPTS_MAX, "more attempts than there can be");
    for (uint32_t i = 0; i < job->attempt_count; i++)
        read_attempt(body, &job->attempts[i]);
    job->has_nonce = read_bool(body);
    job->nonce = weir_body_uint(body, 8);
    read_mined(body, job);
    job->is_superseded = read_bool(body);
    job->trusts_chain_nonce = read_bool(body);
    job->revert_count = read_u32(body, UINT32_MAX, "more reverts than can be counted");
    read_reason(body, job);
}

enum weir_err
weir_job_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_stored_job *stored)
{
    struct weir_body body = {.scope = scope, .rest = bytes};
    memset(stored, 0, sizeof(*stored));
    if (weir_body_uint(&body, 1) != VERSION && scope->err == WEIR_OK)
        return weir_fail(scope, WEIR_E_CORRUPT, "a job of another version");
    read_subject(&body, &stored->subject);
    read_order(&body, stored);
    read_job(&body, &stored->job);
    stored->job.call = &stored->call;
    stored->job.effect = &stored->effect;
    enum weir_err err = weir_body_end(&body);
    return err == WEIR_OK ? err : weir_note(scope, "a stored job");
}
