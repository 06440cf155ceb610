/*
 * filter.h - which words may a block hold? A blocked Bloom filter over token hashes (pred_tokenise): one
 * cache line per question, about one wrong "maybe" in a hundred, never a wrong "no".
 */
#ifndef KHIEN_STORE_FILTER_H
#define KHIEN_STORE_FILTER_H

#include "base/buf.h"

/* Distinct hashes of a block; reused. */
struct filter_set {
    uint64_t *slots; /* 0 = free */
    size_t n_slots, n;
    uint64_t recent[4096]; /* most words come again at once: no need to touch the big table */
    bool bad;              /* no memory: the block gets no filter */
};

void filter_set_done(struct filter_set *s);
void filter_set_clear(struct filter_set *s);
void filter_set_add(struct filter_set *s, uint64_t hash);
void filter_set_add_fn(void *set, uint64_t hash); /* the same, as pred_tokenise calls it */
/* Append the filter of the set; nothing where the set is bad (then everything is possible). */
void filter_put(struct buf *b, const struct filter_set *s);
/* May the hash be in the filter? An empty filter says yes. */
bool filter_has(struct str filter, uint64_t hash);

#endif
