#include "store/win.h"

#include <stdlib.h>

#define CHUNK_BYTES (256u * 1024u)
#define RESERVE_BYTES_MAX (256u * 1024u * 1024u)
#define END_BYTES 4u /* a record of length 0 ends a chunk */

struct win_chunk {
    struct win_chunk *next;
    size_t used, size;
    char data[];
};

int win_new(uint64_t first_id, struct win **ret, struct err *err)
{
    struct win *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return err_set(err, ERR_NOMEM, "window");
    w->refs = 1;
    w->first_id = first_id;
    w->min_ns = INT64_MAX;
    w->max_ns = INT64_MIN;
    *ret = w;
    return 0;
}

void win_free(struct win *w)
{
    if (w == NULL)
        return;
    while (w->head != NULL) {
        struct win_chunk *c = w->head;
        w->head = c->next;
        free(c);
    }
    free(w);
}

static struct win_chunk *new_chunk(struct win *w, size_t bytes)
{
    size_t size = bytes + END_BYTES > CHUNK_BYTES ? bytes + END_BYTES : CHUNK_BYTES;
    struct win_chunk *c = malloc(sizeof(*c) + size);
    if (c == NULL)
        return NULL;
    c->next = NULL;
    c->used = 0;
    c->size = size;
    if (w->tail != NULL) {
        memset(w->tail->data + w->tail->used, 0, END_BYTES);
        w->tail->next = c;
    } else {
        w->head = c;
    }
    w->tail = c;
    return c;
}

int win_reserve(struct win *w, uint64_t bytes, struct err *err)
{
    struct win_chunk *c = w->tail;
    if (bytes > RESERVE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "events of %llu bytes at once", (unsigned long long)bytes);
    if (c != NULL && c->size - c->used - END_BYTES >= bytes)
        return 0;
    return new_chunk(w, (size_t)bytes) != NULL ? 0 : err_set(err, ERR_NOMEM, "window");
}

static void count(struct win *w, const struct event *e)
{
    w->raw_bytes += e->raw.n;
    w->min_ns = e->time_ns < w->min_ns ? e->time_ns : w->min_ns;
    w->max_ns = e->time_ns > w->max_ns ? e->time_ns : w->max_ns;
}

void win_put_packed(struct win *w, const struct event *e, size_t n, struct str records)
{
    struct win_chunk *c = w->tail;
    assert(c != NULL && c->size - c->used - END_BYTES >= records.n && records.n > 0);
    memcpy(c->data + c->used, records.p, records.n);
    c->used += records.n;
    w->mem_bytes += records.n;
    for (size_t i = 0; i < n; i++)
        count(w, &e[i]);
}

struct str win_put(struct win *w, const struct event *e)
{
    struct win_chunk *c = w->tail;
    assert(c != NULL);
    size_t room = c->size - c->used - END_BYTES;
    struct buf b = {.p = c->data + c->used, .cap = room, .max = room};
    event_pack(&b, e);
    assert(!b.bad);
    c->used += b.n;
    w->mem_bytes += b.n;
    count(w, e);
    return buf_str(&b);
}

/* The reader may see chunks grow behind its last event: it never looks at `used` nor past that event. */
int win_events(const struct win_chunk *head, size_t n, struct arena *a, struct event **ret, struct err *err)
{
    struct event *ev = arena_raw(a, n == 0 ? 1 : n, sizeof(*ev), _Alignof(struct event));
    const struct win_chunk *c = head;
    size_t at = 0;
    if (ev == NULL)
        return err_set(err, ERR_NOMEM, "events of a window");
    for (size_t i = 0; i < n; i++) {
        static const char end[END_BYTES];
        size_t used = 0;
        while (memcmp(c->data + at, end, END_BYTES) == 0) {
            c = c->next;
            at = 0;
            assert(c != NULL);
        }
        if (event_unpack((struct str){c->data + at, c->size - at}, a, &ev[i], &used, err) != 0)
            return err_wrap(err, "event in memory");
        at += used;
    }
    *ret = ev;
    return 0;
}
