#include "base/when.h"
#include "query/addr.h"
#include "query/query_read.h"

/* A leaf is compiled alone to find what is wrong with it while its place is known. */
static int add_leaf(struct query_read *r, const struct pred *p, size_t at, struct pred **ret)
{
    struct pred *k = ARENA_NEW(r->a, struct pred, 1);
    struct pred_prog *prog = NULL;
    struct err err = {0};
    if (k == NULL)
        return query_read_full(r);
    *k = *p;
    int rc = pred_compile(k, &r->check, &prog, &err);
    pred_free(prog);
    arena_reset(&r->check);
    if (rc != 0) {
        err.at = at + (p->kind == PRED_REGEX ? err.at : 0);
        if (r->err != NULL)
            *r->err = err;
        return -1;
    }
    *ret = k;
    return 0;
}

static struct str put_time(struct query_read *r, int64_t ns)
{
    char text[64];
    struct buf b = {.p = text, .cap = sizeof(text), .max = sizeof(text)};
    when_put_rfc3339(&b, ns);
    return arena_str(r->a, buf_str(&b));
}

/* What a person means by a time: an instant (from == to), or a day [from, to). */
struct moment {
    int64_t from, to;
};

static int read_moment(struct query_read *r, struct str s, size_t at, struct moment *ret)
{
    struct moment m;
    s = str_trim(s);
    if (when_parse_human(s, r->now_ns, WHEN_VN_OFFSET_S, &m.from, r->err) != 0) {
        if (r->err != NULL)
            r->err->at = at;
        return -1;
    }
    bool is_day =
        str_eq(s, S("today")) || str_eq(s, S("yesterday")) || (s.n == 10 && (s.p[4] == '-' || s.p[2] == '/'));
    if (!is_day)
        m.to = m.from;
    else if (__builtin_add_overflow(m.from, WHEN_DAY_NS, &m.to))
        return query_read_fail(r, at, "the time is outside the years 1677 to 2262");
    *ret = m;
    return 0;
}

/* The ends of a range over time become instants: a day as an upper end that belongs to the range is whole. */
static int fix_time_range(struct query_read *r, struct pred *p, size_t at)
{
    struct moment m;
    if (!p->low_open) {
        if (read_moment(r, p->low, at, &m) != 0)
            return -1;
        bool behind = !p->low_incl && m.to > m.from;
        p->low = put_time(r, behind ? m.to : m.from);
        p->low_incl |= behind;
    }
    if (!p->high_open) {
        if (read_moment(r, p->high, at, &m) != 0)
            return -1;
        bool behind = p->high_incl && m.to > m.from;
        p->high = put_time(r, behind ? m.to : m.from);
        p->high_incl &= !behind;
    }
    return (!p->low_open && p->low.p == NULL) || (!p->high_open && p->high.p == NULL) ? query_read_full(r)
                                                                                      : 0;
}

static int add_range(struct query_read *r, struct pred *p, size_t at, struct pred **ret)
{
    if (p->low_open && p->high_open) {
        *p = (struct pred){.kind = PRED_EXISTS, .field = p->field};
    } else {
        p->kind = PRED_RANGE;
        p->low_incl &= !p->low_open;
        p->high_incl &= !p->high_open;
        if (p->field.id == PRED_FIELD_TIME && fix_time_range(r, p, at) != 0)
            return -1;
    }
    return add_leaf(r, p, at, ret);
}

static int add_eq(struct query_read *r, const struct pred_field *f, struct str text, size_t at,
                  struct pred **ret)
{
    struct pred p = {.kind = PRED_EQ, .field = *f, .text = text};
    struct moment m;
    if (f->id != PRED_FIELD_TIME)
        return add_leaf(r, &p, at, ret);
    if (read_moment(r, text, at, &m) != 0)
        return -1;
    if (m.to > m.from) {
        p = (struct pred){.kind = PRED_RANGE, .field = *f, .low = text, .high = text};
        p.low_incl = p.high_incl = true;
        return add_range(r, &p, at, ret);
    }
    p.text = put_time(r, m.from);
    return p.text.p == NULL ? query_read_full(r) : add_leaf(r, &p, at, ret);
}

static int read_operand(struct query_read *r, struct str *ret)
{
    struct query_bare b;
    if (query_read_peek(r) == '"')
        return query_read_quoted(r, ret);
    size_t at = r->at;
    if (query_read_bare(r, &b) != 0)
        return -1;
    if (b.raw.n == 0)
        return query_read_fail(r, at, "a value is missing behind the comparison");
    *ret = b.text;
    return 0;
}

static int read_comparison(struct query_read *r, const struct pred_field *f, struct pred **ret)
{
    struct pred p = {.field = *f};
    bool greater = r->in.p[r->at++] == '>', incl = query_read_peek(r) == '=';
    r->at += incl;
    size_t at = r->at;
    if (read_operand(r, greater ? &p.low : &p.high) != 0)
        return -1;
    p.low_open = !greater;
    p.high_open = greater;
    p.low_incl = p.high_incl = incl;
    return add_range(r, &p, at, ret);
}

/* True at " TO " or at the bracket that ends the range. */
static bool bound_ends(const struct query_read *r)
{
    int c = query_read_peek(r);
    struct query_read next = *r;
    if (c == -1 || c == ']' || c == '}')
        return true;
    next.at++;
    return ascii_is_space((char)c) && query_read_at_keyword(&next, "TO");
}

static int read_bound(struct query_read *r, struct str *ret, bool *ret_open)
{
    query_read_blanks(r);
    size_t at = r->at;
    *ret_open = false;
    if (query_read_peek(r) == '"') {
        if (query_read_quoted(r, ret) != 0)
            return -1;
        query_read_blanks(r);
        return 0;
    }
    bool nothing = query_read_at_keyword(r, "TO");
    while (!nothing && !bound_ends(r))
        r->at++;
    struct str s = str_trim(str_sub(r->in, at, r->at - at));
    if (s.n == 0)
        return query_read_fail(r, at, "an end of the range is missing: write [1 TO 9], or * for no end");
    *ret_open = str_eq(s, S("*"));
    *ret = arena_str(r->a, s);
    query_read_blanks(r);
    return ret->p == NULL ? query_read_full(r) : 0;
}

static int read_range(struct query_read *r, const struct pred_field *f, struct pred **ret)
{
    struct pred p = {.field = *f};
    size_t open = r->at;
    p.low_incl = r->in.p[r->at++] == '[';
    query_read_blanks(r);
    size_t at = r->at;
    if (read_bound(r, &p.low, &p.low_open) != 0)
        return -1;
    if (!query_read_keyword(r, "TO"))
        return query_read_fail(r, r->at, "TO is missing: write [1 TO 9]");
    if (read_bound(r, &p.high, &p.high_open) != 0)
        return -1;
    int end = query_read_peek(r);
    if (end == -1)
        return query_read_fail(r, open, "the range that opens here is never closed with ] or }");
    if (end != ']' && end != '}')
        return query_read_fail(r, r->at, "] or } is missing at the end of the range");
    p.high_incl = end == ']';
    r->at++;
    if (p.low_open)
        p.low = (struct str){NULL, 0};
    if (p.high_open)
        p.high = (struct str){NULL, 0};
    return add_range(r, &p, at, ret);
}

/*
 * Offset behind the '/' that closes an expression, 0 where this is no expression but a path: the first '/'
 * without '\' must be followed by a blank, a bracket, '|' or the end.
 */
static size_t regex_end(const struct query_read *r)
{
    for (size_t i = r->at + 1; i < r->in.n; i++) {
        if (r->in.p[i] == '\\') {
            i++;
        } else if (r->in.p[i] == '/') {
            bool end =
                i + 1 == r->in.n || ascii_is_space(r->in.p[i + 1]) || memchr(")|", r->in.p[i + 1], 2) != NULL;
            return end ? i + 1 : 0;
        }
    }
    return 0;
}

static int read_regex(struct query_read *r, const struct pred_field *f, size_t end, struct pred **ret)
{
    struct pred p = {.kind = PRED_REGEX, .field = *f};
    size_t at = r->at + 1, n = 0;
    char *out = ARENA_NEW(r->a, char, end - at);
    if (out == NULL)
        return query_read_full(r);
    if (end - 1 == at)
        return query_read_fail(r, at, "the regular expression is empty");
    for (size_t i = at; i < end - 1; i++) {
        bool pair = r->in.p[i] == '\\' && i + 1 < end - 1;
        if (pair && r->in.p[i + 1] != '/')
            out[n++] = r->in.p[i];
        i += pair;
        out[n++] = r->in.p[i];
    }
    p.text = (struct str){out, n};
    r->at = end;
    return add_leaf(r, &p, at, ret);
}

static bool all_stars(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '*')
            return false;
    }
    return s.n > 0;
}

static int read_bare_value(struct query_read *r, const struct pred_field *f, struct pred **ret)
{
    struct query_bare b;
    struct addr net;
    unsigned bits;
    size_t at = r->at;
    if (query_read_bare(r, &b) != 0)
        return -1;
    struct pred p = {.kind = PRED_EXISTS, .field = *f};
    if (all_stars(b.raw))
        return add_leaf(r, &p, at, ret);
    if (b.has_star || b.has_any) {
        if (f->id == PRED_FIELD_TIME)
            return query_read_fail(r, at, "a time has no wildcards: write @timestamp:2026-11-22 or a range");
        p.kind = PRED_WILD;
        p.text = b.wild;
        return add_leaf(r, &p, at, ret);
    }
    if (addr_parse_net(b.text, &net, &bits)) {
        p.kind = PRED_CIDR;
        p.text = b.text;
        return add_leaf(r, &p, at, ret);
    }
    bool is_address = f->id > FIELD_OTHER && f->id < FIELD_COUNT && field_row(f->id)->type == FIELD_IP;
    if (is_address && str_find_char(b.text, '/') != SIZE_MAX)
        return query_read_fail(r, at, "this is no network: write 10.0.0.0/8 or 2001:db8::/32");
    return add_eq(r, f, b.text, at, ret);
}

int query_value_read(struct query_read *r, const struct pred_field *f, struct pred **ret)
{
    int c = query_read_peek(r);
    size_t at = r->at, end = c == '/' ? regex_end(r) : 0;
    struct str text;
    if (c == -1 || ascii_is_space((char)c) || c == ')' || c == '|')
        return query_read_fail(r, at,
                               "a value is missing behind '%.*s:' (\"\" is the empty text, * any value)",
                               (int)(f->name.n > 60 ? 60 : f->name.n), f->name.p);
    if (c == '"')
        return query_read_quoted(r, &text) != 0 ? -1 : add_eq(r, f, text, at, ret);
    if (c == '[' || c == '{')
        return read_range(r, f, ret);
    if (c == '>' || c == '<')
        return read_comparison(r, f, ret);
    if (end != 0)
        return read_regex(r, f, end, ret);
    return read_bare_value(r, f, ret);
}
