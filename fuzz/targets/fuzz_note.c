/* Notes, checkpoints, verifier keys, base64: what is read is written back the same. */
#include <stdlib.h>

#include "crypt/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(struct str in)
{
    uint8_t raw[512];
    size_t n = 0;
    struct buf b;
    buf_init(&b, 4096);
    if (note_get_base64(in, raw, sizeof(raw), &n)) {
        note_put_base64(&b, (struct str){(const char *)raw, n});
        if (!str_eq(buf_str(&b), in))
            abort();
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size}, text;
    struct note_checkpoint c;
    struct note_key k = {.name = {"khien.test/1", 12}}, other;
    struct err err = {0};
    struct buf b;
    buf_init(&b, 1 << 20);
    if (note_parse_checkpoint(in, &c, &err) == 0) {
        note_put_checkpoint(&b, &c);
        if (!str_eq(buf_str(&b), in))
            abort();
    }
    buf_clear(&b);
    if (note_parse_key(in, &other, &err) == 0) {
        note_put_key(&b, &other);
        if (!str_eq(buf_str(&b), in))
            abort();
    }
    if (note_open(in, &k, &text, &err) == 0)
        abort(); /* nobody signs for the zero key */
    check_base64(in);
    buf_done(&b);
    return 0;
}
