/*
 * search_agg.h - what one function of a stats stage remembers of one group. Memory comes from an arena; when
 * it is full the search is cut.
 */
#ifndef KHIEN_STORE_SEARCH_AGG_H
#define KHIEN_STORE_SEARCH_AGG_H

#include "query/num.h"
#include "store/search.h"

/*
 * p95: the values themselves up to SEARCH_P95_EXACT_MAX, then counts per bucket of a logarithmic scale, whose
 * middle is within 1 % of every value in it (magnitudes 1e-9 to 1e15; smaller ones count as 0, greater ones
 * as 1e15). The answer is the smallest value that at least 95 % of all values do not exceed.
 */
struct search_bucket {
    int32_t place; /* <0 negative values, 0 zero; in order of value */
    uint64_t count;
};
struct search_digest {
    double *exact;
    struct search_bucket *buckets; /* sorted; NULL while exact */
    size_t n, cap;
    uint64_t total;
};

/*
 * uniq: 64-bit hashes up to SEARCH_UNIQ_EXACT_MAX, then HyperLogLog with 8,192 registers (standard error 1.15
 * %; estimator of Ertl, arXiv 1702.01284, algorithm 6).
 */
struct search_uniq {
    uint64_t *slots; /* 0 = free */
    size_t n, n_slots;
    uint8_t *registers; /* NULL while exact */
};

struct search_agg {
    uint64_t n; /* values that counted */
    bool is_double, is_time;
    int64_t i;
    double d;
    struct num best;
    struct search_digest digest;
    struct search_uniq uniq;
};

struct search_value {
    struct str text; /* .p == NULL: the event has no such field */
    bool is_time;
    int64_t time_ns;
};

/* False: the arena is full and the value did not count. */
bool search_agg_add(struct search_agg *g, enum query_fn fn, const struct search_value *v, uint64_t seed,
                    struct arena *a) MUST_USE;
struct search_cell search_agg_cell(const struct search_agg *g, enum query_fn fn);

#endif
