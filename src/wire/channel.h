/*
 * channel.h - frames over a stream socket: with libevent for the node's loops, blocking for the tool and for
 * import.
 */
#ifndef KHIEN_WIRE_CHANNEL_H
#define KHIEN_WIRE_CHANNEL_H

#include "wire/frame.h"

struct event_base;
struct channel;

/* Called in the loop for each frame; the payload is valid during the call. Return false to refuse it: the
 * channel is then closed as bad. */
typedef bool channel_frame_fn(void *arg, struct channel *ch, const struct frame *f);
#define CHANNEL_CLOSED "closed"
/* Called once when the peer has gone: why is CHANNEL_CLOSED, or what was wrong with its frame; the channel
 * still exists and must be freed by its owner, here or later. */
typedef void channel_gone_fn(void *arg, struct channel *ch, const char *why);

/* A loop whose timers do not wait for the next whole tick of the kernel's clock; NULL without memory. */
struct event_base *channel_loop_new(void);
/* Takes the file descriptor. */
int channel_new(struct event_base *base, int fd, channel_frame_fn *on_frame, channel_gone_fn *on_gone,
                void *arg, struct channel **ret, struct err *err) MUST_USE;
void channel_free(struct channel *ch); /* NULL allowed; not inside on_frame of the same channel */
/* Queue a frame; the payload is copied. */
void channel_send(struct channel *ch, enum frame_type type, uint64_t tag, struct str payload);
size_t channel_pending(const struct channel *ch); /* bytes queued and not yet written */
/* Call once when the queue has fallen to `low_bytes`. */
void channel_on_drain(struct channel *ch, size_t low_bytes, void (*fn)(void *arg), void *arg);

/* Blocking, on a plain descriptor. recv: 0 = frame (payload in b, valid until the next call), 1 = end of the
 * stream. */
int channel_fd_send(int fd, enum frame_type type, uint64_t tag, struct str payload, struct err *err) MUST_USE;
int channel_fd_recv(int fd, struct buf *b, struct frame *ret, struct err *err) MUST_USE;

#endif
