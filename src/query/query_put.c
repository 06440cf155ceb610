#include "query/query.h"
#include "query/query_read.h"

static bool is_plain(struct str s)
{
    if (s.n == 0 || s.p[0] == '-' || s.p[0] == ':')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = ascii_is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80;
        if (!letter && memchr("._@:+-", s.p[i], 6) == NULL)
            return false;
    }
    return !str_eq(s, S("AND")) && !str_eq(s, S("OR")) && !str_eq(s, S("NOT")) && !str_eq(s, S("TO"));
}

static void put_quoted(struct buf *b, struct str s)
{
    buf_put_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_put_char(b, '\\');
        buf_put_char(b, s.p[i]);
    }
    buf_put_char(b, '"');
}

static void put_value(struct buf *b, struct str s)
{
    if (is_plain(s))
        buf_put(b, s);
    else
        put_quoted(b, s);
}

/* A literal byte of a word or pattern; `first` bytes have a meaning that others have not. */
static void put_escaped(struct buf *b, char c, bool first)
{
    if (ascii_is_space(c) || memchr("\"()|\\*?", c, 7) != NULL || (first && memchr("/[{<>:-", c, 7) != NULL))
        buf_put_char(b, '\\');
    buf_put_char(b, c);
}

static void put_literal(struct buf *b, struct str s, bool first)
{
    for (size_t i = 0; i < s.n; i++)
        put_escaped(b, s.p[i], first && i == 0);
}

static void put_wild(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool first = i == 0;
        if (c == '*' || c == '?') {
            buf_put_char(b, c);
            continue;
        }
        if (c == '\\' && i + 1 < s.n && memchr("*?\\", s.p[i + 1], 3) != NULL)
            c = s.p[++i];
        put_escaped(b, c, first);
    }
}

static void put_word(struct buf *b, struct str s)
{
    bool keyword = str_eq(s, S("AND")) || str_eq(s, S("OR")) || str_eq(s, S("NOT")) || str_eq(s, S("TO"));
    if (keyword)
        buf_put_char(b, '\\');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '*')
            buf_put_char(b, '*');
        else if (s.p[i] == ':')
            buf_put(b, S("\\:"));
        else
            put_escaped(b, s.p[i], i == 0);
    }
}

static void put_regex(struct buf *b, struct str s)
{
    buf_put_char(b, '/');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/')
            buf_put_char(b, '\\');
        buf_put_char(b, s.p[i]);
        if (s.p[i] == '\\' && i + 1 < s.n)
            buf_put_char(b, s.p[++i]);
    }
    buf_put_char(b, '/');
}

static void put_range(struct buf *b, const struct pred *p)
{
    if (p->low_open != p->high_open) {
        bool incl = p->low_open ? p->high_incl : p->low_incl;
        buf_put_char(b, p->low_open ? '<' : '>');
        buf_put(b, incl ? S("=") : S(""));
        put_value(b, p->low_open ? p->high : p->low);
        return;
    }
    buf_put_char(b, p->low_incl ? '[' : '{');
    put_value(b, p->low_open ? S("*") : p->low);
    buf_put(b, S(" TO "));
    put_value(b, p->high_open ? S("*") : p->high);
    buf_put_char(b, p->high_incl ? ']' : '}');
}

static void put_field_value(struct buf *b, const struct pred *p)
{
    switch (p->kind) {
    case PRED_EQ:
        put_value(b, p->text);
        break;
    case PRED_WILD:
        put_wild(b, p->text);
        break;
    case PRED_REGEX:
        put_regex(b, p->text);
        break;
    case PRED_CIDR:
        buf_put(b, p->text);
        break;
    case PRED_RANGE:
        put_range(b, p);
        break;
    case PRED_EXISTS:
        buf_put_char(b, '*');
        break;
    case PRED_NULL: /* absent or empty = not at least one character */
        buf_put(b, S("?*"));
        break;
    default:
        buf_put(b, p->kind != PRED_STARTS ? S("*") : S(""));
        put_literal(b, p->text, p->kind == PRED_STARTS);
        buf_put(b, p->kind != PRED_ENDS ? S("*") : S(""));
    }
}

static void put_leaf(struct buf *b, const struct pred *p)
{
    bool drive = p->field.name.n == 1 &&
                 p->field.name.p[0] != '*'; /* "C:\…" and "C:/…" are read as words, "C:(…)" is not */
    if (p->kind == PRED_NULL)
        buf_put(b, S("NOT "));
    buf_put(b, p->field.name);
    buf_put(b, drive ? S(":(") : S(":"));
    put_field_value(b, p);
    buf_put(b, drive ? S(")") : S(""));
}

static void put_node(struct buf *b, const struct pred *p, enum pred_kind parent, unsigned depth);

static void put_branch(struct buf *b, const struct pred *p, enum pred_kind parent, unsigned depth)
{
    bool is_and = p->kind == PRED_AND;
    bool brackets = parent != PRED_TRUE && !(is_and && parent == PRED_OR);
    if (p->n_children == 0) {
        buf_put(b, is_and ? S("*") : S("NOT *"));
        return;
    }
    if (p->n_children == 1) {
        put_node(b, p->children[0], parent, depth + 1);
        return;
    }
    if (brackets)
        buf_put_char(b, '(');
    for (size_t i = 0; i < p->n_children; i++) {
        if (i > 0)
            buf_put(b, is_and ? S(" ") : S(" OR "));
        put_node(b, p->children[i], p->kind, depth + 1);
    }
    if (brackets)
        buf_put_char(b, ')');
}

/* Trees deeper than pred_compile takes are not written: the buffer turns bad. */
static void put_node(struct buf *b, const struct pred *p, enum pred_kind parent, unsigned depth)
{
    if (depth >= PRED_DEPTH_MAX)
        b->bad = true;
    if (b->bad)
        return;
    switch (p->kind) {
    case PRED_TRUE:
        buf_put_char(b, '*');
        break;
    case PRED_AND:
    case PRED_OR:
        put_branch(b, p, parent, depth);
        break;
    case PRED_NOT:
        buf_put(b, S("NOT "));
        put_node(b, p->children[0], PRED_NOT, depth + 1);
        break;
    case PRED_WORD:
        put_word(b, p->text);
        break;
    case PRED_PHRASE:
        put_quoted(b, p->text);
        break;
    default:
        put_leaf(b, p);
    }
}

void query_put_pred(struct buf *b, const struct pred *p)
{
    put_node(b, p, PRED_TRUE, 0);
}

static bool is_title(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool letter = ascii_is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80;
        if (!letter && memchr("._@*-", s.p[i], 5) == NULL)
            return false;
    }
    return s.n > 0 && s.p[0] != '-';
}

static void put_title(struct buf *b, struct str s)
{
    if (is_title(s))
        buf_put(b, s);
    else
        put_quoted(b, s);
}

static void put_names(struct buf *b, const struct query_stage *s)
{
    for (size_t i = 0; i < s->n_by; i++) {
        buf_put(b, i > 0 ? S(", ") : S(""));
        buf_put(b, s->by[i].name);
    }
}

static void put_by(struct buf *b, const struct query_stage *s)
{
    if (s->n_by > 0)
        buf_put(b, S(" by "));
    put_names(b, s);
}

static void put_stats(struct buf *b, const struct query_stage *s)
{
    buf_put(b, S("stats "));
    for (size_t i = 0; i < s->n_aggs; i++) {
        const struct query_agg *g = &s->aggs[i];
        size_t from = b->n;
        buf_put(b, i > 0 ? S(", ") : S(""));
        from += i > 0 ? 2 : 0;
        buf_put(b, query_fn_name(g->fn));
        bool same = g->field.name.n == 0 && str_eq(query_fn_name(g->fn), g->name);
        buf_put_char(b, '(');
        buf_put(b, g->field.name);
        buf_put_char(b, ')');
        same |= !b->bad && str_eq(str_from(buf_str(b), from), g->name) && g->field.name.n > 0;
        if (same)
            continue;
        buf_put(b, S(" as "));
        put_title(b, g->name);
    }
    put_by(b, s);
}

static void put_columns(struct buf *b, const struct query_stage *s)
{
    buf_put(b, S("fields "));
    for (size_t i = 0; i < s->n_by; i++) {
        buf_put(b, i > 0 ? S(", ") : S(""));
        if (s->by[i].id != FIELD_OTHER)
            buf_put(b, s->by[i].name);
        else
            put_title(b, s->by[i].name);
    }
}

static void put_stage(struct buf *b, const struct query_stage *s)
{
    switch (s->kind) {
    case QUERY_STATS:
        put_stats(b, s);
        break;
    case QUERY_SORT:
        buf_put(b, s->descending ? S("sort -") : S("sort "));
        put_title(b, s->sort_by);
        break;
    case QUERY_LIMIT:
        buf_printf(b, "limit %llu", (unsigned long long)s->limit);
        break;
    case QUERY_FIELDS:
        put_columns(b, s);
        break;
    default:
        assert(s->kind == QUERY_HISTOGRAM);
        buf_printf(b, "histogram(%llds)", (long long)(s->step_ns / NS_PER_S));
        put_by(b, s);
    }
}

void query_put(struct buf *b, const struct query *q)
{
    query_put_pred(b, q->where);
    for (size_t i = 0; i < q->n_stages; i++) {
        buf_put(b, S(" | "));
        put_stage(b, &q->stages[i]);
    }
}
