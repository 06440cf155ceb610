#include "api/api_handlers.h"
#include "register/register_finding.h"

/* Members of FINDING into an open object. */
static void write_members(struct jout *j, const struct register_finding *f)
{
    JOUT_I64(j, "id", f->id);
    JOUT_STR(j, "rule", f->rule);
    JOUT_STR(j, "kind", f->kind);
    jout_key(j, S("title"));
    jout_vi_en(j, f->title_vi, f->title_en);
    JOUT_STR(j, "severity", register_finding_severity_name(f->severity));
    JOUT_STR(j, "state", f->state);
    jout_key(j, S("clause"));
    jout_raw(j, f->clauses);
    JOUT_TIME(j, "first", f->first_ns);
    JOUT_TIME(j, "last", f->last_ns);
    JOUT_I64(j, "count", f->count);
    jout_key(j, S("group"));
    jout_raw(j, f->group);
    JOUT_TIME(j, "due", f->due_ns);
    JOUT_STR(j, "due_kind", f->due_kind);
    JOUT_STR(j, "acknowledged_by", f->acknowledged_by);
    JOUT_TIME(j, "acknowledged_at", f->acknowledged_ns);
    JOUT_TIME(j, "closed_at", f->closed_ns);
}

int api_finding_list(struct api_ctx *c, struct err *err)
{
    struct register_finding_list list;
    struct register_finding_filter filter = {.org = c->person.org, .state = api_ctx_query(c, "state")};
    struct str severity = api_ctx_query(c, "severity");
    if (severity.p != NULL)
        (void)register_finding_severity_find(severity, &filter.severity);
    if (register_finding_list(c->api->reg, &c->mem, &filter, api_ctx_page(c), &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++) {
        jout_obj(&c->j);
        write_members(&c->j, &list.items[i]);
        jout_obj_end(&c->j);
    }
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

static int find(struct api_ctx *c, struct register_finding *f, struct err *err)
{
    bool found;
    if (register_finding_find(c->api->reg, &c->mem, c->id, f, &found, err) != 0)
        return -1;
    if (!found || f->org != c->person.org)
        return err_set(err, ERR_NOT_FOUND, "no such finding");
    return 0;
}

static int write_history(struct api_ctx *c, int64_t id, struct err *err)
{
    struct register_finding_history history;
    struct jout *j = &c->j;
    if (register_finding_history(c->api->reg, &c->mem, id, &history, err) != 0)
        return -1;
    jout_key(j, S("history"));
    jout_arr(j);
    for (size_t i = 0; i < history.n; i++) {
        jout_obj(j);
        JOUT_TIME(j, "time", history.items[i].at_ns);
        JOUT_STR(j, "who", history.items[i].who);
        JOUT_STR(j, "what", history.items[i].what);
        JOUT_STR(j, "note", history.items[i].note);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    return 0;
}

int api_finding_get(struct api_ctx *c, struct err *err)
{
    uint64_t events[REGISTER_FINDING_EVENTS_MAX];
    struct register_finding f;
    size_t n;
    if (find(c, &f, err) != 0 || register_finding_events(c->api->reg, f.id, events, &n, err) != 0)
        return -1;
    jout_obj(&c->j);
    write_members(&c->j, &f);
    jout_key(&c->j, S("explain"));
    jout_raw(&c->j, f.explain);
    if (write_history(c, f.id, err) != 0)
        return -1;
    jout_key(&c->j, S("events"));
    if (n == 0) {
        jout_arr(&c->j);
        jout_arr_end(&c->j);
        jout_obj_end(&c->j);
        return api_ctx_ok(c, 200);
    }
    /* The array comes from the store. */
    if (api_ctx_wait(c, S("}"), err) != 0)
        return -1;
    if (c->api->deps->events(c->api->deps->self, c->req->token, events, n, err) != 0) {
        api_ctx_unwait(c);
        return -1;
    }
    return 0;
}

static int answer(struct api_ctx *c, struct err *err)
{
    struct register_finding f;
    api_ctx_changed(c);
    if (find(c, &f, err) != 0)
        return -1;
    jout_obj(&c->j);
    write_members(&c->j, &f);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

int api_finding_acknowledge(struct api_ctx *c, struct err *err)
{
    struct register_finding f;
    if (find(c, &f, err) != 0 ||
        register_finding_acknowledge(c->api->reg, &c->by, f.id, api_ctx_text(c, "note"), err) != 0)
        return -1;
    return answer(c, err);
}

int api_finding_close(struct api_ctx *c, struct err *err)
{
    struct register_finding f;
    if (find(c, &f, err) != 0)
        return -1;
    if (str_trim(api_ctx_text(c, "note")).n == 0) {
        api_ctx_problem_open(c, PROBLEM_NOTE_NEEDED, S("say what was done"));
        JOUT_CSTR(&c->j, "field", "note");
        return api_ctx_problem_end(c, PROBLEM_NOTE_NEEDED);
    }
    if (register_finding_close(c->api->reg, &c->by, f.id, api_ctx_text(c, "note"), err) != 0)
        return -1;
    return answer(c, err);
}
