#!/usr/bin/env bash
# Words that may not stand in the tree: functions that overrun, parse loosely, or are not ours to
# call; floating point; base units outside money; waiting in tests; unfinished work; places and
# hosts of somebody's machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

tracked '*.c' '*.h' '*.def' | xargs -r awk -f "$TOOLS/code_only.awk" >"$WORK/code"

# code RULE PATTERN WORDS: the pattern may not occur in C code.
code() {
    grep -E -- "^[^:]*:[0-9]+:(.*[^A-Za-z0-9_])?($2)" "$WORK/code" | but_allowed "$1" | faults "$3" || true
}

code unsafe '(str(n?cpy|n?cat)|stp(n?cpy)|v?sprintf|gets|scanf|fscanf|sscanf|strtok|alloca)[[:space:]]*\(' \
    "overruns or cuts silently: use weir_take_printf, snprintf, memcpy"
code loose '(ato(i|l|ll|f)|strto(l|ll|ul|ull|d|f|ld|imax|umax))[[:space:]]*\(' \
    "parses loosely: use base/number.h"
code shell '(system|popen|execlp|execvp|tmpnam|tempnam|mktemp|tmpfile)[[:space:]]*\(' \
    "runs a shell, searches the path or guesses a name"
code random '(rand|srand|random|srandom|drand48|rand_r)[[:space:]]*\(' "no random source of ours"
code locale '(setlocale|strcoll|isalpha|isdigit|isalnum|isspace|isupper|islower|isxdigit|isprint|ispunct|toupper|tolower)[[:space:]]*\(' \
    "depends on the locale: use base/text.h"
code jump '(setjmp|longjmp|sigsetjmp|siglongjmp)[[:space:]]*\(' "no jumps across functions"
code thread '(pthread_create|thrd_create|clone)[[:space:]]*\(' "no threads of ours"
code float '(double|float|_Float[0-9x]+|json_real[a-z_]*)([^A-Za-z0-9_]|$)' "style rule 25: no floating point"
code heap '(malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf|posix_memalign|aligned_alloc)[[:space:]]*\(' \
    "style rule 22: memory comes from the arena"
code typedef 'typedef[[:space:]]+(struct|union|enum)[^A-Za-z0-9_]' "style rule 5: no typedef of structs"
grep -E '^[^:]*:[0-9]+:.*(\.|->)[[:space:]]*base_units([^A-Za-z0-9_]|$)' "$WORK/code" |
    but_allowed base_units | faults "style rule 25: base units are touched in base/money.c only" || true
grep -E '^(base|metrics|attest|config)/[^:]*:[0-9]+:(.*[^A-Za-z0-9_])?(time|clock_gettime|gettimeofday|getenv|fopen|open|socket|exit|abort|printf|fprintf|fputs|puts|perror|syslog)[[:space:]]*\(' \
    "$WORK/code" | but_allowed purity | faults "style rule 17: the pure floors neither log, exit, read a clock nor open" || true

# Tests wait for facts, not for time.
tracked 'tests/*' demo.sh | grep -vE '(package-lock\.json|\.md|/corpus/.*)$' | xargs -r grep -nHE \
    '(^|[^A-Za-z0-9_.])(sleep|usleep|nanosleep)([^A-Za-z0-9_]|$)' /dev/null |
    but_allowed waiting | faults "style rule 36: no sleep in tests" || true

# text RULE PATTERN WORDS: the pattern may not occur in any text of the tree.
tracked '*' | but_allowed words | { xargs -r grep -LIZ '^$^' /dev/null || true; } | tr '\0' '\n' >"$WORK/texts"
text() {
    xargs -r -a "$WORK/texts" grep -nHIE -- "$2" /dev/null | cut -c 1-200 |
        but_allowed "$1" | faults "$3" || true
}

text unfinished '(^|[^A-Za-z0-9_])((FIX|TO|HACK)(ME|DO)|X''XX)([^A-Za-z0-9_X]|$)' \
    "style rule 34: finish it"
text place '(^|[^A-Za-z0-9_.~}-])/(work|farm|home|root)/[A-Za-z0-9_.]' "a path of somebody's machine"
text place '(^|[^A-Za-z0-9_.~}-])/tmp/[w]eir(/|[^-A-Za-z0-9_]|$)' "a path of somebody's machine"
text process '(^|[^A-Za-z0-9_-])(sub-?agent|issue #?[0-9])' "the tree speaks of itself, not of how it was made"
text host '(^|[^A-Za-z0-9_])(registry|deb|snapshot|ftp|mirror|security)[.](npm[a-z]*|yarn[a-z]*|debian|ubuntu)[.](org|com|net)' \
    "a package host is the machine's setting"

# A URL may only point to this machine, to names reserved for examples, or to a document we cite.
# shellcheck disable=SC2016
xargs -r -a "$WORK/texts" grep -noHIE 'https?://[][A-Za-z0-9.:*-]+' /dev/null |
    sed -E 's#:(https?)://([^][/:]*|\[[^]]*\]).*#: \1://\2#' | sort -u >"$WORK/urls"
awk 'FILENAME == ARGV[1] { if ($1 == "cite") cited[$2] = 1; next }
    {
        host = $NF
        sub(/^https?:\/\//, "", host)
        if (host in cited || host == "" || host ~ /^(localhost|127\.|10\.|192\.168\.|172\.|169\.254\.|0\.|\[|[0-9]+$)/) next
        if (host ~ /(^|\.)(example|invalid|test|localhost|example\.(com|org|net))\.?$/) next
        if (host !~ /\./) next
        print
    }' "$TOOLS/hosts.txt" "$WORK/urls" | but_allowed host | faults "host not listed in tools/hosts.txt" || true
tracked '*package-lock.json' | xargs -r grep -nH '"resolved"' /dev/null | cut -c 1-120 |
    faults "the lock names a package host: set omit-lockfile-registry-resolved" || true
finish
