#include "attest/address.h"

#include <string.h>

#include "attest/keccak.h"
#include "base/text.h"

#define DIGITS (2 * WEIR_ADDRESS_BYTES)
#define PREFIX_BYTES 2

bool weir_address_is_zero(const struct weir_address *address)
{
    static const struct weir_address zero;
    return weir_address_equal(address, &zero);
}

bool weir_address_equal(const struct weir_address *a, const struct weir_address *b)
{
    return memcmp(a->bytes, b->bytes, WEIR_ADDRESS_BYTES) == 0;
}

int weir_address_compare(const struct weir_address *a, const struct weir_address *b)
{
    return memcmp(a->bytes, b->bytes, WEIR_ADDRESS_BYTES);
}

void weir_address_print_hex(const struct weir_address *address,
                            char text[static WEIR_ADDRESS_TEXT_BYTES])
{
    memcpy(text, "0x", PREFIX_BYTES);
    weir_hex_print(address->bytes, WEIR_ADDRESS_BYTES, text + PREFIX_BYTES);
}

void weir_address_print(const struct weir_address *address,
                        char text[static WEIR_ADDRESS_TEXT_BYTES])
{
    weir_address_print_hex(address, text);
    char *digits = text + PREFIX_BYTES;
    struct weir_hash hash = weir_keccak_of(digits, DIGITS);
    for (unsigned i = 0; i < DIGITS; i++) {
        unsigned nibble = i % 2 == 0 ? hash.bytes[i / 2] >> 4 : hash.bytes[i / 2] & 15u;
        if (nibble >= 8 && digits[i] >= 'a')
            digits[i] = (char)(digits[i] - 'a' + 'A');
    }
}

/* "0x" and 40 digits of either case. */
static enum weir_err
parse_digits(struct weir_scope *scope, struct weir_slice text, struct weir_address *address)
{
    if (text.length != PREFIX_BYTES + DIGITS || memcmp(text.data, "0x", PREFIX_BYTES) != 0)
        return weir_fail(scope, WEIR_E_PARSE,
                         "an address is 0x and 40 hexadecimal digits, not '%.*s'",
                         (int)(text.length > 64 ? 64 : text.length), (const char *)text.data);
    struct weir_slice digits = {text.data + PREFIX_BYTES, DIGITS};
    return weir_hex_parse(scope, digits, address->bytes, WEIR_ADDRESS_BYTES);
}

enum weir_err
weir_address_parse(struct weir_scope *scope, struct weir_slice text, struct weir_address *address)
{
    struct weir_address parsed;
    enum weir_err err = parse_digits(scope, text, &parsed);
    if (err != WEIR_OK)
        return err;
    char expected[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(&parsed, expected);
    if (!weir_slice_equals_text(text, expected)) {
        bool has_capital = false;
        for (size_t i = PREFIX_BYTES; i < text.length; i++)
            has_capital = has_capital || (text.data[i] >= 'A' && text.data[i] <= 'F');
        if (!has_capital)
            return weir_fail(scope, WEIR_E_PARSE,
                             "address %.*s is written without its checksum (EIP-55: capitals)",
                             (int)text.length, (const char *)text.data);
        return weir_fail(scope, WEIR_E_PARSE,
                         "the checksum of address %.*s is wrong (EIP-55): a digit was mistyped",
                         (int)text.length, (const char *)text.data);
    }
    *address = parsed;
    return WEIR_OK;
}

enum weir_err weir_address_parse_hex(struct weir_scope *scope,
                                     struct weir_slice text,
                                     struct weir_address *address)
{
    struct weir_address parsed;
    enum weir_err err = parse_digits(scope, text, &parsed);
    if (err != WEIR_OK)
        return err;
    char expected[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print_hex(&parsed, expected);
    if (!weir_slice_equals_text(text, expected))
        return weir_fail(scope, WEIR_E_PARSE, "address %.*s is not in lowercase", (int)text.length,
                         (const char *)text.data);
    *address = parsed;
    return WEIR_OK;
}
