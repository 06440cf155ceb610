/*
 * core_local.c - what the tool asks over the local socket. The peer owns the data directory (SO_PEERCRED), so
 * there is no session; every question is audited all the same. Bodies are JSON objects made by the tool.
 */
#include <jansson.h>
#include <stdlib.h>

#include "flow/node_duty.h"
#include "flow/node_info.h"
#include "flow/node_search.h"
#include "khiend/core_state.h"
#include "register/register_held.h"

#define ANSWER_BYTES_MAX (18u << 20)

static struct str text_of(const json_t *body, const char *key)
{
    const json_t *v = json_object_get(body, key);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
                             : (struct str){NULL, 0};
}

static int64_t number_of(const json_t *body, const char *key, int64_t def)
{
    const json_t *v = json_object_get(body, key);
    return json_is_integer(v) ? json_integer_value(v) : def;
}

static void answer(struct core *c, uint64_t token, int status, struct str body)
{
    struct api_response r = {.status = status, .content_type = "application/json", .body = body};
    core_call_reply(c, token, &r);
}

static void refuse(struct core *c, uint64_t token, const struct err *err)
{
    struct buf b;
    struct jout j;
    buf_init(&b, 8192);
    jout_init(&j, &b);
    jout_obj(&j);
    JOUT_CSTR(&j, "code", err_word(err->code));
    JOUT_CSTR(&j, "detail", err->msg);
    jout_obj_end(&j);
    answer(c, token, err_http_status(err->code), buf_str(&b));
    buf_done(&b);
}

static int local_search(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    struct str q = text_of(body, "q");
    struct node_search s = {
        .kind = json_is_true(json_object_get(body, "count")) ? NODE_SEARCH_COUNT : NODE_SEARCH,
        .q = q.p == NULL ? S("") : q,
        .from_ns = number_of(body, "from_ns", 0),
        .to_ns = number_of(body, "to_ns", INT64_MAX),
        .limit = (uint64_t)number_of(body, "limit", 100),
        .cursor = (uint64_t)number_of(body, "cursor", 0),
        .oldest_first = json_is_true(json_object_get(body, "oldest")),
        .flat = true,
    };
    return core_job_local_search(c, token, &s, err);
}

static int local_tail(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    struct str q = text_of(body, "q");
    struct api_response r = {.status = 200, .content_type = "application/x-ndjson", .stream = true};
    if (core_tail_start(c, token, 0, q.p == NULL ? S("") : q, err) != 0)
        return -1;
    core_call_reply(c, token, &r);
    return 0;
}

static int local_duties(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    struct buf b;
    buf_init(&b, ANSWER_BYTES_MAX);
    int rc = node_duty_lines(c->node, text_of(body, "id"), json_is_true(json_object_get(body, "json")),
                             str_eq(text_of(body, "lang"), S("en")), &b, err);
    if (rc == 0)
        answer(c, token, 200, buf_str(&b));
    buf_done(&b);
    return rc;
}

static int local_status(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    struct buf b;
    struct jout j;
    (void)body;
    buf_init(&b, ANSWER_BYTES_MAX);
    jout_init(&j, &b);
    jout_obj(&j);
    jout_key(&j, S("system"));
    int rc = node_info_system(c->node, &j, err);
    if (rc == 0) {
        struct duty_counts counts = node_duty_counts(c->node);
        jout_key(&j, S("health"));
        node_info_health(c->node, &j);
        jout_key(&j, S("complete"));
        node_info_complete(c->node, &j);
        jout_key(&j, S("duties"));
        jout_obj(&j);
        for (int s = 0; s < DUTY_STATUS_COUNT; s++) {
            jout_key(&j, duty_status_name((enum duty_status)s));
            jout_u64(&j, counts.of[s]);
        }
        jout_obj_end(&j);
        jout_obj_end(&j);
        answer(c, token, 200, buf_str(&b));
    }
    buf_done(&b);
    return rc;
}

static int local_verify_state(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    struct buf b;
    struct jout j;
    (void)body;
    buf_init(&b, ANSWER_BYTES_MAX);
    jout_init(&j, &b);
    int rc = core_job_verify_state(c, &j, err);
    if (rc == 0)
        answer(c, token, 200, buf_str(&b));
    buf_done(&b);
    return rc;
}

static int local_verify(struct core *c, uint64_t token, const json_t *body, struct err *err)
{
    return core_job_verify_start(c, err) != 0 ? -1 : local_verify_state(c, token, body, err);
}

static const struct route {
    const char *path, *action;
    bool looks; /* changes nothing: possible on a full disk, too */
    int (*run)(struct core *c, uint64_t token, const json_t *body, struct err *err);
} routes[] = {
    {"/local/search", "search", true, local_search},
    {"/local/tail", "search", true, local_tail},
    {"/local/duties", "duties_read", true, local_duties},
    {"/local/status", NULL, true, local_status},
    {"/local/verify", "verify", true, local_verify},
    {"/local/verify_state", NULL, true, local_verify_state},
};

static int note(struct core *c, const struct route *r, const json_t *body, struct err *err)
{
    struct register_by by = {.now_ns = sys_now(c->plan->sys), .who = S("khien-cli"), .peer = S("local")};
    char *detail = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    struct register_audit row = {.who = by.who,
                                 .action = str_of(r->action),
                                 .object_kind = S("tool"),
                                 .object_id = S(""),
                                 .outcome = S("success"),
                                 .peer = by.peer,
                                 .detail = detail == NULL ? S("") : str_of(detail)};
    int rc = r->looks ? register_held_audit(node_register(c->node), &by, &row, err)
                      : register_audit_add(node_register(c->node), &by, &row, err);
    free(detail);
    return rc;
}

void core_local_request(struct core *c, uint64_t token, struct str path, struct str text)
{
    struct err err = {0};
    json_t *body = text.n == 0 ? json_object() : json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    int rc = -1;
    if (!json_is_object(body)) {
        (void)err_set(&err, ERR_PARSE, "the body must be a JSON object");
    } else {
        (void)err_set(&err, ERR_NOT_FOUND, "no such question");
        for (size_t i = 0; i < COUNT_OF(routes); i++) {
            if (!str_eq(path, str_of(routes[i].path)))
                continue;
            rc = routes[i].action == NULL ? 0 : note(c, &routes[i], body, &err);
            if (rc == 0)
                rc = routes[i].run(c, token, body, &err);
        }
    }
    if (rc != 0)
        refuse(c, token, &err);
    json_decref(body);
}
