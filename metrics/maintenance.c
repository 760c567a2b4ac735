#include "metrics/maintenance.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "metrics/sort.h"

/* Declared early enough; the subtraction cannot overflow because planned times are real times. */
static bool is_in_time(const struct weir_maintenance *declaration, int64_t notice_ms)
{
    return declaration->planned.start_ms > INT64_MIN + notice_ms &&
           declaration->logged_ms < declaration->planned.start_ms - notice_ms;
}

/* Cuts `fresh` off where the allowance ends; returns what was granted. */
static uint64_t grant(struct weir_interval *fresh, uint64_t left_ms)
{
    uint64_t wanted_ms = weir_interval_ms(*fresh);
    if (wanted_ms > left_ms) {
        fresh->end_ms = fresh->start_ms + (int64_t)left_ms;
        wanted_ms = left_ms;
    }
    return wanted_ms;
}

/* Adds what of `planned` is new to `accepted`, from its beginning, while the allowance lasts. */
static enum weir_err accept_one(struct weir_scope *scope,
                                struct weir_interval planned,
                                uint64_t *left_ms,
                                struct weir_interval_list *accepted)
{
    struct weir_interval_list one = {.items = &planned, .count = 1};
    struct weir_interval_list fresh;
    if (weir_interval_list_subtract(scope, one, *accepted, &fresh) != WEIR_OK)
        return scope->err;
    struct weir_interval *all = weir_take(scope, accepted->count + fresh.count, sizeof(*all));
    if (all == NULL)
        return scope->err;
    size_t count = 0;
    for (; count < accepted->count; count++)
        all[count] = accepted->items[count];
    for (size_t i = 0; i<fresh.count && * left_ms> 0; i++) {
        all[count] = fresh.items[i];
        *left_ms -= grant(&all[count], *left_ms);
        count++;
    }
    return weir_interval_list_join(scope, all, count, accepted);
}

static int by_log_time(const void *left, const void *right)
{
    const struct weir_maintenance *a = left;
    const struct weir_maintenance *b = right;
    if (a->logged_ms != b->logged_ms)
        return a->logged_ms < b->logged_ms ? -1 : 1;
    if (a->planned.start_ms != b->planned.start_ms)
        return a->planned.start_ms < b->planned.start_ms ? -1 : 1;
    return a->planned.end_ms < b->planned.end_ms ? -1 : a->planned.end_ms > b->planned.end_ms;
}

/* The declarations in the order they were logged; a list that is so already is not copied. */
static enum weir_err in_order(struct weir_scope *scope,
                              const struct weir_maintenance_list *declared,
                              const struct weir_maintenance **ordered)
{
    size_t sorted = 1;
    while (sorted < declared->count &&
           by_log_time(&declared->items[sorted - 1], &declared->items[sorted]) <= 0)
        sorted++;
    *ordered = declared->items;
    if (sorted >= declared->count)
        return WEIR_OK;
    struct weir_maintenance *copies = weir_take(scope, declared->count, sizeof(*copies));
    if (copies == NULL)
        return scope->err;
    memcpy(copies, declared->items, declared->count * sizeof(*copies));
    weir_sort(copies, declared->count, sizeof(*copies), by_log_time);
    *ordered = copies;
    return WEIR_OK;
}

enum weir_err weir_maintenance_accept(struct weir_scope *scope,
                                      const struct weir_availability_rules *rules,
                                      struct weir_interval window,
                                      const struct weir_maintenance_list *declared,
                                      struct weir_interval_list *accepted)
{
    assert(rules->maintenance_notice_ms >= 0 && rules->maintenance_allowance_ms >= 0);
    struct weir_interval_list result = {0};
    const struct weir_maintenance *ordered = NULL;
    uint64_t left_ms = (uint64_t)rules->maintenance_allowance_ms;
    if (in_order(scope, declared, &ordered) != WEIR_OK)
        return scope->err;
    for (size_t i = 0; i < declared->count && left_ms > 0; i++) {
        const struct weir_maintenance *declaration = &ordered[i];
        struct weir_interval planned = weir_interval_clip(declaration->planned, window);
        if (!is_in_time(declaration, rules->maintenance_notice_ms) ||
            weir_interval_ms(planned) == 0)
            continue;
        if (accept_one(scope, planned, &left_ms, &result) != WEIR_OK)
            return weir_note(scope, "maintenance %zu", i);
    }
    *accepted = result;
    return WEIR_OK;
}
