#include <stdlib.h>

#include "store/search_run.h"

/* An event that may be among the first ones: packed behind its key. */
struct kept {
    struct search_cell key;
    uint64_t id;
    size_t key_n, packed_n;
    char bytes[]; /* text of the key, then the packed event */
};

/* The best events so far as a heap with the worst of them on top. */
struct top {
    const struct query_stage *sort;
    struct pred_field field;
    bool oldest_first;
    struct kept **heap;
    size_t n, limit;
    uint64_t in_limit; /* matches to look at, 0 = all */
    size_t bytes, bytes_max;
    struct buf packed;
};

static int compare(const struct top *t, const struct search_cell *a, uint64_t id_a, const struct kept *b)
{
    int c = search_cell_cmp(a, &b->key);
    if (t->sort->descending && a->kind != SEARCH_NULL && b->key.kind != SEARCH_NULL)
        c = -c; /* what has no value comes last either way */
    if (c != 0)
        return c;
    c = (id_a > b->id) - (id_a < b->id);
    return t->oldest_first ? c : -c;
}

static bool is_worse(const struct top *t, size_t a, size_t b)
{
    return compare(t, &t->heap[a]->key, t->heap[a]->id, t->heap[b]) > 0;
}

static void swap(struct top *t, size_t a, size_t b)
{
    struct kept *k = t->heap[a];
    t->heap[a] = t->heap[b];
    t->heap[b] = k;
}

static void sift_up(struct top *t, size_t i)
{
    for (; i > 0 && is_worse(t, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(t, i, (i - 1) / 2);
}

static void sift_down(struct top *t, size_t n)
{
    for (size_t i = 0;;) {
        size_t worst = i;
        for (size_t c = 2 * i + 1; c < 2 * i + 3 && c < n; c++)
            worst = is_worse(t, c, worst) ? c : worst;
        if (worst == i)
            return;
        swap(t, i, worst);
        i = worst;
    }
}

static void drop(struct top *t, size_t i)
{
    t->bytes -= sizeof(struct kept) + t->heap[i]->key_n + t->heap[i]->packed_n;
    free(t->heap[i]);
    t->heap[i] = NULL;
}

static struct search_cell key_of(const struct top *t, struct search_run *r, const struct event *e)
{
    switch (t->field.id) {
    case PRED_FIELD_TIME:
        return (struct search_cell){.kind = SEARCH_TIME, .i = e->time_ns};
    case PRED_FIELD_SEVERITY: /* the more severe is the greater, as in severity:>=high */
        return (struct search_cell){.kind = SEARCH_INT, .i = 7 - (e->severity & 7)};
    default:
        break;
    }
    struct str v = pred_value(&t->field, e, r->scratch);
    if (v.p == NULL)
        return (struct search_cell){.kind = SEARCH_NULL};
    if (v.n > SEARCH_KEY_BYTES_MAX)
        v.n = SEARCH_KEY_BYTES_MAX;
    return (struct search_cell){.kind = SEARCH_TEXT, .text = v};
}

static struct kept *keep(struct top *t, const struct search_cell *key, const struct event *e)
{
    buf_clear(&t->packed);
    event_pack(&t->packed, e);
    size_t size = sizeof(struct kept) + key->text.n + t->packed.n;
    if (t->packed.bad || size > t->bytes_max - t->bytes)
        return NULL;
    struct kept *k = malloc(size);
    if (k == NULL)
        return NULL;
    *k = (struct kept){.key = *key, .id = e->id, .key_n = key->text.n, .packed_n = t->packed.n};
    if (key->text.n > 0)
        memcpy(k->bytes, key->text.p, key->text.n);
    memcpy(k->bytes + key->text.n, t->packed.p, t->packed.n);
    k->key.text.p = k->bytes;
    t->bytes += size;
    return k;
}

static bool top_row(struct search_run *r, void *arg, const struct event *e)
{
    struct top *t = arg;
    struct search_cell key = key_of(t, r, e);
    bool more = t->in_limit == 0 || r->end.matched < t->in_limit;
    if (t->n == t->limit) {
        if (compare(t, &key, e->id, t->heap[0]) >= 0)
            return more;
        drop(t, 0);
        t->n--;
        t->heap[0] = t->heap[t->n];
        t->heap[t->n] = NULL;
        if (t->n > 0)
            sift_down(t, t->n);
    }
    struct kept *k = keep(t, &key, e);
    if (k == NULL) {
        r->end.cut = SEARCH_CUT_MEMORY;
        return false;
    }
    t->heap[t->n] = k;
    sift_up(t, t->n++);
    return more;
}

static int give(struct search_run *r, struct top *t, search_event_fn *fn, void *arg, struct err *err)
{
    for (size_t n = t->n; n > 1; n--) { /* heap sort: the worst goes to the end */
        swap(t, 0, n - 1);
        sift_down(t, n - 1);
    }
    for (size_t i = 0; i < t->n; i++) {
        struct event e;
        size_t used;
        const struct kept *k = t->heap[i];
        arena_reset(&r->mem);
        if (event_unpack((struct str){k->bytes + k->key_n, k->packed_n}, &r->mem, &e, &used, err) != 0)
            return -1;
        if (!fn(arg, &e))
            break;
    }
    return 0;
}

int search_sort_events(struct search_run *r, const struct query_stage *sort, uint64_t in_limit,
                       uint64_t limit, search_event_fn *fn, void *arg, struct err *err)
{
    struct top t = {
        .sort = sort, .oldest_first = r->o->oldest_first, .limit = (size_t)limit, .in_limit = in_limit};
    t.field = pred_field_find(sort->sort_by);
    t.bytes_max = search_run_bytes(r->o) / 2;
    t.heap = calloc(t.limit, sizeof(struct kept *));
    if (t.heap == NULL)
        return err_set(err, ERR_NOMEM, "events to sort");
    buf_init(&t.packed, t.bytes_max);
    int rc = search_run_scan(r, top_row, &t, err);
    r->stopped = false; /* a sorted answer has no next page */
    /* The program is not needed any more: its memory takes the events that go out. */
    pred_free(r->prog);
    r->prog = NULL;
    if (rc == 0)
        rc = give(r, &t, fn, arg, err);
    for (size_t i = 0; i < t.limit; i++)
        free(t.heap[i]);
    free(t.heap);
    buf_done(&t.packed);
    return rc;
}

/* -- around one event ------------------------------------------------------------------------------------ */

struct around {
    search_event_fn *fn;
    void *arg;
    uint64_t left;
    struct buf packed; /* events before, newest first */
    size_t *at;        /* where each starts */
    size_t n;
    uint32_t source;
    bool stop;
};

static bool find_row(struct search_run *r, void *arg, const struct event *e)
{
    struct around *a = arg;
    (void)r;
    a->source = e->source;
    event_pack(&a->packed, e);
    return false;
}

static bool before_row(struct search_run *r, void *arg, const struct event *e)
{
    struct around *a = arg;
    a->at[a->n] = a->packed.n;
    event_pack(&a->packed, e);
    if (a->packed.bad) {
        r->end.cut = SEARCH_CUT_MEMORY;
        return false;
    }
    a->n++;
    return --a->left > 0;
}

static bool after_row(struct search_run *r, void *arg, const struct event *e)
{
    struct around *a = arg;
    (void)r;
    a->stop = !a->fn(a->arg, e);
    return !a->stop && --a->left > 0;
}

/* Events of one source from the cursor on; what is scanned adds up, and the first cut stays. */
static int around_scan(const struct search_opts *o, bool oldest_first, uint64_t cursor, search_row_fn *row,
                       struct around *a, struct search_end *total, struct err *err)
{
    static const struct pred all = {.kind = PRED_TRUE};
    struct pred where = all;
    struct query q = {.where = &where};
    struct search_opts mine = *o;
    struct search_run r;
    mine.oldest_first = oldest_first;
    mine.cursor = cursor;
    mine.source = a->source;
    mine.from_ns = mine.to_ns = 0;
    int rc = search_run_open(&r, &mine, &q, err);
    if (rc == 0)
        rc = search_run_scan(&r, row, a, err);
    if (rc == 0) {
        total->scanned += r.end.scanned;
        total->matched += r.end.matched;
        total->bad_blocks += r.end.bad_blocks;
        total->cut = total->cut == SEARCH_WHOLE ? r.end.cut : total->cut;
        if (total->bad[0] == '\0')
            memcpy(total->bad, r.end.bad, sizeof(total->bad));
    }
    search_run_close(&r);
    return rc;
}

/* What was packed newest first goes out oldest first. */
static int give_packed(struct around *a, size_t bytes_max, struct err *err)
{
    struct arena mem;
    int rc = 0;
    arena_init(&mem, bytes_max);
    for (size_t i = a->n; rc == 0 && i > 0 && !a->stop; i--) {
        struct event e;
        size_t used;
        arena_reset(&mem);
        rc = event_unpack(str_from(buf_str(&a->packed), a->at[i - 1]), &mem, &e, &used, err);
        a->stop = rc == 0 && !a->fn(a->arg, &e);
    }
    arena_done(&mem);
    return rc;
}

static int around_run(const struct search_opts *o, uint64_t id, uint64_t before, uint64_t after,
                      struct around *a, struct search_end *end, struct err *err)
{
    /* The cursor in front of the event: the first row of the scan is the event, if it is there. */
    if (around_scan(o, true, id - 1, find_row, a, end, err) != 0)
        return -1;
    struct event e = {0};
    size_t used;
    struct arena mem;
    arena_init(&mem, SEARCH_BYTES_MIN);
    int rc = a->packed.n == 0 ? -1 : event_unpack(buf_str(&a->packed), &mem, &e, &used, err);
    uint64_t found = e.id;
    arena_done(&mem);
    if (rc != 0 || found != id)
        return err_set(err, ERR_NOT_FOUND, "the store has no event %llu", (unsigned long long)id);
    a->at[0] = 0;
    a->n = 1;
    a->left = before;
    if (before > 0 && around_scan(o, false, id, before_row, a, end, err) != 0)
        return -1;
    /* The event itself was packed first, so it comes out last of these. */
    if (give_packed(a, SEARCH_BYTES_MIN, err) != 0)
        return -1;
    a->left = after;
    return after > 0 && !a->stop ? around_scan(o, true, id, after_row, a, end, err) : 0;
}

int search_around(const struct search_opts *o, uint64_t id, uint64_t before, uint64_t after,
                  search_event_fn *fn, void *arg, struct search_end *ret_end, struct err *err)
{
    struct around a = {.fn = fn, .arg = arg};
    struct search_end end = {.cut = SEARCH_WHOLE};
    int64_t started_ns = sys_mono(o->sys);
    if (id == 0 || before > QUERY_LIMIT_MAX || after > QUERY_LIMIT_MAX)
        return err_set(err, ERR_USAGE, "an event id and at most %u neighbours", QUERY_LIMIT_MAX);
    a.at = calloc((size_t)before + 1, sizeof(*a.at));
    if (a.at == NULL)
        return err_set(err, ERR_NOMEM, "events around one");
    buf_init(&a.packed, search_run_bytes(o) / 2);
    int rc = around_run(o, id, before, after, &a, &end, err);
    end.took_ns = sys_mono(o->sys) - started_ns;
    if (rc == 0)
        *ret_end = end;
    buf_done(&a.packed);
    free(a.at);
    return rc;
}
