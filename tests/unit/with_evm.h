/* Reads the EVM vectors for the tests of two floors: JSON files, also gzipped ones, and hex
 * members. Test code: any surprise ends the test.  A test that asks for an absent file is skipped
 * and the program says so.  All functions are static inline because each test program is one file.
 */
#ifndef WEIR_TESTS_UNIT_WITH_EVM_H
#define WEIR_TESTS_UNIT_WITH_EVM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/text.h"

#define EVM_VECTORS WEIR_VECTORS_DIR "/evm"
#define EVM_SKIPPED 77
#define EVM_ARENA_BYTES ((size_t)64 << 20)
#define EVM_COMMAND_BYTES 2048

/* What the tests of one program share. */
struct evm_state {
    struct weir_scope scope;
    bool was_skipped;
};

static struct evm_state evm;

/* Before each test: an empty arena and no failure. */
static inline int evm_setup(void **state)
{
    (void)state;
    if (evm.scope.arena == NULL)
        evm.scope.arena = weir_arena_new(EVM_ARENA_BYTES);
    if (evm.scope.arena == NULL)
        return -1;
    weir_arena_clear(evm.scope.arena);
    weir_scope_recover(&evm.scope);
    return 0;
}

/* Exit status of the program, after the group has run. */
static inline int evm_finish(int failed_count)
{
    weir_arena_free(evm.scope.arena);
    return failed_count == 0 && evm.was_skipped ? EVM_SKIPPED : failed_count;
}

#define evm_test(function) cmocka_unit_test_setup(function, evm_setup)

/* A JSON file, through gunzip when its name ends in .gz; the caller frees it. */
static inline json_t *evm_load(const char *path)
{
    if (access(path, R_OK) != 0) {
        printf("SKIP: ../shared/vectors/evm not present\n");
        evm.was_skipped = true;
        skip();
    }
    size_t length = strlen(path);
    json_error_t error;
    json_t *root;
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0) {
        char command[EVM_COMMAND_BYTES];
        snprintf(command, sizeof(command), "gunzip -c '%s'", path);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        root = json_loadf(pipe, JSON_ALLOW_NUL, &error);
        assert_int_equal(pclose(pipe), 0);
    } else {
        root = json_load_file(path, JSON_ALLOW_NUL, &error);
    }
    if (root == NULL)
        fail_msg("%s: line %d: %s", path, error.line, error.text);
    return root;
}

/* A text member; NULL when it is not there. */
static inline const char *evm_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Hexadecimal digits, with or without 0x, an odd number of them or not. */
static inline struct weir_slice evm_unhex(const char *text)
{
    assert_non_null(text);
    if (text[0] == '0' && text[1] == 'x')
        text += 2;
    const char *padding = strlen(text) % 2 == 1 ? "0" : "";
    char *digits = weir_take_printf(&evm.scope, "%s%s", padding, text);
    assert_non_null(digits);
    struct weir_slice bytes;
    if (weir_take_unhex(&evm.scope, weir_slice_text(digits), &bytes) != WEIR_OK)
        fail_msg("%s: %s", text, evm.scope.fault);
    return bytes;
}

/* A hexadecimal member; empty when it is not there. */
static inline struct weir_slice evm_bytes(const json_t *object, const char *key)
{
    const char *text = evm_text(object, key);
    return text == NULL ? (struct weir_slice){NULL, 0} : evm_unhex(text);
}

/* A hexadecimal member of exactly `length` bytes. */
static inline void evm_fixed(const json_t *object, const char *key, uint8_t *bytes, size_t length)
{
    struct weir_slice found = evm_bytes(object, key);
    assert_int_equal(found.length, length);
    memcpy(bytes, found.data, length);
}

/* Bytes against their hex text. */
static inline void evm_same(struct weir_slice bytes, const char *hex)
{
    struct weir_slice expected = evm_unhex(hex);
    assert_int_equal(bytes.length, expected.length);
    if (bytes.length > 0)
        assert_memory_equal(bytes.data, expected.data, bytes.length);
}

/* A step that must work. */
#define evm_ok(call)                                                                               \
    do {                                                                                           \
        if ((call) != WEIR_OK)                                                                     \
            fail_msg("%s", evm.scope.fault);                                                       \
    } while (0)

/* A step that must fail so, and whose failure is then forgotten. */
#define evm_refused(call, error)                                                                   \
    do {                                                                                           \
        assert_int_equal((call), (error));                                                         \
        weir_scope_recover(&evm.scope);                                                            \
    } while (0)

#endif /* WEIR_TESTS_UNIT_WITH_EVM_H */
