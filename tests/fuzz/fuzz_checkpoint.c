/* Law: a checkpoint text that is read prints back to the same bytes, and so does a signed one. */
#include <stdlib.h>

#include "attest/checkpoint.h"
#include "attest/tile.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_text(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_checkpoint checkpoint;
    enum weir_err err = weir_checkpoint_parse(scope, text, &checkpoint);
    weir_scope_recover(scope);
    if (err != WEIR_OK)
        return;
    struct weir_buffer printed = {0};
    require(weir_checkpoint_print(scope, &checkpoint, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), text));
    require(text.length <= WEIR_CHECKPOINT_BYTES_MAX);
}

static void try_note(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    enum weir_err err = weir_checkpoint_note_parse(scope, bytes, &note, &checkpoint);
    weir_scope_recover(scope);
    if (err != WEIR_OK)
        return;
    struct weir_buffer printed = {0};
    require(weir_checkpoint_print(scope, &checkpoint, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), note.text));
}

static void try_path(struct weir_scope *scope, struct weir_slice path)
{
    struct weir_tile tile;
    enum weir_err err = weir_tile_path_parse(scope, path, &tile);
    weir_scope_recover(scope);
    if (err != WEIR_OK)
        return;
    char printed[WEIR_TILE_PATH_BYTES];
    weir_tile_path_print(tile, printed);
    require(weir_slice_equals_text(path, printed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    try_text(&scope, bytes);
    try_note(&scope, bytes);
    try_path(&scope, bytes);
    weir_arena_free(arena);
    return 0;
}
