#include "query/query_read.h"

#include <stdarg.h>
#include <stdio.h>

int query_read_fail(struct query_read *r, size_t at, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (r->err != NULL)
        r->err->at = at;
    return err_set(r->err, ERR_PARSE, "%s", text);
}

int query_read_full(struct query_read *r)
{
    return err_set(r->err, ERR_NOMEM, "the query needs more memory than it may have");
}

int query_read_peek(const struct query_read *r)
{
    return r->at < r->in.n ? (unsigned char)r->in.p[r->at] : -1;
}

void query_read_blanks(struct query_read *r)
{
    while (r->at < r->in.n && ascii_is_space(r->in.p[r->at]))
        r->at++;
}

static bool ends_bare(char c)
{
    return ascii_is_space(c) || memchr("()\"|", c, 4) != NULL;
}

bool query_read_at_keyword(const struct query_read *r, const char *word)
{
    struct str rest = str_from(r->in, r->at), w = str_of(word);
    return str_starts(rest, w) && (rest.n == w.n || ends_bare(rest.p[w.n]));
}

bool query_read_keyword(struct query_read *r, const char *word)
{
    if (!query_read_at_keyword(r, word))
        return false;
    r->at += strlen(word);
    query_read_blanks(r);
    return true;
}

bool query_is_escapable(char c)
{
    return c != '\0' && (ascii_is_space(c) || strchr("\"()|\\:*?-<>[]{}/", c) != NULL);
}

int query_read_quoted(struct query_read *r, struct str *ret)
{
    size_t open = r->at, end = open + 1, n = 0;
    while (end < r->in.n && r->in.p[end] != '"')
        end += r->in.p[end] == '\\' ? 2 : 1;
    if (end >= r->in.n)
        return query_read_fail(r, open, "the quote that opens here is never closed");
    char *out = ARENA_NEW(r->a, char, end - open);
    if (out == NULL)
        return query_read_full(r);
    for (size_t i = open + 1; i < end; i++) {
        i += r->in.p[i] == '\\' && memchr("\"\\", r->in.p[i + 1], 2) != NULL;
        out[n++] = r->in.p[i];
    }
    r->at = end + 1;
    *ret = (struct str){out, n};
    return 0;
}

static bool is_escape(const struct query_read *r, size_t at)
{
    return r->in.p[at] == '\\' && at + 1 < r->in.n && query_is_escapable(r->in.p[at + 1]);
}

int query_read_bare(struct query_read *r, struct query_bare *ret)
{
    size_t from = r->at, end = from, n = 0, w = 0;
    while (end < r->in.n && !ends_bare(r->in.p[end]))
        end += is_escape(r, end) ? 2 : 1;
    char *text = ARENA_NEW(r->a, char, end - from + 1), *wild = ARENA_NEW(r->a, char, 2 * (end - from) + 1);
    struct query_bare b = {.raw = str_sub(r->in, from, end - from)};
    if (text == NULL || wild == NULL)
        return query_read_full(r);
    for (size_t i = from; i < end; i++) {
        bool escape = is_escape(r, i);
        i += escape;
        char c = r->in.p[i];
        bool star = c == '*' && !escape, any = c == '?' && !escape;
        b.has_star |= star;
        b.has_any |= any;
        b.has_literal_star |= c == '*' && escape;
        text[n++] = c;
        if (!star && !any && memchr("*?\\", c, 3) != NULL)
            wild[w++] = '\\';
        wild[w++] = c;
    }
    b.text = (struct str){text, n};
    b.wild = (struct str){wild, w};
    r->at = end;
    *ret = b;
    return 0;
}

struct str query_read_name(struct query_read *r)
{
    size_t from = r->at;
    for (; r->at < r->in.n; r->at++) {
        char c = r->in.p[r->at];
        if (!ascii_is_alnum(c) && (unsigned char)c < 0x80 && memchr("._@*-", c, 5) == NULL)
            break;
    }
    return str_sub(r->in, from, r->at - from);
}
