/*
 * api_ctx.h - one request under way: what it asks, who asks, and the answer being written. Included by
 * src/api/ alone.
 */
#ifndef KHIEN_API_API_CTX_H
#define KHIEN_API_API_CTX_H

#include <jansson.h>

#include "api/api.h"
#include "api/api_captcha.h"
#include "api/api_peer.h"
#include "api/api_problem.h"
#include "api/api_route.h"
#include "register/register_org.h"
#include "register/register_person.h"
#include "register/register_session.h"
#include "register/register_setting.h"

#define API_ARENA_BYTES_MAX (24u * 1024u * 1024u)
#define API_OUT_BYTES_MAX (16u * 1024u * 1024u)
#define API_PENDING_MAX 256u
#define API_TOKEN_BYTES 32u
#define API_TOKEN_TEXT (2u * API_TOKEN_BYTES + 1u)
#define API_QUERY_MAX 16u
#define API_COOKIE "khien_session"

/* An answer that waits for the node; what it gives is put between the two texts. */
struct api_pending {
    struct api_pending *next;
    uint64_t token;
    char *before, *after; /* malloc'ed */
};

struct api_job;

struct api {
    const struct sys *sys;
    struct reg *reg;
    const struct api_deps *deps;
    struct password_cost cost;
    char dummy_hash[PASSWORD_HASH_BYTES_MAX]; /* of a password nobody has, with the same cost */
    char *fingerprint, *metrics_token;
    struct api_captcha captcha;
    struct api_peers peers;
    struct api_pending *pending;
    size_t n_pending;
    struct api_job *jobs; /* under way */
    size_t n_jobs;
};

struct api_param {
    struct str name, value;
};

struct api_ctx {
    struct api *api;
    const struct api_request *req;
    const struct api_route *route;
    int64_t now_ns;
    struct arena mem;
    struct buf out;
    struct jout j;
    bool replied;

    struct register_by by;
    bool signed_in;
    int64_t idle_s;
    struct register_session session;
    struct register_person person;   /* texts in mem */
    char token_text[API_TOKEN_TEXT]; /* of the cookie, when signed_in */

    struct str id_text; /* the part of the path under {…} */
    int64_t id;         /* the same as a number; 0 where it is none */
    json_t *body;       /* checked against the route; NULL: none */
    struct api_param query[API_QUERY_MAX];
    size_t n_query;

    struct api_header headers[API_HEADERS_MAX];
    size_t n_headers;
};

/* Start and end of a request; ctx_done() wipes the secrets of the body. */
void api_ctx_init(struct api_ctx *c, struct api *api, const struct api_request *req);
void api_ctx_done(struct api_ctx *c);

/* Answers; each gives 0, so that handlers write: return api_ctx_ok(c, 200); */
int api_ctx_ok(struct api_ctx *c, int status); /* with what was written to c->j */
int api_ctx_empty(struct api_ctx *c);          /* 204 */
int api_ctx_bytes(struct api_ctx *c, const char *content_type, struct str body);
int api_ctx_stream(struct api_ctx *c); /* head of server-sent events */
int api_ctx_problem(struct api_ctx *c, enum api_problem p, struct str detail);
/* bad_request with the member that is wrong. */
int api_ctx_bad_field(struct api_ctx *c, const char *field, struct str detail);
/* With more members: api_ctx_problem_open(), JOUT_…, then api_ctx_problem_end(). */
void api_ctx_problem_open(struct api_ctx *c, enum api_problem p, struct str detail);
int api_ctx_problem_end(struct api_ctx *c, enum api_problem p);
void api_ctx_header(struct api_ctx *c, const char *name, struct str value);
/* The answer of an error of a lower floor. */
void api_ctx_error(struct api_ctx *c, const struct err *err);
/* Answer later, by api_complete(): what was written to c->out, then the body, then `after`. */
int api_ctx_wait(struct api_ctx *c, struct str after, struct err *err) MUST_USE;
/* Take back what api_ctx_wait() noted: the node refused the question. */
void api_ctx_unwait(struct api_ctx *c);

/* Query; .p == NULL where not given. */
struct str api_ctx_query(const struct api_ctx *c, const char *name);
int64_t api_ctx_query_i64(const struct api_ctx *c, const char *name, int64_t def);
struct register_page api_ctx_page(const struct api_ctx *c);
/* A time of the query as people write it; def where not given. ERR_PARSE. */
int api_ctx_query_time(const struct api_ctx *c, const char *name, int64_t def, int64_t *ret,
                       struct err *err) MUST_USE;
/* Body; .p == NULL where not given. Views into the body. */
struct str api_ctx_text(const struct api_ctx *c, const char *name);
/* "next": cursor or null, and "total": null, into the open object. */
void api_ctx_next(struct api_ctx *c, int64_t next);

/* A day in Việt Nam, "2026-11-20". */
void api_ctx_date(struct jout *j, int64_t ns);
/* The first instant of a day of the body. */
int api_ctx_body_date(const struct api_ctx *c, const char *name, int64_t *ret, struct err *err) MUST_USE;

/* Random text of hex digits for sessions; n bytes give 2n digits and the NUL. */
int api_ctx_random_text(struct api *api, size_t n, char *ret, struct err *err) MUST_USE;
/* One record of something that changed no table. */
int api_ctx_audit(struct api_ctx *c, struct str action, struct str object_kind, struct str object_id, bool ok,
                  struct str detail, struct err *err) MUST_USE;
/* Tell the node that the register changed. */
void api_ctx_changed(struct api_ctx *c);

/* Read, check and keep body and query as the route says; false after a problem was sent. */
bool api_body_read(struct api_ctx *c);
bool api_body_query(struct api_ctx *c);
void api_body_wipe(const struct api_member *members, json_t *body);

void api_job_cancel(struct api *api, uint64_t token);
struct digest api_setup_digest(struct str typed);

/* Who asks: false after a problem was sent. Open routes without a session give true. */
bool api_session_open(struct api_ctx *c);
/* Begin a session for c->by.person and set the cookie. */
int api_session_begin(struct api_ctx *c, struct err *err) MUST_USE;
/* The answer of GET /session for c->person. */
int api_session_answer(struct api_ctx *c, int status, struct err *err) MUST_USE;
/* Value of X-Khien-CSRF that belongs to the token of a session. */
void api_session_csrf(const char *token_text, char ret[65]);
struct digest api_session_login_digest(struct str folded_login);

#endif
