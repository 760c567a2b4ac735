/* Law: a leaf or tree edge that is read is written back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "attest/leaf.h"
#include "attest/merkle.h"

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {0};
    struct weir_slice bytes = {data, size};
    struct weir_leaf leaf;
    if (weir_leaf_read(&scope, bytes, &leaf) == WEIR_OK) {
        uint8_t again[WEIR_LEAF_BYTES];
        weir_leaf_write(&leaf, again);
        require(size == sizeof(again) && memcmp(again, data, size) == 0);
    }
    weir_scope_recover(&scope);
    struct weir_edge edge;
    if (weir_edge_read(&scope, bytes, &edge) == WEIR_OK) {
        uint8_t again[WEIR_EDGE_BYTES_MAX];
        size_t length = weir_edge_write(&edge, again);
        require(length == size && memcmp(again, data, size) == 0);
        struct weir_hash root = weir_edge_root(&edge);
        require(edge.size == 0 || !weir_hash_is_zero(&root) ||
                edge.size == (edge.size & -edge.size));
    }
    return 0;
}
