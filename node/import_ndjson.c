/* Lines of JSON, each one CloudEvent, into events. */
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/cloudevents.h"
#include "node/import_records.h"

static void drop(struct weir_event_reader *reader, size_t length)
{
    reader->rest.data += length;
    reader->rest.length -= length;
}

/* Leaves a line that was too long: false while its end is not in sight. */
static bool skip_line(struct weir_event_reader *reader, const uint8_t *line_end)
{
    size_t length =
        line_end == NULL ? reader->rest.length : (size_t)(line_end - reader->rest.data) + 1;
    reader->skipped_bytes += length;
    reader->is_skipping = line_end == NULL;
    drop(reader, length);
    return line_end != NULL;
}

static void take_line(struct weir_event_reader *reader, size_t length, enum weir_refusal refusal)
{
    reader->record = (struct weir_csv_record){
        .result = refusal == WEIR_REFUSAL_NONE ? WEIR_CSV_RECORD : WEIR_CSV_REFUSED,
        .refusal = refusal,
        .raw = {reader->rest.data, length},
    };
    (void)weir_reader_pass(reader, reader->rest.data);
    reader->record_line = reader->line;
}

static bool is_blank(struct weir_slice line)
{
    for (size_t i = 0; i < line.length; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

/* Takes one line off the buffer: a record, an empty line, or the beginning of one too long. */
static enum weir_err
cut_line(struct weir_event_reader *reader, struct weir_scope *scope, bool *has_record)
{
    while (reader->rest.length > 0) {
        const uint8_t *end = memchr(reader->rest.data, '\n', reader->rest.length);
        size_t length = end == NULL ? reader->rest.length : (size_t)(end - reader->rest.data);
        if (reader->is_skipping) {
            if (!skip_line(reader, end) && reader->skipped_bytes > WEIR_READER_SKIP_MAX)
                return weir_fail(scope, WEIR_E_LIMIT,
                                 "%s:%llu: the line is longer than %llu bytes; the rest of the "
                                 "file was not read",
                                 reader->file.path, (unsigned long long)reader->record_line,
                                 (unsigned long long)WEIR_READER_SKIP_MAX);
            continue;
        }
        if (length > reader->line_bytes_max) {
            take_line(reader, (size_t)reader->line_bytes_max, WEIR_REFUSAL_TOO_LONG);
            reader->is_skipping = true;
            reader->skipped_bytes = 0;
            *has_record = true;
            return WEIR_OK;
        }
        if (end == NULL && !reader->is_complete)
            return WEIR_OK;
        bool is_empty = is_blank((struct weir_slice){reader->rest.data, length});
        if (!is_empty)
            take_line(reader, length, WEIR_REFUSAL_NONE);
        drop(reader, end == NULL ? length : length + 1);
        if (!is_empty) {
            *has_record = true;
            return WEIR_OK;
        }
    }
    return WEIR_OK;
}

/* What the line holds, or why it is refused. */
static enum weir_err
read_line(struct weir_event_reader *reader, struct weir_scope *scope, struct weir_reading *reading)
{
    struct weir_cloudevent event = {.refusal = reader->record.refusal};
    const char *denial = NULL;
    reading->kind = WEIR_READING_REFUSED;
    if (event.refusal == WEIR_REFUSAL_NONE &&
        weir_cloudevent_parse(&reader->records, reader->record.raw, reader->file.received_ms,
                              &event) != WEIR_OK)
        return weir_fail(scope, reader->records.err, "%s:%llu: %s", reader->file.path,
                         (unsigned long long)reader->record_line, reader->records.fault);
    if (event.refusal == WEIR_REFUSAL_NONE)
        denial = weir_source_denial(reader->file.source, &event.event);
    if (event.refusal != WEIR_REFUSAL_NONE) {
        reading->reason = weir_refusal_name(event.refusal);
        reading->detail = event.detail == NULL ? weir_refusal_text(event.refusal) : event.detail;
    } else if (denial != NULL) {
        reading->reason = "not_permitted";
        reading->detail = denial;
    } else {
        reading->kind = WEIR_READING_EVENT;
        reading->event = event.event;
    }
    return WEIR_OK;
}

enum weir_err weir_ndjson_next(struct weir_event_reader *reader,
                               struct weir_scope *scope,
                               struct weir_reading *reading)
{
    if (reader->is_over)
        return WEIR_OK;
    if (weir_reader_fetch(reader, scope, cut_line) != WEIR_OK)
        return scope->err;
    if (reader->is_over)
        return WEIR_OK;
    reader->progress.records++;
    reading->line = reader->record_line;
    reading->raw = reader->record.raw;
    reading->raw_bytes = reader->record.raw.length;
    return read_line(reader, scope, reading);
}
