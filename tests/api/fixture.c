#include "fixture.h"

#include "api/api_captcha.h"

static int64_t now_ns(void *self)
{
    return ((struct node *)self)->now_ns;
}

static int random_bytes(void *self, void *out, size_t n, struct err *err)
{
    struct node *node = self;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        node->random = node->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((uint8_t *)out)[i] = node->random_zero ? 0 : (uint8_t)(node->random >> 33);
    }
    return 0;
}

static void copy_text(char *to, size_t room, struct str from)
{
    (void)snprintf(to, room, "%.*s", STR_ARG(from));
}

static void take_header(struct node *n, const struct api_header *h)
{
    if (strcmp(h->name, "Set-Cookie") == 0)
        copy_text(n->set_cookie, sizeof(n->set_cookie), h->value);
    if (strcmp(h->name, "Content-Disposition") == 0)
        copy_text(n->disposition, sizeof(n->disposition), h->value);
}

static void reply(void *self, uint64_t token, const struct api_response *r)
{
    struct node *n = self;
    assert_int_equal(token, n->token);
    n->replies++;
    n->status = r->status;
    n->stream = r->stream;
    (void)snprintf(n->type, sizeof(n->type), "%s", r->content_type == NULL ? "" : r->content_type);
    free(n->body);
    n->body = str_dup(r->body.p == NULL ? S("") : r->body);
    n->body_n = r->body.n;
    for (size_t i = 0; i < r->n_headers; i++)
        take_header(n, &r->headers[i]);
}

static void offload(void *self, void (*work)(void *), void (*done)(void *), void *job)
{
    struct node *n = self;
    n->offloaded++;
    work(job);
    if (n->keep_job) {
        n->job_done = done;
        n->job = job;
    } else {
        done(job);
    }
}

static void changed(void *self)
{
    ((struct node *)self)->changed++;
}

/* Answer a question about events, unless the test says otherwise. */
static int answer(struct node *n, uint64_t token, const char *json, struct err *err)
{
    if (n->fault != ERR_NONE)
        return err_set(err, n->fault, "as the test wanted");
    if (!n->hold)
        api_complete(n->api, token, 200, str_of(json));
    return 0;
}

static int search(void *self, uint64_t token, const struct api_search *q, struct err *err)
{
    struct node *n = self;
    n->search = *q;
    copy_text(n->search_q, sizeof(n->search_q), q->q);
    return answer(n, token, "{\"items\":[],\"next\":null}", err);
}

static int event(void *self, uint64_t token, uint64_t id, struct err *err)
{
    return id == 7 ? answer(self, token, "{\"id\":\"7\"}", err)
                   : err_set(err, ERR_NOT_FOUND, "no such event");
}

static int events(void *self, uint64_t token, const uint64_t *ids, size_t n, struct err *err)
{
    (void)ids;
    return answer(self, token, n == 2 ? "[{\"id\":\"100\"},{\"id\":\"101\"}]" : "[]", err);
}

static int around(void *self, uint64_t token, uint64_t id, uint32_t before, uint32_t after, struct err *err)
{
    char json[96];
    (void)snprintf(json, sizeof(json), "{\"items\":[],\"id\":%u,\"before\":%u,\"after\":%u}", (unsigned)id,
                   before, after);
    return answer(self, token, json, err);
}

static int fields(void *self, struct str prefix, struct jout *items, struct err *err)
{
    (void)self;
    (void)err;
    jout_obj(items);
    JOUT_STR(items, "name", prefix);
    jout_obj_end(items);
    return 0;
}

static int tail_start(void *self, uint64_t token, int64_t session, struct str q, struct err *err)
{
    (void)self;
    (void)token;
    assert_true(session > 0);
    return str_eq(q, S("bad (")) ? err_set(err, ERR_PARSE, "unbalanced") : 0;
}

static void tail_stop(void *self, int64_t session)
{
    ((struct node *)self)->tail_stopped = session;
}

static int duties(void *self, const struct api_duty_filter *f, struct jout *j, struct err *err)
{
    (void)self;
    (void)err;
    jout_obj(j);
    JOUT_STR(j, "status", f->status);
    jout_obj_end(j);
    return 0;
}

static bool duty_known(void *self, struct str id)
{
    (void)self;
    return str_eq(id, S("D14.0.3"));
}

static int duty(void *self, struct str id, struct jout *j, bool *ret_found, struct err *err)
{
    (void)err;
    *ret_found = duty_known(self, id);
    if (*ret_found)
        JOUT_STR(j, "id", id);
    return 0;
}

static int64_t duty_expires(void *self, struct str id, int64_t dated_ns)
{
    (void)self;
    (void)id;
    return dated_ns + 365 * DAY;
}

static int today(void *self, enum api_today part, struct jout *j, struct err *err)
{
    (void)self;
    (void)err;
    if (part == API_TODAY_COMPLETE || part == API_TODAY_HEALTH) {
        jout_obj(j);
        jout_obj_end(j);
    } else {
        jout_i64(j, (int64_t)part);
    }
    return 0;
}

static bool source_live(void *self, uint32_t id, struct api_source_live *ret)
{
    (void)self;
    *ret = (struct api_source_live){.received = 10, .stored = 9, .dropped = 1, .dialect = S("rfc5424")};
    return id == 1;
}

static int whole(void *self, struct jout *j, struct err *err)
{
    struct node *n = self;
    if (n->fault != ERR_NONE)
        return err_set(err, n->fault, "secret inside");
    jout_obj(j);
    JOUT_BOOL(j, "whole", true);
    jout_obj_end(j);
    return 0;
}

static int metric(void *self, struct str name, int64_t from_ns, int64_t to_ns, int64_t step_s, struct jout *j,
                  struct err *err)
{
    (void)self;
    (void)err;
    jout_obj(j);
    JOUT_STR(j, "name", name);
    JOUT_I64(j, "span_s", (to_ns - from_ns) / NS_PER_S);
    JOUT_I64(j, "step", step_s);
    jout_obj_end(j);
    return 0;
}

static void text(void *self, struct str code, struct jout *j)
{
    (void)self;
    jout_vi_en(j, code, code);
}

static int verify_start(void *self, struct err *err)
{
    struct node *n = self;
    return n->fault == ERR_NONE ? 0 : err_set(err, n->fault, "runs already");
}

static int metrics_text(void *self, struct buf *b, struct err *err)
{
    (void)self;
    (void)err;
    buf_put(b, S("khien_up 1\n"));
    return 0;
}

static bool ready(void *self)
{
    return ((struct node *)self)->ready;
}

struct node *fixture_new(void)
{
    static const uint8_t key[REGISTER_KEY_BYTES] = "fixture key of thirty-two bytes";
    static const struct password_cost cheap = {.memory_kib = 32, .passes = 1, .lanes = 1};
    struct node *n = calloc(1, sizeof(*n));
    struct err err = {0};
    assert_non_null(n);
    n->now_ns = T0;
    n->random = 4711;
    n->ready = true;
    n->peer = "10.0.0.9";
    n->content_type = "application/json; charset=utf-8";
    n->sys_ops = (struct sys_ops){.now_ns = now_ns, .mono_ns = now_ns, .random = random_bytes};
    n->sys = (struct sys){n, &n->sys_ops};
    n->deps = (struct api_deps){.self = n,
                                .reply = reply,
                                .offload = offload,
                                .changed = changed,
                                .search = search,
                                .histogram = search,
                                .event = event,
                                .events = events,
                                .around = around,
                                .fields = fields,
                                .tail_start = tail_start,
                                .tail_stop = tail_stop,
                                .duties = duties,
                                .duty = duty,
                                .duty_known = duty_known,
                                .duty_expires = duty_expires,
                                .text = text,
                                .today = today,
                                .source_live = source_live,
                                .system = whole,
                                .metric = metric,
                                .verify_start = verify_start,
                                .verify_state = whole,
                                .metrics_text = metrics_text,
                                .ready = ready};
    if (register_open(sys_linux(), ":memory:", key, T0, &n->reg, &err) != 0)
        fail_msg("%s", err.msg);
    struct api_config config = {.sys = &n->sys,
                                .reg = n->reg,
                                .deps = &n->deps,
                                .cost = &cheap,
                                .fingerprint = S("AB:CD"),
                                .metrics_token = S("metrics-token")};
    if (api_new(&config, &n->api, &err) != 0)
        fail_msg("%s", err.msg);
    return n;
}

void fixture_free(struct node *n)
{
    api_free(n->api);
    register_close(n->reg);
    free(n->body);
    free(n);
}

int fixture_setup(void **state)
{
    *state = fixture_new();
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

int fixture_call(struct node *n, enum api_method method, const char *path, const char *body)
{
    struct str whole_path = str_of(path), bare, query;
    (void)str_cut(whole_path, '?', &bare, &query);
    struct api_request req = {.token = ++n->token,
                              .method = method,
                              .path = bare,
                              .query = query,
                              .body = str_of(body),
                              .content_type = body == NULL ? str_of(NULL) : str_of(n->content_type),
                              .authorization = str_of(n->authorization),
                              .peer = str_of(n->peer),
                              .loopback = n->loopback,
                              .background = n->background};
    if (n->browser != NULL) {
        req.cookie = str_of(n->browser->cookie);
        req.csrf = str_of(n->browser->csrf);
    }
    unsigned before = n->replies;
    n->status = 0;
    n->set_cookie[0] = '\0';
    n->disposition[0] = '\0';
    api_handle(n->api, &req);
    assert_true(n->replies <= before + 1);
    return n->status;
}

int fixture_get(struct node *n, const char *path)
{
    return fixture_call(n, API_GET, path, NULL);
}

int fixture_post(struct node *n, const char *path, const char *body)
{
    return fixture_call(n, API_POST, path, body);
}

/* Walk a.b.0.c. */
static json_t *walk(json_t *at, const char *path)
{
    struct str part, rest = str_of(path);
    bool more = rest.n > 0;
    while (more && at != NULL) {
        char name[64];
        uint64_t index;
        more = str_cut(rest, '.', &part, &rest);
        copy_text(name, sizeof(name), part);
        at = json_is_array(at) && str_to_u64(part, 1000, &index) ? json_array_get(at, (size_t)index)
                                                                 : json_object_get(at, name);
    }
    return at;
}

const char *fixture_text(struct node *n, const char *path)
{
    static char text[8][4096];
    static unsigned turn;
    char *out = text[turn++ % COUNT_OF(text)];
    json_t *root = json_loads(n->body, 0, NULL);
    json_t *v = walk(root, path);
    if (json_is_string(v))
        (void)snprintf(out, sizeof(text[0]), "%s", json_string_value(v));
    else if (json_is_integer(v))
        (void)snprintf(out, sizeof(text[0]), "%lld", (long long)json_integer_value(v));
    else
        (void)snprintf(out, sizeof(text[0]), "%s",
                       json_is_true(v)    ? "true"
                       : json_is_false(v) ? "false"
                       : json_is_null(v)  ? "null"
                                          : "");
    json_decref(root);
    return out;
}

json_int_t fixture_int(struct node *n, const char *path)
{
    json_t *root = json_loads(n->body, 0, NULL);
    json_int_t v = json_integer_value(walk(root, path));
    json_decref(root);
    return v;
}

size_t fixture_count(struct node *n, const char *path)
{
    json_t *root = json_loads(n->body, 0, NULL);
    size_t count = json_array_size(walk(root, path));
    json_decref(root);
    return count;
}

/* Keep the cookie of the last answer and fetch the CSRF value. */
static void keep_cookie(struct node *n, struct browser *b)
{
    struct str pair, rest;
    (void)str_cut(str_of(n->set_cookie), ';', &pair, &rest);
    (void)snprintf(b->cookie, sizeof(b->cookie), "theme=dark; %.*s", STR_ARG(pair));
    n->browser = b;
    ASK(n, 200, fixture_get(n, "/api/v1/session"));
    (void)snprintf(b->csrf, sizeof(b->csrf), "%s", fixture_text(n, "csrf"));
}

int fixture_sign_in(struct node *n, struct browser *b, const char *login, const char *password)
{
    char body[256];
    struct browser *before = n->browser;
    n->browser = NULL;
    (void)snprintf(body, sizeof(body), "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    int status = fixture_post(n, "/api/v1/session", body);
    if (status == 200)
        keep_cookie(n, b);
    else
        n->browser = before;
    return status;
}

int fixture_setup_done(void **state)
{
    struct node *n = fixture_new();
    struct err err = {0};
    char code[API_SETUP_CODE_TEXT], body[512];
    bool needed = false;
    if (api_setup_begin(n->api, code, &needed, &err) != 0)
        fail_msg("%s", err.msg);
    assert_true(needed);
    (void)snprintf(body, sizeof(body),
                   "{\"code\":\"%s\",\"org\":{\"name\":\"UBND phường Cái Khế\",\"code\":\"cai-khe\"},"
                   "\"name\":\"Nguyễn Thị Huyền\",\"login\":\"admin\",\"password\":\"" PASSWORD "\"}",
                   code);
    ASK(n, 201, fixture_post(n, "/api/v1/setup", body));
    keep_cookie(n, &n->admin);
    *state = n;
    return 0;
}

void fixture_person(struct node *n, struct browser *b, const char *login, const char *role)
{
    char body[256];
    struct browser *before = n->browser;
    (void)snprintf(body, sizeof(body),
                   "{\"name\":\"%s\",\"login\":\"%s\",\"password\":\"Given-by-1\",\"role\":\"%s\"}", login,
                   login, role);
    ASK(n, 201, fixture_post(n, "/api/v1/people", body));
    ASK(n, 200, fixture_sign_in(n, b, login, "Given-by-1"));
    ASK(n, 204, fixture_post(n, "/api/v1/me/password", "{\"old\":\"Given-by-1\",\"new\":\"" PASSWORD "\"}"));
    n->browser = before;
}

int64_t fixture_finding(struct node *n, const char *rule, size_t n_events)
{
    static const uint64_t ids[] = {100, 101};
    struct register_by by = {.now_ns = n->now_ns, .who = S("detect")};
    struct register_finding_new f = {.org = 1,
                                     .rule = str_of(rule),
                                     .kind = S("rule"),
                                     .title_vi = S("Dò mật khẩu"),
                                     .title_en = S("Brute force"),
                                     .severity = SEVERITY_HIGH,
                                     .clauses = S("[\"D20.2.c\"]"),
                                     .group = S("{\"source.ip\":\"10.0.0.1\"}"),
                                     .explain = S("{\"what\":{\"vi\":\"a\",\"en\":\"b\"}}"),
                                     .first_ns = n->now_ns,
                                     .last_ns = n->now_ns,
                                     .count = 62,
                                     .due_ns = n->now_ns + DAY,
                                     .events = ids,
                                     .n_events = n_events};
    struct err err = {0};
    int64_t id = 0;
    bool is_new;
    if (register_finding_put(n->reg, &by, &f, &id, &is_new, &err) != 0)
        fail_msg("%s", err.msg);
    return id;
}
