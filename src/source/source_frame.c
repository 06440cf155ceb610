#include "source/source_frame.h"

#define COUNT_DIGITS_MAX 9u /* octet counts up to 999,999,999; the line limit is far below */

static bool is_end(char c)
{
    return c == '\n' || c == '\r' || c == '\0';
}

static struct str trim_end(struct str s)
{
    while (s.n > 0 && is_end(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Length of "123 " at the start: 0 none, SIZE_MAX more bytes are needed. */
static size_t count_length(struct str in, size_t *ret_count)
{
    size_t i = 0, v = 0;
    for (; i < in.n && ascii_is_digit(in.p[i]) && i <= COUNT_DIGITS_MAX; i++)
        v = v * 10 + (size_t)(in.p[i] - '0');
    if (i > COUNT_DIGITS_MAX || (in.n > 0 && in.p[0] == '0'))
        return 0;
    if (i == in.n)
        return SIZE_MAX;
    if (i == 0 || in.p[i] != ' ')
        return 0;
    *ret_count = v;
    return i + 1;
}

/* Octet counting if a count and then '<' stand there, for a line of text may begin with a number too. */
static bool find_mode(struct source_frame *f, struct str in, bool final)
{
    size_t count, n = count_length(in, &count);
    if (!final && (n == SIZE_MAX || (n > 0 && n == in.n)))
        return false;
    f->mode = n != 0 && n < in.n && in.p[n] == '<' ? FRAME_OCTETS : FRAME_LF;
    return true;
}

/* A NUL ends a line where a new message or the line end follows: some senders end with NUL alone. */
static size_t find_nul(struct str in, size_t from, size_t to)
{
    for (size_t at = from; at < to;) {
        const char *nul = memchr(in.p + at, '\0', to - at);
        if (nul == NULL)
            return SIZE_MAX;
        at = (size_t)(nul - in.p) + 1;
        if (at < in.n && in.p[at] == '<')
            return at - 1;
    }
    return SIZE_MAX;
}

static size_t cut_lf(struct source_frame *f, struct str in, size_t line_max, bool final,
                     struct source_frame_line *ret)
{
    size_t limit = in.n < line_max ? in.n : line_max;
    size_t from = f->scanned < limit ? f->scanned : limit;
    const char *lf = from == limit ? NULL : memchr(in.p + from, '\n', limit - from);
    size_t end = lf == NULL ? limit : (size_t)(lf - in.p);
    /* The byte before `from` may be a NUL whose follower was not there yet. */
    size_t nul = find_nul(in, from > 0 ? from - 1 : 0, end);
    if (nul != SIZE_MAX)
        end = nul;
    bool whole = lf != NULL || nul != SIZE_MAX;
    if (!whole && in.n <= line_max && !final) {
        /* A line of exactly line_max bytes is whole if its end comes next. */
        f->scanned = in.n;
        return 0;
    }
    if (!whole && in.n > line_max && is_end(in.p[line_max]) && in.p[line_max] == '\n')
        whole = true;
    f->scanned = 0;
    ret->part = f->in_part || (!whole && in.n > line_max);
    f->in_part = !whole && in.n > line_max;
    ret->text = str_sub(in, 0, end);
    if (!f->in_part)
        ret->text = trim_end(ret->text);
    return end + (whole && end < in.n ? 1 : 0);
}

static size_t cut_octets(struct source_frame *f, struct str in, size_t line_max, bool final,
                         struct source_frame_line *ret)
{
    if (f->left > in.n && in.n < line_max && !final)
        return 0;
    size_t n = f->left < line_max ? f->left : line_max;
    bool torn = n > in.n; /* the stream ended inside the message */
    if (torn)
        n = in.n;
    f->left -= n;
    ret->part = f->in_part || f->left > 0;
    f->in_part = f->left > 0 && !torn;
    f->counted = f->in_part;
    ret->text = str_sub(in, 0, n);
    if (!f->in_part)
        ret->text = trim_end(ret->text);
    return n;
}

size_t source_frame_cut(struct source_frame *f, struct str in, size_t line_max, bool final,
                        struct source_frame_line *ret)
{
    size_t skip = 0, count = 0;
    assert(line_max > 0);
    *ret = (struct source_frame_line){.text = {in.p, 0}};
    if (in.n == 0)
        return 0;
    bool between = !f->in_part && !f->counted && f->scanned == 0;
    while (between && skip < in.n && is_end(in.p[skip]))
        skip++;
    if (skip > 0)
        return skip;
    if (f->mode == FRAME_UNKNOWN && !find_mode(f, in, final))
        return 0;
    if (f->mode == FRAME_OCTETS && !f->counted) {
        size_t n = count_length(in, &count);
        if (n == SIZE_MAX && !final)
            return 0;
        if (n != 0 && n != SIZE_MAX && count > 0) {
            f->counted = true;
            f->left = count;
            return n;
        }
        f->bad++; /* lost count: what stands there is given by lines from now on */
        f->mode = FRAME_LF;
    }
    return f->mode == FRAME_LF ? cut_lf(f, in, line_max, final, ret)
                               : cut_octets(f, in, line_max, final, ret);
}
