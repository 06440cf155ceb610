#include "parse/body.h"
#include "parse/net.h"

/* "|", a character or "x09" / "0x09": the delimiter of LEEF 2.0. */
static char delimiter(struct str s)
{
    unsigned v = 0;
    if (s.n == 1)
        return s.p[0];
    size_t x = str_find_char(s, 'x');
    if (x == SIZE_MAX || s.n - x > 3)
        return '\t';
    for (size_t i = x + 1; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);
        if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
            return '\t';
        v = v << 4 | (unsigned)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return (char)v;
}

static void put(struct parse_out *out, struct str key, struct str value)
{
    if (str_eq(key, S("msg")))
        out->e.message = value.n > 0 ? value : out->e.message;
    else if (!str_eq(key, S("devTime")) || (out->e.flags & EVENT_NO_TIME) == 0 || !body_time(out, value))
        body_mapped(out, MAP_LEEF, key, value);
}

/* "LEEF:1.0|Vendor|Product|Version|EventID|key=value<tab>…"; LEEF 2.0 names its delimiter behind the id. */
bool body_leef(struct parse_out *out, struct str msg)
{
    struct str part[6], rest = msg, item, key, value, verdict = {NULL, 0};
    bool two = str_starts(msg, S("LEEF:2"));
    char sep = '\t';
    for (size_t i = 0; i < 5; i++) {
        if (!str_cut(rest, '|', &part[i], &rest))
            return false;
    }
    struct str behind = rest;
    if (two && str_cut(rest, '|', &part[5], &behind) && part[5].n <= 4) {
        sep = delimiter(part[5]);
        rest = behind;
    }
    out->dataset = S("leef");
    parse_out_known(out, out->dataset);
    parse_out_observer(out, part[1], part[2]);
    parse_out_put(out, FIELD_OBSERVER_VERSION, part[3]);
    parse_out_put(out, FIELD_EVENT_CODE, part[4]);
    /* Senders that were told to use a tab and write something else: the first byte behind a value shows. */
    if (sep == '\t' && str_find_char(rest, '\t') == SIZE_MAX && str_find_char(rest, '^') != SIZE_MAX)
        sep = '^';
    while (out->n < EVENT_FIELDS_MAX && rest.n > 0) {
        (void)str_cut(rest, sep, &item, &rest);
        if (!str_cut(item, '=', &key, &value))
            continue;
        if (str_eq(key, S("action")))
            verdict = value;
        put(out, key, value);
    }
    antivirus_class(out, part[4], part[4]);
    net_traffic(out, verdict);
    return true;
}

bool body_leef_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return str_starts(raw, S("LEEF:")) && body_leef(out, raw);
}
