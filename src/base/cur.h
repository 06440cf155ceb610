/*
 * cur.h - reading cursor with a sticky error: each call after the first failure is a no-op that returns zero,
 * so a record is read flat and `bad` is checked once. `at` is where the failure was.
 */
#ifndef KHIEN_BASE_CUR_H
#define KHIEN_BASE_CUR_H

#include "base/le.h"

struct cur {
    struct str in;
    size_t at;
    bool bad;
};

static inline struct cur cur_of(struct str in)
{
    return (struct cur){.in = in};
}
static inline size_t cur_left(const struct cur *c)
{
    return c->bad ? 0 : c->in.n - c->at;
}
static inline bool cur_done(const struct cur *c)
{
    return !c->bad && c->at == c->in.n;
}

/* Binary, little endian. */
static inline struct str cur_bytes(struct cur *c, size_t n)
{
    if (c->bad || n > c->in.n - c->at) {
        c->bad = true;
        return (struct str){NULL, 0};
    }
    struct str s = str_sub(c->in, c->at, n);
    c->at += n;
    return s;
}

static inline uint8_t cur_u8(struct cur *c)
{
    struct str s = cur_bytes(c, 1);
    return s.n == 0 ? 0 : (uint8_t)s.p[0];
}
static inline uint16_t cur_u16(struct cur *c)
{
    struct str s = cur_bytes(c, 2);
    return s.n == 0 ? 0 : le_get16(s.p);
}
static inline uint32_t cur_u32(struct cur *c)
{
    struct str s = cur_bytes(c, 4);
    return s.n == 0 ? 0 : le_get32(s.p);
}
static inline uint64_t cur_u64(struct cur *c)
{
    struct str s = cur_bytes(c, 8);
    return s.n == 0 ? 0 : le_get64(s.p);
}
static inline int64_t cur_i64(struct cur *c)
{
    return (int64_t)cur_u64(c);
}
uint64_t cur_varint(struct cur *c);

/* Text. */
/* Next byte 0..255, or -1 at the end or when bad. */
static inline int cur_peek(const struct cur *c)
{
    return cur_left(c) == 0 ? -1 : (unsigned char)c->in.p[c->at];
}
/* Take the byte if it is next. */
static inline bool cur_skip(struct cur *c, char want)
{
    if (cur_peek(c) != (unsigned char)want)
        return false;
    c->at++;
    return true;
}
void cur_expect(struct cur *c, char want);            /* bad if it is not next */
uint64_t cur_dec(struct cur *c, uint64_t max);        /* one or more digits, value at most max, else bad */
uint64_t cur_dec_width(struct cur *c, size_t digits); /* exactly so many digits */
struct str cur_until(struct cur *c, char end); /* bytes before `end`, `end` consumed; bad if it never comes */
struct str cur_word(struct cur *c);            /* bytes up to a space or the end; may be empty */
void cur_spaces(struct cur *c);                /* skip blanks and tabs */

static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}
static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
