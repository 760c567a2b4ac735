#!/usr/bin/env bash
# Style rule 3: a file above 600 lines is cut along a noun; texts end with a newline, without
# trailing blanks, carriage returns or tabs (Makefiles apart), and scripts can be run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
LINES_MAX=600

tracked '*.c' '*.h' '*.def' '*.sol' '*.mjs' '*.js' '*.sh' '*.cmake' '*.sql' '*.awk' |
    but_allowed size >"$WORK/files"
xargs -r awk -v max=$LINES_MAX '
    FNR == max + 1 { print FILENAME ": more than " max " lines" }
    /[ \t\r]$/ { print FILENAME ":" FNR ": blank at the end of the line" }
    /\t/ { print FILENAME ":" FNR ": tab" }' <"$WORK/files" | faults "form of a file"
while IFS= read -r file; do
    [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"
done <"$WORK/files" | faults "form of a file"
tracked '*.sh' .ci/run | while IFS= read -r file; do
    if [ "$(head -c 2 "$file")" = '#!' ] && [ ! -x "$file" ]; then
        echo "$file: has an interpreter line but no run bit"
    fi
done | faults "form of a file"
finish
