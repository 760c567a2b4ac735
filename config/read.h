/* The readers of the single kinds of options, behind weir_value_read.  Each checks `text`, writes
 * to the option's places in `target` and fails with CONFIG and a text that says what would be
 * right. Floor 1: pure. */
#ifndef WEIR_CONFIG_READ_H
#define WEIR_CONFIG_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/schema.h"

/* The function that knows EIP-55; NULL leaves the check out. */
struct weir_address_check {
    bool (*is_sound)(const char *text);
};

/* An unsigned number in a member of 1, 2, 4 or 8 bytes. */
void weir_option_store(void *target, struct weir_place place, uint64_t value);
uint64_t weir_option_get(const void *target, struct weir_place place);

/* Counts, durations, sizes and fees; `value` in the option's base unit. */
WEIR_CHECKED enum weir_err weir_option_read_quantity(struct weir_scope *scope,
                                                     const struct weir_option *option,
                                                     const char *text,
                                                     void *target);
const char *weir_option_print_quantity(struct weir_scope *scope,
                                       const struct weir_option *option,
                                       uint64_t value);

WEIR_CHECKED enum weir_err weir_option_read_text(struct weir_scope *scope,
                                                 const struct weir_option *option,
                                                 const char *text,
                                                 void *target);
WEIR_CHECKED enum weir_err weir_option_read_choice(struct weir_scope *scope,
                                                   const struct weir_option *option,
                                                   const char *text,
                                                   void *target);
WEIR_CHECKED enum weir_err weir_option_read_bool(struct weir_scope *scope,
                                                 const struct weir_option *option,
                                                 const char *text,
                                                 void *target);
WEIR_CHECKED enum weir_err weir_option_read_percent(struct weir_scope *scope,
                                                    const struct weir_option *option,
                                                    const char *text,
                                                    void *target);
WEIR_CHECKED enum weir_err weir_option_read_hash(struct weir_scope *scope,
                                                 const struct weir_option *option,
                                                 const char *text,
                                                 void *target);
WEIR_CHECKED enum weir_err weir_option_read_time(struct weir_scope *scope,
                                                 const struct weir_option *option,
                                                 const char *text,
                                                 void *target);
WEIR_CHECKED enum weir_err weir_option_read_address(struct weir_scope *scope,
                                                    struct weir_place place,
                                                    const char *text,
                                                    struct weir_address_check check,
                                                    void *target);
WEIR_CHECKED enum weir_err weir_option_read_asset(struct weir_scope *scope,
                                                  const struct weir_option *option,
                                                  const char *text,
                                                  struct weir_address_check check,
                                                  void *target);
WEIR_CHECKED enum weir_err weir_option_read_listen(struct weir_scope *scope,
                                                   const struct weir_option *option,
                                                   const char *text,
                                                   void *target);
WEIR_CHECKED enum weir_err weir_option_read_finality(struct weir_scope *scope,
                                                     const struct weir_option *option,
                                                     const char *text,
                                                     void *target);
WEIR_CHECKED enum weir_err weir_option_read_separator(struct weir_scope *scope,
                                                      const struct weir_option *option,
                                                      const char *text,
                                                      void *target);
WEIR_CHECKED enum weir_err weir_option_read_statuses(struct weir_scope *scope,
                                                     const struct weir_option *option,
                                                     const char *text,
                                                     void *target);

#endif /* WEIR_CONFIG_READ_H */
