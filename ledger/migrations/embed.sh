#!/bin/sh
# Makes ledger/sqlite/<name>.c from every ledger/migrations/<name>.sql: the program carries its schema
# in itself.  Run it after a change; a unit test compares the two.
set -eu
cd "$(dirname "$0")"
for file in *.sql; do
    name=${file%.sql}
    {
        echo "/* Made by ledger/migrations/embed.sh from ledger/migrations/$file. */"
        echo '#include "ledger/migrations.h"'
        echo
        echo "const char weir_migration_$name[] ="
        sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$file"
    } | sed -e '$s/$/;/' >"../sqlite/$name.c"
done
