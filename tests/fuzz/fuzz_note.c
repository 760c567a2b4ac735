/* Law: a signed note or verifier key that is read prints back to the same bytes; a lenient reading
 * never turns a line into one that verifies; nothing crashes. */
#include <stdlib.h>

#include "attest/note.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_note(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_note note;
    struct weir_note foreign;
    enum weir_err err = weir_note_parse(scope, bytes, &note);
    weir_scope_recover(scope);
    if (err == WEIR_OK) {
        struct weir_buffer printed = {0};
        require(weir_note_print(scope, &note, &printed) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&printed), bytes));
        /* A key that claims the first line: its signature is not ours to make. */
        struct weir_vkey key = {
            .name = note.lines[0].name, .id = note.lines[0].id, .type = WEIR_KEY_ED25519};
        require(weir_note_verify(scope, &note, &key, 1, NULL) != WEIR_OK);
        weir_scope_recover(scope);
        key.type = WEIR_KEY_COSIGNATURE;
        require(weir_note_verify(scope, &note, &key, 1, NULL) != WEIR_OK);
        weir_scope_recover(scope);
        struct weir_slice lines = {bytes.data + note.text.length + 1,
                                   bytes.length - note.text.length - 1};
        require(weir_note_lines_parse(scope, note.text, lines, &foreign) == WEIR_OK);
        require(foreign.line_count == note.line_count);
    }
    enum weir_err foreign_err = weir_note_parse_foreign(scope, bytes, &foreign);
    weir_scope_recover(scope);
    require(err != WEIR_OK || foreign_err == WEIR_OK);
}

static void try_vkey(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_vkey vkey;
    enum weir_err err = weir_vkey_parse(scope, text, &vkey);
    weir_scope_recover(scope);
    if (err != WEIR_OK)
        return;
    struct weir_buffer printed = {0};
    require(weir_vkey_print(scope, &vkey, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    try_note(&scope, bytes);
    try_vkey(&scope, bytes);
    weir_arena_free(arena);
    return 0;
}
