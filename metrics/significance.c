#include "metrics/significance.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

#define BITS_PER_UNIT 20 /* the denominator is at most a million */
#define SPARE_LIMBS 4

/* 5 of 100 as 1/20. */
#define RARE_DEN 20

/* A natural number of fixed room, least significant limb first. */
struct natural {
    uint64_t *limbs;
    size_t count;
};

static void multiply(struct natural number, uint64_t factor)
{
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < number.count; i++) {
        carry += (unsigned __int128)number.limbs[i] * factor;
        number.limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
    assert(carry == 0);
}

/* The division must leave no rest. */
static void divide_exactly(struct natural number, uint64_t divisor)
{
    unsigned __int128 rest = 0;
    for (size_t i = number.count; i-- > 0;) {
        rest = rest << 64 | number.limbs[i];
        number.limbs[i] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    assert(rest == 0);
}

static void add(struct natural sum, struct natural more)
{
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < sum.count; i++) {
        carry += (unsigned __int128)sum.limbs[i] + more.limbs[i];
        sum.limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
    assert(carry == 0);
}

static int compare(struct natural a, struct natural b)
{
    for (size_t i = a.count; i-- > 0;)
        if (a.limbs[i] != b.limbs[i])
            return a.limbs[i] < b.limbs[i] ? -1 : 1;
    return 0;
}

static void set_power(struct natural number, uint64_t base, uint64_t exponent)
{
    memset(number.limbs, 0, number.count * sizeof(*number.limbs));
    number.limbs[0] = 1;
    for (uint64_t i = 0; i < exponent; i++)
        multiply(number, base);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* With p = num/den the chance to keep a unit, and late = den - num:
 *   P(misses < k) = sum over j < k of C(units, j) late^j num^(units-j), over den^units.
 * Rare: 1 - P < 1/20, that is 19 den^units < 20 sum. */
static bool is_rare(struct weir_ratio target, uint64_t missed, uint64_t units, struct natural *room)
{
    struct natural term = room[0];
    struct natural sum = room[1];
    struct natural all = room[2];
    uint64_t late = target.den - target.num;
    set_power(all, target.den, units);
    set_power(term, target.num, units);
    memset(sum.limbs, 0, sum.count * sizeof(*sum.limbs));
    for (uint64_t j = 0; j < missed; j++) {
        add(sum, term);
        multiply(term, (units - j) * late);
        divide_exactly(term, (j + 1) * target.num);
    }
    multiply(sum, RARE_DEN);
    multiply(all, RARE_DEN - 1);
    return compare(all, sum) < 0;
}

enum weir_err weir_significance_compute(struct weir_scope *scope,
                                        struct weir_ratio target,
                                        uint64_t missed,
                                        uint64_t units,
                                        enum weir_significance *significance)
{
    assert(target.num > 0 && target.num <= target.den && missed <= units);
    uint64_t divisor = common_divisor(target.num, target.den);
    struct weir_ratio reduced = {target.num / divisor, target.den / divisor};
    if (units > WEIR_SIGNIFICANCE_UNITS_MAX || reduced.den > WEIR_SIGNIFICANCE_RATIO_MAX) {
        *significance = WEIR_SIGNIFICANCE_NOT_COMPUTED;
        return WEIR_OK;
    }
    struct natural room[3];
    size_t limb_count = (size_t)(units * BITS_PER_UNIT / 64) + SPARE_LIMBS;
    for (size_t i = 0; i < 3; i++) {
        room[i].count = limb_count;
        room[i].limbs = weir_take(scope, limb_count, sizeof(*room[i].limbs));
        if (room[i].limbs == NULL)
            return scope->err;
    }
    *significance = is_rare(reduced, missed, units, room) ? WEIR_SIGNIFICANCE_SIGNIFICANT
                                                          : WEIR_SIGNIFICANCE_CHANCE;
    return WEIR_OK;
}
