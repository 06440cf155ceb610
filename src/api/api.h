/*
 * api.h - the service behind /api/v1: routes, permissions, sessions, sign-in, and everything that lies in the
 * register. It knows no transport: the caller reads HTTP, fills struct api_request and sends what reply()
 * gets. What lies outside the register (log store, duty evaluation, live counters) comes through api_deps.
 *
 * One thread owns a handle and calls every function of this header. Each request is answered exactly once by
 * deps->reply(), inside api_handle() or later; a request whose connection has gone is dropped by
 * api_cancel(). Source: docs/api.md.
 */
#ifndef KHIEN_API_API_H
#define KHIEN_API_API_H

#include "codec/jout.h"
#include "crypt/password.h"
#include "register/register.h"
#include "sys/sys.h"

#define API_BODY_BYTES_MAX (12u * 1024u * 1024u)
#define API_SETUP_CODE_TEXT 15u /* "XXXX-XXXX-XXXX", with the NUL */

struct api;

enum api_method { API_GET, API_POST, API_DELETE, API_OTHER };

/* Views must live only during api_handle(). A header that is missing has .p == NULL. */
struct api_request {
    uint64_t token; /* not 0; unique among the requests under way; names it in reply() and api_complete() */
    enum api_method method;
    struct str path;  /* as sent, without the query: "/api/v1/findings/12" */
    struct str query; /* behind '?', as sent */
    struct str cookie, csrf, accept_language, content_type, authorization;
    struct str body; /* JSON checked for grammar and depth, at most API_BODY_BYTES_MAX */
    struct str peer; /* address without port */
    bool loopback;   /* the peer is this machine */
    bool background; /* header X-Khien-Background: a refresh by the page itself, not by the person */
};

struct api_header {
    const char *name;
    struct str value;
};

#define API_HEADERS_MAX 6u

/* Valid only during reply(). */
struct api_response {
    int status;
    const char *content_type; /* NULL: no body */
    struct str body;
    struct api_header headers[API_HEADERS_MAX];
    size_t n_headers;
    bool stream; /* SSE: send the head, keep the connection open; events come from the one who tails */
};

struct api_search {
    struct str q;
    int64_t from_ns, to_ns; /* 0 and INT64_MAX where not given */
    uint32_t limit;         /* search: 1..1000 */
    uint32_t buckets;       /* histogram: 1..500 */
    bool oldest;            /* oldest first */
    struct str cursor;      /* from the answer before; empty: start */
};

/* Filters of the list of duties; .p == NULL: not given. */
struct api_duty_filter {
    struct str status, article, chapter, kind, q;
};

/* Parts of GET /today that lie outside the register. */
enum api_today {
    API_TODAY_COMPLETE,  /* one value: {"from","to","gaps"} */
    API_TODAY_RED,       /* more items of an open array: duties, sources, system */
    API_TODAY_CLOCKS,    /* more items: clocks that are not findings */
    API_TODAY_DUTIES,    /* items */
    API_TODAY_HEALTH,    /* one value */
    API_TODAY_SCORE,     /* items */
    API_TODAY_CHECKLIST, /* more items: time_sync, first_source, key_file */
};

/* Counters of one source. */
struct api_source_live {
    uint64_t received, stored, dropped, malformed, sequence;
    int64_t last_seen_ns; /* 0: never */
    bool silent;
    uint64_t rate_1m;       /* events in the last minute */
    struct str dialect;     /* "rfc5424", …; .p == NULL: not known yet */
    int64_t from_ns, to_ns; /* complete from … to; 0: nothing yet */
    uint64_t gaps, missing; /* holes; records known to be missing in them */
};

/*
 * What the node provides. All functions are required unless they say "may be NULL".
 *
 * Functions with a token answer later, or at once, by api_complete(token, 200, JSON) or api_fail(token, err);
 * they return -1 (with err, and without answering) where the question itself is wrong. Functions with a jout
 * write into it before they return. Errors become problems: ERR_PARSE and ERR_USAGE → bad_query,
 * ERR_LIMIT → limit, ERR_NOT_FOUND → not_found, ERR_CONFLICT → conflict, ERR_FULL → storage_full,
 * ERR_DENIED → forbidden, others → internal. The message of bad_query is shown to people; that of internal is
 * not.
 */
struct api_deps {
    void *self;
    void (*reply)(void *self, uint64_t token, const struct api_response *r);
    /*
     * Run work(job) on a worker thread, then done(job) on the thread that owns the api. May be NULL: both run
     * at once. Password hashing takes 0.1 to 0.4 s and 64 MiB: give it few threads.
     */
    void (*offload)(void *self, void (*work)(void *job), void (*done)(void *job), void *job);
    /* The register changed: audit rows wait, duties may be judged anew. May be NULL. */
    void (*changed)(void *self);

    /* Logs. Answers as in docs/api.md. */
    int (*search)(void *self, uint64_t token, const struct api_search *q, struct err *err);
    int (*histogram)(void *self, uint64_t token, const struct api_search *q, struct err *err);
    int (*event)(void *self, uint64_t token, uint64_t id, struct err *err);
    /* A JSON array of EVENT, in order of id; events that retention has removed are left out. */
    int (*events)(void *self, uint64_t token, const uint64_t *ids, size_t n, struct err *err);
    int (*around)(void *self, uint64_t token, uint64_t id, uint32_t before, uint32_t after, struct err *err);
    int (*fields)(void *self, struct str prefix, struct jout *items,
                  struct err *err); /* items of an open array */
    /*
     * Live view. After it returns 0 the api replies with stream = true on this token; then events may be
     * sent. The stream ends when the connection does, or by tail_stop() for all streams of the session. Ask
     * api_session_alive() now and then: a stream does not keep a session alive.
     */
    int (*tail_start)(void *self, uint64_t token, int64_t session, struct str q, struct err *err);
    void (*tail_stop)(void *self, int64_t session);

    /* Duties. */
    int (*duties)(void *self, const struct api_duty_filter *f, struct jout *j,
                  struct err *err); /* whole answer */
    /* Members of DUTY with "explain" and "law", inside an open object; evidence and history are added here.
     */
    int (*duty)(void *self, struct str id, struct jout *j, bool *ret_found, struct err *err);
    bool (*duty_known)(void *self, struct str id);
    /* When a document of this date stops to count for the duty (its freshness); 0: it does not age. */
    int64_t (*duty_expires)(void *self, struct str id, int64_t dated_ns);

    /* Both languages of a text of the catalogue, as {"vi","en"}; an unknown code stands for itself. */
    void (*text)(void *self, struct str code, struct jout *j);

    /* Today, sources, system. */
    int (*today)(void *self, enum api_today part, struct jout *j, struct err *err);
    bool (*source_live)(void *self, uint32_t id, struct api_source_live *ret); /* false: nothing known */
    int (*system)(void *self, struct jout *j, struct err *err);                /* whole answer */
    int (*metric)(void *self, struct str name, int64_t from_ns, int64_t to_ns, int64_t step_s, struct jout *j,
                  struct err *err);                                   /* whole answer */
    int (*verify_start)(void *self, struct err *err);                 /* ERR_CONFLICT: runs already */
    int (*verify_state)(void *self, struct jout *j, struct err *err); /* whole answer */
    int (*metrics_text)(void *self, struct buf *b, struct err *err);  /* Prometheus text format */
    bool (*ready)(void *self);
};

struct api_config {
    const struct sys *sys; /* clock and randomness */
    struct reg *reg;
    const struct api_deps *deps;      /* borrowed; outlives the handle */
    const struct password_cost *cost; /* NULL: password_cost_default */
    struct str fingerprint;           /* of the TLS certificate, "AB:CD:…" */
    struct str metrics_token;         /* bearer token that loopback may use for /metrics; empty: none */
};

/* sys, reg, deps are borrowed; texts are copied. ERR_NOMEM, ERR_CRYPT. */
int api_new(const struct api_config *config, struct api **ret, struct err *err) MUST_USE;
void api_free(struct api *api); /* NULL is fine; jobs under way must have been done */
DEFINE_FREEP(api)

void api_handle(struct api *api, const struct api_request *req);
/* Answer a request that a function of api_deps took. body: JSON text. Unknown tokens are ignored. */
void api_complete(struct api *api, uint64_t token, int status, struct str body);
void api_fail(struct api *api, uint64_t token, const struct err *err);
/* The connection has gone: forget the request. */
void api_cancel(struct api *api, uint64_t token);

/*
 * Make the one-time code that opens the set-up, to be shown on the console of the machine and nowhere else.
 * *ret_needed is false (and no code made) where the node is set up. Valid for 30 minutes and five tries; the
 * next start of the node makes a new one.
 */
int api_setup_begin(struct api *api, char ret_code[API_SETUP_CODE_TEXT], bool *ret_needed,
                    struct err *err) MUST_USE;
/* Whether a session that a stream belongs to is still valid. */
bool api_session_alive(struct api *api, int64_t session);
/* OpenAPI 3.1 document of the route table. */
void api_openapi(struct buf *b);

#endif
