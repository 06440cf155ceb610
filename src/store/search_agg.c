#include "store/search_agg.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

#define DIGEST_ERROR 0.01
#define DIGEST_LEAST 1e-9
#define DIGEST_MOST 1e15
#define DIGEST_SHIFT 4000 /* greater than any bucket number, so that places are never 0 */
#define HLL_BITS 13u
#define HLL_REGISTERS (1u << HLL_BITS)
#define HLL_RANK_MAX (64u - HLL_BITS + 1u)

/* -- p95 ------------------------------------------------------------------------------------------------- */

static double digest_gamma(void)
{
    return (1 + DIGEST_ERROR) / (1 - DIGEST_ERROR);
}

static int32_t place_of(double v)
{
    double size = fabs(v);
    if (size < DIGEST_LEAST)
        return 0;
    size = size > DIGEST_MOST ? DIGEST_MOST : size;
    int32_t k = (int32_t)ceil(log(size) / log(digest_gamma())) + DIGEST_SHIFT;
    return v < 0 ? -k : k;
}

static double value_of(int32_t place)
{
    if (place == 0)
        return 0;
    double size = 2 * pow(digest_gamma(), abs(place) - DIGEST_SHIFT) / (digest_gamma() + 1);
    return place < 0 ? -size : size;
}

static bool bucket_add(struct search_digest *g, int32_t place, struct arena *a)
{
    size_t low = 0, high = g->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (g->buckets[mid].place < place)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < g->n && g->buckets[low].place == place) {
        g->buckets[low].count++;
        return true;
    }
    if (g->n == g->cap) {
        struct search_bucket *more = ARENA_NEW(a, struct search_bucket, g->cap * 2);
        if (more == NULL)
            return false;
        memcpy(more, g->buckets, g->n * sizeof(*more));
        g->buckets = more;
        g->cap *= 2;
    }
    memmove(g->buckets + low + 1, g->buckets + low, (g->n - low) * sizeof(*g->buckets));
    g->buckets[low] = (struct search_bucket){place, 1};
    g->n++;
    return true;
}

static bool exact_add(struct search_digest *g, double v, struct arena *a)
{
    if (g->n == g->cap) {
        size_t cap = g->cap == 0 ? 16 : g->cap * 2;
        double *more = ARENA_NEW(a, double, cap);
        if (more == NULL)
            return false;
        if (g->n > 0)
            memcpy(more, g->exact, g->n * sizeof(*more));
        g->exact = more;
        g->cap = cap;
    }
    g->exact[g->n++] = v;
    return true;
}

static bool digest_turn(struct search_digest *g, struct arena *a)
{
    struct search_digest turned = {.exact = g->exact, .cap = 64};
    turned.buckets = ARENA_NEW(a, struct search_bucket, turned.cap);
    if (turned.buckets == NULL)
        return false;
    for (size_t i = 0; i < g->n; i++) {
        if (!bucket_add(&turned, place_of(g->exact[i]), a))
            return false;
    }
    turned.total = g->total;
    *g = turned;
    return true;
}

static bool digest_add(struct search_digest *g, double v, struct arena *a)
{
    if (g->buckets == NULL && g->n == SEARCH_P95_EXACT_MAX && !digest_turn(g, a))
        return false;
    if (g->buckets == NULL ? !exact_add(g, v, a) : !bucket_add(g, place_of(v), a))
        return false;
    g->total++;
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double digest_p95(const struct search_digest *g)
{
    uint64_t rank = g->total - g->total / 20, seen = 0; /* ceil(0.95 n), without rounding errors */
    if (g->buckets == NULL) {
        qsort(g->exact, g->n, sizeof(*g->exact), by_value);
        return g->exact[rank - 1];
    }
    for (size_t i = 0; i < g->n; i++) {
        seen += g->buckets[i].count;
        if (seen >= rank)
            return value_of(g->buckets[i].place);
    }
    return value_of(g->buckets[g->n - 1].place);
}

/* -- uniq ------------------------------------------------------------------------------------------------ */

static void put_slot(uint64_t *slots, size_t n_slots, uint64_t hash)
{
    size_t k = hash & (n_slots - 1);
    while (slots[k] != 0)
        k = (k + 1) & (n_slots - 1);
    slots[k] = hash;
}

static void put_register(uint8_t *registers, uint64_t hash)
{
    uint64_t rest = hash << HLL_BITS;
    uint8_t rank = (uint8_t)(rest == 0 ? HLL_RANK_MAX : (unsigned)__builtin_clzll(rest) + 1);
    uint8_t *r = &registers[hash >> (64 - HLL_BITS)];
    *r = rank > *r ? rank : *r;
}

static bool uniq_turn(struct search_uniq *u, struct arena *a)
{
    u->registers = ARENA_NEW(a, uint8_t, HLL_REGISTERS);
    if (u->registers == NULL)
        return false;
    for (size_t i = 0; i < u->n_slots; i++) {
        if (u->slots[i] != 0)
            put_register(u->registers, u->slots[i]);
    }
    return true;
}

static bool uniq_grow(struct search_uniq *u, struct arena *a)
{
    size_t n = u->n_slots == 0 ? 16 : u->n_slots * 2;
    uint64_t *slots = ARENA_NEW(a, uint64_t, n);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < u->n_slots; i++) {
        if (u->slots[i] != 0)
            put_slot(slots, n, u->slots[i]);
    }
    u->slots = slots;
    u->n_slots = n;
    return true;
}

static bool uniq_add(struct search_uniq *u, uint64_t hash, struct arena *a)
{
    hash += hash == 0;
    if (u->registers != NULL) {
        put_register(u->registers, hash);
        return true;
    }
    for (size_t k = hash; u->n_slots > 0 && u->slots[k & (u->n_slots - 1)] != 0; k++) {
        if (u->slots[k & (u->n_slots - 1)] == hash)
            return true;
    }
    if (u->n == SEARCH_UNIQ_EXACT_MAX) {
        if (!uniq_turn(u, a))
            return false;
        put_register(u->registers, hash);
        return true;
    }
    if (u->n >= u->n_slots / 2 && !uniq_grow(u, a))
        return false;
    put_slot(u->slots, u->n_slots, hash);
    u->n++;
    return true;
}

static double hll_sigma(double x)
{
    double y = 1, z = x, last;
    if (x >= 1)
        return INFINITY;
    do {
        x *= x;
        last = z;
        z += x * y;
        y += y;
    } while (z > last);
    return z;
}

static double hll_tau(double x)
{
    double y = 1, z = 1 - x, last;
    if (x <= 0 || x >= 1)
        return 0;
    do {
        x = sqrt(x);
        last = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z < last);
    return z / 3;
}

static int64_t hll_estimate(const uint8_t *registers)
{
    uint32_t counts[HLL_RANK_MAX + 1] = {0};
    double m = HLL_REGISTERS;
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        counts[registers[i]]++;
    double z = m * hll_tau(1 - counts[HLL_RANK_MAX] / m);
    for (size_t k = HLL_RANK_MAX - 1; k >= 1; k--)
        z = 0.5 * (z + counts[k]);
    z += m * hll_sigma(counts[0] / m);
    return llround(m / (2 * log(2)) * m / z);
}

/* -- the functions --------------------------------------------------------------------------------------- */

static void add_number(struct search_agg *g, enum query_fn fn, const struct num *v)
{
    if (fn == QUERY_MIN || fn == QUERY_MAX) {
        int c = g->n == 0 ? 0 : num_cmp(v, &g->best);
        if (g->n == 0 || (fn == QUERY_MIN ? c < 0 : c > 0))
            g->best = *v;
        return;
    }
    g->d += v->d;
    if (!v->is_int || g->is_double || __builtin_add_overflow(g->i, v->i, &g->i))
        g->is_double = true;
}

bool search_agg_add(struct search_agg *g, enum query_fn fn, const struct search_value *v, uint64_t seed,
                    struct arena *a)
{
    struct num num;
    bool is_best = fn == QUERY_MIN || fn == QUERY_MAX;
    if (v->text.p == NULL)
        return true;
    if (fn == QUERY_COUNT) {
        g->n++;
        return true;
    }
    if (fn == QUERY_UNIQ) {
        g->n++;
        return uniq_add(&g->uniq, hash_bytes(v->text, seed), a);
    }
    if (v->is_time && is_best)
        num = num_of(v->time_ns);
    else if (v->is_time || !num_parse(v->text, &num))
        return true; /* no number: does not count */
    if (fn == QUERY_P95 && !digest_add(&g->digest, num.d, a))
        return false;
    g->is_time |= v->is_time;
    if (fn != QUERY_P95)
        add_number(g, fn, &num);
    g->n++;
    return true;
}

static struct search_cell cell_of(const struct num *v)
{
    if (v->is_int)
        return (struct search_cell){.kind = SEARCH_INT, .i = v->i};
    return (struct search_cell){.kind = SEARCH_DOUBLE, .d = v->d};
}

struct search_cell search_agg_cell(const struct search_agg *g, enum query_fn fn)
{
    struct num sum = {!g->is_double, g->i, g->d};
    struct search_cell c = {.kind = SEARCH_INT};
    if (fn == QUERY_COUNT) {
        c.i = (int64_t)g->n;
    } else if (fn == QUERY_UNIQ) {
        c.estimate = g->uniq.registers != NULL;
        c.i = c.estimate ? hll_estimate(g->uniq.registers) : (int64_t)g->uniq.n;
    } else if (g->n == 0) {
        c.kind = SEARCH_NULL;
    } else if (fn == QUERY_SUM) {
        c = cell_of(&sum);
    } else if (fn == QUERY_AVG) {
        c = (struct search_cell){.kind = SEARCH_DOUBLE, .d = g->d / (double)g->n};
    } else if (fn == QUERY_P95) {
        c = (struct search_cell){.kind = SEARCH_DOUBLE, .d = digest_p95(&g->digest)};
        c.estimate = g->digest.buckets != NULL;
    } else {
        c = cell_of(&g->best);
        c.kind = g->is_time ? SEARCH_TIME : c.kind;
    }
    return c;
}
