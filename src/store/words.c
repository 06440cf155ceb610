#include "store/words.h"

#include <stdio.h>

/* Beginnings and endings of Vietnamese syllables, without marks: 20 times 52 make the 1024 words. */
static const char *const onsets[] = {"b",  "c",  "ch", "d", "g", "h", "kh", "l",  "m", "n",
                                     "ng", "nh", "ph", "r", "s", "t", "th", "tr", "v", "x"};
static const char *const rimes[] = {
    "a",   "ac",   "ach",  "ai",  "am",  "an",  "ang",  "anh", "ao",  "ap", "at", "au",   "ay",
    "o",   "oc",   "oi",   "om",  "on",  "ong", "op",   "ot",  "u",   "ua", "uc", "ui",   "um",
    "un",  "ung",  "uoc",  "uoi", "uom", "uon", "uong", "uot", "up",  "ut", "uu", "oa",   "oai",
    "oan", "oang", "oanh", "oat", "oac", "oay", "uan",  "uat", "uay", "ue", "uy", "uyen", "uyet"};

_Static_assert(COUNT_OF(onsets) * COUNT_OF(rimes) >= 1024, "ten bits per word");

void words_put(const uint8_t root[32], char out[64])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 5; i++)
        bits = bits << 8 | root[i];
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        size_t w = (size_t)(bits >> (30 - 10 * i)) & 1023;
        int n = snprintf(out + at, 64 - at, "%s%s%s", i == 0 ? "" : " ", onsets[w / COUNT_OF(rimes)],
                         rimes[w % COUNT_OF(rimes)]);
        assert(n > 0 && (size_t)n < 64 - at);
        at += (size_t)n;
    }
}
