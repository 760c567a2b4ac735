/* Read before each file when the analyser looks at it (check.sh --full): what weir_fail and
 * weir_note return is never WEIR_OK, which the analyser cannot see from their prototypes.  Never
 * compiled. */
#ifndef WEIR_TOOLS_ANALYSER_H
#define WEIR_TOOLS_ANALYSER_H

#include "base/err.h"

static inline enum weir_err weir_known(enum weir_err err)
{
    if (err == WEIR_OK)
        __builtin_unreachable();
    return err;
}

#define weir_fail(...) weir_known((weir_fail)(__VA_ARGS__))
#define weir_note(...) weir_known((weir_note)(__VA_ARGS__))

#endif /* WEIR_TOOLS_ANALYSER_H */
