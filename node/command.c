#include "node/command.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "node/clock.h"
#include "node/commands.h"
#include "node/config_file.h"
#include "node/json_out.h"
#include "node/manual.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define COMMON_OPTIONS 6
#define OPTIONS_MAX (WEIR_COMMAND_OPTIONS_MAX + COMMON_OPTIONS)
#define OPTION_VALUE_BASE 256 /* above every character, so getopt's own answers stay apart */

/* Positions in weir_command_common. */
enum { COMMON_CONFIG, COMMON_JSON, COMMON_NO_COLOUR, COMMON_CLOCK, COMMON_HELP, COMMON_VERSION };

/* What the common options say, wherever on the line they stand; NULL: not there. */
struct common {
    const char *values[COMMON_OPTIONS];
};

const char *weir_command_option(const struct weir_command *command, const char *name)
{
    const struct weir_command_option *options = command->definition->options;
    for (size_t i = 0; options[i].name != NULL; i++) {
        if (strcmp(options[i].name, name) == 0)
            return command->values[i];
    }
    assert(false); /* a name that is not in the table */
    return NULL;
}

bool weir_command_flag(const struct weir_command *command, const char *name)
{
    return weir_command_option(command, name) != NULL;
}

/* getopt's table: the command's options, then the common ones. */
static void options_fill(const struct weir_command_definition *definition,
                         struct option options[static OPTIONS_MAX + 1])
{
    size_t count = 0;
    for (size_t i = 0; definition != NULL && definition->options[i].name != NULL; i++)
        options[count++] = (struct option){
            .name = definition->options[i].name,
            .has_arg = definition->options[i].value == NULL ? no_argument : required_argument,
            .val = OPTION_VALUE_BASE + (int)i};
    for (size_t i = 0; weir_command_common[i].name != NULL; i++)
        options[count++] = (struct option){
            .name = weir_command_common[i].name,
            .has_arg = weir_command_common[i].value == NULL ? no_argument : required_argument,
            .val = OPTION_VALUE_BASE + WEIR_COMMAND_OPTIONS_MAX + (int)i};
    options[count] = (struct option){0};
}

static int refuse_option(const char *text, const struct option *options, bool is_value_missing)
{
    if (is_value_missing) {
        (void)fprintf(stderr, "weir: the option %s needs a value\n", text);
        return WEIR_EXIT_CONFIG;
    }
    char name[64];
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (; options[count].name != NULL; count++)
        names[count] = options[count].name;
    size_t dashes = strspn(text, "-");
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(text + dashes, "="), text + dashes);
    const char *nearest = weir_nearest(name, names, count);
    if (nearest != NULL)
        (void)fprintf(stderr, "weir: unknown option %s; did you mean --%s?\n", text, nearest);
    else
        (void)fprintf(stderr, "weir: unknown option %s; --help lists those there are\n", text);
    return WEIR_EXIT_CONFIG;
}

/* Keeps one option that getopt found. */
static void
option_store(int found, const char *value, struct weir_command *command, struct common *common)
{
    if (found == 'h')
        common->values[COMMON_HELP] = value;
    else if (found == 'V')
        common->values[COMMON_VERSION] = value;
    else if (found >= OPTION_VALUE_BASE + WEIR_COMMAND_OPTIONS_MAX)
        common->values[found - OPTION_VALUE_BASE - WEIR_COMMAND_OPTIONS_MAX] = value;
    else {
        assert(command != NULL);
        command->values[found - OPTION_VALUE_BASE] = value;
    }
}

/* Reads options into `command` (may be NULL: only common ones) and `common`.  `optind` then points
 * to the first operand.  Returns OK or the exit code. */
static int options_read(int argc, char **argv, struct weir_command *command, struct common *common)
{
    struct option options[OPTIONS_MAX + 1];
    options_fill(command == NULL ? NULL : command->definition, options);
    opterr = 0;
    optind = 0; /* glibc: start anew */
    for (;;) {
        int before = optind == 0 ? 1 : optind;
        int found = getopt_long(argc, argv, command == NULL ? "+:hV" : ":hV", options, NULL);
        if (found == -1)
            return WEIR_EXIT_OK;
        if (found == '?' || found == ':')
            return refuse_option(argv[optind > before ? optind - 1 : before], options,
                                 found == ':');
        option_store(found, optarg == NULL ? "" : optarg, command, common);
    }
}

/* Flag before environment before the usual places. */
static const char *config_path_choose(const struct common *common)
{
    const char *given = common->values[COMMON_CONFIG];
    if (given != NULL)
        return given;
    given = getenv("WEIR_CONFIG");
    if (given != NULL && *given != '\0')
        return given;
    return access("weir.yaml", R_OK) == 0 ? "weir.yaml" : "/etc/weir/weir.yaml";
}

static int refuse_command(int count, char *const *words)
{
    if (count == 0) {
        (void)fputs("weir: which command? `weir help` lists them\n", stderr);
        return WEIR_EXIT_CONFIG;
    }
    const char *nearest = weir_commands_nearest(count, words);
    if (weir_commands_is_group(words[0]) && (count < 2 || words[1][0] == '-'))
        (void)fprintf(stderr, "weir: 'weir %s' needs one more word; see `weir help`\n", words[0]);
    else if (nearest != NULL)
        (void)fprintf(stderr, "weir: there is no command '%s%s%s'; did you mean 'weir %s'?\n",
                      words[0], count > 1 && words[1][0] != '-' ? " " : "",
                      count > 1 && words[1][0] != '-' ? words[1] : "", nearest);
    else
        (void)fprintf(stderr, "weir: there is no command '%s'; `weir help` lists them\n", words[0]);
    return WEIR_EXIT_CONFIG;
}

static int operands_check(const struct weir_command *command)
{
    const struct weir_command_definition *definition = command->definition;
    bool is_short = command->operand_count < definition->operands_min;
    bool is_long =
        definition->operands_max >= 0 && command->operand_count > definition->operands_max;
    if (!is_short && !is_long)
        return WEIR_EXIT_OK;
    (void)fprintf(stderr, "weir: %s\nusage: weir %s%s%s [options]\n",
                  is_short ? "an operand is missing" : "there are more operands than that takes",
                  definition->name, *definition->operands == '\0' ? "" : " ", definition->operands);
    return WEIR_EXIT_CONFIG;
}

/* Results that did not reach their reader are no success. */
static int output_finish(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    (void)fputs("weir: standard output cannot be written\n", stderr);
    return status == WEIR_EXIT_OK ? WEIR_EXIT_FAILED : status;
}

static int command_run(struct weir_command *command, const struct common *common)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    if (scope.arena == NULL) {
        (void)fputs("weir: no memory\n", stderr);
        return WEIR_EXIT_FAILED;
    }
    command->scope = &scope;
    command->wants_json = common->values[COMMON_JSON] != NULL;
    command->config_path = config_path_choose(common);
    weir_terminal_init(&command->terminal,
                       command->wants_json || common->values[COMMON_NO_COLOUR] != NULL);
    if (common->values[COMMON_CLOCK] != NULL)
        weir_clock_use_file(common->values[COMMON_CLOCK]);
    int status = WEIR_EXIT_OK;
    if (common->values[COMMON_HELP] != NULL)
        status = weir_manual_print_command(command);
    else {
        status = operands_check(command);
        if (status == WEIR_EXIT_OK)
            status = command->definition->run(command);
    }
    status = output_finish(status);
    weir_arena_free(scope.arena);
    return status;
}

int weir_command_main(int argc, char **argv)
{
    struct common common = {0};
    int status = options_read(argc, argv, NULL, &common);
    if (status != WEIR_EXIT_OK)
        return status;
    int first = optind;
    static char help_word[] = "help";
    static char version_word[] = "version";
    char *implied = NULL;
    if (first == argc && common.values[COMMON_VERSION] != NULL)
        implied = version_word;
    else if (first == argc && common.values[COMMON_HELP] != NULL)
        implied = help_word;
    char **words = implied == NULL ? argv + first : &implied;
    int word_count = 0;
    struct weir_command command = {
        .definition = weir_commands_find(implied == NULL ? argc - first : 1, words, &word_count)};
    if (command.definition == NULL)
        return refuse_command(argc - first, words);
    if (implied != NULL) {
        common.values[COMMON_HELP] = NULL; /* it is the command now */
        command.operands = argv + argc;
        return command_run(&command, &common);
    }
    /* getopt skips the first word of what it is given, so the command's last word stands there. */
    char **rest = argv + first + word_count - 1;
    int rest_count = argc - first - word_count + 1;
    status = options_read(rest_count, rest, &command, &common);
    if (status != WEIR_EXIT_OK)
        return status;
    command.operands = rest + optind;
    command.operand_count = rest_count - optind;
    return command_run(&command, &common);
}

enum weir_err weir_command_config(struct weir_command *command, struct weir_config **config)
{
    return weir_config_file_load(command->scope, command->config_path, config);
}

void weir_command_print(struct weir_slice text)
{
    /* output_finish sees what went wrong here. */
    (void)fwrite(text.data, 1, text.length, stdout);
    (void)fputc('\n', stdout);
}

int weir_command_print_json(struct weir_command *command, struct weir_json *json)
{
    struct weir_slice text;
    if (weir_json_end(json, &text) != WEIR_OK)
        return weir_command_fail(command);
    weir_command_print(text);
    return WEIR_EXIT_OK;
}

int weir_exit_of(enum weir_err err)
{
    static const struct {
        enum weir_err err;
        int exit;
    } table[] = {
        {WEIR_OK, WEIR_EXIT_OK},
        {WEIR_E_USAGE, WEIR_EXIT_CONFIG},
        {WEIR_E_CONFIG, WEIR_EXIT_CONFIG},
        {WEIR_E_KEY, WEIR_EXIT_CONFIG},
        {WEIR_E_UNREACHABLE, WEIR_EXIT_UNREACHABLE},
        {WEIR_E_POLICY, WEIR_EXIT_POLICY},
        {WEIR_E_DENIED, WEIR_EXIT_POLICY},
        {WEIR_E_SIGNATURE, WEIR_EXIT_SIGNATURE},
        {WEIR_E_QUORUM, WEIR_EXIT_QUORUM},
        {WEIR_E_INCLUSION, WEIR_EXIT_INCLUSION},
        {WEIR_E_COMPLETENESS, WEIR_EXIT_COMPLETENESS},
        {WEIR_E_RECOMPUTE, WEIR_EXIT_RECOMPUTE},
        {WEIR_E_NO_BREACH, WEIR_EXIT_NO_BREACH},
        {WEIR_E_EVIDENCE, WEIR_EXIT_EVIDENCE},
        {WEIR_E_PAYMENT, WEIR_EXIT_PAYMENT},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].err == err)
            return table[i].exit;
    }
    return weir_err_retryable(err) ? WEIR_EXIT_AGAIN : WEIR_EXIT_FAILED;
}

int weir_command_fail(struct weir_command *command)
{
    struct weir_scope *scope = command->scope;
    enum weir_err err = scope->err;
    assert(err != WEIR_OK);
    (void)fprintf(stderr, "weir: %s\n", scope->fault);
    if (!command->wants_json)
        return weir_exit_of(err);
    char message[WEIR_FAULT_BYTES];
    (void)snprintf(message, sizeof(message), "%s", scope->fault);
    weir_scope_recover(scope);
    struct weir_json json;
    struct weir_slice text;
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    weir_json_object(&json, "error");
    weir_json_text(&json, "code", weir_err_name(err));
    weir_json_text(&json, "message", message);
    weir_json_text(&json, "hint", weir_err_text(err));
    if (weir_json_end(&json, &text) == WEIR_OK)
        weir_command_print(text);
    return weir_exit_of(err);
}
