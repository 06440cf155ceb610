#include "base/when.h"
#include "query/query_read.h"

#define STEP_NS_MIN NS_PER_S
#define STEP_NS_MAX (366 * WHEN_DAY_NS)

static const struct str fn_names[] = {
    [QUERY_COUNT] = {"count", 5}, [QUERY_SUM] = {"sum", 3}, [QUERY_AVG] = {"avg", 3},
    [QUERY_MIN] = {"min", 3},     [QUERY_MAX] = {"max", 3}, [QUERY_P95] = {"p95", 3},
    [QUERY_UNIQ] = {"uniq", 4},
};

struct str query_fn_name(enum query_fn fn)
{
    assert((size_t)fn < COUNT_OF(fn_names));
    return fn_names[fn];
}

bool query_fn_find(struct str name, enum query_fn *ret)
{
    for (size_t i = 0; i < COUNT_OF(fn_names); i++) {
        if (str_eq(name, fn_names[i])) {
            *ret = (enum query_fn)i;
            return true;
        }
    }
    return false;
}

/* The byte, with blanks on both sides, is taken where it is next. */
static bool skip(struct query_read *r, char c)
{
    query_read_blanks(r);
    if (query_read_peek(r) != (unsigned char)c)
        return false;
    r->at++;
    query_read_blanks(r);
    return true;
}

static bool at_stage_end(struct query_read *r)
{
    query_read_blanks(r);
    return r->at == r->in.n || query_read_peek(r) == '|';
}

static int read_field(struct query_read *r, struct pred_field *ret)
{
    size_t at = r->at;
    struct str name = arena_str(r->a, query_read_name(r));
    if (name.p == NULL)
        return query_read_full(r);
    if (name.n == 0 || name.p[0] == '-')
        return query_read_fail(r, at, "the name of a field is missing");
    *ret = pred_field_find(name);
    if (ret->wild || ret->id == PRED_FIELD_ANY)
        return query_read_fail(r, at, "a pattern cannot stand for a column: name one field");
    return 0;
}

/* Title of a column: a name, fn(field), or anything in quotes. */
static int read_title(struct query_read *r, struct str *ret)
{
    size_t at = r->at;
    if (query_read_peek(r) == '"') {
        if (query_read_quoted(r, ret) != 0)
            return -1;
        return ret->n > 0 ? 0 : query_read_fail(r, at, "the name of a column is empty");
    }
    (void)query_read_name(r);
    if (r->at > at && query_read_peek(r) == '(') {
        r->at++;
        (void)query_read_name(r);
        if (query_read_peek(r) != ')')
            return query_read_fail(r, r->at, "')' is missing");
        r->at++;
    }
    *ret = arena_str(r->a, str_sub(r->in, at, r->at - at));
    if (ret->p == NULL)
        return query_read_full(r);
    return ret->n > 0 ? 0 : query_read_fail(r, at, "the name of a column is missing");
}

static bool has_column(const struct query_stage *s, struct str name)
{
    if (s->kind == QUERY_HISTOGRAM && (str_eq(name, S("time")) || str_eq(name, S("count"))))
        return true;
    for (size_t i = 0; i < s->n_by; i++) {
        if (str_eq(s->by[i].name, name))
            return true;
    }
    for (size_t i = 0; i < s->n_aggs; i++) {
        if (str_eq(s->aggs[i].name, name))
            return true;
    }
    return false;
}

static int same_column(struct query_read *r, struct str name, size_t at)
{
    return query_read_fail(r, at, "two columns are called '%.*s': write … as name",
                           (int)(name.n > 60 ? 60 : name.n), name.p);
}

static int read_fields(struct query_read *r, struct query_stage *s)
{
    s->by = ARENA_NEW(r->a, struct pred_field, QUERY_BY_MAX);
    if (s->by == NULL)
        return query_read_full(r);
    do {
        size_t at = r->at;
        struct pred_field f;
        if (s->n_by == QUERY_BY_MAX)
            return query_read_fail(r, at, "at most %u fields", QUERY_BY_MAX);
        if (read_field(r, &f) != 0)
            return -1;
        if (has_column(s, f.name))
            return same_column(r, f.name, at);
        s->by[s->n_by++] = f;
    } while (skip(r, ','));
    return 0;
}

static int read_by(struct query_read *r, struct query_stage *s)
{
    query_read_blanks(r);
    return query_read_keyword(r, "by") ? read_fields(r, s) : 0;
}

static int read_agg(struct query_read *r, struct query_agg *g)
{
    size_t at = r->at;
    struct str fn = query_read_name(r);
    if (!query_fn_find(fn, &g->fn))
        return query_read_fail(r, at, "unknown function '%.*s': count sum avg min max p95 uniq",
                               (int)(fn.n > 40 ? 40 : fn.n), fn.p);
    bool open = skip(r, '(');
    if (open && query_read_peek(r) != ')' && read_field(r, &g->field) != 0)
        return -1;
    if (open && !skip(r, ')'))
        return query_read_fail(r, r->at, "')' is missing behind the field of %.*s", STR_ARG(fn));
    if (g->field.name.n == 0 && g->fn != QUERY_COUNT)
        return query_read_fail(r, at, "%.*s needs a field: %.*s(field)", STR_ARG(fn), STR_ARG(fn));
    g->name = g->field.name.n == 0 ? fn_names[g->fn]
                                   : arena_printf(r->a, "%.*s(%.*s)", STR_ARG(fn), STR_ARG(g->field.name));
    if (g->name.p == NULL)
        return query_read_full(r);
    query_read_blanks(r);
    return query_read_keyword(r, "as") ? read_title(r, &g->name) : 0;
}

static int read_stats(struct query_read *r, struct query *q, struct query_stage *s)
{
    (void)q;
    s->aggs = ARENA_NEW(r->a, struct query_agg, QUERY_AGGS_MAX);
    if (s->aggs == NULL)
        return query_read_full(r);
    do {
        size_t at = r->at;
        if (s->n_aggs == QUERY_AGGS_MAX)
            return query_read_fail(r, at, "at most %u functions", QUERY_AGGS_MAX);
        struct query_agg g = {0};
        if (read_agg(r, &g) != 0)
            return -1;
        if (has_column(s, g.name))
            return same_column(r, g.name, at);
        s->aggs[s->n_aggs++] = g;
    } while (skip(r, ','));
    return read_by(r, s);
}

static int read_number(struct query_read *r, uint64_t *ret)
{
    size_t at = r->at;
    while (r->at < r->in.n && ascii_is_digit(r->in.p[r->at]))
        r->at++;
    if (!str_to_u64(str_sub(r->in, at, r->at - at), QUERY_LIMIT_MAX, ret) || *ret == 0)
        return query_read_fail(r, at, "a number from 1 to %u is missing", QUERY_LIMIT_MAX);
    return 0;
}

static int read_limit(struct query_read *r, struct query *q, struct query_stage *s)
{
    (void)q;
    return read_number(r, &s->limit);
}

/* The stage that made the columns, NULL while rows are events. */
static const struct query_stage *table_of(const struct query *q)
{
    const struct query_stage *t = NULL;
    for (size_t i = 0; i < q->n_stages; i++) {
        if (q->stages[i].kind == QUERY_STATS || q->stages[i].kind == QUERY_HISTOGRAM)
            t = &q->stages[i];
    }
    return t;
}

static int check_column(struct query_read *r, const struct query *q, struct str name, size_t at)
{
    const struct query_stage *t = table_of(q);
    if (t == NULL || has_column(t, name))
        return 0;
    return query_read_fail(r, at, "there is no column '%.*s' here", (int)(name.n > 60 ? 60 : name.n), name.p);
}

static int read_sort(struct query_read *r, struct query *q, struct query_stage *s)
{
    for (size_t i = 0; table_of(q) == NULL && i < q->n_stages; i++) {
        if (q->stages[i].kind == QUERY_SORT)
            return query_read_fail(r, r->at, "events are sorted once only");
    }
    s->descending = skip(r, '-');
    size_t at = r->at;
    if (read_title(r, &s->sort_by) != 0)
        return -1;
    return check_column(r, q, s->sort_by, at);
}

static int read_columns(struct query_read *r, struct query *q, struct query_stage *s)
{
    const struct query_stage *t = table_of(q);
    s->by = ARENA_NEW(r->a, struct pred_field, QUERY_BY_MAX);
    if (s->by == NULL)
        return query_read_full(r);
    do {
        size_t at = r->at;
        if (s->n_by == QUERY_BY_MAX)
            return query_read_fail(r, at, "at most %u fields", QUERY_BY_MAX);
        struct pred_field *f = &s->by[s->n_by++];
        if (t == NULL ? read_field(r, f) != 0 : read_title(r, &f->name) != 0)
            return -1;
        if (check_column(r, q, f->name, at) != 0)
            return -1;
    } while (skip(r, ','));
    return 0;
}

static int read_histogram(struct query_read *r, struct query *q, struct query_stage *s)
{
    (void)q;
    if (!skip(r, '('))
        return query_read_fail(r, r->at, "a step is missing: write histogram(5m)");
    size_t at = r->at;
    struct str span = query_read_name(r);
    if (!when_parse_span(span, &s->step_ns) || s->step_ns < STEP_NS_MIN || s->step_ns > STEP_NS_MAX)
        return query_read_fail(r, at, "a step from 1s to 366d is missing (s m h d w)");
    if (!skip(r, ')'))
        return query_read_fail(r, r->at, "')' is missing behind the step");
    return read_by(r, s);
}

static struct query_stage *add_stage(struct query *q, enum query_stage_kind kind)
{
    struct query_stage *s = &q->stages[q->n_stages];
    *s = (struct query_stage){.kind = kind};
    return s;
}

/* "top N field" is "stats count() by field | sort -count | limit N". */
static int read_top(struct query_read *r, struct query *q, struct query_stage *s)
{
    uint64_t n;
    if (q->n_stages + 3 > QUERY_STAGES_MAX)
        return query_read_fail(r, r->at, "at most %u stages", QUERY_STAGES_MAX);
    if (read_number(r, &n) != 0)
        return -1;
    query_read_blanks(r);
    s->by = ARENA_NEW(r->a, struct pred_field, 1);
    s->aggs = ARENA_NEW(r->a, struct query_agg, 1);
    if (s->by == NULL || s->aggs == NULL)
        return query_read_full(r);
    if (read_field(r, s->by) != 0)
        return -1;
    s->n_by = s->n_aggs = 1;
    s->aggs[0] = (struct query_agg){.fn = QUERY_COUNT, .name = fn_names[QUERY_COUNT]};
    q->n_stages++;
    s = add_stage(q, QUERY_SORT);
    s->sort_by = fn_names[QUERY_COUNT];
    s->descending = true;
    q->n_stages++;
    s = add_stage(q, QUERY_LIMIT);
    s->limit = n;
    return 0;
}

typedef int stage_fn(struct query_read *r, struct query *q, struct query_stage *s);

static const struct {
    struct str word;
    enum query_stage_kind kind;
    stage_fn *fn;
} stage_table[] = {
    {{"stats", 5}, QUERY_STATS, read_stats},     {{"sort", 4}, QUERY_SORT, read_sort},
    {{"limit", 5}, QUERY_LIMIT, read_limit},     {{"head", 4}, QUERY_LIMIT, read_limit},
    {{"fields", 6}, QUERY_FIELDS, read_columns}, {{"histogram", 9}, QUERY_HISTOGRAM, read_histogram},
    {{"top", 3}, QUERY_STATS, read_top},
};

/* Events can be limited in front of a table, but not sorted or cut into columns. */
static int check_order(struct query_read *r, const struct query *q, enum query_stage_kind kind, size_t at)
{
    if (kind != QUERY_STATS && kind != QUERY_HISTOGRAM)
        return 0;
    if (table_of(q) != NULL)
        return query_read_fail(r, at, "only one of stats, top and histogram");
    for (size_t i = 0; i < q->n_stages; i++) {
        if (q->stages[i].kind != QUERY_LIMIT)
            return query_read_fail(r, at, "sort and fields stand behind stats, top and histogram");
    }
    return 0;
}

static int read_stage(struct query_read *r, struct query *q)
{
    size_t at = r->at;
    struct str word = query_read_name(r);
    if (q->n_stages == QUERY_STAGES_MAX)
        return query_read_fail(r, at, "at most %u stages", QUERY_STAGES_MAX);
    for (size_t i = 0; i < COUNT_OF(stage_table); i++) {
        if (!str_eq(word, stage_table[i].word))
            continue;
        if (check_order(r, q, stage_table[i].kind, at) != 0)
            return -1;
        query_read_blanks(r);
        if (stage_table[i].fn(r, q, add_stage(q, stage_table[i].kind)) != 0)
            return -1;
        q->n_stages++;
        if (!at_stage_end(r))
            return query_read_fail(r, r->at, "'|' or the end was expected behind %.*s", STR_ARG(word));
        return 0;
    }
    return query_read_fail(r, at, "unknown stage '%.*s': stats sort limit head top fields histogram",
                           (int)(word.n > 40 ? 40 : word.n), word.p);
}

int query_stage_read(struct query_read *r, struct query *q)
{
    if (r->at < r->in.n) {
        q->stages = ARENA_NEW(r->a, struct query_stage, QUERY_STAGES_MAX);
        if (q->stages == NULL)
            return query_read_full(r);
    }
    while (skip(r, '|')) {
        if (read_stage(r, q) != 0)
            return -1;
    }
    assert(r->at == r->in.n);
    return 0;
}
