#include <stdlib.h>

#include "base/cur.h"
#include "store/col.h"

#define VALUES (COL_KINDS - COL_OFF)
#define NAMES (COL_NAMES_MAX + COL_NAME_FIRST)

struct value_cur {
    struct cur off, len, index;
    const struct str *dict;
    size_t n_dict;
};

struct stream {
    uint32_t source;
    uint32_t at; /* next row of the stream in the sorted order */
};

struct last_seq {
    uint32_t source;
    uint64_t seq;
};

struct col_dec {
    struct event *ev;
    struct event_field *fields;
    uint32_t *order; /* row of each place in the sorted order */
    size_t ev_cap, fields_cap, order_cap;
    struct str *dict; /* of all names, one behind the other */
    uint16_t *shapes; /* names of all shapes, one behind the other */
    uint32_t *shape_at;
    size_t dict_cap, shapes_cap, shape_at_cap;
    struct stream *streams;
    struct last_seq *last;
    uint32_t *last_of; /* place in last, by stream */
    size_t streams_cap, last_cap, last_of_cap;
    struct str fixed[COL_OFF];
    struct str value[NAMES][VALUES];
    struct value_cur cur[NAMES];
    uint16_t name_id[NAMES];
    const struct col_table *t;
    size_t n_streams, n_shapes;
};

int col_dec_new(struct col_dec **ret, struct err *err)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "column decoder");
}

void col_dec_free(struct col_dec *d)
{
    if (d == NULL)
        return;
    free(d->ev);
    free(d->fields);
    free(d->order);
    free(d->dict);
    free(d->shapes);
    free(d->shape_at);
    free(d->streams);
    free(d->last);
    free(d->last_of);
    free(d);
}

/* Grow an array (p points to its pointer) to n entries; content need not be kept. */
static int need(void *p, size_t *cap, size_t n, size_t each, struct err *err)
{
    void *old, *fresh;
    if (n <= *cap && *cap > 0)
        return 0;
    memcpy(&old, p, sizeof(old));
    free(old);
    fresh = malloc((n == 0 ? 1 : n) * each);
    memcpy(p, &fresh, sizeof(fresh));
    *cap = fresh == NULL ? 0 : n == 0 ? 1 : n;
    return fresh != NULL ? 0 : err_set(err, ERR_NOMEM, "decoding a block");
}

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "columns do not check: %s", what);
}

static int take_columns(struct col_dec *d, const struct col_table *t, struct err *err)
{
    memset(d->fixed, 0, sizeof(d->fixed));
    memset(d->value, 0, sizeof(d->value));
    if (t->n_names > COL_NAMES_MAX)
        return damaged(err, "too many field names");
    for (size_t i = 0; i < t->n_cols; i++) {
        const struct col *c = &t->cols[i];
        struct str *to = c->kind < COL_OFF ? &d->fixed[c->kind] : NULL;
        if (c->kind >= COL_KINDS || c->name >= t->n_names + COL_NAME_FIRST ||
            (c->kind < COL_OFF && c->name != 0))
            return damaged(err, "unknown column");
        if (to == NULL)
            to = &d->value[c->name][c->kind - COL_OFF];
        if (to->p != NULL)
            return damaged(err, "column twice");
        *to = c->bytes.p == NULL ? S("") : c->bytes;
    }
    for (size_t i = 0; i < t->n_names; i++)
        d->name_id[i + COL_NAME_FIRST] = field_find(t->names[i]);
    d->t = t;
    return 0;
}

/* Split the dictionary texts of each name. */
static int read_dicts(struct col_dec *d, struct err *err)
{
    size_t names = d->t->n_names + COL_NAME_FIRST, total = 0, at = 0;
    for (size_t i = 0; i < names; i++)
        total += d->value[i][COL_DICT_LEN - COL_OFF].n; /* an entry takes a byte or more */
    if (total > COL_FIELDS_MAX)
        return damaged(err, "dictionary too long");
    if (need(&d->dict, &d->dict_cap, total, sizeof(*d->dict), err) != 0)
        return -1;
    for (size_t i = 0; i < names; i++) {
        struct cur len = cur_of(d->value[i][COL_DICT_LEN - COL_OFF]);
        struct cur text = cur_of(d->value[i][COL_DICT - COL_OFF]);
        struct value_cur *v = &d->cur[i];
        v->off = cur_of(d->value[i][COL_OFF - COL_OFF]);
        v->len = cur_of(d->value[i][COL_LEN - COL_OFF]);
        v->index = cur_of(d->value[i][COL_INDEX - COL_OFF]);
        v->dict = d->dict + at;
        v->n_dict = 0;
        while (cur_left(&len) > 0 && !text.bad) {
            struct str s = cur_bytes(&text, cur_varint(&len));
            d->dict[at++] = s.p == NULL ? S("") : s;
            v->n_dict++;
        }
        if (len.bad || !cur_done(&text))
            return damaged(err, "dictionary");
    }
    return 0;
}

static int read_shapes(struct col_dec *d, struct err *err)
{
    struct cur c = cur_of(d->fixed[COL_SHAPES]);
    size_t at = 0;
    d->n_shapes = 0;
    if (c.in.n > COL_FIELDS_MAX)
        return damaged(err, "field lists too long");
    if (need(&d->shapes, &d->shapes_cap, c.in.n, sizeof(*d->shapes), err) != 0 ||
        need(&d->shape_at, &d->shape_at_cap, c.in.n + 1, sizeof(*d->shape_at), err) != 0)
        return -1;
    while (cur_left(&c) > 0) {
        uint64_t n = cur_varint(&c);
        if (n > EVENT_FIELDS_MAX)
            return damaged(err, "too many fields in an event");
        d->shape_at[d->n_shapes++] = (uint32_t)at;
        for (uint64_t i = 0; i < n && !c.bad; i++) {
            uint64_t name = cur_varint(&c);
            if (name == COL_NAME_MESSAGE || name >= d->t->n_names + COL_NAME_FIRST)
                return damaged(err, "field name");
            d->shapes[at++] = (uint16_t)name;
        }
    }
    d->shape_at[d->n_shapes] = (uint32_t)at;
    return c.bad ? damaged(err, "field lists") : 0;
}

static int by_source(const void *a, const void *b)
{
    const struct last_seq *x = a, *y = b;
    return (x->source > y->source) - (x->source < y->source);
}

static int read_streams(struct col_dec *d, struct err *err)
{
    struct cur c = cur_of(d->fixed[COL_STREAMS]);
    d->n_streams = 0;
    if (c.in.n > COL_ROWS_MAX)
        return damaged(err, "stream table too long");
    if (need(&d->streams, &d->streams_cap, c.in.n, sizeof(*d->streams), err) != 0 ||
        need(&d->last, &d->last_cap, c.in.n, sizeof(*d->last), err) != 0 ||
        need(&d->last_of, &d->last_of_cap, c.in.n, sizeof(*d->last_of), err) != 0)
        return -1;
    while (cur_left(&c) > 0) {
        uint64_t source = cur_varint(&c);
        if (c.bad || source > UINT32_MAX)
            return damaged(err, "stream table");
        d->last[d->n_streams] = (struct last_seq){.source = (uint32_t)source};
        d->streams[d->n_streams++] = (struct stream){.source = (uint32_t)source};
    }
    if (d->n_streams == 0)
        return damaged(err, "no streams");
    qsort(d->last, d->n_streams, sizeof(*d->last), by_source);
    for (size_t i = 0; i < d->n_streams; i++) {
        struct last_seq key = {.source = d->streams[i].source};
        const struct last_seq *hit = bsearch(&key, d->last, d->n_streams, sizeof(key), by_source);
        while (hit > d->last && hit[-1].source == key.source)
            hit--;
        d->last_of[i] = (uint32_t)(hit - d->last);
    }
    return 0;
}

static int read_times(struct col_dec *d, size_t n, enum col_kind kind, struct err *err)
{
    struct cur c = cur_of(d->fixed[kind]);
    uint64_t scale = cur_varint(&c), last = 0;
    for (size_t i = 0; i < n && !c.bad; i++) {
        last += (uint64_t)unzigzag(cur_varint(&c));
        int64_t t;
        if (scale == 0 || scale > INT64_MAX || __builtin_mul_overflow((int64_t)last, (int64_t)scale, &t))
            return damaged(err, "time");
        if (kind == COL_TIME)
            d->ev[i].time_ns = t;
        else
            d->ev[i].recv_ns = t;
    }
    return cur_done(&c) ? 0 : damaged(err, "times");
}

/* Streams and sequence numbers in order of arrival; from the streams follows the order of all later columns.
 */
static int read_arrival(struct col_dec *d, size_t n, struct err *err)
{
    struct cur stream = cur_of(d->fixed[COL_STREAM]), seq = cur_of(d->fixed[COL_SEQ]);
    bool many = d->n_streams > 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t s = many ? cur_varint(&stream) : 0;
        if (s >= d->n_streams)
            return damaged(err, "stream of a row");
        struct last_seq *last = &d->last[d->last_of[s]];
        last->seq += 1 + (uint64_t)unzigzag(cur_varint(&seq));
        d->ev[i].seq = last->seq;
        d->ev[i].source = d->streams[s].source;
        d->ev[i].id = s; /* until the order is known */
        d->streams[s].at++;
    }
    if (!cur_done(&stream) || !cur_done(&seq))
        return damaged(err, "streams or sequence numbers");
    uint32_t at = 0;
    for (size_t s = 0; s < d->n_streams; s++) {
        uint32_t rows = d->streams[s].at;
        d->streams[s].at = at;
        at += rows;
    }
    for (size_t i = 0; i < n; i++)
        d->order[d->streams[d->ev[i].id].at++] = (uint32_t)i;
    return 0;
}

/* A value: place in raw counted from *base (moved to where the value begins), or number in the dictionary. */
static bool read_value(struct value_cur *v, bool message, struct str raw, uint64_t base, struct str *ret,
                       uint64_t *ret_off)
{
    uint64_t off = cur_varint(&v->off);
    *ret_off = UINT64_MAX;
    if (v->off.bad)
        return false;
    if (off == 0) {
        uint64_t i = cur_varint(&v->index);
        if (v->index.bad || i >= v->n_dict)
            return false;
        *ret = v->dict[i];
        return true;
    }
    uint64_t at = base + (uint64_t)unzigzag(off - 1), len = cur_varint(&v->len);
    if (v->len.bad || at > raw.n || len > raw.n - at)
        return false;
    *ret = str_sub(raw, at, message ? raw.n - at - len : len);
    *ret_off = at;
    return true;
}

/* Field of many names: the text holds name and value. */
static bool split_rest(struct event_field *f)
{
    struct cur c = cur_of(f->value);
    f->name = cur_bytes(&c, cur_varint(&c));
    if (c.bad)
        return false;
    f->value = str_from(f->value, c.at);
    f->id = field_find(f->name);
    return true;
}

static bool read_fields(struct col_dec *d, struct event *e, uint64_t shape)
{
    const uint16_t *names = d->shapes + d->shape_at[shape];
    uint64_t end = 0, off;
    for (uint16_t i = 0; i < e->n_fields; i++) {
        struct event_field *f = &e->fields[i];
        uint16_t name = names[i];
        if (!read_value(&d->cur[name], false, e->raw, end, &f->value, &off))
            return false;
        if (off != UINT64_MAX)
            end = off + f->value.n;
        f->id = name == COL_NAME_REST ? FIELD_OTHER : d->name_id[name];
        f->name = (struct str){NULL, 0};
        if (name == COL_NAME_REST && !split_rest(f))
            return false;
        if (name != COL_NAME_REST && f->id == FIELD_OTHER)
            f->name = d->t->names[name - COL_NAME_FIRST];
    }
    return true;
}

/* Shape of each row, first pass: how many fields there are in all. */
static int count_fields(const struct col_dec *d, size_t n, size_t *ret, struct err *err)
{
    struct cur shape = cur_of(d->fixed[COL_SHAPE]);
    size_t total = 0;
    for (size_t k = 0; k < n; k++) {
        uint64_t s = cur_varint(&shape);
        if (shape.bad || s >= d->n_shapes)
            return damaged(err, "field list of a row");
        total += d->shape_at[s + 1] - d->shape_at[s];
    }
    if (!cur_done(&shape) || total > COL_FIELDS_MAX)
        return damaged(err, "field lists of the rows");
    *ret = total;
    return 0;
}

static int read_rows(struct col_dec *d, size_t n, struct err *err)
{
    struct cur len = cur_of(d->fixed[COL_RAW_LEN]), raw = cur_of(d->fixed[COL_RAW]);
    struct cur shape = cur_of(d->fixed[COL_SHAPE]);
    const unsigned char *pri = (const unsigned char *)d->fixed[COL_PRI].p;
    uint64_t message_off = 0, off;
    size_t field = 0;
    if (d->fixed[COL_PRI].n != 3 * n)
        return damaged(err, "severities");
    for (size_t k = 0; k < n; k++) {
        struct event *e = &d->ev[d->order[k]];
        e->facility = pri[k];
        e->severity = pri[n + k];
        e->flags = pri[2 * n + k];
        if (e->severity > 7 || (e->facility > 23 && e->facility != EVENT_NO_FACILITY))
            return damaged(err, "severity");
        e->raw = cur_bytes(&raw, cur_varint(&len));
        if (raw.bad || len.bad || e->raw.n > EVENT_RAW_BYTES_MAX)
            return damaged(err, "raw text");
        if (e->raw.p == NULL)
            e->raw.p = "";
        if (!read_value(&d->cur[COL_NAME_MESSAGE], true, e->raw, message_off, &e->message, &off))
            return damaged(err, "message");
        message_off = off == UINT64_MAX ? message_off : off;
        uint64_t s = cur_varint(&shape);
        e->n_fields = (uint16_t)(d->shape_at[s + 1] - d->shape_at[s]);
        e->fields = e->n_fields == 0 ? NULL : d->fields + field;
        field += e->n_fields;
        if (!read_fields(d, e, s))
            return damaged(err, "field value");
    }
    return cur_done(&raw) && cur_done(&len) ? 0 : damaged(err, "raw texts");
}

/* Nothing may be left over: a column longer than its rows is as wrong as one that is too short. */
static int check_done(const struct col_dec *d, struct err *err)
{
    for (size_t i = 0; i < d->t->n_names + COL_NAME_FIRST; i++) {
        const struct value_cur *v = &d->cur[i];
        if (!cur_done(&v->off) || !cur_done(&v->len) || !cur_done(&v->index))
            return damaged(err, "values left over");
    }
    return 0;
}

int col_decode(struct col_dec *d, const struct col_table *t, size_t n, uint64_t first_id,
               const struct event **ret, struct err *err)
{
    size_t n_fields = 0;
    if (n == 0 || n > COL_ROWS_MAX)
        return damaged(err, "number of rows");
    if (take_columns(d, t, err) != 0 || read_dicts(d, err) != 0 || read_shapes(d, err) != 0 ||
        read_streams(d, err) != 0)
        return -1;
    if (need(&d->ev, &d->ev_cap, n, sizeof(*d->ev), err) != 0 ||
        need(&d->order, &d->order_cap, n, sizeof(*d->order), err) != 0)
        return -1;
    memset(d->ev, 0, n * sizeof(*d->ev));
    if (read_times(d, n, COL_TIME, err) != 0 || read_times(d, n, COL_RECV, err) != 0 ||
        read_arrival(d, n, err) != 0 || count_fields(d, n, &n_fields, err) != 0)
        return -1;
    if (need(&d->fields, &d->fields_cap, n_fields, sizeof(*d->fields), err) != 0)
        return -1;
    if (read_rows(d, n, err) != 0 || check_done(d, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        d->ev[i].id = first_id + i;
    *ret = d->ev;
    return 0;
}
