#!/usr/bin/env bash
# Style rule 4: a header's guard is its path; own header first, then system, then project headers,
# in blocks of their own; project headers are named from the root and exist.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

tracked '*.h' | while IFS= read -r file; do
    guard=WEIR_$(tr 'a-z/.-' 'A-Z___' <<<"$file")
    guard=${guard/WEIR_TESTS_UNIT_/WEIR_TESTS_}
    long=WEIR_$(tr 'a-z/.-' 'A-Z___' <<<"$file")
    found=$(sed -n 's/^#ifndef \([A-Z0-9_]*\)$/\1/p' "$file" | head -n 1)
    if [ "$found" != "$guard" ] && [ "$found" != "$long" ]; then
        echo "$file:1: the guard is '$found', not '$long'"
    fi
done | faults "style rule 4: guard = path"

# One line per include: file, line, block, kind, name.  X-macro tables are no headers.
tracked '*.c' '*.h' | xargs -r awk '
    FNR == 1 { block = 0; blank = 1 }
    /^#include ["<]/ {
        if ($2 ~ /\.def"$/) next
        if (blank) block++
        blank = 0
        kind = substr($2, 1, 1) == "<" ? "system" : "project"
        print FILENAME, FNR, block, kind, substr($2, 2, length($2) - 2)
        next
    }
    /^[ \t]*$/ { blank = 1 }' >"$WORK/includes"

awk '
    $1 != file { file = $1; count = 0; last_kind = ""; last_block = 0; projects = 0; has_own = 0 }
    {
        count++
        place = $1 ":" $2
        if ($4 == "project" && (getline probe < $5) < 0) print place ": no such header from the root: " $5
        if ($4 == "project") close($5)
        own = $1; is_unit = own ~ /\.c$/ && sub(/\.c$/, ".h", own)
        if (count == 1 && is_unit && (getline probe < own) >= 0) {
            close(own)
            has_own = 1
            if ($5 != own) print place ": the own header " own " comes first"
        }
        if (last_kind != "" && $4 != last_kind && $3 == last_block)
            print place ": system and project headers need a blank line between them"
        if (count == 2 && has_own && $3 == last_block)
            print place ": a blank line follows the first (own) header"
        if ($4 == "system" && projects > 0)
            print place ": system headers come before project headers"
        if ($4 == "project" && !(count == 1 && $1 ~ /\.c$/)) projects++
        last_kind = $4; last_block = $3
    }' "$WORK/includes" | faults "style rule 4: includes"
finish
