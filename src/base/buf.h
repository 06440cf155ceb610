/*
 * buf.h - growing byte buffer with a maximum and a sticky error: after the first failure (maximum reached or
 * no memory) `bad` is set and every further put is a no-op, so a whole record is written flat and checked
 * once.
 */
#ifndef KHIEN_BASE_BUF_H
#define KHIEN_BASE_BUF_H

#include "base/str.h"

struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max; /* bytes; 0 is not allowed */
    bool bad;
};

void buf_init(struct buf *b, size_t bytes_max);
void buf_done(struct buf *b);  /* frees; safe on a zeroed struct and twice */
void buf_clear(struct buf *b); /* keeps the memory, clears `bad` */

/* Make room for n bytes behind the end and return their address (not yet counted in b->n), NULL if bad. */
char *buf_reserve(struct buf *b, size_t n);
void buf_put(struct buf *b, struct str s);
void buf_put_char(struct buf *b, char c);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v); /* little endian, as all that follow */
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_i64(struct buf *b, int64_t v);
void buf_put_varint(struct buf *b, uint64_t v); /* LEB128, at most 10 bytes */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The bytes become the caller's (free()); the buffer is empty again. NUL-terminated. NULL if bad. */
char *buf_take(struct buf *b) MUST_USE;

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

#endif
