#include "node/exchange.h"

#include "attest/leaf.h"
#include "attest/lexer.h"
#include "attest/merkle.h"
#include "base/arena.h"

#define MAGIC "weir/exchange@v1"
#define REQUEST_LINES_MAX 256

static uint64_t line_count(struct weir_slice text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\n';
    return count;
}

static enum weir_err print_leaves(struct weir_scope *scope,
                                  const struct weir_exchange *exchange,
                                  struct weir_buffer *buffer)
{
    enum weir_err err =
        weir_buffer_printf(scope, buffer, "leaves %llu %zu\n", (unsigned long long)exchange->first,
                           exchange->leaves.length / WEIR_LEAF_BYTES);
    if (err == WEIR_OK)
        err = weir_lexer_put_block(scope, buffer, exchange->leaves);
    if (err == WEIR_OK)
        err = weir_buffer_printf(scope, buffer, "shown %zu\n", exchange->shown_count);
    for (size_t i = 0; err == WEIR_OK && i < exchange->shown_count; i++) {
        const struct weir_shown_leaf *leaf = &exchange->shown[i];
        err = weir_buffer_printf(scope, buffer, "leaf %llu ", (unsigned long long)leaf->seq);
        if (err == WEIR_OK)
            err = weir_lexer_put_hex(scope, buffer, leaf->salt.bytes, WEIR_SALT_BYTES);
        if (err == WEIR_OK)
            err = weir_buffer_text(scope, buffer, " ");
        if (err == WEIR_OK)
            err = weir_lexer_put_base64(scope, buffer, leaf->payload);
        if (err == WEIR_OK)
            err = weir_buffer_text(scope, buffer, "\n");
    }
    return err;
}

static enum weir_err print_opinion(struct weir_scope *scope,
                                   const struct weir_exchange_opinion *opinion,
                                   struct weir_buffer *buffer)
{
    uint8_t words[WEIR_OPINION_BYTES];
    weir_opinion_write(&opinion->opinion, words);
    enum weir_err err = weir_buffer_text(scope, buffer, "opinion ");
    if (err == WEIR_OK)
        err = weir_lexer_put_base64(scope, buffer, (struct weir_slice){words, sizeof(words)});
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, " ");
    if (err == WEIR_OK)
        err =
            weir_lexer_put_hex(scope, buffer, opinion->signature.bytes, WEIR_SECP_SIGNATURE_BYTES);
    return err != WEIR_OK ? err : weir_buffer_text(scope, buffer, "\n");
}

enum weir_err weir_exchange_print(struct weir_scope *scope,
                                  const struct weir_exchange *exchange,
                                  struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_printf(scope, buffer, MAGIC "\nrequest %llu\n",
                                           (unsigned long long)line_count(exchange->request));
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, exchange->request.data, exchange->request.length);
    if (err == WEIR_OK)
        err = print_leaves(scope, exchange, buffer);
    if (err == WEIR_OK)
        err = weir_buffer_printf(scope, buffer, "opinions %zu\n", exchange->opinion_count);
    for (size_t i = 0; err == WEIR_OK && i < exchange->opinion_count; i++)
        err = print_opinion(scope, &exchange->opinions[i], buffer);
    return err;
}

static void parse_shown(struct weir_lexer *lines, struct weir_exchange *exchange)
{
    weir_lexer_expect(lines, "shown");
    exchange->shown_count = (size_t)weir_lexer_u64(lines, WEIR_EXCHANGE_SHOWN_MAX);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    struct weir_shown_leaf *shown = weir_take(lines->scope, exchange->shown_count, sizeof(*shown));
    exchange->shown = shown;
    for (size_t i = 0; shown != NULL && i < exchange->shown_count; i++) {
        weir_lexer_expect(lines, "leaf");
        shown[i].seq = weir_lexer_u64(lines, WEIR_MERKLE_SIZE_MAX);
        weir_lexer_hex(lines, shown[i].salt.bytes, WEIR_SALT_BYTES);
        shown[i].payload = weir_lexer_base64(lines);
        weir_lexer_finish_line(lines);
    }
}

static void parse_opinions(struct weir_lexer *lines, struct weir_exchange *exchange)
{
    weir_lexer_expect(lines, "opinions");
    exchange->opinion_count = (size_t)weir_lexer_u64(lines, WEIR_EXCHANGE_OPINIONS_MAX);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    struct weir_exchange_opinion *opinions =
        weir_take(lines->scope, exchange->opinion_count, sizeof(*opinions));
    exchange->opinions = opinions;
    for (size_t i = 0; opinions != NULL && i < exchange->opinion_count; i++) {
        weir_lexer_expect(lines, "opinion");
        struct weir_slice words = weir_lexer_base64(lines);
        weir_lexer_hex(lines, opinions[i].signature.bytes, WEIR_SECP_SIGNATURE_BYTES);
        weir_lexer_finish_line(lines);
        if (weir_lexer_err(lines) != WEIR_OK)
            return;
        if (weir_opinion_read(lines->scope, words, &opinions[i].opinion) != WEIR_OK) {
            (void)weir_note(lines->scope, "opinion %zu", i + 1);
            return;
        }
    }
}

enum weir_err weir_exchange_parse(struct weir_scope *scope,
                                  struct weir_slice text,
                                  struct weir_exchange *exchange)
{
    if (text.length > WEIR_EXCHANGE_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "an exchange of %zu bytes", text.length);
    struct weir_lexer lines;
    struct weir_exchange read = {.first = 0};
    weir_lexer_begin(&lines, scope, text);
    weir_lexer_expect(&lines, MAGIC);
    weir_lexer_finish_line(&lines);
    weir_lexer_expect(&lines, "request");
    uint64_t request_lines = weir_lexer_u64(&lines, REQUEST_LINES_MAX);
    weir_lexer_finish_line(&lines);
    read.request = weir_lexer_verbatim(&lines, request_lines);
    weir_lexer_expect(&lines, "leaves");
    read.first = weir_lexer_u64(&lines, WEIR_MERKLE_SIZE_MAX);
    uint64_t count = weir_lexer_u64(&lines, WEIR_EXCHANGE_LEAVES_MAX);
    weir_lexer_finish_line(&lines);
    read.leaves = weir_lexer_block(&lines, count * WEIR_LEAF_BYTES);
    parse_shown(&lines, &read);
    parse_opinions(&lines, &read);
    if (weir_lexer_err(&lines) == WEIR_OK && lines.rest.length != 0)
        weir_lexer_refuse(&lines, WEIR_E_PARSE, "something follows the opinions");
    if (weir_lexer_err(&lines) != WEIR_OK)
        return weir_lexer_err(&lines);
    *exchange = read;
    return WEIR_OK;
}
