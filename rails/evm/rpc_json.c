#include "rails/evm/rpc_json.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define QUANTITY_DIGITS_MAX 64
#define U128_DIGITS_MAX 32

/* The digits behind "0x". */
static bool digits_of(const json_t *value, struct weir_slice *digits)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (text == NULL || length < 2 || text[0] != '0' || text[1] != 'x')
        return false;
    *digits = (struct weir_slice){(const uint8_t *)text + 2, length - 2};
    return true;
}

static int digit_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool weir_rpc_json_u128(const json_t *value, unsigned __int128 *out)
{
    struct weir_slice digits;
    if (!digits_of(value, &digits) || digits.length == 0 || digits.length > QUANTITY_DIGITS_MAX)
        return false;
    if (digits.data[0] == '0' && digits.length > 1)
        return false;
    unsigned __int128 number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        int digit = digit_value(digits.data[i]);
        if (digit < 0)
            return false;
        number = number << 4 | (unsigned)digit;
    }
    *out = digits.length > U128_DIGITS_MAX ? ~(unsigned __int128)0 : number;
    return true;
}

bool weir_rpc_json_u64(const json_t *value, uint64_t *out)
{
    unsigned __int128 wide = 0;
    if (!weir_rpc_json_u128(value, &wide) || wide > UINT64_MAX)
        return false;
    *out = (uint64_t)wide;
    return true;
}

bool weir_rpc_json_fixed(const json_t *value, uint8_t *bytes, size_t length)
{
    struct weir_slice digits;
    struct weir_scope scope = {0};
    return digits_of(value, &digits) && digits.length == 2 * length &&
           weir_hex_parse(&scope, digits, bytes, length) == WEIR_OK;
}

bool weir_rpc_json_hash(const json_t *value, struct weir_hash *out)
{
    struct weir_hash hash;
    if (!weir_rpc_json_fixed(value, hash.bytes, WEIR_HASH_BYTES))
        return false;
    *out = hash;
    return true;
}

bool weir_rpc_json_address(const json_t *value, struct weir_address *out)
{
    struct weir_address address;
    if (!weir_rpc_json_fixed(value, address.bytes, WEIR_ADDRESS_BYTES))
        return false;
    *out = address;
    return true;
}

bool weir_rpc_json_bytes(struct weir_scope *scope, const json_t *value, struct weir_slice *out)
{
    struct weir_slice digits;
    if (!digits_of(value, &digits) || digits.length % 2 != 0)
        return false;
    uint8_t *bytes = weir_take(scope, digits.length / 2, 1);
    struct weir_scope quiet = {0}; /* a wrong shape is no failure of the exchange */
    if (bytes == NULL || weir_hex_parse(&quiet, digits, bytes, digits.length / 2) != WEIR_OK)
        return false;
    *out = (struct weir_slice){bytes, digits.length / 2};
    return true;
}
