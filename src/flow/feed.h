/*
 * feed.h - the front side of the road: raw lines are parsed, packed into batches and sent to core. A batch is
 * kept until core says that it is on disk, so that a core that died gets it again (core drops what it already
 * has by the sequence).
 */
#ifndef KHIEN_FLOW_FEED_H
#define KHIEN_FLOW_FEED_H

#include "parse/parse.h"
#include "wire/frame.h"

#define FEED_BATCH_BYTES (256u * 1024u)
#define FEED_BATCH_EVENTS 4096u
#define FEED_WAIT_NS NS_PER_MS /* longest time a line waits for its batch to fill */
#define FEED_UNACKED_BYTES_MAX                                                                               \
    (32u * 1024u * 1024u) /* above this intake pauses: TCP waits, UDP drops are counted */

struct feed;

struct feed_opts {
    /* Send a frame; the payload is valid during the call. -1 stops the feed (its channel is gone, batches are
     * kept). */
    int (*send)(void *arg, enum frame_type type, uint64_t tag, struct str payload);
    void *arg;
    int32_t zone_s;
    bool history; /* import of old files */
};

struct feed_line {
    uint32_t source; /* local number */
    uint64_t seq;
    struct parse_hint *hint;
    struct str raw;
    int64_t recv_ns;
    uint8_t flags; /* EVENT_PART */
};

int feed_new(const struct feed_opts *o, struct feed **ret, struct err *err) MUST_USE;
void feed_free(struct feed *f);
/*
 * Take one line. *ret_flags: event flags as parsed (EVENT_MALFORMED is counted by the caller). False:
 * FEED_UNACKED_BYTES_MAX is reached or memory is used up; nothing was taken.
 */
bool feed_put(struct feed *f, const struct feed_line *line, uint8_t *ret_flags);
/* Send what has gathered. */
void feed_flush(struct feed *f);
/* Core has every batch up to this one on disk. */
void feed_ack(struct feed *f, uint64_t batch);
/* A new core: send all batches again that are not acknowledged. */
void feed_resend(struct feed *f);
bool feed_has_room(const struct feed *f); /* half of the maximum is free */
bool feed_idle(const struct feed *f);     /* nothing gathered, nothing unacknowledged */
uint64_t feed_acked_batch(const struct feed *f);
uint64_t feed_current_batch(const struct feed *f); /* number that a line taken now will travel in */

#endif
