/*
 * node_priv.h - inside of a node; included by src/flow/node*.c alone.
 */
#ifndef KHIEN_FLOW_NODE_PRIV_H
#define KHIEN_FLOW_NODE_PRIV_H

#include "duty/check.h"
#include "flow/node_event.h"
#include "monitor/host.h"
#include "monitor/series.h"
#include "monitor/silence.h"
#include "monitor/threshold.h"
#include "monitor/timesync.h"

#define NODE_SOURCES_MAX 20000u
#define NODE_PATH_BYTES 2300u
#define NODE_LAG_SLOTS 24u /* doubling from 1 ms */
#define NODE_LAG_MINUTES 60u
#define NODE_THRESHOLDS_MAX 8u
#define NODE_FINDS_MAX 32768u /* groups of matches that wait for the register */
#define NODE_FIND_SLOTS 131072u
#define NODE_EVENTS_HELD 256u /* events of the node itself that wait for the store */

struct node_pending;

/* Times from receipt to disk, per minute of the last hour, in doubling slots. */
struct node_lag {
    int64_t minute;
    uint64_t slots[NODE_LAG_MINUTES][NODE_LAG_SLOTS];
};

struct node_listen {
    char https[80], syslog[80], syslog_tls[80], fingerprint[96];
    int64_t cert_not_after_ns;
};

struct node_held_event {
    enum node_event_kind kind;
    bool seen; /* by the rules */
    int64_t at_ns, from_ns, to_ns;
    char source[160], reason[200];
};

struct node_held_events {
    size_t first, n;
    uint64_t lost;
    struct node_held_event ring[NODE_EVENTS_HELD];
};

struct node {
    const struct sys *sys;
    const struct config *config;
    char data_dir[NODE_PATH_BYTES], catalogue_dir[NODE_PATH_BYTES], store_dir[NODE_PATH_BYTES],
        keys_dir[NODE_PATH_BYTES], credential[NODE_PATH_BYTES];
    char origin[128]; /* of checkpoints: khien.local/NAME */
    bool read_only;
    struct store *store;
    struct reg *reg;
    struct detect_plan *plan;
    struct detect_state *detect;
    struct node_pending *pending_finds;
    size_t n_pending_finds;
    uint16_t find_slots[NODE_FIND_SLOTS]; /* place + 1 in pending_finds */
    struct catalogue *catalogue;
    struct calendar *calendar;
    struct reason_texts *texts;
    struct sentences *sentences;
    struct host *host;
    struct series *series;
    struct threshold_rule thresholds[NODE_THRESHOLDS_MAX];
    struct threshold_state threshold_states[NODE_THRESHOLDS_MAX];
    size_t n_thresholds;
    struct timesync sync;
    struct node_source **sources; /* in order of making */
    struct silence *silences;     /* beside sources */
    size_t n_sources;
    uint32_t self; /* id of the node's own source */
    void (*on_event)(void *arg, const struct event *e);
    void *on_event_arg;
    struct node_process processes[2];
    struct node_listen listen;
    struct node_lag lag;
    int64_t started_ns, oldest_pending_ns; /* receipt of the oldest event that is not on disk, 0 none */
    int64_t found_ns, sampled_ns, evaluated_ns, audit_ns, judged_ns, saved_ns, swept_ns, sync_ns;
    uint64_t pending;          /* events since the last commit */
    int64_t committed_mono_ns; /* of the last try */
    uint64_t audit_seen, matches, matches_lost;
    int64_t pruned_ns;  /* when old audit rows were removed */
    bool prune_more;    /* and there were some */
    int64_t audit_done; /* audit row that waits for the next commit to be handed over; 0 none */
    uint64_t audit_event;
    int64_t restart_ns[32]; /* when a child was started again, ring */
    uint64_t restarts_noted;
    uint64_t searches;     /* answered since the start */
    int64_t access_before; /* audit rows about reading before that; INT64_MIN not looked yet */
    /* Result of the last verification, told by whoever ran it. */
    int64_t verified_ns;
    uint64_t verified_bad;
    uint64_t front_rss; /* 0 unknown */
    /* Datagrams that the kernel dropped: nobody knows whose they were. */
    uint64_t kernel_dropped, kernel_gaps, kernel_saved;
    struct node_hour kernel_hours[NODE_HOURS];
    struct node_held_events own;
    bool intake_stopped;    /* as told by an event */
    int64_t intake_open_ns; /* since when it is open again, while that was not told */
    bool duties_stale;      /* something changed that duties depend on */
    struct arena duty_mem;
    struct duty_outcome
        *outcomes; /* catalogue_count of them, in duty_mem; NULL before the first evaluation */
    int64_t next_change_ns;
};

/* node.c: the seed of group keys, the same at each start; an own event that the rules have seen already */
int node_seed(struct node *n, uint64_t *ret, struct err *err) MUST_USE;
int node_own_event_seen(struct node *n, struct event *e, struct err *err) MUST_USE;

/* node_source.c */
int node_source_open(struct node *n, struct err *err) MUST_USE;
void node_source_close(struct node *n);
int node_source_save(struct node *n, struct err *err) MUST_USE;
void node_source_refresh(struct node *n); /* names and thresholds as the register has them now */
void node_source_watch(struct node *n, int64_t now_ns); /* silence → events */

/* node_find.c */
int node_find_open(struct node *n, struct err *err) MUST_USE;
void node_find_close(struct node *n);
int node_find_flush(struct node *n, struct err *err) MUST_USE;
void node_find_run(struct node *n, const struct event *e, size_t n_events);
int node_find_threshold(struct node *n, const struct threshold_change *c, struct err *err) MUST_USE;

/* node_watch.c: this machine and the audit records */
int node_watch_open(struct node *n, struct err *err) MUST_USE;
int node_watch_prune(struct node *n, int64_t now_ns, struct err *err) MUST_USE; /* old audit rows */
int node_watch_tick(struct node *n, int64_t now_ns, struct err *err) MUST_USE;
void node_watch_lag(struct node *n, int64_t lag_ns, uint64_t events);
int64_t node_watch_lag_p95_ms(const struct node *n); /* -1: nothing in the last hour */

/* node_duty.c */
int node_duty_open(struct node *n, struct err *err) MUST_USE;
int node_duty_judge(struct node *n, int64_t now_ns, struct err *err) MUST_USE;

#endif
