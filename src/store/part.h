/*
 * part.h - how column coders give away and get back their bytes: a directory of small numbers (descriptors)
 * and numbered parts, which block.c packs into compressed frames. Both directions count the parts in the same
 * order, so a descriptor need not name them.
 */
#ifndef KHIEN_STORE_PART_H
#define KHIEN_STORE_PART_H

#include "base/buf.h"
#include "base/cur.h"

/* Parts of a kind lie in the same frames, because like bytes compress best together. */
enum part_kind { PART_NUMBERS, PART_TEXT };

/* Write a part; its bytes are only valid during the call. Sticky: after a failure nothing more is written. */
struct part_out {
    struct buf *dir;
    int (*put)(void *arg, struct str bytes, enum part_kind kind, struct err *err);
    void *arg;
    struct err *err;
    bool bad;
};

static inline void part_put(struct part_out *o, struct str bytes, enum part_kind kind)
{
    if (!o->bad)
        o->bad = o->put(o->arg, bytes, kind, o->err) != 0;
}

/* Where parts are read from; the bytes live until the block is closed. ERR_CORRUPT, ERR_NOMEM. */
struct part_in {
    int (*get)(void *arg, size_t part, struct str *ret, struct err *err);
    void *arg;
};

#endif
