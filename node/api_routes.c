/* All doors of this program in one table. */
#include "node/api.h"

#include "node/api_public.h"
#include "node/exchange.h"

#define NO_BODY 0
#define PEER_BODY ((size_t)24 * 1024 * 1024)
#define EVENTS_BODY ((size_t)8 * 1024 * 1024)
#define CHECKPOINT_BODY ((size_t)64 * 1024)

static const struct weir_api_route routes[] = {
    {"GET", "/", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_page, "status page"},
    {"GET", "/-/healthy", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_healthy, "the process answers"},
    {"GET", "/-/ready", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_ready, "ledger, signer and chain"},
    {"GET", "/metrics", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_metrics, "counters for Prometheus"},
    {"GET", "/v1/status", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_status, "the node at a glance"},
    {"GET", "/v1/gauges", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_gauges, "all gauges"},
    {"GET", "/v1/gauges/*", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_gauge, "one gauge"},
    {"GET", "/v1/agreements", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_agreements, "agreements"},
    {"GET", "/v1/payouts", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_payouts, "payouts"},
    {"GET", "/v1/reports/*", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_v1_report,
     "a complete report as proof file"},
    {"POST", "/v1/events", WEIR_DOOR_SOURCE, EVENTS_BODY, weir_api_v1_events,
     "CloudEvents from a source with a token"},
    {"POST", "/add-checkpoint", WEIR_DOOR_PUBLIC, CHECKPOINT_BODY, weir_api_add_checkpoint,
     "C2SP witness: signed by the log that asks"},
    {"POST", WEIR_PATH_LOG, WEIR_DOOR_PEER, PEER_BODY, weir_api_peer_log,
     "leaves, head and opinions of a peer"},
    {"POST", WEIR_PATH_COSIGNED, WEIR_DOOR_PEER, CHECKPOINT_BODY, weir_api_peer_cosigned,
     "cosignatures a peer has collected"},
    {"POST", WEIR_PATH_REPORT, WEIR_DOOR_PEER, PEER_BODY, weir_api_peer_report,
     "a report to be signed"},
    {"POST", WEIR_PATH_COMPLETE, WEIR_DOOR_PEER, PEER_BODY, weir_api_peer_complete,
     "a complete report"},
    {"GET", "/*", WEIR_DOOR_PUBLIC, NO_BODY, weir_api_get_checkpoint,
     "C2SP witness: /<sha256 of origin>/checkpoint"},
};

const struct weir_api_route *weir_api_routes(size_t *count)
{
    *count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
