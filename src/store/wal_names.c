/* Packed events of a program with other field numbers: read with its names, written with our numbers. */
#include "store/wal.h"

#define PACK_HEAD_BYTES 52u /* docs/format/event.md: fixed part in front of raw */
#define RAW_LEN_AT 48u
#define FIELDS_AT 44u
#define SPAN_NONE UINT32_MAX

/* A text that is a span of raw or follows in full: copied as it is. */
static void copy_text(struct cur *c, struct buf *out)
{
    uint32_t off = cur_u32(c), n = cur_u32(c);
    buf_put_u32(out, off);
    buf_put_u32(out, n);
    if (off == SPAN_NONE)
        buf_put(out, cur_bytes(c, n));
}

static void copy_field(struct cur *c, const struct wal_names *names, struct buf *out)
{
    uint16_t id = cur_u16(c), name_n = cur_u16(c);
    struct str name = cur_bytes(c, name_n);
    if (id >= names->n || (id == FIELD_OTHER) != (name_n > 0))
        c->bad = true;
    if (c->bad)
        return;
    if (id != FIELD_OTHER)
        name = names->name[id];
    uint16_t now = field_find(name);
    if (now != FIELD_OTHER)
        name = (struct str){NULL, 0};
    buf_put_u16(out, now);
    buf_put_u16(out, (uint16_t)name.n);
    buf_put(out, name);
    copy_text(c, out);
}

static int translate(struct str in, const struct wal_names *names, struct buf *out, size_t *ret_used,
                     struct err *err)
{
    struct cur c = cur_of(in);
    uint32_t len = cur_u32(&c);
    if (c.bad || len < PACK_HEAD_BYTES || len > in.n)
        return err_set(err, ERR_CORRUPT, "event record: length %u of %zu bytes", len, in.n);
    c.in.n = len;
    struct str head = str_sub(in, 0, PACK_HEAD_BYTES);
    struct cur fields = cur_of(str_from(head, FIELDS_AT)), raw = cur_of(str_from(head, RAW_LEN_AT));
    uint16_t n_fields = cur_u16(&fields);
    buf_put(out, head);
    c.at = PACK_HEAD_BYTES;
    buf_put(out, cur_bytes(&c, cur_u32(&raw)));
    copy_text(&c, out);
    for (uint16_t i = 0; i < n_fields && !c.bad; i++)
        copy_field(&c, names, out);
    if (!cur_done(&c))
        return err_set(err, ERR_CORRUPT, "event record does not check at byte %zu", c.at);
    if (out->bad)
        return err_set(err, ERR_NOMEM, "event record");
    for (size_t i = 0; i < 4; i++)
        out->p[i] = (char)(out->n >> (8 * i));
    *ret_used = len;
    return 0;
}

int wal_next_event(struct str *in, const struct wal_names *names, struct arena *a, struct event *ret,
                   struct err *err)
{
    size_t used = 0, again = 0;
    struct buf b;
    if (!names->differ) {
        if (event_unpack(*in, a, ret, &used, err) != 0)
            return -1;
        *in = str_from(*in, used);
        return 0;
    }
    buf_init(&b, WAL_FRAME_BYTES_MAX);
    int rc = translate(*in, names, &b, &used, err);
    struct str copy = rc == 0 ? arena_str(a, buf_str(&b)) : (struct str){NULL, 0};
    buf_done(&b);
    if (rc != 0)
        return -1;
    if (copy.p == NULL)
        return err_set(err, ERR_NOMEM, "event record");
    if (event_unpack(copy, a, ret, &again, err) != 0)
        return -1;
    *in = str_from(*in, used);
    return 0;
}
