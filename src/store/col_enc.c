#include <stdlib.h>

#include "base/cur.h"
#include "store/col.h"
#include "store/intern.h"

#define VALUES (COL_KINDS - COL_OFF) /* columns per name */
#define DICT_MAX 65536u              /* remembered values over all names; later ones are written again */
#define STREAMS_MAX 65536u

struct value_cols {
    struct buf col[VALUES];
    uint32_t n_dict;
};

struct last_seq {
    uint32_t source;
    uint64_t seq;
};

struct col_enc {
    struct intern streams, names, shapes, dict;
    uint32_t *dict_index; /* number within its name, by number in dict */
    uint32_t *stream_of;  /* by row */
    uint32_t *order;      /* rows by stream */
    uint32_t rows_cap;
    uint16_t id_name[FIELD_COUNT]; /* name number of a known field, 0 none yet */
    uint32_t *stream_source, *sources;
    struct last_seq *last; /* by stream */
    uint32_t streams_cap;
    size_t n_sources;
    struct buf fixed[COL_OFF];
    struct value_cols *values; /* by name number */
    size_t n_values;
    uint16_t shape[EVENT_FIELDS_MAX];
    struct buf key;
    struct col *cols;
    size_t n_cols;
    struct str *name_list;
};

/* Some millions of these make a block, nearly all of one byte. */
static inline void put_varint(struct buf *b, uint64_t v)
{
    if (v < 0x80 && b->n < b->cap && !b->bad)
        b->p[b->n++] = (char)v;
    else
        buf_put_varint(b, v);
}

int col_enc_new(uint64_t seed, struct col_enc **ret, struct err *err)
{
    CLEANUP(col_enc_freep) struct col_enc *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "column encoder");
    intern_init(&c->streams, STREAMS_MAX, seed);
    intern_init(&c->names, COL_NAMES_MAX, seed);
    intern_init(&c->shapes, COL_ROWS_MAX, seed);
    intern_init(&c->dict, DICT_MAX, seed);
    buf_init(&c->key, 8u << 20);
    for (size_t i = 0; i < COL_OFF; i++)
        buf_init(&c->fixed[i], COL_PLAIN_BYTES_MAX);
    c->values = calloc(COL_NAMES_MAX + COL_NAME_FIRST, sizeof(*c->values));
    c->dict_index = calloc(DICT_MAX, sizeof(*c->dict_index));
    c->cols = calloc(COL_COUNT_MAX, sizeof(*c->cols));
    c->name_list = calloc(COL_NAMES_MAX, sizeof(*c->name_list));
    if (c->values == NULL || c->dict_index == NULL || c->cols == NULL || c->name_list == NULL)
        return err_set(err, ERR_NOMEM, "column encoder");
    for (size_t i = 0; i < COL_NAMES_MAX + COL_NAME_FIRST; i++) {
        for (size_t k = 0; k < VALUES; k++)
            buf_init(&c->values[i].col[k], COL_PLAIN_BYTES_MAX);
    }
    *ret = TAKE(c);
    return 0;
}

void col_enc_free(struct col_enc *c)
{
    if (c == NULL)
        return;
    intern_done(&c->streams);
    intern_done(&c->names);
    intern_done(&c->shapes);
    intern_done(&c->dict);
    for (size_t i = 0; i < COL_OFF; i++)
        buf_done(&c->fixed[i]);
    for (size_t i = 0; c->values != NULL && i < COL_NAMES_MAX + COL_NAME_FIRST; i++) {
        for (size_t k = 0; k < VALUES; k++)
            buf_done(&c->values[i].col[k]);
    }
    buf_done(&c->key);
    free(c->values);
    free(c->cols);
    free(c->name_list);
    free(c->dict_index);
    free(c->stream_of);
    free(c->order);
    free(c->stream_source);
    free(c->sources);
    free(c->last);
    free(c);
}

static int reset(struct col_enc *c, size_t n, struct err *err)
{
    intern_clear(&c->streams);
    intern_clear(&c->names);
    intern_clear(&c->shapes);
    intern_clear(&c->dict);
    memset(c->id_name, 0, sizeof(c->id_name));
    for (size_t i = 0; i < COL_OFF; i++)
        buf_clear(&c->fixed[i]);
    for (size_t i = 0; i < c->n_values; i++) {
        for (size_t k = 0; k < VALUES; k++)
            buf_clear(&c->values[i].col[k]);
        c->values[i].n_dict = 0;
    }
    c->n_values = COL_NAME_FIRST;
    if (n > c->rows_cap) {
        uint32_t *a = realloc(c->stream_of, n * sizeof(*a));
        c->stream_of = a != NULL ? a : c->stream_of;
        uint32_t *b = realloc(c->order, n * sizeof(*b));
        c->order = b != NULL ? b : c->order;
        if (a == NULL || b == NULL)
            return err_set(err, ERR_NOMEM, "block of %zu rows", n);
        c->rows_cap = (uint32_t)n;
    }
    return 0;
}

static bool streams_grow(struct col_enc *c)
{
    uint32_t cap = c->streams_cap == 0 ? 64 : c->streams_cap * 2;
    uint32_t *a = realloc(c->stream_source, cap * sizeof(*a));
    c->stream_source = a != NULL ? a : c->stream_source;
    uint32_t *b = realloc(c->sources, cap * sizeof(*b));
    c->sources = b != NULL ? b : c->sources;
    struct last_seq *l = realloc(c->last, cap * sizeof(*l));
    c->last = l != NULL ? l : c->last;
    if (a == NULL || b == NULL || l == NULL)
        return false;
    c->streams_cap = cap;
    return true;
}

static int add_stream(struct col_enc *c, const struct event *e, uint32_t *ret)
{
    char key[4 + 64];
    struct str program = event_get(e, FIELD_PROCESS_NAME);
    size_t n = program.n < sizeof(key) - 4 ? program.n : sizeof(key) - 4;
    bool is_new;
    memcpy(key, &e->source, 4);
    if (n > 0)
        memcpy(key + 4, program.p, n);
    *ret = intern_add(&c->streams, (struct str){key, 4 + n}, &is_new);
    if (*ret == INTERN_FULL) /* crowded: the stream of the source without a program, or give up */
        *ret = intern_add(&c->streams, (struct str){key, 4}, &is_new);
    if (*ret == INTERN_FULL)
        return -1;
    if (is_new) {
        if (*ret >= c->streams_cap && !streams_grow(c))
            return -1;
        c->stream_source[*ret] = e->source;
    }
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Number the streams, then the rows by stream (stable), and list the sources. */
static int sort_rows(struct col_enc *c, const struct event *e, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (add_stream(c, &e[i], &c->stream_of[i]) != 0)
            return err_set(err, ERR_LIMIT, "more than %u streams in a block", STREAMS_MAX);
    }
    uint32_t n_streams = c->streams.n;
    uint32_t *start = calloc((size_t)n_streams + 1, sizeof(*start));
    if (start == NULL)
        return err_set(err, ERR_NOMEM, "streams");
    for (size_t i = 0; i < n; i++)
        start[c->stream_of[i] + 1]++;
    for (uint32_t s = 0; s < n_streams; s++)
        start[s + 1] += start[s];
    for (size_t i = 0; i < n; i++)
        c->order[start[c->stream_of[i]]++] = (uint32_t)i;
    free(start);
    memcpy(c->sources, c->stream_source, n_streams * sizeof(*c->sources));
    qsort(c->sources, n_streams, sizeof(*c->sources), by_number);
    c->n_sources = 0;
    for (uint32_t s = 0; s < n_streams; s++) {
        if (c->n_sources == 0 || c->sources[c->n_sources - 1] != c->sources[s])
            c->sources[c->n_sources++] = c->sources[s];
    }
    return 0;
}

/* Largest of s, ms, us, ns that divides all times: most sources know no more than seconds. */
static int64_t scale_of(const struct event *e, size_t n, bool recv)
{
    static const int64_t scales[] = {NS_PER_S, NS_PER_MS, NS_PER_US};
    size_t k = 0;
    for (size_t i = 0; i < n && k < COUNT_OF(scales); i++) {
        int64_t t = recv ? e[i].recv_ns : e[i].time_ns;
        while (k < COUNT_OF(scales) && t % scales[k] != 0)
            k++;
    }
    return k < COUNT_OF(scales) ? scales[k] : 1;
}

static void put_times(struct buf *b, const struct event *e, size_t n, bool recv)
{
    int64_t scale = scale_of(e, n, recv);
    uint64_t last = 0; /* differences wrap around: times may lie anywhere in the range */
    put_varint(b, (uint64_t)scale);
    for (size_t i = 0; i < n; i++) {
        uint64_t t = (uint64_t)((recv ? e[i].recv_ns : e[i].time_ns) / scale);
        put_varint(b, zigzag((int64_t)(t - last)));
        last = t;
    }
}

/* The sequence runs per source; streams of one source share a counter, found at their first stream. */
static void put_arrival(struct col_enc *c, const struct event *e, size_t n)
{
    put_times(&c->fixed[COL_TIME], e, n, false);
    put_times(&c->fixed[COL_RECV], e, n, true);
    for (uint32_t s = 0; s < c->streams.n; s++)
        put_varint(&c->fixed[COL_STREAMS], c->stream_source[s]);
    for (size_t i = 0; i < c->n_sources; i++)
        c->last[i] = (struct last_seq){.source = c->sources[i]};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (c->streams.n > 1)
            put_varint(&c->fixed[COL_STREAM], c->stream_of[i]);
        if (c->last[at].source != e[i].source) {
            const uint32_t *hit =
                bsearch(&e[i].source, c->sources, c->n_sources, sizeof(*c->sources), by_number);
            assert(hit != NULL);
            at = (size_t)(hit - c->sources);
        }
        put_varint(&c->fixed[COL_SEQ], zigzag((int64_t)(e[i].seq - c->last[at].seq - 1)));
        c->last[at].seq = e[i].seq;
    }
}

static uint16_t name_of(struct col_enc *c, const struct event_field *f)
{
    bool is_new;
    if (f->id != FIELD_OTHER && c->id_name[f->id] != 0)
        return c->id_name[f->id];
    struct str name = f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
    uint32_t i = intern_add(&c->names, name, &is_new);
    if (i == INTERN_FULL)
        return COL_NAME_REST;
    uint16_t number = (uint16_t)(i + COL_NAME_FIRST);
    if (f->id != FIELD_OTHER)
        c->id_name[f->id] = number;
    if (c->n_values <= number)
        c->n_values = (size_t)number + 1;
    return number;
}

static struct buf *value_col(struct value_cols *v, enum col_kind kind)
{
    return &v->col[kind - COL_OFF];
}

static void put_dict(struct col_enc *c, uint16_t name, struct str value)
{
    struct value_cols *v = &c->values[name];
    bool is_new = true;
    uint32_t i = INTERN_FULL;
    if (value.n <= 256) { /* long texts hardly repeat */
        buf_clear(&c->key);
        buf_put_u16(&c->key, name);
        buf_put(&c->key, value);
        i = intern_add(&c->dict, buf_str(&c->key), &is_new);
    }
    if (i != INTERN_FULL && !is_new) {
        put_varint(value_col(v, COL_INDEX), c->dict_index[i]);
        return;
    }
    if (i != INTERN_FULL)
        c->dict_index[i] = v->n_dict;
    put_varint(value_col(v, COL_INDEX), v->n_dict++);
    put_varint(value_col(v, COL_DICT_LEN), value.n);
    buf_put(value_col(v, COL_DICT), value);
}

/* Write a value as a place in raw, counted from `base`, or as a number in the dictionary. */
static bool put_value(struct col_enc *c, const struct event *e, uint16_t name, struct str value,
                      uint64_t base, uint64_t *ret_off)
{
    struct value_cols *v = &c->values[name];
    uintptr_t raw = (uintptr_t)e->raw.p, p = (uintptr_t)value.p;
    bool inside = value.p != NULL && e->raw.p != NULL && p >= raw && p - raw <= e->raw.n &&
                  value.n <= e->raw.n - (p - raw);
    if (!inside || name == COL_NAME_REST) {
        put_varint(value_col(v, COL_OFF), 0);
        put_dict(c, name, value);
        return false;
    }
    uint64_t off = p - raw;
    put_varint(value_col(v, COL_OFF), zigzag((int64_t)(off - base)) + 1);
    /* A message mostly reaches to the end of raw: count what is behind it. */
    put_varint(value_col(v, COL_LEN), name == COL_NAME_MESSAGE ? e->raw.n - off - value.n : value.n);
    *ret_off = off;
    return true;
}

static void put_fields(struct col_enc *c, const struct event *e)
{
    uint64_t end = 0, off = 0;
    bool is_new;
    for (uint16_t i = 0; i < e->n_fields; i++)
        c->shape[i] = name_of(c, &e->fields[i]);
    struct str shape = {(const char *)c->shape, e->n_fields * sizeof(*c->shape)};
    uint32_t number = intern_add(&c->shapes, shape, &is_new);
    if (number == INTERN_FULL) {
        c->fixed[COL_SHAPES].bad = true;
        return;
    }
    if (is_new) {
        put_varint(&c->fixed[COL_SHAPES], e->n_fields);
        for (uint16_t i = 0; i < e->n_fields; i++)
            put_varint(&c->fixed[COL_SHAPES], c->shape[i]);
    }
    put_varint(&c->fixed[COL_SHAPE], number);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        struct str value = f->value;
        struct buf both;
        if (c->shape[i] == COL_NAME_REST) { /* name and value in one text */
            struct str name = f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
            buf_init(&both, COL_PLAIN_BYTES_MAX);
            put_varint(&both, name.n);
            buf_put(&both, name);
            buf_put(&both, f->value);
            c->fixed[COL_SHAPES].bad = c->fixed[COL_SHAPES].bad || both.bad;
            value = buf_str(&both);
        }
        if (put_value(c, e, c->shape[i], value, end, &off))
            end = off + value.n;
        if (c->shape[i] == COL_NAME_REST)
            buf_done(&both);
    }
}

static void list_col(struct col_enc *c, uint8_t kind, size_t name, const struct buf *b, bool *ok)
{
    *ok = *ok && !b->bad;
    if (b->n > 0)
        c->cols[c->n_cols++] = (struct col){.kind = kind, .name = (uint16_t)name, .bytes = buf_str(b)};
}

/* Columns that hold something, kind by kind, then name by name. false: memory was not enough. */
static bool list_cols(struct col_enc *c)
{
    bool ok = true;
    c->n_cols = 0;
    for (uint8_t k = 0; k < COL_OFF; k++)
        list_col(c, k, 0, &c->fixed[k], &ok);
    for (size_t i = 0; i < c->n_values; i++) {
        for (uint8_t k = 0; k < VALUES; k++)
            list_col(c, (uint8_t)(COL_OFF + k), i, &c->values[i].col[k], &ok);
    }
    for (uint32_t i = 0; i < c->names.n; i++)
        c->name_list[i] = intern_get(&c->names, i);
    return ok;
}

int col_encode(struct col_enc *c, const struct event *e, size_t n, struct col_table *ret, struct err *err)
{
    assert(n > 0 && n <= COL_ROWS_MAX);
    if (reset(c, n, err) != 0 || sort_rows(c, e, n, err) != 0)
        return -1;
    put_arrival(c, e, n);
    char *pri = buf_reserve(&c->fixed[COL_PRI], 3 * n);
    if (pri != NULL)
        c->fixed[COL_PRI].n = 3 * n;
    uint64_t message_off = 0;
    for (size_t k = 0; k < n; k++) {
        const struct event *row = &e[c->order[k]];
        if (pri != NULL) {
            pri[k] = (char)row->facility;
            pri[n + k] = (char)row->severity;
            pri[2 * n + k] = (char)row->flags;
        }
        put_varint(&c->fixed[COL_RAW_LEN], row->raw.n);
        buf_put(&c->fixed[COL_RAW], row->raw);
        (void)put_value(c, row, COL_NAME_MESSAGE, row->message, message_off, &message_off);
        put_fields(c, row);
    }
    if (!list_cols(c))
        return err_set(err, ERR_NOMEM, "columns of a block");
    *ret = (struct col_table){
        .cols = c->cols, .n_cols = c->n_cols, .names = c->name_list, .n_names = c->names.n};
    return 0;
}

size_t col_enc_sources(const struct col_enc *c, const uint32_t **ret)
{
    *ret = c->sources;
    return c->n_sources;
}
