/* Goal: the table of commands is complete and consistent, every wrong call is told what is right,
 * and the exit codes are those of the manual.
 * Method: the table itself, and calls with their output caught. */
#include "node/command.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "node/commands.h"
#include "node/manual.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 20)

/* What one call wrote. */
struct outcome {
    int status;
    char *output;
    char *errors;
};

static char *file_text(FILE *file)
{
    char *text = calloc(OUTPUT_BYTES_MAX, 1);
    assert_non_null(text);
    rewind(file);
    size_t length = fread(text, 1, OUTPUT_BYTES_MAX - 1, file);
    text[length] = 0;
    (void)fclose(file); /* a temporary file */
    return text;
}

/* Runs `weir` in this process with its two outputs caught.  `line` is cut at blanks. */
static struct outcome call(const char *line)
{
    static char words[1024];
    char *arguments[32] = {words};
    int count = 1;
    (void)snprintf(words, sizeof(words), "weir %s", line);
    for (char *at = words; *at != '\0'; at++) {
        if (*at != ' ')
            continue;
        *at = '\0';
        arguments[count++] = at + 1;
    }
    FILE *files[2] = {tmpfile(), tmpfile()};
    int saved[2];
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        assert_non_null(files[i]);
        saved[i] = dup(i + 1);
        assert_int_equal(dup2(fileno(files[i]), i + 1), i + 1);
    }
    struct outcome outcome = {.status = weir_command_main(count, arguments)};
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dup2(saved[i], i + 1), i + 1);
        (void)close(saved[i]); /* only a copy */
    }
    outcome.output = file_text(files[0]);
    outcome.errors = file_text(files[1]);
    return outcome;
}

static void outcome_drop(struct outcome *outcome)
{
    free(outcome->output);
    free(outcome->errors);
}

static void every_command_is_described_in_full(void **state)
{
    (void)state;
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        const struct weir_command_definition *definition = &weir_commands[i];
        assert_non_null(definition->run);
        assert_true(strlen(definition->summary) > 5 && strlen(definition->summary) < 60);
        assert_true(strlen(definition->details) > 20);
        assert_non_null(strstr(definition->example, definition->name));
        assert_true(strncmp(definition->example, "weir ", 5) == 0);
        assert_non_null(strstr(definition->exits, "OK"));
        for (size_t k = 0; definition->options[k].name != NULL; k++) {
            assert_non_null(definition->options[k].help);
            for (size_t c = 0; weir_command_common[c].name != NULL; c++)
                assert_string_not_equal(definition->options[k].name, weir_command_common[c].name);
        }
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(definition->name, weir_commands[k].name);
    }
}

static void every_exit_code_a_command_names_is_in_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        const char *at = weir_commands[i].exits;
        while (*at != '\0') {
            size_t length = strcspn(at, " ");
            size_t k = 0;
            while (weir_exit_texts[k].name != NULL &&
                   (strlen(weir_exit_texts[k].name) != length ||
                    strncmp(weir_exit_texts[k].name, at, length) != 0))
                k++;
            if (weir_exit_texts[k].name == NULL)
                fail_msg("'%s' names the exit code %s", weir_commands[i].name, at);
            at += length + (at[length] == ' ');
        }
    }
}

static void every_command_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "%s --help", weir_commands[i].name);
        struct outcome outcome = call(line);
        assert_int_equal(outcome.status, WEIR_EXIT_OK);
        assert_non_null(strstr(outcome.output, weir_commands[i].example));
        assert_string_equal(outcome.errors, "");
        outcome_drop(&outcome);
    }
}

static void wrong_calls_are_told_what_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *errors;
    } calls[] = {
        {"confg check", "did you mean 'weir config check'?"},
        {"config chekc", "did you mean 'weir config check'?"},
        {"config", "'weir config' needs one more word"},
        {"frobnicate", "there is no command 'frobnicate'"},
        {"config check extra", "there are more operands than that takes"},
        {"init", "an operand is missing"},
        {"config check --jsn", "unknown option --jsn; did you mean --json?"},
        {"config check --config", "the option --config needs a value"},
        {"--zzzzz", "unknown option --zzzzz"},
        {"key new --kdf weak --config /nonexistent", "--kdf is moderate or interactive"},
        {"help confg", "there is no such command"},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct outcome outcome = call(calls[i].line);
        assert_int_equal(outcome.status, WEIR_EXIT_CONFIG);
        if (strstr(outcome.errors, calls[i].errors) == NULL)
            fail_msg("'%s' says '%s'", calls[i].line, outcome.errors);
        assert_string_equal(outcome.output, "");
        outcome_drop(&outcome);
    }
}

static void failures_are_objects_when_json_is_wanted(void **state)
{
    (void)state;
    struct outcome outcome = call("config check --json --config /nonexistent/weir.yaml");
    assert_int_equal(outcome.status, WEIR_EXIT_FAILED);
    assert_non_null(strstr(outcome.output, "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\""));
    assert_non_null(strstr(outcome.errors, "/nonexistent/weir.yaml"));
    outcome_drop(&outcome);
}

static void common_options_may_stand_before_the_command(void **state)
{
    (void)state;
    struct outcome outcome =
        call("--config " WEIR_SOURCE_DIR "/config/example/weir.yaml --json config check");
    assert_string_equal(outcome.errors, "");
    assert_int_equal(outcome.status, WEIR_EXIT_OK);
    assert_non_null(strstr(outcome.output, "\"node\":\"w1.example\""));
    outcome_drop(&outcome);
    outcome = call("--version");
    assert_int_equal(outcome.status, WEIR_EXIT_OK);
    assert_non_null(strstr(outcome.output, "weir " WEIR_VERSION));
    outcome_drop(&outcome);
}

/* One letter of an address in the wrong case. */
static void a_wrong_checksum_of_an_address_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-command-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    static const char text[] =
        "node: {name: a}\n"
        "chains:\n"
        "  - name: base\n"
        "    chain_id: 8453\n"
        "    rpc_url: https://rpc.example.org\n"
        "    factory: \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"\n"
        "    implementation: \"0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeAed\"\n";
    assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
    assert_int_equal(fclose(file), 0);
    char line[128];
    (void)snprintf(line, sizeof(line), "config check --config %s", path);
    struct outcome outcome = call(line);
    assert_int_equal(outcome.status, WEIR_EXIT_CONFIG);
    (void)snprintf(line, sizeof(line), "%s:7: chains[0].implementation: '0x5aAeb6053f3E", path);
    assert_non_null(strstr(outcome.errors, line));
    assert_non_null(strstr(outcome.errors, "fails the checksum of EIP-55"));
    outcome_drop(&outcome);
    assert_int_equal(unlink(path), 0);
}

static void no_output_to_a_file_has_colour(void **state)
{
    (void)state;
    struct outcome outcome =
        call("config check --config " WEIR_SOURCE_DIR "/config/example/weir.yaml");
    assert_int_equal(outcome.status, WEIR_EXIT_OK);
    assert_null(strchr(outcome.output, '\033'));
    outcome_drop(&outcome);
}

static void errors_lead_to_the_exit_codes_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(weir_exit_of(WEIR_OK), 0);
    assert_int_equal(weir_exit_of(WEIR_E_CORRUPT), 1);
    assert_int_equal(weir_exit_of(WEIR_E_UNREACHABLE), 2);
    assert_int_equal(weir_exit_of(WEIR_E_CONFIG), 3);
    assert_int_equal(weir_exit_of(WEIR_E_KEY), 3);
    assert_int_equal(weir_exit_of(WEIR_E_POLICY), 5);
    assert_int_equal(weir_exit_of(WEIR_E_NO_BREACH), 16);
    assert_int_equal(weir_exit_of(WEIR_E_BUSY), 75);
}

static void the_manual_page_has_every_command(void **state)
{
    (void)state;
    struct outcome outcome = call("help --man");
    assert_int_equal(outcome.status, WEIR_EXIT_OK);
    assert_memory_equal(outcome.output, ".TH WEIR 1 ", 11);
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        char heading[128] = ".SS \"weir ";
        size_t length = strlen(heading);
        for (const char *at = weir_commands[i].name; *at != '\0'; at++) {
            if (*at == '-')
                heading[length++] = '\\';
            heading[length++] = *at;
        }
        assert_non_null(strstr(outcome.output, heading));
    }
    outcome_drop(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_described_in_full),
        cmocka_unit_test(every_exit_code_a_command_names_is_in_the_table),
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(wrong_calls_are_told_what_is_right),
        cmocka_unit_test(failures_are_objects_when_json_is_wanted),
        cmocka_unit_test(common_options_may_stand_before_the_command),
        cmocka_unit_test(a_wrong_checksum_of_an_address_is_refused),
        cmocka_unit_test(no_output_to_a_file_has_colour),
        cmocka_unit_test(errors_lead_to_the_exit_codes_of_the_manual),
        cmocka_unit_test(the_manual_page_has_every_command),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
