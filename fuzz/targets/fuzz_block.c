/*
 * Columns of a block, as they are after decryption and unpacking: refused, or decoded to events that encode
 * and decode to the same again. Input: rows (2 bytes), length of the directory (2), directory, then parts:
 * length (2), bytes.
 */
#include <stdlib.h>

#include "base/cur.h"
#include "store/block.h"
#include "store/col.h"

#define PARTS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
    struct buf bytes;
    size_t at[PARTS_MAX + 1];
    size_t n;
};

static int put_part(void *arg, struct str bytes, enum part_kind kind, struct err *err)
{
    struct parts *p = arg;
    (void)kind;
    if (p->n == PARTS_MAX)
        return err_set(err, ERR_LIMIT, "parts");
    buf_put(&p->bytes, bytes);
    p->at[++p->n] = p->bytes.n;
    return 0;
}

static int get_part(void *arg, size_t part, struct str *ret, struct err *err)
{
    struct parts *p = arg;
    if (part >= p->n)
        return err_set(err, ERR_CORRUPT, "a part is missing");
    *ret = (struct str){p->bytes.n == 0 ? "" : p->bytes.p + p->at[part], p->at[part + 1] - p->at[part]};
    return 0;
}

static bool same(const struct event *a, const struct event *b)
{
    if (a->time_ns != b->time_ns || a->recv_ns != b->recv_ns || a->seq != b->seq || a->source != b->source ||
        a->facility != b->facility || a->severity != b->severity || a->flags != b->flags ||
        a->n_fields != b->n_fields || !str_eq(a->raw, b->raw) || !str_eq(a->message, b->message))
        return false;
    for (uint16_t i = 0; i < a->n_fields; i++) {
        if (a->fields[i].id != b->fields[i].id || !str_eq(a->fields[i].value, b->fields[i].value))
            return false;
    }
    return true;
}

/* Events that were decoded encode, and decode to the same. */
static void again(const struct event *ev, size_t n)
{
    struct col_enc *enc = NULL;
    struct col_dec *dec = NULL;
    struct buf dir;
    struct err err = {0};
    struct filter_set words = {0};
    struct parts *p = calloc(1, sizeof(*p));
    const struct event *back = NULL;
    if (p == NULL)
        return;
    buf_init(&dir, 16u << 20);
    buf_init(&p->bytes, 256u << 20);
    struct part_out out = {.dir = &dir, .put = put_part, .arg = p, .err = &err};
    struct part_in in = {.get = get_part, .arg = p};
    if (col_enc_new(1, &enc, &err) != 0 || col_dec_new(&dec, &err) != 0)
        abort();
    if (col_encode(enc, ev, n, &out, &words, &err) != 0) {
        if (err.code != ERR_LIMIT) /* more parts than this test keeps */
            abort();
    } else {
        if (col_dec_open(dec, buf_str(&dir), &in, p->n, n, ev[0].id, &err) != 0 ||
            col_decode(dec, NULL, &back, &err) != 0)
            abort();
        for (size_t i = 0; i < n; i++) {
            if (!same(&ev[i], &back[i]))
                abort();
        }
    }
    col_enc_free(enc);
    col_dec_free(dec);
    buf_done(&dir);
    buf_done(&p->bytes);
    filter_set_done(&words);
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of((struct str){(const char *)data, size});
    struct col_dec *dec = NULL;
    struct err err = {0};
    const struct event *ev = NULL;
    struct parts *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return 0;
    buf_init(&p->bytes, 16u << 20);
    size_t rows = cur_u16(&c);
    struct str dir = cur_bytes(&c, cur_u16(&c));
    while (cur_left(&c) > 0 && p->n < PARTS_MAX) {
        struct str bytes = cur_bytes(&c, cur_u16(&c));
        if (c.bad || put_part(p, bytes, PART_TEXT, &err) != 0)
            break;
    }
    struct part_in in = {.get = get_part, .arg = p};
    if (col_dec_new(&dec, &err) != 0)
        abort();
    if (dir.p == NULL)
        dir = S("");
    const struct pred_field fields[] = {{.id = FIELD_USER_NAME}, {.id = FIELD_HOST_NAME}, {.name = S("x.1")}};
    struct block_want want = {.fields = fields, .n = COUNT_OF(fields)};
    if (col_dec_open(dec, dir, &in, p->n, rows, 1, &err) == 0 && col_decode(dec, &want, &ev, &err) == 0 &&
        col_decode(dec, NULL, &ev, &err) == 0)
        again(ev, rows);
    else if (err.code != ERR_CORRUPT)
        abort();
    col_dec_free(dec);
    buf_done(&p->bytes);
    free(p);
    return 0;
}
