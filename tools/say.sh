# Sourced by demo.sh, check.sh and the tools: one line for each step with the time since the start,
# and readable reasons.  The caller may set SAY_LOGS, a folder where each step's output is kept.
export SAY_START=${SAY_START:-$EPOCHREALTIME}

# Tenths of a second since `$1` (an EPOCHREALTIME), as "12.3".
say_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
    local tenths=$(((now - then) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say() {
    printf '%7s s  %s\n' "$(say_since "$SAY_START")" "$*"
}

die() {
    printf '%7s s  stopped: %s\n' "$(say_since "$SAY_START")" "$*" >&2
    exit 1
}

# step NAME TEXT COMMAND...: says TEXT, runs the command into SAY_LOGS/NAME.log, says how it ended.
# A failure shows the end of the log and returns the command's status.
step() {
    local name=$1 text=$2 began=$EPOCHREALTIME status=0
    shift 2
    local log=${SAY_LOGS:?}/$name.log
    printf '%7s s  %s ... ' "$(say_since "$SAY_START")" "$text"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" = 0 ]; then
        printf 'ok (%s s)\n' "$(say_since "$began")"
        return 0
    fi
    printf 'FAILED with status %d (%s s)\n' "$status" "$(say_since "$began")"
    printf -- '---- the end of %s:\n' "$log"
    tail -n "${SAY_TAIL:-60}" "$log"
    printf -- '----\n'
    return "$status"
}
