#!/usr/bin/env bash
# Style rule 31: what the tables make (manual, option and error lists) is what is committed.
# tools/generated.txt: <file> <program of the build folder> <arguments>.  With --write the files are
# made again instead: WEIR_BUILD=build/release tools/check_docs.sh --write
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
build=$(cd "$STARTED" && cd "${WEIR_BUILD:?the build folder}" && pwd)
list=${WEIR_GENERATED:-$TOOLS/generated.txt}

compared=0 missing=0
while read -r file program arguments; do
    case $file in '' | '#'*) continue ;; esac
    if [ ! -x "$build/$program" ]; then
        missing=$((missing + 1))
        continue
    fi
    compared=$((compared + 1))
    # shellcheck disable=SC2086
    if ! "$build/$program" $arguments >"$WORK/made" 2>"$WORK/said"; then
        echo "$file: '$program $arguments' failed: $(head -n 1 "$WORK/said")"
    elif [ "${1:-}" = --write ]; then
        cp "$WORK/made" "$file"
    elif ! cmp -s "$WORK/made" "$file"; then
        echo "$file: differs from what '$program $arguments' prints"
    fi | faults "style rule 31: generated text"
done <"$list"
if [ "$compared" = 0 ] && [ "$missing" -gt 0 ]; then
    echo "SKIP: the programs that make the generated files are not built in $build"
    exit 77
fi
finish
