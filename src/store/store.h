/*
 * store.h - the embedded event store: write-ahead log, sealed segments, retention, Merkle log. One owner
 * thread appends, commits and ticks; any thread may read through a snapshot. Everything on disk is encrypted
 * and committed to. docs/format/store.md.
 */
#ifndef KHIEN_STORE_STORE_H
#define KHIEN_STORE_STORE_H

#include "model/event.h"
#include "sys/sys.h"

struct store;

struct store_opts {
    const struct sys *sys;
    const char *dir;      /* …/store; made where missing */
    const char *keys_dir; /* …/keys: node key, wrapped store keys, seal key */
    const char
        *node_key_path; /* 32 bytes from a systemd credential; NULL: keys_dir/node.key, made where missing */
    const char *origin; /* checkpoint origin, e.g. "khien.local/<node id>" */
    bool read_only;     /* search and verify: takes no write lock, changes nothing */
    int64_t commit_ns;  /* longest wait of appended events for the disk; default 50 ms */
    uint64_t window_bytes;  /* raw bytes per block; default 8 MiB */
    uint64_t segment_bytes; /* raw bytes per segment; default 256 MiB */
    int64_t checkpoint_ns;  /* default 60 s */
    int64_t keep_ns;        /* retention by age; 0 = for ever */
    uint64_t keep_bytes;    /* retention by stored size; 0 = no limit */
    int64_t keep_floor_ns;  /* never delete younger than this, whatever the size */
    uint64_t reserve_bytes; /* stop intake below this much free disk; default 256 MiB */
    int64_t window_ns;      /* a window is sealed at this age even if it is not full; default 1 h */
    bool seal_inline; /* no sealing thread: blocks are made inside append, tick and close (simulation) */
};

struct store_recovery {
    uint64_t segments, blocks, wal_events; /* what was found; wal_events = replayed from the log */
    uint64_t torn_bytes;                   /* unacknowledged tail thrown away */
    int64_t took_ns;
};

int store_open(const struct store_opts *o, struct store **ret, struct store_recovery *ret_recovery,
               struct err *err) MUST_USE;
void store_close(struct store *s); /* seals what is open, writes a last checkpoint; NULL allowed */

/*
 * Append n events (views are copied); sets e->id. They are durable after the store_commit that returns an id
 * at or above theirs. ERR_FULL: the disk is full or below the reserve; nothing was taken, try again later.
 */
int store_append(struct store *s, struct event *e, size_t n, struct err *err) MUST_USE;
/*
 * The same for events whose packed records (event_pack) lie one behind the other in records[0, bytes): they
 * were checked by event_unpack, and are kept as they are. The ids are written into them as well.
 */
int store_append_packed(struct store *s, struct event *e, size_t n, char *records, size_t bytes,
                        struct err *err) MUST_USE;
/* One write and one fdatasync for all that was appended. ret_durable: every id up to it is on disk. ERR_FULL
 * keeps the events in memory to try again. */
int store_commit(struct store *s, uint64_t *ret_durable, struct err *err) MUST_USE;
/* Time-driven work: commit when due, seal windows, checkpoint per minute, retention. Call it every 10–50 ms.
 */
int store_tick(struct store *s, struct err *err) MUST_USE;
bool store_intake_open(const struct store *s);

struct store_stats {
    uint64_t events, first_id, last_id, durable_id;
    int64_t first_ns, last_ns; /* event times; 0 where empty */
    uint64_t segments, blocks, raw_bytes, stored_bytes, wal_bytes, lost_to_retention;
    uint64_t tree_size;
    uint8_t root[32];
    int64_t checkpoint_ns; /* time of the last checkpoint, 0 = none */
    bool intake_open;
};
void store_stats(struct store *s, struct store_stats *ret);

/* Reading: a snapshot sees every event appended before it, each exactly once, whatever is sealed meanwhile.
 */
struct store_scan_opts {
    int64_t from_ns, to_ns;  /* event time, [from, to); 0,0 = all; to = INT64_MAX: no end */
    uint64_t from_id, to_id; /* ids, [from, to); 0,0 = all */
    uint32_t source;         /* only this source; 0 = all */
    bool oldest_first;       /* else newest block first, rows inside newest first */
    const uint64_t *tokens;  /* all of these token hashes (pred_tokenise) must be possible in a block */
    size_t n_tokens;
};
struct store_scan;
int store_scan_open(struct store *s, const struct store_scan_opts *o, struct store_scan **ret,
                    struct err *err) MUST_USE;
/* Next block's events in order of id (by direction); valid until the next call. n = 0: the end. A damaged
 * block is an error that names it; the next call goes on behind it. */
int store_scan_next(struct store_scan *c, const struct event **ret_events, size_t *ret_n,
                    struct err *err) MUST_USE;
void store_scan_close(struct store_scan *c);

/* Verification: every seal, chain and count. Calls found() for each place that does not hold; returns how
 * many in ret_bad. */
struct store_verify_opts {
    const struct sys *sys;
    const char *dir, *keys_dir, *node_key_path;
    struct store *live; /* the store open on this directory in this process, NULL: nobody writes */
    void (*found)(void *arg, const char *place, const char *what);
    void *arg;
};
struct store_verified {
    uint64_t segments, blocks, events, wal_frames, checkpoints;
    uint64_t bad;
};
int store_verify(const struct store_verify_opts *o, struct store_verified *ret, struct err *err) MUST_USE;

/* Keys in the store, for the console. */
struct store_key_info {
    char id[40];
    char kind[16]; /* node, store, seal */
    char algorithm[24];
    unsigned bits;
    int64_t created_ns;
    char location[128];
    bool beside_data; /* node key in the data directory: a doctor warning */
};
size_t store_keys(struct store *s, struct store_key_info *out, size_t out_max);
/* Four words of the root hash of the last checkpoint, for paper; static word list of 1024 Vietnamese
 * syllables without marks. */
void store_seal_words(struct store *s, char out[64]);

#endif
