#include "flow/event_json.h"

#include <stdio.h>

#include "base/text.h"

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct jout *j, struct str s)
{
    struct buf b;
    buf_init(&b, EVENT_RAW_BYTES_MAX * 2);
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i < 3 ? s.n - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < left ? (unsigned char)s.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_put_char(&b, k > left ? '=' : b64[v >> (18 - 6 * k) & 63]);
    }
    jout_str(j, buf_str(&b));
    buf_done(&b);
}

static struct str field_name(const struct event_field *f)
{
    return f->id == FIELD_OTHER ? f->name : field_row(f->id)->name;
}

/* Numbers of LONG fields are written as numbers, so that programs can calculate with them. */
static void put_value(struct jout *j, const struct event_field *f)
{
    int64_t v;
    if (f->id != FIELD_OTHER && field_row(f->id)->type == FIELD_LONG &&
        str_to_i64(f->value, INT64_MIN, INT64_MAX, &v))
        jout_i64(j, v);
    else
        jout_str(j, f->value.p == NULL ? S("") : f->value);
}

/* A clock that was never set says 1970, and that is shown; jout_time would take 0 for no time. */
static void put_stamp(struct jout *j, int64_t ns)
{
    jout_key(j, S("@timestamp"));
    if (ns == 0)
        jout_str(j, S("1970-01-01T00:00:00Z"));
    else
        jout_time(j, ns);
}

static void put_id(struct jout *j, uint64_t id)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    jout_str(j, (struct str){text, n < 0 ? 0 : (size_t)n});
}

void event_json_put(struct jout *j, const struct event *e, struct str source_name, struct str sentence_vi,
                    struct str sentence_en)
{
    jout_obj(j);
    jout_key(j, S("id"));
    put_id(j, e->id);
    put_stamp(j, e->time_ns);
    JOUT_TIME(j, "received", e->recv_ns);
    jout_key(j, S("source"));
    jout_obj(j);
    JOUT_U64(j, "id", e->source);
    JOUT_STR(j, "name", source_name.p == NULL ? S("") : source_name);
    jout_obj_end(j);
    JOUT_STR(j, "severity", event_severity_name(e->severity));
    JOUT_STR(j, "message", e->message.p == NULL ? S("") : e->message);
    JOUT_STR(j, "raw", e->raw.p == NULL ? S("") : e->raw);
    if (!text_is_utf8(e->raw)) {
        jout_key(j, S("raw_base64"));
        put_base64(j, e->raw);
    }
    jout_key(j, S("sentence"));
    if (sentence_vi.n > 0)
        jout_vi_en(j, sentence_vi, sentence_en);
    else
        jout_null(j);
    JOUT_BOOL(j, "malformed", (e->flags & EVENT_MALFORMED) != 0);
    jout_key(j, S("fields"));
    jout_obj(j);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        jout_key(j, field_name(&e->fields[i]));
        put_value(j, &e->fields[i]);
    }
    jout_obj_end(j);
    jout_obj_end(j);
}

void event_json_put_flat(struct jout *j, const struct event *e, struct str source_name)
{
    jout_obj(j);
    put_stamp(j, e->time_ns);
    if (e->id != 0) {
        if (event_get(e, FIELD_EVENT_ID).p == NULL) {
            jout_key(j, S("event.id"));
            put_id(j, e->id);
        }
        JOUT_TIME(j, "event.ingested", e->recv_ns);
    }
    /* What the line itself says under these names stands among its fields: no key comes twice. */
    if (source_name.n > 0 && event_get(e, FIELD_OBSERVER_NAME).p == NULL)
        JOUT_STR(j, "observer.name", source_name);
    if (event_get(e, FIELD_LOG_LEVEL).p == NULL)
        JOUT_STR(j, "log.level", event_severity_name(e->severity));
    JOUT_STR(j, "message", e->message.p == NULL ? S("") : e->message);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        jout_key(j, field_name(&e->fields[i]));
        put_value(j, &e->fields[i]);
    }
    if ((e->flags & EVENT_MALFORMED) != 0)
        JOUT_BOOL(j, "khien.malformed", true);
    JOUT_STR(j, "event.original", e->raw.p == NULL ? S("") : e->raw);
    if (!text_is_utf8(e->raw)) {
        jout_key(j, S("khien.original_base64"));
        put_base64(j, e->raw);
    }
    jout_obj_end(j);
}
