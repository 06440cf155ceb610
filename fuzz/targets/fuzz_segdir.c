/* Directory of a segment after decryption, and its footer and header as they lie on disk: never more than is
 * there. */
#include <stdlib.h>

#include "base/cur.h"
#include "store/seg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32];
    uint32_t sources[64];
    struct str in = {(const char *)data, size};
    struct cur c = cur_of(in);
    struct seg_footer foot;
    struct seg_header head;
    struct block_fixed fixed;
    struct err err = {0};
    while (cur_left(&c) > 0) {
        struct leaf l;
        size_t n = 0, from = c.at;
        if (seg_next_entry(&c, &l, sources, COUNT_OF(sources), &n, &err) != 0)
            break;
        if (n > COUNT_OF(sources) || c.at > size || c.at < from + LEAF_BYTES)
            abort();
        char bytes[LEAF_BYTES];
        struct buf b = {.p = bytes, .cap = sizeof(bytes), .max = sizeof(bytes)};
        leaf_put(&b, &l);
        if (memcmp(bytes, data + from, LEAF_BYTES) != 0)
            abort();
    }
    if (seg_read_header(in, key, &head, &err) == 0)
        abort(); /* nobody can guess the tag */
    if (seg_read_footer(in, &foot, &err) == 0 && size != SEG_FOOTER_BYTES)
        abort();
    if (block_read_fixed(in, &fixed, &err) == 0 && (fixed.length < block_prefix(&fixed) || fixed.count == 0))
        abort();
    return 0;
}
