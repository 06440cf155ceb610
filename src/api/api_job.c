#include "api/api_job.h"

#include <stdlib.h>

static void copy_text(char *to, size_t room, struct str from)
{
    size_t n = from.n < room ? from.n : room - 1;
    if (n > 0)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

int api_job_new(struct api_ctx *c, api_job_then *then, struct api_job **ret, struct err *err)
{
    if (c->api->n_jobs >= API_JOBS_MAX)
        return err_set(err, ERR_NOMEM, "too many passwords under way");
    struct api_job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return err_set(err, ERR_NOMEM, "job");
    job->api = c->api;
    job->route = c->route;
    job->token = c->req->token;
    job->loopback = c->req->loopback;
    job->cost = c->api->cost;
    job->then = then;
    copy_text(job->peer, sizeof(job->peer), c->req->peer);
    copy_text(job->who, sizeof(job->who), c->by.who);
    job->person = c->by.person;
    job->session = c->session.id;
    job->body = json_incref(c->body);
    if (sys_random(c->api->sys, job->salt, sizeof(job->salt), err) != 0) {
        api_job_free(job);
        return -1;
    }
    *ret = job;
    return 0;
}

void api_job_free(struct api_job *job)
{
    if (job == NULL)
        return;
    if (job->body != NULL) {
        api_body_wipe(job->route->body, job->body);
        json_decref(job->body);
    }
    digest_wipe(job, sizeof(*job));
    free(job);
}

void api_job_check(struct api_job *job, struct str password, struct str hash)
{
    assert(job->n_checks < API_JOB_HASHES_MAX && hash.n < PASSWORD_HASH_BYTES_MAX);
    job->check[job->n_checks].password = password;
    copy_text(job->check[job->n_checks].hash, PASSWORD_HASH_BYTES_MAX, hash);
    job->n_checks++;
}

/* On a worker thread: touches nothing but the job. */
static void work(void *arg)
{
    struct api_job *job = arg;
    for (size_t i = 0; i < job->n_checks; i++)
        job->check[i].matches = password_matches(job->check[i].hash, job->check[i].password);
    if (job->fresh.p != NULL)
        job->failed = password_hash(&job->cost, job->fresh, job->salt, job->made, &job->err) != 0;
}

static void unlink_job(struct api_job *job)
{
    struct api_job **at = &job->api->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->api->n_jobs--;
}

/* Back on the owning thread: the request goes on. */
static void done(void *arg)
{
    struct api_job *job = arg;
    struct api_ctx c;
    struct err err = {0};
    unlink_job(job);
    struct api_request req = {
        .token = job->token, .method = API_POST, .peer = str_of(job->peer), .loopback = job->loopback};
    api_ctx_init(&c, job->api, &req);
    c.route = job->route;
    c.body = json_incref(job->body);
    c.by.person = job->person;
    c.by.who = str_of(job->who);
    if (job->failed)
        api_ctx_error(&c, &job->err);
    else if (job->then(job, &c, &err) != 0)
        api_ctx_error(&c, &err);
    /* The job wipes the body. */
    json_decref(c.body);
    c.body = NULL;
    api_ctx_done(&c);
    api_job_free(job);
}

void api_job_start(struct api_ctx *c, struct api_job *job)
{
    const struct api_deps *deps = job->api->deps;
    /* The request lets go of the body, which the job wipes when it is done. */
    json_decref(c->body);
    c->body = NULL;
    job->next = job->api->jobs;
    job->api->jobs = job;
    job->api->n_jobs++;
    if (deps->offload != NULL) {
        deps->offload(deps->self, work, done, job);
        return;
    }
    work(job);
    done(job);
}

void api_job_cancel(struct api *api, uint64_t token)
{
    for (struct api_job *job = api->jobs; job != NULL; job = job->next) {
        if (job->token == token)
            job->token = 0;
    }
}
