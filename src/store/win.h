/*
 * win.h - events that are not yet in a block, packed in memory that never moves. The owner appends; other
 * threads read what was there when they took their reference (under the store's mutex), without a lock.
 */
#ifndef KHIEN_STORE_WIN_H
#define KHIEN_STORE_WIN_H

#include "model/event.h"

struct win_chunk;
struct win {
    unsigned refs; /* counted under the store's mutex */
    uint64_t first_id;
    size_t n;                      /* events */
    uint64_t raw_bytes, mem_bytes; /* mem_bytes: packed */
    int64_t since_ns;              /* monotonic time of the first event */
    int64_t min_ns, max_ns;        /* event times */
    struct win_chunk *head, *tail;
};

int win_new(uint64_t first_id, struct win **ret, struct err *err) MUST_USE;
void win_free(struct win *w); /* NULL allowed */
DEFINE_FREEP(win)
/* Make room for records of so many bytes in all (see event_pack). ERR_NOMEM. */
int win_reserve(struct win *w, uint64_t bytes, struct err *err) MUST_USE;
/* Pack the event behind the others, into room made before; gives its record. The caller counts it (w->n). */
struct str win_put(struct win *w, const struct event *e);
/* The same for events whose records are given, one behind the other. */
void win_put_packed(struct win *w, const struct event *e, size_t n, struct str records);
/* Unpack the first n events into an array of the arena; views point into the window. */
int win_events(const struct win_chunk *head, size_t n, struct arena *a, struct event **ret,
               struct err *err) MUST_USE;

#endif
