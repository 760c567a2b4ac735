/* The running node's voice: one event per line on standard error, logfmt
 * (`time=… level=info duty=settler event=report_signed agreement=demo window=3`).
 * Only floor 3 logs, and only at the edge that made the scope.  Values that need it are quoted;
 * control bytes never reach the terminal.  Secrets have no printable type, so none can be given. */
#ifndef WEIR_NODE_LOG_H
#define WEIR_NODE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum weir_log_level {
    WEIR_LOG_DEBUG,
    WEIR_LOG_INFO,
    WEIR_LOG_WARN,
    WEIR_LOG_ERROR,
};

/* Set once when a process takes its duty; `name` is borrowed. */
void weir_log_duty(const char *name);
void weir_log_threshold(enum weir_log_level lowest);
/* One JSON object of strings per line instead of logfmt. */
void weir_log_json(bool on);

/* `fmt` makes the fields behind the event ("agreement=%s window=%u"); it may be "". */
void weir_log(enum weir_log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Logs the scope's failure with its code name and text, then recovers the scope. */
void weir_log_failure(enum weir_log_level level, const char *event, struct weir_scope *scope);

#endif /* WEIR_NODE_LOG_H */
