/* JSON written front to back into a bounded buffer of the scope's arena: fixed key order, exact
 * integers as strings, text escaped.  The first failure sticks and is returned by weir_json_end, so
 * a writer is a plain list of calls.  Inside an object every value has a key, inside an array the
 * key is NULL (asserted).  Used by commands and by the API.  Floor 3. */
#ifndef WEIR_NODE_JSON_OUT_H
#define WEIR_NODE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/money.h"
#include "base/slice.h"

#define WEIR_JSON_DEPTH_MAX 16

struct weir_json {
    struct weir_scope *scope;
    struct weir_buffer buffer;
    enum weir_err err;
    unsigned depth;
    char closers[WEIR_JSON_DEPTH_MAX];
    bool is_filled[WEIR_JSON_DEPTH_MAX];
};

/* bytes_max 0: only the arena bounds it. */
void weir_json_begin(struct weir_json *json, struct weir_scope *scope, size_t bytes_max);

void weir_json_object(struct weir_json *json, const char *key);
void weir_json_array(struct weir_json *json, const char *key);
void weir_json_close(struct weir_json *json);

/* Text must be UTF-8; other bytes become U+FFFD.  NULL becomes null. */
void weir_json_text(struct weir_json *json, const char *key, const char *text);
void weir_json_slice(struct weir_json *json, const char *key, struct weir_slice text);
void weir_json_u64(struct weir_json *json, const char *key, uint64_t value);   /* as a string */
void weir_json_i64(struct weir_json *json, const char *key, int64_t value);    /* as a string */
void weir_json_count(struct weir_json *json, const char *key, uint32_t value); /* as a number */
void weir_json_bool(struct weir_json *json, const char *key, bool value);
void weir_json_null(struct weir_json *json, const char *key);
void weir_json_hash(struct weir_json *json, const char *key, const struct weir_hash *hash);
void weir_json_hex(struct weir_json *json, const char *key, const uint8_t *bytes, size_t length);
void weir_json_0x(struct weir_json *json, const char *key, const uint8_t *bytes, size_t length);
/* Exact decimals of the asset, as text. */
void weir_json_money(struct weir_json *json,
                     const char *key,
                     struct weir_money money,
                     uint8_t decimals);

/* Closes what is open; `*text` is one line without line end, borrowed from the arena.
 * Errors: those met on the way (LIMIT, MEMORY). */
WEIR_CHECKED enum weir_err weir_json_end(struct weir_json *json, struct weir_slice *text);

#endif /* WEIR_NODE_JSON_OUT_H */
