#!/usr/bin/env bash
# Style rule 30: includes go down only (tools/layers.txt), libraries are used where they belong, and
# no header reaches itself.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

tracked '*.c' '*.h' | xargs -r awk '
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        name = $0
        sub(/^[^"<]*["<]/, "", name)
        kind = $0 ~ /include[ \t]*</ ? "system" : "project"
        sub(/[">].*$/, "", name)
        print FILENAME, FNR, kind, name
    }' >"$WORK/includes"

# "none" stands for no folder at all.
awk '
    function inside(path, folder) {
        return path == folder || index(path, folder "/") == 1
    }
    FILENAME == ARGV[1] {
        if ($1 == "allow") { for (i = 2; i <= NF; i++) may[$2] = may[$2] " " $i }
        if ($1 == "library") { for (i = 3; i <= NF; i++) users[$2] = users[$2] " " $i }
        next
    }
    {
        place = $1 ":" $2
        best = ""
        for (folder in may)
            if (inside($1, folder) && length(folder) > length(best)) best = folder
        if (best == "") { print place ": no line of tools/layers.txt covers this file"; next }
        if ($3 == "system") {
            for (prefix in users) {
                if (index($4, prefix) != 1) continue
                count = split(users[prefix], list, " ")
                good = 0
                for (i = 1; i <= count; i++) if (inside($1, list[i])) good = 1
                if (!good) print place ": <" $4 "> belongs to:" users[prefix]
            }
            next
        }
        count = split(may[best], list, " ")
        good = 0
        for (i = 1; i <= count; i++) if (inside($4, list[i])) good = 1
        if (!good) print place ": " best " may not include " $4
    }' "$TOOLS/layers.txt" "$WORK/includes" | faults "style rule 30: layers"

awk '
    function inside(path, folder) {
        return path == folder || index(path, folder "/") == 1
    }
    FILENAME == ARGV[1] {
        if ($1 == "closure") { for (i = 3; i <= NF; i++) may[$2] = may[$2] " " $i }
        next
    }
    $3 == "project" { edges[$1] = edges[$1] " " $4 }
    END {
        for (start in may) {
            delete seen
            todo = edges[start]
            folders = split(may[start], list, " ")
            while (todo != "") {
                sub(/^ +/, "", todo)
                next_file = todo; sub(/ .*/, "", next_file)
                todo = index(todo, " ") ? substr(todo, index(todo, " ")) : ""
                if (next_file == "" || next_file in seen) continue
                seen[next_file] = 1
                good = 0
                for (i = 1; i <= folders; i++) if (inside(next_file, list[i])) good = 1
                if (!good) print start ": reaches " next_file
                todo = todo edges[next_file]
            }
        }
    }' "$TOOLS/layers.txt" "$WORK/includes" | faults "tools/layers.txt: closure"

awk '$3 == "project" && $1 ~ /\.h$/ && $4 ~ /\.h$/ { print $1, $4 }' "$WORK/includes" >"$WORK/edges"
{
    awk '$1 == $2 { print $1 }' "$WORK/edges"
    tsort "$WORK/edges" 2>&1 >/dev/null | sed -n 's/^tsort: //p' | grep '\.h$'
} | sed 's/$/: part of a circle of headers/' | faults "style rule 30: no circles" || true
# What a built program really loads.
while read -r word program libraries; do
    if [ "$word" != needed ] || [ ! -f "${WEIR_BUILD:-/nowhere}/$program" ]; then
        continue
    fi
    readelf -d "$WEIR_BUILD/$program" | sed -nE 's/.*\(NEEDED\).*\[([^]]*)\.so.*/\1/p' |
        while IFS= read -r library; do
            case " $libraries " in *" $library "*) ;; *) echo "$program: loads $library" ;; esac
        done
done <"$TOOLS/layers.txt" | faults "tools/layers.txt: needed"
finish
