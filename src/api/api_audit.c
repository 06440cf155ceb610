#include "api/api_handlers.h"
#include "register/register_audit.h"

static void write_row(struct jout *j, const struct register_audit *row)
{
    jout_obj(j);
    JOUT_I64(j, "id", row->id);
    JOUT_TIME(j, "time", row->at_ns);
    JOUT_STR(j, "who", row->who);
    JOUT_STR(j, "action", row->action);
    jout_key(j, S("object"));
    jout_obj(j);
    JOUT_STR(j, "kind", row->object_kind);
    JOUT_STR(j, "id", row->object_id);
    jout_obj_end(j);
    JOUT_STR(j, "outcome", row->outcome);
    JOUT_STR(j, "peer", row->peer);
    JOUT_STR(j, "detail", row->detail);
    jout_obj_end(j);
}

int api_audit_get(struct api_ctx *c, struct err *err)
{
    struct register_audit_list list;
    if (register_audit_list(c->api->reg, &c->mem, api_ctx_query(c, "action"), api_ctx_page(c), &list, err) !=
        0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        write_row(&c->j, &list.items[i]);
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}
