/*
 * val.h - a value of a column in 16 bytes: up to 15 bytes lie in it, longer ones are a view. Columns are
 * walked several times, and the texts they come from are spread over megabytes.
 */
#ifndef KHIEN_STORE_VAL_H
#define KHIEN_STORE_VAL_H

#include "base/hash.h"
#include "base/str.h"

#define VAL_INSIDE_MAX 15u
#define VAL_LONG UINT64_C(255) /* in the place of the length */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "as the formats are");

/* Bytes of a short text in order, zeros, its length last; or address and length, VAL_LONG last. */
struct val {
    uint64_t lo, hi;
};

static inline struct val val_of(struct str s)
{
    if (s.n > VAL_INSIDE_MAX)
        return (struct val){(uint64_t)(uintptr_t)s.p, VAL_LONG << 56 | s.n};
    uint64_t size = (uint64_t)s.n << 56;
    if (s.n < 8)
        return (struct val){hash_load_tail(s.p, s.n), size};
    if (s.n == 8)
        return (struct val){hash_load(s.p), size};
    return (struct val){hash_load(s.p), size | hash_load(s.p + s.n - 8) >> (8 * (16 - s.n))};
}

static inline bool val_is_long(const struct val *v)
{
    return v->hi >> 56 == VAL_LONG;
}

static inline size_t val_len(const struct val *v)
{
    return (size_t)(val_is_long(v) ? v->hi & ~(VAL_LONG << 56) : v->hi >> 56);
}

/* View; of a short text into v itself. */
static inline struct str val_str(const struct val *v)
{
    const char *inside = (const char *)v;
    return (struct str){val_is_long(v) ? (const char *)(uintptr_t)v->lo : inside, val_len(v)};
}

static inline bool val_eq(const struct val *a, const struct val *b)
{
    if (a->hi != b->hi)
        return false;
    return a->lo == b->lo || (val_is_long(a) && memcmp((const char *)(uintptr_t)a->lo,
                                                       (const char *)(uintptr_t)b->lo, val_len(a)) == 0);
}

/* As hash_bytes. */
static inline uint64_t val_hash(const struct val *v, uint64_t seed)
{
    size_t n = val_len(v);
    if (val_is_long(v))
        return hash_bytes(val_str(v), seed);
    uint64_t h = hash_mix(hash_mix(seed, n), v->lo);
    return n <= 8 ? h : hash_mix(h, v->hi & (UINT64_MAX >> 8));
}

#endif
