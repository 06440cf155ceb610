/* A packed event either is refused or survives pack(unpack(x)) with the same content. */
#include <stdlib.h>

#include "model/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a, again;
    struct event e, f;
    struct err err = {0};
    size_t used = 0, used2 = 0;
    arena_init(&a, 1 << 20);
    arena_init(&again, 1 << 20);
    if (event_unpack((struct str){(const char *)data, size}, &a, &e, &used, &err) == 0) {
        struct buf b;
        buf_init(&b, 8 << 20);
        event_pack(&b, &e);
        if (!b.bad) { /* spans that overlap make a short record long: the buffer's maximum ends that */
            int rc = event_unpack(buf_str(&b), &again, &f, &used2, &err);
            if (rc != 0 || !str_eq(e.raw, f.raw) || e.n_fields != f.n_fields || !str_eq(e.message, f.message))
                abort();
        }
        buf_done(&b);
    } else if (err.code == ERR_NONE) {
        abort();
    }
    arena_done(&a);
    arena_done(&again);
    return 0;
}
