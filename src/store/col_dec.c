#include "store/col_dec.h"

#include <stdlib.h>

#include "base/cur.h"

#define MEM_MAX (512u * 1024u * 1024u)

int col_dec_new(struct col_dec **ret, struct err *err)
{
    struct col_dec *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return err_set(err, ERR_NOMEM, "column decoder");
    arena_init(&d->mem, MEM_MAX);
    *ret = d;
    return 0;
}

static void drop_texts(struct col_dec *d)
{
    while (d->chunks != NULL) {
        struct text_chunk *next = d->chunks->next;
        free(d->chunks);
        d->chunks = next;
    }
}

void col_dec_free(struct col_dec *d)
{
    if (d == NULL)
        return;
    drop_texts(d);
    arena_done(&d->mem);
    plan_done(&d->plan);
    free(d->ev);
    free(d->fields);
    free(d);
}

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "columns do not check: %s", what);
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, "columns of a block");
}

static int read_texts(struct col_dec *d, struct cur *c, size_t max, struct str **ret, size_t *ret_n,
                      struct err *err)
{
    uint64_t n = cur_varint(c);
    if (c->bad || n > max || n > cur_left(c))
        return damaged(err, "list of texts");
    struct str *s = ARENA_NEW(&d->mem, struct str, n + 1);
    if (s == NULL)
        return no_memory(err);
    for (uint64_t i = 0; i < n; i++) {
        s[i] = cur_bytes(c, cur_varint(c));
        if (s[i].p == NULL)
            s[i].p = "";
    }
    *ret = s;
    *ret_n = (size_t)n;
    return c->bad ? damaged(err, "list of texts") : 0;
}

/* One span of a template: inside raw in order, or outside as a constant or a column. */
static bool span_ok(const struct col_dec *d, const struct tmpl *t, const char *p, bool message)
{
    uint16_t from = col_u16(p), to = col_u16(p + 2);
    if (from != CUT_OUTSIDE)
        return from <= to && to <= t->n_pieces;
    return to == COL_VARYING || (!message && to < d->n_consts);
}

static int read_tmpl(struct col_dec *d, struct cur *c, struct tmpl *t, struct plan_tmpl *plan,
                     struct err *err)
{
    size_t text = 0;
    struct str head = cur_bytes(c, 4);
    if (c->bad)
        return damaged(err, "template");
    t->n_pieces = col_u16(head.p);
    t->n_fields = col_u16(head.p + 2);
    if (t->n_pieces > CUT_PIECES_MAX || t->n_fields > EVENT_FIELDS_MAX)
        return damaged(err, "size of a template");
    struct str key = cur_bytes(c, 2 * (size_t)t->n_pieces + 4 + 6 * (size_t)t->n_fields);
    if (c->bad)
        return damaged(err, "template");
    t->key = key.p;
    plan->first_var = (uint32_t)d->n_vars;
    for (size_t i = 0; i < t->n_pieces; i++) {
        uint16_t v = col_u16(key.p + 2 * i);
        uint16_t cls = v & (uint16_t)~COL_PIECE_VAR;
        if ((v & COL_PIECE_VAR) == 0) {
            text += v;
            continue;
        }
        if (cls != CUT_VAR && (cls < CUT_FIELD || (size_t)cls - CUT_FIELD >= d->n_names))
            return damaged(err, "class of a variable");
        d->cls[d->n_vars++] = cls;
        t->n_raw_vars++;
    }
    const char *p = key.p + 2 * (size_t)t->n_pieces;
    for (size_t i = 0; i <= t->n_fields; i++, p += i == 1 ? 4 : 6) {
        const char *span = i == 0 ? p : p + 2;
        if ((i > 0 && col_u16(p) >= d->n_names) || !span_ok(d, t, span, i == 0))
            return damaged(err, "field of a template");
        if (col_u16(span) == CUT_OUTSIDE && col_u16(span + 2) == COL_VARYING)
            d->cls[d->n_vars++] = (uint16_t)(CUT_FIELD + (i == 0 ? COL_NAMES_MAX : col_u16(p)));
    }
    plan->n_vars = (uint32_t)d->n_vars - plan->first_var;
    t->text = cur_bytes(c, text).p;
    t->text_n = text;
    return c->bad ? damaged(err, "text of a template") : 0;
}

static int read_tmpls(struct col_dec *d, struct cur *c, struct err *err)
{
    uint64_t n = cur_varint(c);
    if (c->bad || n > COL_TMPLS_MAX || n * 8 > cur_left(c))
        return damaged(err, "templates");
    d->n_tmpls = (size_t)n;
    d->tmpls = ARENA_NEW(&d->mem, struct tmpl, n + 1);
    d->plan_tmpls = ARENA_NEW(&d->mem, struct plan_tmpl, n + 1);
    d->cls = ARENA_NEW(&d->mem, uint16_t, cur_left(c) / 2 + 1); /* a variable takes two bytes or more */
    if (d->tmpls == NULL || d->plan_tmpls == NULL || d->cls == NULL)
        return no_memory(err);
    d->n_vars = 0;
    for (size_t i = 0; i < n; i++) {
        if (read_tmpl(d, c, &d->tmpls[i], &d->plan_tmpls[i], err) != 0)
            return -1;
    }
    return 0;
}

/* Descriptor of n numbers and, at once, the numbers. */
static int read_ints(struct col_dec *d, struct cur *c, size_t *part, size_t n, uint64_t **ret,
                     struct err *err)
{
    struct ints ints;
    ints_read(c, part, &ints);
    if (c->bad)
        return damaged(err, "numbers");
    *ret = ARENA_NEW(&d->mem, uint64_t, n + 1);
    if (*ret == NULL)
        return no_memory(err);
    return ints_load(&ints, &d->in, *ret, n, err);
}

static int by_source(const void *a, const void *b)
{
    const struct stream *x = *(struct stream *const *)a, *y = *(struct stream *const *)b;
    return x->source != y->source ? (x->source > y->source) - (x->source < y->source) : (x > y) - (x < y);
}

static int read_stream_table(struct col_dec *d, struct cur *c, size_t *part, struct err *err)
{
    uint64_t n = cur_varint(c), *source;
    if (c->bad || n == 0 || n > COL_STREAMS_MAX || n > d->n)
        return damaged(err, "streams");
    if (read_ints(d, c, part, (size_t)n, &source, err) != 0)
        return -1;
    d->n_streams = (size_t)n;
    d->streams = ARENA_NEW(&d->mem, struct stream, n);
    struct stream **sorted = ARENA_NEW(&d->mem, struct stream *, n);
    if (d->streams == NULL || sorted == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (source[i] > UINT32_MAX)
            return damaged(err, "source of a stream");
        d->streams[i].source = (uint32_t)source[i];
        sorted[i] = &d->streams[i];
    }
    qsort(sorted, (size_t)n, sizeof(struct stream *), by_source);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && sorted[i]->source == sorted[i - 1]->source;
        sorted[i]->first = same ? sorted[i - 1]->first : (uint32_t)(sorted[i] - d->streams);
    }
    return 0;
}

/* Runs give the stream of each row in order of arrival, and from that follows the stored order. */
static int read_streams(struct col_dec *d, struct cur *c, size_t *part, struct err *err)
{
    uint64_t *run, *len, *seq;
    if (read_stream_table(d, c, part, err) != 0)
        return -1;
    uint64_t runs = cur_varint(c);
    if (c->bad || runs > d->n)
        return damaged(err, "runs of streams");
    if (read_ints(d, c, part, (size_t)runs, &run, err) != 0 ||
        read_ints(d, c, part, (size_t)runs, &len, err) != 0 || read_ints(d, c, part, d->n, &seq, err) != 0)
        return -1;
    size_t row = 0;
    for (size_t i = 0; i < runs; i++) {
        if (run[i] >= d->n_streams || len[i] > d->n - row)
            return damaged(err, "run of a stream");
        struct stream *s = &d->streams[run[i]], *first = &d->streams[s->first];
        s->rows += (uint32_t)len[i];
        for (uint64_t k = 0; k < len[i]; k++, row++) {
            first->last_seq += 1 + (uint64_t)unzigzag(seq[row]);
            d->ev[row].seq = first->last_seq;
            d->ev[row].source = s->source;
            d->ev[row].id = d->first_id + row;
        }
    }
    if (row != d->n)
        return damaged(err, "rows of the streams");
    uint32_t at = 0;
    for (size_t i = 0; i < d->n_streams; i++) {
        d->streams[i].at = at;
        at += d->streams[i].rows;
    }
    row = 0;
    for (size_t i = 0; i < runs; i++) {
        for (uint64_t k = 0; k < len[i]; k++, row++)
            d->order[d->streams[run[i]].at++] = (uint32_t)row;
    }
    return 0;
}

static int read_times(struct col_dec *d, struct cur *c, size_t *part, bool recv, struct err *err)
{
    uint64_t scale = cur_varint(c), *v;
    for (size_t i = 0; recv && scale == 0 && i < d->n; i++)
        d->ev[i].recv_ns = d->ev[i].time_ns;
    if (recv && scale == 0 && !c->bad)
        return 0;
    if (c->bad || scale == 0 || scale > INT64_MAX)
        return damaged(err, "scale of the times");
    if (read_ints(d, c, part, d->n, &v, err) != 0)
        return -1;
    for (size_t i = 0; i < d->n; i++) {
        int64_t t;
        if (__builtin_mul_overflow((int64_t)(v[i] ^ (uint64_t)1 << 63), (int64_t)scale, &t))
            return damaged(err, "time");
        if (recv)
            d->ev[i].recv_ns = t;
        else
            d->ev[i].time_ns = t;
    }
    return 0;
}

static int read_rows(struct col_dec *d, struct cur *c, size_t *part, struct err *err)
{
    uint64_t *pri, *tmpl, vars = 0, plain = 0;
    if (read_ints(d, c, part, d->n, &pri, err) != 0 || read_ints(d, c, part, d->n, &tmpl, err) != 0)
        return -1;
    for (size_t k = 0; k < d->n; k++) {
        struct event *e = &d->ev[d->order[k]];
        unsigned facility = pri[k] >> 3 & 31;
        if (pri[k] > 0xFFFF || facility > 24 || tmpl[k] > d->n_tmpls)
            return damaged(err, "priority or template of a row");
        e->facility = facility == 24 ? EVENT_NO_FACILITY : (uint8_t)facility;
        e->severity = pri[k] & 7;
        e->flags = (uint8_t)(pri[k] >> 8);
        d->tmpl_of[k] = (uint16_t)tmpl[k];
        if (tmpl[k] == COL_PLAIN) {
            plain++;
            continue;
        }
        d->plan_tmpls[tmpl[k] - 1].rows++;
        vars += d->plan_tmpls[tmpl[k] - 1].n_vars;
    }
    if (plain != d->n_plain || vars > COL_VARS_MAX)
        return damaged(err, "templates of the rows");
    return 0;
}

static int read_columns(struct col_dec *d, struct cur *c, size_t *part, struct err *err)
{
    if (plan_make(&d->plan, d->plan_tmpls, d->n_tmpls, d->cls, COL_CLASSES, err) != 0)
        return -1;
    size_t n = d->plan.n_cols;
    uint32_t *rows = ARENA_NEW(&d->mem, uint32_t, n + 1);
    d->cols = ARENA_NEW(&d->mem, struct var_get, n + 1);
    if (rows == NULL || d->cols == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        rows[i] = d->plan.cols[i].n;
    for (size_t i = 0; i < n && !c->bad;) {
        size_t group = 1;
        while (d->plan.cols[i].cls >= CUT_FIELD && i + group < n &&
               d->plan.cols[i + group].cls == d->plan.cols[i].cls)
            group++;
        var_read_group(c, part, d->cols + i, rows + i, group, &d->mem);
        i += group;
    }
    for (size_t i = 0; i < n && !c->bad; i++) {
        const struct plan_col *p = &d->plan.cols[i];
        bool row = d->cols[i].type == VAR_REF || d->cols[i].type == VAR_TIME || d->cols[i].type == VAR_PRI ||
                   d->cols[i].type == VAR_STAMP;
        if ((row && p->tmpl == PLAN_SHARED) || (d->cols[i].type == VAR_REF && d->cols[i].ref >= p->pos))
            return damaged(err, "reference");
    }
    if (!cur_done(c) || *part != d->n_parts)
        return damaged(err, "directory of the columns");
    return 0;
}

static int reserve_rows(struct col_dec *d, struct err *err)
{
    if (d->n > d->ev_cap) {
        free(d->ev);
        d->ev_cap = 0;
        d->ev = malloc(d->n * sizeof(*d->ev));
        if (d->ev == NULL)
            return no_memory(err);
        d->ev_cap = d->n;
    }
    memset(d->ev, 0, d->n * sizeof(*d->ev));
    d->order = ARENA_NEW(&d->mem, uint32_t, d->n);
    d->tmpl_of = ARENA_NEW(&d->mem, uint16_t, d->n);
    return d->order == NULL || d->tmpl_of == NULL ? no_memory(err) : 0;
}

static int read_plain(struct col_dec *d, struct cur *c, size_t *part, struct err *err)
{
    uint64_t n = cur_varint(c), sum = 0;
    if (c->bad || n > d->n)
        return damaged(err, "rows without template");
    d->n_plain = (size_t)n;
    if (read_ints(d, c, part, d->n_plain, &d->plain_len, err) != 0 ||
        d->in.get(d->in.arg, (*part)++, &d->plain, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (d->plain_len[i] > d->plain.n - sum)
            return damaged(err, "length of a row without template");
        sum += d->plain_len[i];
    }
    return sum == d->plain.n ? 0 : damaged(err, "rows without template");
}

int col_dec_open(struct col_dec *d, struct str dir, const struct part_in *in, size_t n_parts, size_t n,
                 uint64_t first_id, struct err *err)
{
    struct cur c = cur_of(dir);
    size_t part = 0;
    if (n == 0 || n > COL_ROWS_MAX)
        return damaged(err, "number of rows");
    drop_texts(d);
    arena_reset(&d->mem);
    d->in = *in;
    d->n = n;
    d->n_parts = n_parts;
    d->first_id = first_id;
    if (cur_u8(&c) != COL_VERSION || c.bad)
        return damaged(err, "unknown version");
    if (reserve_rows(d, err) != 0 || read_texts(d, &c, COL_NAMES_MAX, &d->names, &d->n_names, err) != 0 ||
        read_texts(d, &c, COL_CONSTS_MAX, &d->consts, &d->n_consts, err) != 0 ||
        read_tmpls(d, &c, err) != 0 || read_plain(d, &c, &part, err) != 0 ||
        read_streams(d, &c, &part, err) != 0 || read_times(d, &c, &part, false, err) != 0 ||
        read_times(d, &c, &part, true, err) != 0 || read_rows(d, &c, &part, err) != 0)
        return -1;
    d->name_id = ARENA_NEW(&d->mem, uint16_t, d->n_names + 1);
    if (d->name_id == NULL)
        return no_memory(err);
    for (size_t i = 0; i < d->n_names; i++)
        d->name_id[i] = field_find(d->names[i]);
    return read_columns(d, &c, &part, err);
}
