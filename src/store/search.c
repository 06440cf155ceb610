#include "store/search.h"

#include <stdlib.h>

#include "base/text.h"
#include "query/num.h"
#include "store/search_run.h"

#define CHECK_ROWS 256u /* rows between two looks at the clock */

struct str search_cut_name(enum search_cut cut)
{
    static const struct str names[] = {{"", 0}, {"time", 4}, {"rows", 4}, {"memory", 6}, {"cancelled", 9}};
    assert((size_t)cut < COUNT_OF(names));
    return names[cut];
}

size_t search_run_bytes(const struct search_opts *o)
{
    size_t bytes = o->budget_bytes == 0 ? SEARCH_BYTES_DEFAULT : o->budget_bytes;
    return bytes < SEARCH_BYTES_MIN ? SEARCH_BYTES_MIN : bytes;
}

int search_run_open(struct search_run *r, const struct search_opts *o, const struct query *q, struct err *err)
{
    *r = (struct search_run){.o = o, .q = q, .started_ns = sys_mono(o->sys)};
    arena_init(&r->mem, search_run_bytes(o) / 2);
    if (pred_compile(q->where, &r->mem, &r->prog, err) != 0 || pred_scratch_new(&r->scratch, err) != 0)
        return -1;
    pred_scratch_sources(r->scratch, o->source_fn, o->source_arg);
    r->n_tokens = pred_tokens_needed(r->prog, r->tokens, COUNT_OF(r->tokens));
    pred_time_bounds(r->prog, &r->from_ns, &r->to_ns);
    if (o->from_ns != 0 || o->to_ns != 0) {
        r->from_ns = o->from_ns > r->from_ns ? o->from_ns : r->from_ns;
        r->to_ns = o->to_ns < r->to_ns ? o->to_ns : r->to_ns;
    }
    return 0;
}

void search_run_close(struct search_run *r)
{
    pred_free(r->prog);
    pred_scratch_free(r->scratch);
    arena_done(&r->mem);
}

/* Why the run must end before the next row. The first row is always looked at, so that every page moves on.
 */
static enum search_cut over_budget(const struct search_run *r)
{
    const struct search_opts *o = r->o;
    uint64_t n = r->end.scanned;
    if (n == 0)
        return SEARCH_WHOLE;
    if (o->budget_rows != 0 && n >= o->budget_rows)
        return SEARCH_CUT_ROWS;
    if (n % CHECK_ROWS != 0)
        return SEARCH_WHOLE;
    if (o->cancel != NULL && atomic_load_explicit(o->cancel, memory_order_relaxed))
        return SEARCH_CUT_CANCELLED;
    int64_t budget = o->budget_ns == 0 ? SEARCH_TIME_NS_DEFAULT : o->budget_ns;
    return sys_mono(o->sys) - r->started_ns >= budget ? SEARCH_CUT_TIME : SEARCH_WHOLE;
}

/* Is the row looked at, and does it match? False in *ret_go: the scan ends before it. */
static bool look(struct search_run *r, const struct event *e, bool *ret_go)
{
    r->end.cut = over_budget(r);
    *ret_go = r->end.cut == SEARCH_WHOLE;
    if (!*ret_go)
        return false;
    r->end.scanned++;
    r->last_id = e->id;
    /* The store skips by block; the bounds hold for each event. */
    return e->time_ns >= r->from_ns && (e->time_ns < r->to_ns || r->to_ns == INT64_MAX) &&
           (r->o->source == 0 || e->source == r->o->source) && pred_match(r->prog, e, r->scratch);
}

static void note_bad_block(struct search_run *r, const struct err *err)
{
    if (r->end.bad_blocks++ == 0)
        memcpy(r->end.bad, err->msg, sizeof(r->end.bad) - 1);
}

void search_run_reads(struct search_run *r, const struct pred_field *fields, size_t n)
{
    bool is_field;
    r->reads_some = true;
    r->n_fields = 0;
    for (size_t i = 0; i < n && r->reads_some; i++) {
        r->reads_some = pred_reads_field(&fields[i], &is_field) && r->n_fields < COUNT_OF(r->fields);
        if (r->reads_some && is_field)
            r->fields[r->n_fields++] = fields[i];
    }
    r->n_fields = r->reads_some ? r->n_fields : 0;
}

/*
 * A block's rows: 0, or 1 where the scan ends in them. With `late` they have only what the predicates read,
 * until one matches.
 */
static int scan_rows(struct search_run *r, struct store_scan *scan, const struct event *e, size_t n,
                     bool late, search_row_fn *fn, void *arg, struct err *err)
{
    bool go = true;
    for (size_t i = 0; i < n && go; i++) {
        if (!look(r, &e[i], &go))
            continue;
        if (late && store_scan_whole(scan, &e, err) != 0)
            return -1;
        late = false;
        r->end.matched++;
        r->stopped = !fn(r, arg, &e[i]);
        go = !r->stopped;
    }
    return go ? 0 : 1;
}

static int scan_blocks(struct search_run *r, struct store_scan *scan, bool late, search_row_fn *fn, void *arg,
                       struct err *err)
{
    for (;;) {
        const struct event *e = NULL;
        size_t n = 0;
        struct err why = {0};
        int rc = store_scan_next(scan, &e, &n, &why);
        if (rc == 0 && n == 0)
            return 0;
        if (rc == 0)
            rc = scan_rows(r, scan, e, n, late, fn, arg, &why);
        if (rc < 0 && why.code == ERR_NOMEM) {
            if (err != NULL)
                *err = why;
            return -1;
        }
        if (rc < 0)
            note_bad_block(r, &why);
        if (rc > 0)
            return 0;
    }
}

int search_run_scan(struct search_run *r, search_row_fn *fn, void *arg, struct err *err)
{
    const struct search_opts *o = r->o;
    struct store_scan_opts so = {.source = o->source, .oldest_first = o->oldest_first, .tokens = r->tokens};
    struct store_scan *scan = NULL;
    struct block_want want = {.fields = r->fields};
    size_t n = 0;
    bool bounded = r->from_ns != INT64_MIN || r->to_ns != INT64_MAX;
    so.n_tokens = r->n_tokens;
    so.from_ns = bounded ? r->from_ns : 0;
    so.to_ns = bounded ? r->to_ns : 0;
    if (o->cursor != 0) {
        so.from_id = o->oldest_first ? o->cursor + 1 : 0;
        so.to_id = o->oldest_first ? UINT64_MAX : o->cursor;
    }
    if (bounded && r->from_ns >= r->to_ns)
        return 0;
    if (pred_reads(r->prog, r->fields + r->n_fields, COUNT_OF(r->fields) - r->n_fields, &n)) {
        want.n = r->n_fields + n;
        so.want = &want;
    }
    if (store_scan_open(o->store, &so, &scan, err) != 0)
        return -1;
    int rc = scan_blocks(r, scan, so.want != NULL && !r->reads_some, fn, arg, err);
    store_scan_close(scan);
    return rc;
}

void search_run_end(struct search_run *r, bool more, struct search_end *ret)
{
    bool left = more || r->end.cut != SEARCH_WHOLE;
    r->end.next = left ? r->last_id : 0;
    r->end.gave_up = pred_scratch_gave_up(r->scratch);
    r->end.took_ns = sys_mono(r->o->sys) - r->started_ns;
    *ret = r->end;
}

bool search_is_table(const struct query *q)
{
    for (size_t i = 0; i < q->n_stages; i++) {
        enum query_stage_kind k = q->stages[i].kind;
        if (k == QUERY_STATS || k == QUERY_HISTOGRAM || k == QUERY_FIELDS)
            return true;
    }
    return false;
}

struct give {
    search_event_fn *fn;
    void *arg;
    uint64_t left;
};

static bool give_row(struct search_run *r, void *arg, const struct event *e)
{
    struct give *g = arg;
    (void)r;
    g->left--;
    return g->fn(g->arg, e) && g->left > 0;
}

/* Limits in front of and behind the sort stage; the one behind is never 0. */
struct limits {
    uint64_t in, out;
    const struct query_stage *sort;
    bool by_query; /* the query's own limit ends it, not the page */
};

static void take_least(uint64_t *limit, uint64_t n)
{
    *limit = *limit == 0 || n < *limit ? n : *limit;
}

static struct limits limits_of(const struct search_run *r)
{
    uint64_t page = r->o->limit == 0 ? SEARCH_LIMIT_DEFAULT : r->o->limit;
    struct limits l = {0};
    for (size_t i = 0; i < r->q->n_stages; i++) {
        const struct query_stage *s = &r->q->stages[i];
        if (s->kind == QUERY_SORT)
            l.sort = s;
        else if (s->kind == QUERY_LIMIT)
            take_least(l.sort == NULL ? &l.in : &l.out, s->limit);
    }
    if (l.sort == NULL) {
        l.out = l.in;
        l.in = 0;
    }
    l.by_query = l.out != 0 && l.out <= page;
    take_least(&l.out, page > QUERY_LIMIT_MAX ? QUERY_LIMIT_MAX : page);
    return l;
}

int search_run_events(struct search_run *r, search_event_fn *fn, void *arg, struct err *err)
{
    struct limits l = limits_of(r);
    struct give g = {fn, arg, l.out};
    if (l.sort != NULL)
        return search_sort_events(r, l.sort, l.in, l.out, fn, arg, err);
    if (search_run_scan(r, give_row, &g, err) != 0)
        return -1;
    r->stopped = r->stopped && !(l.by_query && g.left == 0);
    return 0;
}

int search_events(const struct search_opts *o, const struct query *q, search_event_fn *fn, void *arg,
                  struct search_end *ret_end, struct err *err)
{
    struct search_run r;
    if (search_is_table(q))
        return err_set(err, ERR_USAGE, "the query makes a table");
    int rc = search_run_open(&r, o, q, err);
    if (rc == 0)
        rc = search_run_events(&r, fn, arg, err);
    if (rc == 0)
        search_run_end(&r, r.stopped, ret_end);
    search_run_close(&r);
    return rc;
}

static bool count_row(struct search_run *r, void *arg, const struct event *e)
{
    const uint64_t *limit = arg;
    (void)e;
    return *limit == 0 || r->end.matched < *limit;
}

int search_count(const struct search_opts *o, const struct query *q, uint64_t *ret,
                 struct search_end *ret_end, struct err *err)
{
    struct search_run r;
    uint64_t limit = 0;
    for (size_t i = 0; i < q->n_stages; i++) {
        if (q->stages[i].kind != QUERY_LIMIT)
            return err_set(err, ERR_USAGE, "only limit may stand behind '|' when matches are counted");
        take_least(&limit, q->stages[i].limit);
    }
    int rc = search_run_open(&r, o, q, err);
    search_run_reads(&r, NULL, 0);
    if (rc == 0)
        rc = search_run_scan(&r, count_row, &limit, err);
    if (rc == 0) {
        search_run_end(&r, false, ret_end);
        *ret = r.end.matched;
    }
    search_run_close(&r);
    return rc;
}

struct histogram {
    int64_t from_ns, step_ns;
    size_t n;
    uint64_t *counts;
};

static bool histogram_row(struct search_run *r, void *arg, const struct event *e)
{
    struct histogram *h = arg;
    size_t k = (size_t)(((uint64_t)e->time_ns - (uint64_t)h->from_ns) / (uint64_t)h->step_ns);
    (void)r;
    assert(k < h->n);
    h->counts[k]++;
    return true;
}

int search_histogram(const struct search_opts *o, const struct query *q, size_t n, uint64_t *counts,
                     int64_t *ret_step_ns, struct search_end *ret_end, struct err *err)
{
    struct search_run r;
    int64_t width;
    if (n == 0 || n > SEARCH_BUCKETS_MAX || q->n_stages != 0)
        return err_set(err, ERR_USAGE, "1 to %u buckets and a query without '|'", SEARCH_BUCKETS_MAX);
    if (o->to_ns <= o->from_ns || __builtin_sub_overflow(o->to_ns, o->from_ns, &width))
        return err_set(err, ERR_USAGE, "the time range is empty or too wide");
    struct histogram h = {.from_ns = o->from_ns, .n = n, .counts = counts};
    h.step_ns = width / (int64_t)n + (width % (int64_t)n != 0);
    memset(counts, 0, n * sizeof(*counts));
    int rc = search_run_open(&r, o, q, err);
    search_run_reads(&r, NULL, 0);
    if (rc == 0)
        rc = search_run_scan(&r, histogram_row, &h, err);
    if (rc == 0) {
        search_run_end(&r, false, ret_end);
        *ret_step_ns = h.step_ns;
    }
    search_run_close(&r);
    return rc;
}

/* 0 number, 1 text, 2 nothing. */
static int cell_class(const struct search_cell *c, struct num *ret)
{
    switch (c->kind) {
    case SEARCH_NULL:
        return 2;
    case SEARCH_TEXT:
        return num_parse(c->text, ret) ? 0 : 1;
    case SEARCH_DOUBLE:
        *ret = (struct num){false, 0, c->d};
        return 0;
    default:
        *ret = num_of(c->i);
        return 0;
    }
}

int search_cell_cmp(const struct search_cell *a, const struct search_cell *b)
{
    struct num x, y;
    int ca = cell_class(a, &x), cb = cell_class(b, &y);
    if (ca != cb)
        return ca - cb;
    if (ca == 0)
        return num_cmp(&x, &y);
    if (ca == 2)
        return 0;
    int c = text_collate(a->text, b->text);
    return c != 0 ? c : str_cmp(a->text, b->text);
}

struct search_live {
    struct arena mem;
    struct pred_prog *prog;
    struct pred_scratch *scratch;
};

#define LIVE_BYTES_MAX ((size_t)16 << 20)

int search_live_new(const struct query *q, pred_source_fn *source_fn, void *source_arg,
                    struct search_live **ret, struct err *err)
{
    if (q->n_stages != 0)
        return err_set(err, ERR_USAGE, "a live view takes no '|'");
    struct search_live *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return err_set(err, ERR_NOMEM, "live query");
    arena_init(&l->mem, LIVE_BYTES_MAX);
    if (pred_compile(q->where, &l->mem, &l->prog, err) != 0 || pred_scratch_new(&l->scratch, err) != 0) {
        search_live_free(l);
        return -1;
    }
    pred_scratch_sources(l->scratch, source_fn, source_arg);
    *ret = l;
    return 0;
}

bool search_live_match(struct search_live *l, const struct event *e)
{
    return pred_match(l->prog, e, l->scratch);
}

void search_live_free(struct search_live *l)
{
    if (l == NULL)
        return;
    pred_free(l->prog);
    pred_scratch_free(l->scratch);
    arena_done(&l->mem);
    free(l);
}
