#include "model/event.h"

#include "base/le.h"

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

/*
 * A record is a head, a table of spans and one area of text: raw, then every value that does not lie in raw.
 * So it is written in one pass and read without copying, and any part is found without reading the others.
 */
enum {
    AT_LEN = 0,
    AT_TEXT_N = 4,
    AT_ID = 8,
    AT_TIME = 16,
    AT_RECV = 24,
    AT_SEQ = 32,
    AT_SOURCE = 40,
    AT_FACILITY = 44,
    AT_SEVERITY = 45,
    AT_FLAGS = 46,
    AT_WIDE = 47,
    AT_N_FIELDS = 48,
    AT_N_SPANS = 50,
    AT_RAW_N = 52,
    HEAD_BYTES = 56
};
#define SPAN_MESSAGE 0xFFFEu
#define SPAN_NAME 0xFFFFu /* name of the field whose span follows */
#define NARROW_BYTES 6u   /* id, offset, length of 16 bits each */
#define WIDE_BYTES 12u    /* id of 16, 0 of 16, offset and length of 32 bits */

struct packer {
    char *span, *text;
    const struct str raw;
    size_t text_n;
    bool wide;
};

static void put_span(struct packer *p, uint16_t id, struct str s)
{
    uintptr_t raw = (uintptr_t)p->raw.p, at = (uintptr_t)s.p;
    size_t off = at - raw;
    if (s.p == NULL || at < raw || off > p->raw.n || s.n > p->raw.n - off) {
        off = p->text_n;
        if (s.n > 0)
            memcpy(p->text + off, s.p, s.n);
        p->text_n += s.n;
    }
    le_put16(p->span, id);
    if (p->wide) {
        le_put16(p->span + 2, 0);
        le_put32(p->span + 4, (uint32_t)off);
        le_put32(p->span + 8, (uint32_t)s.n);
        p->span += WIDE_BYTES;
    } else {
        le_put16(p->span + 2, (uint16_t)off);
        le_put16(p->span + 4, (uint16_t)s.n);
        p->span += NARROW_BYTES;
    }
}

size_t event_packed_max(const struct event *e)
{
    size_t n = HEAD_BYTES + WIDE_BYTES + e->raw.n + e->message.n;
    for (uint16_t i = 0; i < e->n_fields; i++)
        n += 2 * (size_t)WIDE_BYTES + e->fields[i].name.n + e->fields[i].value.n;
    return n;
}

void event_pack(struct buf *b, const struct event *e)
{
    assert(e->raw.n <= EVENT_RAW_BYTES_MAX && e->n_fields <= EVENT_FIELDS_MAX);
    size_t spans = 1 + (size_t)e->n_fields, text = e->raw.n + e->message.n;
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        assert(f->id < FIELD_COUNT);
        text += f->value.n;
        if (f->id == FIELD_OTHER) {
            assert(f->name.n > 0 && f->name.n <= UINT16_MAX);
            spans++;
            text += f->name.n;
        }
    }
    bool wide = text > UINT16_MAX;
    size_t table = spans * (wide ? WIDE_BYTES : NARROW_BYTES);
    char *rec = text > UINT32_MAX / 2 ? NULL : buf_reserve(b, HEAD_BYTES + table + text);
    if (rec == NULL) {
        b->bad = true;
        return;
    }
    struct packer p = {.span = rec + HEAD_BYTES,
                       .text = rec + HEAD_BYTES + table,
                       .raw = e->raw,
                       .text_n = e->raw.n,
                       .wide = wide};
    if (e->raw.n > 0)
        memcpy(p.text, e->raw.p, e->raw.n);
    put_span(&p, SPAN_MESSAGE, e->message);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        if (e->fields[i].id == FIELD_OTHER)
            put_span(&p, SPAN_NAME, e->fields[i].name);
        put_span(&p, e->fields[i].id, e->fields[i].value);
    }
    size_t len = HEAD_BYTES + table + p.text_n;
    le_put32(rec + AT_LEN, (uint32_t)len);
    le_put32(rec + AT_TEXT_N, (uint32_t)p.text_n);
    le_put64(rec + AT_ID, e->id);
    le_put64(rec + AT_TIME, (uint64_t)e->time_ns);
    le_put64(rec + AT_RECV, (uint64_t)e->recv_ns);
    le_put64(rec + AT_SEQ, e->seq);
    le_put32(rec + AT_SOURCE, e->source);
    rec[AT_FACILITY] = (char)e->facility;
    rec[AT_SEVERITY] = (char)e->severity;
    rec[AT_FLAGS] = (char)e->flags;
    rec[AT_WIDE] = wide;
    le_put16(rec + AT_N_FIELDS, e->n_fields);
    le_put16(rec + AT_N_SPANS, (uint16_t)spans);
    le_put32(rec + AT_RAW_N, (uint32_t)e->raw.n);
    b->n += len;
}

struct reader {
    struct str text;
    const char *span;
    bool wide, bad;
};

static uint16_t next_span(struct reader *r, struct str *ret)
{
    uint16_t id = le_get16(r->span);
    size_t off, n;
    if (r->wide) {
        off = le_get32(r->span + 4);
        n = le_get32(r->span + 8);
        r->span += WIDE_BYTES;
    } else {
        off = le_get16(r->span + 2);
        n = le_get16(r->span + 4);
        r->span += NARROW_BYTES;
    }
    if (off > r->text.n || n > r->text.n - off) {
        r->bad = true;
        off = n = 0;
    }
    *ret = (struct str){r->text.p + off, n};
    return id;
}

/* Fixed part and the places of the others; false: they do not check. */
static bool read_head(const char *rec, size_t len, struct event *e, struct reader *r, size_t *ret_spans)
{
    uint32_t raw_n = le_get32(rec + AT_RAW_N), text_n = le_get32(rec + AT_TEXT_N);
    unsigned wide = (unsigned char)rec[AT_WIDE];
    size_t spans = le_get16(rec + AT_N_SPANS);
    *e = (struct event){.id = le_get64(rec + AT_ID),
                        .time_ns = (int64_t)le_get64(rec + AT_TIME),
                        .recv_ns = (int64_t)le_get64(rec + AT_RECV),
                        .seq = le_get64(rec + AT_SEQ),
                        .source = le_get32(rec + AT_SOURCE),
                        .facility = (uint8_t)rec[AT_FACILITY],
                        .severity = (uint8_t)rec[AT_SEVERITY],
                        .flags = (uint8_t)rec[AT_FLAGS],
                        .n_fields = le_get16(rec + AT_N_FIELDS)};
    size_t table = spans * (wide != 0 ? WIDE_BYTES : NARROW_BYTES);
    if (wide > 1 || raw_n > EVENT_RAW_BYTES_MAX || raw_n > text_n || e->n_fields > EVENT_FIELDS_MAX ||
        e->severity > 7 || (e->facility > 23 && e->facility != EVENT_NO_FACILITY) ||
        spans < (size_t)e->n_fields + 1 || spans > 2 * (size_t)e->n_fields + 1 ||
        len != (uint64_t)HEAD_BYTES + table + text_n)
        return false;
    *r = (struct reader){.text = {rec + HEAD_BYTES + table, text_n}, .span = rec + HEAD_BYTES, .wide = wide};
    e->raw = (struct str){r->text.p, raw_n};
    *ret_spans = spans;
    return true;
}

static bool read_fields(struct reader *r, struct event *e, uint16_t ids, size_t spans)
{
    size_t left = spans;
    for (uint16_t i = 0; i < e->n_fields; i++) {
        struct event_field *f = &e->fields[i];
        *f = (struct event_field){.id = FIELD_OTHER};
        if (left == 0)
            return false;
        left--;
        f->id = next_span(r, &f->value);
        bool named = f->id == SPAN_NAME;
        if (named) {
            f->name = f->value;
            if (left == 0)
                return false;
            left--;
            f->id = next_span(r, &f->value);
        }
        if (f->id >= ids || (f->id == FIELD_OTHER) != named || (named && f->name.n == 0) ||
            f->name.n > UINT16_MAX)
            return false;
    }
    return left == 0 && !r->bad;
}

static int refuse(struct err *err, size_t at)
{
    if (err != NULL)
        err->at = at;
    return err_set(err, ERR_CORRUPT, "event record does not check at byte %zu", at);
}

int event_unpack_ids(struct str in, uint16_t ids, struct arena *a, struct event *ret, size_t *ret_used,
                     struct err *err)
{
    struct event e;
    struct reader r;
    size_t spans = 0, len = in.n < HEAD_BYTES ? 0 : le_get32(in.p + AT_LEN);
    if (len < HEAD_BYTES || len > in.n)
        return err_set(err, ERR_CORRUPT, "event record: length %zu of %zu bytes", len, in.n);
    if (!read_head(in.p, len, &e, &r, &spans))
        return refuse(err, HEAD_BYTES);
    if (next_span(&r, &e.message) != SPAN_MESSAGE || r.bad)
        return refuse(err, (size_t)(r.span - in.p));
    if (e.n_fields > 0) {
        e.fields = arena_raw(a, e.n_fields, sizeof(*e.fields), _Alignof(struct event_field));
        if (e.fields == NULL)
            return err_set(err, ERR_NOMEM, "event fields");
    }
    if (!read_fields(&r, &e, ids, spans - 1))
        return refuse(err, (size_t)(r.span - in.p));
    *ret = e;
    *ret_used = len;
    return 0;
}

int event_unpack(struct str in, struct arena *a, struct event *ret, size_t *ret_used, struct err *err)
{
    return event_unpack_ids(in, FIELD_COUNT, a, ret, ret_used, err);
}

size_t event_packed_head(struct str in, struct event_head *ret)
{
    size_t len = in.n < HEAD_BYTES ? 0 : le_get32(in.p + AT_LEN);
    if (len < HEAD_BYTES || len > in.n)
        return 0;
    *ret = (struct event_head){.source = le_get32(in.p + AT_SOURCE), .seq = le_get64(in.p + AT_SEQ)};
    return len;
}

void event_packed_set_id(char *record, uint64_t id)
{
    le_put64(record + AT_ID, id);
}

void event_packed_set_source(char *record, const struct event_head *h)
{
    le_put32(record + AT_SOURCE, h->source);
    le_put64(record + AT_SEQ, h->seq);
}
