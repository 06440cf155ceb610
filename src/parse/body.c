#include "parse/body.h"

#include "parse/net.h"
#include "parse/parse_stamp.h"
#include "parse/winlog.h"

#define SECONDS_MAX INT64_C(9000000000) /* nanoseconds since 1970 end in the year 2262 */

static const struct {
    struct str starts;
    linux_fn *fn;
} shapes[] = {
    {{"{", 1}, body_json},     {{"@cee:", 5}, body_json},    {{"CEF:", 4}, body_cef},
    {{"LEEF:", 5}, body_leef}, {{"<Event ", 7}, winlog_xml}, {{"<Event>", 7}, winlog_xml},
};

void body_mapped(struct parse_out *out, enum fieldmap_space space, struct str name, struct str value)
{
    if (fieldmap_find(space, name) == FIELD_OTHER)
        fieldmap_named(out, name, value);
    else
        fieldmap_put(out, space, name, value, (struct str){NULL, 0});
}

bool body_time(struct parse_out *out, struct str text)
{
    struct parse_stamp st;
    struct cur c = cur_of(text);
    int64_t seconds, frac = 0;
    struct str whole, part;
    if (text.n == 0)
        return false;
    if (ascii_is_digit(text.p[0]) && str_find_char(text, '-') == SIZE_MAX) {
        (void)str_cut(text, '.', &whole, &part);
        if (!str_to_i64(whole, 0, INT64_C(9000000000000000000), &seconds))
            return false;
        if (whole.n > 10) { /* milli-, micro- or nanoseconds */
            int64_t unit = whole.n <= 13 ? NS_PER_MS : whole.n <= 16 ? NS_PER_US : 1;
            if (whole.n < 13 || seconds > INT64_MAX / unit)
                return false;
            parse_out_time(out, seconds * unit, false);
            return true;
        }
        int64_t scale = NS_PER_S;
        for (size_t i = 0; i < part.n && i < 9 && ascii_is_digit(part.p[i]); i++) {
            scale /= 10;
            frac += (part.p[i] - '0') * scale;
        }
        if (whole.n < 9 || seconds > SECONDS_MAX)
            return false;
        parse_out_time(out, seconds * NS_PER_S + frac, false);
        return true;
    }
    int32_t zone_s = out->hint->zone_known ? out->hint->zone_s : out->ctx->zone_s;
    if (!parse_stamp_read(&c, out->ctx->recv_ns, zone_s, WHEN_DAY_NS, &st) || cur_left(&c) > 0)
        return false;
    parse_out_time(out, st.ns, st.zone_missing);
    return true;
}

struct str body_unescape(struct parse_out *out, struct str s)
{
    char *p = str_find_char(s, '\\') == SIZE_MAX ? NULL : arena_alloc(out->arena, s.n, 1, 1);
    size_t n = 0;
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' && i + 1 < s.n && strchr("\\\"=|]nrt", s.p[i + 1]) != NULL && s.p[i + 1] != '\0') {
            c = s.p[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        }
        p[n++] = c;
    }
    return (struct str){p, n};
}

bool body_any(struct parse_out *out, struct str msg)
{
    while (msg.n > 0 && msg.p[0] == ' ')
        msg = str_from(msg, 1);
    if (msg.n < 3)
        return false;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        if (msg.p[0] == shapes[i].starts.p[0] && str_starts(msg, shapes[i].starts))
            return shapes[i].fn(out, msg);
    }
    return net_any(out, msg) || body_kv(out, msg);
}
