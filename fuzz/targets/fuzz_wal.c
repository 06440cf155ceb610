/* Payload of a frame after decryption, read with the table of field names in front of it (2 bytes of length).
 */
#include <stdlib.h>

#include "store/wal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of((struct str){(const char *)data, size});
    struct str table = cur_bytes(&c, cur_u16(&c));
    struct str in = c.bad ? (struct str){NULL, 0} : str_from(c.in, c.at);
    struct wal_names names = {.differ = false};
    struct arena a;
    struct err err = {0};
    bool have = wal_names_read(table, &names, &err) == 0;
    arena_init(&a, 1 << 22);
    for (int i = 0; i < 1000 && in.n > 0; i++) {
        struct event e;
        size_t before = in.n;
        if (wal_next_event(&in, &names, &a, &e, &err) != 0) {
            if (err.code == ERR_NONE)
                abort();
            break;
        }
        if (in.n >= before || e.raw.n > EVENT_RAW_BYTES_MAX)
            abort();
        for (uint16_t k = 0; k < e.n_fields; k++) {
            if (e.fields[k].id >= FIELD_COUNT || (e.fields[k].id == FIELD_OTHER && e.fields[k].name.n == 0))
                abort();
        }
    }
    if (have)
        wal_names_done(&names);
    arena_done(&a);
    return 0;
}
