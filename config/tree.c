#include "config/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "base/arena.h"

/* In front of every piece handed to libcyaml: how much it may grow before it moves. */
struct piece {
    size_t capacity;
    size_t unused; /* keeps what follows aligned for any type */
};

/* libcyaml's one memory function on an arena: lists grow item by item, so pieces are made twice as
 * large as asked, and freeing is left to the arena. */
static void *arena_resize(void *context, void *old, size_t bytes)
{
    struct weir_scope *scope = context;
    if (bytes == 0)
        return NULL;
    struct piece *old_piece = old == NULL ? NULL : (struct piece *)old - 1;
    if (old_piece != NULL && bytes <= old_piece->capacity)
        return old;
    size_t capacity = old_piece == NULL ? bytes : 2 * bytes;
    struct piece *piece = weir_take(scope, 1, sizeof(*piece) + capacity);
    if (piece == NULL)
        return NULL;
    piece->capacity = capacity;
    if (old_piece != NULL)
        memcpy(piece + 1, old, old_piece->capacity);
    return piece + 1;
}

/* Keeps the first thing libcyaml complains about. */
struct complaint {
    char text[256];
};

static void complaint_write(cyaml_log_t level, void *context, const char *fmt, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void complaint_write(cyaml_log_t level, void *context, const char *fmt, va_list arguments)
{
    struct complaint *complaint = context;
    if (level < CYAML_LOG_ERROR || complaint->text[0] != '\0')
        return;
    (void)vsnprintf(complaint->text, sizeof(complaint->text), fmt, arguments);
    complaint->text[strcspn(complaint->text, "\n")] = '\0';
}

static const cyaml_schema_field_t *fields_take(struct weir_scope *scope,
                                               const struct weir_section *section);

#define POINTED ((enum cyaml_flag)(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL))

/* What stands behind a key: text, keys of its own, or a list of either. */
static bool value_describe(struct weir_scope *scope,
                           const struct weir_option *option,
                           cyaml_schema_value_t *value)
{
    bool is_list = option->kind == WEIR_OPTION_LIST || option->kind == WEIR_OPTION_TEXTS ||
                   option->kind == WEIR_OPTION_TIMES;
    cyaml_schema_value_t *item = value;
    if (is_list) {
        item = weir_take(scope, 1, sizeof(*item));
        if (item == NULL)
            return false;
        value->type = CYAML_SEQUENCE;
        value->flags = POINTED;
        value->data_size = sizeof(void *);
        value->sequence.entry = item;
        value->sequence.min = 0;
        value->sequence.max = CYAML_UNLIMITED;
    }
    item->flags = is_list ? CYAML_FLAG_POINTER : POINTED;
    if (option->section == NULL) {
        item->type = CYAML_STRING;
        item->data_size = 1;
        item->string.min = 0;
        item->string.max = CYAML_UNLIMITED;
        return true;
    }
    item->type = CYAML_MAPPING;
    item->data_size = (uint32_t)(option->section->option_count * sizeof(struct weir_tree));
    item->mapping.fields = fields_take(scope, option->section);
    return item->mapping.fields != NULL;
}

/* libcyaml's description of a section, made from ours.  Recursion follows the constant schema. */
static const cyaml_schema_field_t *fields_take(struct weir_scope *scope,
                                               const struct weir_section *section)
{
    cyaml_schema_field_t *fields = weir_take(scope, section->option_count + 1, sizeof(*fields));
    if (fields == NULL)
        return NULL;
    for (size_t i = 0; i < section->option_count; i++) {
        size_t slot = i * sizeof(struct weir_tree);
        fields[i].key = section->options[i].key;
        fields[i].data_offset = (uint32_t)(slot + offsetof(struct weir_tree, value));
        fields[i].count_offset = (uint32_t)(slot + offsetof(struct weir_tree, count));
        fields[i].count_size = sizeof(uint64_t);
        if (!value_describe(scope, &section->options[i], &fields[i].value))
            return NULL;
    }
    return fields;
}

enum weir_err weir_tree_load(struct weir_scope *scope,
                             struct weir_slice text,
                             const struct weir_section *schema,
                             const struct weir_tree **tree)
{
    struct complaint complaint = {0};
    const cyaml_config_t config = {
        .log_fn = complaint_write,
        .log_ctx = &complaint,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = arena_resize,
        .mem_ctx = scope,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    const cyaml_schema_value_t top = {
        .type = CYAML_MAPPING,
        .flags = CYAML_FLAG_POINTER,
        .data_size = (uint32_t)(schema->option_count * sizeof(struct weir_tree)),
        .mapping = {.fields = fields_take(scope, schema)},
    };
    if (top.mapping.fields == NULL)
        return WEIR_E_MEMORY;
    cyaml_data_t *data = NULL;
    cyaml_err_t err = cyaml_load_data(text.data, text.length, &config, &top, &data, NULL);
    if (scope->err != WEIR_OK)
        return scope->err;
    if (err != CYAML_OK || data == NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "%s%s%s",
                         err == CYAML_OK ? "the file is empty" : cyaml_strerror(err),
                         complaint.text[0] == '\0' ? "" : ": ", complaint.text);
    *tree = data;
    return WEIR_OK;
}
