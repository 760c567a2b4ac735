#!/usr/bin/env bash
# Everything a change must pass: sets the machine up, builds with both compilers and the sanitizers,
# runs every kind of test, and closes with a line "<n> passed, <m> failed, <k> skipped".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/say.sh

usage() {
    cat <<'END'
usage: ./check.sh [--quick | --full] [--fresh]

  --quick  only the source rules and the unit tests
  --full   the long variants: every kill point, minutes of fuzzing, the slow analyser, the black-box
           tests with the sanitizers too
  --fresh  makes a minimal Debian 12 in a folder, copies a fresh clone in, and runs ./demo.sh --once
           and this script there (needs root); may stand beside --quick or --full
  --help   this text

Logs are kept in build/check-logs.  Example: ./check.sh --quick
END
}

mode=normal fresh=
for argument in "$@"; do
    case $argument in
        --quick) mode=quick ;;
        --full) mode=full ;;
        --fresh) fresh=yes ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; die "unknown argument '$argument'" ;;
    esac
done
if [ -n "$fresh" ]; then
    tools/setup.sh fresh
    case $mode in
        normal) exec tools/fresh.sh ;;
        *) exec tools/fresh.sh "--$mode" ;;
    esac
fi

SAY_LOGS=$PWD/build/check-logs
rm -rf "$SAY_LOGS"
mkdir -p "$SAY_LOGS"
JOBS=$(nproc)
passed=0 failed=0 skipped=0
[ "$mode" != full ] || export WEIR_FULL=1

# attribute FILE NAME: a number from the head of a JUnit report.
attribute() {
    sed -n '/<testsuite/,/>/p' "$1" | tr '\n' ' ' | sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" | head -n 1
}

# build PRESET TEXT: shows every error, not just where the build stopped.
build() {
    SAY_TAIL=3 step "build-$1" "$2" \
        eval "cmake --preset $1 && cmake --build --preset $1 -- -k 0" && return 0
    grep -E '(^|[: ])(fatal )?error: |undefined reference|multiple definition|CMake Error' "$SAY_LOGS/build-$1.log" | head -n 40
    failed=$((failed + 1))
    return 1
}

# suite NAME PRESET TEXT CTEST-ARGUMENTS...: runs tests of a build and adds up what its report says.
suite() {
    local name=$1 preset=$2 text=$3 report=$SAY_LOGS/$1.xml tests failures skips status=0
    shift 3
    step "$name" "$text" ctest --preset "$preset" -j "$JOBS" --no-tests=error \
        --output-junit "$report" "$@" || status=$?
    grep -E '\*\*\*(Skipped|Not Run)' "$SAY_LOGS/$name.log" |
        sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) .*(Skipped|Not Run).*/             skipped: \1/p' || true
    if [ ! -s "$report" ]; then
        failed=$((failed + 1))
        return 0
    fi
    tests=$(attribute "$report" tests)
    failures=$(attribute "$report" failures)
    skips=$(($(attribute "$report" skipped) + $(attribute "$report" disabled)))
    [ "$status" = 0 ] || [ "$failures" -gt 0 ] || failures=1
    passed=$((passed + tests - failures - skips))
    failed=$((failed + failures))
    skipped=$((skipped + skips))
}

close() {
    say "logs: build/check-logs"
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
    exit
}

say "weir: checking ($mode) on $JOBS processors"
[ -d ../shared/vectors ] || say "../shared/vectors is not there: the tests that read it are skipped"
tools/setup.sh build test demo

build release "building the release (gcc, hardened)" || close
build dev "building with AddressSanitizer and UndefinedBehaviorSanitizer (gcc)" || close
suite source release "source rules" -L '^source$'
suite unit dev "unit tests with the sanitizers" -L '^unit$'
[ "$mode" != quick ] || close

build fuzz "building with the second compiler (clang) and the fuzz targets" || close
suite system release "contracts and black box" -L '^(chain|blackbox)$'
if [ "$mode" = full ]; then
    suite sanitized dev "black box with the sanitizers" -L '^blackbox$'
else
    suite sanitized dev "bad input with the sanitizers" -L '^blackbox$' -R '^blackbox\.bad_'
fi
suite fuzz fuzz "fuzz targets, for a moment each" -L '^fuzz-smoke$'
close
