#include "api/api_handlers.h"
#include "base/when.h"
#include "register/register_duty.h"

void api_exception_write(struct api_ctx *c, const struct register_exception *x)
{
    struct jout *j = &c->j;
    jout_obj(j);
    JOUT_I64(j, "id", x->id);
    JOUT_STR(j, "duty", x->duty);
    JOUT_STR(j, "subject", x->subject);
    JOUT_STR(j, "reason", x->reason);
    jout_key(j, S("until"));
    /* It ends with the last instant of its last day. */
    api_ctx_date(j, x->until_ns - 1);
    JOUT_STR(j, "state", str_eq(x->state, S("expired")) ? S("ended") : x->state);
    JOUT_BOOL(j, "mine", x->by_id == c->person.id);
    JOUT_STR(j, "by", x->by);
    JOUT_TIME(j, "at", x->at_ns);
    JOUT_STR(j, "approved_by", x->approved_by);
    JOUT_TIME(j, "approved_at", x->approved_ns);
    JOUT_STR(j, "note", x->note);
    jout_obj_end(j);
}

int api_exception_list(struct api_ctx *c, struct err *err)
{
    struct register_exception_list list;
    struct str state = api_ctx_query(c, "state");
    if (str_eq(state, S("ended")))
        state = S("expired");
    if (register_duty_exceptions(c->api->reg, &c->mem, api_ctx_query(c, "duty"), state, c->now_ns,
                                 api_ctx_page(c), &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        api_exception_write(c, &list.items[i]);
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

static int find(struct api_ctx *c, int64_t id, struct register_exception *x, struct err *err)
{
    bool found;
    if (register_duty_exception(c->api->reg, &c->mem, id, c->now_ns, x, &found, err) != 0)
        return -1;
    if (!found || x->org != c->person.org)
        return err_set(err, ERR_NOT_FOUND, "no such exception");
    return 0;
}

static int answer(struct api_ctx *c, int64_t id, int status, struct err *err)
{
    struct register_exception x;
    if (find(c, id, &x, err) != 0)
        return -1;
    api_ctx_changed(c);
    api_exception_write(c, &x);
    return api_ctx_ok(c, status);
}

int api_exception_request(struct api_ctx *c, struct err *err)
{
    struct register_exception x = {
        .org = c->person.org, .duty = c->id_text, .reason = api_ctx_text(c, "reason")};
    int64_t id;
    if (!c->api->deps->duty_known(c->api->deps->self, x.duty))
        return err_set(err, ERR_NOT_FOUND, "no such duty");
    if (api_ctx_body_date(c, "until", &x.until_ns, err) != 0 ||
        __builtin_add_overflow(x.until_ns, WHEN_DAY_NS, &x.until_ns))
        return err_set(err, ERR_USAGE, "until: must be a date");
    if (register_duty_except(c->api->reg, &c->by, &x, &id, err) != 0)
        return -1;
    return answer(c, id, 201, err);
}

static int decide(struct api_ctx *c, bool approve, struct err *err)
{
    struct register_exception x;
    if (find(c, c->id, &x, err) != 0)
        return -1;
    if (x.by_id == c->person.id) {
        if (api_ctx_audit(c, str_of(c->route->action), S("exception"), c->id_text, false, S("same_person"),
                          err) != 0)
            return -1;
        return api_ctx_problem(c, PROBLEM_SAME_PERSON, S("another person decides about exceptions"));
    }
    if (register_duty_decide(c->api->reg, &c->by, x.id, approve, api_ctx_text(c, "note"), err) != 0)
        return -1;
    return answer(c, x.id, 200, err);
}

int api_exception_approve(struct api_ctx *c, struct err *err)
{
    return decide(c, true, err);
}

int api_exception_reject(struct api_ctx *c, struct err *err)
{
    return decide(c, false, err);
}
