/*
 * api_job.h - password hashing away from the thread that owns the state. A job carries everything over; when
 * it is done the request goes on in then(), with the same body and the same person.
 */
#ifndef KHIEN_API_API_JOB_H
#define KHIEN_API_API_JOB_H

#include "api/api_ctx.h"

#define API_JOBS_MAX 32u
#define API_JOB_HASHES_MAX (REGISTER_PASSWORD_HISTORY + 1u)
#define API_PEER_TEXT 64u

typedef int api_job_then(struct api_job *job, struct api_ctx *c, struct err *err);

struct api_job {
    struct api_job *next;
    struct api *api;
    const struct api_route *route;
    uint64_t token; /* 0: cancelled */
    char peer[API_PEER_TEXT];
    bool loopback;
    json_t *body;
    int64_t person; /* who asks; 0: nobody yet */
    char who[REGISTER_LOGIN_BYTES_MAX + 1];
    int64_t session;

    /* Work: compare each `old` with the hash beside it, then make a hash of `fresh` where it is set. */
    struct {
        struct str password; /* view into the body */
        char hash[PASSWORD_HASH_BYTES_MAX];
        bool matches;
    } check[API_JOB_HASHES_MAX];
    size_t n_checks;
    struct str fresh; /* view into the body */
    uint8_t salt[PASSWORD_SALT_BYTES];
    struct password_cost cost;
    char made[PASSWORD_HASH_BYTES_MAX];
    struct err err;
    bool failed;

    api_job_then *then;
    int64_t object; /* person that the job is about; 0: unknown login */
    struct digest login;
    struct register_sign_in before, charged;
};

/* A job that shares the body and the person of the request. ERR_NOMEM also where too many are under way. */
int api_job_new(struct api_ctx *c, api_job_then *then, struct api_job **ret, struct err *err) MUST_USE;
void api_job_free(struct api_job *job);
DEFINE_FREEP(api_job)
void api_job_check(struct api_job *job, struct str password, struct str hash);
/* Start: the body leaves the request, and the job belongs to the api from now on. */
void api_job_start(struct api_ctx *c, struct api_job *job);

#endif
