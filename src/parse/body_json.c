#include "parse/body.h"
#include "parse/net.h"

#define DOCKER_DEPTH_MAX 1u /* a container's line holds one line, not another container's */

static body_json_fn *const products[] = {winlog_json, net_suricata_json, net_zeek_json, antivirus_eset};

static const struct str times[] = {
    {"@timestamp", 10}, {"timestamp", 9}, {"time", 4}, {"ts", 2},
    {"eventTime", 9},   {"datetime", 8},  {"date", 4},
};
static const struct str texts[] = {
    {"message", 7}, {"msg", 3}, {"MESSAGE", 7}, {"log", 3}, {"event.original", 14}};

static bool among(struct str name, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, list[i]))
            return true;
    }
    return false;
}

/* A value in its first place only: names are unlike one another, and what is taken as time or message is no
 * field. */
static void put_generic(struct parse_out *out, const struct json_items *items)
{
    bool timed = (out->e.flags & EVENT_NO_TIME) == 0, texted = false;
    for (size_t i = 0; i < items->n && out->n < EVENT_FIELDS_MAX; i++) {
        struct str name = items->item[i].name, value = items->item[i].value;
        if (!timed && among(name, times, COUNT_OF(times)) && body_time(out, value)) {
            timed = true;
        } else if (!texted && among(name, texts, COUNT_OF(texts))) {
            out->e.message = value;
            texted = true;
        } else if (!str_eq(name, S("@timestamp"))) {
            body_mapped(out, MAP_BODY, name, value);
        }
    }
}

bool body_json(struct parse_out *out, struct str msg)
{
    struct json_items items;
    size_t at = str_find_char(msg, '{');
    if (at == SIZE_MAX || at > 8 || !json_read(str_from(msg, at), out->arena, &items))
        return false;
    if (items.broken || items.dropped)
        out->e.flags |= EVENT_MALFORMED;
    for (size_t i = 0; i < COUNT_OF(products); i++) {
        if (products[i](out, &items))
            return true;
    }
    put_generic(out, &items);
    return true;
}

bool body_json_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return body_json(out, raw);
}
