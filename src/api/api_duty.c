#include "api/api_handlers.h"
#include "register/register_duty.h"
#include "register/register_evidence.h"

#define DETAIL_ROWS 100u

int api_duty_list(struct api_ctx *c, struct err *err)
{
    struct api_duty_filter f = {.status = api_ctx_query(c, "status"),
                                .article = api_ctx_query(c, "article"),
                                .chapter = api_ctx_query(c, "chapter"),
                                .kind = api_ctx_query(c, "kind"),
                                .q = api_ctx_query(c, "q")};
    if (c->api->deps->duties(c->api->deps->self, &f, &c->j, err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}

static int write_evidence(struct api_ctx *c, struct err *err)
{
    struct register_evidence_list list;
    struct register_page page = {.limit = DETAIL_ROWS};
    if (register_evidence_list(c->api->reg, &c->mem, c->id_text, (struct str){NULL, 0}, c->now_ns, page,
                               &list, err) != 0)
        return -1;
    jout_key(&c->j, S("evidence"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        api_evidence_write(c, &list.items[i]);
    jout_arr_end(&c->j);
    return 0;
}

static int write_exceptions(struct api_ctx *c, struct err *err)
{
    struct register_exception_list list;
    struct register_page page = {.limit = DETAIL_ROWS};
    if (register_duty_exceptions(c->api->reg, &c->mem, c->id_text, (struct str){NULL, 0}, c->now_ns, page,
                                 &list, err) != 0)
        return -1;
    jout_key(&c->j, S("exceptions"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        api_exception_write(c, &list.items[i]);
    jout_arr_end(&c->j);
    return 0;
}

static int write_history(struct api_ctx *c, struct err *err)
{
    struct register_duty_history list;
    struct register_page page = {.limit = DETAIL_ROWS};
    if (register_duty_history(c->api->reg, &c->mem, c->id_text, page, &list, err) != 0)
        return -1;
    jout_key(&c->j, S("history"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++) {
        jout_obj(&c->j);
        JOUT_TIME(&c->j, "time", list.items[i].at_ns);
        JOUT_STR(&c->j, "status", list.items[i].status);
        jout_key(&c->j, S("reason"));
        jout_raw(&c->j, list.items[i].reason);
        jout_obj_end(&c->j);
    }
    jout_arr_end(&c->j);
    return 0;
}

int api_duty_get(struct api_ctx *c, struct err *err)
{
    bool found;
    jout_obj(&c->j);
    if (c->api->deps->duty(c->api->deps->self, c->id_text, &c->j, &found, err) != 0)
        return -1;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "no such duty");
    if (write_evidence(c, err) != 0 || write_exceptions(c, err) != 0 || write_history(c, err) != 0)
        return -1;
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}
