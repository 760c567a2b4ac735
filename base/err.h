/* Errors as values: one enum made from errors.def, and the scope that carries the first failure of
 * one request, tick or command together with the arena its results live in.
 * Floor 0: no I/O, no clock; nothing here logs.  The edge that made the scope reports it once.
 * A failing function returns `weir_fail(...)`; its callers may add context with `weir_note` and
 * return the code: the text then reads outside-in ("gauge 'api': line 7: ..."). */
#ifndef WEIR_BASE_ERR_H
#define WEIR_BASE_ERR_H

#include <stddef.h>

#define WEIR_CHECKED __attribute__((warn_unused_result))
#define WEIR_FAULT_BYTES 1024

enum weir_err {
#define WEIR_ERROR(name, number, retryable, text) WEIR_E_##name = (number),
#include "base/errors.def"
#undef WEIR_ERROR
};
#define WEIR_OK WEIR_E_OK

struct weir_arena;

/* One per request, tick or command; all it makes is taken from `arena` and dropped at once.
 * `{0}` is a valid scope for functions that take no memory. */
struct weir_scope {
    struct weir_arena *arena; /* borrowed; NULL when nothing may be taken */
    enum weir_err err;        /* the first failure, or WEIR_OK */
    char fault[WEIR_FAULT_BYTES];
};

/* Records the first failure of the scope and returns `err`.  A later failure in the same scope
 * replaces nothing: the first cause stays. */
enum weir_err weir_fail(struct weir_scope *scope, enum weir_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text of the recorded failure; returns the recorded code. */
enum weir_err weir_note(struct weir_scope *scope, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets a failure that the caller has dealt with; the arena keeps what was taken. */
void weir_scope_recover(struct weir_scope *scope);

/* Stable name ("PARSE"), sentence, and whether a later identical try may succeed. */
const char *weir_err_name(enum weir_err err);
const char *weir_err_text(enum weir_err err);
int weir_err_retryable(enum weir_err err);

#endif /* WEIR_BASE_ERR_H */
