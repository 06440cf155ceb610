#include "api/api_handlers.h"

#define METRICS_BYTES_MAX (1024u * 1024u)
#define METRIC_SPAN_NS (INT64_C(3600) * NS_PER_S)
#define METRIC_STEP_S 60

int api_system_get(struct api_ctx *c, struct err *err)
{
    if (c->api->deps->system(c->api->deps->self, &c->j, err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}

int api_system_metric(struct api_ctx *c, struct err *err)
{
    int64_t from_ns, to_ns;
    if (api_ctx_query_time(c, "to", c->now_ns, &to_ns, err) != 0 ||
        api_ctx_query_time(c, "from", to_ns - METRIC_SPAN_NS, &from_ns, err) != 0)
        return -1;
    if (from_ns > to_ns)
        return err_set(err, ERR_PARSE, "from must not be later than to");
    int64_t step_s = api_ctx_query_i64(c, "step", METRIC_STEP_S);
    if (c->api->deps->metric(c->api->deps->self, api_ctx_query(c, "name"), from_ns, to_ns, step_s, &c->j,
                             err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}

int api_system_verify_start(struct api_ctx *c, struct err *err)
{
    if (c->api->deps->verify_start(c->api->deps->self, err) != 0 ||
        api_ctx_audit(c, S("verify"), S("store"), S(""), true, S(""), err) != 0 ||
        c->api->deps->verify_state(c->api->deps->self, &c->j, err) != 0)
        return -1;
    return api_ctx_ok(c, 202);
}

int api_system_verify_state(struct api_ctx *c, struct err *err)
{
    if (c->api->deps->verify_state(c->api->deps->self, &c->j, err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}

int api_system_health(struct api_ctx *c, struct err *err)
{
    (void)err;
    return api_ctx_bytes(c, "text/plain", S("ok\n"));
}

int api_system_ready(struct api_ctx *c, struct err *err)
{
    (void)err;
    if (!c->api->deps->ready(c->api->deps->self))
        return api_ctx_problem(c, PROBLEM_BUSY, S("the node does not take events"));
    return api_ctx_bytes(c, "text/plain", S("ready\n"));
}

/* A session, or the token, which only this machine may use. */
static bool may_read_metrics(const struct api_ctx *c)
{
    struct str token = str_of(c->api->metrics_token), word, given;
    if (c->signed_in)
        return true;
    if (token.n == 0 || !c->req->loopback || !str_cut(c->req->authorization, ' ', &word, &given))
        return false;
    struct digest want = digest_sha256(token), have = digest_sha256(str_trim(given));
    return str_eq_nocase(word, S("Bearer")) && digest_eq(&want, &have);
}

int api_system_metrics(struct api_ctx *c, struct err *err)
{
    CLEANUP(buf_done) struct buf text = {0};
    if (!may_read_metrics(c))
        return api_ctx_problem(c, PROBLEM_NO_SESSION, S("sign in, or use the token from this machine"));
    buf_init(&text, METRICS_BYTES_MAX);
    if (c->api->deps->metrics_text(c->api->deps->self, &text, err) != 0)
        return -1;
    if (text.bad)
        return err_set(err, ERR_NOMEM, "metrics");
    return api_ctx_bytes(c, "text/plain; version=0.0.4", buf_str(&text));
}

int api_system_openapi(struct api_ctx *c, struct err *err)
{
    (void)err;
    api_openapi(&c->out);
    return api_ctx_ok(c, 200);
}
