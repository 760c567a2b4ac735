#include "config/show.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "config/value.h"
#include "metrics/calendar.h"

#define DEPTH_MAX 16

struct list {
    struct weir_scope *scope;
    struct weir_shown *items;
    size_t count;
    size_t capacity;
};

static enum weir_err list_add(struct list *list, struct weir_shown item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
        struct weir_shown *items = weir_take(list->scope, capacity, sizeof(*items));
        if (items == NULL)
            return WEIR_E_MEMORY;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return WEIR_OK;
}

static enum weir_err list_open(struct list *list, enum weir_shown_kind kind, const char *key)
{
    return list_add(list, (struct weir_shown){.kind = kind, .key = key});
}

static enum weir_err list_close(struct list *list)
{
    return list_add(list, (struct weir_shown){.kind = WEIR_SHOWN_END});
}

static enum weir_err
show_options(struct list *list, const struct weir_section *section, const void *target);

static enum weir_err show_section(struct list *list,
                                  const char *key,
                                  const struct weir_section *section,
                                  const void *target)
{
    enum weir_err err = list_open(list, WEIR_SHOWN_SECTION, key);
    if (err == WEIR_OK)
        err = show_options(list, section, target);
    return err == WEIR_OK ? list_close(list) : err;
}

static enum weir_err
show_texts(struct list *list, const struct weir_option *option, const void *target)
{
    const struct weir_config_texts *texts = weir_place_in(target, option->at[0]);
    enum weir_err err = list_open(list, WEIR_SHOWN_LIST, option->key);
    for (size_t i = 0; err == WEIR_OK && i < texts->count; i++)
        err = list_add(list, (struct weir_shown){.kind = WEIR_SHOWN_VALUE,
                                                 .option = WEIR_OPTION_TEXT,
                                                 .value = texts->items[i]});
    return err == WEIR_OK ? list_close(list) : err;
}

static enum weir_err
show_times(struct list *list, const struct weir_option *option, const void *target)
{
    const int64_t *times_s = *(const int64_t *const *)weir_place_in(target, option->at[0]);
    size_t count = *(const size_t *)weir_place_in(target, option->at[1]);
    enum weir_err err = list_open(list, WEIR_SHOWN_LIST, option->key);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        char text[WEIR_TIME_TEXT_BYTES];
        weir_time_print(times_s[i] * 1000, text);
        const char *copy = weir_take_text(list->scope, text, strlen(text));
        if (copy == NULL)
            return WEIR_E_MEMORY;
        err = list_add(list, (struct weir_shown){.kind = WEIR_SHOWN_VALUE,
                                                 .option = WEIR_OPTION_TIME,
                                                 .value = copy});
    }
    return err == WEIR_OK ? list_close(list) : err;
}

static enum weir_err
show_list(struct list *list, const struct weir_option *option, const void *target)
{
    const uint8_t *items = *(const uint8_t *const *)weir_place_in(target, option->at[0]);
    size_t count = *(const size_t *)weir_place_in(target, option->at[1]);
    enum weir_err err = list_open(list, WEIR_SHOWN_LIST, option->key);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = show_section(list, NULL, option->section, items + i * option->section->bytes);
    return err == WEIR_OK ? list_close(list) : err;
}

static enum weir_err
show_scalar(struct list *list, const struct weir_option *option, const void *target)
{
    const char *text;
    enum weir_err err = weir_value_print(list->scope, option, target, &text);
    /* 0 stands for "not there" where the bounds exclude it, as in the length of a month. */
    if (err != WEIR_OK || text == NULL)
        return err;
    bool is_number = option->kind == WEIR_OPTION_DURATION || option->kind == WEIR_OPTION_COUNT;
    if (is_number && option->min > 0 && weir_option_get(target, option->at[0]) == 0)
        return WEIR_OK;
    return list_add(list, (struct weir_shown){.kind = WEIR_SHOWN_VALUE,
                                              .option = option->kind,
                                              .key = option->key,
                                              .value = text});
}

static enum weir_err
show_option(struct list *list, const struct weir_option *option, const void *target)
{
    bool is_marked = option->given.bytes != 0;
    bool is_given = is_marked && *(const bool *)weir_place_in(target, option->given);
    if (option->kind == WEIR_OPTION_SECTION) {
        if (is_marked && !is_given)
            return WEIR_OK;
        return show_section(list, option->key, option->section,
                            weir_place_in(target, option->at[0]));
    }
    if (option->kind == WEIR_OPTION_CHILD) {
        const void *child = *(const void *const *)weir_place_in(target, option->at[0]);
        return child == NULL ? WEIR_OK : show_section(list, option->key, option->section, child);
    }
    if (option->kind == WEIR_OPTION_LIST)
        return show_list(list, option, target);
    if (option->kind == WEIR_OPTION_TEXTS)
        return show_texts(list, option, target);
    if (option->kind == WEIR_OPTION_TIMES)
        return *(const size_t *)weir_place_in(target, option->at[1]) == 0
                   ? WEIR_OK
                   : show_times(list, option, target);
    return is_marked && !is_given ? WEIR_OK : show_scalar(list, option, target);
}

static enum weir_err
show_options(struct list *list, const struct weir_section *section, const void *target)
{
    for (size_t i = 0; i < section->option_count; i++) {
        enum weir_err err = show_option(list, &section->options[i], target);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

enum weir_err weir_config_show(struct weir_scope *scope,
                               const struct weir_config *config,
                               struct weir_shown **items,
                               size_t *item_count)
{
    struct list list = {.scope = scope};
    enum weir_err err = show_options(&list, &weir_config_schema, config);
    if (err != WEIR_OK)
        return err;
    *items = list.items;
    *item_count = list.count;
    return WEIR_OK;
}

/* Numbers, words and durations need no quotes; text of people does. */
static enum weir_err
value_write(struct weir_scope *scope, const struct weir_shown *item, struct weir_buffer *buffer)
{
    bool is_bare = item->option != WEIR_OPTION_TEXT && item->option != WEIR_OPTION_PATH &&
                   item->option != WEIR_OPTION_URL && item->option != WEIR_OPTION_ADDRESS &&
                   item->option != WEIR_OPTION_ASSET && item->option != WEIR_OPTION_HASH &&
                   item->option != WEIR_OPTION_PERCENT && item->option != WEIR_OPTION_AMOUNT &&
                   item->option != WEIR_OPTION_SEPARATOR && item->option != WEIR_OPTION_STATUSES &&
                   item->option != WEIR_OPTION_LISTEN && item->option != WEIR_OPTION_NAME;
    if (is_bare)
        return weir_buffer_printf(scope, buffer, "%s\n", item->value);
    enum weir_err err = weir_buffer_text(scope, buffer, "\"");
    for (const char *at = item->value; err == WEIR_OK && *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            err = weir_buffer_text(scope, buffer, "\\");
        if (err == WEIR_OK)
            err = weir_buffer_put(scope, buffer, at, 1);
    }
    return err == WEIR_OK ? weir_buffer_text(scope, buffer, "\"\n") : err;
}

/* Where one open section or list stands. */
struct level {
    size_t indent;
    bool is_list;
    bool is_dash_pending; /* the next line begins the item of a list */
};

static enum weir_err
line_begin(struct weir_scope *scope, struct weir_buffer *buffer, struct level *level)
{
    size_t blanks = level->indent;
    bool is_dash = level->is_list || level->is_dash_pending;
    if (level->is_dash_pending)
        blanks -= 2;
    level->is_dash_pending = false;
    return weir_buffer_printf(scope, buffer, "%*s%s", (int)blanks, "", is_dash ? "- " : "");
}

/* One item below `level`; `below` is where its own items would stand. */
static enum weir_err item_write(struct weir_scope *scope,
                                struct weir_buffer *buffer,
                                const struct weir_shown *item,
                                bool is_empty,
                                struct level *level)
{
    if (item->kind == WEIR_SHOWN_SECTION && item->key == NULL)
        return WEIR_OK; /* the dash comes with its first key */
    enum weir_err err = line_begin(scope, buffer, level);
    if (err == WEIR_OK && item->key != NULL)
        err = weir_buffer_printf(scope, buffer, "%s:", item->key);
    if (err != WEIR_OK)
        return err;
    if (item->kind == WEIR_SHOWN_VALUE) {
        if (item->key != NULL)
            err = weir_buffer_text(scope, buffer, " ");
        return err == WEIR_OK ? value_write(scope, item, buffer) : err;
    }
    return weir_buffer_text(scope, buffer,
                            is_empty && item->kind == WEIR_SHOWN_LIST ? " []\n" : "\n");
}

enum weir_err weir_shown_print(struct weir_scope *scope,
                               const struct weir_shown *items,
                               size_t item_count,
                               struct weir_buffer *buffer)
{
    struct level levels[DEPTH_MAX] = {{0}};
    size_t depth = 0;
    for (size_t i = 0; i < item_count; i++) {
        const struct weir_shown *item = &items[i];
        bool is_empty = i + 1 < item_count && items[i + 1].kind == WEIR_SHOWN_END;
        enum weir_err err = WEIR_OK;
        if (item->kind == WEIR_SHOWN_END)
            depth--;
        else
            err = item_write(scope, buffer, item, is_empty, &levels[depth]);
        if (err != WEIR_OK)
            return err;
        if (item->kind != WEIR_SHOWN_SECTION && item->kind != WEIR_SHOWN_LIST)
            continue;
        assert(depth + 1 < DEPTH_MAX);
        levels[depth + 1] = (struct level){.indent = levels[depth].indent + 2,
                                           .is_list = item->kind == WEIR_SHOWN_LIST,
                                           .is_dash_pending = item->key == NULL};
        depth++;
    }
    return WEIR_OK;
}
