/* Handlers of the public read API, the status page and event ingestion (node/api_public*.c,
 * node/api_events.c); signatures as in struct weir_api_route.  Floor 3. */
#ifndef WEIR_NODE_API_PUBLIC_H
#define WEIR_NODE_API_PUBLIC_H

#include "node/api.h"

#define WEIR_API_HANDLER(name)                                                                     \
    WEIR_CHECKED enum weir_err name(struct weir_api *api, struct weir_scope *scope,                \
                                    const struct weir_api_request *request,                        \
                                    struct weir_api_answer *answer)

WEIR_API_HANDLER(weir_api_page);
WEIR_API_HANDLER(weir_api_healthy);
WEIR_API_HANDLER(weir_api_ready);
WEIR_API_HANDLER(weir_api_metrics);
WEIR_API_HANDLER(weir_api_v1_status);
WEIR_API_HANDLER(weir_api_v1_gauges);
WEIR_API_HANDLER(weir_api_v1_gauge);
WEIR_API_HANDLER(weir_api_v1_agreements);
WEIR_API_HANDLER(weir_api_v1_payouts);
WEIR_API_HANDLER(weir_api_v1_report);
WEIR_API_HANDLER(weir_api_v1_events);

#endif /* WEIR_NODE_API_PUBLIC_H */
