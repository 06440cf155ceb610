/*
 * leaf.h - one block as an entry of the Merkle log: what it holds and the digest of its bytes on disk. The
 * file store/leaves is these entries, one behind the other; an entry stays when its segment has gone by
 * retention.
 */
#ifndef KHIEN_STORE_LEAF_H
#define KHIEN_STORE_LEAF_H

#include "base/buf.h"
#include "crypt/tlog.h"

#define LEAF_BYTES 104

struct leaf {
    uint64_t segment;
    uint32_t block; /* from 0 within the segment */
    uint32_t count; /* events */
    uint64_t first_id;
    uint64_t offset, length; /* place in the segment file */
    uint64_t raw_bytes;
    int64_t min_ns, max_ns; /* event times */
    int64_t sealed_ns;
    struct digest digest; /* SHA-256 of the block's bytes */
};

void leaf_put(struct buf *b, const struct leaf *l);
struct leaf leaf_get(const char bytes[LEAF_BYTES]);
struct digest leaf_hash(const struct leaf *l); /* RFC 6962 leaf hash of the entry */

#endif
