#!/usr/bin/env bash
# Style rule 1: clang-format decides everything.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
need $CLANG_FORMAT

tracked '*.c' '*.h' | but_allowed format >"$WORK/files"
xargs -r -P "$JOBS" -n 20 $CLANG_FORMAT --dry-run --ferror-limit=3 <"$WORK/files" 2>&1 |
    grep -E ':[0-9]+:[0-9]+: ' | faults "clang-format would write it otherwise" || true
finish
