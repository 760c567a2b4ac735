/* The inside of the event reader: one buffer over a file, and the two ways to cut records off it.
 * Shared by the files node/import_*.c that read.  Floor 3. */
#ifndef WEIR_NODE_IMPORT_RECORDS_H
#define WEIR_NODE_IMPORT_RECORDS_H

#include "metrics/csv.h"
#include "metrics/time_format.h"
#include "node/import_reader.h"

#define WEIR_READER_OWN_BYTES ((size_t)1024 * 1024) /* column numbers of the mapping */

/* Where one configured row of a mapping finds its fields; WEIR_CSV_COLUMN_MAX: a constant. */
struct weir_csv_places {
    size_t when;
    size_t *fields;
};

struct weir_event_reader {
    struct weir_scope own;     /* over the arena the reader lies in */
    struct weir_scope records; /* cleared for each record */
    struct weir_event_file file;
    enum weir_event_format format;
    int descriptor;
    uint8_t *buffer;
    size_t buffer_bytes;
    uint64_t line_bytes_max;
    struct weir_slice rest; /* read, not yet used */
    bool is_complete;       /* nothing follows `rest` */
    bool is_over;           /* nothing more comes out */
    const uint8_t *passed;  /* up to here lines were counted */
    bool was_return;
    uint64_t line; /* at `passed` */
    struct weir_reader_progress progress;

    /* The record being handed out. */
    uint64_t record_line;
    struct weir_csv_record record;
    struct weir_event *events; /* that it makes, in the records' arena */
    size_t event_count;
    size_t event_next;

    struct weir_csv_reader csv;
    struct weir_csv_places *places; /* per mapping row */
    struct weir_time_format time_format;
    uint64_t skipped_bytes; /* of a line that is too long */
    bool is_skipping;       /* NDJSON: inside such a line */
};

/* Counts the lines up to `until`; returns how many. */
uint64_t weir_reader_pass(struct weir_event_reader *reader, const uint8_t *until);

/* Calls `cut` until it has a record or the file is over, reading on in between. */
WEIR_CHECKED enum weir_err weir_reader_fetch(struct weir_event_reader *reader,
                                             struct weir_scope *scope,
                                             enum weir_err (*cut)(struct weir_event_reader *,
                                                                  struct weir_scope *,
                                                                  bool *has_record));

/* import_csv.c */
WEIR_CHECKED enum weir_err weir_csv_records_begin(struct weir_event_reader *reader,
                                                  struct weir_scope *scope);
WEIR_CHECKED enum weir_err weir_csv_records_next(struct weir_event_reader *reader,
                                                 struct weir_scope *scope,
                                                 struct weir_reading *reading);

/* import_ndjson.c */
WEIR_CHECKED enum weir_err weir_ndjson_next(struct weir_event_reader *reader,
                                            struct weir_scope *scope,
                                            struct weir_reading *reading);

#endif /* WEIR_NODE_IMPORT_RECORDS_H */
