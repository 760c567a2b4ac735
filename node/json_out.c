#include "node/json_out.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static void put(struct weir_json *json, const void *bytes, size_t length)
{
    if (json->err == WEIR_OK)
        json->err = weir_buffer_put(json->scope, &json->buffer, bytes, length);
}

static void put_text(struct weir_json *json, const char *text)
{
    put(json, text, strlen(text));
}

/* Length of the UTF-8 character at the front, 0 when it is none. */
static size_t utf8_length(struct weir_slice text)
{
    for (size_t length = 1; length <= 4 && length <= text.length; length++) {
        struct weir_slice head = {.data = text.data, .length = length};
        if (weir_utf8_is_valid(head))
            return length;
    }
    return 0;
}

static void put_character(struct weir_json *json, const uint8_t *bytes, size_t length)
{
    static const char *const shorts[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    if (bytes[0] < sizeof(shorts) / sizeof(shorts[0]) && shorts[bytes[0]] != NULL)
        put_text(json, shorts[bytes[0]]);
    else if (bytes[0] < 0x20 || bytes[0] == 0x7f) {
        char escape[8];
        (void)snprintf(escape, sizeof(escape), "\\u%04x", bytes[0]);
        put_text(json, escape);
    } else
        put(json, bytes, length);
}

static void put_quoted(struct weir_json *json, struct weir_slice text)
{
    put_text(json, "\"");
    while (text.length > 0 && json->err == WEIR_OK) {
        size_t length = utf8_length(text);
        if (length == 0) {
            put_text(json, "\xef\xbf\xbd");
            length = 1;
        } else
            put_character(json, text.data, length);
        text.data += length;
        text.length -= length;
    }
    put_text(json, "\"");
}

/* The comma and the key in front of a value. */
static void put_key(struct weir_json *json, const char *key)
{
    if (json->depth == 0) {
        assert(key == NULL);
        return;
    }
    bool is_object = json->closers[json->depth - 1] == '}';
    assert(is_object == (key != NULL));
    if (json->is_filled[json->depth - 1])
        put_text(json, ",");
    json->is_filled[json->depth - 1] = true;
    if (key != NULL) {
        put_quoted(json, weir_slice_text(key));
        put_text(json, ":");
    }
}

void weir_json_begin(struct weir_json *json, struct weir_scope *scope, size_t bytes_max)
{
    *json = (struct weir_json){.scope = scope, .buffer = {.capacity_max = bytes_max}};
}

static void json_open(struct weir_json *json, const char *key, const char *opener, char closer)
{
    put_key(json, key);
    put_text(json, opener);
    assert(json->depth < WEIR_JSON_DEPTH_MAX);
    json->closers[json->depth] = closer;
    json->is_filled[json->depth] = false;
    json->depth++;
}

void weir_json_object(struct weir_json *json, const char *key)
{
    json_open(json, key, "{", '}');
}

void weir_json_array(struct weir_json *json, const char *key)
{
    json_open(json, key, "[", ']');
}

void weir_json_close(struct weir_json *json)
{
    assert(json->depth > 0);
    json->depth--;
    put(json, &json->closers[json->depth], 1);
}

void weir_json_slice(struct weir_json *json, const char *key, struct weir_slice text)
{
    put_key(json, key);
    put_quoted(json, text);
}

void weir_json_text(struct weir_json *json, const char *key, const char *text)
{
    if (text == NULL)
        weir_json_null(json, key);
    else
        weir_json_slice(json, key, weir_slice_text(text));
}

void weir_json_u64(struct weir_json *json, const char *key, uint64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    weir_json_text(json, key, text);
}

void weir_json_i64(struct weir_json *json, const char *key, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    weir_json_text(json, key, text);
}

void weir_json_count(struct weir_json *json, const char *key, uint32_t value)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", value);
    put_key(json, key);
    put_text(json, text);
}

void weir_json_bool(struct weir_json *json, const char *key, bool value)
{
    put_key(json, key);
    put_text(json, value ? "true" : "false");
}

void weir_json_null(struct weir_json *json, const char *key)
{
    put_key(json, key);
    put_text(json, "null");
}

void weir_json_hash(struct weir_json *json, const char *key, const struct weir_hash *hash)
{
    char text[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(hash, text);
    weir_json_text(json, key, text);
}

static void put_hex(struct weir_json *json, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char digits[3];
        weir_hex_print(bytes + i, 1, digits);
        put(json, digits, 2);
    }
}

void weir_json_hex(struct weir_json *json, const char *key, const uint8_t *bytes, size_t length)
{
    put_key(json, key);
    put_text(json, "\"");
    put_hex(json, bytes, length);
    put_text(json, "\"");
}

void weir_json_0x(struct weir_json *json, const char *key, const uint8_t *bytes, size_t length)
{
    put_key(json, key);
    put_text(json, "\"0x");
    put_hex(json, bytes, length);
    put_text(json, "\"");
}

void weir_json_money(struct weir_json *json,
                     const char *key,
                     struct weir_money money,
                     uint8_t decimals)
{
    char text[WEIR_MONEY_TEXT_BYTES];
    weir_money_print(money, decimals, text);
    weir_json_text(json, key, text);
}

enum weir_err weir_json_end(struct weir_json *json, struct weir_slice *text)
{
    while (json->depth > 0)
        weir_json_close(json);
    if (json->err != WEIR_OK)
        return json->err;
    *text = weir_buffer_slice(&json->buffer);
    return WEIR_OK;
}
