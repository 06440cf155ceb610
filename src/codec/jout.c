#include "codec/jout.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/when.h"

void jout_init(struct jout *j, struct buf *b)
{
    *j = (struct jout){.b = b, .first = {true}};
}

static void before_value(struct jout *j)
{
    if (!j->after_key && !j->first[j->depth])
        buf_put_char(j->b, ',');
    j->first[j->depth] = false;
    j->after_key = false;
}

static void open_level(struct jout *j, char c)
{
    before_value(j);
    assert(j->depth < JOUT_DEPTH_MAX);
    buf_put_char(j->b, c);
    j->first[++j->depth] = true;
}

static void close_level(struct jout *j, char c)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    buf_put_char(j->b, c);
}

void jout_obj(struct jout *j)
{
    open_level(j, '{');
}
void jout_obj_end(struct jout *j)
{
    close_level(j, '}');
}
void jout_arr(struct jout *j)
{
    open_level(j, '[');
}
void jout_arr_end(struct jout *j)
{
    close_level(j, ']');
}

/* Bytes that may stand in a JSON string as they are. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c < 0x7f;
}

static void put_escaped(struct jout *j, uint32_t cp)
{
    static const char names[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    if (cp < sizeof(names) && names[cp] != 0) {
        buf_put_char(j->b, '\\');
        buf_put_char(j->b, names[cp]);
    } else if (cp < 0x20 || cp == 0x7f || cp == 0x2028 || cp == 0x2029) {
        buf_printf(j->b, "\\u%04x", (unsigned)cp);
    } else {
        text_put_utf8(j->b, cp);
    }
}

static void put_string(struct jout *j, struct str s)
{
    buf_put_char(j->b, '"');
    for (size_t i = 0; i < s.n;) {
        size_t k = i, len;
        while (k < s.n && is_plain((unsigned char)s.p[k]))
            k++;
        buf_put(j->b, str_sub(s, i, k - i));
        i = k;
        if (i < s.n) {
            put_escaped(j, text_decode(str_from(s, i), &len));
            i += len;
        }
    }
    buf_put_char(j->b, '"');
}

void jout_key(struct jout *j, struct str key)
{
    assert(!j->after_key && j->depth > 0);
    before_value(j);
    put_string(j, key);
    buf_put_char(j->b, ':');
    j->after_key = true;
}

void jout_str(struct jout *j, struct str s)
{
    if (s.p == NULL) {
        jout_null(j);
        return;
    }
    before_value(j);
    put_string(j, s);
}

void jout_i64(struct jout *j, int64_t v)
{
    before_value(j);
    buf_printf(j->b, "%lld", (long long)v);
}

void jout_u64(struct jout *j, uint64_t v)
{
    before_value(j);
    buf_printf(j->b, "%llu", (unsigned long long)v);
}

void jout_double(struct jout *j, double v)
{
    if (!isfinite(v)) {
        jout_null(j);
        return;
    }
    before_value(j);
    buf_printf(j->b, "%.15g", v);
}

void jout_bool(struct jout *j, bool v)
{
    before_value(j);
    buf_put(j->b, v ? S("true") : S("false"));
}

void jout_null(struct jout *j)
{
    before_value(j);
    buf_put(j->b, S("null"));
}

void jout_time(struct jout *j, int64_t ns)
{
    if (ns == 0) {
        jout_null(j);
        return;
    }
    before_value(j);
    buf_put_char(j->b, '"');
    when_put_rfc3339(j->b, ns);
    buf_put_char(j->b, '"');
}

void jout_raw(struct jout *j, struct str json)
{
    before_value(j);
    buf_put(j->b, json);
}

void jout_members(struct jout *j, struct str members)
{
    assert(j->depth > 0 && !j->after_key);
    if (members.n > 0)
        jout_raw(j, members);
}

void jout_vi_en(struct jout *j, struct str vi, struct str en)
{
    jout_obj(j);
    JOUT_STR(j, "vi", vi);
    JOUT_STR(j, "en", en);
    jout_obj_end(j);
}
