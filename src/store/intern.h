/*
 * intern.h - number distinct byte strings from 0 in order of first appearance. Reused from block to block;
 * bounded by its maximum. Hashes take a seed, because the strings come from outside.
 */
#ifndef KHIEN_STORE_INTERN_H
#define KHIEN_STORE_INTERN_H

#include "base/buf.h"

struct intern_item {
    uint64_t hash;
    uint32_t at, n; /* place in bytes */
};

struct intern {
    uint64_t seed;
    uint32_t max; /* entries */
    uint32_t n;
    uint32_t n_slots, slots_cap; /* in use, allocated: a small table is cleared fast after a large one */
    uint32_t *slots;             /* index + 1, 0 free */
    struct intern_item *items;
    uint32_t items_cap;
    struct buf bytes;
};

#define INTERN_FULL UINT32_MAX

void intern_init(struct intern *t, uint32_t max, uint64_t seed);
void intern_done(struct intern *t);
void intern_clear(struct intern *t); /* forget all, keep the memory */
/* Number of the string; *ret_new where it was added now. INTERN_FULL: maximum or memory reached, not added.
 */
uint32_t intern_add(struct intern *t, struct str key, bool *ret_new);
struct str intern_get(const struct intern *t, uint32_t i);

#endif
