#include "ledger/migrations.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct weir_migration LEDGER[] = {
    {.number = 1,
     .name = "spine",
     .parts = {weir_migration_ledger_0001_logs, weir_migration_ledger_0001_gauges,
               weir_migration_ledger_0001_settlement, weir_migration_ledger_0001_node,
               weir_migration_ledger_0001_evidence},
     .part_count = 5},
};

static const struct weir_migration VAULT[] = {
    {.number = 1, .name = "vault", .parts = {weir_migration_vault_0001}, .part_count = 1},
};

static const struct weir_migrations SCHEMAS[] = {
    [WEIR_SCHEMA_LEDGER] = {LEDGER, COUNT(LEDGER), 0x77656972}, /* "weir" */
    [WEIR_SCHEMA_VAULT] = {VAULT, COUNT(VAULT), 0x77656976},    /* "weiv" */
};

const struct weir_migrations *weir_migrations_of(enum weir_store_schema schema)
{
    return &SCHEMAS[schema];
}

struct weir_hash weir_migration_checksum(const struct weir_migration *step)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    for (size_t i = 0; i < step->part_count; i++)
        weir_sha256_update(&state, step->parts[i], strlen(step->parts[i]));
    return weir_sha256_final(&state);
}
