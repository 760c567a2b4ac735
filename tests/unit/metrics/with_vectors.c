#include "tests/unit/metrics/with_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "metrics/csv.h"
#include "tests/unit/metrics/with_scope.h"

#define SKIPPED 77
#define ROWS_MAX 40000

void with_vectors_need(const char *folder)
{
    char path[512];
    struct stat status;
    (void)snprintf(path, sizeof(path), "%s/%s", WEIR_VECTORS_DIR, folder);
    if (stat(path, &status) != 0) {
        printf("SKIP: ../shared/vectors/%s not present\n", folder);
        exit(SKIPPED);
    }
}

struct weir_slice with_vectors_bytes(struct weir_scope *scope, const char *path)
{
    char full[512];
    struct stat status;
    (void)snprintf(full, sizeof(full), "%s/%s", WEIR_VECTORS_DIR, path);
    FILE *file = fopen(full, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0)
        fail_msg("%s cannot be read", full);
    size_t length = (size_t)status.st_size;
    uint8_t *bytes = weir_take(scope, length, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, length, file), length);
    (void)fclose(file); /* only read */
    return (struct weir_slice){bytes, length};
}

struct with_table with_vectors_table(struct weir_scope *scope, const char *path)
{
    struct weir_slice rest = with_vectors_bytes(scope, path);
    struct weir_csv_reader reader = {.separator = ','};
    struct with_table table = {.rows = weir_take(scope, ROWS_MAX, sizeof(*table.rows))};
    assert_non_null(table.rows);
    for (;;) {
        struct weir_csv_record record;
        with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, true, &record));
        if (record.result == WEIR_CSV_END)
            return table;
        if (record.result != WEIR_CSV_RECORD || table.row_count == ROWS_MAX)
            fail_msg("%s: line %zu: %s", path, table.row_count + 2,
                     weir_refusal_text(record.refusal));
        if (table.header == NULL) {
            table.header = record.fields;
            table.column_count = record.field_count;
        } else {
            table.rows[table.row_count++] = record.fields;
        }
    }
}

struct weir_slice with_table_get(const struct with_table *table, size_t row, const char *column)
{
    size_t at = 0;
    while (at < table->column_count && !weir_slice_equals_text(table->header[at], column))
        at++;
    if (at == table->column_count)
        fail_msg("there is no column '%s'", column);
    return table->rows[row][at];
}

uint64_t with_table_u64(const struct with_table *table, size_t row, const char *column)
{
    struct weir_scope scope = {0};
    uint64_t value = 0;
    with_scope_expect(
        &scope, weir_u64_parse(&scope, with_table_get(table, row, column), UINT64_MAX, &value));
    return value;
}

int64_t with_table_i64(const struct with_table *table, size_t row, const char *column)
{
    struct weir_scope scope = {0};
    int64_t value = 0;
    with_scope_expect(&scope, weir_i64_parse(&scope, with_table_get(table, row, column), INT64_MIN,
                                             INT64_MAX, &value));
    return value;
}

void with_vectors_compare(struct weir_scope *scope, struct weir_slice bytes, const char *path)
{
    struct weir_slice wanted = with_vectors_bytes(scope, path);
    struct weir_slice got_line;
    struct weir_slice wanted_line;
    unsigned number = 1;
    for (; weir_slice_line(&wanted, &wanted_line); number++) {
        if (!weir_slice_line(&bytes, &got_line))
            fail_msg("%s: line %u is missing", path, number);
        if (!weir_slice_equal(got_line, wanted_line))
            fail_msg("%s: line %u: wanted '%.*s', got '%.*s'", path, number,
                     (int)wanted_line.length, (const char *)wanted_line.data, (int)got_line.length,
                     (const char *)got_line.data);
    }
    assert_int_equal(bytes.length, 0);
}
