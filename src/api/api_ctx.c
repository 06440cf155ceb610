#include "api/api_ctx.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "register/register_audit.h"

void api_ctx_init(struct api_ctx *c, struct api *api, const struct api_request *req)
{
    *c = (struct api_ctx){.api = api, .req = req, .now_ns = sys_now(api->sys)};
    arena_init(&c->mem, API_ARENA_BYTES_MAX);
    buf_init(&c->out, API_OUT_BYTES_MAX);
    jout_init(&c->j, &c->out);
    c->by = (struct register_by){.now_ns = c->now_ns, .peer = req->peer, .who = S("")};
}

void api_ctx_done(struct api_ctx *c)
{
    if (c->body != NULL) {
        api_body_wipe(c->route->body, c->body);
        json_decref(c->body);
    }
    digest_wipe(c->token_text, sizeof(c->token_text));
    arena_done(&c->mem);
    buf_done(&c->out);
}

void api_ctx_header(struct api_ctx *c, const char *name, struct str value)
{
    assert(c->n_headers < API_HEADERS_MAX);
    c->headers[c->n_headers++] = (struct api_header){name, value};
}

static int send_answer(struct api_ctx *c, int status, const char *content_type, struct str body, bool stream)
{
    struct api_response r = {.status = status, .content_type = content_type, .body = body, .stream = stream};
    assert(!c->replied);
    c->replied = true;
    memcpy(r.headers, c->headers, sizeof(r.headers));
    r.n_headers = c->n_headers;
    /* A request that was cancelled while a job ran has no token any more. */
    if (c->req->token != 0)
        c->api->deps->reply(c->api->deps->self, c->req->token, &r);
    return 0;
}

int api_ctx_ok(struct api_ctx *c, int status)
{
    if (c->out.bad)
        return api_ctx_problem(c, PROBLEM_TOO_LARGE, S("the answer is too large: ask for less"));
    assert(c->j.depth == 0);
    return send_answer(c, status, "application/json", buf_str(&c->out), false);
}

int api_ctx_empty(struct api_ctx *c)
{
    return send_answer(c, 204, NULL, (struct str){NULL, 0}, false);
}

int api_ctx_bytes(struct api_ctx *c, const char *content_type, struct str body)
{
    return send_answer(c, 200, content_type, body, false);
}

int api_ctx_stream(struct api_ctx *c)
{
    return send_answer(c, 200, "text/event-stream", (struct str){NULL, 0}, true);
}

void api_ctx_problem_open(struct api_ctx *c, enum api_problem p, struct str detail)
{
    const struct api_problem_row *row = api_problem_row(p);
    char type[64];
    int n = snprintf(type, sizeof(type), "urn:khien:problem:%s", row->word);
    buf_clear(&c->out);
    jout_init(&c->j, &c->out);
    jout_obj(&c->j);
    JOUT_STR(&c->j, "type", ((struct str){type, (size_t)n}));
    JOUT_CSTR(&c->j, "title", row->title);
    JOUT_I64(&c->j, "status", row->status);
    JOUT_STR(&c->j, "detail", detail);
    JOUT_CSTR(&c->j, "code", row->word);
}

int api_ctx_problem_end(struct api_ctx *c, enum api_problem p)
{
    jout_obj_end(&c->j);
    return send_answer(c, api_problem_row(p)->status, "application/problem+json", buf_str(&c->out), false);
}

int api_ctx_problem(struct api_ctx *c, enum api_problem p, struct str detail)
{
    api_ctx_problem_open(c, p, detail);
    return api_ctx_problem_end(c, p);
}

int api_ctx_bad_field(struct api_ctx *c, const char *field, struct str detail)
{
    api_ctx_problem_open(c, PROBLEM_BAD_REQUEST, detail);
    JOUT_CSTR(&c->j, "field", field);
    return api_ctx_problem_end(c, PROBLEM_BAD_REQUEST);
}

void api_ctx_error(struct api_ctx *c, const struct err *err)
{
    enum api_problem p = api_problem_of(err->code);
    /* What failed inside is for the log of the node, not for the one who asks. */
    c->n_headers = 0;
    bool inside = p == PROBLEM_INTERNAL || p == PROBLEM_BUSY;
    (void)api_ctx_problem(c, p, inside ? S("see the log of the node") : str_of(err->msg));
}

int api_ctx_wait(struct api_ctx *c, struct str after, struct err *err)
{
    struct api *api = c->api;
    if (c->out.bad)
        return err_set(err, ERR_LIMIT, "the answer is too large");
    if (api->n_pending >= API_PENDING_MAX)
        return err_set(err, ERR_NOMEM, "too many questions under way");
    struct api_pending *p = calloc(1, sizeof(*p));
    char *before = str_dup(buf_str(&c->out)), *behind = str_dup(after);
    if (p == NULL || before == NULL || behind == NULL) {
        free(p);
        free(before);
        free(behind);
        return err_set(err, ERR_NOMEM, "question under way");
    }
    *p = (struct api_pending){api->pending, c->req->token, before, behind};
    api->pending = p;
    api->n_pending++;
    return 0;
}

void api_ctx_unwait(struct api_ctx *c)
{
    api_cancel(c->api, c->req->token);
}

struct str api_ctx_query(const struct api_ctx *c, const char *name)
{
    for (size_t i = 0; i < c->n_query; i++) {
        if (str_eq(c->query[i].name, str_of(name)))
            return c->query[i].value;
    }
    return (struct str){NULL, 0};
}

int64_t api_ctx_query_i64(const struct api_ctx *c, const char *name, int64_t def)
{
    struct str value = api_ctx_query(c, name);
    int64_t v = def;
    /* The form was checked with the query. */
    (void)(value.p != NULL && str_to_i64(value, INT64_MIN, INT64_MAX, &v));
    return v;
}

struct register_page api_ctx_page(const struct api_ctx *c)
{
    return (struct register_page){.cursor = api_ctx_query_i64(c, "cursor", 0),
                                  .limit = (uint32_t)api_ctx_query_i64(c, "limit", 100)};
}

int api_ctx_query_time(const struct api_ctx *c, const char *name, int64_t def, int64_t *ret, struct err *err)
{
    struct str value = api_ctx_query(c, name);
    if (value.p == NULL) {
        *ret = def;
        return 0;
    }
    if (when_parse_human(value, c->now_ns, WHEN_VN_OFFSET_S, ret, err) != 0)
        return err_wrap(err, "%s", name);
    return 0;
}

struct str api_ctx_text(const struct api_ctx *c, const char *name)
{
    const json_t *v = c->body == NULL ? NULL : json_object_get(c->body, name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
                             : (struct str){NULL, 0};
}

void api_ctx_next(struct api_ctx *c, int64_t next)
{
    jout_key(&c->j, S("next"));
    if (next == 0) {
        jout_null(&c->j);
    } else {
        char text[24];
        int n = snprintf(text, sizeof(text), "%lld", (long long)next);
        jout_str(&c->j, (struct str){text, (size_t)n});
    }
    jout_key(&c->j, S("total"));
    jout_null(&c->j);
}

void api_ctx_date(struct jout *j, int64_t ns)
{
    struct civil d = when_from_ns(ns, WHEN_VN_OFFSET_S);
    char text[32];
    int n = snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)d.year, d.month, d.day);
    jout_str(j, (struct str){text, (size_t)n});
}

int api_ctx_body_date(const struct api_ctx *c, const char *name, int64_t *ret, struct err *err)
{
    return when_parse_human(api_ctx_text(c, name), c->now_ns, WHEN_VN_OFFSET_S, ret, err);
}

int api_ctx_random_text(struct api *api, size_t n, char *ret, struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[64];
    assert(n <= sizeof(bytes));
    if (sys_random(api->sys, bytes, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = hex[bytes[i] >> 4];
        ret[2 * i + 1] = hex[bytes[i] & 15];
    }
    ret[2 * n] = '\0';
    digest_wipe(bytes, sizeof(bytes));
    return 0;
}

int api_ctx_audit(struct api_ctx *c, struct str action, struct str object_kind, struct str object_id, bool ok,
                  struct str detail, struct err *err)
{
    struct register_audit row = {.action = action,
                                 .object_kind = object_kind,
                                 .object_id = object_id,
                                 .outcome = ok ? S("success") : S("failure"),
                                 .detail = detail};
    if (register_audit_add(c->api->reg, &c->by, &row, err) != 0)
        return -1;
    api_ctx_changed(c);
    return 0;
}

void api_ctx_changed(struct api_ctx *c)
{
    if (c->api->deps->changed != NULL)
        c->api->deps->changed(c->api->deps->self);
}
