#include "base/hash.h"

static uint64_t load(const char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

uint64_t hash_bytes(struct str s, uint64_t seed)
{
    uint64_t h = hash_mix(seed, s.n);
    while (s.n > 8) {
        h = hash_mix(h, load(s.p, 8));
        s = str_from(s, 8);
    }
    return hash_mix(h, s.n == 0 ? 0 : load(s.p, s.n));
}
