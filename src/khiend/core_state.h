/*
 * core_state.h - what the core process holds; shared by core.c (life), core_call.c (requests), core_deps.c
 * (what the API asks of the node), core_tail.c (live views) and core_job.c (work in threads).
 */
#ifndef KHIEN_KHIEND_CORE_STATE_H
#define KHIEN_KHIEND_CORE_STATE_H

#include "api/api.h"
#include "flow/intake.h"
#include "flow/node.h"
#include "khiend/node_plan.h"
#include "sys/sandbox.h"
#include "sys/worker.h"
#include "wire/channel.h"

struct event;
struct event_base;
struct evconnlistener;
struct core;
struct core_verify;
struct node_search;
struct tail;

/* One peer that sends frames: front, or a tool on the local socket. */
struct core_peer {
    struct core_peer *next;
    struct core *core;
    uint64_t number; /* never used again, so that late answers find nobody rather than somebody else */
    bool local;
    struct channel *channel;
    struct intake *intake;
    bool gone; /* freed by the loop, not inside a callback of its own channel */
};

/* A request under way. token = place + a number that makes it unique. */
struct core_call {
    uint64_t token, peer, tag; /* token 0 = free */
    bool stream;
};

#define CORE_CALLS_MAX 4096u

struct core {
    const struct node_plan *plan;
    int ctl;
    struct event_base *base;
    struct event *ctl_event, *stop_event, *tick_event, *commit_event, *worker_event;
    bool commit_armed;
    struct evconnlistener *local;
    struct node *node;
    struct api *api;
    struct api_deps deps;
    struct worker_pool *workers;
    struct core_peer *peers;
    struct core_peer *front; /* the present front, NULL while there is none */
    bool front_died;         /* … and the next one has not come */
    int64_t front_heard_ns;  /* when front last said something */
    uint64_t front_lost;     /* lines it had received and never gave away */
    uint64_t next_peer, next_token;
    struct core_call calls[CORE_CALLS_MAX];
    struct tail *tails;
    struct core_verify *verify;
    struct sandbox_state sandbox;
    struct store_recovery recovery;
    char setup_code[API_SETUP_CODE_TEXT];
    char fingerprint[96]; /* of the TLS certificate; read before the sandbox closes */
    bool announced;       /* the banner was printed */
    int64_t said_ns;      /* when an error of the tick was last said */
};

/* core_call.c: requests from peers to the api, answers back. */
void core_call_request(struct core *c, struct core_peer *p, uint64_t tag, struct str payload, bool *ret_ok);
void core_call_cancel(struct core *c, struct core_peer *p, uint64_t tag);
void core_call_peer_gone(struct core *c, struct core_peer *p);
void core_call_reply(void *self, uint64_t token, const struct api_response *r);
/* Bytes of a stream; false: nobody listens any more. */
bool core_call_chunk(struct core *c, uint64_t token, struct str bytes);
void core_call_end(struct core *c, uint64_t token);

/* core_deps.c */
void core_deps_init(struct core *c);

/* core_job.c: searches, verification, password hashing in worker threads. */
void core_job_offload(void *self, void (*work)(void *job), void (*done)(void *job), void *job);
int core_job_search(void *self, uint64_t token, const struct api_search *q, struct err *err);
int core_job_histogram(void *self, uint64_t token, const struct api_search *q, struct err *err);
int core_job_event(void *self, uint64_t token, uint64_t id, struct err *err);
int core_job_events(void *self, uint64_t token, const uint64_t *ids, size_t n, struct err *err);
int core_job_around(void *self, uint64_t token, uint64_t id, uint32_t before, uint32_t after,
                    struct err *err);
int core_job_verify_start(void *self, struct err *err);
int core_job_verify_state(void *self, struct jout *j, struct err *err);
void core_job_free(struct core *c);

/* The answer goes to core_call_reply as plain text: flat NDJSON, or {"count":…}. */
int core_job_local_search(struct core *c, uint64_t token, const struct node_search *s, struct err *err);

/* core_local.c: questions of the tool. */
void core_local_request(struct core *c, uint64_t token, struct str path, struct str text);

/* core_tail.c */
int core_tail_start(void *self, uint64_t token, int64_t session, struct str q, struct err *err);
void core_tail_stop(void *self, int64_t session);
void core_tail_cancel(struct core *c, uint64_t token);
void core_tail_event(void *arg, const struct event *e);
void core_tail_keep(struct core *c); /* comments that keep connections open; once a second */
void core_tail_free(struct core *c);

#endif
