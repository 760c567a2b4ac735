/* Reading and printing the values of single options, strictly: no unit guessed, no rest ignored, no
 * second way to write a number.  Errors are CONFIG with a text that ends in what would be right;
 * the caller adds file, line and key.  Floor 1: pure. */
#ifndef WEIR_CONFIG_VALUE_H
#define WEIR_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/read.h"
#include "config/schema.h"

/* Reads `text` as the option's kind and writes it to its places in `target`.  Texts are copied into
 * the arena.  Scalar kinds only. */
WEIR_CHECKED enum weir_err weir_value_read(struct weir_scope *scope,
                                           const struct weir_option *option,
                                           const char *text,
                                           struct weir_address_check check,
                                           void *target);

/* The text that would be read back as the same value; NULL when the option has none.  Secrets are
 * masked.  `*text` lives in the arena.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_value_print(struct weir_scope *scope,
                                            const struct weir_option *option,
                                            const void *target,
                                            const char **text);

/* "90s" -> 90000; units ms, s, m, h, d, w. */
WEIR_CHECKED enum weir_err
weir_duration_parse(struct weir_scope *scope, const char *text, uint64_t *duration_ms);
/* The shortest exact form: "90s", "1h", "250ms". */
const char *weir_duration_print(struct weir_scope *scope, uint64_t duration_ms);

/* "64KiB" -> 65536; units B, KiB, MiB, GiB. */
WEIR_CHECKED enum weir_err
weir_size_parse(struct weir_scope *scope, const char *text, uint64_t *bytes);

/* Strict RFC 3339 in UTC. */
WEIR_CHECKED enum weir_err
weir_config_time_parse(struct weir_scope *scope, const char *text, int64_t *unix_ms);

/* Where a field of a target is. */
static inline void *weir_place_of(void *target, struct weir_place place)
{
    return (uint8_t *)target + place.offset;
}
static inline const void *weir_place_in(const void *target, struct weir_place place)
{
    return (const uint8_t *)target + place.offset;
}

#endif /* WEIR_CONFIG_VALUE_H */
