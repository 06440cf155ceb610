/*
 * pack.h - parts into compressed frames, and frames into chunks, the units of encryption. A large part is a
 * frame of its own; small ones share frames by kind. docs/format/store.md, "Block".
 */
#ifndef KHIEN_STORE_PACK_H
#define KHIEN_STORE_PACK_H

#include "base/arena.h"
#include "codec/zst.h"
#include "store/part.h"

#define PACK_PARTS_MAX (1u << 20)
#define PACK_PLAIN_BYTES_MAX (256u * 1024u * 1024u) /* of all frames of a block */
#define PACK_CHUNK_BYTES 65536u                     /* stored; a chunk ends with the frame that reaches it */

struct pack_frame {
    uint32_t plain, stored; /* bytes; equal: not compressed */
};
struct pack_part {
    uint32_t frame, n;
};

/* ---- writing */

struct pack_pile {
    struct buf bytes;
    uint32_t frame; /* its number while it is open */
    bool open;
};

struct pack_out {
    struct zst *zst;
    struct buf body; /* stored frames, one behind the other, in the order of `order` */
    struct pack_frame *frames;
    uint32_t *order; /* numbers of frames as they lie in the body */
    size_t n_frames, n_order, frames_cap;
    struct pack_part *parts;
    size_t n_parts, parts_cap;
    struct pack_pile pile[2]; /* by part_kind */
};

void pack_out_init(struct pack_out *p);
void pack_out_done(struct pack_out *p);
void pack_out_clear(struct pack_out *p, struct zst *zst);
/* For struct part_out. ERR_NOMEM. */
int pack_put(void *pack_out, struct str bytes, enum part_kind kind, struct err *err) MUST_USE;
/* Close what is open and write the tables of frames and parts. */
int pack_finish(struct pack_out *p, struct buf *table, struct err *err) MUST_USE;
/* Bytes of the body that belong to the chunk that begins with frame *at of the order; *at moves behind it. */
size_t pack_chunk(const struct pack_out *p, size_t *at);

/* ---- reading */

struct pack_in {
    struct zst *zst;
    struct arena *mem;
    struct pack_frame *frames; /* in stored order */
    uint32_t *chunk;           /* of each frame */
    uint64_t *off;             /* of each frame in its chunk */
    const char **plain;        /* NULL until it is needed */
    size_t n_frames, n_chunks;
    struct pack_part *parts;
    uint32_t *part_off; /* in the frame */
    size_t n_parts;
    /* The bytes of a chunk, decrypted; they live until the next call. */
    int (*chunk_fn)(void *arg, size_t chunk, struct str *ret, struct err *err);
    void *arg;
};

/*
 * Read the tables; lens: stored bytes of each chunk. The arena keeps all that is unpacked. ERR_CORRUPT,
 * ERR_NOMEM.
 */
int pack_open(struct pack_in *p, struct cur *table, const uint32_t *lens, size_t n_chunks,
              struct err *err) MUST_USE;
/* For struct part_in. */
int pack_get(void *pack_in, size_t part, struct str *ret, struct err *err) MUST_USE;

#endif
