/* From an order to the call that fulfils it and the effect that shows it: report, open, fund,
 * deploy, mint.  Gas limits are computed bounds, not estimates: they depend only on the order, so
 * the same order always makes the same bytes.  Floor 2, pure. */
#ifndef WEIR_RAILS_EVM_DEPLOY_H
#define WEIR_RAILS_EVM_DEPLOY_H

#include "base/err.h"
#include "rails/rail.h"

/* `*call` and `*effect` live in the scope's arena.  Errors: RANGE (no signature, too many windows,
 * an amount of zero), MEMORY. */
WEIR_CHECKED enum weir_err weir_evm_prepare(struct weir_scope *scope,
                                            const struct weir_rail_order *order,
                                            struct weir_rail_call *call,
                                            struct weir_rail_effect *effect);

#endif /* WEIR_RAILS_EVM_DEPLOY_H */
