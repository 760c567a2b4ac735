#include "config/convert.h"

#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/value.h"

#define ITEM_TEXT_BYTES_MAX 256

static enum weir_err
note_key(const struct weir_convert *convert, const char *section_path, const char *key)
{
    /* The path is made for the message alone, so it may be missing when memory is what failed. */
    const char *path = weir_path_take(convert->scope, section_path, key);
    return weir_positions_note(convert->scope, convert->positions, path == NULL ? key : path);
}

static enum weir_err missing(const struct weir_convert *convert, const char *path, const char *key)
{
    const char *full = weir_path_take(convert->scope, path, key);
    if (full != NULL && weir_positions_has(convert->positions, full)) {
        (void)weir_fail(convert->scope, WEIR_E_CONFIG, "the list is empty");
        return weir_positions_note(convert->scope, convert->positions, full);
    }
    (void)weir_fail(convert->scope, WEIR_E_CONFIG, "the key '%s' is missing", key);
    return weir_positions_note(convert->scope, convert->positions, path);
}

static enum weir_err convert_section(const struct weir_convert *convert,
                                     const struct weir_section *section,
                                     const struct weir_tree *tree,
                                     void *target,
                                     const char *path);

static enum weir_err convert_scalar(const struct weir_convert *convert,
                                    const struct weir_option *option,
                                    const char *text,
                                    void *target,
                                    const char *path)
{
    if (text == NULL)
        return WEIR_OK;
    if (weir_value_read(convert->scope, option, text, convert->address, target) != WEIR_OK)
        return note_key(convert, path, option->key);
    return WEIR_OK;
}

static enum weir_err convert_texts(const struct weir_convert *convert,
                                   const struct weir_option *option,
                                   const struct weir_tree *tree,
                                   void *target,
                                   const char *path)
{
    static const struct weir_option item = {.key = "item",
                                            .kind = WEIR_OPTION_TEXT,
                                            .at = {{0, sizeof(const char *)}},
                                            .min = 1,
                                            .max = ITEM_TEXT_BYTES_MAX};
    struct weir_config_texts *texts = weir_place_of(target, option->at[0]);
    const char *const *values = tree->value;
    texts->items = weir_take(convert->scope, tree->count, sizeof(*texts->items));
    if (texts->items == NULL)
        return WEIR_E_MEMORY;
    texts->count = tree->count;
    for (size_t i = 0; i < tree->count; i++) {
        if (weir_option_read_text(convert->scope, &item, values[i], &texts->items[i]) != WEIR_OK)
            return note_key(convert, path, option->key);
    }
    return WEIR_OK;
}

static enum weir_err convert_times(const struct weir_convert *convert,
                                   const struct weir_option *option,
                                   const struct weir_tree *tree,
                                   void *target,
                                   const char *path)
{
    const char *const *values = tree->value;
    int64_t *times_s = weir_take(convert->scope, tree->count, sizeof(*times_s));
    if (times_s == NULL)
        return WEIR_E_MEMORY;
    for (size_t i = 0; i < tree->count; i++) {
        int64_t unix_ms = 0;
        enum weir_err err = weir_config_time_parse(convert->scope, values[i], &unix_ms);
        if (err == WEIR_OK && unix_ms % 1000 != 0)
            err = weir_fail(convert->scope, WEIR_E_CONFIG, "'%s' is no whole second", values[i]);
        if (err != WEIR_OK)
            return note_key(convert, path, option->key);
        times_s[i] = unix_ms / 1000;
    }
    *(const int64_t **)weir_place_of(target, option->at[0]) = times_s;
    *(size_t *)weir_place_of(target, option->at[1]) = tree->count;
    return WEIR_OK;
}

static enum weir_err convert_list(const struct weir_convert *convert,
                                  const struct weir_option *option,
                                  const struct weir_tree *tree,
                                  void *target,
                                  const char *path)
{
    const struct weir_tree *const *items = tree->value;
    uint8_t *structs = weir_take(convert->scope, tree->count, option->section->bytes);
    const char *list_path = weir_path_take(convert->scope, path, option->key);
    if (structs == NULL || list_path == NULL)
        return WEIR_E_MEMORY;
    for (size_t i = 0; i < tree->count; i++) {
        const char *item_path = weir_path_take_index(convert->scope, list_path, i);
        if (item_path == NULL)
            return WEIR_E_MEMORY;
        void *item = structs + i * option->section->bytes;
        if (convert_section(convert, option->section, items[i], item, item_path) != WEIR_OK)
            return convert->scope->err;
    }
    *(void **)weir_place_of(target, option->at[0]) = structs;
    *(size_t *)weir_place_of(target, option->at[1]) = tree->count;
    return WEIR_OK;
}

static enum weir_err convert_child(const struct weir_convert *convert,
                                   const struct weir_option *option,
                                   const struct weir_tree *tree,
                                   void *target,
                                   const char *path)
{
    void *child = weir_take(convert->scope, 1, option->section->bytes);
    const char *below = weir_path_take(convert->scope, path, option->key);
    if (child == NULL || below == NULL)
        return WEIR_E_MEMORY;
    *(void **)weir_place_of(target, option->at[0]) = child;
    return convert_section(convert, option->section, tree->value, child, below);
}

static enum weir_err convert_option(const struct weir_convert *convert,
                                    const struct weir_option *option,
                                    const struct weir_tree *tree,
                                    void *target,
                                    const char *path)
{
    bool is_given = tree != NULL && tree->value != NULL;
    if (option->given.bytes != 0)
        *(bool *)weir_place_of(target, option->given) = is_given;
    if (weir_option_is_scalar(option->kind))
        return convert_scalar(convert, option, is_given ? tree->value : option->fallback, target,
                              path);
    if (option->kind == WEIR_OPTION_SECTION) {
        const char *below = weir_path_take(convert->scope, path, option->key);
        if (below == NULL)
            return WEIR_E_MEMORY;
        return convert_section(convert, option->section, is_given ? tree->value : NULL,
                               weir_place_of(target, option->at[0]), below);
    }
    if (!is_given)
        return WEIR_OK;
    if (option->kind == WEIR_OPTION_CHILD)
        return convert_child(convert, option, tree, target, path);
    if (option->kind == WEIR_OPTION_TEXTS)
        return convert_texts(convert, option, tree, target, path);
    if (option->kind == WEIR_OPTION_TIMES)
        return convert_times(convert, option, tree, target, path);
    return convert_list(convert, option, tree, target, path);
}

/* `tree` NULL: the section is absent, so only defaults are written and nothing is missing. */
static enum weir_err convert_section(const struct weir_convert *convert,
                                     const struct weir_section *section,
                                     const struct weir_tree *tree,
                                     void *target,
                                     const char *path)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct weir_option *option = &section->options[i];
        if (option->is_required && tree != NULL && tree[i].value == NULL && tree[i].count == 0)
            return missing(convert, path, option->key);
        enum weir_err err =
            convert_option(convert, option, tree == NULL ? NULL : &tree[i], target, path);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

enum weir_err weir_convert(const struct weir_convert *convert,
                           const struct weir_section *schema,
                           const struct weir_tree *tree,
                           void *target)
{
    return convert_section(convert, schema, tree, target, "");
}
