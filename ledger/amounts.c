#include "ledger/amounts.h"

#include <string.h>

#include "ledger/sql.h"

#define HIGH_BYTES 16 /* zero in every amount of this program */

void weir_amount_write(unsigned __int128 amount, uint8_t bytes[static WEIR_AMOUNT_BYTES])
{
    memset(bytes, 0, HIGH_BYTES);
    for (size_t i = WEIR_AMOUNT_BYTES; i > HIGH_BYTES; i--) {
        bytes[i - 1] = (uint8_t)amount;
        amount >>= 8;
    }
}

unsigned __int128 weir_row_amount(struct weir_rows *rows, int column)
{
    uint8_t bytes[WEIR_AMOUNT_BYTES];
    unsigned __int128 amount = 0;
    weir_row_bytes(rows, column, bytes, sizeof(bytes));
    for (size_t i = 0; i < WEIR_AMOUNT_BYTES; i++) {
        if (i < HIGH_BYTES && bytes[i] != 0 && rows->err == WEIR_OK)
            rows->err = weir_fail(rows->scope, WEIR_E_CORRUPT, "an amount above 2^128");
        amount = amount << 8 | bytes[i];
    }
    return amount;
}
