#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct error_row {
    enum weir_err err;
    int retryable;
    const char *name;
    const char *text;
};

static const struct error_row error_rows[] = {
#define WEIR_ERROR(name, number, retryable, text) {WEIR_E_##name, retryable, #name, text},
#include "base/errors.def"
#undef WEIR_ERROR
};

static const struct error_row *row_of(enum weir_err err)
{
    for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++)
        if (error_rows[i].err == err)
            return &error_rows[i];
    assert(0 && "an error that errors.def does not list");
    return &error_rows[0];
}

enum weir_err weir_fail(struct weir_scope *scope, enum weir_err err, const char *fmt, ...)
{
    assert(scope != NULL && err != WEIR_OK);
    if (scope->err != WEIR_OK)
        return scope->err;
    scope->err = err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(scope->fault, sizeof(scope->fault), fmt, args); /* a cut text is still a text */
    va_end(args);
    return err;
}

enum weir_err weir_note(struct weir_scope *scope, const char *fmt, ...)
{
    assert(scope != NULL && scope->err != WEIR_OK);
    char outer[WEIR_FAULT_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(outer, sizeof(outer) - 2, fmt, args); /* room for the two bytes below */
    va_end(args);
    memcpy(outer + strlen(outer), ": ", 3);
    size_t outer_bytes = strlen(outer);
    size_t inner_bytes = strlen(scope->fault);
    if (inner_bytes > sizeof(scope->fault) - 1 - outer_bytes)
        inner_bytes = sizeof(scope->fault) - 1 - outer_bytes;
    memmove(scope->fault + outer_bytes, scope->fault, inner_bytes);
    memcpy(scope->fault, outer, outer_bytes);
    scope->fault[outer_bytes + inner_bytes] = '\0';
    return scope->err;
}

void weir_scope_recover(struct weir_scope *scope)
{
    scope->err = WEIR_OK;
    scope->fault[0] = '\0';
}

const char *weir_err_name(enum weir_err err)
{
    return row_of(err)->name;
}

const char *weir_err_text(enum weir_err err)
{
    return row_of(err)->text;
}

int weir_err_retryable(enum weir_err err)
{
    return row_of(err)->retryable;
}
