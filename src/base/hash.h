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

#endif
