/* A query either is refused with a place inside it, or put(parse(x)) reads back as the same canonical text.
 */
#include <stdlib.h>

#include "query/query.h"

#define NOW INT64_C(1795309200000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct query *q)
{
    struct arena a;
    struct buf first, second;
    struct query *again;
    struct err err = {0};
    arena_init(&a, 64u << 20);
    buf_init(&first, 1u << 22);
    buf_init(&second, 1u << 22);
    query_put(&first, q);
    /* A field in front of a group is written before each value, so the text may outgrow the limit. */
    if (!first.bad && first.n <= QUERY_BYTES_MAX) {
        if (query_parse(buf_str(&first), NOW, &a, &again, &err) != 0)
            abort();
        query_put(&second, again);
        if (!str_eq(buf_str(&first), buf_str(&second)))
            abort();
    }
    buf_done(&first);
    buf_done(&second);
    arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct query *q;
    struct pred_prog *prog;
    struct err err = {0};
    arena_init(&a, 64u << 20);
    if (query_parse((struct str){(const char *)data, size}, NOW, &a, &q, &err) == 0) {
        check_again(q);
        if (pred_compile(q->where, &a, &prog, &err) == 0)
            pred_free(prog);
        else if (err.code != ERR_NOMEM && err.code != ERR_LIMIT)
            abort();
    } else if (err.code == ERR_NONE || err.at > size) {
        abort();
    }
    arena_done(&a);
    return 0;
}
