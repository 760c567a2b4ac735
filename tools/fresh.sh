#!/usr/bin/env bash
# Proves ./demo.sh and ./check.sh on a fresh machine: a minimal Debian 12 in a folder, nothing of
# this tree but a clone, both commands run inside.
# usage: tools/fresh.sh [--keep] [--quick | --full]     (called by check.sh --fresh; needs root)
# All mounts and processes live in namespaces of their own (tools/inside.sh), so that they end with
# this script however it ends; the folder goes too, unless --keep.  The steps of docker/Dockerfile are
# carried out in the same way.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/say.sh

MINUTES_MAX=90
keep=
checks=()
for argument in "$@"; do
    case $argument in
        --keep) keep=yes ;;
        --quick | --full) checks+=("$argument") ;;
        *) die "unknown argument '$argument'" ;;
    esac
done
[ "$(id -u)" = 0 ] || die "a second Debian in a folder needs root: sudo ./check.sh --fresh"
for tool in debootstrap git unshare; do
    command -v "$tool" >/dev/null 2>&1 || die "$tool is missing: run tools/setup.sh fresh"
done

# Not under build/, which a build may wipe; not below a mount that forbids programs or devices.
home=$(mktemp -d "${TMPDIR:-/var/tmp}/weir-fresh.XXXXXX")
machine=$home/debian
SAY_LOGS=$PWD/build/fresh-logs
rm -rf "$SAY_LOGS"
mkdir -p "$SAY_LOGS" "$machine"
inside=
# shellcheck disable=SC2317
leave() {
    [ -z "$inside" ] || { kill -KILL -- "-$inside" 2>/dev/null || true; wait "$inside" 2>/dev/null || true; }
    # Nothing is mounted here any more: the mounts were the namespace's own.  --one-file-system all
    # the same, so that a mistake could never reach the machine's /dev.
    [ -n "$keep" ] && say "kept: $machine" || rm -rf --one-file-system "$home"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Where this machine takes bookworm from, when it says so; debootstrap knows a place of its own.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' \
    2>/dev/null | sed -nE 's#^([a-z]+:[^ ]*/debian/?) bookworm main$#\1#p' | head -n 1 || true)
step debootstrap "making a minimal Debian 12" debootstrap --variant=minbase bookworm "$machine" \
    ${mirror:+"$mirror"} || die "debootstrap failed"

# The machine's own way to the network: resolver, certificates, and settings of apt and npm.
settings() {
    local file name
    cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
    cp -L /etc/hosts "$machine/etc/hosts"
    if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/host-certificates.crt"
    fi
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        # Only how to fetch: what the host does after an installation is the host's affair.
        grep -hE '^ *Acquire::(http|https|Retries|Check|ForceIPv|Proxy)' "$file" 2>/dev/null || true
    done >"$machine/etc/apt/apt.conf.d/80host"
    for name in /etc/npmrc /usr/etc/npmrc "$HOME/.npmrc"; do
        if [ -f "$name" ]; then
            mkdir -p "$machine$(dirname "${name/#$HOME//root}")"
            cp "$name" "$machine${name/#$HOME//root}"
        fi
    done
}
step settings "copying resolver, certificates, apt and npm settings" settings
# The bare machine once more, to carry the image's steps out on.
step copy "keeping a copy of the bare machine for the image" cp -a "$machine" "$home/bare"
# A clone of what is committed; nothing that lies about here can help.
step clone "copying a fresh clone in" git clone -q --no-hardlinks "$PWD" "$machine/srv/weir" ||
    die "git clone failed"

# Runs one command of the clone inside, its lines shown as they come, and waits for it.
run_inside() {
    local name=$1 status=0 began=$EPOCHREALTIME
    shift
    say "inside: $*"
    set -m
    timeout --signal=TERM --kill-after=10 "$((MINUTES_MAX * 60))" \
        setpriv --pdeathsig KILL tools/inside.sh --in /srv/weir "$machine" "$@" </dev/null \
        > >(tee "$SAY_LOGS/$name.log" | sed -u 's/^/    | /') 2>&1 &
    inside=$!
    set +m
    wait "$inside" || status=$?
    inside=
    say "inside: $* ended with status $status after $(say_since "$began") s"
    return "$status"
}

failed=0
run_inside demo ./demo.sh --once || failed=$((failed + 1))
run_inside check ./check.sh "${checks[@]}" || failed=$((failed + 1))
step image "carrying out docker/Dockerfile on the bare machine" tools/image.sh "$home/bare" \
    "$home/stages" || failed=$((failed + 1))
say "logs: build/fresh-logs"
printf '%d passed, %d failed\n' "$((3 - failed))" "$failed"
[ "$failed" = 0 ]
