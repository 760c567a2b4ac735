#include "attest/statement.h"

#include <assert.h>
#include <string.h>

#include "attest/bcs.h"

/* The table in two passes over statements.def: fields per statement, then the rows. */
#define WEIR_STATEMENT(name, number, tag, chained, text)
#define WEIR_STATEMENT_FIELD(statement, name, kind, text)                                          \
    {WEIR_STATEMENT_##statement, {name, WEIR_FIELD_##kind, text}},
static const struct field_row {
    enum weir_statement_purpose purpose;
    struct weir_statement_field field;
} field_rows[] = {
#include "attest/statements.def"
};
#undef WEIR_STATEMENT
#undef WEIR_STATEMENT_FIELD

#define WEIR_STATEMENT(name, number, tag, chained, text)                                           \
    {WEIR_STATEMENT_##name, #name, tag, (chained) != 0, text},
#define WEIR_STATEMENT_FIELD(statement, name, kind, text)
static const struct weir_statement_type types[] = {
#include "attest/statements.def"
};
#undef WEIR_STATEMENT
#undef WEIR_STATEMENT_FIELD

enum {
    FIELD_ROWS = sizeof(field_rows) / sizeof(field_rows[0]),
    TYPES = sizeof(types) / sizeof(types[0]),
};

const struct weir_statement_type *weir_statement_types(size_t *count)
{
    *count = TYPES;
    return types;
}

const struct weir_statement_type *weir_statement_type(uint8_t purpose)
{
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].purpose == purpose)
            return &types[i];
    return NULL;
}

const struct weir_statement_field *weir_statement_field(uint8_t purpose, size_t place)
{
    for (size_t i = 0; i < FIELD_ROWS; i++) {
        if (field_rows[i].purpose != purpose)
            continue;
        if (place-- == 0)
            return &field_rows[i].field;
    }
    return NULL;
}

static enum weir_err put_hash(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const uint8_t bytes[static WEIR_HASH_BYTES])
{
    return weir_bcs_put_bytes(scope, buffer, (struct weir_slice){bytes, WEIR_HASH_BYTES});
}

static enum weir_err put_value(struct weir_scope *scope,
                               struct weir_buffer *buffer,
                               enum weir_field_kind kind,
                               const struct weir_statement_value *value)
{
    switch (kind) {
    case WEIR_FIELD_U64:
        return weir_bcs_put_u64(scope, buffer, value->number);
    case WEIR_FIELD_TEXT:
        return weir_bcs_put_text(scope, buffer, value->bytes);
    case WEIR_FIELD_BYTES:
        return weir_bcs_put_bytes(scope, buffer, value->bytes);
    }
    return weir_fail(scope, WEIR_E_RANGE, "a kind of field that does not exist");
}

/* The row of the statement's purpose, with the chain members as the row wants them. */
static enum weir_err find_type(struct weir_scope *scope,
                               const struct weir_statement *statement,
                               const struct weir_statement_type **type)
{
    *type = weir_statement_type(statement->purpose);
    if (*type == NULL)
        return weir_fail(scope, WEIR_E_RANGE, "no statement has the purpose %u",
                         statement->purpose);
    bool has_chain = statement->sequence != 0 || !weir_hash_is_zero(&statement->previous) ||
                     !weir_hash_is_zero(&statement->config);
    if (has_chain && !(*type)->is_chained)
        return weir_fail(scope, WEIR_E_RANGE, "a %s stands in no chain", (*type)->name);
    return WEIR_OK;
}

enum weir_err weir_statement_write(struct weir_scope *scope,
                                   const struct weir_statement *statement,
                                   struct weir_buffer *buffer)
{
    const struct weir_statement_type *type;
    enum weir_err err = find_type(scope, statement, &type);
    if (err != WEIR_OK)
        return err;
    struct weir_buffer payload = {.capacity_max = WEIR_STATEMENT_BYTES_MAX};
    err = weir_bcs_put_text(scope, &payload, weir_slice_text(type->tag));
    if (err == WEIR_OK)
        err = put_hash(scope, &payload, statement->node);
    if (err == WEIR_OK)
        err = weir_bcs_put_u64(scope, &payload, statement->sequence);
    if (err == WEIR_OK)
        err = put_hash(scope, &payload, statement->previous.bytes);
    if (err == WEIR_OK)
        err = put_hash(scope, &payload, statement->config.bytes);
    const struct weir_statement_field *field;
    for (size_t i = 0; (field = weir_statement_field(statement->purpose, i)) != NULL; i++) {
        assert(i < WEIR_STATEMENT_FIELDS_MAX);
        if (err == WEIR_OK)
            err = put_value(scope, &payload, field->kind, &statement->values[i]);
        if (err != WEIR_OK)
            return weir_note(scope, "%s, field '%s'", type->name, field->name);
    }
    return weir_buffer_put(scope, buffer, payload.data, payload.length);
}

static enum weir_err
get_hash(struct weir_scope *scope, struct weir_slice *rest, uint8_t bytes[static WEIR_HASH_BYTES])
{
    struct weir_slice found;
    enum weir_err err = weir_bcs_get_bytes(scope, rest, &found);
    if (err != WEIR_OK)
        return err;
    if (found.length != WEIR_HASH_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes where a hash or key has 32", found.length);
    memcpy(bytes, found.data, WEIR_HASH_BYTES);
    return WEIR_OK;
}

static enum weir_err get_value(struct weir_scope *scope,
                               struct weir_slice *rest,
                               enum weir_field_kind kind,
                               struct weir_statement_value *value)
{
    switch (kind) {
    case WEIR_FIELD_U64:
        return weir_bcs_get_u64(scope, rest, &value->number);
    case WEIR_FIELD_TEXT:
        return weir_bcs_get_text(scope, rest, &value->bytes);
    case WEIR_FIELD_BYTES:
        return weir_bcs_get_bytes(scope, rest, &value->bytes);
    }
    return weir_fail(scope, WEIR_E_PARSE, "a kind of field that does not exist");
}

/* Tag, node and chain. */
static enum weir_err get_head(struct weir_scope *scope,
                              const struct weir_statement_type *type,
                              struct weir_slice *rest,
                              struct weir_statement *statement)
{
    struct weir_slice tag;
    enum weir_err err = weir_bcs_get_text(scope, rest, &tag);
    if (err != WEIR_OK)
        return err;
    if (!weir_slice_equals_text(tag, type->tag))
        return weir_fail(scope, WEIR_E_PARSE, "the tag is not '%s'", type->tag);
    err = get_hash(scope, rest, statement->node);
    if (err == WEIR_OK)
        err = weir_bcs_get_u64(scope, rest, &statement->sequence);
    if (err == WEIR_OK)
        err = get_hash(scope, rest, statement->previous.bytes);
    if (err == WEIR_OK)
        err = get_hash(scope, rest, statement->config.bytes);
    return err;
}

enum weir_err weir_statement_read(struct weir_scope *scope,
                                  uint8_t purpose,
                                  struct weir_slice payload,
                                  struct weir_statement *statement)
{
    struct weir_statement parsed = {.purpose = purpose};
    const struct weir_statement_type *type = weir_statement_type(purpose);
    if (type == NULL)
        return weir_fail(scope, WEIR_E_PARSE, "no statement has the purpose %u", purpose);
    if (payload.length > WEIR_STATEMENT_BYTES_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "a statement of %zu bytes", payload.length);
    struct weir_slice rest = payload;
    enum weir_err err = get_head(scope, type, &rest, &parsed);
    if (err != WEIR_OK)
        return weir_note(scope, "%s", type->name);
    const struct weir_statement_field *field;
    for (size_t i = 0; (field = weir_statement_field(purpose, i)) != NULL; i++) {
        assert(i < WEIR_STATEMENT_FIELDS_MAX);
        if (get_value(scope, &rest, field->kind, &parsed.values[i]) != WEIR_OK)
            return weir_note(scope, "%s, field '%s'", type->name, field->name);
    }
    err = weir_bcs_get_end(scope, rest);
    if (err != WEIR_OK)
        return weir_note(scope, "%s", type->name);
    if (find_type(scope, &parsed, &type) != WEIR_OK) {
        weir_scope_recover(scope); /* on the way in it is the bytes that are wrong */
        return weir_fail(scope, WEIR_E_PARSE, "a %s stands in no chain", type->name);
    }
    *statement = parsed;
    return WEIR_OK;
}
