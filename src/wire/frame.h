/*
 * frame.h - typed, versioned, length-checked frames between the node's processes and from `khien` to a
 * running node. One enum of messages in this one file. A frame: u32 length of the payload, u16 type, u16
 * version, u64 tag; payload. All numbers little endian. The receiver of a frame that does not check closes
 * the channel; the parent restarts the sender.
 */
#ifndef KHIEN_WIRE_FRAME_H
#define KHIEN_WIRE_FRAME_H

#include "base/buf.h"
#include "base/cur.h"

#define FRAME_VERSION 1u
#define FRAME_HEAD_BYTES 16u
#define FRAME_BYTES_MAX (20u * 1024u * 1024u) /* a request body of 12 MiB or a batch of events, and room */

/*   type              direction      payload */
#define FRAME_TABLE(X)                                                                                       \
    X(FRAME_HELLO, "front→core", "frame_hello")                                                              \
    X(FRAME_SOURCE, "front→core", "frame_source: a new sender; tag = its local number")                      \
    X(FRAME_EVENTS, "front→core", "u32 count, packed events; tag = batch number from 1")                     \
    X(FRAME_ACK, "core→front", "u8 intake open; tag = every batch up to it is on disk")                      \
    X(FRAME_COUNTERS, "front→core", "u32 count, frame_counters each")                                        \
    X(FRAME_RESUME, "core→front", "frame_source with position: where a file or the journal goes on")         \
    X(FRAME_REQUEST, "front→core, tool→core", "frame_request; tag = call")                                   \
    X(FRAME_RESPONSE, "core→front", "frame_response; tag = call")                                            \
    X(FRAME_CHUNK, "core→front", "bytes of a stream; tag = call")                                            \
    X(FRAME_END, "both", "the stream ends, or the client has gone; tag = call")                              \
    X(FRAME_FRONT, "front→core", "frame_front, each second")

enum frame_type {
    FRAME_NONE,
#define X(type, direction, payload) type,
    FRAME_TABLE(X)
#undef X
        FRAME_TYPE_COUNT
};

struct frame {
    enum frame_type type;
    uint64_t tag;
    struct str payload; /* a view into the receive buffer */
};

/* Append head and payload. payload.n ≤ FRAME_BYTES_MAX. */
void frame_put(struct buf *b, enum frame_type type, uint64_t tag, struct str payload);
void frame_put_head(char head[FRAME_HEAD_BYTES], enum frame_type type, uint64_t tag, size_t payload_n);
/*
 * Read one frame from the start of `in`: 0 = one frame, *ret_used bytes; 1 = more bytes are needed (*ret_used
 * = how many in all); -1 = not a frame (ERR_CORRUPT).
 */
int frame_get(struct str in, struct frame *ret, size_t *ret_used, struct err *err) MUST_USE;

/* Texts inside payloads: u32 length and bytes. */
void frame_put_text(struct buf *b, struct str s);
struct str frame_get_text(struct cur *c);

struct frame_hello {
    uint32_t pid;
    uint8_t landlock, seccomp, landlock_abi;
    uint32_t uid;
    struct str listen_https, listen_syslog, listen_syslog_tls; /* "127.0.0.1:5514", empty = none */
    struct str fingerprint;
    int64_t cert_not_after_ns;
};

struct frame_source {
    struct str kind;     /* udp, tcp, tls, file, journal, import */
    struct str address;  /* peer address, path */
    struct str identity; /* client certificate subject */
    struct str position; /* file: device:inode:offset; journal: cursor */
};

struct frame_counters {
    uint32_t source; /* local number */
    uint64_t received, dropped, malformed;
    int64_t last_seen_ns;
    struct str dialect;
    struct str position; /* acknowledged position of a file or journal */
};

/* What front says about itself. It comes each second, so that core knows until when front was well. */
struct frame_front {
    uint64_t rss_bytes;      /* resident memory; 0 unknown */
    uint64_t kernel_dropped; /* datagrams the kernel threw away since the last frame: its buffer was full */
};

/* LOCAL: over the local socket, by who owns the data directory. BACKGROUND: the page refreshes itself. */
enum { FRAME_REQUEST_LOCAL = 1, FRAME_REQUEST_BACKGROUND = 2 };

struct frame_request {
    uint8_t flags;
    struct str method, target, cookie, csrf, language, content_type, if_none_match, idempotency,
        authorization, peer;
    struct str body;
};

struct frame_response {
    uint16_t status;
    uint8_t stream; /* FRAME_CHUNKs follow until FRAME_END */
    struct str content_type;
    struct str headers; /* "Name: value\n" … further headers */
    struct str body;
};

void frame_put_hello(struct buf *b, const struct frame_hello *m);
bool frame_get_hello(struct str in, struct frame_hello *ret);
void frame_put_source(struct buf *b, const struct frame_source *m);
bool frame_get_source(struct str in, struct frame_source *ret);
void frame_put_counters(struct buf *b, const struct frame_counters *m);
bool frame_get_counters(struct cur *c, struct frame_counters *ret);
void frame_put_front(struct buf *b, const struct frame_front *m);
bool frame_get_front(struct str in, struct frame_front *ret);
void frame_put_request(struct buf *b, const struct frame_request *m);
bool frame_get_request(struct str in, struct frame_request *ret);
void frame_put_response(struct buf *b, const struct frame_response *m);
bool frame_get_response(struct str in, struct frame_response *ret);

#endif
