/* Rows of a gauge for people and programs: a table, CSV, JSON.  Writes to standard output.
 * Floor 3. */
#ifndef WEIR_NODE_GAUGE_PRINT_H
#define WEIR_NODE_GAUGE_PRINT_H

#include <stddef.h>

#include "node/gauge_rows.h"

struct weir_json;
struct weir_terminal;

/* RFC 4180 with a header line; a column that the kind of gauge does not have is empty. */
void weir_gauge_print_csv(const struct weir_gauge *gauge,
                          const struct weir_gauge_row *rows,
                          size_t row_count);

void weir_gauge_print_table(const struct weir_terminal *terminal,
                            const struct weir_gauge *gauge,
                            const struct weir_gauge_row *rows,
                            size_t row_count);

/* One object: whole numbers are strings. */
void weir_gauge_print_json(struct weir_json *json,
                           const char *key,
                           const struct weir_gauge *gauge,
                           const struct weir_gauge_row *row);

/* "99.9500 %", cut to four decimals, or "-" when there is nothing to count. */
#define WEIR_SHARE_TEXT_BYTES 32
void weir_share_print(struct weir_ratio ratio, char text[static WEIR_SHARE_TEXT_BYTES]);

#endif /* WEIR_NODE_GAUGE_PRINT_H */
