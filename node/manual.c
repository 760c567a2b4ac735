#include "node/manual.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "node/commands.h"

#define HELP_WIDTH 78

/* A page being written; the first failure (only memory can run out) sticks. */
struct page {
    struct weir_scope *scope;
    struct weir_buffer *buffer;
    enum weir_err err;
};

static void put(struct page *page, const char *text)
{
    if (page->err == WEIR_OK)
        page->err = weir_buffer_text(page->scope, page->buffer, text);
}

static void put_bytes(struct page *page, const char *text, size_t length)
{
    if (page->err == WEIR_OK)
        page->err = weir_buffer_put(page->scope, page->buffer, text, length);
}

static void put_padded(struct page *page, const char *text, size_t width)
{
    put(page, text);
    for (size_t i = strlen(text); i < width; i++)
        put(page, " ");
}

/* Breaks lines at blanks so that none exceeds HELP_WIDTH, each after `indent` blanks; `column` is
 * where the first one begins. */
static void put_wrapped(struct page *page, const char *text, size_t indent, size_t column)
{
    bool is_first = true;
    while (*text != '\0') {
        if (*text == '\n') {
            put(page, "\n");
            column = 0;
            is_first = true;
            text++;
            continue;
        }
        size_t length = strcspn(text, " \n");
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            put(page, "\n");
            column = 0;
            is_first = true;
        }
        for (; column < indent; column++)
            put(page, " ");
        if (!is_first) {
            put(page, " ");
            column++;
        }
        put_bytes(page, text, length);
        column += length;
        is_first = false;
        text += length + (text[length] == ' ');
    }
    put(page, "\n");
}

static void put_usage(struct page *page, const struct weir_command_definition *definition)
{
    put(page, "weir ");
    put(page, definition->name);
    if (*definition->operands != '\0') {
        put(page, " ");
        put(page, definition->operands);
    }
    put(page, " [options]");
}

/* "--name NAME" */
static const char *option_title(struct weir_scope *scope, const struct weir_command_option *option)
{
    const char *title = option->value == NULL
                            ? weir_take_printf(scope, "--%s", option->name)
                            : weir_take_printf(scope, "--%s %s", option->name, option->value);
    return title == NULL ? option->name : title;
}

static void help_options(struct page *page, const struct weir_command_option *options)
{
    for (size_t i = 0; options[i].name != NULL; i++) {
        const char *title = option_title(page->scope, &options[i]);
        put(page, "  ");
        put_padded(page, title, 22);
        size_t column = 2 + (strlen(title) < 22 ? 22 : strlen(title));
        put_wrapped(page, options[i].help, 24, column);
    }
}

static const struct weir_exit_text *exit_find(const char *name, size_t length)
{
    for (size_t i = 0; weir_exit_texts[i].name != NULL; i++) {
        if (strncmp(weir_exit_texts[i].name, name, length) == 0 &&
            weir_exit_texts[i].name[length] == '\0')
            return &weir_exit_texts[i];
    }
    return NULL;
}

/* Calls `write` for each exit code a definition lists. */
static void each_exit(struct page *page,
                      const struct weir_command_definition *definition,
                      void (*write)(struct page *, const struct weir_exit_text *))
{
    const char *at = definition->exits;
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        const struct weir_exit_text *found = exit_find(at, length);
        if (found != NULL)
            write(page, found);
        at += length + (at[length] == ' ');
    }
}

static void help_exit(struct page *page, const struct weir_exit_text *exit_text)
{
    char number[16];
    (void)snprintf(number, sizeof(number), "  %d", exit_text->number);
    put_padded(page, number, 6);
    put_wrapped(page, exit_text->text, 6, 6);
}

static int page_print(struct weir_command *command, const struct page *page)
{
    if (page->err != WEIR_OK)
        return weir_command_fail(command);
    /* Whether standard output took it is looked at once, at the end of the program. */
    (void)fwrite(page->buffer->data, 1, page->buffer->length, stdout);
    return WEIR_EXIT_OK;
}

int weir_manual_print_command(struct weir_command *command)
{
    const struct weir_command_definition *definition = command->definition;
    struct weir_buffer buffer = {0};
    struct page page = {.scope = command->scope, .buffer = &buffer};
    put_usage(&page, definition);
    put(&page, "\n\n");
    put(&page, definition->summary);
    put(&page, ".\n\n");
    put_wrapped(&page, definition->details, 0, 0);
    put(&page, "\nOptions:\n");
    help_options(&page, definition->options);
    help_options(&page, weir_command_common);
    put(&page, "\nExample:\n  ");
    put(&page, definition->example);
    put(&page, "\n\nExit status:\n");
    each_exit(&page, definition, help_exit);
    return page_print(command, &page);
}

int weir_manual_print_overview(struct weir_command *command)
{
    struct weir_buffer buffer = {0};
    struct page page = {.scope = command->scope, .buffer = &buffer};
    put(&page, "weir: watches what was promised, proves what happened, moves the money.\n\n"
               "usage: weir COMMAND [options]\n");
    const char *group = "";
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        if (strcmp(weir_commands[i].group, group) != 0) {
            group = weir_commands[i].group;
            put(&page, "\n");
            put(&page, group);
            put(&page, "\n");
        }
        put(&page, "  ");
        put_padded(&page, weir_commands[i].name, 18);
        put(&page, weir_commands[i].summary);
        put(&page, "\n");
    }
    put(&page, "\n`weir help COMMAND` or `weir COMMAND --help` explains one, with an example.\n");
    return page_print(command, &page);
}

/* troff reads '\' and '-' in its own way, and '.' or '\'' at the start of a line. */
static void man_text(struct page *page, const char *text)
{
    bool is_line_start = true;
    for (; *text != '\0'; text++) {
        if (is_line_start && (*text == '.' || *text == '\''))
            put(page, "\\&");
        if (*text == '\\')
            put(page, "\\e");
        else if (*text == '-')
            put(page, "\\-");
        else if (*text == '\n' && text[1] == '\n')
            put(page, "\n.PP");
        else
            put_bytes(page, text, 1);
        is_line_start = *text == '\n';
    }
}

static void man_options(struct page *page, const struct weir_command_option *options)
{
    for (size_t i = 0; options[i].name != NULL; i++) {
        put(page, ".TP\n.B ");
        man_text(page, option_title(page->scope, &options[i]));
        put(page, "\n");
        man_text(page, options[i].help);
        put(page, "\n");
    }
}

static void man_exit(struct page *page, const struct weir_exit_text *exit_text)
{
    char number[16];
    (void)snprintf(number, sizeof(number), "%d", exit_text->number);
    put(page, ".TP\n.B ");
    put(page, number);
    put(page, "\n");
    man_text(page, exit_text->text);
    put(page, "\n");
}

static void man_command(struct page *page, const struct weir_command_definition *definition)
{
    put(page, ".SS \"weir ");
    man_text(page, definition->name);
    if (*definition->operands != '\0') {
        put(page, " ");
        man_text(page, definition->operands);
    }
    put(page, "\"\n");
    man_text(page, definition->summary);
    put(page, ".\n.PP\n");
    man_text(page, definition->details);
    put(page, "\n");
    man_options(page, definition->options);
    put(page, ".PP\nExample:\n.PP\n.RS\n.nf\n");
    man_text(page, definition->example);
    put(page, "\n.fi\n.RE\n");
}

enum weir_err weir_manual_write_man(struct weir_scope *scope, struct weir_buffer *buffer)
{
    struct page page = {.scope = scope, .buffer = buffer};
    put(&page,
        ".TH WEIR 1 \"\" \"weir " WEIR_VERSION "\" \"weir manual\"\n"
        ".SH NAME\nweir \\- watches what was promised, proves what happened, moves the money\n"
        ".SH SYNOPSIS\n.B weir\n.I command\n[\\fIoptions\\fR]\n.SH DESCRIPTION\n"
        "A weir is the wall across a stream that both measures the flow and lets it through.\n"
        ".B weir\nmeasures what one business promised another, keeps a log that cannot be changed "
        "unnoticed,\nand pays the customer from an escrow when the promise was broken.\n"
        ".SH COMMANDS\n");
    for (size_t i = 0; weir_commands[i].name != NULL; i++)
        man_command(&page, &weir_commands[i]);
    put(&page, ".SH \"COMMON OPTIONS\"\n");
    man_options(&page, weir_command_common);
    put(&page, ".SH \"EXIT STATUS\"\n");
    for (size_t i = 0; weir_exit_texts[i].name != NULL; i++)
        man_exit(&page, &weir_exit_texts[i]);
    put(&page,
        ".SH ENVIRONMENT\n.TP\n.B WEIR_CONFIG\nThe configuration when \\-\\-config is not "
        "given.\n.TP\n.B NO_COLOR\nNo colour when set.\n.TP\n.B CREDENTIALS_DIRECTORY\nFolder of "
        "the service manager's credentials; weir\\-passphrase in it opens the keys.\n");
    return page.err;
}

static void markdown_options(struct page *page, const struct weir_command_option *options)
{
    for (size_t i = 0; options[i].name != NULL; i++) {
        put(page, "- `");
        put(page, option_title(page->scope, &options[i]));
        put(page, "`: ");
        put(page, options[i].help);
        put(page, "\n");
    }
}

static void markdown_exit(struct page *page, const struct weir_exit_text *exit_text)
{
    char number[16];
    (void)snprintf(number, sizeof(number), " %d", exit_text->number);
    put(page, number);
}

static void markdown_command(struct page *page, const struct weir_command_definition *definition)
{
    put(page, "\n### weir ");
    put(page, definition->name);
    put(page, "\n\n`");
    put_usage(page, definition);
    put(page, "`\n\n");
    put(page, definition->summary);
    put(page, ".\n\n");
    put(page, definition->details);
    put(page, "\n\n");
    markdown_options(page, definition->options);
    if (definition->options[0].name != NULL)
        put(page, "\n");
    put(page, "Example: `");
    put(page, definition->example);
    put(page, "`\n\nExit status:");
    each_exit(page, definition, markdown_exit);
    put(page, "\n");
}

enum weir_err weir_manual_write_markdown(struct weir_scope *scope, struct weir_buffer *buffer)
{
    struct page page = {.scope = scope, .buffer = buffer};
    put(&page, "# Commands\n\nMade by `weir help --markdown`. Exit statuses are explained in "
               "[exit-codes.md](exit-codes.md).\n\n## Options of every command\n\n");
    markdown_options(&page, weir_command_common);
    const char *group = "";
    for (size_t i = 0; weir_commands[i].name != NULL; i++) {
        if (strcmp(weir_commands[i].group, group) != 0) {
            group = weir_commands[i].group;
            put(&page, "\n## ");
            put(&page, group);
            put(&page, "\n");
        }
        markdown_command(&page, &weir_commands[i]);
    }
    return page.err;
}

enum weir_err weir_manual_write_exit_codes(struct weir_scope *scope, struct weir_buffer *buffer)
{
    struct page page = {.scope = scope, .buffer = buffer};
    put(&page,
        "# Exit statuses\n\nMade by `weir help --exit-codes`. The numbers are never reused; those "
        "from 10 on say why a proof is refused.\n\n| status | name | meaning |\n|---|---|---|\n");
    for (size_t i = 0; weir_exit_texts[i].name != NULL; i++) {
        char number[16];
        (void)snprintf(number, sizeof(number), "%d", weir_exit_texts[i].number);
        put(&page, "| ");
        put(&page, number);
        put(&page, " | ");
        put(&page, weir_exit_texts[i].name);
        put(&page, " | ");
        put(&page, weir_exit_texts[i].text);
        put(&page, " |\n");
    }
    return page.err;
}
