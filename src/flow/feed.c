#include "flow/feed.h"

#include <stdlib.h>

#define ARENA_BYTES_MAX (8u * 1024u * 1024u)
#define BATCH_BYTES_MAX (FEED_BATCH_BYTES + 8u * EVENT_RAW_BYTES_MAX)

struct batch {
    struct batch *next;
    uint64_t number;
    size_t n;
    char payload[];
};

struct feed {
    struct feed_opts o;
    struct arena mem; /* of the line being parsed */
    struct buf open;  /* payload of the batch that gathers */
    uint32_t open_events;
    uint64_t number, acked; /* of the last batch closed, of the last acknowledged */
    struct batch *oldest, **end;
    size_t unacked_bytes;
};

int feed_new(const struct feed_opts *o, struct feed **ret, struct err *err)
{
    struct feed *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return err_set(err, ERR_NOMEM, "feed");
    f->o = *o;
    f->end = &f->oldest;
    arena_init(&f->mem, ARENA_BYTES_MAX);
    buf_init(&f->open, BATCH_BYTES_MAX);
    *ret = f;
    return 0;
}

void feed_free(struct feed *f)
{
    if (f == NULL)
        return;
    while (f->oldest != NULL) {
        struct batch *b = f->oldest;
        f->oldest = b->next;
        free(b);
    }
    arena_done(&f->mem);
    buf_done(&f->open);
    free(f);
}

static void put_count(char out[4], uint32_t n)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (char)(n >> (8 * i));
}

/* NULL: no memory to keep the batch; it goes on gathering and is tried again with the next line. */
static const struct batch *close_batch(struct feed *f)
{
    struct batch *b = malloc(sizeof(*b) + f->open.n);
    if (b == NULL)
        return NULL;
    put_count(f->open.p, f->open_events);
    *b = (struct batch){.number = ++f->number, .n = f->open.n};
    memcpy(b->payload, f->open.p, f->open.n);
    *f->end = b;
    f->end = &b->next;
    f->unacked_bytes += b->n;
    buf_clear(&f->open);
    f->open_events = 0;
    return b;
}

void feed_flush(struct feed *f)
{
    if (f->open_events == 0)
        return;
    const struct batch *b = close_batch(f);
    if (b != NULL)
        (void)f->o.send(f->o.arg, FRAME_EVENTS, b->number, (struct str){b->payload, b->n});
}

bool feed_put(struct feed *f, const struct feed_line *line, uint8_t *ret_flags)
{
    struct event e;
    if (f->unacked_bytes + f->open.n >= FEED_UNACKED_BYTES_MAX)
        return false;
    struct parse_ctx ctx = {
        .recv_ns = line->recv_ns, .zone_s = f->o.zone_s, .flags = line->flags, .history = f->o.history};
    arena_reset(&f->mem);
    parse_line(&ctx, line->hint, line->raw, &f->mem, &e);
    e.source = line->source;
    e.seq = line->seq;
    if (f->open_events == 0)
        buf_put_u32(&f->open, 0);
    size_t before = f->open.n;
    event_pack(&f->open, &e);
    if (f->open.bad) {
        f->open.bad = false;
        f->open.n = f->open_events == 0 ? 0 : before;
        return false;
    }
    f->open_events++;
    *ret_flags = e.flags;
    if (f->open.n >= FEED_BATCH_BYTES || f->open_events >= FEED_BATCH_EVENTS)
        feed_flush(f);
    return true;
}

void feed_ack(struct feed *f, uint64_t batch)
{
    while (f->oldest != NULL && f->oldest->number <= batch) {
        struct batch *b = f->oldest;
        f->oldest = b->next;
        f->unacked_bytes -= b->n;
        f->acked = b->number;
        free(b);
    }
    if (f->oldest == NULL)
        f->end = &f->oldest;
}

void feed_resend(struct feed *f)
{
    for (const struct batch *b = f->oldest; b != NULL; b = b->next) {
        if (f->o.send(f->o.arg, FRAME_EVENTS, b->number, (struct str){b->payload, b->n}) != 0)
            return;
    }
}

bool feed_has_room(const struct feed *f)
{
    return f->unacked_bytes + f->open.n < FEED_UNACKED_BYTES_MAX / 2;
}

bool feed_idle(const struct feed *f)
{
    return f->open_events == 0 && f->oldest == NULL;
}

uint64_t feed_acked_batch(const struct feed *f)
{
    return f->acked;
}

uint64_t feed_current_batch(const struct feed *f)
{
    return f->number + 1;
}
