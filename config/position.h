/* Where in the file each key stands, and whether keys and nesting are those of the schema.  One
 * pass over the YAML events finds what libcyaml would report in the wrong line or not at all:
 * unknown and duplicate keys, a value where a section belongs, tags, anchors, a second document, an
 * empty file. Owned by the scope's arena.  Floor 1: pure. */
#ifndef WEIR_CONFIG_POSITION_H
#define WEIR_CONFIG_POSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "config/schema.h"

#define WEIR_POSITIONS_MAX 400000

struct weir_position {
    const char *path; /* "gauges[0].probe.interval" */
    uint32_t line;    /* counted from 1 */
};

struct weir_positions {
    const char *file;
    struct weir_position *items; /* in the order of the file */
    size_t count;
    size_t capacity;
};

/* Errors: CONFIG, MEMORY. */
WEIR_CHECKED enum weir_err weir_positions_find(struct weir_scope *scope,
                                               const char *file,
                                               struct weir_slice text,
                                               const struct weir_section *schema,
                                               struct weir_positions *positions);

/* The line of `path`, or of the nearest key around it. */
uint32_t weir_positions_line(const struct weir_positions *positions, const char *path);

/* Whether the file has it. */
int weir_positions_has(const struct weir_positions *positions, const char *path);

/* Puts "weir.yaml:12: gauges[0].probe.interval: " before the recorded failure. */
enum weir_err weir_positions_note(struct weir_scope *scope,
                                  const struct weir_positions *positions,
                                  const char *path);

/* The path of a key below another path, in the arena: path_of("gauges[0]", "name"). */
const char *weir_path_take(struct weir_scope *scope, const char *above, const char *key);
const char *weir_path_take_index(struct weir_scope *scope, const char *list, size_t index);

#endif /* WEIR_CONFIG_POSITION_H */
