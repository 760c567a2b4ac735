/* Law: a configuration that loads can be shown, what is shown loads too unless a secret was masked,
 * and shows the same again; one that does not load says why. */
#include "config/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define ARENA_BYTES ((size_t)64 << 20)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static bool shown(struct weir_scope *scope, struct weir_slice text, struct weir_buffer *buffer)
{
    const struct weir_config_input input = {.file = "fuzz", .text = text};
    struct weir_config *config = NULL;
    struct weir_shown *items = NULL;
    size_t count = 0;
    if (weir_config_load(scope, &input, &config) != WEIR_OK) {
        require(scope->fault[0] != '\0');
        require(scope->err == WEIR_E_CONFIG || scope->err == WEIR_E_MEMORY);
        return false;
    }
    return weir_config_show(scope, config, &items, &count) == WEIR_OK &&
           weir_shown_print(scope, items, count, buffer) == WEIR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    struct weir_buffer first = {0};
    struct weir_buffer second = {0};
    if (scope.arena != NULL && shown(&scope, (struct weir_slice){data, size}, &first) &&
        memmem(first.data, first.length, "...", 3) == NULL &&
        memmem(first.data, first.length, "***", 3) == NULL) {
        require(shown(&scope, weir_buffer_slice(&first), &second) || scope.err == WEIR_E_MEMORY);
        require(scope.err != WEIR_OK ||
                weir_slice_equal(weir_buffer_slice(&first), weir_buffer_slice(&second)));
    }
    weir_arena_free(scope.arena);
    return 0;
}
