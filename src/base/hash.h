/*
 * hash.h - 64-bit hash for tables and filters. Not for secrets: an attacker who knows the seed can make
 * collisions, so tables keyed by outside bytes use a random seed.
 */
#ifndef KHIEN_BASE_HASH_H
#define KHIEN_BASE_HASH_H

#include "base/str.h"

uint64_t hash_bytes(struct str s, uint64_t seed);

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 m =
        (unsigned __int128)(a ^ UINT64_C(0x9E3779B97F4A7C15)) * (b ^ UINT64_C(0xD6E8FEB86659FD93));
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Eight bytes of a text, and its last 0..8 bytes as if zeros followed: what hash_bytes mixes, for callers
 * that change the bytes on the way. */
static inline uint64_t hash_load(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint64_t hash_load_tail(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    uint32_t low, high;
    assert(n <= 8);
    if (n >= 4) { /* without a call: most words are that short */
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        return low | (uint64_t)high << (8 * (n - 4));
    }
    return n == 0 ? 0 : u[0] | (uint64_t)u[n / 2] << (8 * (n / 2)) | (uint64_t)u[n - 1] << (8 * (n - 1));
}

#endif
