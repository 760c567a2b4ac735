/* Law: records do not depend on the pieces in which their bytes come; fields lie inside the record
 * or the arena and together are no longer than it; each field is read as every field of an event
 * without a fault. */
#include <stdlib.h>

#include "base/arena.h"
#include "metrics/csv.h"
#include "metrics/event_field.h"

#define ARENA_BYTES ((size_t)1 << 24)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void set_fields(struct weir_slice text)
{
    static const char *const names[] = {"id",  "type",  "rev",   "quantity",   "occurred",
                                        "due", "from",  "to",    "state",      "reason",
                                        "by",  "class", "order", "http_status"};
    static const struct weir_time_format formats[] = {{NULL, 0}, {"D-Mon-YY", 32400000}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct weir_event event = {0};
        enum weir_refusal refusal = weir_event_field_set(&event, names[i], text, &formats[i % 2]);
        require(weir_refusal_name(refusal) != NULL);
        (void)weir_event_check(&event, 0); /* must not fault; the verdict does not matter */
    }
}

/* Counts and adds up what is read in pieces of `step` bytes. */
static uint64_t read_all(struct weir_scope *scope, struct weir_slice text, size_t step)
{
    struct weir_csv_reader reader = {.separator = ','};
    struct weir_slice rest = {text.data, 0};
    uint64_t sum = 0;
    for (;;) {
        struct weir_csv_record record;
        size_t given = (size_t)(rest.data - text.data) + rest.length;
        require(weir_csv_next(scope, &reader, &rest, given == text.length, &record) == WEIR_OK);
        given = (size_t)(rest.data - text.data) + rest.length;
        if (record.result == WEIR_CSV_END)
            return sum;
        if (record.result == WEIR_CSV_MORE) {
            rest.length += step < text.length - given ? step : text.length - given;
            continue;
        }
        size_t length = 0;
        for (size_t i = 0; record.result == WEIR_CSV_RECORD && i < record.field_count; i++) {
            length += record.fields[i].length;
            set_fields(record.fields[i]);
        }
        require(length <= record.raw.length);
        sum = sum * 31 + (uint64_t)record.result * 7 + (uint64_t)record.refusal + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    struct weir_slice text = {data, size};
    require(scope.arena != NULL);
    if (size > 0 && size < 4096)
        require(read_all(&scope, text, size) == read_all(&scope, text, 1 + data[0] % 7));
    weir_arena_free(scope.arena);
    return 0;
}
