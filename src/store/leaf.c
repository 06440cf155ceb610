#include "store/leaf.h"

#include "base/cur.h"

void leaf_put(struct buf *b, const struct leaf *l)
{
    buf_put_u64(b, l->segment);
    buf_put_u32(b, l->block);
    buf_put_u32(b, l->count);
    buf_put_u64(b, l->first_id);
    buf_put_u64(b, l->offset);
    buf_put_u64(b, l->length);
    buf_put_u64(b, l->raw_bytes);
    buf_put_i64(b, l->min_ns);
    buf_put_i64(b, l->max_ns);
    buf_put_i64(b, l->sealed_ns);
    buf_put(b, (struct str){(const char *)l->digest.b, DIGEST_BYTES});
}

struct leaf leaf_get(const char bytes[LEAF_BYTES])
{
    struct cur c = cur_of((struct str){bytes, LEAF_BYTES});
    struct leaf l = {0};
    l.segment = cur_u64(&c);
    l.block = cur_u32(&c);
    l.count = cur_u32(&c);
    l.first_id = cur_u64(&c);
    l.offset = cur_u64(&c);
    l.length = cur_u64(&c);
    l.raw_bytes = cur_u64(&c);
    l.min_ns = cur_i64(&c);
    l.max_ns = cur_i64(&c);
    l.sealed_ns = cur_i64(&c);
    struct str d = cur_bytes(&c, DIGEST_BYTES);
    assert(cur_done(&c));
    memcpy(l.digest.b, d.p, DIGEST_BYTES);
    return l;
}

struct digest leaf_hash(const struct leaf *l)
{
    char bytes[LEAF_BYTES];
    struct buf b = {.p = bytes, .cap = sizeof(bytes), .max = sizeof(bytes)};
    leaf_put(&b, l);
    assert(!b.bad && b.n == LEAF_BYTES);
    return tlog_leaf(buf_str(&b));
}
