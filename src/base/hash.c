#include "base/hash.h"

uint64_t hash_bytes(struct str s, uint64_t seed)
{
    uint64_t h = hash_mix(seed, s.n);
    while (s.n > 8) {
        h = hash_mix(h, hash_load(s.p));
        s = str_from(s, 8);
    }
    return hash_mix(h, hash_load_tail(s.p, s.n));
}
