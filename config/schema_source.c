#include "config/config.h"
#include "config/schema.h"

const char *const weir_config_event_fields[] = {
    "id", "rev",   "subject", "order",       "class",      "occurred", "due", "quantity",
    "by", "state", "reason",  "http_status", "latency_ms", "from",     "to",  NULL};

#define FIELD(member) WEIR_AT(struct weir_config_csv_field, member)
static const struct weir_option field_options[] = {
    {.key = "field",
     .kind = WEIR_OPTION_NAME,
     .is_required = true,
     .at = {FIELD(field)},
     .help = "Field of the event: id, rev, subject (the job or line, or the probed site), order, "
             "class, occurred, due, quantity, by (customer or us), state (up, down, unknown "
             "or degraded), reason, "
             "http_status, latency_ms, from, to (of maintenance)."},
    {.key = "column",
     .kind = WEIR_OPTION_TEXT,
     .at = {FIELD(column)},
     .min = 1,
     .max = 256,
     .help = "Column, as the first line of the file calls it."},
    {.key = "value",
     .kind = WEIR_OPTION_TEXT,
     .at = {FIELD(value)},
     .max = 256,
     .help = "A constant instead of a column."},
    {.key = "prefix",
     .kind = WEIR_OPTION_TEXT,
     .at = {FIELD(prefix)},
     .fallback = "",
     .max = 64,
     .help = "Put before what the column holds, to keep ids of different kinds apart."},
};
static WEIR_SECTION(field_section,
                    "field",
                    struct weir_config_csv_field,
                    field_options,
                    "Where one field of the event comes from.");

#define ROW(member) WEIR_AT(struct weir_config_csv_row, member)
static const struct weir_option row_options[] = {
    {.key = "type",
     .kind = WEIR_OPTION_NAME,
     .is_required = true,
     .at = {ROW(type)},
     .help = "Type of the event a line makes."},
    {.key = "when_column",
     .kind = WEIR_OPTION_TEXT,
     .at = {ROW(when_column)},
     .min = 1,
     .max = 256,
     .help = "Only lines where this column equals when_equals, or is not empty."},
    {.key = "when_equals",
     .kind = WEIR_OPTION_TEXT,
     .at = {ROW(when_equals)},
     .max = 256,
     .help = "See when_column."},
    {.key = "fields",
     .kind = WEIR_OPTION_LIST,
     .is_required = true,
     .at = {ROW(fields), ROW(field_count)},
     .max = 32,
     .section = &field_section},
};
static WEIR_SECTION(row_section,
                    "row",
                    struct weir_config_csv_row,
                    row_options,
                    "One kind of event that each line of the file makes.");

#define CSV(member) WEIR_AT(struct weir_config_csv, member)
static const struct weir_option csv_options[] = {
    {.key = "separator",
     .kind = WEIR_OPTION_SEPARATOR,
     .at = {CSV(separator)},
     .fallback = ",",
     .help = "One character, or `tab`."},
    {.key = "date_format",
     .kind = WEIR_OPTION_TEXT,
     .at = {CSV(date_format)},
     .min = 1,
     .max = 64,
     .help = "Form of every date and time: YYYY, YY, MM, M, Mon, DD, D, hh, mm, ss, sss and Z; "
             "everything else stands for itself. Left out: RFC 3339 or a bare date. Nothing is "
             "guessed."},
    {.key = "zone",
     .kind = WEIR_OPTION_TEXT,
     .at = {CSV(zone)},
     .fallback = "UTC",
     .min = 3,
     .max = 6,
     .help = "`UTC` or an offset such as `+09:00`, for times that name none."},
    {.key = "rows",
     .kind = WEIR_OPTION_LIST,
     .is_required = true,
     .at = {CSV(rows), CSV(row_count)},
     .max = 16,
     .section = &row_section},
};
static WEIR_SECTION(csv_section,
                    "csv",
                    struct weir_config_csv,
                    csv_options,
                    "How `weir import` reads a CSV file of this source (RFC 4180 quoting, first "
                    "line names the columns).");

#define SOURCE(member) WEIR_AT(struct weir_config_source, member)
static const struct weir_option source_options[] = {
    {.key = "name",
     .kind = WEIR_OPTION_NAME,
     .is_required = true,
     .at = {SOURCE(name)},
     .help = "The `source` of its events."},
    {.key = "token_sha256",
     .kind = WEIR_OPTION_HASH,
     .is_secret = true,
     .at = {SOURCE(token_sha256)},
     .given = SOURCE(has_token),
     .help = "SHA-256 of the bearer token for `POST /v1/events`. Without it only `weir import` "
             "takes events of this source."},
    {.key = "events",
     .kind = WEIR_OPTION_TEXTS,
     .is_required = true,
     .at = {SOURCE(event_types)},
     .max = 32,
     .help = "Types of events it may send."},
    {.key = "csv", .kind = WEIR_OPTION_CHILD, .at = {SOURCE(csv)}, .section = &csv_section},
};
WEIR_SECTION(weir_schema_source,
             "source",
             struct weir_config_source,
             source_options,
             "Systems that report events: an ERP, a scheduler, an importer.");
