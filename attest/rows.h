/* Consecutive leaves packed for the proof file, one row per leaf:
 *   u8 (kind << 4 | flags) | time | content
 * time: the first row the tick in ms, the others zigzag(tick - previous tick - interval), both as
 * minimal LEB128.  content of sealed rows: commit[32].  Content of open rows: the payload, 7 bytes
 * for TICK and MISSED, nothing for DEFINITION (the file shows it elsewhere), else LEB128 length and
 * bytes.  One encoding per row sequence: non-minimal numbers are refused.  Streams in one pass.
 * Floor 1: pure. */
#ifndef WEIR_ATTEST_ROWS_H
#define WEIR_ATTEST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/leaf.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_ROW_TICK_BYTES 7
#define WEIR_ROW_PAYLOAD_MAX 65536

struct weir_leaf_row {
    struct weir_leaf leaf;     /* commit is set by the reader for sealed rows only */
    struct weir_slice payload; /* open rows */
};

struct weir_leaf_rows {
    struct weir_slice rest;
    uint64_t next_seq;
    int64_t previous_ms; /* tick of the row before */
    int64_t interval_ms;
    bool is_first;
    bool is_open;
};

/* `interval_ms` is the gauge's; 0 for event gauges. */
struct weir_leaf_rows
weir_leaf_rows_open(struct weir_slice bytes, uint64_t first_seq, int64_t interval_ms, bool is_open);

/* No tick takes fewer bytes than this. */
size_t weir_leaf_row_bytes_min(bool is_open);

/* The next row.  Errors: PARSE (naming the row), RANGE. */
WEIR_CHECKED enum weir_err weir_leaf_rows_next(struct weir_scope *scope,
                                               struct weir_leaf_rows *rows,
                                               struct weir_leaf_row *row);

/* Writing: the state of the rows written so far; start with weir_leaf_rows_open({NULL, 0}, …). */
WEIR_CHECKED enum weir_err weir_leaf_rows_put(struct weir_scope *scope,
                                              struct weir_leaf_rows *state,
                                              const struct weir_leaf_row *row,
                                              struct weir_buffer *buffer);

#endif /* WEIR_ATTEST_ROWS_H */
