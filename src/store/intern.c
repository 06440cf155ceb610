#include "store/intern.h"

#include <stdlib.h>

#include "base/hash.h"

#define SLOTS_MIN 256u
#define BYTES_MAX (256u * 1024u * 1024u)

void intern_init(struct intern *t, uint32_t max, uint64_t seed)
{
    assert(max > 0 && max < INTERN_FULL / 4);
    *t = (struct intern){.seed = seed, .max = max};
    buf_init(&t->bytes, BYTES_MAX);
}

void intern_done(struct intern *t)
{
    free(t->slots);
    free(t->items);
    buf_done(&t->bytes);
    *t = (struct intern){.seed = 0};
}

void intern_clear(struct intern *t)
{
    if (t->slots != NULL) {
        t->n_slots = SLOTS_MIN;
        memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
    }
    t->n = 0;
    buf_clear(&t->bytes);
}

/* Room for one more entry with the table at most half full. */
static bool grow(struct intern *t)
{
    if (t->n == t->items_cap) {
        uint32_t cap = t->items_cap == 0 ? SLOTS_MIN / 2 : t->items_cap * 2;
        struct intern_item *p = realloc(t->items, cap * sizeof(*p));
        if (p == NULL)
            return false;
        t->items = p;
        t->items_cap = cap;
    }
    if (t->n_slots != 0 && t->n < t->n_slots / 2)
        return true;
    uint32_t n_slots = t->n_slots == 0 ? SLOTS_MIN : t->n_slots * 2;
    uint32_t *slots = t->slots;
    if (n_slots > t->slots_cap) {
        slots = malloc(n_slots * sizeof(*slots));
        if (slots == NULL)
            return false;
        free(t->slots);
        t->slots = slots;
        t->slots_cap = n_slots;
    }
    memset(slots, 0, n_slots * sizeof(*slots));
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t k = (uint32_t)t->items[i].hash & (n_slots - 1);
        while (slots[k] != 0)
            k = (k + 1) & (n_slots - 1);
        slots[k] = i + 1;
    }
    t->n_slots = n_slots;
    return true;
}

struct str intern_get(const struct intern *t, uint32_t i)
{
    assert(i < t->n);
    return (struct str){t->bytes.p + t->items[i].at, t->items[i].n};
}

uint32_t intern_add(struct intern *t, struct str key, bool *ret_new)
{
    uint64_t hash = hash_bytes(key, t->seed);
    *ret_new = false;
    if (t->n_slots != 0) {
        for (uint32_t k = (uint32_t)hash & (t->n_slots - 1); t->slots[k] != 0;
             k = (k + 1) & (t->n_slots - 1)) {
            uint32_t i = t->slots[k] - 1;
            if (t->items[i].hash == hash && str_eq(intern_get(t, i), key))
                return i;
        }
    }
    if (t->n >= t->max || !grow(t))
        return INTERN_FULL;
    size_t at = t->bytes.n;
    if (buf_reserve(&t->bytes, key.n + 1) == NULL) {
        t->bytes.bad = false; /* only this one did not fit */
        return INTERN_FULL;
    }
    buf_put(&t->bytes, key);
    uint32_t k = (uint32_t)hash & (t->n_slots - 1);
    while (t->slots[k] != 0)
        k = (k + 1) & (t->n_slots - 1);
    t->items[t->n] = (struct intern_item){.hash = hash, .at = (uint32_t)at, .n = (uint32_t)key.n};
    t->slots[k] = t->n + 1;
    *ret_new = true;
    return t->n++;
}
