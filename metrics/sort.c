#include "metrics/sort.h"

#include <string.h>

#define CHUNK_BYTES 64

static void swap(unsigned char *a, unsigned char *b, size_t bytes)
{
    unsigned char held[CHUNK_BYTES];
    while (bytes > 0) {
        size_t part = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;
        memcpy(held, a, part);
        memcpy(a, b, part);
        memcpy(b, held, part);
        a += part;
        b += part;
        bytes -= part;
    }
}

struct heap {
    unsigned char *items;
    size_t item_bytes;
    int (*compare)(const void *left, const void *right);
};

/* Lets the item at `root` sink until no child of it is greater. */
static void sink(const struct heap *heap, size_t root, size_t count)
{
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        unsigned char *at = heap->items + child * heap->item_bytes;
        if (child + 1 < count && heap->compare(at, at + heap->item_bytes) < 0) {
            child++;
            at += heap->item_bytes;
        }
        unsigned char *parent = heap->items + root * heap->item_bytes;
        if (heap->compare(parent, at) >= 0)
            return;
        swap(parent, at, heap->item_bytes);
        root = child;
    }
}

void weir_sort(void *items,
               size_t count,
               size_t item_bytes,
               int (*compare)(const void *left, const void *right))
{
    struct heap heap = {.items = items, .item_bytes = item_bytes, .compare = compare};
    for (size_t root = count / 2; root-- > 0;)
        sink(&heap, root, count);
    for (size_t left = count; left > 1; left--) {
        swap(heap.items, heap.items + (left - 1) * item_bytes, item_bytes);
        sink(&heap, 0, left - 1);
    }
}
