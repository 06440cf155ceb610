#include "query/find.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MISSES_FREE 64u /* false starts before the text is suspected of being made to hurt */

#ifdef __SSE2__
/* Bit k: the first and the last byte of the needle stand right for a start at p + k. */
static unsigned starts(const char *p, size_t span, __m128i first, __m128i last)
{
    __m128i a, b;
    memcpy(&a, p, 16);
    memcpy(&b, p + span, 16);
    return (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
}

/* At least 16 places to start: look at 16 at once; the last look overlaps the one before it. */
static size_t find_wide(struct str s, struct str needle)
{
    __m128i first = _mm_set1_epi8(needle.p[0]), last = _mm_set1_epi8(needle.p[needle.n - 1]);
    size_t places = s.n - needle.n + 1, misses = 0;
    for (size_t i = 0; i < places; i += 16) {
        size_t at = i + 16 <= places ? i : places - 16;
        for (unsigned m = starts(s.p + at, needle.n - 1, first, last); m != 0; m &= m - 1) {
            size_t k = at + (unsigned)__builtin_ctz(m);
            if (memcmp(s.p + k, needle.p, needle.n) == 0)
                return k;
            misses++;
        }
        if (misses > MISSES_FREE + i / 8) {
            size_t k = str_find(str_from(s, at), needle); /* linear whatever the text */
            return k == SIZE_MAX ? SIZE_MAX : at + k;
        }
    }
    return SIZE_MAX;
}
#endif

size_t find_bytes(struct str s, struct str needle)
{
    if (needle.n == 0)
        return 0;
    if (needle.n > s.n)
        return SIZE_MAX;
    if (needle.n == 1)
        return str_find_char(s, needle.p[0]);
    size_t places = s.n - needle.n + 1;
#ifdef __SSE2__
    if (places >= 16)
        return find_wide(s, needle);
#else
    if (places > MISSES_FREE)
        return str_find(s, needle);
#endif
    for (size_t i = 0; i < places; i++) {
        if (s.p[i] == needle.p[0] && memcmp(s.p + i, needle.p, needle.n) == 0)
            return i;
    }
    return SIZE_MAX;
}
