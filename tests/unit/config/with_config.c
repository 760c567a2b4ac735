#include "tests/unit/config/with_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

struct weir_scope with_scope(void)
{
    struct weir_scope scope = {.arena = weir_arena_new((size_t)64 << 20)};
    assert_non_null(scope.arena);
    return scope;
}

void without_scope(struct weir_scope *scope)
{
    weir_arena_free(scope->arena);
}

char *with_example(struct weir_scope *scope, bool is_full)
{
    FILE *file = fopen(WEIR_SOURCE_DIR "/config/example/weir.yaml", "rb");
    assert_non_null(file);
    char *text = weir_take(scope, 65536, 1);
    assert_non_null(text);
    char line[512];
    size_t length = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *kept = line;
        if (is_full && strncmp(line, "#|", 2) == 0)
            kept = line[2] == ' ' ? line + 3 : line + 2;
        memcpy(text + length, kept, strlen(kept));
        length += strlen(kept);
        assert_true(length < 65000);
    }
    (void)fclose(file); /* it was only read */
    return text;
}

char *with_replaced(struct weir_scope *scope, const char *text, const char *piece, const char *by)
{
    const char *at = strstr(text, piece);
    if (at == NULL)
        fail_msg("'%s' is not in the text", piece);
    return weir_take_printf(scope, "%.*s%s%s", (int)(at - text), text, by, at + strlen(piece));
}

static bool address_is_sound(const char *text)
{
    return strstr(text, "bad") == NULL;
}

enum weir_err with_loaded(struct weir_scope *scope, const char *text, struct weir_config **config)
{
    const struct weir_config_input input = {
        .file = "weir.yaml", .text = weir_slice_text(text), .address_is_sound = address_is_sound};
    return weir_config_load(scope, &input, config);
}
