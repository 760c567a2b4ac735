#!/usr/bin/env bash
# Goal: the demonstration ends well, and its last line says what happened.
# Method: it runs as a person would run it; it fails by itself when a step is not seen.
# ctest: timeout=400 processors=2
set -euo pipefail
cd "$WEIR_SOURCE"
output=$(bash tests/demo/run.sh --once) || {
    printf '%s\n' "$output"
    exit 1
}
printf '%s\n' "$output" | tail -n 1 | node -e '
const story = JSON.parse(require("fs").readFileSync(0, "utf8"));
const assert = require("assert/strict");
assert.match(story.payout_tx, /^0x[0-9a-f]{64}$/);
assert.equal(story.paid, "25.000000");
assert.equal(story.verified, true);
assert.ok(require("fs").statSync(story.proof).size > 0);'
