/*
 * Body and query of a request, checked against the lists of the route before a handler sees them.
 */
#include <stdio.h>

#include "api/api_ctx.h"
#include "base/text.h"
#include "base/when.h"

#define STRING_BYTES_DEFAULT 4096

static bool refuse(struct api_ctx *c, const char *field, const char *what)
{
    (void)api_ctx_bad_field(c, field, str_of(what));
    return false;
}

/* A member of an object inside is named "org.name". */
static bool refuse_member(struct api_ctx *c, const char *inside, const char *name, const char *what)
{
    char field[96];
    (void)snprintf(field, sizeof(field), "%s%s%s", inside, inside[0] == '\0' ? "" : ".", name);
    return refuse(c, field, what);
}

/* word is one of "a|b|c". */
static bool is_one_of(struct str word, const char *words)
{
    struct str head, rest = str_of(words);
    bool more;
    do {
        more = str_cut(rest, '|', &head, &rest);
        if (str_eq(head, word))
            return true;
    } while (more);
    return false;
}

/* What is wrong with a text of this form; NULL: nothing. */
static const char *text_fault(const struct api_member *m, struct str s)
{
    int64_t max = m->max == 0 ? STRING_BYTES_DEFAULT : m->max, ns;
    struct err ignored;
    if (s.n > (size_t)max)
        return "too long";
    if (s.n < (size_t)m->min)
        return "too short";
    if (memchr(s.p, '\0', s.n) != NULL || !text_is_utf8(s))
        return "must be text";
    if (m->type == TYPE_WORD && !is_one_of(s, m->words))
        return m->words;
    if (m->type == TYPE_DATE &&
        (s.n != 10 || s.p[4] != '-' || when_parse_human(s, 0, WHEN_VN_OFFSET_S, &ns, &ignored) != 0))
        return "must be a date such as 2026-11-20";
    return NULL;
}

static const char *int_fault(const struct api_member *m, int64_t v)
{
    return (m->min != 0 || m->max != 0) && (v < m->min || v > m->max) ? "out of range" : NULL;
}

static const struct api_member *find_member(const struct api_member *members, struct str name)
{
    for (; members->type != TYPE_END; members++) {
        if (str_eq(name, str_of(members->name)))
            return members;
    }
    return NULL;
}

static const char *scalar_fault(const struct api_member *m, const json_t *v)
{
    if (m->type == TYPE_INT)
        return json_is_integer(v) ? int_fault(m, json_integer_value(v)) : "must be a whole number";
    if (m->type == TYPE_OBJECT)
        return json_is_object(v) ? NULL : "must be an object";
    if (!json_is_string(v))
        return "must be a text";
    return text_fault(m, (struct str){json_string_value(v), json_string_length(v)});
}

/* Members of one object; objects inside are one level deep by construction of the lists. */
static bool check_members(struct api_ctx *c, const struct api_member *members, json_t *body,
                          const char *inside)
{
    const char *key;
    json_t *v;
    json_object_foreach(body, key, v)
    {
        const struct api_member *m = find_member(members, str_of(key));
        if (m == NULL)
            return refuse(c, "body", "has a member that is not known");
        const char *fault = scalar_fault(m, v);
        if (fault != NULL && !(json_is_null(v) && !m->required))
            return refuse_member(c, inside, m->name, fault);
    }
    for (const struct api_member *m = members; m->type != TYPE_END; m++) {
        if (m->required && json_object_get(body, m->name) == NULL)
            return refuse_member(c, inside, m->name, "is missing");
    }
    return true;
}

static bool check_body(struct api_ctx *c)
{
    if (!check_members(c, c->route->body, c->body, ""))
        return false;
    for (const struct api_member *m = c->route->body; m->type != TYPE_END; m++) {
        json_t *inner = m->type == TYPE_OBJECT ? json_object_get(c->body, m->name) : NULL;
        if (json_is_object(inner) && !check_members(c, m->members, inner, m->name))
            return false;
    }
    return true;
}

bool api_body_read(struct api_ctx *c)
{
    struct str media, rest;
    json_error_t fault;
    if (c->route->body == NULL)
        return c->req->body.n == 0 || str_eq(c->req->body, S("{}")) || refuse(c, "body", "is not taken here");
    if (c->req->body.n > API_BODY_BYTES_MAX) {
        (void)api_ctx_problem(c, PROBLEM_TOO_LARGE, S("body too large"));
        return false;
    }
    /* A form of another site cannot send this type: one more wall against forged requests. */
    (void)str_cut(c->req->content_type, ';', &media, &rest);
    if (c->req->body.n > 0 && !str_eq_nocase(str_trim(media), S("application/json"))) {
        (void)api_ctx_problem(c, PROBLEM_MEDIA_TYPE, S("send application/json"));
        return false;
    }
    struct str text = c->req->body.n == 0 ? S("{}") : c->req->body;
    c->body = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(c->body))
        return refuse(c, "body", "must be one JSON object without doubled members");
    return check_body(c);
}

/* The text lies in memory of the parser that is ours until the last reference goes. */
static void wipe_text(const json_t *v)
{
    if (json_is_string(v) && json_string_length(v) > 0) {
        char *p;
        const char *text = json_string_value(v);
        memcpy(&p, &text, sizeof(p));
        digest_wipe(p, json_string_length(v));
    }
}

void api_body_wipe(const struct api_member *members, json_t *body)
{
    for (const struct api_member *m = members; m != NULL && body != NULL && m->type != TYPE_END; m++) {
        if (m->secret)
            wipe_text(json_object_get(body, m->name));
        else if (m->type == TYPE_OBJECT)
            api_body_wipe(m->members, json_object_get(body, m->name));
    }
}

static int hex_value(char c)
{
    return ascii_is_digit(c)                                ? c - '0'
           : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10
                                                            : -1;
}

/* Percent-decode into the arena; .p == NULL where it is wrong or memory is used up. */
static struct str decode(struct arena *a, struct str in)
{
    char *out = ARENA_NEW(a, char, in.n + 1);
    size_t n = 0;
    if (out == NULL)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '%') {
            out[n++] = in.p[i] == '+' ? ' ' : in.p[i];
            continue;
        }
        bool whole = in.n - i > 2;
        int high = whole ? hex_value(in.p[i + 1]) : -1, low = whole ? hex_value(in.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return (struct str){NULL, 0};
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    return (struct str){out, n};
}

static const char *param_fault(const struct api_member *m, struct str value)
{
    int64_t v;
    if (m->type != TYPE_INT)
        return text_fault(m, value);
    return str_to_i64(value, INT64_MIN, INT64_MAX, &v) ? int_fault(m, v) : "must be a whole number";
}

static bool read_param(struct api_ctx *c, struct str pair)
{
    static const struct api_member none = {.type = TYPE_END};
    struct str name, value;
    (void)str_cut(pair, '=', &name, &value);
    name = decode(&c->mem, name);
    value = decode(&c->mem, value);
    if (name.p == NULL || value.p == NULL)
        return refuse(c, "query", "is not encoded as it should be");
    const struct api_member *m = find_member(c->route->query == NULL ? &none : c->route->query, name);
    if (m == NULL || c->n_query == API_QUERY_MAX)
        return refuse(c, "query", "has a parameter that is not known");
    const char *fault = value.n == 0 && !m->required ? NULL : param_fault(m, value);
    if (fault != NULL)
        return refuse(c, m->name, fault);
    if (value.n > 0)
        c->query[c->n_query++] = (struct api_param){str_of(m->name), value};
    return true;
}

bool api_body_query(struct api_ctx *c)
{
    struct str pair, rest = c->req->query;
    bool more = rest.n > 0;
    while (more) {
        more = str_cut(rest, '&', &pair, &rest);
        if (pair.n > 0 && !read_param(c, pair))
            return false;
    }
    for (const struct api_member *m = c->route->query; m != NULL && m->type != TYPE_END; m++) {
        if (m->required && api_ctx_query(c, m->name).p == NULL)
            return refuse(c, m->name, "is missing");
    }
    return true;
}
