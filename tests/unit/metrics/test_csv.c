/* Goal: separated values are split exactly, in pieces of any size, and a bad or endless line costs
 * neither the rest of the file nor memory.
 * Method: tables of texts, each given whole and byte by byte; a line longer than the limit. */
#include "metrics/csv.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/metrics/with_scope.h"

#define SHOWN_BYTES 512

/* Fields in brackets, records after one another, refusals by name. */
static void show(const struct weir_csv_record *record, char *shown)
{
    size_t length = strlen(shown);
    for (size_t i = 0; record->result == WEIR_CSV_RECORD && i < record->field_count; i++)
        length +=
            (size_t)snprintf(shown + length, SHOWN_BYTES - length, "[%.*s]",
                             (int)record->fields[i].length, (const char *)record->fields[i].data);
    (void)snprintf(shown + length, SHOWN_BYTES - length, "%s;",
                   record->result == WEIR_CSV_RECORD ? "" : weir_refusal_name(record->refusal));
}

/* Reads `text` in pieces of `step` bytes. */
static void read_in_steps(struct weir_scope *scope,
                          struct weir_slice text,
                          size_t step,
                          char shown[SHOWN_BYTES])
{
    struct weir_csv_reader reader = {.separator = ','};
    struct weir_slice rest = {text.data, 0};
    shown[0] = '\0';
    for (;;) {
        struct weir_csv_record record;
        size_t given = (size_t)(rest.data - text.data) + rest.length;
        bool is_complete = given == text.length;
        with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, is_complete, &record));
        if (record.result == WEIR_CSV_END)
            return;
        if (record.result == WEIR_CSV_MORE) {
            assert_false(is_complete);
            given = (size_t)(rest.data - text.data) + rest.length;
            rest.length += step < text.length - given ? step : text.length - given;
            continue;
        }
        show(&record, shown);
    }
}

static void records_are_split_in_pieces_of_any_size(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = {
        {"a,b\n1,2\n", "[a][b];[1][2];"},
        {"a,b\r\n1,2\r\n", "[a][b];[1][2];"},
        {"a,b\r1,2\r", "[a][b];[1][2];"},
        {"a,b\n1,2", "[a][b];[1][2];"},
        {"a,b\n\n1,2\n\n\n", "[a][b];[1][2];"},
        {"a,b\n,\n", "[a][b];[][];"},
        {"a,b\n\"x,y\",\"p\"\"q\"\n", "[a][b];[x,y][p\"q];"},
        {"a,b\n\"two\nlines\",2\n", "[a][b];[two\nlines][2];"},
        {"a,b\n\"\",\"\"\n", "[a][b];[][];"},
        {"a,b\n1\n1,2,3\n4,5\n", "[a][b];columns;columns;[4][5];"},
        {"a,b\n1\"2,3\n4,5\n", "[a][b];syntax;[4][5];"},
        {"a,b\n\"1\"2,3\n4,5\n", "[a][b];syntax;[4][5];"},
        {"a,b\n\"1,2", "[a][b];syntax;"},
        {"", ""},
        {"\n\r\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_slice text = weir_slice_text(rows[i].text);
        for (size_t step = 1; step <= text.length + 1; step++) {
            char shown[SHOWN_BYTES];
            read_in_steps(scope, text, step, shown);
            if (strcmp(shown, rows[i].shown) != 0)
                fail_msg("'%s' in steps of %zu: '%s'", rows[i].text, step, shown);
        }
    }
}

static void an_embedded_nul_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const uint8_t text[] = "a,b\n1,\0\n3,4\n";
    for (size_t step = 1; step < sizeof(text); step++) {
        char shown[SHOWN_BYTES];
        read_in_steps(scope, (struct weir_slice){text, sizeof(text) - 1}, step, shown);
        assert_string_equal(shown, "[a][b];text;[3][4];");
    }
}

/* A gigabyte in one line, never held: the caller's buffer is one page. */
static void a_line_without_end_is_skipped_without_being_kept(void **state)
{
    struct weir_scope *scope = *state;
    static uint8_t page[WEIR_CSV_RECORD_MAX + 4096];
    struct weir_csv_reader reader = {.separator = ','};
    struct weir_csv_record record;
    struct weir_slice header = weir_slice_text("a,b\n");
    with_scope_expect(scope, weir_csv_next(scope, &reader, &header, false, &record));
    memset(page, 'x', sizeof(page));
    unsigned refused = 0;
    size_t used = weir_arena_used(scope->arena);
    for (size_t bytes = 0; bytes < (size_t)1 << 30; bytes += sizeof(page)) {
        struct weir_slice rest = {page, sizeof(page)};
        do {
            with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, false, &record));
            refused += record.result == WEIR_CSV_REFUSED;
        } while (record.result != WEIR_CSV_MORE);
        assert_int_equal(rest.length, 0);
        if (bytes > (size_t)64 << 20)
            bytes += (size_t)256 << 20; /* the rest looks the same */
    }
    assert_int_equal(refused, 1);
    assert_true(weir_arena_used(scope->arena) - used < 4 * sizeof(page));
    struct weir_slice tail = weir_slice_text("xx\n1,2\n");
    with_scope_expect(scope, weir_csv_next(scope, &reader, &tail, true, &record));
    assert_int_equal(record.result, WEIR_CSV_RECORD);
    assert_true(weir_slice_equals_text(record.fields[1], "2"));
}

static void too_many_columns_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t text[WEIR_CSV_COLUMN_MAX + 1];
    struct weir_csv_reader reader = {.separator = ';'};
    struct weir_csv_record record;
    memset(text, ';', sizeof(text));
    struct weir_slice rest = {text, WEIR_CSV_COLUMN_MAX - 1};
    with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, true, &record));
    assert_int_equal(record.field_count, WEIR_CSV_COLUMN_MAX);
    rest = (struct weir_slice){text, WEIR_CSV_COLUMN_MAX};
    with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, true, &record));
    assert_int_equal(record.result, WEIR_CSV_REFUSED);
    assert_int_equal(record.refusal, WEIR_REFUSAL_COLUMNS);
}

static void columns_are_found_by_name(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_csv_reader reader = {.separator = '\t'};
    struct weir_slice rest = weir_slice_text("id\tdue\tqty\n");
    struct weir_csv_record header;
    with_scope_expect(scope, weir_csv_next(scope, &reader, &rest, true, &header));
    assert_int_equal(weir_csv_column(&header, "qty"), 2);
    assert_int_equal(weir_csv_column(&header, "Qty"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(records_are_split_in_pieces_of_any_size),
        with_scope(an_embedded_nul_is_refused),
        with_scope(a_line_without_end_is_skipped_without_being_kept),
        with_scope(too_many_columns_are_refused),
        with_scope(columns_are_found_by_name),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
