#include "parse/body.h"
#include "parse/net.h"

#define KEY_BYTES_MAX 64u
#define PAIRS_MIN 3u /* fewer pairs are a sentence that holds a '=' */

static bool key_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '@' || c == '/';
}

static bool ends_value(char c, const char *ends)
{
    return c == ' ' || c == '\t' || (c != '\0' && strchr(ends, c) != NULL);
}

/* A value in quotes; a backslash keeps the byte behind it. */
static bool quoted(struct cur *c, struct body_pair *ret)
{
    char quote = c->in.p[c->at++];
    size_t from = c->at;
    for (; cur_left(c) > 0 && c->in.p[c->at] != quote; c->at++) {
        if (c->in.p[c->at] == '\\' && cur_left(c) > 1) {
            ret->escaped = true;
            c->at++;
        }
    }
    ret->value = str_sub(c->in, from, c->at - from);
    return cur_skip(c, quote);
}

bool body_next_pair(struct cur *c, const char *ends, struct body_pair *ret)
{
    *ret = (struct body_pair){0};
    while (cur_left(c) > 0 && ends_value(c->in.p[c->at], ends))
        c->at++;
    size_t from = c->at;
    while (cur_left(c) > 0 && key_char(c->in.p[c->at]) && c->at - from < KEY_BYTES_MAX)
        c->at++;
    ret->key = str_sub(c->in, from, c->at - from);
    if (ret->key.n == 0 || !cur_skip(c, '='))
        return false;
    if (cur_peek(c) == '"')
        return quoted(c, ret);
    from = c->at;
    while (cur_left(c) > 0 && !ends_value(c->in.p[c->at], ends))
        c->at++;
    ret->value = str_sub(c->in, from, c->at - from);
    return true;
}

static bool is_time(struct str key)
{
    return str_eq(key, S("time")) || str_eq(key, S("ts")) || str_eq(key, S("timestamp")) ||
           str_eq(key, S("t"));
}

static void put_pair(struct parse_out *out, const struct body_pair *p)
{
    struct str value = p->escaped ? body_unescape(out, p->value) : p->value;
    if (str_eq(p->key, S("msg")) || str_eq(p->key, S("message")))
        out->e.message = value.n > 0 ? value : out->e.message;
    else if (out->content_done && is_time(p->key) && body_time(out, value))
        return;
    else
        body_mapped(out, MAP_BODY, p->key, value);
}

/* logfmt and its relatives: at least three pairs, and nothing but pairs from the first one on. */
bool body_kv(struct parse_out *out, struct str msg)
{
    struct body_pair pair[PAIRS_MIN];
    struct cur c = cur_of(msg);
    for (size_t i = 0; i < PAIRS_MIN; i++) {
        if (!body_next_pair(&c, ",;", &pair[i]))
            return false;
    }
    for (size_t i = 0; i < PAIRS_MIN; i++)
        put_pair(out, &pair[i]);
    while (out->n < EVENT_FIELDS_MAX && body_next_pair(&c, ",;", &pair[0]))
        put_pair(out, &pair[0]);
    return true;
}

bool body_kv_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return net_fortinet(out, raw) || body_kv(out, raw);
}
