#include "query/query.h"

#include "query/query_read.h"

#define NAME_BYTES_MAX 128u
#define CHECK_BYTES_MAX (4u << 20)

struct list {
    struct pred **p;
    size_t n, cap;
};

static int list_add(struct query_read *r, struct list *l, struct pred *p)
{
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 4 : l->cap * 2;
        struct pred **more = ARENA_NEW(r->a, struct pred *, cap);
        if (more == NULL)
            return query_read_full(r);
        if (l->n > 0)
            memcpy(more, l->p, l->n * sizeof(struct pred *));
        l->p = more;
        l->cap = cap;
    }
    l->p[l->n++] = p;
    return 0;
}

/* One child stands for itself. */
static int branch(struct query_read *r, enum pred_kind kind, const struct list *l, struct pred **ret)
{
    assert(l->n > 0);
    if (l->n == 1 && kind != PRED_NOT) {
        *ret = l->p[0];
        return 0;
    }
    struct pred *k = ARENA_NEW(r->a, struct pred, 1);
    if (k == NULL)
        return query_read_full(r);
    *k = (struct pred){.kind = kind, .n_children = l->n, .children = l->p};
    *ret = k;
    return 0;
}

static int leaf(struct query_read *r, enum pred_kind kind, struct str text, struct pred **ret)
{
    struct pred *k = ARENA_NEW(r->a, struct pred, 1);
    if (k == NULL)
        return query_read_full(r);
    if (text.n > PRED_TEXT_BYTES_MAX)
        return err_set(r->err, ERR_LIMIT, "a word or phrase is longer than %u bytes", PRED_TEXT_BYTES_MAX);
    *k = (struct pred){.kind = kind, .text = text};
    *ret = k;
    return 0;
}

/*
 * The field name in front of ':', moved over; empty where the next word only looks like one: a time 12:30, an
 * address fe80::1, http://…, C:\….
 */
static struct str field_name(struct query_read *r)
{
    size_t from = r->at;
    struct str name = query_read_name(r), rest = str_from(r->in, r->at);
    bool starts = name.n > 0 && !ascii_is_digit(name.p[0]) && name.p[0] != '.' && name.p[0] != '-';
    bool two = str_starts(rest, S("::")) && !str_starts(rest, S(":::"));
    bool drive = name.n == 1 && name.p[0] != '*' && (str_starts(rest, S(":\\")) || str_starts(rest, S(":/")));
    bool url = str_starts(rest, S("://")) && str_find_char(name, '.') == SIZE_MAX;
    if (!starts || rest.n == 0 || rest.p[0] != ':' || two || drive || url) {
        r->at = from;
        return (struct str){NULL, 0};
    }
    r->at++;
    return name;
}

static int read_or(struct query_read *r, struct pred **ret);

/* One more level of brackets or NOT around what `fn` reads. */
static int nested(struct query_read *r, int (*fn)(struct query_read *, struct pred **), struct pred **ret)
{
    if (r->nest == QUERY_NEST_MAX) {
        if (r->err != NULL)
            r->err->at = r->at;
        return err_set(r->err, ERR_LIMIT, "brackets and NOT are nested deeper than %u levels",
                       QUERY_NEST_MAX);
    }
    r->nest++;
    int rc = fn(r, ret);
    r->nest--;
    return rc;
}

static int read_group(struct query_read *r, struct pred **ret)
{
    size_t open = r->at++;
    query_read_blanks(r);
    if (query_read_peek(r) == ')')
        return query_read_fail(r, open, "there is nothing between the brackets");
    if (nested(r, read_or, ret) != 0)
        return -1;
    if (query_read_peek(r) != ')')
        return query_read_fail(r, open, "the bracket that opens here is never closed");
    r->at++;
    return 0;
}

static int read_field(struct query_read *r, struct str name, size_t at, struct pred **ret)
{
    if (name.n > NAME_BYTES_MAX)
        return query_read_fail(r, at, "a field name is longer than %u bytes", NAME_BYTES_MAX);
    struct str kept = arena_str(r->a, name);
    if (kept.p == NULL)
        return query_read_full(r);
    struct pred_field f = pred_field_find(kept);
    if (query_read_peek(r) != '(')
        return query_value_read(r, &f, ret);
    r->group = &f;
    int rc = read_group(r, ret);
    r->group = NULL;
    return rc;
}

static bool is_escaped_keyword(struct str raw)
{
    static const char *const words[] = {"\\AND", "\\OR", "\\NOT", "\\TO"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(raw, str_of(words[i])))
            return true;
    }
    return false;
}

static bool only_stars(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '*')
            return false;
    }
    return true;
}

static int read_word(struct query_read *r, struct pred **ret)
{
    struct query_bare b;
    size_t at = r->at;
    if (query_read_bare(r, &b) != 0)
        return -1;
    if (is_escaped_keyword(b.raw))
        return leaf(r, PRED_WORD, str_from(b.text, 1), ret);
    if (only_stars(b.raw))
        return leaf(r, PRED_TRUE, (struct str){NULL, 0}, ret);
    if (b.has_star && b.has_literal_star)
        return query_read_fail(r, at, "a word has either wildcards or \\*: write raw:*…* with both");
    return leaf(r, b.has_literal_star ? PRED_PHRASE : PRED_WORD, b.text, ret);
}

static int missing_term(struct query_read *r)
{
    static const char *const words[] = {"AND", "OR", "NOT"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (query_read_at_keyword(r, words[i]))
            return query_read_fail(r, r->at, "a term is missing in front of %s (\"%s\" in quotes is a word)",
                                   words[i], words[i]);
    }
    return query_read_fail(r, r->at, "a word, a phrase or field:value is missing here");
}

static int read_term(struct query_read *r, struct pred **ret)
{
    size_t at = r->at;
    int c = query_read_peek(r);
    if (c == -1 || c == ')' || c == '|' || query_read_at_keyword(r, "AND") || query_read_at_keyword(r, "OR"))
        return missing_term(r);
    if (c == '(')
        return read_group(r, ret);
    if (r->group != NULL)
        return query_value_read(r, r->group, ret);
    if (c == '"') {
        struct str text;
        if (query_read_quoted(r, &text) != 0)
            return -1;
        if (text.n == 0)
            return query_read_fail(r, at, "the phrase is empty");
        return leaf(r, PRED_PHRASE, text, ret);
    }
    struct str name = field_name(r);
    return name.n > 0 ? read_field(r, name, at, ret) : read_word(r, ret);
}

static int read_not(struct query_read *r, struct pred **ret)
{
    bool minus = query_read_peek(r) == '-' && r->at + 1 < r->in.n && !ascii_is_space(r->in.p[r->at + 1]);
    struct list one = {0};
    struct pred *child;
    if (minus)
        r->at++;
    else if (!query_read_keyword(r, "NOT"))
        return read_term(r, ret);
    if (nested(r, read_not, &child) != 0 || list_add(r, &one, child) != 0)
        return -1;
    return branch(r, PRED_NOT, &one, ret);
}

static bool and_ends(const struct query_read *r)
{
    int c = query_read_peek(r);
    return c == -1 || c == ')' || c == '|' || query_read_at_keyword(r, "OR");
}

static int read_and(struct query_read *r, struct pred **ret)
{
    struct list l = {0};
    bool more = true;
    while (more) {
        struct pred *p;
        if (read_not(r, &p) != 0 || list_add(r, &l, p) != 0)
            return -1;
        query_read_blanks(r);
        more = query_read_keyword(r, "AND") || !and_ends(r);
    }
    return branch(r, PRED_AND, &l, ret);
}

/* The recursion through brackets and NOT is bounded by QUERY_NEST_MAX, see nested(). */
static int read_or(struct query_read *r, struct pred **ret)
{
    struct list l = {0};
    do {
        struct pred *p;
        if (read_and(r, &p) != 0 || list_add(r, &l, p) != 0)
            return -1;
    } while (query_read_keyword(r, "OR"));
    return branch(r, PRED_OR, &l, ret);
}

static int read_query(struct query_read *r, struct query *q)
{
    query_read_blanks(r);
    int c = query_read_peek(r);
    int rc =
        c == -1 || c == '|' ? leaf(r, PRED_TRUE, (struct str){NULL, 0}, &q->where) : read_or(r, &q->where);
    if (rc != 0)
        return -1;
    if (query_read_peek(r) == ')')
        return query_read_fail(r, r->at, "this bracket closes nothing");
    return query_stage_read(r, q);
}

int query_parse(struct str text, int64_t now_ns, struct arena *a, struct query **ret, struct err *err)
{
    struct query_read r = {.in = text, .now_ns = now_ns, .a = a, .err = err};
    if (text.n > QUERY_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the query is longer than %u bytes", QUERY_BYTES_MAX);
    struct query *q = ARENA_NEW(a, struct query, 1);
    if (q == NULL)
        return query_read_full(&r);
    arena_init(&r.check, CHECK_BYTES_MAX);
    int rc = read_query(&r, q);
    arena_done(&r.check);
    if (rc == 0)
        *ret = q;
    return rc;
}
