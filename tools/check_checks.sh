#!/usr/bin/env bash
# Goal: every source check bites.  Method: a small clean tree on which all of them are content; then
# one violation at a time is planted, and the check must fail and name the file it stands in.
set -euo pipefail
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export WEIR_CHECK_ROOT=$tree/source WEIR_BUILD=$tree/build
unset WEIR_FULL
mkdir -p "$WEIR_CHECK_ROOT" "$WEIR_BUILD"
cd "$WEIR_CHECK_ROOT"
git init -q . 2>/dev/null
planted=0 missed=0

# put FILE: writes the standard input there and makes git know the file.
put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    git add -f -N -- "$1"
}

run_check() {
    "$tools/check_$1.sh" >"$tree/said" 2>&1
}

# plant CHECK FILE: the standard input put there must make the check fail, naming the file (for the
# third argument: that text).
plant() {
    local check=$1 file=$2 named=${3:-$2}
    put "$file"
    planted=$((planted + 1))
    if run_check "$check"; then
        missed=$((missed + 1))
        echo "check_$check.sh says nothing about this $file:"
        head -n 5 "$file"
    elif ! grep -qF -- "$named" "$tree/said"; then
        missed=$((missed + 1))
        echo "check_$check.sh fails on $file without naming $named:"
        head -n 5 "$tree/said"
    fi
    git rm -q -f --cached -- "$file"
    rm -f "$file"
    # What was there before the violation comes back.
    if [ -f "$tree/clean/$file" ]; then
        cp -p "$tree/clean/$file" "$file"
        git add -f -N -- "$file"
    fi
}

lines() {
    local i
    for ((i = 0; i < $1; i++)); do printf '%s\n' "$2"; done
}

# The clean tree.
cp "$tools/../.clang-format" "$tools/../.clang-tidy" .
mkdir tests
cp "$tools/../tests/.clang-tidy" tests
put base/one.h <<'END'
/* one.h - a header as it should be. */
#ifndef WEIR_BASE_ONE_H
#define WEIR_BASE_ONE_H

#include <stdint.h>

/* The next number. */
uint32_t weir_one_next(uint32_t number);

#endif /* WEIR_BASE_ONE_H */
END
put base/one.c <<'END'
#include "base/one.h"

#include <string.h>

uint32_t weir_one_next(uint32_t number)
{
    /* A comment may say double, sleep and strcpy(a, b). */
    const char *text = "so may a text: strcpy(a, b), double";
    return number + (uint32_t)strlen(text);
}
END
put node/main.c <<'END'
#include <stdio.h>

#include "base/one.h"

int main(void)
{
    return printf("%u\n", weir_one_next(1)) < 0;
}
END
put tests/wait.sh <<'END'
#!/usr/bin/env bash
echo "see https://c2sp.org/tlog-tiles and http://127.0.0.1:80/"
END
chmod +x tests/wait.sh
: >"$tree/generated"
gcc -c -I. base/one.c -o "$tree/one.c.o"
ar rcs "$WEIR_BUILD/libweir_base.a" "$tree/one.c.o"
mkdir "$tree/clean"
cp -R . "$tree/clean"
for check in format files includes names layers words functions headers pure docs; do
    if ! run_check "$check" && [ "$check" != docs ]; then
        missed=$((missed + 1))
        echo "check_$check.sh complains about a clean tree:"
        cat "$tree/said"
    fi
done

plant format base/two.c <<<'int  weir_two( void ) { return 2 ; }'
plant files base/two.c < <(lines 601 'int weir_two;')
plant files base/two.c < <(printf 'int weir_two; \n')
plant files base/two.c < <(printf '\tint weir_two;\n')
plant files base/two.c < <(printf 'int weir_two;')
plant files tests/two.sh < <(printf '#!/bin/sh\necho two\n')
plant includes base/two.h < <(printf '#ifndef WEIR_TWO_H\n#define WEIR_TWO_H\n#endif\n')
plant includes base/one.c < <(printf '#include <string.h>\n\n#include "base/one.h"\n')
plant includes base/one.c < <(printf '#include "base/one.h"\n#include <string.h>\n')
plant includes base/two.c < <(printf '#include <string.h>\n#include "base/one.h"\n')
plant includes base/two.c < <(printf '#include "base/one.h"\n\n#include "base/one.h"\n\n#include <string.h>\n')
plant includes base/two.c < <(printf '#include "one.h"\n')
put base/two.h < <(printf 'struct weir_two {\n    int a;\n};\n#define WEIR_TWO 2\n')
plant names metrics/two.h < <(printf 'struct weir_two {\n    int a;\n};\n')
plant names metrics/two.h < <(printf '#define WEIR_TWO 3\n')
git rm -q -f --cached base/two.h
rm base/two.h
plant layers base/two.c < <(printf '#include "metrics/window.h"\n')
plant layers metrics/two.c < <(printf '#include "attest/leaf.h"\n')
plant layers rails/evm/two.c < <(printf '#include "ledger/store.h"\n')
plant layers ledger/sqlite/two.c < <(printf '#include "rails/rail.h"\n')
plant layers tests/unit/base/two.c < <(printf '#include "metrics/window.h"\n')
plant layers ledger/two.c < <(printf '#include <curl/curl.h>\n')
plant layers metrics/two.c < <(printf '#include <sqlite3.h>\n')
plant layers elsewhere/two.c < <(printf '#include "base/one.h"\n')
plant layers node/cmd/verify.c < <(printf '#include "node/clock.h"\n')
plant layers base/one.h < <(printf '#include "base/one.h"\n')
put base/two.h <<<'#include "base/one.h"'
plant layers base/one.h < <(printf '#include "base/two.h"\n')
git rm -q -f --cached base/two.h
rm base/two.h
plant words base/two.c <<<'void f(char *a, char *b) { strcpy(a, b); }'
plant words base/two.c <<<'void f(char *a) { sprintf(a, "x"); }'
plant words node/two.c <<<'int f(char *a) { return atoi(a); }'
plant words node/two.c <<<'int f(char *a) { return (int)strtod (a, 0); }'
plant words node/two.c <<<'int f(char *a) { return system(a); }'
plant words node/two.c <<<'int f(void) { return rand(); }'
plant words node/two.c <<<'int f(int a) { return isdigit(a); }'
plant words node/two.c <<<'double f(void);'
plant words rails/two.c <<<'long f(float a);'
plant words ledger/two.c <<<'char *f(char *a) { return strdup(a); }'
plant words ledger/two.c <<<'typedef struct two { int a; } two;'
plant words ledger/two.c <<<'int f(struct weir_money m) { return m.base_units > 0; }'
plant words ledger/two.c <<<'int f(struct weir_money *m) { return m->base_units > 0; }'
plant words metrics/two.c <<<'long f(void) { return time(0); }'
plant words attest/two.c <<<'void f(void) { printf("x"); }'
plant words tests/unit/base/two.c <<<'void f(void) { usleep(1); }'
plant words tests/two.sh <<<'sl''eep 1'
plant words tests/two.mjs <<<'await sl''eep(5)'
plant words docs/two.md <<<'TO''DO: say more'
plant words base/two.c <<<'/* FIX''ME */'
plant words docs/two.md <<<'see /ho''me/somebody/notes'
plant words docs/two.md <<<'as iss''ue 7 says'
plant words tests/two.sh <<<'curl https:''//downloads.somewhere.net/x'
plant words tests/two.sh <<<'npm --registry=regi''stry.npmjs.org'
plant words tests/chain/package-lock.json <<<'{"resol''ved": "x"}'
plant functions base/two.c < <(printf 'int f(int a);\nint f(int a)\n{\n'; lines 71 '    a++;'; printf '    return a;\n}\n')
plant functions base/two.c <<<'int f(int a, int b, int c, int d, int e, int g, int h) { return a + b + c + d + e + g + h; }'
plant functions base/two.c <<<'int f(int a) { if (a) { while (a) { if (a > 1) { if (a > 2) { return 1; } } } } return 0; }'
plant functions base/two.c <<<'int f(int a) { return a == a; }'
plant headers base/two.h < <(printf 'uint32_t weir_two(void);\n')
plant headers base/two.h < <(printf '#include "base/none.h"\n')

# The pure list, read from a library.
for call in 'return malloc(1);' 'return (void *)getenv("A");' 'return (void *)(long)time(0);' 'return fopen("a", "r");'; do
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\nvoid *f(void);\nvoid *f(void)\n{\n%s\n}\n' \
        "$call" >"$tree/two.c"
    gcc -c "$tree/two.c" -o "$tree/two.c.o"
    ar rcs "$WEIR_BUILD/libweir_base.a" "$tree/two.c.o"
    planted=$((planted + 1))
    if run_check pure || ! grep -qF base/two.c "$tree/said"; then
        missed=$((missed + 1))
        echo "check_pure.sh says nothing about: $call"
    fi
done

# Names, read from libraries.
for text in 'int weir_one_next;' 'int two;'; do
    printf '%s\n' "$text" >"$tree/three.c"
    gcc -c "$tree/three.c" -o "$tree/three.c.o"
    rm -f "$WEIR_BUILD"/libweir_*.a
    ar rcs "$WEIR_BUILD/libweir_base.a" "$tree/one.c.o"
    ar rcs "$WEIR_BUILD/libweir_metrics.a" "$tree/three.c.o"
    planted=$((planted + 1))
    if run_check names || ! grep -qF metrics/three.c "$tree/said"; then
        missed=$((missed + 1))
        echo "check_names.sh says nothing about: $text"
    fi
done

# A verifier that loads more than it may.
printf '#include <curl/curl.h>\nint main(void)\n{\nreturn curl_version() == 0;\n}\n' >"$tree/four.c"
gcc "$tree/four.c" -lcurl -o "$WEIR_BUILD/weir-verify"
planted=$((planted + 1))
if run_check layers || ! grep -qF 'weir-verify: loads libcurl' "$tree/said"; then
    missed=$((missed + 1))
    echo "check_layers.sh says nothing about a verifier with curl"
fi

# A generated file that is not what the program prints.
printf '#!/bin/sh\necho manual\n' >"$WEIR_BUILD/maker"
chmod +x "$WEIR_BUILD/maker"
export WEIR_GENERATED=$tree/generated
printf 'docs/made.txt maker --manual\n' >"$WEIR_GENERATED"
put docs/made.txt <<<manual
run_check docs || { missed=$((missed + 1)); cat "$tree/said"; }
plant docs docs/made.txt <<<'an older manual'

echo "$planted violations planted, $missed missed"
[ "$missed" = 0 ]
