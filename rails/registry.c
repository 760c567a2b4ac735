#include "rails/registry.h"

#include <string.h>

#include "rails/evm/rail.h"

static const struct weir_rail_ops *const rails[] = {&weir_evm_rail_ops};
static const char *const names[] = {"evm"};

_Static_assert(sizeof(rails) / sizeof(rails[0]) == sizeof(names) / sizeof(names[0]),
               "each rail has its name");

const struct weir_rail_ops *weir_rail_find(const char *name)
{
    for (size_t i = 0; i < sizeof(rails) / sizeof(rails[0]); i++)
        if (strcmp(rails[i]->name, name) == 0)
            return rails[i];
    return NULL;
}

const char *const *weir_rail_names(size_t *count)
{
    *count = sizeof(names) / sizeof(names[0]);
    return names;
}
