#!/usr/bin/env bash
# Style rule 4: every header compiles alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
need gcc

alone() {
    gcc -fsyntax-only -x c "$@" 2>&1 | grep -E ': (warning|error|fatal error): ' | head -n 3 || true
}
export -f alone
tracked '*.h' >"$WORK/files"
# Each line of the list becomes the last argument of one call.
xargs -r -a "$WORK/files" -P "$JOBS" -n 1 bash -c 'alone "$@"' alone "${C_FLAGS[@]}" |
    faults "style rule 4: does not compile alone"
finish
