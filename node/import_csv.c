/* Records of separated values into events, by the column mapping of the configured source.  A line
 * is taken whole or not at all: a promise without the delivery beside it would count as broken. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "metrics/event_field.h"
#include "node/import_records.h"

#define SHOWN_BYTES 64 /* of a foreign value in a sentence */
#define NO_COLUMN ((size_t)WEIR_CSV_COLUMN_MAX)

/* Counts what is dropped of a line that is too long. */
static enum weir_err
watch_skip(struct weir_event_reader *reader, struct weir_scope *scope, uint64_t consumed)
{
    if (!reader->csv.is_skipping) {
        reader->skipped_bytes = 0;
        return WEIR_OK;
    }
    reader->skipped_bytes += consumed;
    if (reader->skipped_bytes <= WEIR_READER_SKIP_MAX)
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_LIMIT,
                     "%s:%llu: the line is longer than %llu bytes; the rest of the file was not "
                     "read",
                     reader->file.path, (unsigned long long)reader->record_line,
                     (unsigned long long)WEIR_READER_SKIP_MAX);
}

static enum weir_err
cut_record(struct weir_event_reader *reader, struct weir_scope *scope, bool *has_record)
{
    const uint8_t *before = reader->rest.data;
    struct weir_csv_record *record = &reader->record;
    if (weir_csv_next(&reader->records, &reader->csv, &reader->rest, reader->is_complete, record) !=
        WEIR_OK)
        return weir_fail(scope, reader->records.err, "%s", reader->records.fault);
    *has_record = record->result == WEIR_CSV_RECORD || record->result == WEIR_CSV_REFUSED;
    if (*has_record) {
        (void)weir_reader_pass(reader, record->raw.data);
        reader->record_line = reader->line;
    }
    return watch_skip(reader, scope, (uint64_t)(reader->rest.data - before));
}

/* --- the header ------------------------------------------------------------------------------- */

static enum weir_err find_column(struct weir_event_reader *reader,
                                 struct weir_scope *scope,
                                 const char *name,
                                 size_t *place)
{
    *place = NO_COLUMN;
    if (name == NULL)
        return WEIR_OK;
    size_t column = weir_csv_column(&reader->record, name);
    if (column == reader->record.field_count)
        return weir_fail(scope, WEIR_E_CONFIG, "%s has no column '%s', which source '%s' names",
                         reader->file.path, name, reader->file.source->name);
    *place = column;
    return WEIR_OK;
}

static enum weir_err map_row(struct weir_event_reader *reader,
                             struct weir_scope *scope,
                             const struct weir_config_csv_row *row,
                             struct weir_csv_places *places)
{
    places->fields = weir_take(&reader->own, row->field_count, sizeof(*places->fields));
    if (places->fields == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "%s", reader->own.fault);
    if (find_column(reader, scope, row->when_column, &places->when) != WEIR_OK)
        return scope->err;
    for (size_t i = 0; i < row->field_count; i++)
        if (find_column(reader, scope, row->fields[i].column, &places->fields[i]) != WEIR_OK)
            return scope->err;
    return WEIR_OK;
}

enum weir_err weir_csv_records_begin(struct weir_event_reader *reader, struct weir_scope *scope)
{
    const struct weir_config_csv *csv = reader->file.source->csv;
    if (csv == NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "source '%s' has no csv mapping for %s",
                         reader->file.source->name, reader->file.path);
    reader->csv.separator = csv->separator;
    reader->time_format.text = csv->date_format;
    if (weir_offset_parse(scope, weir_slice_text(csv->zone), &reader->time_format.offset_ms) !=
            WEIR_OK ||
        weir_reader_fetch(reader, scope, cut_record) != WEIR_OK)
        return scope->err;
    if (reader->is_over)
        return weir_fail(scope, WEIR_E_PARSE, "%s is empty", reader->file.path);
    if (reader->record.result != WEIR_CSV_RECORD)
        return weir_fail(scope, WEIR_E_PARSE, "%s:%llu: the header: %s", reader->file.path,
                         (unsigned long long)reader->record_line,
                         weir_refusal_text(reader->record.refusal));
    reader->places = weir_take(&reader->own, csv->row_count, sizeof(*reader->places));
    if (reader->places == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "%s", reader->own.fault);
    for (size_t i = 0; i < csv->row_count; i++)
        if (map_row(reader, scope, &csv->rows[i], &reader->places[i]) != WEIR_OK)
            return scope->err;
    return WEIR_OK;
}

/* --- records ---------------------------------------------------------------------------------- */

static void refuse(struct weir_event_reader *reader,
                   struct weir_reading *reading,
                   enum weir_refusal refusal,
                   const char *detail)
{
    reading->kind = WEIR_READING_REFUSED;
    reading->line = reader->record_line;
    reading->reason = weir_refusal_name(refusal);
    reading->detail = detail == NULL ? weir_refusal_text(refusal) : detail;
    reading->raw = reader->record.raw;
    reading->raw_bytes = reader->record.raw.length;
    reader->event_count = 0;
}

static bool applies(const struct weir_event_reader *reader, size_t row)
{
    const struct weir_config_csv_row *mapping = &reader->file.source->csv->rows[row];
    size_t when = reader->places[row].when;
    if (when == NO_COLUMN)
        return true;
    struct weir_slice value = reader->record.fields[when];
    return mapping->when_equals == NULL ? value.length > 0
                                        : weir_slice_equals_text(value, mapping->when_equals);
}

/* The text of one field: a constant, or a column behind its prefix; empty stays empty. */
static struct weir_slice text_of(struct weir_event_reader *reader, size_t row, size_t field)
{
    const struct weir_config_csv_field *mapping =
        &reader->file.source->csv->rows[row].fields[field];
    size_t column = reader->places[row].fields[field];
    if (column == NO_COLUMN)
        return weir_slice_text(mapping->value);
    struct weir_slice value = reader->record.fields[column];
    size_t prefix_length = mapping->prefix == NULL ? 0 : strlen(mapping->prefix);
    if (prefix_length == 0 || value.length == 0)
        return value;
    uint8_t *joined = weir_take(&reader->records, prefix_length + value.length, 1);
    if (joined == NULL)
        return value; /* the failure is in reader->records and looked at by the caller */
    memcpy(joined, mapping->prefix, prefix_length);
    memcpy(joined + prefix_length, value.data, value.length);
    return (struct weir_slice){joined, prefix_length + value.length};
}

/* Makes one event.  False after refusing the record. */
static bool make_event(struct weir_event_reader *reader, size_t row, struct weir_reading *reading)
{
    const struct weir_config_source *source = reader->file.source;
    const struct weir_config_csv_row *mapping = &source->csv->rows[row];
    struct weir_event event = {
        .type = weir_event_type_find(weir_slice_text(mapping->type)),
        .source = weir_slice_text(source->name),
    };
    for (size_t i = 0; i < mapping->field_count; i++) {
        const struct weir_config_csv_field *field = &mapping->fields[i];
        struct weir_slice text = text_of(reader, row, i);
        enum weir_refusal refusal =
            weir_event_field_set(&event, field->field, text, &reader->time_format);
        /* Time has no value that means absent. */
        if (text.length == 0 && strcmp(field->field, "occurred") == 0)
            refusal = WEIR_REFUSAL_MISSING_FIELD;
        if (refusal == WEIR_REFUSAL_NONE)
            continue;
        int shown = text.length > SHOWN_BYTES ? SHOWN_BYTES : (int)text.length;
        refuse(reader, reading, refusal,
               weir_take_printf(&reader->records, "%s '%.*s': %s",
                                field->column == NULL ? field->field : field->column, shown,
                                (const char *)text.data, weir_refusal_text(refusal)));
        return false;
    }
    enum weir_refusal refusal = weir_event_check(&event, reader->file.received_ms);
    if (refusal != WEIR_REFUSAL_NONE) {
        refuse(reader, reading, refusal, NULL);
        return false;
    }
    reader->events[reader->event_count++] = event;
    return true;
}

/* All events of the record, or a refusal in `reading`. */
static enum weir_err make_events(struct weir_event_reader *reader,
                                 struct weir_scope *scope,
                                 struct weir_reading *reading)
{
    size_t row_count = reader->file.source->csv->row_count;
    reader->event_count = 0;
    reader->event_next = 0;
    if (reader->record.raw.length > reader->line_bytes_max) {
        refuse(reader, reading, WEIR_REFUSAL_TOO_LONG, NULL);
        return WEIR_OK;
    }
    if (reader->record.result == WEIR_CSV_REFUSED) {
        refuse(reader, reading, reader->record.refusal, NULL);
        return WEIR_OK;
    }
    reader->events = weir_take(&reader->records, row_count, sizeof(*reader->events));
    bool is_good = reader->events != NULL;
    for (size_t i = 0; is_good && i < row_count; i++)
        if (applies(reader, i))
            is_good = make_event(reader, i, reading);
    if (reader->records.err != WEIR_OK)
        return weir_fail(scope, reader->records.err, "%s:%llu: %s", reader->file.path,
                         (unsigned long long)reader->record_line, reader->records.fault);
    return WEIR_OK;
}

enum weir_err weir_csv_records_next(struct weir_event_reader *reader,
                                    struct weir_scope *scope,
                                    struct weir_reading *reading)
{
    while (reader->event_next == reader->event_count) {
        if (reader->is_over)
            return WEIR_OK;
        if (weir_reader_fetch(reader, scope, cut_record) != WEIR_OK)
            return scope->err;
        if (reader->is_over)
            return WEIR_OK;
        reader->progress.records++;
        if (make_events(reader, scope, reading) != WEIR_OK)
            return scope->err;
        if (reading->kind == WEIR_READING_REFUSED)
            return WEIR_OK;
    }
    reading->kind = WEIR_READING_EVENT;
    reading->line = reader->record_line;
    reading->event = reader->events[reader->event_next++];
    reading->raw = reader->record.raw;
    reading->raw_bytes = reader->record.raw.length;
    return WEIR_OK;
}
