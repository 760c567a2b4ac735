#!/usr/bin/env bash
# Style rule 6: a name means one thing.  No struct, enum, union or macro is defined in two headers (the
# tests of two floors never meet); no function is defined in two files of the libraries; what other
# files can see begins with weir_.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
need nm

tracked '*.h' | { grep -v '^tests/' || true; } | xargs -r awk '
    FNR == 1 { delete undone }
    /^(struct|enum|union) [A-Za-z_0-9]+ \{/ { print $1 " " $2, FILENAME }
    /^#define [A-Za-z_0-9]+/ { name = $2; sub(/\(.*/, "", name); print "macro " name, FILENAME }
    /^#undef / { print "gone " $2, FILENAME }' >"$WORK/tags"
# X-macros are defined and undefined around their table; they are nobody else'"'"'s.
awk '$1 == "gone" { gone[$2, $3] = 1; next }
    { kind[NR] = $1; name[NR] = $2; file[NR] = $3 }
    END {
        for (i = 1; i <= NR; i++) {
            if (kind[i] == "" || (kind[i] == "macro" && (name[i], file[i]) in gone)) continue
            key = kind[i] " " name[i]
            if (key in first && first[key] != file[i])
                print file[i] ": " key " is defined in " first[key] " too"
            else
                first[key] = file[i]
        }
    }' "$WORK/tags" | faults "style rule 6: one name, one thing"

build=${WEIR_BUILD:-}
if [ -n "$build" ] && ls "$build"/libweir_*.a >/dev/null 2>&1; then
    nm --print-file-name --defined-only --extern-only "$build"/libweir_*.a 2>/dev/null |
        sed -nE 's#^.*/libweir_([a-z]+)\.a:([^:]+\.c)\.o: *[0-9a-f]+ [TDBRC] (.*)$#\3 \1/\2#p' | sort >"$WORK/symbols"
    awk '$1 == name && $2 != file { print $2 ": " $1 " is defined in " file " too" }
        { name = $1; file = $2 }
        # Sanitizers add marks of their own.
        $1 !~ /^(weir_|__asan|__odr_asan|__ubsan|__sanc|main$)/ { print $2 ": " $1 " can be seen from outside without weir_" }' \
        "$WORK/symbols" | faults "style rule 6: one name, one thing"
fi
finish
