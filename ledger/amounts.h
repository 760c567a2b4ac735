/* Amounts as the file has them: 32 bytes, big-endian, for a chain counts in 256 bits; what this
 * program books fits 128.  Private to the ledger. */
#ifndef WEIR_LEDGER_AMOUNTS_H
#define WEIR_LEDGER_AMOUNTS_H

#include <stdint.h>

#define WEIR_AMOUNT_BYTES 32

struct weir_rows;

void weir_amount_write(unsigned __int128 amount, uint8_t bytes[static WEIR_AMOUNT_BYTES]);

/* From a column; more than 128 bits is CORRUPT. */
unsigned __int128 weir_row_amount(struct weir_rows *rows, int column);

#endif /* WEIR_LEDGER_AMOUNTS_H */
