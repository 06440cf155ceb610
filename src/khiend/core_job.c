#include <stdio.h>
#include <stdlib.h>

#include "flow/node_info.h"
#include "flow/node_search.h"
#include "khiend/core_state.h"

#define ANSWER_BYTES_MAX (18u << 20)
#define PROBLEMS_MAX 100u

/* Password hashing and the like: the api gives both functions. */
struct offload_job {
    struct worker_job job;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static void offload_run(struct worker_job *job)
{
    struct offload_job *o = CONTAINER_OF(job, struct offload_job, job);
    o->work(o->arg);
}

static void offload_done(struct worker_job *job)
{
    struct offload_job *o = CONTAINER_OF(job, struct offload_job, job);
    o->done(o->arg);
    free(o);
}

void core_job_offload(void *self, void (*work)(void *job), void (*done)(void *job), void *job)
{
    struct core *c = self;
    struct offload_job *o = malloc(sizeof(*o));
    if (o != NULL) {
        *o = (struct offload_job){
            .job = {.run = offload_run, .done = offload_done}, .work = work, .done = done, .arg = job};
        if (worker_submit(c->workers, &o->job))
            return;
        free(o);
    }
    /* No room: a slow answer is better than none. */
    work(job);
    done(job);
}

struct search_job {
    struct worker_job job;
    struct core *core;
    uint64_t token;
    struct node_search search;
    struct node_names *names;
    char *text;    /* of the query */
    uint64_t *ids; /* of NODE_SEARCH_IDS */
    struct buf out;
    struct err err;
    int rc;
    bool local; /* asked by the tool: the api knows nothing of it */
};

static void search_run(struct worker_job *job)
{
    struct search_job *s = CONTAINER_OF(job, struct search_job, job);
    s->rc = node_search_run(&s->search, &s->out, &s->err);
}

static void search_free(struct search_job *s)
{
    node_search_names_free(s->names);
    free(s->text);
    free(s->ids);
    buf_done(&s->out);
    free(s);
}

static void local_done(struct search_job *s)
{
    struct buf b;
    struct jout j;
    struct api_response r = {.status = 200, .content_type = "application/x-ndjson", .body = buf_str(&s->out)};
    buf_init(&b, 8192);
    if (s->rc != 0) {
        jout_init(&j, &b);
        jout_obj(&j);
        JOUT_CSTR(&j, "code", err_word(s->err.code));
        JOUT_CSTR(&j, "detail", s->err.msg);
        jout_obj_end(&j);
        r = (struct api_response){
            .status = err_http_status(s->err.code), .content_type = "application/json", .body = buf_str(&b)};
    }
    core_call_reply(s->core, s->token, &r);
    buf_done(&b);
}

static void search_done(struct worker_job *job)
{
    struct search_job *s = CONTAINER_OF(job, struct search_job, job);
    if (s->local)
        local_done(s);
    else if (s->rc != 0)
        api_fail(s->core->api, s->token, &s->err);
    else
        api_complete(s->core->api, s->token, 200, buf_str(&s->out));
    search_free(s);
}

static int submit(struct core *c, uint64_t token, const struct node_search *what, bool local, struct err *err)
{
    struct search_job *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "search");
    s->job = (struct worker_job){.run = search_run, .done = search_done};
    s->core = c;
    s->token = token;
    s->search = *what;
    if (what->kind == NODE_SEARCH || what->kind == NODE_SEARCH_COUNT)
        node_searched(c->node);
    s->local = local;
    s->rc = -1;
    (void)err_set(&s->err, ERR_IO, "the node is stopping");
    buf_init(&s->out, ANSWER_BYTES_MAX);
    s->text = str_dup(what->q);
    if (what->n_ids > 0)
        s->ids = malloc(what->n_ids * sizeof(*s->ids));
    if (s->text == NULL || (what->n_ids > 0 && s->ids == NULL) ||
        node_search_names(c->node, &s->names, err) != 0) {
        search_free(s);
        return err_set(err, ERR_NOMEM, "search");
    }
    if (what->n_ids > 0)
        memcpy(s->ids, what->ids, what->n_ids * sizeof(*s->ids));
    s->search.ids = s->ids;
    s->search.q = (struct str){s->text, what->q.n};
    s->search.names = s->names;
    s->search.store = node_store(c->node);
    s->search.sys = c->plan->sys;
    s->search.sentences = node_sentences(c->node);
    s->search.now_ns = sys_now(c->plan->sys);
    s->search.budget_ns = config_number(c->plan->config, CONFIG_QUERY_SECONDS) * NS_PER_S;
    s->search.budget_bytes = (size_t)config_number(c->plan->config, CONFIG_QUERY_MIB) << 20;
    if (!worker_submit(c->workers, &s->job)) {
        search_free(s);
        return err_set(err, ERR_LIMIT, "too many searches at once");
    }
    return 0;
}

/* The same mistake is better told at once than by a worker. */
static int check_query(struct core *c, struct str q, struct err *err)
{
    struct arena mem;
    struct query *parsed;
    arena_init(&mem, 4u << 20);
    int rc = query_parse(q, sys_now(c->plan->sys), &mem, &parsed, err);
    arena_done(&mem);
    return rc;
}

int core_job_search(void *self, uint64_t token, const struct api_search *q, struct err *err)
{
    struct core *c = self;
    struct node_search s = {.kind = NODE_SEARCH,
                            .q = q->q,
                            .from_ns = q->from_ns,
                            .to_ns = q->to_ns,
                            .limit = q->limit,
                            .oldest_first = q->oldest};
    if (q->cursor.n > 0 && !str_to_u64(q->cursor, UINT64_MAX, &s.cursor))
        return err_set(err, ERR_USAGE, "cursor is not one of ours");
    return check_query(c, q->q, err) != 0 ? -1 : submit(c, token, &s, false, err);
}

int core_job_histogram(void *self, uint64_t token, const struct api_search *q, struct err *err)
{
    struct core *c = self;
    struct node_search s = {.kind = NODE_SEARCH_HISTOGRAM,
                            .q = q->q,
                            .from_ns = q->from_ns,
                            .to_ns = q->to_ns,
                            .buckets = q->buckets};
    return check_query(c, q->q, err) != 0 ? -1 : submit(c, token, &s, false, err);
}

int core_job_event(void *self, uint64_t token, uint64_t id, struct err *err)
{
    struct node_search s = {.kind = NODE_SEARCH_AROUND, .id = id, .single = true};
    return submit(self, token, &s, false, err);
}

int core_job_events(void *self, uint64_t token, const uint64_t *ids, size_t n, struct err *err)
{
    struct node_search s = {.kind = NODE_SEARCH_IDS, .ids = ids, .n_ids = n};
    return submit(self, token, &s, false, err);
}

int core_job_around(void *self, uint64_t token, uint64_t id, uint32_t before, uint32_t after, struct err *err)
{
    struct node_search s = {.kind = NODE_SEARCH_AROUND, .id = id, .before = before, .after = after};
    return submit(self, token, &s, false, err);
}

int core_job_local_search(struct core *c, uint64_t token, const struct node_search *s, struct err *err)
{
    return check_query(c, s->q, err) != 0 ? -1 : submit(c, token, s, true, err);
}

/* The last or running check of the seals. */
struct core_verify {
    struct worker_job job;
    struct core *core;
    bool running, ever, ok;
    int64_t finished_ns;
    char dir[2300], keys_dir[2300], credential[2300];
    struct store_verified result;
    struct err err;
    int rc;
    size_t n;
    struct {
        char place[200], what[200];
    } problems[PROBLEMS_MAX];
};

static void verify_found(void *arg, const char *place, const char *what)
{
    struct core_verify *v = arg;
    if (v->n == PROBLEMS_MAX)
        return;
    (void)snprintf(v->problems[v->n].place, sizeof(v->problems[v->n].place), "%s", place);
    (void)snprintf(v->problems[v->n].what, sizeof(v->problems[v->n].what), "%s", what);
    v->n++;
}

static void verify_run(struct worker_job *job)
{
    struct core_verify *v = CONTAINER_OF(job, struct core_verify, job);
    struct store_verify_opts o = {
        .sys = v->core->plan->sys,
        .dir = v->dir,
        .keys_dir = v->keys_dir,
        .node_key_path = node_credential(v->core->plan->sys, v->credential, sizeof(v->credential)),
        .live = node_store(v->core->node),
        .found = verify_found,
        .arg = v};
    v->rc = store_verify(&o, &v->result, &v->err);
}

static void verify_done(struct worker_job *job)
{
    struct core_verify *v = CONTAINER_OF(job, struct core_verify, job);
    v->running = false;
    v->ever = true;
    v->finished_ns = sys_now(v->core->plan->sys);
    if (v->rc != 0)
        verify_found(v, "store", v->err.msg);
    v->ok = v->n == 0;
    node_info_verified(v->core->node, v->finished_ns, v->rc != 0 ? 1 : v->result.bad,
                       str_of(v->n > 0 ? v->problems[0].place : ""));
}

int core_job_verify_start(void *self, struct err *err)
{
    struct core *c = self;
    if (c->verify == NULL)
        c->verify = calloc(1, sizeof(*c->verify));
    struct core_verify *v = c->verify;
    if (v == NULL)
        return err_set(err, ERR_NOMEM, "verification");
    if (v->running)
        return err_set(err, ERR_CONFLICT, "a verification is running");
    v->job = (struct worker_job){.run = verify_run, .done = verify_done};
    v->core = c;
    v->n = 0;
    v->rc = 0;
    v->err = (struct err){0};
    v->result = (struct store_verified){0};
    if (!node_plan_path(c->plan, "store", v->dir, sizeof(v->dir)) ||
        !node_plan_path(c->plan, "keys", v->keys_dir, sizeof(v->keys_dir)))
        return err_set(err, ERR_USAGE, "path too long");
    v->running = worker_submit(c->workers, &v->job);
    return v->running ? 0 : err_set(err, ERR_LIMIT, "too much work at once");
}

int core_job_verify_state(void *self, struct jout *j, struct err *err)
{
    struct core *c = self;
    const struct core_verify *v = c->verify;
    (void)err;
    jout_obj(j);
    JOUT_CSTR(j, "state",
              v == NULL || (!v->running && !v->ever) ? "never"
              : v->running                           ? "running"
              : v->ok                                ? "ok"
                                                     : "bad");
    JOUT_TIME(j, "finished", v == NULL ? 0 : v->finished_ns);
    if (v != NULL && v->ever && !v->running) {
        JOUT_U64(j, "events", v->result.events);
        JOUT_U64(j, "blocks", v->result.blocks);
    }
    jout_key(j, S("problems"));
    jout_arr(j);
    for (size_t i = 0; v != NULL && !v->running && i < v->n; i++) {
        jout_obj(j);
        JOUT_CSTR(j, "place", v->problems[i].place);
        jout_key(j, S("what"));
        node_info_detail(v->core->node, S("verify.mismatch"), str_of(v->problems[i].what), j);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    jout_obj_end(j);
    return 0;
}

void core_job_free(struct core *c)
{
    free(c->verify);
    c->verify = NULL;
}
