/* Records of separated values (RFC 4180, any separator, any line end), read from bytes as they come
 * in pieces.  Bad records are handed out with the reason instead of ending the reading, and what is
 * longer than the limit is skipped without being kept.  Floor 1: pure. */
#ifndef WEIR_METRICS_CSV_H
#define WEIR_METRICS_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/event.h"

#define WEIR_CSV_RECORD_MAX ((size_t)65536)
#define WEIR_CSV_COLUMN_MAX 256

/* `{.separator = ','}` before the first byte. */
struct weir_csv_reader {
    char separator;
    bool is_skipping;      /* inside a record that was too long */
    size_t column_count;   /* of every record, once the first was read */
    uint64_t record_count; /* read so far, refused ones too; the first is the header */
};

enum weir_csv_result {
    WEIR_CSV_MORE = 1,    /* no whole record yet: append bytes to `rest` and call again */
    WEIR_CSV_END = 2,     /* nothing is left */
    WEIR_CSV_RECORD = 3,  /* `fields` are set */
    WEIR_CSV_REFUSED = 4, /* `refusal` says why; `raw` holds its beginning */
};

struct weir_csv_record {
    enum weir_csv_result result;
    enum weir_refusal refusal;
    struct weir_slice raw; /* without the line end */
    struct weir_slice *fields;
    size_t field_count;
};

/* Cuts the next record off `*rest`.  `is_complete`: nothing follows `*rest`.  Fields borrow from
 * `*rest` or, where quotes were doubled, live in the scope's arena.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_csv_next(struct weir_scope *scope,
                                         struct weir_csv_reader *reader,
                                         struct weir_slice *rest,
                                         bool is_complete,
                                         struct weir_csv_record *record);

/* The position of the column in a header; field_count when it is not there. */
size_t weir_csv_column(const struct weir_csv_record *header, const char *name);

#endif /* WEIR_METRICS_CSV_H */
