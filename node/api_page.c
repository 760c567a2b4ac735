/* GET /: the status page. */
#include "node/api_public.h"

#include <microhttpd.h>

#include "config/config.h"

enum weir_err weir_api_page(struct weir_api *api,
                            struct weir_scope *scope,
                            const struct weir_api_request *request,
                            struct weir_api_answer *answer)
{
    struct weir_buffer text = {.capacity_max = 4096};
    (void)request;
    enum weir_err err =
        weir_buffer_printf(scope, &text, "weir %s\n", api->worker.config->node.name);
    if (err == WEIR_OK)
        weir_api_text(answer, MHD_HTTP_OK, weir_buffer_slice(&text));
    return err;
}
