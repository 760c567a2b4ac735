/* Test data from the vectors folder, read through the product's own reader of separated values.
 * Where the folder is absent the test is skipped and says so. */
#ifndef WEIR_TESTS_UNIT_METRICS_WITH_VECTORS_H
#define WEIR_TESTS_UNIT_METRICS_WITH_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Prints the reason and ends the program with status 77 when the folder is absent. */
void with_vectors_need(const char *folder);

/* The bytes of a file, in the scope's arena. */
struct weir_slice with_vectors_bytes(struct weir_scope *scope, const char *path);

/* One file of rows; row 0 is the first after the header. */
struct with_table {
    struct weir_slice **rows;
    size_t row_count;
    struct weir_slice *header;
    size_t column_count;
};
struct with_table with_vectors_table(struct weir_scope *scope, const char *path);

/* A field by the name of its column; the test fails when there is no such column. */
struct weir_slice with_table_get(const struct with_table *table, size_t row, const char *column);
uint64_t with_table_u64(const struct with_table *table, size_t row, const char *column);
int64_t with_table_i64(const struct with_table *table, size_t row, const char *column);

/* Fails at the first line in which `bytes` differ from the file. */
void with_vectors_compare(struct weir_scope *scope, struct weir_slice bytes, const char *path);

#endif /* WEIR_TESTS_UNIT_METRICS_WITH_VECTORS_H */
