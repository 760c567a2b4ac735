#include "ledger/sums.h"

#include <string.h>

#include "ledger/sql.h"

void weir_sums_init(struct weir_sums *sums, int64_t log_id)
{
    if (sums->used_count > 0) /* left by a batch that failed */
        memset(sums, 0, sizeof(*sums));
    sums->newest = NULL;
    sums->log_id = log_id;
}

static bool is_same(const struct weir_sum *sum, struct weir_slice class_name, int64_t start_ms)
{
    return sum->window.start_ms == start_ms && sum->class_length == class_name.length &&
           memcmp(sum->class_name, class_name.data, class_name.length) == 0;
}

/* FNV-1a: only to spread the few windows of a batch; order and content do not depend on it. */
static size_t place_of(struct weir_slice class_name, int64_t start_ms)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)start_ms;
    for (size_t i = 0; i < class_name.length; i++)
        hash = (hash ^ class_name.data[i]) * 0x100000001b3u;
    hash = (hash ^ (hash >> 29)) * 0x100000001b3u;
    return (size_t)(hash >> 32) % WEIR_SUM_PLACES;
}

static enum weir_err sum_get(struct weir_sums *sums,
                             struct weir_store *store,
                             struct weir_scope *scope,
                             struct weir_slice class_name,
                             struct weir_interval window,
                             struct weir_sum **sum)
{
    if (sums->newest != NULL && is_same(sums->newest, class_name, window.start_ms)) {
        *sum = sums->newest;
        return WEIR_OK;
    }
    if (class_name.length > WEIR_GAUGE_CLASS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a class name of %zu bytes", class_name.length);
    if (sums->used_count >= WEIR_SUM_PLACES / 4 * 3 &&
        weir_sums_flush(sums, store, scope) != WEIR_OK)
        return scope->err;
    size_t place = place_of(class_name, window.start_ms);
    while (sums->places[place].is_used &&
           !is_same(&sums->places[place], class_name, window.start_ms))
        place = (place + 1) % WEIR_SUM_PLACES;
    struct weir_sum *found = &sums->places[place];
    if (!found->is_used) {
        *found =
            (struct weir_sum){.is_used = true, .window = window, .class_length = class_name.length};
        memcpy(found->class_name, class_name.data, class_name.length);
        sums->used_count++;
    }
    sums->newest = found;
    *sum = found;
    return WEIR_OK;
}

enum weir_err weir_sums_add_time(struct weir_sums *sums,
                                 struct weir_store *store,
                                 struct weir_scope *scope,
                                 struct weir_interval window,
                                 int64_t up_ms,
                                 int64_t down_ms)
{
    struct weir_sum *sum = NULL;
    enum weir_err err = sum_get(sums, store, scope, weir_slice_text(WEIR_CLASS_ALL), window, &sum);
    if (err != WEIR_OK)
        return err;
    sum->up_ms += up_ms;
    sum->down_ms += down_ms;
    return WEIR_OK;
}

static enum weir_err add_to_class(struct weir_sums *sums,
                                  struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_sum_tally *added,
                                  struct weir_slice class_name)
{
    struct weir_sum *sum = NULL;
    enum weir_err err = sum_get(sums, store, scope, class_name, added->window, &sum);
    if (err != WEIR_OK)
        return err;
    sum->num += added->sign * (int64_t)added->tally.num;
    sum->den += added->sign * (int64_t)added->tally.den;
    sum->units += added->sign * (int64_t)added->tally.units;
    sum->replanned += added->sign * (int64_t)added->tally.replanned;
    sum->last_num += added->sign * (int64_t)added->tally.last_num;
    return WEIR_OK;
}

enum weir_err weir_sums_add_tally(struct weir_sums *sums,
                                  struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_sum_tally *added)
{
    const struct weir_tally *tally = &added->tally;
    if ((tally->num | tally->den | tally->units | tally->replanned | tally->last_num) >> 62 != 0)
        return weir_fail(scope, WEIR_E_OVERFLOW, "a tally above 2^62");
    enum weir_err err = add_to_class(sums, store, scope, added, added->class_name);
    if (err == WEIR_OK)
        err = add_to_class(sums, store, scope, added, weir_slice_text(WEIR_CLASS_ALL));
    return err;
}

enum weir_err weir_sums_touch(struct weir_sums *sums,
                              struct weir_store *store,
                              struct weir_scope *scope,
                              struct weir_interval window)
{
    struct weir_sum *sum = NULL;
    enum weir_err err = sum_get(sums, store, scope, weir_slice_text(WEIR_CLASS_ALL), window, &sum);
    if (err == WEIR_OK)
        sum->is_touched = true;
    return err;
}

/* Adds what is stored to what the batch brings. */
static enum weir_err sum_complete(struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t log_id,
                                  struct weir_sum *sum)
{
    struct weir_slice class_name = {(const uint8_t *)sum->class_name, sum->class_length};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT up_ms, down_ms, num, den, units, replanned, last_num FROM gauge_window "
                    "WHERE log_id = ? AND class = ? AND start_ms = ?",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(class_name),
                                weir_value_i64(sum->window.start_ms)));
    int64_t *numbers[] = {&sum->up_ms, &sum->down_ms,   &sum->num,     &sum->den,
                          &sum->units, &sum->replanned, &sum->last_num};
    if (weir_rows_next(&rows)) {
        for (int i = 0; i < 7 && rows.err == WEIR_OK; i++)
            if (__builtin_add_overflow(*numbers[i], weir_row_i64(&rows, i), numbers[i]))
                rows.err = weir_fail(scope, WEIR_E_OVERFLOW, "a window above 2^63");
    }
    for (int i = 0; i < 7 && rows.err == WEIR_OK; i++)
        if (*numbers[i] < 0)
            rows.err = weir_fail(scope, WEIR_E_CORRUPT,
                                 "the window of class '%s' at %lld would hold less than nothing",
                                 sum->class_name, (long long)sum->window.start_ms);
    return weir_rows_end(&rows);
}

static enum weir_err sum_write(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               const struct weir_sum *sum)
{
    struct weir_slice class_name = {(const uint8_t *)sum->class_name, sum->class_length};
    if ((sum->up_ms | sum->down_ms | sum->num | sum->den | sum->units) == 0)
        return weir_sql_run(
            store, scope,
            "DELETE FROM gauge_window WHERE log_id = ? AND class = ? AND start_ms = ?",
            WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(class_name),
                        weir_value_i64(sum->window.start_ms)));
    return weir_sql_run(
        store, scope,
        "INSERT INTO gauge_window(log_id, class, start_ms, end_ms, up_ms, down_ms, num, den, "
        "units, "
        "replanned, last_num) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "up_ms = excluded.up_ms, down_ms = excluded.down_ms, num = excluded.num, "
        "den = excluded.den, units = excluded.units, replanned = excluded.replanned, "
        "last_num = excluded.last_num",
        WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(class_name),
                    weir_value_i64(sum->window.start_ms), weir_value_i64(sum->window.end_ms),
                    weir_value_i64(sum->up_ms), weir_value_i64(sum->down_ms),
                    weir_value_i64(sum->num), weir_value_i64(sum->den), weir_value_i64(sum->units),
                    weir_value_i64(sum->replanned), weir_value_i64(sum->last_num)));
}

static enum weir_err
sum_store(struct weir_store *store, struct weir_scope *scope, int64_t log_id, struct weir_sum *sum)
{
    enum weir_err err = WEIR_OK;
    if (sum->is_touched)
        err = weir_sql_run(store, scope,
                           "INSERT INTO open_window(log_id, end_ms, start_ms) VALUES (?, ?, ?) "
                           "ON CONFLICT DO NOTHING",
                           WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(sum->window.end_ms),
                                       weir_value_i64(sum->window.start_ms)));
    if (err != WEIR_OK || (sum->up_ms | sum->down_ms | sum->num | sum->den | sum->units |
                           sum->replanned | sum->last_num) == 0)
        return err;
    err = sum_complete(store, scope, log_id, sum);
    return err == WEIR_OK ? sum_write(store, scope, log_id, sum) : err;
}

enum weir_err
weir_sums_flush(struct weir_sums *sums, struct weir_store *store, struct weir_scope *scope)
{
    for (size_t i = 0; i < WEIR_SUM_PLACES && sums->used_count > 0; i++) {
        struct weir_sum *sum = &sums->places[i];
        if (!sum->is_used)
            continue;
        enum weir_err err = sum_store(store, scope, sums->log_id, sum);
        if (err != WEIR_OK)
            return err;
        sum->is_used = false;
        sums->used_count--;
    }
    sums->newest = NULL;
    return WEIR_OK;
}
