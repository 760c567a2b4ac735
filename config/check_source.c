#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/text.h"
#include "config/check.h"
#include "metrics/event.h"
#include "metrics/time_format.h"

/* One event type name: known, or refused with the nearest. */
static enum weir_err
check_type(const struct weir_check *check, size_t source, const char *key, const char *name)
{
    if (weir_event_type_find(weir_slice_text(name)) != 0)
        return WEIR_OK;
    static const char *const known[] = {
#define WEIR_EVENT_TYPE(symbol, number, text, feeds, fields) text,
#include "metrics/event_types.def"
#undef WEIR_EVENT_TYPE
    };
    const char *nearest = weir_nearest(name, known, sizeof(known) / sizeof(known[0]));
    if (nearest != NULL)
        return weir_check_refuse(check, "sources", source, key,
                                 "there is no event type '%s'; did you mean '%s'?", name, nearest);
    return weir_check_refuse(check, "sources", source, key, "there is no event type '%s'", name);
}

/* One field of one row: known, from exactly one place, not there twice. */
static enum weir_err check_field(const struct weir_check *check,
                                 size_t source,
                                 const char *key,
                                 const struct weir_config_csv_row *row,
                                 size_t index)
{
    const struct weir_config_csv_field *field = &row->fields[index];
    size_t known = 0;
    while (weir_config_event_fields[known] != NULL &&
           strcmp(weir_config_event_fields[known], field->field) != 0)
        known++;
    if (weir_config_event_fields[known] == NULL) {
        const char *nearest = weir_nearest(field->field, weir_config_event_fields, known);
        return weir_check_refuse(check, "sources", source, key, "an event has no field '%s'%s%s%s",
                                 field->field, nearest == NULL ? "" : "; did you mean '",
                                 nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    }
    if ((field->column == NULL) == (field->value == NULL))
        return weir_check_refuse(check, "sources", source, key,
                                 "the field '%s' needs a column or a value, and only one of them",
                                 field->field);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(row->fields[i].field, field->field) == 0)
            return weir_check_refuse(check, "sources", source, key, "the field '%s' is there twice",
                                     field->field);
    }
    return WEIR_OK;
}

static bool row_has(const struct weir_config_csv_row *row, const char *field)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (strcmp(row->fields[i].field, field) == 0)
            return true;
    }
    return false;
}

static enum weir_err check_row(const struct weir_check *check, size_t source, size_t index)
{
    const struct weir_config_source *item = &check->config->sources[source];
    const struct weir_config_csv_row *row = &item->csv->rows[index];
    const char *key = weir_path_take_index(check->scope, "csv.rows", index);
    if (key == NULL)
        return WEIR_E_MEMORY;
    size_t listed = 0;
    while (listed < item->event_types.count &&
           strcmp(item->event_types.items[listed], row->type) != 0)
        listed++;
    if (listed == item->event_types.count)
        return weir_check_refuse(check, "sources", source, key,
                                 "the type '%s' is not among the events this source may send",
                                 row->type);
    if (row->when_equals != NULL && row->when_column == NULL)
        return weir_check_refuse(check, "sources", source, key,
                                 "when_equals needs a when_column beside it");
    for (size_t i = 0; i < row->field_count; i++) {
        if (check_field(check, source, key, row, i) != WEIR_OK)
            return check->scope->err;
    }
    static const char *const needed[] = {"id", "subject", "occurred"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!row_has(row, needed[i]))
            return weir_check_refuse(check, "sources", source, key, "the field '%s' is missing",
                                     needed[i]);
    }
    return WEIR_OK;
}

static enum weir_err check_times(const struct weir_check *check, size_t source)
{
    struct weir_config_csv *csv = check->config->sources[source].csv;
    struct weir_scope inner = {0};
    if (weir_offset_parse(&inner, weir_slice_text(csv->zone), &csv->zone_offset_ms) != WEIR_OK)
        return weir_check_refuse(check, "sources", source, "csv.zone",
                                 "'%s' is neither UTC nor an offset such as +09:00", csv->zone);
    if (csv->date_format == NULL)
        return WEIR_OK;
    if (weir_time_format_check(&inner, csv->date_format) != WEIR_OK)
        return weir_check_refuse(check, "sources", source, "csv.date_format", "%s", inner.fault);
    return WEIR_OK;
}

static enum weir_err check_source(const struct weir_check *check, size_t index)
{
    const struct weir_config_source *source = &check->config->sources[index];
    for (size_t i = 0; i < source->event_types.count; i++) {
        if (check_type(check, index, "events", source->event_types.items[i]) != WEIR_OK)
            return check->scope->err;
    }
    if (source->csv == NULL)
        return WEIR_OK;
    if (check_times(check, index) != WEIR_OK)
        return check->scope->err;
    for (size_t i = 0; i < source->csv->row_count; i++) {
        if (check_row(check, index, i) != WEIR_OK)
            return check->scope->err;
    }
    return WEIR_OK;
}

enum weir_err weir_check_sources(const struct weir_check *check)
{
    const struct weir_config *config = check->config;
    for (size_t i = 0; i < config->source_count; i++) {
        if (check_source(check, i) != WEIR_OK)
            return check->scope->err;
        for (size_t k = 0; k < i; k++) {
            if (config->sources[i].has_token && config->sources[k].has_token &&
                weir_hash_equal(&config->sources[i].token_sha256, &config->sources[k].token_sha256))
                return weir_check_refuse(check, "sources", i, "token_sha256",
                                         "the same token as sources[%zu]: each source has its own",
                                         k);
        }
    }
    return WEIR_OK;
}
