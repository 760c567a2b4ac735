/* The parts of the status page that come from the ledger.  Private to the files node/api_page.c and
 * node/page_*.c.  Floor 3. */
#ifndef WEIR_NODE_PAGE_H
#define WEIR_NODE_PAGE_H

#include "base/err.h"
#include "node/html_out.h"
#include "node/overview.h"

/* A cell with the label that stands beside it on a narrow screen; closed by weir_page_cell_end. */
void weir_page_cell(struct weir_html *html, const char *label);
void weir_page_number(struct weir_html *html, const char *label); /* the same, set to the right */
void weir_page_cell_end(struct weir_html *html);

/* A word with a colour that says how good it is. */
enum weir_page_mood { WEIR_MOOD_NONE, WEIR_MOOD_GOOD, WEIR_MOOD_BAD, WEIR_MOOD_WARN };
void weir_page_pill(struct weir_html *html, enum weir_page_mood mood, const char *text);

/* Errors: those of reading, STORE, RANGE, MEMORY. */
WEIR_CHECKED enum weir_err weir_page_gauges(const struct weir_overview *overview,
                                            struct weir_scope *scope,
                                            struct weir_html *html);
WEIR_CHECKED enum weir_err weir_page_agreements(const struct weir_overview *overview,
                                                struct weir_scope *scope,
                                                struct weir_html *html);
WEIR_CHECKED enum weir_err weir_page_payouts(const struct weir_overview *overview,
                                             struct weir_scope *scope,
                                             struct weir_html *html);

#endif /* WEIR_NODE_PAGE_H */
