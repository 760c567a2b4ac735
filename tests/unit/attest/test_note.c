/* Goal: signed notes and verifier keys are read strictly, printed back to the same bytes, and
 * believed only by the rules of the specification.
 * Method: keys and notes of golang/mod with their ways to go wrong, the specification's example,
 * real witness checkpoints, and spoilt copies of all of them. */
#include "attest/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cosign.h"
#include "base/arena.h"
#include "base/text.h"
#include "tests/unit/attest/with_tlog.h"

static struct weir_arena *arena;
static struct weir_scope scope;

static int open_scope(void **state)
{
    (void)state;
    arena = weir_arena_new((size_t)1 << 26);
    scope = (struct weir_scope){.arena = arena};
    return arena == NULL;
}

static int close_scope(void **state)
{
    (void)state;
    weir_arena_free(arena);
    return 0;
}

static bool vkey_is_read(struct weir_slice text)
{
    struct weir_scope own = {.arena = arena};
    struct weir_vkey vkey;
    if (weir_vkey_parse(&own, text, &vkey) != WEIR_OK)
        return false;
    struct weir_buffer printed = {0};
    assert_int_equal(weir_vkey_print(&own, &vkey, &printed), WEIR_OK);
    assert_true(weir_slice_equal(weir_buffer_slice(&printed), text));
    return true;
}

static void assert_bad_vkeys(const char *vkey)
{
    size_t length = strlen(vkey);
    for (size_t from = 0; from < length; from++)
        for (size_t to = from; to <= length; to++)
            if (to - from < length)
                assert_false(
                    vkey_is_read((struct weir_slice){(const uint8_t *)vkey + from, to - from}));
    for (size_t i = 0; i < length; i++) {
        char *spoilt = weir_take_text(&scope, vkey, length);
        spoilt[i]++;
        assert_false(vkey_is_read(weir_slice_text(spoilt)));
    }
}

static void verifier_keys_are_read_strictly(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("golang-mod/note-vectors.json");
    const char *name;
    json_t *key;
    json_object_foreach(json_object_get(root, "keys"), name, key)
    {
        const char *vkey = tlog_text(key, "vkey");
        assert_true(vkey_is_read(weir_slice_text(vkey)));
        assert_bad_vkeys(vkey);
    }
    size_t index;
    json_array_foreach(json_object_get(root, "bad_vkeys"), index, key)
    {
        assert_false(vkey_is_read(weir_slice_text(json_string_value(key))));
    }
    json_decref(root);
}

static const char *const bad_names[] = {
    "",      "a b",          "a+b",          " a",           "a\tb",         "a\xc2\x85",
    "a\x1f", "a\xc2\xa0",    "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xff",  "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "a\n",
};

static void key_names_have_no_spaces_and_no_plus(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
        if (weir_key_name_is_valid(weir_slice_text(bad_names[i])))
            fail_msg("name %zu is taken", i);
    assert_true(weir_key_name_is_valid(weir_slice_text("w1.example/gauge/api")));
    assert_true(weir_key_name_is_valid(weir_slice_text("\xe2\x80\x8b\xe2\x80\x94"))); /* no space */
    char longest[WEIR_KEY_NAME_BYTES_MAX + 1];
    memset(longest, 'a', sizeof(longest));
    struct weir_slice name = {(uint8_t *)longest, WEIR_KEY_NAME_BYTES_MAX};
    assert_true(weir_key_name_is_valid(name));
    name.length++;
    assert_false(weir_key_name_is_valid(name));
}

static struct weir_vkey vkey_of(const char *text)
{
    struct weir_vkey vkey;
    assert_int_equal(weir_vkey_parse(&scope, weir_slice_text(text), &vkey), WEIR_OK);
    return vkey;
}

/* Parses, and checks the law: what is read prints back to the same bytes. */
static enum weir_err read_note(struct weir_slice bytes, struct weir_note *note)
{
    enum weir_err err = weir_note_parse(&scope, bytes, note);
    if (err != WEIR_OK) {
        weir_scope_recover(&scope);
        return err;
    }
    struct weir_buffer printed = {0};
    assert_int_equal(weir_note_print(&scope, note, &printed), WEIR_OK);
    assert_true(weir_slice_equal(weir_buffer_slice(&printed), bytes));
    return WEIR_OK;
}

static enum weir_err
verify(const struct weir_note *note, const struct weir_vkey *keys, size_t count)
{
    enum weir_err err = weir_note_verify(&scope, note, keys, count, NULL);
    weir_scope_recover(&scope);
    return err;
}

#define SPEC_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SPEC_NOTE                                                                                  \
    "This is an example message.\n\n"                                                              \
    "\xe2\x80\x94 example.com/foo "                                                                \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=" \
    "\n"

static void the_example_of_the_specification_verifies(void **state)
{
    (void)state;
    struct weir_note note;
    struct weir_vkey key = vkey_of(SPEC_VKEY);
    assert_int_equal(read_note(weir_slice_text(SPEC_NOTE), &note), WEIR_OK);
    assert_true(weir_slice_equals_text(note.text, "This is an example message.\n"));
    const struct weir_note_line *line = NULL;
    assert_int_equal(weir_note_verify(&scope, &note, &key, 1, &line), WEIR_OK);
    assert_ptr_equal(line, &note.lines[0]);
}

static void no_spoilt_byte_of_a_note_is_believed(void **state)
{
    (void)state;
    struct weir_vkey key = vkey_of(SPEC_VKEY);
    size_t length = strlen(SPEC_NOTE);
    for (size_t at = 0; at < length; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char *spoilt = weir_take_text(&scope, SPEC_NOTE, length);
            spoilt[at] = (char)(spoilt[at] ^ (1 << bit));
            struct weir_note note;
            struct weir_slice bytes = {(uint8_t *)spoilt, length};
            assert_true(read_note(bytes, &note) != WEIR_OK || verify(&note, &key, 1) != WEIR_OK);
        }
    }
}

/* The Go private key gives the signature of the vectors. */
static void assert_same_signature(const json_t *key, const char *text, const char *line)
{
    uint8_t typed_seed[1 + 32];
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    const char *base64 = tlog_text(key, "skey"); /* PRIVATE+KEY+name+id+base64 */
    for (int part = 0; part < 4; part++)
        base64 = strchr(base64, '+') + 1;
    assert_int_equal(
        weir_base64_parse(&scope, weir_slice_text(base64), typed_seed, sizeof(typed_seed)),
        WEIR_OK);
    weir_ed25519_from_seed(typed_seed + 1, secret);
    struct weir_vkey vkey = vkey_of(tlog_text(key, "vkey"));
    struct weir_buffer printed = {0};
    assert_int_equal(weir_note_sign(&scope, weir_slice_text(text), vkey.name, secret, &printed),
                     WEIR_OK);
    assert_int_equal(printed.length, strlen(line));
    assert_memory_equal(printed.data, line, strlen(line));
}

static void notes_of_golang_mod_verify(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("golang-mod/note-vectors.json");
    const json_t *keys = tlog_get(root, "keys");
    const json_t *peter = tlog_get(keys, "PeterNeumann");
    const json_t *enoch = tlog_get(keys, "EnochRoot");
    const char *text = tlog_text(root, "text");
    const char *line = tlog_text(peter, "sigline");
    struct weir_vkey both[] = {vkey_of(tlog_text(peter, "vkey")),
                               vkey_of(tlog_text(enoch, "vkey"))};
    struct weir_note note;
    char *bytes = weir_take_printf(&scope, "%s\n%s%s", text, line, tlog_text(enoch, "sigline"));
    assert_int_equal(read_note(weir_slice_text(bytes), &note), WEIR_OK);
    assert_int_equal(note.line_count, 2);
    assert_int_equal(verify(&note, both, 2), WEIR_OK);
    assert_int_equal(verify(&note, both, 1), WEIR_OK); /* the other key is unknown: ignored */
    assert_int_equal(verify(&note, both + 1, 1), WEIR_OK);
    assert_int_equal(verify(&note, both, 0), WEIR_E_SIGNATURE);
    assert_same_signature(peter, text, line);
    /* A known key that does not verify spoils a note that another known key has signed. */
    bytes = weir_take_printf(&scope, "%s\n%s%s", text, line, tlog_text(enoch, "sigline"));
    char *second = strstr(bytes, "EnochRoot");
    second[30] = second[30] == 'A' ? 'B' : 'A';
    assert_int_equal(read_note(weir_slice_text(bytes), &note), WEIR_OK);
    assert_int_equal(verify(&note, both, 2), WEIR_E_SIGNATURE);
    assert_int_equal(verify(&note, both, 1), WEIR_OK);
    /* The checkpoint of the Go checksum database: the key is not named as the origin. */
    const json_t *sumdb = tlog_get(root, "sumdb_checkpoint");
    struct weir_vkey sum = vkey_of(tlog_text(sumdb, "vkey"));
    assert_int_equal(read_note(weir_slice_text(tlog_text(sumdb, "note")), &note), WEIR_OK);
    assert_int_equal(verify(&note, &sum, 1), WEIR_OK);
    json_decref(root);
}

#define LINE                                                                                       \
    "\xe2\x80\x94 a "                                                                              \
    "AAAAAQ"                                                                                       \
    "A=\n"

static void malformed_notes_are_refused(void **state)
{
    (void)state;
    static const char *const notes[] = {
        "",
        "TEXT",
        "TEXT\n",
        "TEXT\n\n",
        "TEXT\n\n\n",
        "\n\n",
        LINE,
        "\n" LINE,
        "TEXT\n" LINE,
        "TEXT\n\n\xe2\x80\x94 a AAAAAQA=",
        "TEXT\n\n" LINE "Unexpected line.\n",
        "TEXT\n\n" LINE "\n",
        "TEXT\n\n" LINE "\n\n",
        "TEXT\n\n\xe2\x80\x94 Bad Name AAAAAQA=\n",
        "TEXT\n\n\xe2\x80\x94  AAAAAQA=\n",
        "TEXT\n\n\xe2\x80\x94 a  AAAAAQA=\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAQA= \n",
        "TEXT\n\n\xe2\x80\x94 a\n",
        "TEXT\n\n\xe2\x80\x94 a \n",
        "TEXT\n\n\xe2\x80\x94 a+ AAAAAQA=\n",
        "TEXT\n\n\xe2\x80\x94"
        "a AAAAAQA=\n",
        "TEXT\n\n- a AAAAAQA=\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAQA\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAQB=\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAQ==\n",
        "TEXT\n\n\xe2\x80\x94 a AAA=\n",
        "\x01TEXT\n\n" LINE,
        "TE\tXT\n\n" LINE,
        "TEXT\r\n\n" LINE,
        "\xffTEXT\n\n" LINE,
        "TEXT\n\n\xe2\x80\x94 a\xc2\xa0z AAAAAQA=\n",
    };
    struct weir_note note;
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
        if (read_note(weir_slice_text(notes[i]), &note) != WEIR_E_PARSE)
            fail_msg("note %zu is taken", i);
    assert_int_equal(read_note(weir_slice_text("TEXT\n\n" LINE), &note), WEIR_OK);
    struct weir_slice with_zero = {(const uint8_t *)"TE\0T\n\n" LINE, strlen(LINE) + 6};
    assert_int_equal(read_note(with_zero, &note), WEIR_E_PARSE);
}

static void a_foreign_line_that_is_not_canonical_never_verifies(void **state)
{
    (void)state;
    struct weir_vkey key = vkey_of(SPEC_VKEY);
    struct weir_note note;
    char *bytes = weir_take_text(&scope, SPEC_NOTE, strlen(SPEC_NOTE));
    bytes[strlen(bytes) - 3]++; /* M= becomes N=: the same 68 bytes to a lenient reader */
    assert_int_equal(read_note(weir_slice_text(bytes), &note), WEIR_E_PARSE);
    assert_int_equal(weir_note_parse_foreign(&scope, weir_slice_text(bytes), &note), WEIR_OK);
    assert_int_equal(note.lines[0].id, key.id);
    assert_int_equal(note.lines[0].signature.length, 0);
    assert_int_equal(verify(&note, &key, 1), WEIR_E_SIGNATURE);
    static const char *const notes[] = {
        "TEXT\n\n\xe2\x80\x94 a AAAAAQA\n",  "TEXT\n\n\xe2\x80\x94 a AAAA*QB=\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAR==\n", "TEXT\n\n\xe2\x80\x94 a AAAA====\n",
        "TEXT\n\n\xe2\x80\x94 a AAAAAQ=A\n", "TEXT\n\n\xe2\x80\x94 a =\n",
    };
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        struct weir_slice text = weir_slice_text(notes[i]);
        assert_int_equal(weir_note_parse_foreign(&scope, text, &note), WEIR_E_PARSE);
        weir_scope_recover(&scope);
    }
}

static void a_text_may_have_empty_lines(void **state)
{
    (void)state;
    struct weir_note note;
    assert_int_equal(read_note(weir_slice_text("A\n\nB\n\n\n" LINE LINE), &note), WEIR_OK);
    assert_true(weir_slice_equals_text(note.text, "A\n\nB\n\n"));
    assert_int_equal(note.line_count, 2);
    assert_int_equal(note.lines[0].id, 1);
    assert_int_equal(note.lines[0].signature.length, 1);
}

static void a_note_has_limits(void **state)
{
    (void)state;
    struct weir_buffer bytes = {0};
    struct weir_note note;
    assert_int_equal(weir_buffer_text(&scope, &bytes, "TEXT\n\n"), WEIR_OK);
    for (int i = 0; i < WEIR_NOTE_LINES_MAX; i++)
        assert_int_equal(weir_buffer_text(&scope, &bytes, LINE), WEIR_OK);
    assert_int_equal(read_note(weir_buffer_slice(&bytes), &note), WEIR_OK);
    assert_int_equal(weir_buffer_text(&scope, &bytes, LINE), WEIR_OK);
    assert_int_equal(read_note(weir_buffer_slice(&bytes), &note), WEIR_E_LIMIT);

    size_t text_bytes = WEIR_NOTE_BYTES_MAX - strlen("\n\n" LINE);
    char *large = weir_take(&scope, WEIR_NOTE_BYTES_MAX + 2, 1);
    memset(large, 'x', text_bytes);
    memcpy(large + text_bytes, "\n\n" LINE, strlen("\n\n" LINE));
    assert_int_equal(read_note(weir_slice_text(large), &note), WEIR_OK);
    memset(large, 'x', text_bytes + 1);
    memcpy(large + text_bytes + 1, "\n\n" LINE, strlen("\n\n" LINE));
    assert_int_equal(read_note(weir_slice_text(large), &note), WEIR_E_LIMIT);
}

static void lines_alone_join_a_text(void **state)
{
    (void)state;
    struct weir_note note;
    struct weir_vkey key = vkey_of(SPEC_VKEY);
    struct weir_slice text = weir_slice_text("This is an example message.\n");
    struct weir_slice lines = weir_slice_text(strchr(SPEC_NOTE, '\n') + 2);
    assert_int_equal(weir_note_lines_parse(&scope, text, lines, &note), WEIR_OK);
    assert_int_equal(verify(&note, &key, 1), WEIR_OK);
    struct weir_slice nothing = {NULL, 0};
    assert_int_equal(weir_note_lines_parse(&scope, text, nothing, &note), WEIR_E_PARSE);
    weir_scope_recover(&scope);
    assert_int_equal(weir_note_lines_parse(&scope, text, weir_slice_text("no line\n"), &note),
                     WEIR_E_PARSE);
}

static void a_name_or_an_id_alone_does_not_make_a_key_known(void **state)
{
    (void)state;
    struct weir_note note;
    struct weir_vkey key = vkey_of(SPEC_VKEY);
    assert_int_equal(read_note(weir_slice_text(SPEC_NOTE), &note), WEIR_OK);
    note.lines[0].id++;
    assert_int_equal(verify(&note, &key, 1), WEIR_E_SIGNATURE);
    note.lines[0].id--;
    note.lines[0].name.length--;
    assert_int_equal(verify(&note, &key, 1), WEIR_E_SIGNATURE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scope, close_scope)
    const struct CMUnitTest tests[] = {
        TEST(verifier_keys_are_read_strictly),
        TEST(key_names_have_no_spaces_and_no_plus),
        TEST(the_example_of_the_specification_verifies),
        TEST(no_spoilt_byte_of_a_note_is_believed),
        TEST(notes_of_golang_mod_verify),
        TEST(malformed_notes_are_refused),
        TEST(a_foreign_line_that_is_not_canonical_never_verifies),
        TEST(a_text_may_have_empty_lines),
        TEST(a_note_has_limits),
        TEST(lines_alone_join_a_text),
        TEST(a_name_or_an_id_alone_does_not_make_a_key_known),
    };
    return tlog_finish(cmocka_run_group_tests_name("note", tests, NULL, NULL));
}
