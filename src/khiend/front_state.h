/*
 * front_state.h - what the front process holds; shared by front.c (processes, HTTP) and front_intake.c (log
 * intake).
 */
#ifndef KHIEN_KHIEND_FRONT_STATE_H
#define KHIEN_KHIEND_FRONT_STATE_H

#include "crypt/tls.h"
#include "flow/feed.h"
#include "khiend/node_plan.h"
#include "source/source.h"
#include "sys/sandbox.h"
#include "wire/channel.h"
#include "wire/http.h"

struct event;
struct event_base;
struct front_intake;

struct front {
    const struct node_plan *plan;
    int ctl;
    struct event_base *base;
    struct event *ctl_event, *stop_event;
    struct channel *channel;
    bool core;     /* core answers */
    bool stopping; /* nothing new is taken */
    struct tls_server *tls_https, *tls_syslog;
    char fingerprint[96];
    int64_t cert_not_after_ns;
    struct http *http;
    struct sandbox_state sandbox;
    int statm_fd; /* opened before the sandbox closes; -1 none */
    struct feed *feed;
    struct source_table *table;
    struct source_set *sources;
    struct front_intake *intake;
};

/* Make feed, table, stations and timers. */
int front_intake_new(struct front *f, struct err *err) MUST_USE;
void front_intake_free(struct front *f);
/* A new channel to core stands: tell it every sender, then what is not acknowledged. */
void front_intake_connected(struct front *f);
void front_intake_ack(struct front *f, uint64_t batch, bool open);
/* Core's word about a sender; false: it does not check. */
bool front_intake_resume(struct front *f, uint32_t source, struct str payload);

#endif
