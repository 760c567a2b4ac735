/* The 20-byte address of an account or contract, and its text forms.  People write and read the
 * mixed-case checksum of EIP-55; machines exchange lowercase digits.  Floor 1: pure. */
#ifndef WEIR_ATTEST_ADDRESS_H
#define WEIR_ATTEST_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_ADDRESS_BYTES 20
#define WEIR_ADDRESS_TEXT_BYTES 43 /* "0x", 40 digits, NUL */

struct weir_address {
    uint8_t bytes[WEIR_ADDRESS_BYTES];
};

bool weir_address_is_zero(const struct weir_address *address);
bool weir_address_equal(const struct weir_address *a, const struct weir_address *b);
/* As numbers: <0, 0, >0. */
int weir_address_compare(const struct weir_address *a, const struct weir_address *b);

/* With the EIP-55 checksum. */
void weir_address_print(const struct weir_address *address,
                        char text[static WEIR_ADDRESS_TEXT_BYTES]);
/* In lowercase. */
void weir_address_print_hex(const struct weir_address *address,
                            char text[static WEIR_ADDRESS_TEXT_BYTES]);

/* What a person wrote: "0x", 40 digits, and every letter in the case that EIP-55 demands.  A text
 * in one case carries no checksum and is refused too.  Errors: PARSE, with the reason. */
WEIR_CHECKED enum weir_err
weir_address_parse(struct weir_scope *scope, struct weir_slice text, struct weir_address *address);

/* What a machine wrote: "0x" and 40 lowercase digits.  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_address_parse_hex(struct weir_scope *scope,
                                                  struct weir_slice text,
                                                  struct weir_address *address);

#endif /* WEIR_ATTEST_ADDRESS_H */
