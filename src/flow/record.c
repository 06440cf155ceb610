#include "flow/record.h"

#include <stdlib.h>

#define LINES_MAX 4096u /* lines of one record */

struct record {
    struct lines *lines;
    struct buf open; /* the record that is being joined */
    uint8_t flags;   /* of the open record */
    bool has_open, ended;
    struct buf done; /* the record that was given out */
};

int record_new(struct lines *l, struct record **ret, struct err *err)
{
    struct record *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, ERR_NOMEM, "records of a file");
    r->lines = l;
    buf_init(&r->open, EVENT_RAW_BYTES_MAX + 1);
    buf_init(&r->done, EVENT_RAW_BYTES_MAX + 1);
    *ret = r;
    return 0;
}

void record_free(struct record *r)
{
    if (r == NULL)
        return;
    buf_done(&r->open);
    buf_done(&r->done);
    free(r);
}

static bool is_date(struct str s)
{
    return s.n > 10 && ascii_is_digit(s.p[0]) && ascii_is_digit(s.p[3]) && s.p[4] == '-' && s.p[7] == '-';
}

/* "161209 13:08:33" of old MySQL. */
static bool is_old_date(struct str s)
{
    return s.n > 15 && ascii_is_digit(s.p[0]) && ascii_is_digit(s.p[5]) && s.p[6] == ' ' && s.p[9] == ':';
}

/* "Nov 22 07:59:58" */
static bool is_bsd_date(struct str s)
{
    return s.n > 15 && ascii_is_upper(s.p[0]) && ascii_is_lower(s.p[2]) && s.p[3] == ' ' && s.p[9] == ':' &&
           s.p[12] == ':';
}

static bool starts_record(struct str s)
{
    return s.n == 0 || ascii_is_digit(s.p[0]) || strchr("<{[#", s.p[0]) != NULL || is_bsd_date(s) ||
           str_starts(s, S("type=")) || str_starts(s, S("node=")) || str_starts(s, S("CEF:")) ||
           str_starts(s, S("LEEF:"));
}

static struct str last_line(struct str s)
{
    const char *lf = s.n == 0 ? NULL : memrchr(s.p, '\n', s.n);
    return lf == NULL ? s : str_from(s, (size_t)(lf - s.p) + 1);
}

/* Quotes of a csvlog record are even when it is whole. */
static bool quote_open(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '"';
    return n % 2 != 0;
}

static bool braces_open(struct str s)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' && quoted)
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return depth > 0 || quoted;
}

bool record_joins(struct str open, struct str line)
{
    struct str last = last_line(open);
    if (open.n == 0 || line.n == 0)
        return false;
    if (str_starts(open, S("<Event")) || str_starts(open, S("<?xml")))
        return str_find(open, S("</Event>")) == SIZE_MAX && !str_starts(line, S("<Event>")) &&
               !str_starts(line, S("<Event "));
    if (open.p[0] == '{')
        return line.p[0] != '{' && braces_open(open);
    if (is_date(open) && str_find(open, S(",\"")) != SIZE_MAX && quote_open(open))
        return true;
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return true;
    if (str_starts(line, S("Caused by: ")) || str_starts(line, S("Traceback (most recent call last):")))
        return true;
    if ((last.p[0] == ' ' || last.p[0] == '\t') &&
        str_find(open, S("Traceback (most recent call last):")) != SIZE_MAX)
        return !starts_record(line);
    return (is_date(open) || is_old_date(open)) && !starts_record(line);
}

static int give(struct record *r, struct str *ret, uint8_t *ret_flags)
{
    buf_clear(&r->done);
    buf_put(&r->done, buf_str(&r->open));
    buf_clear(&r->open);
    r->has_open = false;
    *ret = buf_str(&r->done);
    *ret_flags = r->flags;
    return 0;
}

static void open_with(struct record *r, struct str line, uint8_t flags)
{
    buf_clear(&r->open);
    buf_put(&r->open, line);
    r->flags = flags;
    r->has_open = true;
}

int record_next(struct record *r, struct str *ret, uint8_t *ret_flags, struct err *err)
{
    struct str line;
    uint8_t flags = 0;
    int rc = 0;
    for (size_t n = 0; !r->ended && (rc = lines_next(r->lines, &line, &flags, err)) == 0; n++) {
        if (!r->has_open) {
            open_with(r, line, flags);
            continue;
        }
        bool fits =
            r->open.n + 1 + line.n <= EVENT_RAW_BYTES_MAX && n < LINES_MAX && r->flags == 0 && flags == 0;
        if (fits && record_joins(buf_str(&r->open), line)) {
            buf_put_char(&r->open, '\n');
            buf_put(&r->open, line);
            continue;
        }
        (void)give(r, ret, ret_flags);
        open_with(r, line, flags);
        return r->open.bad || r->done.bad ? err_set(err, ERR_NOMEM, "a record of the file") : 0;
    }
    if (rc < 0)
        return -1;
    r->ended = true;
    return r->has_open ? give(r, ret, ret_flags) : 1;
}
