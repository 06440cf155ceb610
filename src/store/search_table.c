#include <stdlib.h>

#include "base/hash.h"
#include "base/when.h"
#include "store/search_agg.h"
#include "store/search_run.h"

#define KEY_MISSING UINT32_MAX
#define SLOTS_MIN 256u

/* A table and the memory of its rows. */
struct box {
    struct search_table t;
    struct arena mem;
};

struct group {
    uint64_t hash;
    struct str key; /* time of the bucket (histogram), then per field: length, bytes */
    struct search_agg aggs[];
};

struct grouping {
    const struct query_stage *stage;
    size_t n_aggs;
    const struct query_agg *aggs;
    uint64_t in_limit; /* matches to take, 0 = all */
    uint64_t seed;
    struct group **slots;
    size_t n_slots, n;
    struct buf key;
};

static const struct query_agg count_events = {.fn = QUERY_COUNT, .name = {"count", 5}};

/* Start of the bucket of a time; buckets are aligned to midnight in Vietnam, so that days are days. */
static int64_t bucket_of(int64_t ns, int64_t step)
{
    const int64_t zone = (int64_t)WHEN_VN_OFFSET_S * NS_PER_S;
    int64_t local;
    if (__builtin_add_overflow(ns, zone, &local))
        return ns;
    int64_t rest = local % step, start;
    rest = rest < 0 ? rest + step : rest;
    return __builtin_sub_overflow(ns, rest, &start) ? ns : start;
}

/* At most SEARCH_KEY_BYTES_MAX bytes, not cut inside a character. */
static struct str cut_value(struct str v)
{
    size_t n = v.n;
    if (n <= SEARCH_KEY_BYTES_MAX)
        return v;
    n = SEARCH_KEY_BYTES_MAX;
    while (n > SEARCH_KEY_BYTES_MAX - 4 && ((unsigned char)v.p[n] & 0xC0) == 0x80)
        n--;
    return str_sub(v, 0, n);
}

static void make_key(struct grouping *g, struct search_run *r, const struct event *e)
{
    buf_clear(&g->key);
    if (g->stage->kind == QUERY_HISTOGRAM)
        buf_put_i64(&g->key, bucket_of(e->time_ns, g->stage->step_ns));
    for (size_t i = 0; i < g->stage->n_by; i++) {
        struct str v = cut_value(pred_value(&g->stage->by[i], e, r->scratch));
        buf_put_u32(&g->key, v.p == NULL ? KEY_MISSING : (uint32_t)v.n);
        buf_put(&g->key, v);
    }
}

static bool grow(struct grouping *g, struct arena *a)
{
    size_t n = g->n_slots == 0 ? SLOTS_MIN : g->n_slots * 2;
    struct group **slots = ARENA_NEW(a, struct group *, n);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < g->n_slots; i++) {
        if (g->slots[i] == NULL)
            continue;
        size_t k = g->slots[i]->hash & (n - 1);
        while (slots[k] != NULL)
            k = (k + 1) & (n - 1);
        slots[k] = g->slots[i];
    }
    g->slots = slots;
    g->n_slots = n;
    return true;
}

/* The group of the key, made where it is new; NULL: the memory is used up. */
static struct group *find_group(struct grouping *g, struct arena *a)
{
    struct str key = buf_str(&g->key);
    uint64_t hash = hash_bytes(key, g->seed);
    size_t k = hash;
    for (; g->n_slots > 0 && g->slots[k & (g->n_slots - 1)] != NULL; k++) {
        struct group *p = g->slots[k & (g->n_slots - 1)];
        if (p->hash == hash && str_eq(p->key, key))
            return p;
    }
    if (g->n >= g->n_slots / 2) {
        if (!grow(g, a))
            return NULL;
        for (k = hash; g->slots[k & (g->n_slots - 1)] != NULL;)
            k++;
    }
    struct group *p = arena_alloc(a, 1, sizeof(*p) + g->n_aggs * sizeof(p->aggs[0]), _Alignof(struct group));
    struct str kept = arena_str(a, key);
    if (p == NULL || kept.p == NULL)
        return NULL;
    p->hash = hash;
    p->key = kept;
    g->slots[k & (g->n_slots - 1)] = p;
    g->n++;
    return p;
}

static bool group_row(struct search_run *r, void *arg, const struct event *e)
{
    struct grouping *g = arg;
    make_key(g, r, e);
    struct group *p = g->key.bad ? NULL : find_group(g, &r->mem);
    bool ok = p != NULL;
    for (size_t i = 0; ok && i < g->n_aggs; i++) {
        const struct query_agg *f = &g->aggs[i];
        struct search_value v = {.text = S(""), .time_ns = e->time_ns};
        if (f->field.name.n > 0)
            v.text = pred_value(&f->field, e, r->scratch);
        v.is_time = f->field.id == PRED_FIELD_TIME;
        ok = search_agg_add(&p->aggs[i], f->fn, &v, g->seed, &r->mem);
    }
    if (!ok)
        r->end.cut = SEARCH_CUT_MEMORY;
    return ok && (g->in_limit == 0 || r->end.matched < g->in_limit);
}

/* -- rows ------------------------------------------------------------------------------------------------ */

static void read_key(const struct grouping *g, const struct group *p, struct search_cell *cells)
{
    struct cur c = cur_of(p->key);
    size_t at = 0;
    if (g->stage->kind == QUERY_HISTOGRAM)
        cells[at++] = (struct search_cell){.kind = SEARCH_TIME, .i = cur_i64(&c)};
    for (size_t i = 0; i < g->stage->n_by; i++) {
        uint32_t n = cur_u32(&c);
        cells[at++] = n == KEY_MISSING ? (struct search_cell){.kind = SEARCH_NULL}
                                       : (struct search_cell){.kind = SEARCH_TEXT, .text = cur_bytes(&c, n)};
    }
    assert(cur_done(&c));
}

/* Copy the texts of a row into the table's own memory. */
static bool own_texts(struct box *b, struct search_cell *cells)
{
    for (size_t i = 0; i < b->t.n_columns; i++) {
        if (cells[i].kind != SEARCH_TEXT)
            continue;
        cells[i].text = arena_str(&b->mem, cells[i].text);
        if (cells[i].text.p == NULL)
            return false;
    }
    return true;
}

/* One row more; false: the memory is used up. The array of rows has room. */
static bool add_row(struct box *b, const struct search_cell *cells)
{
    struct search_cell *row = ARENA_NEW(&b->mem, struct search_cell, b->t.n_columns);
    if (row == NULL)
        return false;
    memcpy(row, cells, b->t.n_columns * sizeof(*row));
    if (!own_texts(b, row))
        return false;
    b->t.rows[b->t.n_rows++] = row;
    return true;
}

struct row_order {
    size_t first, last; /* columns [first, last) decide, in this order */
    bool descending;
};

static int row_cmp(const void *x, const void *y, void *arg)
{
    const struct row_order *o = arg;
    const struct search_cell *a = *(struct search_cell *const *)x, *b = *(struct search_cell *const *)y;
    for (size_t i = o->first; i < o->last; i++) {
        int c = search_cell_cmp(&a[i], &b[i]);
        if (c != 0)
            return o->descending && a[i].kind != SEARCH_NULL && b[i].kind != SEARCH_NULL ? -c : c;
    }
    return 0;
}

/* A merge sort keeps rows that are equal in their order, which qsort does not promise. */
static void merge_rows(struct search_cell **rows, struct search_cell **room, size_t n, struct row_order *o)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from < n; from += 2 * width) {
            size_t mid = from + width < n ? from + width : n, end = mid + width < n ? mid + width : n;
            size_t a = from, b = mid;
            for (size_t k = from; k < end; k++) {
                bool left = a < mid && (b >= end || row_cmp(&rows[a], &rows[b], o) <= 0);
                room[k] = left ? rows[a++] : rows[b++];
            }
        }
        memcpy(rows, room, n * sizeof(*rows));
    }
}

static int sort_rows(struct box *b, struct row_order *o, struct err *err)
{
    if (b->t.n_rows < 2)
        return 0;
    struct search_cell **room = calloc(b->t.n_rows, sizeof(struct search_cell *));
    if (room == NULL)
        return err_set(err, ERR_NOMEM, "rows to sort");
    merge_rows(b->t.rows, room, b->t.n_rows, o);
    free(room);
    return 0;
}

/* The parser knows the columns of stats; an earlier fields stage may have taken one away. */
static int find_column(const struct search_table *t, struct str name, size_t *ret, struct err *err)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        if (str_eq(t->columns[i], name)) {
            *ret = i;
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "there is no column '%.*s' any more", (int)(name.n > 60 ? 60 : name.n),
                   name.p);
}

/* Keep the named columns only. */
static int pick_columns(struct box *b, const struct query_stage *s, struct err *err)
{
    size_t from[QUERY_BY_MAX], n = s->n_by;
    struct str *columns = ARENA_NEW(&b->mem, struct str, n);
    if (columns == NULL)
        return err_set(err, ERR_NOMEM, "columns");
    for (size_t i = 0; i < n; i++) {
        if (find_column(&b->t, s->by[i].name, &from[i], err) != 0)
            return -1;
        columns[i] = b->t.columns[from[i]];
    }
    for (size_t r = 0; r < b->t.n_rows; r++) {
        struct search_cell *row = ARENA_NEW(&b->mem, struct search_cell, n);
        if (row == NULL)
            return err_set(err, ERR_NOMEM, "columns");
        for (size_t i = 0; i < n; i++)
            row[i] = b->t.rows[r][from[i]];
        b->t.rows[r] = row;
    }
    b->t.columns = columns;
    b->t.n_columns = n;
    return 0;
}

static int run_stage(struct box *b, const struct query_stage *s, struct err *err)
{
    struct row_order o = {.descending = s->descending};
    switch (s->kind) {
    case QUERY_SORT:
        if (find_column(&b->t, s->sort_by, &o.first, err) != 0)
            return -1;
        o.last = o.first + 1;
        return sort_rows(b, &o, err);
    case QUERY_LIMIT:
        b->t.n_rows = b->t.n_rows < s->limit ? b->t.n_rows : (size_t)s->limit;
        return 0;
    default:
        return s->kind == QUERY_FIELDS ? pick_columns(b, s, err) : 0;
    }
}

static bool name_columns(struct box *b, const struct grouping *g)
{
    const struct query_stage *s = g->stage;
    bool ok = true;
    b->t.columns = ARENA_NEW(&b->mem, struct str, s->n_by + g->n_aggs + 1);
    if (b->t.columns == NULL)
        return false;
    if (s->kind == QUERY_HISTOGRAM)
        b->t.columns[b->t.n_columns++] = arena_str(&b->mem, S("time"));
    for (size_t i = 0; i < s->n_by; i++)
        b->t.columns[b->t.n_columns++] = arena_str(&b->mem, s->by[i].name);
    for (size_t i = 0; i < g->n_aggs; i++)
        b->t.columns[b->t.n_columns++] = arena_str(&b->mem, g->aggs[i].name);
    for (size_t i = 0; i < b->t.n_columns; i++)
        ok &= b->t.columns[i].p != NULL;
    return ok;
}

/* Groups become rows, sorted by what they are grouped by. */
static int put_groups(struct search_run *r, const struct grouping *g, struct box *b, struct err *err)
{
    struct search_cell cells[2 * QUERY_BY_MAX + 1];
    size_t n_keys = g->stage->n_by + (g->stage->kind == QUERY_HISTOGRAM);
    assert(n_keys + g->n_aggs <= COUNT_OF(cells));
    b->t.rows = ARENA_NEW(&b->mem, struct search_cell *, g->n + 1);
    if (b->t.rows == NULL || !name_columns(b, g))
        return err_set(err, ERR_NOMEM, "the table needs more memory than the query may have");
    for (size_t i = 0; i < g->n_slots; i++) {
        if (g->slots[i] == NULL)
            continue;
        read_key(g, g->slots[i], cells);
        for (size_t k = 0; k < g->n_aggs; k++)
            cells[n_keys + k] = search_agg_cell(&g->slots[i]->aggs[k], g->aggs[k].fn);
        if (!add_row(b, cells)) {
            r->end.cut = SEARCH_CUT_MEMORY;
            break;
        }
    }
    struct row_order o = {.last = n_keys};
    return sort_rows(b, &o, err);
}

/* Without "by" there is one row, also where nothing matched. */
static bool one_group(struct grouping *g, struct arena *a)
{
    if (g->stage->kind != QUERY_STATS || g->stage->n_by > 0)
        return true;
    buf_clear(&g->key);
    return find_group(g, a) != NULL;
}

/* Only the fields of the table are read. */
static void read_of_groups(struct search_run *r, const struct grouping *g)
{
    struct pred_field f[QUERY_BY_MAX + QUERY_AGGS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < g->stage->n_by; i++)
        f[n++] = g->stage->by[i];
    for (size_t i = 0; i < g->n_aggs; i++) {
        if (g->aggs[i].field.name.n > 0)
            f[n++] = g->aggs[i].field;
    }
    search_run_reads(r, f, n);
}

static int run_groups(struct search_run *r, size_t at, struct box *b, struct err *err)
{
    const struct query_stage *s = &r->q->stages[at];
    struct grouping g = {.stage = s, .n_aggs = s->n_aggs, .aggs = s->aggs};
    if (s->kind == QUERY_HISTOGRAM) {
        g.n_aggs = 1;
        g.aggs = &count_events;
    }
    for (size_t i = 0; i < at; i++) {
        uint64_t n = r->q->stages[i].limit; /* the parser lets nothing but limit stand here */
        g.in_limit = g.in_limit == 0 || n < g.in_limit ? n : g.in_limit;
    }
    if (sys_random(r->o->sys, &g.seed, sizeof(g.seed), err) != 0)
        return -1;
    buf_init(&g.key, (SEARCH_KEY_BYTES_MAX + 4) * QUERY_BY_MAX + 8);
    int rc = one_group(&g, &r->mem) ? 0 : err_set(err, ERR_NOMEM, "groups");
    read_of_groups(r, &g);
    if (rc == 0)
        rc = search_run_scan(r, group_row, &g, err);
    if (rc == 0)
        rc = put_groups(r, &g, b, err);
    buf_done(&g.key);
    for (size_t i = at + 1; rc == 0 && i < r->q->n_stages; i++)
        rc = run_stage(b, &r->q->stages[i], err);
    return rc;
}

/* -- fields of events ------------------------------------------------------------------------------------ */

struct listing {
    struct search_run *r;
    const struct query_stage *fields;
    struct box *b;
    size_t rows_cap;
    bool full;
};

static bool list_row(void *arg, const struct event *e)
{
    struct listing *l = arg;
    struct search_cell cells[QUERY_BY_MAX];
    char text[QUERY_BY_MAX][64]; /* pseudo-fields share one place in the scratch */
    for (size_t i = 0; i < l->fields->n_by; i++) {
        const struct pred_field *f = &l->fields->by[i];
        struct str v = cut_value(pred_value(f, e, l->r->scratch));
        if (v.p != NULL && f->id >= PRED_FIELD_TIME && v.n <= sizeof(text[i])) {
            memcpy(text[i], v.p, v.n);
            v.p = text[i];
        }
        cells[i] = (struct search_cell){.kind = v.p == NULL ? SEARCH_NULL : SEARCH_TEXT, .text = v};
        if (f->id == PRED_FIELD_TIME)
            cells[i] = (struct search_cell){.kind = SEARCH_TIME, .i = e->time_ns};
    }
    l->full = l->b->t.n_rows == l->rows_cap || !add_row(l->b, cells);
    return !l->full;
}

/* The last fields stage decides; those before it only took columns away. */
static int run_listing(struct search_run *r, struct box *b, struct err *err)
{
    struct listing l = {.r = r, .b = b};
    for (size_t i = 0; i < r->q->n_stages; i++)
        l.fields = r->q->stages[i].kind == QUERY_FIELDS ? &r->q->stages[i] : l.fields;
    assert(l.fields != NULL);
    l.rows_cap = r->o->limit == 0 ? SEARCH_LIMIT_DEFAULT : (size_t)r->o->limit;
    l.rows_cap = l.rows_cap > QUERY_LIMIT_MAX ? QUERY_LIMIT_MAX : l.rows_cap;
    struct grouping names = {.stage = l.fields};
    b->t.rows = ARENA_NEW(&b->mem, struct search_cell *, l.rows_cap + 1);
    if (b->t.rows == NULL || !name_columns(b, &names))
        return err_set(err, ERR_NOMEM, "the table needs more memory than the query may have");
    if (search_run_events(r, list_row, &l, err) != 0)
        return -1;
    if (l.full)
        r->end.cut = SEARCH_CUT_MEMORY;
    return 0;
}

int search_table(const struct search_opts *o, const struct query *q, struct search_table **ret,
                 struct search_end *ret_end, struct err *err)
{
    struct search_run r;
    size_t at = 0;
    if (!search_is_table(q))
        return err_set(err, ERR_USAGE, "the query makes no table");
    while (at < q->n_stages && q->stages[at].kind != QUERY_STATS && q->stages[at].kind != QUERY_HISTOGRAM)
        at++;
    struct box *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return err_set(err, ERR_NOMEM, "table");
    arena_init(&b->mem, search_run_bytes(o) / 2);
    int rc = search_run_open(&r, o, q, err);
    if (rc == 0)
        rc = at < q->n_stages ? run_groups(&r, at, b, err) : run_listing(&r, b, err);
    if (rc == 0) {
        search_run_end(&r, at == q->n_stages && r.stopped, ret_end);
        *ret = &b->t;
    } else {
        search_table_free(&b->t);
    }
    search_run_close(&r);
    return rc;
}

void search_table_free(struct search_table *t)
{
    if (t == NULL)
        return;
    struct box *b = CONTAINER_OF(t, struct box, t);
    arena_done(&b->mem);
    free(b);
}
