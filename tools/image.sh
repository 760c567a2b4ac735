#!/usr/bin/env bash
# Carries out docker/Dockerfile without an engine: each stage is a folder that starts as a copy of a
# minimal Debian, each RUN happens inside it; then the last stage is tried as the compose file would
# run it: another user, read-only root.  It knows the instructions that our Dockerfile uses, no more.
# usage: tools/image.sh DEBIAN-FOLDER STAGES-FOLDER      (called by tools/fresh.sh; needs root)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
debian=$1 stages=$2
context=$PWD
mkdir -p "$stages"

stage= folder=/ uid=0
# from BASE NAME
from() {
    stage=$2 folder=/ uid=0
    local base=$debian
    [ ! -d "$stages/$1" ] || base=$stages/$1
    cp -a --reflink=auto "$base" "$stages/$stage"
    [ ! -f "$stages/$1.folder" ] || folder=$(cat "$stages/$1.folder")
}

# copy [--from=STAGE] SOURCE... TARGET
copy() {
    local source=$context target
    case $1 in --from=*) source=$stages/${1#--from=}; shift ;; esac
    target=${*: -1}
    case $target in /*) ;; *) target=$folder/$target ;; esac
    target=$stages/$stage$target
    case $target in */) mkdir -p "$target" ;; *) mkdir -p "$(dirname "$target")" ;; esac
    while [ $# -gt 1 ]; do
        if [ "$1" = . ]; then
            git -C "$context" archive HEAD | tar -x -C "$target"
        elif [ -d "$source/$1" ]; then
            mkdir -p "$target"
            cp -a "$source/$1/." "$target"
        else
            cp -a "$source/$1" "$target"
        fi
        shift
    done
}

play() {
    local word=$1 rest=$2
    # shellcheck disable=SC2086
    case $word in
        ARG) ;; # the only one names the base, which is the folder given here
        FROM) set -- $rest; from "$1" "$3" ;;
        WORKDIR)
            folder=$rest
            echo "$folder" >"$stages/$stage.folder"
            mkdir -p "$stages/$stage$folder"
            ;;
        COPY) copy $rest ;;
        RUN) tools/inside.sh --in "$folder" "$stages/$stage" sh -c "$rest" ;;
        USER) uid=${rest%%:*} ;;
        ENV | VOLUME | HEALTHCHECK | STOPSIGNAL | ENTRYPOINT | CMD | EXPOSE) ;; # the engine's affair
        *) echo "unknown instruction $word"; exit 1 ;;
    esac
}

line=
while IFS= read -r part; do
    case $part in '' | '#'*) continue ;; esac
    line=$line${part%\\}
    case $part in *\\) continue ;; esac
    echo "== $line"
    play "${line%% *}" "${line#* }" </dev/null
    line=
done <docker/Dockerfile

echo "== the last stage, as user $uid, with a read-only root"
[ "$stage" = node ] && [ "$uid" != 0 ]
tools/inside.sh --read-only --as "$uid" "$stages/node" weir --version
tools/inside.sh --read-only --as "$uid" "$stages/node" weir-verify --help
if tools/inside.sh --read-only --as "$uid" "$stages/node" touch /usr/local/bin/weir 2>/dev/null; then
    echo "the root is not read-only"
    exit 1
fi
