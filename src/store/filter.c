#include "store/filter.h"

#include <stdlib.h>

#include "base/hash.h"

#define SLOTS_MIN 4096u
#define LINE_BYTES 64u /* one cache line: all bits of a hash lie in it */
#define BITS_PER_HASH 10u
#define PROBES 6u

void filter_set_done(struct filter_set *s)
{
    free(s->slots);
    *s = (struct filter_set){.slots = NULL};
}

void filter_set_clear(struct filter_set *s)
{
    if (s->slots != NULL)
        memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
    memset(s->recent, 0, sizeof(s->recent));
    s->n = 0;
    s->bad = false;
}

static void put_slot(uint64_t *slots, size_t n_slots, uint64_t hash)
{
    size_t k = hash & (n_slots - 1);
    while (slots[k] != 0)
        k = (k + 1) & (n_slots - 1);
    slots[k] = hash;
}

static bool grow(struct filter_set *s)
{
    size_t n_slots = s->n_slots == 0 ? SLOTS_MIN : s->n_slots * 2;
    uint64_t *slots = calloc(n_slots, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i] != 0)
            put_slot(slots, n_slots, s->slots[i]);
    }
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return true;
}

void filter_set_add(struct filter_set *s, uint64_t hash)
{
    hash += hash == 0; /* 0 marks a free slot; filter_has does the same */
    if (s->bad || s->recent[hash % COUNT_OF(s->recent)] == hash)
        return;
    s->recent[hash % COUNT_OF(s->recent)] = hash;
    if (s->n_slots != 0) {
        for (size_t k = hash & (s->n_slots - 1); s->slots[k] != 0; k = (k + 1) & (s->n_slots - 1)) {
            if (s->slots[k] == hash)
                return;
        }
    }
    if (s->n_slots == 0 || s->n >= s->n_slots / 2) {
        s->bad = !grow(s);
        if (s->bad)
            return;
    }
    put_slot(s->slots, s->n_slots, hash);
    s->n++;
}

void filter_set_add_fn(void *set, uint64_t hash)
{
    filter_set_add(set, hash);
}

/* The line of a hash and, one after the other, its bits in the line. */
static size_t line_of(uint64_t mixed, size_t n_lines)
{
    return (size_t)((mixed >> 32) * n_lines >> 32);
}

void filter_put(struct buf *b, const struct filter_set *s)
{
    size_t n_lines = (s->n * BITS_PER_HASH + LINE_BYTES * 8 - 1) / (LINE_BYTES * 8);
    size_t bytes = (n_lines == 0 ? 1 : n_lines) * LINE_BYTES;
    char *bits = s->bad ? NULL : buf_reserve(b, bytes);
    if (bits == NULL)
        return;
    memset(bits, 0, bytes);
    b->n += bytes;
    for (size_t i = 0; i < s->n_slots; i++) {
        uint64_t m = hash_mix(s->slots[i], 1), in_line = hash_mix(s->slots[i], 2);
        char *line = bits + line_of(m, bytes / LINE_BYTES) * LINE_BYTES;
        for (unsigned k = 0; s->slots[i] != 0 && k < PROBES; k++, in_line >>= 9)
            line[in_line >> 3 & 63] = (char)(line[in_line >> 3 & 63] | 1 << (in_line & 7));
    }
}

bool filter_has(struct str filter, uint64_t hash)
{
    if (filter.n < LINE_BYTES)
        return true;
    hash += hash == 0;
    uint64_t m = hash_mix(hash, 1), in_line = hash_mix(hash, 2);
    const char *line = filter.p + line_of(m, filter.n / LINE_BYTES) * LINE_BYTES;
    for (unsigned k = 0; k < PROBES; k++, in_line >>= 9) {
        if ((line[in_line >> 3 & 63] >> (in_line & 7) & 1) == 0)
            return false;
    }
    return true;
}
