#include "metrics/csv.h"

#include <string.h>

#include "base/arena.h"

static bool is_line_end(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* The length of the first line; `rest.length` when it does not end. */
static size_t line_length(struct weir_slice rest)
{
    size_t at = 0;
    while (at < rest.length && !is_line_end(rest.data[at]))
        at++;
    return at;
}

/* The length of the first record without its line end; `rest.length` when there is no line end.
 * Line ends inside quotes belong to the record; quotes open at the beginning of a field only, so
 * that a stray one does not swallow the lines that follow. */
static size_t record_length(struct weir_slice rest, uint8_t separator)
{
    bool is_start = true; /* of a field */
    bool is_quoted = false;
    size_t at = 0;
    for (; at < rest.length && (is_quoted || !is_line_end(rest.data[at])); at++) {
        bool is_quote = rest.data[at] == '"';
        if (is_quoted && is_quote && at + 1 < rest.length && rest.data[at + 1] == '"')
            at++; /* a doubled quote stands for one */
        else if (is_quote && (is_quoted || is_start))
            is_quoted = !is_quoted;
        is_start = !is_quoted && rest.data[at] == separator;
    }
    return at;
}

/* Drops `length` bytes and the line end after them. */
static void drop(struct weir_slice *rest, size_t length)
{
    if (length < rest->length) {
        bool is_pair = rest->data[length] == '\r' && length + 1 < rest->length &&
                       rest->data[length + 1] == '\n';
        length += is_pair ? 2 : 1;
    }
    rest->data += length;
    rest->length -= length;
}

/* A quoted field: `*at` stands behind the opening quote and ends behind the closing one.  False
 * when the quotes do not close. */
static bool unquote(struct weir_slice raw, size_t *at, uint8_t *room, size_t *length)
{
    size_t copied = 0;
    for (; *at < raw.length; (*at)++) {
        bool is_quote = raw.data[*at] == '"';
        bool is_doubled = is_quote && *at + 1 < raw.length && raw.data[*at + 1] == '"';
        if (is_quote && !is_doubled) {
            (*at)++;
            *length = copied;
            return true;
        }
        *at += is_doubled; /* two quotes stand for one */
        room[copied++] = raw.data[*at];
    }
    return false;
}

/* Cuts one field off `raw` at `*at`, and the separator after it.  False when it is malformed. */
static bool cut_field(struct weir_slice raw,
                      uint8_t separator,
                      size_t *at,
                      uint8_t *room,
                      struct weir_slice *to)
{
    if (*at < raw.length && raw.data[*at] == '"') {
        (*at)++;
        to->data = room;
        if (!unquote(raw, at, room, &to->length))
            return false;
        return *at == raw.length || raw.data[*at] == separator;
    }
    size_t start = *at;
    while (*at < raw.length && raw.data[*at] != separator) {
        if (raw.data[*at] == '"')
            return false;
        (*at)++;
    }
    *to = (struct weir_slice){raw.data + start, *at - start};
    return true;
}

static enum weir_err split(struct weir_scope *scope,
                           const struct weir_csv_reader *reader,
                           struct weir_csv_record *record)
{
    struct weir_slice raw = record->raw;
    uint8_t separator = (uint8_t)reader->separator;
    size_t count_max = 1;
    for (size_t i = 0; i < raw.length; i++)
        count_max += raw.data[i] == separator;
    if (count_max > WEIR_CSV_COLUMN_MAX)
        count_max = WEIR_CSV_COLUMN_MAX;
    record->fields = weir_take(scope, count_max, sizeof(*record->fields));
    uint8_t *room = weir_take(scope, raw.length, 1);
    if (record->fields == NULL || room == NULL)
        return scope->err;
    record->result = WEIR_CSV_REFUSED;
    record->refusal = WEIR_REFUSAL_SYNTAX;
    for (size_t at = 0;; at++) {
        if (record->field_count == count_max) {
            record->refusal = WEIR_REFUSAL_COLUMNS;
            return WEIR_OK;
        }
        if (!cut_field(raw, separator, &at, room + at, &record->fields[record->field_count]))
            return WEIR_OK;
        record->field_count++;
        if (at == raw.length)
            break;
    }
    record->result = WEIR_CSV_RECORD;
    record->refusal = WEIR_REFUSAL_NONE;
    return WEIR_OK;
}

/* Leaves a record that is too long: true while its end is not in sight. */
static bool skip(struct weir_csv_reader *reader, struct weir_slice *rest)
{
    size_t length = line_length(*rest);
    reader->is_skipping = length == rest->length;
    drop(rest, length);
    return reader->is_skipping;
}

static void
refuse_long(struct weir_csv_reader *reader, struct weir_slice *rest, struct weir_csv_record *record)
{
    *record = (struct weir_csv_record){
        .result = WEIR_CSV_REFUSED,
        .refusal = WEIR_REFUSAL_TOO_LONG,
        .raw = {rest->data, WEIR_CSV_RECORD_MAX},
    };
    reader->record_count++;
    rest->data += WEIR_CSV_RECORD_MAX;
    rest->length -= WEIR_CSV_RECORD_MAX;
    reader->is_skipping = true;
}

enum weir_err weir_csv_next(struct weir_scope *scope,
                            struct weir_csv_reader *reader,
                            struct weir_slice *rest,
                            bool is_complete,
                            struct weir_csv_record *record)
{
    struct weir_csv_record found = {.result = is_complete ? WEIR_CSV_END : WEIR_CSV_MORE};
    bool is_inside = reader->is_skipping && skip(reader, rest);
    while (rest->length > 0 && is_line_end(rest->data[0]))
        drop(rest, 0); /* empty lines are no records */
    if (is_inside || rest->length == 0) {
        *record = found;
        return WEIR_OK;
    }
    size_t length = record_length(*rest, (uint8_t)reader->separator);
    if (length > WEIR_CSV_RECORD_MAX) {
        refuse_long(reader, rest, record);
        return WEIR_OK;
    }
    /* A '\r' at the very end may be half of a pair. */
    bool is_whole =
        length + 1 < rest->length || (length + 1 == rest->length && rest->data[length] == '\n');
    if (!is_whole && !is_complete) {
        *record = found;
        return WEIR_OK;
    }
    found.raw = (struct weir_slice){rest->data, length};
    if (split(scope, reader, &found) != WEIR_OK)
        return scope->err;
    if (found.result == WEIR_CSV_RECORD && memchr(found.raw.data, 0, length) != NULL) {
        found.result = WEIR_CSV_REFUSED;
        found.refusal = WEIR_REFUSAL_TEXT;
    } else if (found.result == WEIR_CSV_RECORD && reader->column_count == 0) {
        reader->column_count = found.field_count;
    } else if (found.result == WEIR_CSV_RECORD && reader->column_count != found.field_count) {
        found.result = WEIR_CSV_REFUSED;
        found.refusal = WEIR_REFUSAL_COLUMNS;
    }
    reader->record_count++;
    drop(rest, length);
    *record = found;
    return WEIR_OK;
}

size_t weir_csv_column(const struct weir_csv_record *header, const char *name)
{
    size_t column = 0;
    while (column < header->field_count && !weir_slice_equals_text(header->fields[column], name))
        column++;
    return column;
}
