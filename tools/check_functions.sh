#!/usr/bin/env bash
# Style rule 2: a function has at most 70 lines, 6 parameters, 3 levels of nesting; and the mistakes
# that clang-tidy names without doubt (.clang-tidy).  WEIR_FULL=1 adds the slow analyser.
# A file that compiles to what it was when it last passed is not looked at again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
need $CLANG_TIDY
need clang-14

export CLANG_TIDY TOOLS
export MEMORY=${WEIR_BUILD:-build}/tidy
export ANALYSER=
if [ -n "${WEIR_FULL:-}" ]; then
    ANALYSER='clang-analyzer-*,-clang-analyzer-valist.Uninitialized'
    ANALYSER+=',-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'
fi
# Warnings, and the notes that say by how much a function is too large.
export FINDING=': (warning|error): |: note: ([0-9]+ (lines|parameters)|nesting level [0-9]+) '
mkdir -p "$MEMORY"

# look FLAGS... FILE: prints the findings of one file, or remembers that there are none.
look() {
    local file=${*: -1} flags=("${@:1:$#-1}") key found
    key=$({ cat .clang-tidy tests/.clang-tidy; echo "$file $ANALYSER"; clang-14 "${flags[@]}" -E -w "$file" 2>&1; } |
        sha256sum | cut -c 1-64)
    [ ! -f "$MEMORY/$key" ] || return 0
    # The file that defines weir_fail cannot have it wrapped.
    [ -z "$ANALYSER" ] || [ "$file" = base/err.c ] || flags+=(-include "$TOOLS/analyser.h")
    found=$($CLANG_TIDY --quiet ${ANALYSER:+--checks="$ANALYSER"} "$file" \
        -- "${flags[@]}" 2>/dev/null | grep -E "$FINDING" || true)
    if [ -z "$found" ]; then
        : >"$MEMORY/$key"
    else
        printf '%s\n' "$found" | sed "s#^$PWD/##"
    fi
}
export -f look

tracked '*.c' | but_allowed functions >"$WORK/files"
xargs -r -a "$WORK/files" -P "$JOBS" -n 1 bash -c 'look "$@"' look "${C_FLAGS[@]}" |
    faults "style rule 2, or a mistake"
finish
