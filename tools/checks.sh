# Sourced by tools/check_*.sh: the tree to look at, its files, permitted exceptions, and one way to
# report.  WEIR_CHECK_ROOT points the checks at another tree (tools/check_checks.sh does).
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STARTED=$PWD
cd "${WEIR_CHECK_ROOT:-$TOOLS/..}"
FAULTS=$(mktemp)
WORK=$(mktemp -d)
trap 'rm -rf "$FAULTS" "$WORK"' EXIT
JOBS=$(nproc)
CLANG_FORMAT=clang-format-14
CLANG_TIDY=clang-tidy-14
# How every C file of the tree compiles, whatever the build: enough for a look at its source.
C_FLAGS=(-std=gnu17 -I. -D_GNU_SOURCE '-DWEIR_VERSION="0"' '-DWEIR_VECTORS_DIR="."'
    '-DWEIR_SOURCE_DIR="."' -DCURL_DISABLE_TYPECHECK -Wall -Wextra -Wundef)

# Prints the tracked files that match the shell patterns and are there, sorted.
tracked() {
    local file
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -- "$@"
    else
        find . -name build -prune -o -name node_modules -prune -o -name .git -prune -o \
            -type f -print | sed 's#^\./##' | matching "$@"
    fi | LC_ALL=C sort | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

# Passes on the lines that match one of the shell patterns; "*" matches "/" too, as for git.
matching() {
    local file pattern
    while IFS= read -r file; do
        for pattern in "$@"; do
            # shellcheck disable=SC2254
            case $file in $pattern) printf '%s\n' "$file"; break ;; esac
        done
    done
}

# Drops the files (first field, up to a colon) that tools/allowed.txt permits for the rule.
but_allowed() {
    local rule=$1 line file pattern
    local -a patterns=()
    while read -r line pattern; do
        [ "$line" != "$rule" ] || patterns+=("$pattern")
    done <"$TOOLS/allowed.txt"
    while IFS= read -r line; do
        file=${line%%:*}
        for pattern in "${patterns[@]}"; do
            # shellcheck disable=SC2254
            case $file in $pattern) continue 2 ;; esac
        done
        printf '%s\n' "$line"
    done
}

# Reads "place: ..." lines; each is a violation of the rule in words.
faults() {
    local line
    while IFS= read -r line; do
        printf '%s    <- %s\n' "$line" "$1" | tee -a "$FAULTS"
    done
}

need() {
    command -v "$1" >/dev/null 2>&1 || { echo "$1 is missing: run tools/setup.sh test"; exit 1; }
}

finish() {
    local count
    count=$(wc -l <"$FAULTS")
    [ "$count" = 0 ] || { echo "$count violations"; exit 1; }
    echo "no violation"
    exit 0
}
