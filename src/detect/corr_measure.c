/* Measures of the values in a window: sum, average, percentile. */
#include "base/hash.h"
#include "detect/corr.h"
#include "query/num.h"

_Static_assert(sizeof(double) == sizeof(uint64_t), "a number is kept in an entry");

bool corr_measure_within(int64_t from, int64_t to, int64_t span)
{
    int64_t d;
    return !__builtin_sub_overflow(to, from, &d) && d <= span;
}

static bool needs_number(const struct corr_def *def)
{
    return def->type != SIGMA_VALUE_PERCENTILE || def->limits.percentile > 0;
}

bool corr_measure_value(const struct corr_def *def, struct str value, uint64_t seed, uint64_t *ret)
{
    struct num num;
    if (!needs_number(def)) {
        *ret = hash_bytes(value, seed);
        return true;
    }
    if (!num_parse(value, &num))
        return false;
    memcpy(ret, &num.d, sizeof(*ret));
    return true;
}

static double number_of(const struct corr_entry *e)
{
    double d;
    memcpy(&d, &e->what, sizeof(d));
    return d;
}

static double sum_of(const struct corr_entry *entries, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += number_of(&entries[i]);
    return sum;
}

/* How many percent of the values are like this one. */
static double share_of(const struct corr_entry *entries, size_t n, uint64_t what)
{
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += entries[i].what == what;
    return 100.0 * (double)same / (double)n;
}

static void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* The value of rank k (from 0) in n numbers, which are moved about: quickselect, the middle of three as
 * pivot. */
static double select_rank(double *v, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t mid = low + (high - low) / 2, i = low, j = high;
        if (v[mid] < v[low])
            swap(&v[mid], &v[low]);
        if (v[high] < v[low])
            swap(&v[high], &v[low]);
        if (v[high] < v[mid])
            swap(&v[high], &v[mid]);
        double pivot = v[mid];
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i > j)
                break;
            swap(&v[i], &v[j]);
            i++;
            if (j == 0)
                break;
            j--;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return v[k];
}

/* Nearest rank: the smallest value that at least so many percent of the values do not exceed. */
static double percentile_of(const struct corr_entry *entries, size_t n, double percent, double *room)
{
    for (size_t i = 0; i < n; i++)
        room[i] = number_of(&entries[i]);
    double rank = percent * (double)n; /* of a hundred; the smallest k with (k + 1) * 100 >= rank */
    size_t k = (size_t)(rank / 100);
    while (k > 0 && (double)k * 100 >= rank)
        k--;
    while ((double)(k + 1) * 100 < rank)
        k++;
    return select_rank(room, n, k < n ? k : n - 1);
}

static bool keeps_to(const struct sigma_limits *l, double v)
{
    if (l->has_low && (l->low_incl ? v < l->low : v <= l->low))
        return false;
    if (l->has_high && (l->high_incl ? v > l->high : v >= l->high))
        return false;
    return !l->has_not || v != l->not ;
}

bool corr_measure(const struct corr_def *def, const struct corr_entry *entries, size_t n, size_t at,
                  double *room, size_t *ret_first, size_t *ret_last)
{
    size_t first = at, last = at;
    double value = 0;
    assert(at < n);
    while (last + 1 < n && corr_measure_within(entries[at].time_ns, entries[last + 1].time_ns, def->span_ns))
        last++;
    while (first > 0 && corr_measure_within(entries[first - 1].time_ns, entries[last].time_ns, def->span_ns))
        first--;
    size_t count = last - first + 1;
    switch (def->type) {
    case SIGMA_VALUE_SUM:
        value = sum_of(entries + first, count);
        break;
    case SIGMA_VALUE_AVG:
        value = sum_of(entries + first, count) / (double)count;
        break;
    default:
        assert(def->type == SIGMA_VALUE_PERCENTILE);
        value = def->limits.percentile > 0
                    ? percentile_of(entries + first, count, def->limits.percentile, room)
                    : share_of(entries + first, count, entries[at].what);
    }
    *ret_first = first;
    *ret_last = last;
    return keeps_to(&def->limits, value);
}
