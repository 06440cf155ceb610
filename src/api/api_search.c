/*
 * Searches that people saved for themselves.
 */
#include "api/api_handlers.h"
#include "register/register_search.h"

int api_search_list(struct api_ctx *c, struct err *err)
{
    struct register_search_list list;
    struct jout *j = &c->j;
    if (register_search_list(c->api->reg, &c->mem, c->person.id, &list, err) != 0)
        return -1;
    jout_obj(j);
    jout_key(j, S("items"));
    jout_arr(j);
    for (size_t i = 0; i < list.n; i++) {
        const struct register_search *s = &list.items[i];
        jout_obj(j);
        JOUT_I64(j, "id", s->id);
        JOUT_STR(j, "name", s->name);
        JOUT_STR(j, "q", s->query);
        JOUT_STR(j, "from", s->from);
        JOUT_STR(j, "to", s->to);
        JOUT_TIME(j, "created", s->created_ns);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    jout_obj_end(j);
    return api_ctx_ok(c, 200);
}

int api_search_save(struct api_ctx *c, struct err *err)
{
    struct register_search s = {.name = str_trim(api_ctx_text(c, "name")),
                                .query = api_ctx_text(c, "q"),
                                .from = api_ctx_text(c, "from"),
                                .to = api_ctx_text(c, "to")};
    int64_t id;
    if (s.name.n == 0)
        return api_ctx_bad_field(c, "name", S("a name is needed"));
    if (register_search_put(c->api->reg, &c->by, &s, &id, err) != 0)
        return -1;
    api_ctx_changed(c);
    jout_obj(&c->j);
    JOUT_I64(&c->j, "id", id);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 201);
}

int api_search_remove(struct api_ctx *c, struct err *err)
{
    if (register_search_remove(c->api->reg, &c->by, c->id, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_empty(c);
}
