/*
 * inner.h - the store's own struct, shared by store_*.c. Two threads at most write: the owner (append,
 * commit, tick) and the sealer, which turns a full window into a block. Fields say who may touch them; "mu"
 * means under the mutex.
 */
#ifndef KHIEN_STORE_INNER_H
#define KHIEN_STORE_INNER_H

#include <pthread.h>

#include "store/block.h"
#include "store/ckpt.h"
#include "store/ring.h"
#include "store/seg.h"
#include "store/store.h"
#include "store/wal.h"
#include "store/win.h"

#define STORE_PATH_MAX 3072
#define STORE_FORMAT "khien-store 1\n"
#define STORE_ROWS_MAX 262144u                /* events in a window */
#define STORE_WAL_BYTES (32u * 1024u * 1024u) /* a log file is followed by a new one at this size */
#define STORE_PACKED_MAX (256u * 1024u * 1024u)
#define STORE_ARENA_MAX (1024u * 1024u * 1024u)

struct store_old_wal {
    uint64_t number, last_id;
};

struct store {
    const struct sys *sys;
    struct store_opts o; /* strings point into the arrays below */
    char dir[STORE_PATH_MAX], keys_dir[STORE_PATH_MAX], node_key[STORE_PATH_MAX], origin[256];
    struct ring ring;
    struct sys_file *lock;

    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct seg **segs; /* mu; by number; the last may be open */
    size_t n_segs, segs_cap;
    struct win *active, *sealing; /* mu; only the owner puts events into active */
    struct tlog tree;             /* mu */
    uint64_t kept;                /* mu; first leaf whose block exists */
    uint64_t sealed_id;           /* mu; last event in a durable block */
    uint64_t lost_events;         /* mu; removed by retention */
    bool seal_failed, stop;       /* mu */
    struct wal_state durable;     /* mu; the log up to here is on disk */
    struct err seal_err;          /* mu */
    bool seg_finished;            /* mu; a checkpoint is due */

    /* Sealer (or whoever runs store_seal_run inline). */
    pthread_t thread;
    bool has_thread;
    struct seg *open_seg; /* last of segs, or new and not yet listed */
    bool open_seg_listed;
    uint64_t next_segment;
    struct block_codec *codec;
    struct buf block; /* encoded and not yet durable: written again after a failure */
    struct leaf block_leaf;
    struct sys_file *leaves;

    /* Owner. */
    uint64_t next_id;
    struct buf packed; /* appended and not yet in a frame */
    uint32_t packed_n;
    uint64_t packed_first;
    int64_t packed_since_ns;
    struct wal *wal;
    struct wal_state wal_last; /* without an open log file: the last place */
    uint64_t next_wal;
    struct seg **doomed; /* given up by retention; their files go when nobody reads them any more */
    size_t n_doomed, doomed_cap;
    struct store_old_wal *old_wals; /* ascending */
    size_t n_old_wals, old_wals_cap;
    struct ckpt ckpt; /* written last */
    int64_t ckpt_mono_ns, space_mono_ns, seal_retry_ns;
    bool ckpt_due, has_ckpt;
    bool full;              /* the last commit found no room */
    uint64_t space_written; /* since the last look at the free space */
    bool low_disk;          /* below the reserve */
};

/* store_seal.c */
/* Turn s->sealing into a durable block. May be tried again after a failure. */
int store_seal_run(struct store *s, struct err *err) MUST_USE;
/* Give the active window to the sealer; waits while it works on another. false: that one failed, nothing
 * done. */
bool store_seal_start(struct store *s);
void store_seal_wait(struct store *s); /* until the sealer is idle or has failed */
void store_seal_retry(struct store *s);
int store_seal_thread(struct store *s, struct err *err) MUST_USE; /* start it, unless seal_inline */
void store_seal_stop(struct store *s);
bool store_seal_full(const struct store *s); /* the active window has its size */
int store_seg_list(struct store *s, struct seg *g, struct err *err) MUST_USE; /* mu held */
void store_seg_unref(struct store *s, struct seg *g);                         /* mu held */
void store_win_unref(struct store *s, struct win *w);                         /* mu held */

/* store_keep.c: checkpoints, log files that are no longer needed, retention */
int store_keep_checkpoint(struct store *s, struct err *err) MUST_USE;
int store_keep_wals(struct store *s, struct err *err) MUST_USE;
int store_keep_retention(struct store *s, struct err *err) MUST_USE;
int store_keep_old_wal(struct store *s, uint64_t number, uint64_t last_id, struct err *err) MUST_USE;

/* store_open.c */
void store_open_free(struct store *s);

/* store_replay.c: recovery of the write-ahead log, after the segments */
int store_replay_run(struct store *s, struct store_recovery *r, struct err *err) MUST_USE;

/* store_load.c: leaves and segments */
int store_load_run(struct store *s, struct store_recovery *r, struct err *err) MUST_USE;

/* store.c */
struct store_slice {
    struct event *e;
    size_t n;
    char *records; /* packed already, one behind the other; or NULL */
    size_t bytes;
};
/* Put a slice into the active window, all or nothing. log: it also goes to the write-ahead log. */
int store_take(struct store *s, const struct store_slice *in, bool log, struct err *err) MUST_USE;

#endif
