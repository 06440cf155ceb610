/*
 * str.h - struct str: a borrowed view of bytes, pointer and length. It is never freed, it need not end in NUL
 * and it is valid as long as what it points into. NUL-terminated strings exist only at the edge to the
 * system.
 */
#ifndef KHIEN_BASE_STR_H
#define KHIEN_BASE_STR_H

#include <string.h>

#include "base/base.h"
#include "base/err.h"

struct str {
    const char *p;
    size_t n;
};

#define S(lit) ((struct str){(lit), sizeof(lit) - 1})
/* For "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *cstr)
{
    return (struct str){cstr, cstr == NULL ? 0 : strlen(cstr)};
}

static inline struct str str_sub(struct str s, size_t from, size_t n)
{
    assert(from <= s.n && n <= s.n - from);
    return (struct str){s.p == NULL ? NULL : s.p + from, n};
}

static inline struct str str_from(struct str s, size_t from)
{
    return str_sub(s, from, s.n - from);
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

/* Offset, or SIZE_MAX. */
static inline size_t str_find_char(struct str s, char c)
{
    const char *hit = s.n == 0 ? NULL : memchr(s.p, c, s.n);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.p);
}

/* Cut at the first `sep`: head before, tail behind; false (head = all, tail empty) where there is none. */
static inline bool str_cut(struct str in, char sep, struct str *head, struct str *tail)
{
    size_t k = str_find_char(in, sep);
    if (k == SIZE_MAX) {
        *head = in;
        *tail = (struct str){NULL, 0};
        return false;
    }
    *head = str_sub(in, 0, k);
    *tail = str_from(in, k + 1);
    return true;
}

bool str_eq_nocase(struct str a, struct str b);   /* ASCII case only */
int str_cmp(struct str a, struct str b);          /* byte order, <0 0 >0 */
struct str str_trim(struct str s);                /* ASCII white space on both ends */
size_t str_find(struct str s, struct str needle); /* offset, or SIZE_MAX */
/* Whole text as a number in the range; false where it is not one. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *ret);
bool str_to_i64(struct str s, int64_t min, int64_t max, int64_t *ret);
bool str_to_double(struct str s, double *ret); /* decimal and finite */
/* malloc'ed, NUL-terminated copy; NULL when memory is used up. A NUL inside is kept, so the C view may be
 * shorter. */
char *str_dup(struct str s) MUST_USE;

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool ascii_is_alpha(char c)
{
    return ascii_is_upper(c) || ascii_is_lower(c);
}
static inline bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}
static inline bool ascii_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c | 0x20) : c;
}

#endif
