#include "flow/node_search.h"

#include <stdio.h>
#include <stdlib.h>

#include "flow/event_json.h"

#define PARSE_BYTES_MAX (4u << 20)
#define SENTENCE_BYTES_MAX (1u << 20)

struct node_names {
    size_t n;
    struct entry {
        uint32_t id;
        char name[160];
    } entries[];
};

int node_search_names(struct node *n, struct node_names **ret, struct err *err)
{
    size_t count = node_source_count(n);
    struct node_names *m = malloc(sizeof(*m) + count * sizeof(m->entries[0]));
    if (m == NULL)
        return err_set(err, ERR_NOMEM, "names of sources");
    m->n = count;
    for (size_t i = 0; i < count; i++) {
        const struct node_source *s = node_source_at(n, i);
        m->entries[i].id = s->id;
        memcpy(m->entries[i].name, s->name, sizeof(m->entries[i].name));
    }
    *ret = m;
    return 0;
}

void node_search_names_free(struct node_names *names)
{
    free(names);
}

struct str node_search_name_of(const struct node_names *names, uint32_t id)
{
    /* Ids are given in order: the place is the id less one unless rows are missing. */
    for (size_t i = 0; names != NULL && i < names->n; i++) {
        size_t k = (id + i - 1) % names->n;
        if (names->entries[k].id == id)
            return str_of(names->entries[k].name);
    }
    return S("");
}

struct str node_search_source(void *names, uint32_t id)
{
    return node_search_name_of(names, id);
}

struct writer {
    const struct node_search *s;
    struct buf *out;
    struct jout j;
    struct arena mem;
};

static bool put_event(void *arg, const struct event *e)
{
    struct writer *w = arg;
    struct str vi = {NULL, 0}, en = {NULL, 0}, name = node_search_name_of(w->s->names, e->source);
    if (w->s->flat) {
        struct jout line;
        jout_init(&line, w->out);
        event_json_put_flat(&line, e, name);
        buf_put_char(w->out, '\n');
        return !w->out->bad;
    }
    arena_reset(&w->mem);
    if (w->s->sentences != NULL)
        (void)sentence_of(w->s->sentences, e, &w->mem, &vi, &en);
    event_json_put(&w->j, e, name, vi, en);
    return !w->out->bad;
}

static void put_end(struct writer *w, const struct search_end *end)
{
    struct jout *j = &w->j;
    jout_key(j, S("cut"));
    if (end->cut == SEARCH_WHOLE) {
        jout_null(j);
    } else {
        jout_obj(j);
        JOUT_STR(j, "reason", search_cut_name(end->cut));
        JOUT_U64(j, "scanned", end->scanned);
        jout_obj_end(j);
    }
    JOUT_U64(j, "scanned", end->scanned);
    JOUT_I64(j, "took_ms", end->took_ns / NS_PER_MS);
    if (end->bad_blocks > 0) {
        JOUT_U64(j, "bad_blocks", end->bad_blocks);
        JOUT_CSTR(j, "bad", end->bad);
    }
}

static void put_cell(struct jout *j, const struct search_cell *c)
{
    switch (c->kind) {
    case SEARCH_NULL:
        jout_null(j);
        break;
    case SEARCH_INT:
        jout_i64(j, c->i);
        break;
    case SEARCH_DOUBLE:
        jout_double(j, c->d);
        break;
    case SEARCH_TEXT:
        jout_str(j, c->text.p == NULL ? S("") : c->text);
        break;
    case SEARCH_TIME:
        jout_time(j, c->i);
        break;
    }
}

static void put_flat_table(struct writer *w, const struct search_table *t)
{
    for (size_t r = 0; r < t->n_rows; r++) {
        struct jout line;
        jout_init(&line, w->out);
        jout_obj(&line);
        for (size_t c = 0; c < t->n_columns; c++) {
            jout_key(&line, t->columns[c]);
            put_cell(&line, &t->rows[r][c]);
        }
        jout_obj_end(&line);
        buf_put_char(w->out, '\n');
    }
}

static void put_table(struct writer *w, const struct search_table *t)
{
    struct jout *j = &w->j;
    bool estimate = false;
    jout_key(j, S("columns"));
    jout_arr(j);
    for (size_t c = 0; c < t->n_columns; c++)
        jout_str(j, t->columns[c]);
    jout_arr_end(j);
    jout_key(j, S("rows"));
    jout_arr(j);
    for (size_t r = 0; r < t->n_rows; r++) {
        jout_arr(j);
        for (size_t c = 0; c < t->n_columns; c++) {
            put_cell(j, &t->rows[r][c]);
            estimate = estimate || t->rows[r][c].estimate;
        }
        jout_arr_end(j);
    }
    jout_arr_end(j);
    JOUT_BOOL(j, "estimate", estimate);
}

static struct search_opts opts_of(const struct node_search *s)
{
    struct search_opts o = {
        .store = s->store,
        .sys = s->sys,
        .limit = s->limit,
        .oldest_first = s->oldest_first,
        .cursor = s->cursor,
        .budget_ns = s->budget_ns,
        .budget_bytes = s->budget_bytes,
        .cancel = s->cancel,
        .source_fn = node_search_source,
        .source_arg = (void *)(uintptr_t)s->names,
    };
    if (s->from_ns != 0 || (s->to_ns != 0 && s->to_ns != INT64_MAX)) {
        o.from_ns = s->from_ns == 0 ? INT64_MIN + 1 : s->from_ns;
        o.to_ns = s->to_ns == 0 ? INT64_MAX : s->to_ns;
    }
    return o;
}

static int run_search(struct writer *w, const struct query *q, struct err *err)
{
    const struct node_search *s = w->s;
    struct search_opts o = opts_of(s);
    struct search_end end = {0};
    if (search_is_table(q)) {
        struct search_table *t = NULL;
        if (search_table(&o, q, &t, &end, err) != 0)
            return -1;
        if (s->flat) {
            put_flat_table(w, t);
        } else {
            jout_obj(&w->j);
            put_table(w, t);
            put_end(w, &end);
            jout_obj_end(&w->j);
        }
        search_table_free(t);
        return 0;
    }
    if (s->flat)
        return search_events(&o, q, put_event, w, &end, err);
    jout_obj(&w->j);
    jout_key(&w->j, S("items"));
    jout_arr(&w->j);
    if (search_events(&o, q, put_event, w, &end, err) != 0)
        return -1;
    jout_arr_end(&w->j);
    jout_key(&w->j, S("next"));
    if (end.next == 0) {
        jout_null(&w->j);
    } else {
        char text[24];
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)end.next);
        jout_str(&w->j, str_of(text));
    }
    put_end(w, &end);
    jout_obj_end(&w->j);
    return 0;
}

static int run_count(struct writer *w, const struct query *q, struct err *err)
{
    struct search_opts o = opts_of(w->s);
    struct search_end end = {0};
    uint64_t n = 0;
    if (search_count(&o, q, &n, &end, err) != 0)
        return -1;
    jout_obj(&w->j);
    JOUT_U64(&w->j, "count", n);
    put_end(w, &end);
    jout_obj_end(&w->j);
    return 0;
}

/* The range of a chart that names none: from the oldest to the newest event. */
static bool chart_range(const struct node_search *s, int64_t *from, int64_t *to)
{
    struct store_stats st;
    store_stats(s->store, &st);
    *from = s->from_ns != 0 ? s->from_ns : st.first_ns;
    *to = s->to_ns != 0 && s->to_ns != INT64_MAX ? s->to_ns : st.last_ns + 1;
    return st.events > 0 && *from < *to;
}

static int run_histogram(struct writer *w, const struct query *q, struct err *err)
{
    struct search_opts o = opts_of(w->s);
    struct search_end end = {0};
    uint64_t counts[512] = {0};
    int64_t step = 0, from = w->s->now_ns, to = w->s->now_ns;
    size_t n = w->s->buckets < 1 ? 1 : w->s->buckets > COUNT_OF(counts) ? COUNT_OF(counts) : w->s->buckets;
    bool some = chart_range(w->s, &from, &to);
    o.from_ns = from;
    o.to_ns = to;
    if (some && search_histogram(&o, q, n, counts, &step, &end, err) != 0)
        return -1;
    jout_obj(&w->j);
    JOUT_TIME(&w->j, "from", from);
    JOUT_TIME(&w->j, "to", to);
    JOUT_DOUBLE(&w->j, "step_s", (double)step / (double)NS_PER_S);
    jout_key(&w->j, S("counts"));
    jout_arr(&w->j);
    for (size_t i = 0; some && i < n; i++)
        jout_u64(&w->j, counts[i]);
    jout_arr_end(&w->j);
    put_end(w, &end);
    jout_obj_end(&w->j);
    return 0;
}

static int run_around(struct writer *w, struct err *err)
{
    const struct node_search *s = w->s;
    struct search_opts o = opts_of(s);
    struct search_end end = {0};
    if (s->single)
        return search_around(&o, s->id, 0, 0, put_event, w, &end, err);
    jout_obj(&w->j);
    jout_key(&w->j, S("items"));
    jout_arr(&w->j);
    if (search_around(&o, s->id, s->before, s->after, put_event, w, &end, err) != 0)
        return -1;
    jout_arr_end(&w->j);
    jout_obj_end(&w->j);
    return 0;
}

static int run_ids(struct writer *w, struct err *err)
{
    const struct node_search *s = w->s;
    struct search_opts o = opts_of(s);
    jout_arr(&w->j);
    for (size_t i = 0; i < s->n_ids; i++) {
        struct search_end end = {0};
        struct err why = {0};
        if (search_around(&o, s->ids[i], 0, 0, put_event, w, &end, &why) != 0 && why.code != ERR_NOT_FOUND)
            return err_set(err, why.code, "%s", why.msg);
    }
    jout_arr_end(&w->j);
    return 0;
}

static int run_query(struct writer *w, struct err *err)
{
    struct arena mem;
    struct query *q = NULL;
    arena_init(&mem, PARSE_BYTES_MAX);
    int rc = query_parse(w->s->q, w->s->now_ns, &mem, &q, err);
    if (rc == 0 && w->s->kind == NODE_SEARCH)
        rc = run_search(w, q, err);
    else if (rc == 0 && w->s->kind == NODE_SEARCH_COUNT)
        rc = run_count(w, q, err);
    else if (rc == 0)
        rc = run_histogram(w, q, err);
    arena_done(&mem);
    return rc;
}

int node_search_run(const struct node_search *s, struct buf *out, struct err *err)
{
    struct writer w = {.s = s, .out = out};
    size_t before = out->n;
    jout_init(&w.j, out);
    arena_init(&w.mem, SENTENCE_BYTES_MAX);
    int rc = s->kind == NODE_SEARCH_AROUND ? run_around(&w, err)
             : s->kind == NODE_SEARCH_IDS  ? run_ids(&w, err)
                                           : run_query(&w, err);
    arena_done(&w.mem);
    if (rc == 0 && out->bad)
        rc = err_set(err, ERR_LIMIT, "the answer is too long: ask for fewer events");
    if (rc != 0 && !out->bad)
        out->n = before;
    return rc;
}
