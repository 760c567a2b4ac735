/* Law: a proof that is read is written to the same bytes; checking one, however it is bent, ends
 * with an answer within bounded memory; and what is accepted says what the checked numbers say.
 * Digests are made right before reading, so that changes reach what lies behind them; the mutator
 * often changes the bytes within one base64 word and encodes them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/account.h"
#include "base/arena.h"
#include "base/text.h"

#define ARENA_BYTES ((size_t)1 << 24)
#define WORD_BYTES_MIN 8
#define WORD_GROWTH 64

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Writes the digest of all before the last line that begins with `keyword` into that line. */
static void digest_again(uint8_t *bytes, size_t length, const char *keyword)
{
    size_t keyword_bytes = strlen(keyword);
    size_t line_bytes = keyword_bytes + 2 * WEIR_HASH_BYTES;
    for (size_t at = length; at-- > 1;) {
        if (bytes[at - 1] != '\n' || length - at < line_bytes ||
            memcmp(bytes + at, keyword, keyword_bytes) != 0)
            continue;
        char hex[WEIR_HASH_HEX_BYTES];
        struct weir_hash digest = weir_sha256_of(bytes, at);
        weir_hash_hex(&digest, hex);
        memcpy(bytes + at + keyword_bytes, hex, 2 * WEIR_HASH_BYTES);
        return;
    }
}

static void check_accepted(const struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    require(proof->report.signature_count == proof->terms.m);
    require(account->worth > 0 && account->payment_state != WEIR_PAYMENT_TRUSTED);
    for (size_t i = 0; i < account->window_count; i++) {
        require(account->windows[i].backers >= proof->terms.m);
        require(account->windows[i].tier >= proof->report.breach.tier);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    static struct weir_account account;
    struct weir_buffer again = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    const struct weir_proof_rules rules = {.needs_signatures = true};
    uint8_t *bytes = weir_take(&scope, size, 1);
    require(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    digest_again(bytes, size, "evidence ");
    digest_again(bytes, size, "end ");
    account = (struct weir_account){.checked_count = 0};
    if (weir_proof_read(&scope, (struct weir_slice){bytes, size}, &account.proof) == WEIR_OK) {
        require(weir_proof_write(&scope, &account.proof, &again) == WEIR_OK);
        require(again.length == size && memcmp(again.data, bytes, size) == 0);
        if (weir_account_check(&scope, &rules, &account) == WEIR_OK)
            check_accepted(&account);
        else
            require(scope.fault[0] != '\0');
    }
    require(scope.err != WEIR_E_MEMORY);
    weir_arena_free(arena);
    return 0;
}

static bool is_digit(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '/' || byte == '=';
}

/* The word around `at`, and what it decodes to. */
static bool find_word(struct weir_scope *scope,
                      struct weir_slice text,
                      size_t at,
                      struct weir_slice *word,
                      struct weir_slice *decoded)
{
    size_t start = at;
    size_t end = at;
    while (start > 0 && is_digit(text.data[start - 1]))
        start--;
    while (end < text.length && is_digit(text.data[end]))
        end++;
    *word = (struct weir_slice){text.data + start, end - start};
    return end - start >= WORD_BYTES_MIN && weir_take_unbase64(scope, *word, decoded) == WEIR_OK;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    const struct weir_slice text = {data, size};
    struct weir_slice word;
    struct weir_slice decoded;
    size_t made = 0;
    if (seed % 4 != 0 && size > 0 && find_word(&scope, text, seed / 4 % size, &word, &decoded)) {
        uint8_t *bent = weir_take(&scope, decoded.length + WORD_GROWTH, 1);
        require(bent != NULL);
        memcpy(bent, decoded.data, decoded.length);
        size_t room = seed % 8 < 4 ? decoded.length : decoded.length + WORD_GROWTH;
        size_t length = LLVMFuzzerMutate(bent, decoded.length, room);
        const char *encoded = weir_take_base64(&scope, bent, length);
        require(encoded != NULL);
        size_t encoded_bytes = strlen(encoded);
        size_t front = (size_t)(word.data - data);
        size_t back = size - front - word.length;
        if (front + encoded_bytes + back <= max_size) {
            memmove(data + front + encoded_bytes, word.data + word.length, back);
            memcpy(data + front, encoded, encoded_bytes);
            made = front + encoded_bytes + back;
        }
    }
    weir_arena_free(arena);
    return made != 0 ? made : LLVMFuzzerMutate(data, size, max_size);
}
