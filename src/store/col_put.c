#include <stdlib.h>

#include "base/cur.h"
#include "store/col_inner.h"

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool streams_grow(struct col_enc *c)
{
    size_t cap = c->streams_cap == 0 ? 64 : c->streams_cap * 2;
    struct stream_info *s = realloc(c->streams_info, cap * sizeof(*s));
    c->streams_info = s != NULL ? s : c->streams_info;
    uint32_t *a = realloc(c->sources, cap * sizeof(*a));
    c->sources = a != NULL ? a : c->sources;
    if (s == NULL || a == NULL)
        return false;
    c->streams_cap = cap;
    return true;
}

/* Stream of a row; INTERN_FULL without memory or with too many. */
static uint32_t stream_of(struct col_enc *c, const struct event *e, struct str host)
{
    char key[4 + 64];
    size_t n = host.n < sizeof(key) - 4 ? host.n : sizeof(key) - 4;
    bool is_new;
    memcpy(key, &e->source, 4);
    if (n > 0)
        memcpy(key + 4, host.p, n);
    uint32_t s = intern_add(&c->streams, (struct str){key, 4 + n}, &is_new);
    if (s == INTERN_FULL) /* crowded: the stream of the source alone, or give up */
        s = intern_add(&c->streams, (struct str){key, 4}, &is_new);
    if (s == INTERN_FULL || (s >= c->streams_cap && !streams_grow(c)))
        return INTERN_FULL;
    if (is_new)
        c->streams_info[s] = (struct stream_info){.source = e->source};
    c->streams_info[s].rows++;
    return s;
}

static int list_sources(struct col_enc *c, struct err *err)
{
    uint32_t n = c->streams.n;
    for (uint32_t s = 0; s < n; s++)
        c->sources[s] = c->streams_info[s].source;
    qsort(c->sources, n, sizeof(*c->sources), by_number);
    c->n_sources = 0;
    for (uint32_t s = 0; s < n; s++) {
        if (c->n_sources == 0 || c->sources[c->n_sources - 1] != c->sources[s])
            c->sources[c->n_sources++] = c->sources[s];
    }
    uint32_t *first = malloc(c->n_sources * sizeof(*first));
    if (first == NULL)
        return err_set(err, ERR_NOMEM, "sources");
    for (size_t i = 0; i < c->n_sources; i++)
        first[i] = UINT32_MAX;
    for (uint32_t s = 0; s < n; s++) {
        uint32_t *hit =
            bsearch(&c->streams_info[s].source, c->sources, c->n_sources, sizeof(*hit), by_number);
        size_t k = (size_t)(hit - c->sources);
        first[k] = first[k] == UINT32_MAX ? s : first[k];
        c->streams_info[s].first = first[k];
    }
    free(first);
    return 0;
}

int col_order(struct col_enc *c, const struct event *e, size_t n, struct err *err)
{
    uint64_t *of = c->put.nums;
    struct str last = {NULL, 0};
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct str host = event_get(&e[i], FIELD_HOST_NAME);
        if (i > 0 && e[i].source == e[i - 1].source && str_eq(host, last)) {
            of[i] = of[i - 1];
            c->streams_info[of[i]].rows++;
            continue;
        }
        of[i] = stream_of(c, &e[i], host);
        last = host;
        if (of[i] == INTERN_FULL)
            return err_set(err, ERR_LIMIT, "more than %u streams in a block", COL_STREAMS_MAX);
    }
    for (uint32_t s = 0; s < c->streams.n; s++) {
        c->streams_info[s].at = at;
        at += c->streams_info[s].rows;
    }
    for (size_t i = 0; i < n; i++)
        c->rows[c->streams_info[of[i]].at++] = (uint32_t)i;
    return list_sources(c, err);
}

/* Stream of each row again, in order of arrival: runs of the sorted order give it. */
static void streams_by_arrival(struct col_enc *c, uint32_t *of)
{
    size_t k = 0;
    for (uint32_t s = 0; s < c->streams.n; s++) {
        for (; k < c->streams_info[s].at; k++)
            of[c->rows[k]] = s;
    }
}

static void put_ints(struct col_enc *c, size_t n)
{
    ints_put(c->put.out, c->put.nums, n, c->put.bytes);
}

/* Streams, then runs of rows of one stream in order of arrival, then sequence numbers. */
static void put_streams(struct col_enc *c, const struct event *e, size_t n, const uint32_t *of)
{
    uint64_t *v = c->put.nums;
    size_t runs = 0;
    buf_put_varint(c->put.out->dir, c->streams.n);
    for (uint32_t s = 0; s < c->streams.n; s++) {
        v[s] = c->streams_info[s].source;
        c->streams_info[s].last_seq = 0;
    }
    put_ints(c, c->streams.n);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || of[i] != of[i - 1])
            v[runs++] = of[i];
    }
    buf_put_varint(c->put.out->dir, runs);
    put_ints(c, runs);
    runs = 0;
    for (size_t i = 0, from = 0; i < n; i++) {
        if (i + 1 == n || of[i] != of[i + 1]) {
            v[runs++] = i + 1 - from;
            from = i + 1;
        }
    }
    put_ints(c, runs);
    for (size_t i = 0; i < n; i++) {
        struct stream_info *s = &c->streams_info[c->streams_info[of[i]].first];
        v[i] = zigzag((int64_t)(e[i].seq - s->last_seq - 1));
        s->last_seq = e[i].seq;
    }
    put_ints(c, n);
}

static void put_times(struct col_enc *c, const struct event *e, size_t n, bool recv)
{
    int64_t scale = 1;
    size_t same = 0;
    while (recv && same < n && e[same].recv_ns == e[same].time_ns)
        same++;
    if (same == n) { /* lines without a time of their own */
        buf_put_varint(c->put.out->dir, 0);
        return;
    }
    for (size_t k = 0; k < COUNT_OF(col_scales); k++) {
        size_t i = 0;
        scale = col_scales[k];
        while (i < n && (recv ? e[i].recv_ns : e[i].time_ns) % scale == 0)
            i++;
        if (i == n)
            break;
    }
    for (size_t i = 0; i < n; i++)
        c->put.nums[i] = (uint64_t)((recv ? e[i].recv_ns : e[i].time_ns) / scale) ^ (uint64_t)1 << 63;
    buf_put_varint(c->put.out->dir, (uint64_t)scale);
    put_ints(c, n);
}

static void put_head(struct col_enc *c)
{
    struct buf *d = c->put.out->dir;
    buf_put_u8(d, COL_VERSION);
    buf_put_varint(d, c->names.n);
    for (uint32_t i = 0; i < c->names.n; i++) {
        struct str s = intern_get(&c->names, i);
        buf_put_varint(d, s.n);
        buf_put(d, s);
    }
    buf_put_varint(d, c->consts.n);
    for (uint32_t i = 0; i < c->consts.n; i++) {
        struct str s = str_from(intern_get(&c->consts, i), 2); /* the name before it is only our key */
        buf_put_varint(d, s.n);
        buf_put(d, s);
    }
    buf_put_varint(d, c->tmpls.n);
    buf_put(d, buf_str(&c->tmpls.bytes)); /* they tell their own lengths */
}

/* Must come first: the lengths lie where all other numbers are made. */
static void put_plain_rows(struct col_enc *c)
{
    buf_put_varint(c->put.out->dir, c->n_plain);
    put_ints(c, c->n_plain);
    part_put(c->put.out, buf_str(&c->plain), PART_TEXT);
}

static void put_rows(struct col_enc *c, const struct event *e, size_t n)
{
    uint64_t *v = c->put.nums;
    for (size_t k = 0; k < n; k++) {
        const struct event *row = &e[c->rows[k]];
        unsigned facility = row->facility == EVENT_NO_FACILITY ? 24 : row->facility;
        v[k] = (uint64_t)row->flags << 8 | (facility & 31) << 3 | (row->severity & 7);
    }
    put_ints(c, n);
    for (size_t k = 0; k < n; k++)
        v[k] = c->tmpl_of[c->rows[k]];
    put_ints(c, n);
}

/* Variables by column; rows of each template in stored order. */
static int gather(struct col_enc *c, uint32_t *col_at, uint32_t *tmpl_rows, uint32_t *first, size_t n,
                  struct err *err)
{
    uint32_t at = 0, row_at = 0, *seen = first + c->tmpls.n, *rank = seen + c->tmpls.n;
    const struct val *v = c->vars;
    if (c->n_vars > c->values_cap) {
        free(c->values);
        c->values = malloc(c->n_vars * sizeof(*c->values));
        c->values_cap = c->values == NULL ? 0 : c->n_vars;
        if (c->values == NULL)
            return err_set(err, ERR_NOMEM, "variables of a block");
    }
    for (size_t i = 0; i < c->plan.n_cols; i++) {
        col_at[i] = at;
        at += c->plan.cols[i].n;
    }
    for (uint32_t t = 0; t < c->tmpls.n; t++) {
        first[t] = seen[t] = row_at;
        row_at += c->info[t].plan.rows;
    }
    for (size_t k = 0; k < n; k++) {
        uint32_t row = c->rows[k], t = c->tmpl_of[row];
        if (t != COL_PLAIN) {
            rank[row] = seen[t - 1] - first[t - 1];
            tmpl_rows[seen[t - 1]++] = row;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (c->tmpl_of[i] == COL_PLAIN)
            continue;
        const struct plan_tmpl *p = &c->info[c->tmpl_of[i] - 1].plan;
        const struct plan_slice *s = &c->plan.slices[p->first_var];
        for (uint32_t k = 0; k < p->n_vars; k++)
            c->values[col_at[s[k].col] + s[k].base + rank[i]] = *v++;
    }
    return 0;
}

static bool varies(const struct var_col *c)
{
    size_t i = 1;
    while (i < c->n && val_eq(&c->v[i], &c->v[0]))
        i++;
    return i < c->n;
}

/* The first variable before this one of the same template that always has the same value. */
static uint32_t find_ref(const struct col_enc *c, const struct plan_col *p, const struct var_col *cols)
{
    const struct plan_slice *s = &c->plan.slices[c->info[p->tmpl].plan.first_var];
    const struct var_col *own = &cols[s[p->pos].col];
    bool may = varies(own);
    for (uint32_t i = 0; may && i < p->pos; i++) {
        const struct var_col *o = &cols[s[i].col];
        if (val_eq(&o->v[0], &own->v[0]) && var_same(o, own))
            return i;
    }
    return UINT32_MAX;
}

static void put_groups(struct col_enc *c, struct var_col *cols)
{
    for (size_t i = 0; i < c->plan.n_cols; i++) {
        if (c->plan.cols[i].tmpl != PLAN_SHARED)
            cols[i].ref = find_ref(c, &c->plan.cols[i], cols);
    }
    for (size_t i = 0; i < c->plan.n_cols;) {
        size_t n = 1;
        while (c->plan.cols[i].cls >= CUT_FIELD && i + n < c->plan.n_cols &&
               c->plan.cols[i + n].cls == c->plan.cols[i].cls)
            n++;
        var_put_group(&c->put, &cols[i], n);
        i += n;
    }
}

/* Columns longer than the rows exist: a shared one holds several variables of a row. */
static int reserve_nums(struct col_enc *c, struct err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < c->plan.n_cols; i++)
        most = c->plan.cols[i].n > most ? c->plan.cols[i].n : most;
    if (most <= c->nums_cap)
        return 0;
    free(c->put.nums);
    free(c->put.bytes);
    c->nums_cap = c->rows_cap = 0; /* both are made again */
    c->put.nums = malloc(most * sizeof(*c->put.nums));
    c->put.bytes = malloc(most);
    if (c->put.nums == NULL || c->put.bytes == NULL)
        return err_set(err, ERR_NOMEM, "variables of a block");
    c->nums_cap = most;
    return 0;
}

static int put_vars(struct col_enc *c, const struct event *e, size_t n, struct err *err)
{
    size_t n_cols = c->plan.n_cols;
    CLEANUP(base_freep) uint32_t *at = malloc((n_cols + 2 * n + 2 * (size_t)c->tmpls.n + 1) * sizeof(*at));
    CLEANUP(base_freep) struct var_col *cols = malloc((n_cols + 1) * sizeof(*cols));
    if (at == NULL || cols == NULL)
        return err_set(err, ERR_NOMEM, "columns of a block");
    uint32_t *tmpl_rows = at + n_cols, *first = tmpl_rows + n;
    if (gather(c, at, tmpl_rows, first, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n_cols; i++) {
        const struct plan_col *p = &c->plan.cols[i];
        cols[i] = (struct var_col){.v = c->values + at[i], .n = p->n, .e = e, .ref = UINT32_MAX};
        if (p->tmpl != PLAN_SHARED)
            cols[i].row = tmpl_rows + first[p->tmpl];
    }
    put_groups(c, cols);
    return 0;
}

int col_put(struct col_enc *c, const struct event *e, size_t n, struct err *err)
{
    struct part_out *out = c->put.out;
    CLEANUP(base_freep) struct plan_tmpl *t = malloc((c->tmpls.n + (size_t)1) * sizeof(*t));
    CLEANUP(base_freep) uint32_t *of = malloc(n * sizeof(*of));
    if (t == NULL || of == NULL)
        return err_set(err, ERR_NOMEM, "block of %zu rows", n);
    put_head(c);
    put_plain_rows(c);
    streams_by_arrival(c, of);
    put_streams(c, e, n, of);
    put_times(c, e, n, false);
    put_times(c, e, n, true);
    put_rows(c, e, n);
    for (uint32_t i = 0; i < c->tmpls.n; i++)
        t[i] = c->info[i].plan;
    if (plan_make(&c->plan, t, c->tmpls.n, c->cls, COL_CLASSES, err) != 0 || reserve_nums(c, err) != 0 ||
        put_vars(c, e, n, err) != 0)
        return -1;
    if (out->bad)
        return -1;
    return out->dir->bad ? err_set(err, ERR_NOMEM, "directory of a block") : 0;
}
