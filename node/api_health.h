/* Whether the node can do its work, point by point.  Private to the files node/api*.c.  Floor 3. */
#ifndef WEIR_NODE_API_HEALTH_H
#define WEIR_NODE_API_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct weir_api;
struct weir_config;
struct weir_status_row;

#define WEIR_HEALTH_MAX 96

struct weir_health_point {
    const char *name; /* "ledger", "signer", "collector", "chain base" */
    bool is_well;
    const char *text; /* for people */
};

struct weir_health {
    size_t count;
    bool is_well; /* all points are */
    struct weir_health_point points[WEIR_HEALTH_MAX];
};

/* What duties last said about themselves, judged at now_ms: each must have spoken lately, and a
 * chain must have been seen lately.  Pure.  Errors: MEMORY. */
struct weir_health_view {
    const struct weir_config *config;
    const struct weir_status_row *rows; /* by duty and name */
    size_t row_count;
    int64_t now_ms;
};
WEIR_CHECKED enum weir_err weir_health_of_rows(struct weir_scope *scope,
                                               const struct weir_health_view *view,
                                               struct weir_health *health);

/* All points, with ledger, signer and disk asked now; a failure of one is a point, not an error.
 * The signer is asked at most once a second.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err
weir_api_health(struct weir_api *api, struct weir_scope *scope, struct weir_health *health);

#endif /* WEIR_NODE_API_HEALTH_H */
