/* Amounts that cannot be mixed up: whole base units of one asset (wei, 0.000001 USDC), never
 * negative, never floating point.  `.base_units` is touched only in money.c and its test.
 * Small value, passed by value.  Floor 0: no I/O, no clock, no heap. */
#ifndef WEIR_BASE_MONEY_H
#define WEIR_BASE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_MONEY_DECIMALS_MAX 38
#define WEIR_MONEY_TEXT_BYTES 42 /* 39 digits, leading zero, point, NUL */

struct weir_money {
    unsigned __int128 base_units; /* any value; 2^128-1 wei are 3.4e20 ETH */
    uint16_t asset;               /* number in the node's asset table; 0 is never valid */
};

/* From a whole number of base units, as chains and tables give it.  asset > 0. */
struct weir_money weir_money_make(uint16_t asset, unsigned __int128 base_units);
unsigned __int128 weir_money_units(struct weir_money money);
bool weir_money_is_zero(struct weir_money money);

/* Sets `*sum`.  Errors: ASSET (two assets), OVERFLOW; `*sum` is then untouched. */
WEIR_CHECKED enum weir_err weir_money_add(struct weir_scope *scope,
                                          struct weir_money a,
                                          struct weir_money b,
                                          struct weir_money *sum);

/* Sets `*rest` to a - b.  Errors: ASSET, OVERFLOW (b is larger); `*rest` is then untouched. */
WEIR_CHECKED enum weir_err weir_money_subtract(struct weir_scope *scope,
                                               struct weir_money a,
                                               struct weir_money b,
                                               struct weir_money *rest);

/* <0, 0, >0; the caller has made sure that the assets are equal. */
int weir_money_compare(struct weir_money a, struct weir_money b);

/* Every decimal of the asset: 25 base units with 6 decimals are "0.000025".  decimals <= 38. */
void weir_money_print(struct weir_money money,
                      uint8_t decimals,
                      char text[static WEIR_MONEY_TEXT_BYTES]);

/* The inverse: "12.5" with 6 decimals is 12500000 base units; more decimals than the asset has are
 * refused, also zeros.  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err weir_money_parse(struct weir_scope *scope,
                                            struct weir_slice text,
                                            uint16_t asset,
                                            uint8_t decimals,
                                            struct weir_money *money);

#endif /* WEIR_BASE_MONEY_H */
