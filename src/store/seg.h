/*
 * seg.h - one segment file: header | blocks | encrypted directory | footer. Written as NUMBER.part, renamed
 * to NUMBER.seg when it is whole and synced, never changed afterwards. docs/format/store.md, "Segment".
 *
 * The store owns segments by counted references under its mutex; the file of a segment may be read by any
 * thread.
 */
#ifndef KHIEN_STORE_SEG_H
#define KHIEN_STORE_SEG_H

#include "store/block.h"
#include "sys/sys.h"

#define SEG_HEADER_BYTES 84
#define SEG_FOOTER_BYTES 40
#define SEG_VERSION 1u
#define SEG_PATH_MAX 4096

struct seg {
    const struct sys *sys;
    char dir[SEG_PATH_MAX];
    uint64_t number, first_id;
    int64_t created_ns;
    struct sys_file
        *f;         /* of the open segment; others are opened for each read, so that handles do not run out */
    bool damaged;   /* the file is missing or its header does not check */
    struct err why; /* then */
    bool whole;     /* .seg */
    uint8_t key[BLOCK_KEY_BYTES];
    uint64_t size; /* behind the last block */
    struct leaf *blocks;
    size_t n_blocks, blocks_cap;
    uint64_t raw_bytes, first_leaf; /* first_leaf: number of its first entry in store/leaves */
    uint32_t *source;               /* of all blocks, one behind the other; valid where has_sources */
    size_t *source_at;              /* n_blocks + 1 places */
    size_t source_cap, source_at_cap;
    bool has_sources;
    unsigned refs;
};

/* "DIR/0000000007.seg" or ".part" */
void seg_path(char out[SEG_PATH_MAX], const char *dir, uint64_t number, bool whole);
/* Make a new file NUMBER.part with its header, durable. */
int seg_create(const struct sys *sys, const char *dir, uint64_t number, uint64_t first_id,
               const uint8_t store_key[32], struct seg **ret, struct err *err) MUST_USE;
/*
 * Open an existing file. Where it is missing or its header does not check the object is made all the same,
 * with damaged and why filled, so that reading its blocks names the damage. Only ERR_NOMEM fails.
 */
int seg_open(const struct sys *sys, const char *dir, uint64_t number, bool whole, bool write,
             const uint8_t store_key[32], struct seg **ret, struct err *err) MUST_USE;
void seg_free(struct seg *s); /* NULL allowed; closes the file */
void seg_shut(struct seg *s); /* close the file of a whole segment that nobody is reading */
DEFINE_FREEP(seg)

/* Take a block that is durable into the list; sources NULL: unknown (read from the directory when needed). */
int seg_add(struct seg *s, const struct leaf *l, const struct block_sources *sources,
            struct err *err) MUST_USE;
/* Write directory and footer, sync, rename to .seg; the caller then sets `whole`. May be tried again after a
 * failure. */
int seg_finish(struct seg *s, struct err *err) MUST_USE;
/* Read the directory for the sources of the blocks. */
int seg_load_sources(struct seg *s, struct err *err) MUST_USE;
bool seg_has_source(const struct seg *s, size_t block, uint32_t source); /* true where unknown */
/* Bytes [off, off + n) of the file into b (cleared before). ERR_CORRUPT where the file ends before. */
int seg_read(const struct seg *s, uint64_t off, uint64_t n, struct buf *b, struct err *err) MUST_USE;
/* Make the key unrecoverable (the salt in the header is overwritten and synced), then remove the file. */
int seg_destroy(const struct sys *sys, const char *dir, uint64_t number, bool whole,
                struct err *err) MUST_USE;

/* Parts, for verification, recovery and fuzzing. */
struct seg_header {
    uint64_t number, first_id;
    int64_t created_ns;
    uint8_t key[BLOCK_KEY_BYTES];
};
/* ERR_CORRUPT: damaged or another store's; ERR_CONFLICT: a newer format. */
int seg_read_header(struct str bytes, const uint8_t store_key[32], struct seg_header *ret,
                    struct err *err) MUST_USE;
struct seg_footer {
    uint8_t salt[BLOCK_SALT_BYTES];
    uint64_t dir_off;
    uint32_t dir_bytes, n_blocks;
};
int seg_read_footer(struct str bytes, struct seg_footer *ret, struct err *err) MUST_USE;
/* Decrypt the directory; footer: its SEG_FOOTER_BYTES bytes, which are authenticated with it. */
int seg_open_directory(const uint8_t key[BLOCK_KEY_BYTES], struct str footer, struct str stored,
                       struct buf *ret, struct err *err) MUST_USE;
/* Next entry of a plain directory. Sources are left in `ret_sources` as varints; n in ret_n. */
struct cur;
int seg_next_entry(struct cur *c, struct leaf *ret, uint32_t *sources, size_t sources_max, size_t *ret_n,
                   struct err *err) MUST_USE;

#endif
