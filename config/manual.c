#include "config/manual.h"

#include "base/arena.h"
#include "config/position.h"
#include "config/schema.h"

static const char *kind_text(enum weir_option_kind kind)
{
    switch (kind) {
    case WEIR_OPTION_TEXT:
        return "text";
    case WEIR_OPTION_NAME:
        return "name";
    case WEIR_OPTION_PATH:
        return "path";
    case WEIR_OPTION_URL:
        return "URL";
    case WEIR_OPTION_BOOL:
        return "true or false";
    case WEIR_OPTION_COUNT:
        return "whole number";
    case WEIR_OPTION_DURATION:
        return "duration";
    case WEIR_OPTION_SIZE:
        return "size";
    case WEIR_OPTION_TIME:
        return "time";
    case WEIR_OPTION_ADDRESS:
        return "address";
    case WEIR_OPTION_ASSET:
        return "address or `native`";
    case WEIR_OPTION_HASH:
        return "64 hex digits";
    case WEIR_OPTION_CHOICE:
        return "one of";
    case WEIR_OPTION_PERCENT:
        return "percentage as text";
    case WEIR_OPTION_AMOUNT:
        return "amount as text";
    case WEIR_OPTION_FEE:
        return "fee";
    case WEIR_OPTION_LISTEN:
        return "address and port";
    case WEIR_OPTION_FINALITY:
        return "`finalized` or `depth N`";
    case WEIR_OPTION_SEPARATOR:
        return "character or `tab`";
    case WEIR_OPTION_STATUSES:
        return "status codes";
    case WEIR_OPTION_TEXTS:
        return "list of texts";
    case WEIR_OPTION_TIMES:
        return "list of times";
    case WEIR_OPTION_SECTION:
    case WEIR_OPTION_CHILD:
        return "section";
    case WEIR_OPTION_LIST:
        return "list of sections";
    }
    return "";
}

static enum weir_err
form_write(struct weir_scope *scope, struct weir_buffer *buffer, const struct weir_option *option)
{
    enum weir_err err = weir_buffer_text(scope, buffer, kind_text(option->kind));
    for (size_t i = 0; err == WEIR_OK && option->choices != NULL && option->choices[i] != NULL; i++)
        err = weir_buffer_printf(scope, buffer, "%s `%s`", i == 0 ? "" : ",", option->choices[i]);
    return err;
}

static enum weir_err
row_write(struct weir_scope *scope, struct weir_buffer *buffer, const struct weir_option *option)
{
    enum weir_err err = weir_buffer_printf(scope, buffer, "| `%s` | ", option->key);
    if (err == WEIR_OK)
        err = form_write(scope, buffer, option);
    if (err != WEIR_OK)
        return err;
    const char *begin = "";
    const char *text = "";
    if (option->is_required)
        text = "required";
    else if (option->fallback != NULL) {
        begin = "`";
        text = *option->fallback == '\0' ? "\"\"" : option->fallback;
    }
    return weir_buffer_printf(scope, buffer, " | %s%s%s | %s |\n", begin, text, begin,
                              option->help);
}

/* One table for the values of a section, then one chapter for each section inside it. */
static enum weir_err section_write(struct weir_scope *scope,
                                   struct weir_buffer *buffer,
                                   const struct weir_section *section,
                                   const char *path)
{
    enum weir_err err = WEIR_OK;
    if (*path != '\0')
        err = weir_buffer_printf(scope, buffer,
                                 "\n## %s\n\n%s\n\n| key | form | default | meaning "
                                 "|\n|---|---|---|---|\n",
                                 path, section->help);
    for (size_t i = 0; err == WEIR_OK && i < section->option_count; i++) {
        if (section->options[i].section == NULL)
            err = row_write(scope, buffer, &section->options[i]);
    }
    for (size_t i = 0; err == WEIR_OK && i < section->option_count; i++) {
        const struct weir_option *option = &section->options[i];
        if (option->section == NULL)
            continue;
        const char *below = weir_path_take(scope, path, option->key);
        const char *shown = below == NULL || option->kind != WEIR_OPTION_LIST
                                ? below
                                : weir_take_printf(scope, "%s[]", below);
        if (shown == NULL)
            return WEIR_E_MEMORY;
        err = section_write(scope, buffer, option->section, shown);
    }
    return err;
}

enum weir_err weir_config_manual_write(struct weir_scope *scope, struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_text(
        scope, buffer,
        "# Configuration\n\n"
        "Made by `weir help --configuration`; `config/example/weir.yaml` shows it in use.\n\n"
        "One YAML file. Unknown and duplicate keys, anchors, tags, a second document and values "
        "outside their bounds are refused with file, line and key: `weir config check` says what "
        "is wrong, `weir config show` prints what is in effect.\n\n"
        "- durations: a whole number and `ms`, `s`, `m`, `h`, `d` or `w`, as in `90s`;\n"
        "- sizes: a whole number and `B`, `KiB`, `MiB` or `GiB`;\n"
        "- times: RFC 3339, `2026-01-05T10:00:00Z`;\n"
        "- amounts and percentages: decimal text in quotes, so that nothing rounds them;\n"
        "- addresses: with the checksum of EIP-55 in the case of their letters;\n"
        "- fees: `30gwei` or `1000wei`;\n"
        "- paths: relative ones lie beside the configuration file.\n");
    return err == WEIR_OK ? section_write(scope, buffer, &weir_config_schema, "") : err;
}
