#include "api/api.h"

#include <stdlib.h>

#include "api/api_ctx.h"
#include "register/register_held.h"

/* Letters of set-up codes: no 0 O 1 I L. */
static const char code_letters[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
#define CODE_LETTERS 12u
#define CODE_GROUP 4u
#define AUDIT_QUERY_BYTES_MAX 1024u

static int make_dummy(struct api *api, struct err *err)
{
    uint8_t random[PASSWORD_RANDOM_BYTES];
    if (sys_random(api->sys, random, sizeof(random), err) != 0)
        return -1;
    password_nobody(&api->cost, random, api->dummy_hash);
    return 0;
}

int api_new(const struct api_config *config, struct api **ret, struct err *err)
{
    assert(config->sys != NULL && config->reg != NULL && config->deps != NULL && config->deps->reply != NULL);
    CLEANUP(api_freep) struct api *api = calloc(1, sizeof(*api));
    if (api == NULL)
        return err_set(err, ERR_NOMEM, "api handle");
    api->sys = config->sys;
    api->reg = config->reg;
    api->deps = config->deps;
    api->cost = config->cost == NULL ? password_cost_default : *config->cost;
    api->fingerprint = str_dup(config->fingerprint);
    api->metrics_token = str_dup(config->metrics_token);
    if (api->fingerprint == NULL || api->metrics_token == NULL)
        return err_set(err, ERR_NOMEM, "api handle");
    if (sys_random(api->sys, &api->peers.seed, sizeof(api->peers.seed), err) != 0 ||
        make_dummy(api, err) != 0)
        return -1;
    *ret = TAKE(api);
    return 0;
}

static void free_pending(struct api_pending *p)
{
    free(p->before);
    free(p->after);
    free(p);
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    while (api->pending != NULL) {
        struct api_pending *p = api->pending;
        api->pending = p->next;
        free_pending(p);
    }
    free(api->fingerprint);
    free(api->metrics_token);
    free(api);
}

/* Unlink the note of a question under way; NULL where there is none. */
static struct api_pending *take_pending(struct api *api, uint64_t token)
{
    for (struct api_pending **at = &api->pending; *at != NULL; at = &(*at)->next) {
        if ((*at)->token == token) {
            struct api_pending *p = *at;
            *at = p->next;
            api->n_pending--;
            return p;
        }
    }
    return NULL;
}

void api_cancel(struct api *api, uint64_t token)
{
    struct api_pending *p = take_pending(api, token);
    if (p != NULL)
        free_pending(p);
    api_job_cancel(api, token);
}

void api_complete(struct api *api, uint64_t token, int status, struct str body)
{
    struct api_pending *p = take_pending(api, token);
    if (p == NULL)
        return;
    struct api_request req = {.token = token};
    struct api_ctx c;
    api_ctx_init(&c, api, &req);
    if (status == 200) {
        buf_put(&c.out, str_of(p->before));
        buf_put(&c.out, body);
        buf_put(&c.out, str_of(p->after));
    } else {
        buf_put(&c.out, body);
    }
    (void)api_ctx_ok(&c, status);
    free_pending(p);
    api_ctx_done(&c);
}

void api_fail(struct api *api, uint64_t token, const struct err *err)
{
    struct api_pending *p = take_pending(api, token);
    if (p == NULL)
        return;
    struct api_request req = {.token = token};
    struct api_ctx c;
    api_ctx_init(&c, api, &req);
    api_ctx_error(&c, err);
    free_pending(p);
    api_ctx_done(&c);
}

/* 405 names the methods that the path has. */
static void refuse_path(struct api_ctx *c, unsigned allow)
{
    static const char *const lists[] = {
        [1u << API_GET] = "GET",
        [1u << API_POST] = "POST",
        [1u << API_GET | 1u << API_POST] = "GET, POST",
        [1u << API_DELETE] = "DELETE",
        [1u << API_GET | 1u << API_DELETE] = "GET, DELETE",
        [1u << API_POST | 1u << API_DELETE] = "POST, DELETE",
        [1u << API_GET | 1u << API_POST | 1u << API_DELETE] = "GET, POST, DELETE",
    };
    if (allow == 0) {
        (void)api_ctx_problem(c, PROBLEM_NOT_FOUND, S("no such path"));
        return;
    }
    assert(allow < COUNT_OF(lists));
    api_ctx_header(c, "Allow", str_of(lists[allow]));
    (void)api_ctx_problem(c, PROBLEM_METHOD, S("see the header Allow"));
}

/* Refusals of changes are recorded; a failure to record is a failure of the request. */
static bool refuse(struct api_ctx *c, enum api_problem p, struct str detail)
{
    struct err err = {0};
    if (c->signed_in && c->req->method != API_GET &&
        api_ctx_audit(c, str_of(c->route->action), S("route"), c->req->path, false,
                      str_of(api_problem_row(p)->word), &err) != 0)
        api_ctx_error(c, &err);
    else
        (void)api_ctx_problem(c, p, detail);
    return false;
}

static bool csrf_fits(const struct api_ctx *c)
{
    char want[65];
    if (!c->signed_in || c->req->csrf.n != sizeof(want) - 1)
        return false;
    api_session_csrf(c->token_text, want);
    return digest_same(want, c->req->csrf.p, sizeof(want) - 1);
}

/* Whether this person may do this now; false after a problem was sent. */
static bool is_allowed(struct api_ctx *c)
{
    const struct api_route *route = c->route;
    if (route->permission == PERMIT_OPEN)
        return true;
    assert(c->signed_in);
    if (c->req->method != API_GET && (route->flags & ROUTE_NO_CSRF) == 0 && !csrf_fits(c))
        return refuse(c, PROBLEM_CSRF, S("take the value from GET /session"));
    if ((api_route_roles(route->permission) & ROLE_BIT(c->person.role)) == 0)
        return refuse(c, PROBLEM_FORBIDDEN, str_of(api_route_permission_doc(route->permission)));
    bool expired = c->person.must_change || c->now_ns >= register_person_password_due(c->person.password_ns);
    if (expired && (route->flags & ROUTE_MUST_CHANGE) == 0)
        return refuse(c, PROBLEM_PASSWORD_EXPIRED, S("POST /me/password"));
    return true;
}

/* Reads that show who looked for what are recorded before they run. */
static int audit_read(struct api_ctx *c, struct err *err)
{
    CLEANUP(buf_done) struct buf detail = {0};
    struct jout j;
    if ((c->route->flags & ROUTE_AUDIT_READ) == 0)
        return 0;
    struct str query = c->req->query;
    if (query.n > AUDIT_QUERY_BYTES_MAX)
        query.n = AUDIT_QUERY_BYTES_MAX;
    buf_init(&detail, AUDIT_QUERY_BYTES_MAX * 8);
    jout_init(&j, &detail);
    jout_obj(&j);
    JOUT_STR(&j, "query", query.p == NULL ? S("") : query);
    jout_obj_end(&j);
    if (detail.bad)
        return err_set(err, ERR_NOMEM, "audit record");
    if (c->person.role != ROLE_ADMIN)
        return api_ctx_audit(c, str_of(c->route->action), S("route"), c->req->path, true, buf_str(&detail),
                             err);
    /* Whoever must find out what filled the disk can look: the record waits in memory. */
    struct register_audit row = {.action = str_of(c->route->action),
                                 .object_kind = S("route"),
                                 .object_id = c->req->path,
                                 .outcome = S("success"),
                                 .detail = buf_str(&detail)};
    if (register_held_audit(c->api->reg, &c->by, &row, err) != 0)
        return -1;
    api_ctx_changed(c);
    return 0;
}

static void dispatch(struct api_ctx *c)
{
    struct err err = {0};
    unsigned allow = 0;
    c->route = api_route_find(c->req->method, c->req->path, &c->id_text, &allow);
    if (c->route == NULL) {
        refuse_path(c, allow);
        return;
    }
    if (!str_to_i64(c->id_text, 1, INT64_MAX, &c->id))
        c->id = 0;
    if (!api_session_open(c) || !is_allowed(c) || !api_body_query(c) || !api_body_read(c))
        return;
    if (audit_read(c, &err) != 0 || c->route->handler(c, &err) != 0)
        api_ctx_error(c, &err);
}

void api_handle(struct api *api, const struct api_request *req)
{
    struct api_ctx c;
    assert(req->token != 0);
    api_ctx_init(&c, api, req);
    dispatch(&c);
    api_ctx_done(&c);
}

/* The code as typed: dashes and blanks away, capitals; the digest is not that of any other secret. */
struct digest api_setup_digest(struct str typed)
{
    char letters[CODE_LETTERS + 1];
    size_t n = 0;
    for (size_t i = 0; i < typed.n && n <= CODE_LETTERS; i++) {
        char c = typed.p[i];
        if (c != '-' && c != ' ')
            letters[n++] = ascii_is_lower(c) ? (char)(c - 'a' + 'A') : c;
    }
    struct str parts[] = {S("khien set-up code "), {letters, n}};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

int api_setup_begin(struct api *api, char ret_code[API_SETUP_CODE_TEXT], bool *ret_needed, struct err *err)
{
    CLEANUP(arena_done) struct arena mem = {0};
    struct register_org org;
    bool found;
    uint32_t random[CODE_LETTERS];
    char code[API_SETUP_CODE_TEXT];
    size_t n = 0;
    arena_init(&mem, 65536);
    if (register_org_own(api->reg, &mem, &org, &found, err) != 0)
        return -1;
    if (found) {
        *ret_needed = false;
        return 0;
    }
    if (sys_random(api->sys, random, sizeof(random), err) != 0)
        return -1;
    for (size_t i = 0; i < CODE_LETTERS; i++) {
        if (i > 0 && i % CODE_GROUP == 0)
            code[n++] = '-';
        code[n++] = code_letters[random[i] % (sizeof(code_letters) - 1)];
    }
    code[n] = '\0';
    assert(n + 1 == sizeof(code));
    struct digest digest = api_setup_digest(str_of(code));
    if (register_session_setup_begin(api->reg, &digest, sys_now(api->sys), err) != 0)
        return -1;
    memcpy(ret_code, code, sizeof(code));
    *ret_needed = true;
    digest_wipe(code, sizeof(code));
    return 0;
}

bool api_session_alive(struct api *api, int64_t session)
{
    struct err err = {0};
    int64_t idle_s;
    bool alive;
    return register_setting_get(api->reg, SETTING_IDLE_S, &idle_s, &err) == 0 &&
           register_session_alive(api->reg, session, sys_now(api->sys), idle_s * NS_PER_S, &alive, &err) ==
               0 &&
           alive;
}
