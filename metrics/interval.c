#include "metrics/interval.h"

#include "base/arena.h"
#include "metrics/sort.h"

struct weir_interval weir_interval_clip(struct weir_interval a, struct weir_interval b)
{
    struct weir_interval common = {
        .start_ms = a.start_ms > b.start_ms ? a.start_ms : b.start_ms,
        .end_ms = a.end_ms < b.end_ms ? a.end_ms : b.end_ms,
    };
    if (common.end_ms < common.start_ms)
        common.end_ms = common.start_ms;
    return common;
}

uint64_t weir_interval_ms(struct weir_interval interval)
{
    if (interval.end_ms <= interval.start_ms)
        return 0;
    return (uint64_t)interval.end_ms - (uint64_t)interval.start_ms;
}

uint64_t weir_interval_list_ms(struct weir_interval_list list)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < list.count; i++)
        sum += weir_interval_ms(list.items[i]);
    return sum;
}

static int by_start(const void *left, const void *right)
{
    const struct weir_interval *a = left;
    const struct weir_interval *b = right;
    if (a->start_ms != b->start_ms)
        return a->start_ms < b->start_ms ? -1 : 1;
    return a->end_ms < b->end_ms ? -1 : a->end_ms > b->end_ms;
}

enum weir_err weir_interval_list_join(struct weir_scope *scope,
                                      const struct weir_interval *intervals,
                                      size_t count,
                                      struct weir_interval_list *joined)
{
    struct weir_interval *items = weir_take(scope, count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (intervals[i].end_ms > intervals[i].start_ms)
            items[kept++] = intervals[i];
    size_t sorted = 1; /* most lists come in order: then no sorting */
    while (sorted < kept && by_start(&items[sorted - 1], &items[sorted]) <= 0)
        sorted++;
    if (sorted < kept)
        weir_sort(items, kept, sizeof(*items), by_start);
    size_t last = 0;
    for (size_t i = 1; i < kept; i++) {
        if (items[i].start_ms > items[last].end_ms)
            items[++last] = items[i];
        else if (items[i].end_ms > items[last].end_ms)
            items[last].end_ms = items[i].end_ms;
    }
    *joined = (struct weir_interval_list){.items = items, .count = kept == 0 ? 0 : last + 1};
    return WEIR_OK;
}

enum weir_err weir_interval_list_subtract(struct weir_scope *scope,
                                          struct weir_interval_list list,
                                          struct weir_interval_list removed,
                                          struct weir_interval_list *rest)
{
    struct weir_interval *items = weir_take(scope, list.count + removed.count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    size_t count = 0;
    size_t first = 0; /* of `removed` that can still touch the list */
    for (size_t i = 0; i < list.count; i++) {
        struct weir_interval left = list.items[i];
        while (first < removed.count && removed.items[first].end_ms <= left.start_ms)
            first++;
        for (size_t k = first; k < removed.count && removed.items[k].start_ms < left.end_ms; k++) {
            if (removed.items[k].start_ms > left.start_ms)
                items[count++] = (struct weir_interval){left.start_ms, removed.items[k].start_ms};
            left.start_ms = removed.items[k].end_ms;
        }
        if (left.start_ms < left.end_ms)
            items[count++] = left;
    }
    *rest = (struct weir_interval_list){.items = items, .count = count};
    return WEIR_OK;
}

uint64_t weir_interval_list_common_ms(struct weir_interval_list list, struct weir_interval interval)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < list.count; i++)
        sum += weir_interval_ms(weir_interval_clip(list.items[i], interval));
    return sum;
}
