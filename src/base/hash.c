#include "base/hash.h"

static uint64_t load(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* The last 0..8 bytes, without a call: most words are that short. Same value as copying them into a zero. */
static uint64_t load_tail(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    uint32_t low, high;
    if (n >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        return low | (uint64_t)high << (8 * (n - 4));
    }
    return n == 0 ? 0 : u[0] | (uint64_t)u[n / 2] << (8 * (n / 2)) | (uint64_t)u[n - 1] << (8 * (n - 1));
}

uint64_t hash_bytes(struct str s, uint64_t seed)
{
    uint64_t h = hash_mix(seed, s.n);
    while (s.n > 8) {
        h = hash_mix(h, load(s.p));
        s = str_from(s, 8);
    }
    return hash_mix(h, load_tail(s.p, s.n));
}
