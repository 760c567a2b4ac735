#include "node/import_reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "node/import_records.h"

#define CHUNK_BYTES ((size_t)128 * 1024)
#define LINE_BYTES_MAX ((uint64_t)64 * 1024 * 1024)
#define RECORD_ARENA_BYTES ((size_t)64 * 1024 * 1024)

enum weir_event_format weir_event_format_find(const char *name)
{
    if (strcmp(name, "csv") == 0)
        return WEIR_FORMAT_CSV;
    return strcmp(name, "ndjson") == 0 ? WEIR_FORMAT_NDJSON : WEIR_FORMAT_AUTO;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t ending_length = strlen(ending);
    return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static enum weir_event_format format_of(const struct weir_event_file *file)
{
    static const char *const endings[] = {".ndjson", ".jsonl", ".json"};
    if (file->format != WEIR_FORMAT_AUTO)
        return file->format;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (ends_with(file->path, endings[i]))
            return WEIR_FORMAT_NDJSON;
    return WEIR_FORMAT_CSV;
}

/* Moves what is left to the front and reads more behind it. */
static enum weir_err refill(struct weir_event_reader *reader, struct weir_scope *scope)
{
    if (reader->rest.length > 0)
        memmove(reader->buffer, reader->rest.data, reader->rest.length);
    reader->rest.data = reader->buffer;
    size_t room = reader->buffer_bytes - reader->rest.length;
    assert(room > 0); /* no record is longer than the buffer */
    ssize_t got = read(reader->descriptor, reader->buffer + reader->rest.length, room);
    while (got < 0 && errno == EINTR)
        got = read(reader->descriptor, reader->buffer + reader->rest.length, room);
    if (got < 0)
        return weir_fail(scope, WEIR_E_IO, "cannot read %s: %s", reader->file.path,
                         strerror(errno));
    reader->is_complete = got == 0;
    reader->progress.bytes_read += (uint64_t)got;
    reader->rest.length += (size_t)got;
    return WEIR_OK;
}

/* A line ends with '\n', '\r' or both; a pair may be cut in two. */
uint64_t weir_reader_pass(struct weir_event_reader *reader, const uint8_t *until)
{
    uint64_t lines = 0;
    for (const uint8_t *at = reader->passed; at < until; at++) {
        lines += *at == '\r' || (*at == '\n' && !reader->was_return);
        reader->was_return = *at == '\r';
    }
    reader->line += lines;
    reader->passed = until;
    return lines;
}

enum weir_err
weir_reader_fetch(struct weir_event_reader *reader,
                  struct weir_scope *scope,
                  enum weir_err (*cut)(struct weir_event_reader *, struct weir_scope *, bool *))
{
    bool has_record = false;
    while (!has_record) {
        reader->passed = reader->rest.data;
        weir_arena_clear(reader->records.arena);
        enum weir_err err = cut(reader, scope, &has_record);
        (void)weir_reader_pass(reader, reader->rest.data);
        if (err != WEIR_OK || reader->is_over)
            return err;
        if (!has_record && reader->is_complete) {
            reader->is_over = true;
            return WEIR_OK;
        }
        if (!has_record)
            err = refill(reader, scope);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

static enum weir_err open_file(struct weir_event_reader *reader, struct weir_scope *scope)
{
    const char *path = reader->file.path;
    struct stat status;
    reader->descriptor =
        strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (reader->descriptor < 0)
        return weir_fail(scope, errno == ENOENT ? WEIR_E_NOT_FOUND : WEIR_E_IO,
                         "cannot open %s: %s", path, strerror(errno));
    if (fstat(reader->descriptor, &status) != 0)
        return weir_fail(scope, WEIR_E_IO, "cannot look at %s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return weir_fail(scope, WEIR_E_IO, "%s is a folder", path);
    if (S_ISREG(status.st_mode))
        reader->progress.bytes_total = (uint64_t)status.st_size;
    return WEIR_OK;
}

/* A byte order mark is no part of the first line. */
static enum weir_err skip_mark(struct weir_event_reader *reader, struct weir_scope *scope)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    reader->rest = (struct weir_slice){reader->buffer, 0};
    while (reader->rest.length < sizeof(mark) && !reader->is_complete)
        if (refill(reader, scope) != WEIR_OK)
            return scope->err;
    if (reader->rest.length >= sizeof(mark) && memcmp(reader->rest.data, mark, sizeof(mark)) == 0) {
        reader->rest.data += sizeof(mark);
        reader->rest.length -= sizeof(mark);
    }
    return WEIR_OK;
}

static enum weir_err reader_fill(struct weir_event_reader *reader, struct weir_scope *scope)
{
    reader->records.arena = weir_arena_new(RECORD_ARENA_BYTES);
    reader->buffer = weir_take(&reader->own, reader->buffer_bytes, 1);
    if (reader->records.arena == NULL || reader->buffer == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "the system gives no memory");
    if (open_file(reader, scope) != WEIR_OK || skip_mark(reader, scope) != WEIR_OK)
        return scope->err;
    return reader->format == WEIR_FORMAT_CSV ? weir_csv_records_begin(reader, scope) : WEIR_OK;
}

enum weir_err weir_event_reader_open(struct weir_scope *scope,
                                     const struct weir_event_file *file,
                                     struct weir_event_reader **reader)
{
    uint64_t line_max =
        file->line_bytes_max < LINE_BYTES_MAX ? file->line_bytes_max : LINE_BYTES_MAX;
    size_t record_max = line_max > WEIR_CSV_RECORD_MAX ? (size_t)line_max : WEIR_CSV_RECORD_MAX;
    struct weir_scope own = {
        .arena = weir_arena_new(record_max + 2 * CHUNK_BYTES + WEIR_READER_OWN_BYTES)};
    struct weir_event_reader *made = own.arena == NULL ? NULL : weir_take(&own, 1, sizeof(*made));
    if (made == NULL) {
        weir_arena_free(own.arena);
        return weir_fail(scope, WEIR_E_MEMORY, "the system gives no memory");
    }
    *made = (struct weir_event_reader){
        .own = own,
        .file = *file,
        .format = format_of(file),
        .descriptor = -1,
        .line = 1,
        .line_bytes_max = line_max,
        .buffer_bytes = record_max + CHUNK_BYTES,
    };
    if (reader_fill(made, scope) != WEIR_OK) {
        weir_event_reader_close(made);
        return scope->err;
    }
    *reader = made;
    return WEIR_OK;
}

void weir_event_reader_close(struct weir_event_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->descriptor >= 0)
        (void)close(reader->descriptor); /* only read from */
    weir_arena_free(reader->records.arena);
    struct weir_arena *own = reader->own.arena; /* the reader itself lies in it */
    weir_arena_free(own);
}

enum weir_err weir_event_reader_next(struct weir_event_reader *reader,
                                     struct weir_scope *scope,
                                     struct weir_reading *reading)
{
    struct weir_reading found = {.kind = WEIR_READING_END, .reason = "", .detail = ""};
    enum weir_err err = reader->format == WEIR_FORMAT_CSV
                            ? weir_csv_records_next(reader, scope, &found)
                            : weir_ndjson_next(reader, scope, &found);
    if (err == WEIR_OK)
        *reading = found;
    return err;
}

struct weir_reader_progress weir_event_reader_progress(const struct weir_event_reader *reader)
{
    return reader->progress;
}
