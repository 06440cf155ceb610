/*
 * block.h - one block: some thousand events as compressed, encrypted columns with a head and a word filter.
 * docs/format/store.md, "Block".
 */
#ifndef KHIEN_STORE_BLOCK_H
#define KHIEN_STORE_BLOCK_H

#include "model/event.h"
#include "query/pred.h"
#include "store/leaf.h"

#define BLOCK_FIXED_BYTES 68
#define BLOCK_KEY_BYTES 32
#define BLOCK_SALT_BYTES 16
#define BLOCK_BYTES_MAX (512u * 1024u * 1024u)

/* Cipher, compressor, column coders and their memory. Belongs to one thread; reused for any number of blocks.
 */
struct block_codec;
int block_codec_new(uint64_t seed, struct block_codec **ret, struct err *err) MUST_USE;
void block_codec_free(struct block_codec *c); /* NULL allowed */
DEFINE_FREEP(block_codec)

struct block_place {
    uint64_t segment;
    uint32_t block;
    int64_t sealed_ns;
    uint8_t salt[BLOCK_SALT_BYTES]; /* random, never used twice: the block's key comes from it */
};

/*
 * Append the block of n events (dense ids from e[0].id) to out and describe it in ret_leaf (offset 0).
 * Errors: ERR_NOMEM, ERR_LIMIT.
 */
int block_encode(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], const struct block_place *at,
                 const struct event *e, size_t n, struct buf *out, struct leaf *ret_leaf,
                 struct err *err) MUST_USE;
/* Sources of the block that was encoded or opened last, ascending. */
struct block_sources {
    const uint32_t *id;
    size_t n;
};
struct block_sources block_sources(const struct block_codec *c);

/* The part of the head that is not encrypted. */
struct block_fixed {
    uint32_t head_bytes, filter_bytes; /* encrypted parts behind it, without tags; filter 0 = none */
    uint64_t length;                   /* of the whole block */
    uint64_t segment, first_id;
    uint32_t block, count;
    int64_t sealed_ns;
    uint8_t salt[BLOCK_SALT_BYTES];
};
int block_read_fixed(struct str bytes, struct block_fixed *ret, struct err *err) MUST_USE;
/* Bytes from the start to behind the filter. */
uint64_t block_prefix(const struct block_fixed *f);

/*
 * Open a block of which at least the prefix is given; `bytes` must live as long as the block is used.
 * ERR_CORRUPT.
 */
int block_open(struct block_codec *c, const uint8_t key[BLOCK_KEY_BYTES], struct str bytes,
               struct err *err) MUST_USE;
/* The filter of the open block, decrypted; empty where it has none. */
int block_filter(struct block_codec *c, struct str *ret, struct err *err) MUST_USE;
/* All events of the open block from its whole bytes; they live until the codec is used again. */
int block_decode(struct block_codec *c, struct str bytes, const struct event **ret, size_t *ret_n,
                 struct err *err) MUST_USE;
/* What somebody reads of events besides times, ids, source, priority and flags. */
struct block_want {
    const struct pred_field *fields; /* known ones and FIELD_OTHER with its name, no patterns */
    size_t n;
};
/*
 * As block_decode, but raw and message are empty and only the wanted fields are there, in their order (rows
 * that are stored as they are come whole): only their columns are read. May be followed by block_decode for
 * the same block, which makes the events of this call invalid.
 */
int block_decode_some(struct block_codec *c, struct str bytes, const struct block_want *want,
                      const struct event **ret, size_t *ret_n, struct err *err) MUST_USE;
/* Description of the open block from its whole bytes: digest over them, times and sizes of its head. */
struct leaf block_leaf(const struct block_codec *c, struct str bytes);

#endif
