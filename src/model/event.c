#include "model/event.h"

#include "base/cur.h"

static const struct str severity_names[8] = {
    {"emergency", 9}, {"alert", 5},  {"critical", 8}, {"error", 5},
    {"warning", 7},   {"notice", 6}, {"info", 4},     {"debug", 5},
};

static const struct str facility_names[24] = {
    {"kern", 4},   {"user", 4},   {"mail", 4},   {"daemon", 6}, {"auth", 4},     {"syslog", 6},
    {"lpr", 3},    {"news", 4},   {"uucp", 4},   {"cron", 4},   {"authpriv", 8}, {"ftp", 3},
    {"ntp", 3},    {"audit", 5},  {"alert", 5},  {"clock", 5},  {"local0", 6},   {"local1", 6},
    {"local2", 6}, {"local3", 6}, {"local4", 6}, {"local5", 6}, {"local6", 6},   {"local7", 6},
};

struct str event_get(const struct event *e, uint16_t id)
{
    assert(id != FIELD_OTHER);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        if (e->fields[i].id == id)
            return e->fields[i].value;
    }
    return (struct str){NULL, 0};
}

struct str event_get_named(const struct event *e, struct str name)
{
    uint16_t id = field_find(name);
    if (id != FIELD_OTHER)
        return event_get(e, id);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        if (e->fields[i].id == FIELD_OTHER && str_eq(e->fields[i].name, name))
            return e->fields[i].value;
    }
    return (struct str){NULL, 0};
}

struct str event_severity_name(uint8_t severity)
{
    return severity_names[severity & 7];
}

int event_severity_find(struct str name)
{
    static const struct {
        struct str name;
        int severity;
    } also[] = {
        {{"emerg", 5}, 0}, {{"crit", 4}, 2},           {{"high", 4}, 2}, {{"err", 3}, 3},
        {{"warn", 4}, 4},  {{"informational", 13}, 6}, {{"low", 3}, 5},  {{"medium", 6}, 4},
    };
    for (int i = 0; i < 8; i++) {
        if (str_eq_nocase(name, severity_names[i]))
            return i;
    }
    for (size_t i = 0; i < COUNT_OF(also); i++) {
        if (str_eq_nocase(name, also[i].name))
            return also[i].severity;
    }
    return -1;
}

struct str event_facility_name(uint8_t facility)
{
    return facility < 24 ? facility_names[facility] : (struct str){NULL, 0};
}

#define SPAN_NONE UINT32_MAX /* the text stands in full behind the record's head */
#define HEAD_BYTES 52u

static uint32_t span_of(const struct event *e, struct str s)
{
    uintptr_t raw = (uintptr_t)e->raw.p, p = (uintptr_t)s.p;
    if (s.p == NULL || e->raw.p == NULL || p < raw || p - raw > e->raw.n || s.n > e->raw.n - (p - raw))
        return SPAN_NONE;
    return (uint32_t)(p - raw);
}

static void pack_text(struct buf *b, const struct event *e, struct str s)
{
    uint32_t off = span_of(e, s);
    buf_put_u32(b, off);
    buf_put_u32(b, (uint32_t)s.n);
    if (off == SPAN_NONE)
        buf_put(b, s);
}

void event_pack(struct buf *b, const struct event *e)
{
    assert(e->raw.n <= EVENT_RAW_BYTES_MAX && e->n_fields <= EVENT_FIELDS_MAX);
    size_t start = b->n;
    buf_put_u32(b, 0); /* length of the record, known at the end */
    buf_put_u64(b, e->id);
    buf_put_i64(b, e->time_ns);
    buf_put_i64(b, e->recv_ns);
    buf_put_u64(b, e->seq);
    buf_put_u32(b, e->source);
    buf_put_u8(b, e->facility);
    buf_put_u8(b, e->severity);
    buf_put_u8(b, e->flags);
    buf_put_u8(b, 0);
    buf_put_u16(b, e->n_fields);
    buf_put_u16(b, 0);
    buf_put_u32(b, (uint32_t)e->raw.n);
    assert(b->bad || b->n - start == HEAD_BYTES);
    buf_put(b, e->raw);
    pack_text(b, e, e->message);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        struct str name = f->id == FIELD_OTHER ? f->name : (struct str){NULL, 0};
        assert(f->id < FIELD_COUNT && (f->id == FIELD_OTHER) == (name.n > 0) && name.n <= UINT16_MAX);
        buf_put_u16(b, f->id);
        buf_put_u16(b, (uint16_t)name.n);
        buf_put(b, name);
        pack_text(b, e, f->value);
    }
    if (!b->bad) {
        uint32_t n = (uint32_t)(b->n - start);
        for (size_t i = 0; i < 4; i++)
            b->p[start + i] = (char)(n >> (8 * i));
    }
}

static struct str unpack_text(struct cur *c, struct str raw)
{
    uint32_t off = cur_u32(c), n = cur_u32(c);
    if (off == SPAN_NONE)
        return cur_bytes(c, n);
    if (off > raw.n || n > raw.n - off)
        c->bad = true;
    return c->bad ? (struct str){NULL, 0} : str_sub(raw, off, n);
}

static void unpack_field(struct cur *c, struct str raw, struct event_field *f)
{
    f->id = cur_u16(c);
    uint16_t name_n = cur_u16(c);
    f->name = cur_bytes(c, name_n);
    f->value = unpack_text(c, raw);
    if (f->id >= FIELD_COUNT || (f->id == FIELD_OTHER) != (name_n > 0))
        c->bad = true;
}

int event_unpack(struct str in, struct arena *a, struct event *ret, size_t *ret_used, struct err *err)
{
    struct cur c = cur_of(in);
    uint32_t len = cur_u32(&c);
    if (c.bad || len < HEAD_BYTES || len > in.n)
        return err_set(err, ERR_CORRUPT, "event record: length %u of %zu bytes", len, in.n);
    c.in.n = len;
    struct event e = {0};
    e.id = cur_u64(&c);
    e.time_ns = cur_i64(&c);
    e.recv_ns = cur_i64(&c);
    e.seq = cur_u64(&c);
    e.source = cur_u32(&c);
    e.facility = cur_u8(&c);
    e.severity = cur_u8(&c);
    e.flags = cur_u8(&c);
    (void)cur_u8(&c);
    e.n_fields = cur_u16(&c);
    (void)cur_u16(&c);
    uint32_t raw_n = cur_u32(&c);
    if (raw_n > EVENT_RAW_BYTES_MAX || e.n_fields > EVENT_FIELDS_MAX || e.severity > 7 ||
        (e.facility > 23 && e.facility != EVENT_NO_FACILITY))
        c.bad = true;
    e.raw = cur_bytes(&c, raw_n);
    e.message = unpack_text(&c, e.raw);
    if (!c.bad && e.n_fields > 0) {
        e.fields = ARENA_NEW(a, struct event_field, e.n_fields);
        if (e.fields == NULL)
            return err_set(err, ERR_NOMEM, "event fields");
    }
    for (uint16_t i = 0; !c.bad && i < e.n_fields; i++)
        unpack_field(&c, e.raw, &e.fields[i]);
    if (!cur_done(&c)) {
        if (err != NULL)
            err->at = c.at;
        return err_set(err, ERR_CORRUPT, "event record does not check at byte %zu", c.at);
    }
    *ret = e;
    *ret_used = len;
    return 0;
}
