/* le.h - little-endian numbers at any address: one load or store where the machine has that order. */
#ifndef KHIEN_BASE_LE_H
#define KHIEN_BASE_LE_H

#include <string.h>

#include "base/str.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE_ORDER(bits, v) (v)
#else
#define LE_ORDER(bits, v) __builtin_bswap##bits(v)
#endif

#define LE_DEFINE(bits)                                                                                      \
    static inline uint##bits##_t le_get##bits(const char *p)                                                 \
    {                                                                                                        \
        uint##bits##_t v;                                                                                    \
        memcpy(&v, p, sizeof(v));                                                                            \
        return LE_ORDER(bits, v);                                                                            \
    }                                                                                                        \
    static inline void le_put##bits(char *p, uint##bits##_t v)                                               \
    {                                                                                                        \
        v = LE_ORDER(bits, v);                                                                               \
        memcpy(p, &v, sizeof(v));                                                                            \
    }

LE_DEFINE(16)
LE_DEFINE(32)
LE_DEFINE(64)

#endif
