#include "parse/json.h"

#include "base/text.h"

#define LIST_BYTES_MAX 65536u /* text of one list; what is longer is kept as written */

struct reader {
    struct cur c;
    struct json_items *ret;
};

static void blanks(struct cur *c)
{
    while (cur_left(c) > 0 && (c->in.p[c->at] == ' ' || (c->in.p[c->at] >= '\t' && c->in.p[c->at] <= '\r')))
        c->at++;
}

static int hex_of(char c)
{
    char l = ascii_lower(c);
    return ascii_is_digit(c) ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Four hex digits at s[i], or -1. */
static int32_t unit(struct str s, size_t i)
{
    int32_t v = 0;
    if (s.n - i < 4)
        return -1;
    for (size_t k = i; k < i + 4; k++) {
        int h = hex_of(s.p[k]);
        if (h < 0)
            return -1;
        v = v << 4 | h;
    }
    return v;
}

/* The character of "\uXXXX" whose digits stand at *i; a pair of surrogates is one, half a pair U+FFFD. */
static uint32_t code_point(struct str s, size_t *i)
{
    int32_t hi = unit(s, *i);
    if (hi < 0)
        return 0xFFFD;
    *i += 4;
    if (hi < 0xD800 || hi > 0xDFFF)
        return (uint32_t)hi;
    int32_t lo = hi < 0xDC00 && s.n - *i >= 6 && s.p[*i] == '\\' && s.p[*i + 1] == 'u' ? unit(s, *i + 2) : -1;
    if (lo < 0xDC00 || lo > 0xDFFF)
        return 0xFFFD;
    *i += 6;
    return 0x10000 + ((uint32_t)(hi - 0xD800) << 10) + (uint32_t)(lo - 0xDC00);
}

static struct str unescape(struct reader *r, struct str s)
{
    char *p = arena_alloc(r->ret->arena, s.n, 1, 1); /* every escape is at least as long as its character */
    size_t n = 0;
    if (p == NULL) {
        r->ret->dropped = true;
        return s;
    }
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i++];
        if (c != '\\' || i == s.n) {
            p[n++] = c;
            continue;
        }
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        c = s.p[i++];
        const char *at = c == '\0' ? NULL : strchr(from, c);
        if (c == 'u')
            n += text_encode(code_point(s, &i), p + n);
        else
            p[n++] = at == NULL ? c : to[at - from];
    }
    return (struct str){p, n};
}

/* The text between quotes as written; the cursor stands at the opening one. */
static struct str quoted(struct cur *c, bool *ret_escaped)
{
    *ret_escaped = false;
    if (cur_left(c) < 2 || c->in.p[c->at] != '"') {
        c->bad = true;
        return (struct str){NULL, 0};
    }
    const char *from = c->in.p + c->at + 1, *end = c->in.p + c->in.n;
    const char *quote = memchr(from, '"', (size_t)(end - from));
    if (quote != NULL && memchr(from, '\\', (size_t)(quote - from)) != NULL) {
        *ret_escaped = true;
        for (quote = from; quote < end && *quote != '"'; quote++)
            quote += *quote == '\\' && quote + 1 < end;
        if (quote >= end)
            quote = NULL;
    }
    if (quote == NULL) {
        c->bad = true;
        return (struct str){NULL, 0};
    }
    c->at = (size_t)(quote - c->in.p) + 1;
    return (struct str){from, (size_t)(quote - from)};
}

static struct str string(struct reader *r)
{
    bool escaped;
    struct str s = quoted(&r->c, &escaped);
    return escaped ? unescape(r, s) : s;
}

/* A number or a word, up to what ends it. */
static struct str scalar(struct cur *c)
{
    size_t from = c->at;
    while (cur_left(c) > 0 && strchr(",]} \t\r\n\"", c->in.p[c->at]) == NULL)
        c->at++;
    if (c->at == from)
        c->bad = true;
    return c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, c->at - from);
}

/* An object or a list as its text, brackets counted, strings skipped. */
static struct str nested(struct cur *c)
{
    size_t from = c->at, depth = 0;
    bool escaped;
    do {
        int next = cur_peek(c);
        if (next == '"') {
            (void)quoted(c, &escaped);
            continue;
        }
        depth += next == '{' || next == '[';
        depth -= next == '}' || next == ']';
        (void)cur_bytes(c, 1);
    } while (depth > 0 && !c->bad);
    return c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, c->at - from);
}

static struct str join(struct reader *r, struct str prefix, struct str name)
{
    if (prefix.n == 0)
        return name;
    if (prefix.n + 1 + name.n > JSON_NAME_BYTES_MAX)
        return (struct str){NULL, 0};
    char *p = arena_alloc(r->ret->arena, prefix.n + 1 + name.n, 1, 1);
    if (p == NULL)
        return (struct str){NULL, 0};
    memcpy(p, prefix.p, prefix.n);
    p[prefix.n] = '.';
    memcpy(p + prefix.n + 1, name.p, name.n);
    return (struct str){p, prefix.n + 1 + name.n};
}

static void put(struct reader *r, struct str name, struct str value)
{
    if (value.n == 0)
        return;
    if (r->ret->n == JSON_ITEMS_MAX || name.n == 0 || name.n > JSON_NAME_BYTES_MAX)
        r->ret->dropped = true;
    else
        r->ret->item[r->ret->n++] = (struct json_item){name, value};
}

/* A list of scalars as one text. False and the cursor unmoved where it holds an object or a list. */
static bool list_text(struct reader *r, struct str *ret)
{
    struct cur c = r->c, one;
    struct str text = nested(&c), value = {NULL, 0};
    size_t n = 0, parts = 0;
    if (c.bad || text.n > LIST_BYTES_MAX)
        return false;
    char *p = arena_alloc(r->ret->arena, text.n + 1, 2, 1); /* ", " is one byte longer than "," */
    if (p == NULL)
        return false;
    r->c.at++;
    for (blanks(&r->c); cur_peek(&r->c) != ']'; parts++) {
        int next = cur_peek(&r->c);
        one = r->c;
        if (next == '{' || next == '[' || next == -1) {
            r->c.at = c.at - text.n;
            return false;
        }
        value = next == '"' ? string(r) : scalar(&r->c);
        blanks(&r->c);
        if (!cur_skip(&r->c, ',') && cur_peek(&r->c) != ']')
            r->c.bad = true;
        blanks(&r->c);
        if (r->c.bad || r->c.at == one.at)
            return true;
        if (parts > 0) {
            memcpy(p + n, ", ", 2);
            n += 2;
        }
        memcpy(p + n, value.p, value.n);
        n += value.n;
    }
    cur_expect(&r->c, ']');
    *ret = parts == 1 ? value : (struct str){p, n};
    return true;
}

struct level {
    struct str prefix, base; /* base: the name of the list this object is an element of */
    unsigned index;          /* of the element in its list */
    bool list;
};

/* The prefix of element `index` of a list: the first one keeps the name of the list. */
static struct str element_prefix(struct reader *r, struct str base, unsigned index)
{
    char digits[16];
    size_t n = 0;
    if (index == 0)
        return base;
    for (unsigned v = index; v > 0 && n < sizeof(digits); v /= 10)
        digits[sizeof(digits) - ++n] = (char)('0' + v % 10);
    struct str num = arena_str(r->ret->arena, (struct str){digits + sizeof(digits) - n, n});
    return num.p == NULL ? num : join(r, base, num);
}

/* Objects and lists are entered by pushing a level: never by recursion, for the depth comes from outside. */
struct walk {
    struct reader r;
    size_t depth;
    struct level level[JSON_DEPTH_MAX];
};

/* The value under `name` at the cursor. */
static void value(struct walk *w, struct str name)
{
    struct reader *r = &w->r;
    struct str text = {NULL, 0};
    int next = cur_peek(&r->c);
    if (next == '"') {
        put(r, name, string(r));
    } else if (next == '[' || next == '{') {
        if (next == '[' && list_text(r, &text)) {
            put(r, name, text);
        } else if (r->c.bad) {
            return;
        } else if (w->depth == JSON_DEPTH_MAX || name.n == 0) {
            put(r, name, nested(&r->c));
        } else {
            w->level[w->depth++] = (struct level){.prefix = name, .base = name, .list = next == '['};
            r->c.at++;
        }
    } else {
        text = scalar(&r->c);
        if (!str_eq(text, S("null")))
            put(r, name, text);
    }
}

/* One name and value of an object, or its end. */
static void member(struct walk *w)
{
    struct reader *r = &w->r;
    struct level *l = &w->level[w->depth - 1];
    if (cur_skip(&r->c, '}')) {
        w->depth--;
        return;
    }
    struct str key = string(r);
    blanks(&r->c);
    cur_expect(&r->c, ':');
    blanks(&r->c);
    if (!r->c.bad)
        value(w, join(r, l->prefix, key));
}

/* One element of a list that holds objects, or its end. */
static void element(struct walk *w)
{
    struct reader *r = &w->r;
    struct level *l = &w->level[w->depth - 1];
    if (cur_skip(&r->c, ']')) {
        w->depth--;
        return;
    }
    value(w, element_prefix(r, l->base, l->index++));
}

bool json_read(struct str text, struct arena *a, struct json_items *ret)
{
    struct walk w;
    struct cur *c = &w.r.c;
    ret->arena = a;
    ret->n = 0;
    ret->broken = ret->dropped = false;
    ret->rest = (struct str){NULL, 0};
    *c = cur_of(text);
    w.r.ret = ret;
    w.depth = 1;
    w.level[0] = (struct level){0};
    if (!cur_skip(c, '{'))
        return false;
    for (blanks(c); cur_peek(c) == '"' || cur_peek(c) == '}' || w.depth > 1;) {
        size_t depth = w.depth, at = c->at;
        if (w.level[depth - 1].list)
            element(&w);
        else
            member(&w);
        if (w.depth == 0 || c->bad || c->at == at)
            break;
        blanks(c);
        if (w.depth <= depth && cur_skip(c, ','))
            blanks(c);
    }
    ret->broken = w.depth > 0;
    if (!ret->broken)
        ret->rest = str_from(text, c->at);
    return ret->n > 0 || !ret->broken;
}

struct str json_get(const struct json_items *items, struct str name)
{
    for (size_t i = 0; i < items->n; i++) {
        if (str_eq(items->item[i].name, name))
            return items->item[i].value;
    }
    return (struct str){NULL, 0};
}
