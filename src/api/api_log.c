/*
 * Questions about events: read here, answered by the node.
 */
#include "api/api_handlers.h"

#define LIMIT_DEFAULT 100
#define BUCKETS_DEFAULT 60
#define AROUND_DEFAULT 50

static int read_search(struct api_ctx *c, struct api_search *q, struct err *err)
{
    struct str order = api_ctx_query(c, "order"), text = api_ctx_query(c, "q"),
               cursor = api_ctx_query(c, "cursor");
    *q = (struct api_search){.q = text.p == NULL ? S("") : text,
                             .limit = (uint32_t)api_ctx_query_i64(c, "limit", LIMIT_DEFAULT),
                             .buckets = (uint32_t)api_ctx_query_i64(c, "buckets", BUCKETS_DEFAULT),
                             .oldest = str_eq(order, S("oldest")),
                             .cursor = cursor.p == NULL ? S("") : cursor};
    if (api_ctx_query_time(c, "from", 0, &q->from_ns, err) != 0 ||
        api_ctx_query_time(c, "to", INT64_MAX, &q->to_ns, err) != 0)
        return -1;
    if (q->from_ns > q->to_ns)
        return err_set(err, ERR_PARSE, "from must not be later than to");
    return 0;
}

/* The node took the question (rc 0), or it is refused at once. */
static int waiting(struct api_ctx *c, int rc)
{
    if (rc != 0)
        api_ctx_unwait(c);
    return rc;
}

int api_log_search(struct api_ctx *c, struct err *err)
{
    struct api_search q;
    if (read_search(c, &q, err) != 0 || api_ctx_wait(c, S(""), err) != 0)
        return -1;
    return waiting(c, c->api->deps->search(c->api->deps->self, c->req->token, &q, err));
}

int api_log_histogram(struct api_ctx *c, struct err *err)
{
    struct api_search q;
    if (read_search(c, &q, err) != 0 || api_ctx_wait(c, S(""), err) != 0)
        return -1;
    return waiting(c, c->api->deps->histogram(c->api->deps->self, c->req->token, &q, err));
}

/* Ids of events are decimal texts of 64 bits. */
static int read_event_id(struct api_ctx *c, uint64_t *ret, struct err *err)
{
    if (!str_to_u64(c->id_text, UINT64_MAX, ret) || *ret == 0)
        return err_set(err, ERR_NOT_FOUND, "no such event");
    return 0;
}

int api_log_event(struct api_ctx *c, struct err *err)
{
    uint64_t id;
    if (read_event_id(c, &id, err) != 0 || api_ctx_wait(c, S(""), err) != 0)
        return -1;
    return waiting(c, c->api->deps->event(c->api->deps->self, c->req->token, id, err));
}

int api_log_around(struct api_ctx *c, struct err *err)
{
    uint64_t id;
    if (read_event_id(c, &id, err) != 0 || api_ctx_wait(c, S(""), err) != 0)
        return -1;
    uint32_t before = (uint32_t)api_ctx_query_i64(c, "before", AROUND_DEFAULT);
    uint32_t after = (uint32_t)api_ctx_query_i64(c, "after", AROUND_DEFAULT);
    return waiting(c, c->api->deps->around(c->api->deps->self, c->req->token, id, before, after, err));
}

int api_log_tail(struct api_ctx *c, struct err *err)
{
    struct str q = api_ctx_query(c, "q");
    if (c->api->deps->tail_start(c->api->deps->self, c->req->token, c->session.id, q.p == NULL ? S("") : q,
                                 err) != 0)
        return -1;
    return api_ctx_stream(c);
}

int api_log_fields(struct api_ctx *c, struct err *err)
{
    struct str q = api_ctx_query(c, "q");
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    if (c->api->deps->fields(c->api->deps->self, q.p == NULL ? S("") : q, &c->j, err) != 0)
        return -1;
    jout_arr_end(&c->j);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}
