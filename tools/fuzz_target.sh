#!/usr/bin/env bash
# Runs one libFuzzer program for a moment: tools/fuzz_target.sh PROGRAM.  New inputs go to the build
# folder; the seeds of tests/fuzz/corpus/<name> are only read.  WEIR_FULL=1 runs for two minutes.
set -euo pipefail
program=$1
name=$(basename "$program")
corpus=$(dirname "$program")/corpus/$name
seeds=${WEIR_SOURCE:?}/tests/fuzz/corpus/$name
mkdir -p "$corpus"
folders=("$corpus")
[ ! -d "$seeds" ] || folders+=("$seeds")
runs=20000 seconds=10
[ -z "${WEIR_FULL:-}" ] || { runs=-1 seconds=120; }
# libFuzzer's own status for a find is 77, which would read as "skipped" here.
exec "$program" -error_exitcode=1 -timeout_exitcode=1 -runs=$runs -max_total_time=$seconds -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$corpus-" -verbosity=1 -print_final_stats=1 "${folders[@]}"
