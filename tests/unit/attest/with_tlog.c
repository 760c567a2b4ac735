#include "tests/unit/attest/with_tlog.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

#define FOLDER WEIR_VECTORS_DIR "/tlog"
#define PATH_BYTES 1024
#define DIGITS_PLAIN_MAX 18 /* always fit into 63 bits */

static bool was_skipped;

void tlog_require(void)
{
    struct stat status;
    if (stat(FOLDER, &status) == 0)
        return;
    if (!was_skipped)
        printf("SKIP: ../shared/vectors/tlog not present\n");
    was_skipped = true;
    skip();
}

int tlog_finish(int failed_count)
{
    return failed_count == 0 && was_skipped ? 77 : failed_count;
}

static FILE *open_file(const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    return file;
}

struct weir_slice tlog_read(struct weir_scope *scope, const char *name)
{
    FILE *file = open_file(name);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    uint8_t *data = weir_take(scope, (size_t)length + 1, 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    return (struct weir_slice){data, (size_t)length};
}

/* Copies JSON text and puts numbers that jansson cannot hold between quotation marks. */
static char *quote_large_numbers(const char *text, size_t length)
{
    char *copy = malloc(2 * length + 1);
    assert_non_null(copy);
    size_t to = 0;
    bool is_string = false;
    for (size_t from = 0; from < length;) {
        size_t digits = 0;
        while (!is_string && from + digits < length && isdigit((unsigned char)text[from + digits]))
            digits++;
        if (digits > DIGITS_PLAIN_MAX)
            copy[to++] = '"';
        size_t step = digits > 0 ? digits : 1;
        if (digits == 0 && text[from] == '"' && (from == 0 || text[from - 1] != '\\'))
            is_string = !is_string;
        memcpy(copy + to, text + from, step);
        to += step;
        from += step;
        if (digits > DIGITS_PLAIN_MAX)
            copy[to++] = '"';
    }
    copy[to] = '\0';
    return copy;
}

json_t *tlog_load(const char *name)
{
    struct weir_arena *arena = weir_arena_new((size_t)1 << 26);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice text = tlog_read(&scope, name);
    char *quoted = quote_large_numbers((const char *)text.data, text.length);
    json_error_t error;
    json_t *root = json_loads(quoted, 0, &error);
    if (root == NULL)
        fail_msg("%s: line %d: %s", name, error.line, error.text);
    free(quoted);
    weir_arena_free(arena);
    return root;
}

size_t tlog_walk(const char *folder, void (*probe)(const char *name, const json_t *vector))
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", FOLDER, folder);
    DIR *entries = opendir(path);
    if (entries == NULL)
        fail_msg("%s cannot be read", path);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char name[PATH_BYTES];
        int length = snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
        assert_true(length > 0 && length < PATH_BYTES);
        if (entry->d_name[0] == '.')
            continue;
        if (strchr(entry->d_name, '.') == NULL) {
            count += tlog_walk(name, probe);
        } else if (strcmp(name + length - 5, ".json") == 0) {
            json_t *vector = tlog_load(name);
            probe(name, vector);
            json_decref(vector);
            count++;
        }
    }
    closedir(entries);
    return count;
}

const json_t *tlog_get(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        fail_msg("a vector without '%s'", key);
    return value;
}

const char *tlog_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(tlog_get(object, key));
    if (text == NULL)
        fail_msg("'%s' is no text", key);
    return text;
}

uint64_t tlog_u64(const json_t *object, const char *key)
{
    const json_t *value = tlog_get(object, key);
    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 10);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

void tlog_hex(const json_t *object, const char *key, uint8_t *bytes, size_t length)
{
    struct weir_scope scope = {0};
    struct weir_slice text = weir_slice_text(tlog_text(object, key));
    assert_int_equal(weir_hex_parse(&scope, text, bytes, length), WEIR_OK);
}

bool tlog_hash(const json_t *text, struct weir_hash *hash)
{
    struct weir_scope scope = {0};
    assert_true(json_is_string(text));
    return weir_base64_parse(&scope, weir_slice_text(json_string_value(text)), hash->bytes,
                             WEIR_HASH_BYTES) == WEIR_OK;
}

bool tlog_hashes(const json_t *array, struct weir_hash *hashes, size_t room, size_t *count)
{
    assert_true(json_is_null(array) || json_is_array(array));
    *count = json_array_size(array); /* 0 for null */
    assert_true(*count <= room);
    for (size_t i = 0; i < *count; i++)
        if (!tlog_hash(json_array_get(array, i), &hashes[i]))
            return false;
    return true;
}
