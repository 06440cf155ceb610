#include "api/api_handlers.h"
#include "register/register_source.h"

static void write_source(struct api_ctx *c, const struct register_source *s)
{
    struct jout *j = &c->j;
    struct api_source_live live = {0};
    if (!c->api->deps->source_live(c->api->deps->self, (uint32_t)s->id, &live))
        live = (struct api_source_live){.silent = true};
    jout_obj(j);
    JOUT_I64(j, "id", s->id);
    JOUT_STR(j, "name", s->name);
    JOUT_STR(j, "kind", s->kind);
    JOUT_STR(j, "address", s->address);
    JOUT_U64(j, "received", live.received);
    JOUT_U64(j, "stored", live.stored);
    JOUT_U64(j, "dropped", live.dropped);
    JOUT_U64(j, "malformed", live.malformed);
    JOUT_TIME(j, "last_seen", live.last_seen_ns);
    JOUT_BOOL(j, "silent", live.silent);
    JOUT_I64(j, "silent_after_s", s->silent_after_s);
    JOUT_U64(j, "rate_1m", live.rate_1m);
    JOUT_STR(j, "dialect", live.dialect);
    JOUT_U64(j, "sequence", live.sequence);
    jout_key(j, S("complete"));
    jout_obj(j);
    JOUT_TIME(j, "from", live.from_ns);
    JOUT_TIME(j, "to", live.to_ns);
    JOUT_U64(j, "gaps", live.gaps);
    JOUT_U64(j, "missing", live.missing);
    jout_obj_end(j);
    jout_obj_end(j);
}

int api_source_list(struct api_ctx *c, struct err *err)
{
    struct register_source_list list;
    if (register_source_list(c->api->reg, &c->mem, api_ctx_page(c), &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        write_source(c, &list.items[i]);
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

int api_source_change(struct api_ctx *c, struct err *err)
{
    struct register_source s;
    bool found;
    int64_t silent_s = json_integer_value(json_object_get(c->body, "silent_after_s"));
    if (register_source_change(c->api->reg, &c->by, c->id, api_ctx_text(c, "name"), silent_s, err) != 0 ||
        register_source_find(c->api->reg, &c->mem, c->id, &s, &found, err) != 0)
        return -1;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "no such source");
    api_ctx_changed(c);
    write_source(c, &s);
    return api_ctx_ok(c, 200);
}
