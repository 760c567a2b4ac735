#include "config/position.h"

#include <assert.h>
#include <string.h>

#include <yaml.h>

#include "base/arena.h"
#include "base/text.h"

/* One pass over one file.  The event at hand is always the next that was not used yet. */
struct reader {
    struct weir_scope *scope;
    struct weir_positions *positions;
    yaml_parser_t parser;
    yaml_event_t event;
};

static uint32_t event_line(const struct reader *reader)
{
    return (uint32_t)reader->event.start_mark.line + 1;
}

static enum weir_err refuse_at(struct reader *reader, uint32_t line, const char *path)
{
    if (*path != '\0')
        (void)weir_note(reader->scope, "%s", path);
    return weir_note(reader->scope, "%s:%u", reader->positions->file, line);
}

/* Takes the next event; anchors, aliases and tags are refused here, so nobody else meets one. */
static enum weir_err reader_next(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (!yaml_parser_parse(&reader->parser, &reader->event)) {
        const char *problem = reader->parser.problem;
        uint32_t line = (uint32_t)reader->parser.problem_mark.line + 1;
        (void)weir_fail(reader->scope, WEIR_E_CONFIG, "not well-formed YAML: %s",
                        problem == NULL ? "unknown problem" : problem);
        return refuse_at(reader, line, "");
    }
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (reader->event.type == YAML_SCALAR_EVENT) {
        anchor = reader->event.data.scalar.anchor;
        tag = reader->event.data.scalar.tag;
    } else if (reader->event.type == YAML_MAPPING_START_EVENT) {
        anchor = reader->event.data.mapping_start.anchor;
        tag = reader->event.data.mapping_start.tag;
    } else if (reader->event.type == YAML_SEQUENCE_START_EVENT) {
        anchor = reader->event.data.sequence_start.anchor;
        tag = reader->event.data.sequence_start.tag;
    }
    if (anchor == NULL && tag == NULL && reader->event.type != YAML_ALIAS_EVENT)
        return WEIR_OK;
    (void)weir_fail(reader->scope, WEIR_E_CONFIG, "%s are not understood here: write the value out",
                    tag != NULL ? "tags (!...)" : "anchors and aliases (&..., *...)");
    return refuse_at(reader, event_line(reader), "");
}

static enum weir_err position_add(struct reader *reader, const char *path, uint32_t line)
{
    struct weir_positions *positions = reader->positions;
    if (positions->count == positions->capacity) {
        size_t capacity = positions->capacity == 0 ? 256 : 2 * positions->capacity;
        if (capacity > WEIR_POSITIONS_MAX)
            return weir_fail(reader->scope, WEIR_E_CONFIG, "the file has too many keys");
        struct weir_position *items = weir_take(reader->scope, capacity, sizeof(*items));
        if (items == NULL)
            return WEIR_E_MEMORY;
        if (positions->count > 0)
            memcpy(items, positions->items, positions->count * sizeof(*items));
        positions->items = items;
        positions->capacity = capacity;
    }
    positions->items[positions->count++] = (struct weir_position){.path = path, .line = line};
    return WEIR_OK;
}

const char *weir_path_take(struct weir_scope *scope, const char *above, const char *key)
{
    if (*above == '\0')
        return weir_take_text(scope, key, strlen(key));
    return weir_take_printf(scope, "%s.%s", above, key);
}

const char *weir_path_take_index(struct weir_scope *scope, const char *list, size_t index)
{
    return weir_take_printf(scope, "%s[%zu]", list, index);
}

static enum weir_err
read_section(struct reader *reader, const struct weir_section *section, const char *path);

/* The event at hand begins the value of `path`; says what kind of thing it should be. */
static enum weir_err expect(struct reader *reader, yaml_event_type_t type, const char *path)
{
    if (reader->event.type == type)
        return WEIR_OK;
    bool is_empty = reader->event.type == YAML_SCALAR_EVENT &&
                    reader->event.data.scalar.length == 0 &&
                    reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *wanted = "a single value is wanted here";
    if (type == YAML_MAPPING_START_EVENT)
        wanted = "keys of its own are wanted here, indented below it";
    else if (type == YAML_SEQUENCE_START_EVENT)
        wanted = is_empty ? "a list is wanted here; write [] for an empty one"
                          : "a list is wanted here, one '- ' for each item";
    (void)weir_fail(reader->scope, WEIR_E_CONFIG, "%s", wanted);
    return refuse_at(reader, event_line(reader), path);
}

static enum weir_err read_scalar(struct reader *reader, const char *path)
{
    if (expect(reader, YAML_SCALAR_EVENT, path) != WEIR_OK)
        return reader->scope->err;
    size_t length = reader->event.data.scalar.length;
    const char *text = (const char *)reader->event.data.scalar.value;
    bool is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *problem = NULL;
    if (memchr(text, '\0', length) != NULL)
        problem = "the value holds a NUL byte";
    else if (is_plain && (length == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
        problem = "there is no value; leave the key out, or write \"\" for an empty text";
    if (problem == NULL)
        return WEIR_OK;
    (void)weir_fail(reader->scope, WEIR_E_CONFIG, "%s", problem);
    return refuse_at(reader, event_line(reader), path);
}

static enum weir_err
read_list(struct reader *reader, const struct weir_option *option, const char *path)
{
    if (expect(reader, YAML_SEQUENCE_START_EVENT, path) != WEIR_OK)
        return reader->scope->err;
    for (size_t i = 0;; i++) {
        if (reader_next(reader) != WEIR_OK)
            return reader->scope->err;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            return WEIR_OK;
        const char *item = weir_path_take_index(reader->scope, path, i);
        if (item == NULL || position_add(reader, item, event_line(reader)) != WEIR_OK)
            return reader->scope->err;
        if (option->max != 0 && i >= option->max) {
            (void)weir_fail(reader->scope, WEIR_E_CONFIG, "the list has more than %llu items",
                            (unsigned long long)option->max);
            return refuse_at(reader, event_line(reader), path);
        }
        enum weir_err err = option->kind == WEIR_OPTION_LIST
                                ? read_section(reader, option->section, item)
                                : read_scalar(reader, item);
        if (err != WEIR_OK)
            return err;
    }
}

static enum weir_err
read_value(struct reader *reader, const struct weir_option *option, const char *path)
{
    if (weir_option_is_scalar(option->kind))
        return read_scalar(reader, path);
    if (option->kind == WEIR_OPTION_SECTION || option->kind == WEIR_OPTION_CHILD)
        return read_section(reader, option->section, path);
    return read_list(reader, option, path);
}

static enum weir_err
refuse_unknown(struct reader *reader, const struct weir_section *section, const char *path)
{
    const char *keys[WEIR_OPTIONS_MAX];
    for (size_t i = 0; i < section->option_count; i++)
        keys[i] = section->options[i].key;
    const char *key = (const char *)reader->event.data.scalar.value;
    const char *nearest = weir_nearest(key, keys, section->option_count);
    if (nearest != NULL) {
        (void)weir_fail(reader->scope, WEIR_E_CONFIG, "unknown key '%s'; did you mean '%s'?", key,
                        nearest);
        return refuse_at(reader, event_line(reader), path);
    }
    const char *list = keys[0];
    for (size_t i = 1; i < section->option_count && list != NULL; i++)
        list = weir_take_printf(reader->scope, "%s, %s", list, keys[i]);
    (void)weir_fail(reader->scope, WEIR_E_CONFIG, "unknown key '%s'; the keys here are %s", key,
                    list == NULL ? "many" : list);
    return refuse_at(reader, event_line(reader), path);
}

/* The key at hand: finds its option, refuses what is unknown or a second time there. */
static enum weir_err read_key(struct reader *reader,
                              const struct weir_section *section,
                              const char *path,
                              uint64_t *seen,
                              const struct weir_option **option)
{
    if (reader->event.type != YAML_SCALAR_EVENT) {
        (void)weir_fail(reader->scope, WEIR_E_CONFIG, "a key is wanted here");
        return refuse_at(reader, event_line(reader), path);
    }
    const char *key = (const char *)reader->event.data.scalar.value;
    for (size_t i = 0; i < section->option_count; i++) {
        if (strcmp(section->options[i].key, key) != 0 ||
            strlen(key) != reader->event.data.scalar.length)
            continue;
        if ((*seen >> i & 1) != 0) {
            (void)weir_fail(reader->scope, WEIR_E_CONFIG, "the key '%s' is there twice", key);
            return refuse_at(reader, event_line(reader), path);
        }
        *seen |= UINT64_C(1) << i;
        *option = &section->options[i];
        return WEIR_OK;
    }
    return refuse_unknown(reader, section, path);
}

/* Depth is bounded by the schema: an unknown key is refused before what lies below it is read. */
static enum weir_err
read_section(struct reader *reader, const struct weir_section *section, const char *path)
{
    assert(section->option_count <= WEIR_OPTIONS_MAX);
    uint64_t seen = 0;
    if (expect(reader, YAML_MAPPING_START_EVENT, path) != WEIR_OK)
        return reader->scope->err;
    for (;;) {
        const struct weir_option *option = NULL;
        if (reader_next(reader) != WEIR_OK)
            return reader->scope->err;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return WEIR_OK;
        if (read_key(reader, section, path, &seen, &option) != WEIR_OK)
            return reader->scope->err;
        const char *below = weir_path_take(reader->scope, path, option->key);
        if (below == NULL || position_add(reader, below, event_line(reader)) != WEIR_OK ||
            reader_next(reader) != WEIR_OK || read_value(reader, option, below) != WEIR_OK)
            return reader->scope->err;
    }
}

static enum weir_err reader_skip(struct reader *reader, unsigned count)
{
    enum weir_err err = WEIR_OK;
    for (unsigned i = 0; i < count && err == WEIR_OK; i++)
        err = reader_next(reader);
    return err;
}

static enum weir_err read_file(struct reader *reader, const struct weir_section *schema)
{
    if (reader_skip(reader, 2) != WEIR_OK)
        return reader->scope->err;
    if (reader->event.type != YAML_DOCUMENT_START_EVENT) {
        (void)weir_fail(reader->scope, WEIR_E_CONFIG, "the file is empty");
        return refuse_at(reader, 1, "");
    }
    if (reader_next(reader) != WEIR_OK || read_section(reader, schema, "") != WEIR_OK ||
        reader_skip(reader, 2) != WEIR_OK)
        return reader->scope->err;
    if (reader->event.type != YAML_STREAM_END_EVENT) {
        (void)weir_fail(reader->scope, WEIR_E_CONFIG, "a second document begins here");
        return refuse_at(reader, event_line(reader), "");
    }
    return WEIR_OK;
}

enum weir_err weir_positions_find(struct weir_scope *scope,
                                  const char *file,
                                  struct weir_slice text,
                                  const struct weir_section *schema,
                                  struct weir_positions *positions)
{
    *positions = (struct weir_positions){.file = file};
    if (!weir_utf8_is_valid(text)) {
        (void)weir_fail(scope, WEIR_E_CONFIG, "the file is not UTF-8 text");
        return weir_note(scope, "%s", file);
    }
    struct reader reader = {.scope = scope, .positions = positions};
    if (!yaml_parser_initialize(&reader.parser))
        return weir_fail(scope, WEIR_E_MEMORY, "the YAML parser has no memory");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, text.data, text.length);
    enum weir_err err = read_file(&reader, schema);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return err;
}

static const struct weir_position *
position_of(const struct weir_positions *positions, const char *path, size_t length)
{
    for (size_t i = 0; i < positions->count; i++) {
        const char *candidate = positions->items[i].path;
        if (strncmp(candidate, path, length) == 0 && candidate[length] == '\0')
            return &positions->items[i];
    }
    return NULL;
}

uint32_t weir_positions_line(const struct weir_positions *positions, const char *path)
{
    for (size_t length = strlen(path); length > 0; length--) {
        bool is_border = path[length] == '\0' || path[length] == '.' || path[length] == '[';
        const struct weir_position *found = is_border ? position_of(positions, path, length) : NULL;
        if (found != NULL)
            return found->line;
    }
    return 1;
}

int weir_positions_has(const struct weir_positions *positions, const char *path)
{
    return position_of(positions, path, strlen(path)) != NULL;
}

enum weir_err weir_positions_note(struct weir_scope *scope,
                                  const struct weir_positions *positions,
                                  const char *path)
{
    if (*path != '\0')
        (void)weir_note(scope, "%s", path);
    return weir_note(scope, "%s:%u", positions->file, weir_positions_line(positions, path));
}
