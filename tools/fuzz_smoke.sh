#!/usr/bin/env bash
# Makes the fuzz build (clang, sanitizers) and runs each of its targets for a moment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset fuzz
cmake --build --preset fuzz
exec ctest --preset fuzz --no-tests=error -L fuzz-smoke -j "$(nproc)"
