#include "parse/body.h"
#include "parse/net.h"

#define HEAD_PARTS 7u
#define LABEL_BYTES_MAX 32768u /* each custom key looks for its label: bounds the work on hostile lines */

/* Text up to the next '|' that no backslash precedes; the cursor ends behind it. */
static bool head_part(struct parse_out *out, struct cur *c, struct str *ret)
{
    size_t from = c->at;
    bool escaped = false;
    for (; cur_left(c) > 0 && c->in.p[c->at] != '|'; c->at++) {
        if (c->in.p[c->at] == '\\' && cur_left(c) > 1) {
            escaped = true;
            c->at++;
        }
    }
    *ret = str_sub(c->in, from, c->at - from);
    if (escaped)
        *ret = body_unescape(out, *ret);
    return cur_skip(c, '|');
}

/* Length of a key with its '=' at s[0], or 0: "name=" behind the start or a blank. */
static size_t key_length(struct str s)
{
    size_t n = 0;
    while (n < s.n && (ascii_is_alnum(s.p[n]) || s.p[n] == '_' || s.p[n] == '.' || s.p[n] == '-' ||
                       s.p[n] == '[' || s.p[n] == ']'))
        n++;
    return n > 0 && n < s.n && s.p[n] == '=' ? n + 1 : 0;
}

/* One key and value: a value ends before the last blank in front of the next key. */
static bool next(struct cur *c, struct str *key, struct str *value)
{
    cur_spaces(c);
    struct str rest = str_from(c->in, c->at);
    size_t head = key_length(rest), i = head, end = SIZE_MAX;
    if (head == 0)
        return false;
    for (; i < rest.n; i++) {
        if (rest.p[i] == '\\' && i + 1 < rest.n)
            i++;
        else if (rest.p[i] == ' ' && i + 1 < rest.n && rest.p[i + 1] != ' ' &&
                 key_length(str_from(rest, i + 1)) > 0) {
            end = i;
            break;
        }
    }
    if (end == SIZE_MAX)
        end = rest.n;
    c->at += end;
    while (end > head && rest.p[end - 1] == ' ')
        end--;
    *key = str_sub(rest, 0, head - 1);
    *value = str_sub(rest, head, end - head);
    return true;
}

/* "cs1=x cs1Label=Rule": the label is the name. Pairs that wait for theirs are few: cs1-6, cn1-3, cfp1-4 … */
static struct str label_of(struct str extension, struct str key)
{
    struct str label = S("Label=");
    if (extension.n > LABEL_BYTES_MAX)
        return (struct str){NULL, 0};
    for (size_t from = 0, at; (at = str_find(str_from(extension, from), label)) != SIZE_MAX;) {
        at += from;
        if (at >= key.n && str_eq(str_sub(extension, at - key.n, key.n), key) &&
            (at == key.n || extension.p[at - key.n - 1] == ' ')) {
            struct cur c = cur_of(extension);
            struct str k, v;
            c.at = at - key.n;
            return next(&c, &k, &v) ? v : (struct str){NULL, 0};
        }
        from = at + label.n;
    }
    return (struct str){NULL, 0};
}

static bool custom(struct str key)
{
    return key.n >= 3 && key.n <= 22 && ascii_is_digit(key.p[key.n - 1]) &&
           (str_starts(key, S("cs")) || str_starts(key, S("cn")) || str_starts(key, S("cfp")) ||
            str_starts(key, S("c6a")) || str_starts(key, S("flex")) || str_starts(key, S("device")));
}

static bool is_time(struct str key)
{
    return str_eq(key, S("rt")) || str_eq(key, S("start")) || str_eq(key, S("end"));
}

static void put(struct parse_out *out, struct str extension, struct str key, struct str value)
{
    if (str_find_char(value, '\\') != SIZE_MAX)
        value = body_unescape(out, value);
    if (str_ends(key, S("Label")) || value.n == 0)
        return;
    if (str_eq(key, S("msg"))) {
        out->e.message = value;
    } else if (is_time(key) && (out->e.flags & EVENT_NO_TIME) != 0 && body_time(out, value)) {
        return;
    } else if (custom(key)) {
        struct str label = label_of(extension, key);
        fieldmap_named(out, label.n > 0 && label.n <= 64 ? label : key, value);
    } else {
        body_mapped(out, MAP_CEF, key, value);
    }
}

/* CEF severity: 0 to 10, or a word. */
static void put_severity(struct parse_out *out, struct str text)
{
    uint64_t v;
    parse_out_put(out, FIELD_EVENT_SEVERITY, text);
    if (out->e.facility != EVENT_NO_FACILITY)
        return;
    if (str_to_u64(text, 10, &v))
        out->e.severity = (uint8_t)(v >= 9 ? 2 : v >= 7 ? 3 : v >= 4 ? 4 : 6);
    else
        parse_out_level(out, text);
}

bool body_cef(struct parse_out *out, struct str msg)
{
    struct cur c = cur_of(msg);
    struct str part[HEAD_PARTS], key, value, verdict = {NULL, 0};
    for (size_t i = 0; i < HEAD_PARTS; i++) {
        if (!head_part(out, &c, &part[i]) && i + 1 < HEAD_PARTS)
            return false;
    }
    out->dataset = S("cef");
    parse_out_known(out, out->dataset);
    parse_out_observer(out, part[1], part[2]);
    parse_out_put(out, FIELD_OBSERVER_VERSION, part[3]);
    parse_out_put(out, FIELD_EVENT_CODE, part[4]);
    parse_out_put(out, FIELD_RULE_NAME, part[5]);
    put_severity(out, part[6]);
    out->e.message = part[5].n > 0 ? part[5] : msg;
    struct str extension = str_from(msg, c.at);
    while (out->n < EVENT_FIELDS_MAX && next(&c, &key, &value)) {
        if (str_eq(key, S("act")))
            verdict = value;
        put(out, extension, key, value);
    }
    antivirus_class(out, part[4], part[5]);
    net_traffic(out, verdict);
    return true;
}

bool body_cef_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return str_starts(raw, S("CEF:")) && body_cef(out, raw);
}
