#!/usr/bin/env bash
# Runs the demonstration with the programs named by WEIR_BIN and WEIR_VERIFY_BIN.
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/demo.mjs" "$@"
