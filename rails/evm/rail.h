/* The EVM rail as the settler holds it: a client, a policy and the operations of rails/rail.h.
 * Floor 2: I/O. */
#ifndef WEIR_RAILS_EVM_RAIL_H
#define WEIR_RAILS_EVM_RAIL_H

#include "base/err.h"
#include "rails/evm/client.h"
#include "rails/evm/manager.h"
#include "rails/rail.h"

/* `base` is first, so that a pointer to it is a pointer to the whole.  Plain data: the owner makes
 * it, there is nothing to free. */
struct weir_evm_rail {
    struct weir_rail base; /* ops == &weir_evm_rail_ops */
    struct weir_client client;
    struct weir_evm_policy policy;
};

extern const struct weir_rail_ops weir_evm_rail_ops;

/* Fills the rail; asks nothing yet.  `http` is borrowed; `endpoint.url` must stay. */
void weir_evm_rail_init(struct weir_evm_rail *rail,
                        struct weir_http *http,
                        const struct weir_rpc_endpoint *endpoint,
                        const struct weir_evm_policy *policy);

#endif /* WEIR_RAILS_EVM_RAIL_H */
