#include "node/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define COMMANDS_MAX 128
#define NAME_BYTES_MAX 64

#define WEIR_FLAG(name, help) {(name), NULL, (help)},
#define WEIR_VALUE(name, value, help) {(name), (value), (help)},
#define WEIR_COMMAND(function, group_, name_, operands_, min_, max_, summary_, details_, example_, \
                     exits_, ...)                                                                  \
    {.group = (group_),                                                                            \
     .name = (name_),                                                                              \
     .operands = (operands_),                                                                      \
     .operands_min = (min_),                                                                       \
     .operands_max = (max_),                                                                       \
     .summary = (summary_),                                                                        \
     .details = (details_),                                                                        \
     .example = (example_),                                                                        \
     .exits = (exits_),                                                                            \
     .run = weir_cmd_##function,                                                                   \
     .options = {__VA_ARGS__{NULL, NULL, NULL}}},
const struct weir_command_definition weir_commands[] = {
#include "node/cmd/commands.def"
    {.name = NULL},
};
#undef WEIR_COMMAND
#undef WEIR_FLAG
#undef WEIR_VALUE

const struct weir_command_option weir_command_common[] = {
    {"config", "FILE",
     "Configuration; else $WEIR_CONFIG, else ./weir.yaml, else /etc/weir/weir.yaml."},
    {"json", NULL, "Print one JSON object; whole numbers that could be large are strings."},
    {"no-color", NULL, "No colour; the variable NO_COLOR does the same."},
    {"clock", "FILE", "For tests: read the time from FILE, unix milliseconds."},
    {"help", NULL, "What this command does, with an example."},
    {"version", NULL, "The version of weir."},
    {NULL, NULL, NULL},
};

const struct weir_exit_text weir_exit_texts[] = {
#define WEIR_EXIT_CODE(name, number, text) {#name, (number), (text)},
#include "node/exit_codes.def"
#undef WEIR_EXIT_CODE
    {NULL, 0, NULL},
};

/* "gauge show" of the words, as far as they fit. */
static void words_join(int count, char *const *words, char name[static NAME_BYTES_MAX])
{
    size_t length = 0;
    name[0] = '\0';
    for (int i = 0; i < count && length < NAME_BYTES_MAX; i++) {
        int added =
            snprintf(name + length, NAME_BYTES_MAX - length, "%s%s", i == 0 ? "" : " ", words[i]);
        length += added < 0 ? NAME_BYTES_MAX : (size_t)added;
    }
}

static const struct weir_command_definition *command_named(const char *name)
{
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        if (strcmp(weir_commands[i].name, name) == 0)
            return &weir_commands[i];
    }
    return NULL;
}

const struct weir_command_definition *
weir_commands_find(int word_count_max, char *const *words, int *word_count)
{
    for (int count = word_count_max < 2 ? word_count_max : 2; count > 0; count--) {
        char name[NAME_BYTES_MAX];
        words_join(count, words, name);
        const struct weir_command_definition *found = command_named(name);
        if (found != NULL) {
            *word_count = count;
            return found;
        }
    }
    return NULL;
}

const char *weir_commands_nearest(int word_count_max, char *const *words)
{
    const char *names[COMMANDS_MAX];
    size_t count = 0;
    for (; weir_commands[count].name != NULL && count < COMMANDS_MAX; count++)
        names[count] = weir_commands[count].name;
    char name[NAME_BYTES_MAX];
    words_join(word_count_max < 2 ? word_count_max : 2, words, name);
    const char *nearest = weir_nearest(name, names, count);
    if (nearest != NULL || word_count_max < 1)
        return nearest;
    return weir_nearest(words[0], names, count);
}

int weir_commands_is_group(const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        if (strncmp(weir_commands[i].name, word, length) == 0 &&
            weir_commands[i].name[length] == ' ')
            return 1;
    }
    return 0;
}
