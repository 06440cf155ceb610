/*
 * Columns of a block, as they are after decryption: refused, or decoded to events that encode and decode to
 * the same again. Input: rows (2 bytes), then columns: kind, name (2), length (2), bytes; a column of kind
 * 255 is a field name.
 */
#include <stdlib.h>

#include "base/cur.h"
#include "store/col.h"

#define COLS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct event *a, const struct event *b)
{
    if (a->time_ns != b->time_ns || a->recv_ns != b->recv_ns || a->seq != b->seq || a->source != b->source ||
        a->n_fields != b->n_fields || !str_eq(a->raw, b->raw) || !str_eq(a->message, b->message))
        return false;
    for (uint16_t i = 0; i < a->n_fields; i++) {
        if (a->fields[i].id != b->fields[i].id || !str_eq(a->fields[i].value, b->fields[i].value))
            return false;
    }
    return true;
}

static void again(const struct event *ev, size_t n)
{
    struct col_enc *enc = NULL;
    struct col_dec *dec = NULL;
    struct col_table t;
    struct err err = {0};
    const struct event *back;
    if (col_enc_new(1, &enc, &err) != 0 || col_dec_new(&dec, &err) != 0 ||
        col_encode(enc, ev, n, &t, &err) != 0 || col_decode(dec, &t, n, ev[0].id, &back, &err) != 0)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (!same(&ev[i], &back[i]))
            abort();
    }
    col_enc_free(enc);
    col_dec_free(dec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of((struct str){(const char *)data, size});
    struct col cols[COLS_MAX];
    struct str names[COLS_MAX];
    struct col_table t = {.cols = cols, .names = names};
    struct col_dec *dec = NULL;
    struct err err = {0};
    const struct event *ev;
    size_t rows = cur_u16(&c);
    while (cur_left(&c) > 0 && t.n_cols < COLS_MAX && t.n_names < COLS_MAX) {
        uint8_t kind = cur_u8(&c);
        uint16_t name = cur_u16(&c);
        struct str bytes = cur_bytes(&c, cur_u16(&c));
        if (c.bad)
            break;
        if (kind == 255)
            names[t.n_names++] = bytes;
        else
            cols[t.n_cols++] = (struct col){.kind = kind, .name = name, .bytes = bytes};
    }
    if (col_dec_new(&dec, &err) != 0)
        return 0;
    if (col_decode(dec, &t, rows, 1, &ev, &err) == 0)
        again(ev, rows);
    else if (err.code != ERR_CORRUPT)
        abort();
    col_dec_free(dec);
    return 0;
}
