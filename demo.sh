#!/usr/bin/env bash
# The whole of weir in a few minutes: sets the machine up, builds, and shows a promise watched,
# broken, proved and paid on a local chain.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/say.sh

usage() {
    cat <<'END'
usage: ./demo.sh [--once]

Installs what is missing (Debian 12, root or sudo), builds weir, and starts a local chain, three
witnesses and a small service, whose failure is then measured, proved and paid.

  --once   ends by itself; status 0 only if every step was seen to happen, and the last line is one
           JSON object with the payout, the proof file and the time from breach to payout
  --help   this text

Without --once it stays up until Ctrl-C and shows the addresses to look at.
Example: ./demo.sh --once
END
}

for argument in "$@"; do
    case $argument in
        --once) ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; die "unknown argument '$argument'" ;;
    esac
done

say "weir: one promise watched, broken, proved and paid"
tools/setup.sh build demo
SAY_LOGS=$PWD/build/demo-logs
mkdir -p "$SAY_LOGS"
build() {
    cmake --preset release && cmake --build --preset release --target weir weir-verify
}
step build "building the release (build/release)" build || die "the build failed"
[ -f tests/demo/run.sh ] || die "tests/demo/run.sh is missing: incomplete clone?"
WEIR_BIN=$PWD/build/release/weir WEIR_VERIFY_BIN=$PWD/build/release/weir-verify \
    exec bash tests/demo/run.sh "$@"
