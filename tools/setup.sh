#!/usr/bin/env bash
# Makes a Debian 12 machine ready: installs the packages that are missing and the pinned npm tools.
# usage: tools/setup.sh PURPOSE...   with PURPOSE one of build, run, demo, test, fresh
# A second run finds everything in place and ends at once.  Shared by demo.sh, check.sh and the
# image, so that there is one truth about what the program needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/say.sh

PACKAGES=tools/packages.txt
CHAIN=tests/chain

[ $# -gt 0 ] || die "say for what: build, run, demo, test or fresh"
for purpose in "$@"; do
    grep -q "^$purpose " "$PACKAGES" || die "unknown purpose '$purpose'; build, run, demo, test or fresh"
done

# True when the command is there and at least of the major version asked for (none: any).
has_command() {
    local command=$1 least=${2:-}
    command -v "$command" >/dev/null 2>&1 || return 1
    [ -n "$least" ] || return 0
    local version
    version=$("$command" --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge "$least" ] 2>/dev/null
}

# Prints the packages of the purposes that are neither installed nor covered by a command.
packages_missing() {
    local wanted="" purpose package word command least
    while read -r purpose package word command least; do
        case " $* " in *" $purpose "*) ;; *) continue ;; esac
        if [ "$word" = or ] && has_command "$command" "$least"; then
            continue
        fi
        case " $wanted " in *" $package "*) ;; *) wanted="$wanted $package" ;; esac
    done < <(grep -v '^#' "$PACKAGES")
    local installed
    # dpkg-query complains about names it does not know; those are simply not installed.
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
        sed -n 's/^installed //p' || true)
    for package in $wanted; do
        grep -qx -- "$package" <<<"$installed" || printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

packages_install() {
    local log=$SAY_LOGS/setup-packages.log
    export DEBIAN_FRONTEND=noninteractive
    say "reading the package lists"
    as_root apt-get -o Acquire::Retries=3 -qq update >"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; die "apt-get update failed (is the network up?)"; }
    say "installing $# Debian packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -qq -y \
        --no-install-recommends install "$@" >>"$log" 2>&1 </dev/null ||
        { tail -n 20 "$log" >&2; die "apt-get install failed; the whole output is in $log"; }
}

packages_ensure() {
    command -v dpkg-query >/dev/null 2>&1 ||
        die "this is no Debian: install what tools/packages.txt names by hand"
    local missing
    missing=$(packages_missing "$@")
    if [ -z "$missing" ]; then
        say "Debian packages for $*: all there"
        return 0
    fi
    missing=$(tr '\n' ' ' <<<"$missing")
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        die "packages are missing, and there is neither root nor sudo: apt-get install $missing"
    fi
    # shellcheck disable=SC2086
    packages_install $missing
    missing=$(packages_missing "$@" | tr '\n' ' ')
    [ -z "$missing" ] || die "still missing after the installation: $missing"
}

# The stamp lives in node_modules, which npm removes first: a half-done installation has none.
tools_ensure() {
    local stamp=$CHAIN/node_modules/.weir-lock log=$SAY_LOGS/setup-npm.log lock
    [ -f "$CHAIN/package-lock.json" ] || die "$CHAIN/package-lock.json is missing: incomplete clone?"
    lock=$(sha256sum "$CHAIN/package-lock.json" "$CHAIN/package.json" | sha256sum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ]; then
        say "npm tools: all there"
        return 0
    fi
    say "installing the pinned npm tools"
    (cd "$CHAIN" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) >"$log" 2>&1 </dev/null ||
        { tail -n 20 "$log" >&2; die "npm ci failed; the whole output is in $log"; }
    printf '%s\n' "$lock" >"$stamp"
}

mkdir -p build/setup-logs 2>/dev/null && [ -w build/setup-logs ] ||
    die "cannot write in $PWD/build (does it belong to another user?)"
SAY_LOGS=$PWD/build/setup-logs
exec 9>build/setup-logs/lock
flock -w 900 9 || die "another set-up has been running here for 15 minutes"

packages_ensure "$@"
case " $* " in
    *" demo "* | *" test "*) tools_ensure ;;
esac
