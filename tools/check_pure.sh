#!/usr/bin/env bash
# Style rules 17, 22, 29: what the pure floors call is on a list (tools/pure.txt), read from the
# undefined symbols of the built libraries, so that no macro and no header can hide a call.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
need nm
build=${WEIR_BUILD:?the build folder}

for floor in base metrics attest config; do
    library=$build/libweir_$floor.a
    [ -f "$library" ] || continue
    nm --print-file-name --undefined-only "$library" 2>/dev/null |
        sed -E "s#^.*[:/]([^:/]+\.c)\.o: *[Uwv] (.*)\$#$floor \1 \2#" |
        sed -E 's/ __?([a-z])/ \1/; s/_chk$//' | sort -u
done >"$WORK/calls"
if [ ! -s "$WORK/calls" ]; then
    echo "SKIP: no pure library is built in $build"
    exit 77
fi

while read -r floor file symbol; do
    case $symbol in weir_*) continue ;; esac
    good=
    while read -r place patterns; do
        case $place in '#'* | '') continue ;; esac
        # shellcheck disable=SC2254
        case $place in any | "$floor") ;; *) case $floor/$file in $place) ;; *) continue ;; esac ;; esac
        set -f
        for pattern in $patterns; do
            # shellcheck disable=SC2254
            case $symbol in $pattern) good=yes ;; esac
        done
        set +f
    done <"$TOOLS/pure.txt"
    [ -n "$good" ] || echo "$floor/$file: calls $symbol"
done <"$WORK/calls" | faults "style rules 17, 22, 29: not on tools/pure.txt"
finish
