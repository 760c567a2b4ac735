#include <inttypes.h>

#include "attest/statement.h"
#include "base/text.h"

#define CONTROL_END 0x20

/* As serde_json escapes: the short forms, and \u00xx for the other control characters. */
static enum weir_err
print_character(struct weir_scope *scope, struct weir_buffer *buffer, uint8_t character)
{
    switch (character) {
    case '"':
        return weir_buffer_text(scope, buffer, "\\\"");
    case '\\':
        return weir_buffer_text(scope, buffer, "\\\\");
    case '\b':
        return weir_buffer_text(scope, buffer, "\\b");
    case '\f':
        return weir_buffer_text(scope, buffer, "\\f");
    case '\n':
        return weir_buffer_text(scope, buffer, "\\n");
    case '\r':
        return weir_buffer_text(scope, buffer, "\\r");
    case '\t':
        return weir_buffer_text(scope, buffer, "\\t");
    default:
        if (character < CONTROL_END)
            return weir_buffer_printf(scope, buffer, "\\u%04x", character);
        return weir_buffer_u8(scope, buffer, character);
    }
}

static enum weir_err
print_text(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice text)
{
    enum weir_err err = weir_buffer_u8(scope, buffer, '"');
    for (size_t i = 0; i < text.length && err == WEIR_OK; i++)
        err = print_character(scope, buffer, text.data[i]);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, buffer, '"');
    return err;
}

static enum weir_err
print_bytes(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes)
{
    enum weir_err err = weir_buffer_u8(scope, buffer, '[');
    for (size_t i = 0; i < bytes.length && err == WEIR_OK; i++)
        err = weir_buffer_printf(scope, buffer, "%s%u", i == 0 ? "" : ",", bytes.data[i]);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, buffer, ']');
    return err;
}

static enum weir_err print_member(struct weir_scope *scope,
                                  struct weir_buffer *buffer,
                                  const char *name,
                                  enum weir_field_kind kind,
                                  struct weir_statement_value value)
{
    enum weir_err err = weir_buffer_printf(scope, buffer, ",\"%s\":", name);
    if (err != WEIR_OK)
        return err;
    switch (kind) {
    case WEIR_FIELD_U64:
        return weir_buffer_printf(scope, buffer, "%" PRIu64, value.number);
    case WEIR_FIELD_TEXT:
        return print_text(scope, buffer, value.bytes);
    case WEIR_FIELD_BYTES:
        return print_bytes(scope, buffer, value.bytes);
    }
    return weir_fail(scope, WEIR_E_RANGE, "a kind of field that does not exist");
}

static enum weir_err print_hash(struct weir_scope *scope,
                                struct weir_buffer *buffer,
                                const char *name,
                                const uint8_t bytes[static WEIR_HASH_BYTES])
{
    const struct weir_statement_value value = {.bytes = {bytes, WEIR_HASH_BYTES}};
    return print_member(scope, buffer, name, WEIR_FIELD_BYTES, value);
}

enum weir_err weir_statement_print(struct weir_scope *scope,
                                   const struct weir_statement *statement,
                                   struct weir_buffer *buffer)
{
    const struct weir_statement_type *type = weir_statement_type(statement->purpose);
    if (type == NULL)
        return weir_fail(scope, WEIR_E_RANGE, "no statement has the purpose %u",
                         statement->purpose);
    const struct weir_statement_value sequence = {.number = statement->sequence};
    enum weir_err err = weir_buffer_printf(scope, buffer, "{\"type\":\"%s\"", type->tag);
    if (err == WEIR_OK)
        err = print_hash(scope, buffer, "node", statement->node);
    if (err == WEIR_OK)
        err = print_member(scope, buffer, "sequence", WEIR_FIELD_U64, sequence);
    if (err == WEIR_OK)
        err = print_hash(scope, buffer, "previous", statement->previous.bytes);
    if (err == WEIR_OK)
        err = print_hash(scope, buffer, "config", statement->config.bytes);
    const struct weir_statement_field *field;
    for (size_t i = 0; (field = weir_statement_field(statement->purpose, i)) != NULL; i++)
        if (err == WEIR_OK)
            err = print_member(scope, buffer, field->name, field->kind, statement->values[i]);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, buffer, '}');
    return err;
}
