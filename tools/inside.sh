#!/usr/bin/env bash
# Runs a command inside a folder that holds a Debian, with namespaces of its own for mounts, processes
# and host name: whatever it mounts or starts ends with it, also when this script is killed.
# usage: tools/inside.sh [--read-only] [--as UID] [--in FOLDER] ROOT [NAME=VALUE...] COMMAND...
set -euo pipefail
read_only= uid=0 folder=/
while [ $# -gt 0 ]; do
    case $1 in
        --read-only) read_only=yes; shift ;;
        --as) uid=$2; shift 2 ;;
        --in) folder=$2; shift 2 ;;
        *) break ;;
    esac
done
root=$1
shift

# The environment is a fresh machine's, plus the way to the network if the host has one of its own.
environment=(HOME=/root LANG=C.UTF-8 TERM=dumb
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
if [ -f "$root/etc/host-certificates.crt" ]; then
    environment+=(NODE_EXTRA_CA_CERTS=/etc/host-certificates.crt
        npm_config_cafile=/etc/host-certificates.crt)
fi
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done

# shellcheck disable=SC2016
exec setpriv --pdeathsig KILL unshare --mount --pid --ipc --uts --fork --kill-child=KILL bash -c '
    set -e
    root=$1 read_only=$2 uid=$3 folder=$4
    shift 4
    mount --bind "$root" "$root"
    [ -z "$read_only" ] || mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o size=1g tmpfs "$root/dev/shm"
    mount -t tmpfs -o size=4g tmpfs "$root/tmp"
    chmod 1777 "$root/tmp" "$root/dev/shm"
    exec chroot "$root" setpriv --reuid "$uid" --regid "$uid" --clear-groups \
        env -i --chdir="$folder" "$@"' inside "$root" "$read_only" "$uid" "$folder" \
    "${environment[@]}" "$@"
