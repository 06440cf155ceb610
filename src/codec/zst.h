/*
 * zst.h - zstd frames in memory. One object belongs to one thread and is used again and again.
 */
#ifndef KHIEN_CODEC_ZST_H
#define KHIEN_CODEC_ZST_H

#include "base/buf.h"

struct zst;

int zst_new(struct zst **ret, struct err *err) MUST_USE;
void zst_free(struct zst *z); /* NULL allowed */
/* Append the compressed form of `in` to b. level 1..19. Errors: ERR_NOMEM (b is full), ERR_LIMIT. */
int zst_pack(struct zst *z, struct str in, int level, struct buf *b, struct err *err) MUST_USE;
/* Unpack to exactly n bytes at out. ERR_CORRUPT where it is not a frame of that length. */
int zst_unpack(struct zst *z, struct str in, char *out, size_t n, struct err *err) MUST_USE;
DEFINE_FREEP(zst)

#endif
