/*
 * node.h - the wiring of one node inside core: store, register, rules, duties, monitor. One thread owns it;
 * searches run in workers on snapshots (node_search.h). The tool opens the same node offline, with the lock
 * of the directory.
 */
#ifndef KHIEN_FLOW_NODE_H
#define KHIEN_FLOW_NODE_H

#include "codec/jout.h"
#include "detect/detect.h"
#include "duty/duty.h"
#include "flow/config.h"
#include "flow/sentence.h"
#include "model/event.h"
#include "register/register.h"
#include "store/store.h"

struct node;

struct node_opts {
    const struct sys *sys;
    const struct config *config;
    const char *data_dir;      /* absolute */
    const char *catalogue_dir; /* NULL: node_catalogue_dir() */
    bool read_only;            /* offline search: no writes at all */
    bool no_rules;             /* do not load the detection rules */
};

int node_open(const struct node_opts *o, struct node **ret, struct store_recovery *ret_recovery,
              struct err *err) MUST_USE;
void node_close(struct node *n); /* brings everything to the disk; NULL allowed */

struct store *node_store(struct node *n);
struct reg *node_register(struct node *n); /* NULL when read only */
const struct sentences *node_sentences(const struct node *n);
const struct sys *node_sys(const struct node *n);
const struct config *node_config(const struct node *n);

/* Folder of the catalogue: setting, beside the program (../catalogue from build/ or build/src/x/),
 * /usr/share/khien/catalogue. */
int node_catalogue_dir(const struct sys *sys, const struct config *c, char *out, size_t out_n,
                       struct err *err) MUST_USE;

/* Path of the node key that systemd handed over, NULL where it lies in the data directory. out has room for a
 * path. */
const char *node_credential(const struct sys *sys, char *out, size_t out_n);

#define NODE_LAYERS 5
#define NODE_HOURS 24

/* One sender as core knows it. Numbers of the running front plus what earlier runs left. */
struct node_source {
    uint32_t id;
    char kind[12], address[160], name[160], dialect[24], position[320];
    uint64_t received, stored, dropped, malformed, doubled;
    uint64_t last_seq;
    uint64_t gaps, missing;  /* holes in the sequence, records inside them */
    uint64_t dropped_before; /* by earlier fronts; `dropped` counts on from there */
    uint64_t saved_mark;     /* sum of the counters as last written to the register */
    char saved_position[320];
    int64_t first_ns, last_seen_ns, silent_after_s, created_ns;
    bool connected;
    bool silent, saved_silent; /* as told by the last event about it */
    struct node_hour {
        int64_t hour; /* since 1970 */
        uint64_t stored, malformed, dropped;
    } hours[NODE_HOURS];
    int64_t layer_ns[NODE_LAYERS]; /* last event that shows a layer of D19.5, in the order of check.h */
    uint64_t minute[60];           /* events per second, ring by second of receipt */
    int64_t minute_s;              /* second of the newest entry */
};

/* Number in the register for a sender, made where it is new; the entry stays valid until node_close. */
int node_source_get(struct node *n, struct str kind, struct str address, struct str name,
                    struct node_source **ret, struct err *err) MUST_USE;
/* Count an event that was stored, or datagrams that were lost. */
void node_source_count_event(struct node_source *s, const struct event *e);
void node_source_count_dropped(struct node_source *s, uint64_t n, int64_t now_ns);
/* Lines that were received and never came to core: a gap. `received` goes back to what came. */
void node_source_count_lost(struct node_source *s, uint64_t n);
struct node_source *node_source_find(struct node *n, uint32_t id); /* NULL: unknown */
size_t node_source_count(const struct node *n);
struct node_source *node_source_at(struct node *n, size_t i);
bool node_source_silent(const struct node *n, const struct node_source *s, int64_t now_ns);
struct str node_source_name(struct node *n, uint32_t id); /* empty where unknown */

/*
 * Take events that have their source and sequence: detection, store, live tail. They are durable after the
 * node_commit() that reaches their id. ERR_FULL: nothing was taken.
 */
int node_events(struct node *n, struct event *e, size_t n_events, struct err *err) MUST_USE;
/* The same for events unpacked from records[0, bytes), see store_append_packed. */
int node_events_packed(struct node *n, struct event *e, size_t n_events, char *records, size_t bytes,
                       struct err *err) MUST_USE;
/* An event of the node itself (audit, monitor); message "khien-…: …" is built by the caller into raw. */
int node_own_event(struct node *n, struct event *e, struct err *err) MUST_USE;
int node_commit(struct node *n, uint64_t *ret_durable, struct err *err) MUST_USE;
/*
 * Nanoseconds until what was taken should be committed: 0 now, INT64_MAX when nothing waits. The first event
 * after a rest need not wait; then commits are commit_ms apart.
 */
int64_t node_commit_wait(const struct node *n);
/*
 * Timed work, call every 10 to 50 ms: commits when due, seals, samples, audit records, silent sources,
 * evaluation of duties. Errors are those that the operator must hear; the node goes on.
 */
int node_tick(struct node *n, uint64_t *ret_durable, struct err *err) MUST_USE;
/* Called for each event after it was appended (live tail); one listener. */
void node_on_event(struct node *n, void (*fn)(void *arg, const struct event *e), void *arg);

/* The register was changed by a person: names of sources are read anew, duties are judged soon. */
void node_changed(struct node *n);
/* A search was answered: the checks compare their number with the audit records about searches. */
void node_searched(struct node *n);

/* What the parent knows. */
struct node_process {
    char name[16];
    uint32_t pid, restarts, uid;
    bool landlock, seccomp, known;
};
/* What front said: its resident memory, and datagrams that the kernel dropped since it said so last. */
void node_set_front(struct node *n, uint64_t rss_bytes, uint64_t kernel_dropped);
void node_set_process(struct node *n, size_t i, const struct node_process *p); /* 0 front, 1 core */
void node_set_listen(struct node *n, struct str https, struct str syslog, struct str syslog_tls,
                     struct str fingerprint, int64_t cert_not_after_ns);

#endif
