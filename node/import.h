/* Importing files of events into the gauges they feed: read as a stream, recorded in batches of one
 * transaction each, refused lines kept with the reason.  The same files again change nothing; an
 * import that was killed is finished by running it again.  Floor 3. */
#ifndef WEIR_NODE_IMPORT_H
#define WEIR_NODE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/record.h"
#include "node/import_reader.h"
#include "node/publish.h"

struct weir_config;
struct weir_config_source;
struct weir_store;
struct weir_terminal;
struct weir_import;

#define WEIR_IMPORT_SHOWN_MAX 20     /* refused lines that are printed */
#define WEIR_IMPORT_REFUSED_MAX 1000 /* refused lines that are kept of one import */

/* A gauge that the source can feed, and what the import did to it. */
struct weir_import_gauge {
    const struct weir_gauge *gauge;
    int64_t log_id;
    struct weir_record_counts counts;
    struct weir_publication publication;
};

struct weir_import_summary {
    uint64_t files;
    uint64_t records; /* lines without headers and empty ones */
    uint64_t events;
    uint64_t unused;  /* events that feed no gauge */
    uint64_t refused; /* lines put aside with the reason */
    struct weir_import_gauge *gauges;
    size_t gauge_count;
    struct weir_published published;
};

struct weir_import_options {
    const struct weir_config *config;
    const struct weir_config_source *source;
    enum weir_event_format format;
    struct weir_terminal *terminal; /* progress; NULL: none */
};

/* The configuration's gauges that events feed must have their logs in the ledger.  Caller owns.
 * Errors: NOT_FOUND (a log is missing), STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_import_new(struct weir_scope *scope,
                                           struct weir_store *store,
                                           const struct weir_import_options *options,
                                           struct weir_import **import);
void weir_import_free(struct weir_import *import);

/* One file.  What was recorded before a failure stays.  Errors: those of the reader, LIMIT (a line
 * without end), STORE, BUSY, MEMORY. */
WEIR_CHECKED enum weir_err
weir_import_file(struct weir_import *import, struct weir_scope *scope, const char *path);

/* Brings verdicts, closes and kill signals up to date: after the last file, never between, so that
 * half a history is not judged.  Errors: as weir_publish_gauge. */
WEIR_CHECKED enum weir_err weir_import_publish(struct weir_import *import,
                                               struct weir_scope *scope);

const struct weir_import_summary *weir_import_summary(const struct weir_import *import);

/* While an import is under way nobody else judges what is half recorded.  The lock is a file in
 * data_dir and ends with the process; -1 when the file cannot be made. */
int weir_import_lock(const struct weir_config *config);
bool weir_import_is_under_way(const struct weir_config *config);

#endif /* WEIR_NODE_IMPORT_H */
