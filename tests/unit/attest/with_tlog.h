/* Reads the transparency-log vectors for the tests of this floor.  Test code: aborts the test on
 * any surprise.  Without the vectors a test that asks for them is skipped and the program says so.
 */
#ifndef WEIR_TESTS_UNIT_ATTEST_WITH_TLOG_H
#define WEIR_TESTS_UNIT_ATTEST_WITH_TLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

/* Skips the running test when the vectors are not there. */
void tlog_require(void);

/* Result of a test program: 77 when all went well but something was skipped. */
int tlog_finish(int failed_count);

/* A file below vectors/tlog, in the scope's arena. */
struct weir_slice tlog_read(struct weir_scope *scope, const char *name);

/* A JSON file; numbers beyond 63 bits become strings, which tlog_u64 reads too.  Caller frees. */
json_t *tlog_load(const char *name);

/* Calls `probe` for every .json file below a folder of vectors/tlog; returns how many there were.
 */
size_t tlog_walk(const char *folder, void (*probe)(const char *name, const json_t *vector));

/* Members of an object; a missing one ends the test. */
const json_t *tlog_get(const json_t *object, const char *key);
const char *tlog_text(const json_t *object, const char *key);
uint64_t tlog_u64(const json_t *object, const char *key);
void tlog_hex(const json_t *object, const char *key, uint8_t *bytes, size_t length);

/* Base64 of a hash; false when it has not 32 bytes. */
bool tlog_hash(const json_t *text, struct weir_hash *hash);

/* An array of base64 hashes (null is empty); false when one of them has not 32 bytes. */
bool tlog_hashes(const json_t *array, struct weir_hash *hashes, size_t room, size_t *count);

#endif /* WEIR_TESTS_UNIT_ATTEST_WITH_TLOG_H */
