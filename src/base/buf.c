#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/le.h"

void buf_init(struct buf *b, size_t bytes_max)
{
    assert(bytes_max > 0);
    *b = (struct buf){.max = bytes_max};
}

void buf_done(struct buf *b)
{
    free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->bad = false;
}

char *buf_reserve(struct buf *b, size_t n)
{
    assert(b->max > 0 && b->n <= b->max);
    if (b->bad || n > b->max - b->n) {
        b->bad = true;
        return NULL;
    }
    size_t need = b->n + n;
    if (need > b->cap || b->p == NULL) {
        size_t cap = b->cap < 64 ? 64 : b->cap;
        while (cap < need)
            cap = cap > b->max / 2 ? (need > b->max ? need : b->max) : cap * 2;
        char *p = realloc(b->p, cap);
        if (p == NULL) {
            b->bad = true;
            return NULL;
        }
        b->p = p;
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, struct str s)
{
    if (s.n == 0)
        return;
    char *to = buf_reserve(b, s.n);
    if (to == NULL)
        return;
    memcpy(to, s.p, s.n);
    b->n += s.n;
}

void buf_put_char(struct buf *b, char c)
{
    buf_put(b, (struct str){&c, 1});
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    buf_put(b, (struct str){(const char *)&v, 1});
}

void buf_put_u16(struct buf *b, uint16_t v)
{
    char *to = buf_reserve(b, 2);
    if (to == NULL)
        return;
    le_put16(to, v);
    b->n += 2;
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    char *to = buf_reserve(b, 4);
    if (to == NULL)
        return;
    le_put32(to, v);
    b->n += 4;
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    char *to = buf_reserve(b, 8);
    if (to == NULL)
        return;
    le_put64(to, v);
    b->n += 8;
}

void buf_put_i64(struct buf *b, int64_t v)
{
    buf_put_u64(b, (uint64_t)v);
}

void buf_put_varint(struct buf *b, uint64_t v)
{
    unsigned char raw[10];
    size_t n = 0;
    while (v >= 0x80) {
        raw[n++] = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    raw[n++] = (unsigned char)v;
    buf_put(b, (struct str){(const char *)raw, n});
}

/* As buf_reserve, with one byte more for a NUL that does not count against the maximum. */
static char *reserve_text(struct buf *b, size_t n)
{
    size_t max = b->max;
    b->max = max == SIZE_MAX ? max : max + 1;
    char *to = n == SIZE_MAX ? NULL : buf_reserve(b, n + 1);
    b->max = max;
    return to;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        b->bad = true;
    char *to = n < 0 ? NULL : reserve_text(b, (size_t)n);
    if (to != NULL) {
        (void)vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

char *buf_take(struct buf *b)
{
    char *end = reserve_text(b, 0);
    if (end == NULL)
        return NULL;
    *end = '\0';
    char *p = TAKE(b->p);
    b->n = b->cap = 0;
    return p;
}
