/*
 * source.h - stations that receive lines: a table of kinds (source.def), each with one file. They run on one
 * libevent loop, never block and never open a socket: listening and bound sockets come from the parent. Every
 * line goes to one sink; when the sink refuses, TCP, TLS, files and imports wait with the line in hand
 * (back-pressure down to the sender), UDP counts the line as dropped and reads on. docs/format/syslog.md
 * section 1 has the framing rules.
 */
#ifndef KHIEN_SOURCE_SOURCE_H
#define KHIEN_SOURCE_SOURCE_H

#include "source/source_table.h"
#include "sys/sys.h"

struct event_base;
struct bufferevent;
struct source_set;

#define SOURCE_LINE_BYTES_MAX EVENT_RAW_BYTES_MAX /* longer lines come as parts with EVENT_PART */

/* One line as it was received, without its end. `raw` is valid during the call only. */
struct source_line {
    struct str raw;
    int64_t recv_ns;
    uint64_t seq;  /* number of the line in its source; taken where the sink returns true */
    uint8_t flags; /* EVENT_PART */
};

/*
 * The sink. true: the line is taken (copied). false: no room; the station waits or drops, and the sink owes a
 * source_resume when there is room again. May call source_pause, not source_free.
 */
typedef bool source_emit_fn(void *arg, struct source *s, const struct source_line *line);

struct source_opts {
    struct event_base *base;    /* outlives the set */
    const struct sys *sys;      /* clock */
    struct source_table *table; /* outlives the set */
    source_emit_fn *emit;
    void *arg;
    uint32_t connections_max;          /* 0: 4096 */
    uint32_t connections_per_peer_max; /* 0: 256 */
    int64_t idle_ns;                   /* silent connections are closed after this long; 0: 15 minutes */
    int64_t handshake_ns;              /* TLS; 0: 10 s */
};

/* Where a followed file or the journal is to be read on. All zero: a file from its start. */
struct source_position {
    uint64_t inode, offset; /* file */
    char cursor[192];       /* journal: sd_journal cursor, NUL-terminated; empty: from now on */
};

struct source_station_opts {
    enum source_kind kind;
    int fd; /* UDP: bound; TCP, TLS: listening; STREAM: open for reading; owned by the station. FILE: -1 */
    const char *path; /* FILE: followed; JOURNAL: directory of journal files, NULL: this machine's */
    const char *name; /* STREAM, JOURNAL: address of the source; FILE: NULL = path */
    struct source_position resume; /* FILE, JOURNAL */
    bool from_end;                 /* FILE without a position: skip what is already there */
    /* TLS: make the server side of a connection on fd, which the result owns; NULL: refused, fd still ours.
     */
    struct bufferevent *(*accept)(void *arg, struct event_base *base, int fd);
    /* TLS, after the handshake: subject of the client certificate; 0 = none. Returns the length written. */
    size_t (*subject)(void *arg, struct bufferevent *bev, char *out, size_t n);
    /* FILE: open for reading, -1 with errno; NULL: open(2). For processes that may not open files. */
    int (*open_file)(void *arg, const char *path);
    /* FILE, JOURNAL: all lines before the position are stored (source_acked); keep it for the next start. */
    void (*on_position)(void *arg, struct source *s, const struct source_position *p);
    /* STREAM: the end is reached and every line was taken, or reading failed (err set). */
    void (*on_end)(void *arg, struct source *s, const struct err *err_or_null);
    void *arg; /* of all these */
};

int source_new(const struct source_opts *o, struct source_set **ret, struct err *err) MUST_USE;
/* Closes every station and connection; lines in hand are lost for TCP. NULL allowed. */
void source_free(struct source_set *set);

/*
 * Open a station. On failure the fd is closed too. Errors: ERR_IO, ERR_NOMEM, ERR_USAGE (what the kind needs
 * is missing), ERR_NOT_FOUND (journal: not built in, or none on this machine).
 */
int source_open(struct source_set *set, const struct source_station_opts *o, struct err *err) MUST_USE;

/* Stop reading wherever the sender can wait; UDP reads on and drops what the sink refuses. */
void source_pause(struct source_set *set);
/* Read again; lines in hand are offered first. Also owed after each refusal. */
void source_resume(struct source_set *set);
bool source_is_paused(const struct source_set *set);

/* n more lines of source `id` are durable: raises `stored` and moves positions on. */
void source_acked(struct source_set *set, uint32_t id, uint64_t n);

/* Emit a line that no station received (audit records, metrics of the node itself). */
bool source_emit_self(struct source_set *set, struct str name, struct str raw);

struct source_numbers {
    uint64_t received, stored, dropped, malformed, parts, bytes; /* sums over all sources */
    uint64_t kernel_dropped;      /* datagrams the kernel threw away because its buffer was full */
    uint64_t connections;         /* open now */
    uint64_t connections_refused; /* above a limit, or accept failed */
    uint64_t frames_bad;          /* octet counts that were none */
    uint64_t idle_closed;
    uint64_t sources, sources_overflowed;
    bool paused;
};

/* All numbers at this moment; rows of single sources: source_table_each. */
void source_snapshot(const struct source_set *set, struct source_numbers *ret);

/* "udp", "tcp", … and one line about each kind. */
struct str source_kind_name(enum source_kind kind);
struct str source_kind_doc(enum source_kind kind);

#endif
