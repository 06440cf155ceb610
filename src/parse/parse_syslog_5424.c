#include "parse/parse_stamp.h"
#include "parse/parse_syslog.h"

/* Longest texts of RFC 5424 section 6; longer ones are read, but the line counts as malformed. */
#define HOST_BYTES_MAX 255u
#define APP_BYTES_MAX 48u
#define PROC_BYTES_MAX 128u
#define MSGID_BYTES_MAX 32u
#define SD_NAME_BYTES_MAX 32u
#define SD_ELEMENTS_MAX 64u

/* PRINTUSASCII up to a blank; bad where it is empty or holds anything else. '-' is the NILVALUE: empty. */
static struct str word(struct parse_out *out, struct cur *c, size_t bytes_max)
{
    size_t from = c->at;
    while (cur_left(c) > 0 && c->in.p[c->at] > ' ' && c->in.p[c->at] < 127)
        c->at++;
    struct str s = c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, c->at - from);
    if (s.n == 0)
        c->bad = true;
    if (s.n > bytes_max)
        out->e.flags |= EVENT_MALFORMED;
    if (str_eq(s, S("-")))
        s.n = 0;
    return s;
}

static struct str sd_name(struct parse_out *out, struct cur *c)
{
    size_t from = c->at;
    while (cur_left(c) > 0 && c->in.p[c->at] > ' ' && c->in.p[c->at] < 127 && c->in.p[c->at] != '=' &&
           c->in.p[c->at] != ']' && c->in.p[c->at] != '"')
        c->at++;
    struct str s = c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, c->at - from);
    if (s.n == 0)
        c->bad = true;
    if (s.n > SD_NAME_BYTES_MAX)
        out->e.flags |= EVENT_MALFORMED;
    return s;
}

/* PARAM-VALUE between quotes; \" \\ and \] are the only escapes, another backslash stands for itself (6.3.3).
 */
static struct str sd_value(struct cur *c, bool *ret_escaped)
{
    cur_expect(c, '"');
    size_t from = c->at;
    *ret_escaped = false;
    for (; cur_left(c) > 0 && c->in.p[c->at] != '"'; c->at++) {
        if (c->in.p[c->at] == ']')
            c->bad = true;
        if (cur_left(c) > 1 && c->in.p[c->at] == '\\' && strchr("\"\\]", c->in.p[c->at + 1]) != NULL &&
            c->in.p[c->at + 1] != '\0') {
            *ret_escaped = true;
            c->at++;
        }
    }
    size_t end = c->at;
    cur_expect(c, '"');
    return c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, end - from);
}

static struct str unescape(struct parse_out *out, struct str s)
{
    char *p = arena_alloc(out->arena, s.n, 1, 1);
    size_t n = 0;
    if (p == NULL)
        return s; /* the escaped form is better than none */
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\' || s.p[i + 1] == ']'))
            i++;
        p[n++] = s.p[i];
    }
    return (struct str){p, n};
}

static void put_param(struct parse_out *out, struct str id, struct str name, struct str value, bool escaped)
{
    size_t n = 3 + id.n + 1 + name.n;
    if (out->n >= EVENT_FIELDS_MAX || n > UINT16_MAX)
        return;
    char *p = arena_alloc(out->arena, n, 1, 1);
    if (p == NULL)
        return;
    memcpy(p, "sd.", 3);
    memcpy(p + 3, id.p, id.n);
    p[3 + id.n] = '.';
    memcpy(p + 4 + id.n, name.p, name.n);
    parse_out_put_named(out, (struct str){p, n}, escaped ? unescape(out, value) : value);
}

/* One or more "[id name="value" …]". An id that comes twice breaks 6.3.2: read, but malformed. */
static void structured_data(struct parse_out *out, struct cur *c)
{
    struct str ids[SD_ELEMENTS_MAX];
    size_t n = 0, from = c->at;
    while (!c->bad && cur_skip(c, '[')) {
        struct str id = sd_name(out, c);
        for (size_t i = 0; i < n; i++) {
            if (str_eq(ids[i], id))
                out->e.flags |= EVENT_MALFORMED;
        }
        if (n < SD_ELEMENTS_MAX)
            ids[n++] = id;
        while (cur_skip(c, ' ')) {
            bool escaped;
            struct str name = sd_name(out, c);
            cur_expect(c, '=');
            struct str value = sd_value(c, &escaped);
            if (!c->bad)
                put_param(out, id, name, value, escaped);
        }
        cur_expect(c, ']');
    }
    if (!c->bad)
        parse_out_put(out, FIELD_SYSLOG_SD, str_sub(c->in, from, c->at - from));
}

/* RFC 3339 with a capital T and Z and a zone; up to nine decimals, though RFC 5424 ends at six. */
static bool timestamp(struct parse_out *out, struct cur *c)
{
    struct parse_stamp st;
    size_t from = c->at;
    if (cur_peek(c) == '-' && cur_skip(c, '-')) {
        out->e.flags |= EVENT_NO_TIME;
        return true;
    }
    if (cur_left(c) < 20 || c->in.p[from + 10] != 'T' ||
        !parse_stamp_read(c, out->ctx->recv_ns, out->ctx->zone_s, 0, &st) || st.zone_missing)
        return false;
    struct str text = str_sub(c->in, from, c->at - from);
    out->e.time_ns = st.ns;
    return text.n <= sizeof("2003-08-24T05:14:15.000000003-07:00") - 1 &&
           str_find_char(text, ' ') == SIZE_MAX &&
           (text.p[text.n - 1] == 'Z' || ascii_is_digit(text.p[text.n - 1]));
}

bool parse_syslog_5424(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    if (!parse_syslog_pri(out, &c, true) || cur_peek(&c) < '1' || cur_peek(&c) > '9')
        return false;
    (void)cur_dec(&c, 999);
    cur_expect(&c, ' ');
    if (c.bad || !timestamp(out, &c))
        return false;
    cur_expect(&c, ' ');
    parse_syslog_put_host(out, word(out, &c, HOST_BYTES_MAX));
    cur_expect(&c, ' ');
    parse_syslog_put_program(out, word(out, &c, APP_BYTES_MAX));
    cur_expect(&c, ' ');
    parse_syslog_put_pid(out, word(out, &c, PROC_BYTES_MAX));
    cur_expect(&c, ' ');
    parse_out_put(out, FIELD_SYSLOG_MSGID, word(out, &c, MSGID_BYTES_MAX));
    cur_expect(&c, ' ');
    if (cur_peek(&c) == '[')
        structured_data(out, &c);
    else
        cur_expect(&c, '-');
    if (!c.bad && cur_left(&c) > 0)
        cur_expect(&c, ' ');
    if (c.bad)
        return false;
    struct str msg = str_from(raw, c.at);
    if (str_starts(msg, S("\xEF\xBB\xBF")))
        msg = str_from(msg, 3);
    out->e.message = msg;
    return true;
}
