/* Events from a file of separated values or of CloudEvents, one per line (NDJSON), read as a
 * stream: what is in memory is bounded by one record, however long the file or a line of it is.
 * Lines that are no events come back with the reason, and the reading goes on behind them; only a
 * line longer than WEIR_READER_SKIP_MAX ends the file.  Floor 3. */
#ifndef WEIR_NODE_IMPORT_READER_H
#define WEIR_NODE_IMPORT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/event.h"

struct weir_config_source;
struct weir_event_reader;

/* Nobody writes a line like that on purpose: looking for its end would read a whole disk. */
#define WEIR_READER_SKIP_MAX ((uint64_t)16 * 1024 * 1024)

enum weir_event_format {
    WEIR_FORMAT_AUTO = 0, /* by the ending of the name: .ndjson .jsonl .json, else CSV */
    WEIR_FORMAT_CSV,
    WEIR_FORMAT_NDJSON,
};

/* 0 for a name that is none ("csv", "ndjson"). */
enum weir_event_format weir_event_format_find(const char *name);

struct weir_event_file {
    const char *path; /* "-": standard input */
    enum weir_event_format format;
    const struct weir_config_source *source;
    uint64_t line_bytes_max;
    int64_t received_ms; /* decides what comes from the future */
};

enum weir_reading_kind {
    WEIR_READING_END,
    WEIR_READING_EVENT,
    WEIR_READING_REFUSED,
};

/* Texts live until the next call. */
struct weir_reading {
    enum weir_reading_kind kind;
    uint64_t line;           /* where the record begins, from 1 */
    struct weir_event event; /* its source is the configured one */
    const char *reason;      /* stable word ("quantity"), for REFUSED */
    const char *detail;      /* a sentence, for REFUSED */
    struct weir_slice raw;   /* the record, or its beginning */
    uint64_t raw_bytes;      /* its length, as far as it is known */
};

/* Opens the file and reads the header of a CSV file.  Caller owns.  Errors: NOT_FOUND, IO, CONFIG
 * (the source has no column mapping, or the file lacks a column of it), PARSE (no header), MEMORY.
 */
WEIR_CHECKED enum weir_err weir_event_reader_open(struct weir_scope *scope,
                                                  const struct weir_event_file *file,
                                                  struct weir_event_reader **reader);
void weir_event_reader_close(struct weir_event_reader *reader);

/* The next event or refused record.  Errors: IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_event_reader_next(struct weir_event_reader *reader,
                                                  struct weir_scope *scope,
                                                  struct weir_reading *reading);

/* For a progress line: bytes read so far and of the whole file (0: not known), and the records that
 * gave an event or a refusal. */
struct weir_reader_progress {
    uint64_t bytes_read;
    uint64_t bytes_total;
    uint64_t records;
};
struct weir_reader_progress weir_event_reader_progress(const struct weir_event_reader *reader);

#endif /* WEIR_NODE_IMPORT_READER_H */
