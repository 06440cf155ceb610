#include "flow/feed.h"

#include <stdlib.h>

#include "base/le.h"

#define ARENA_BYTES_MAX (8u * 1024u * 1024u)
#define BATCH_BYTES_MAX (FEED_BATCH_BYTES + 8u * EVENT_RAW_BYTES_MAX)

#define SPARE_MAX 8u

/* Its payload is written in place while it gathers and kept until it is acknowledged. */
struct batch {
    struct batch *next;
    uint64_t number;
    struct buf payload;
};

struct feed {
    struct feed_opts o;
    struct arena mem;   /* of the line being parsed */
    struct batch *open; /* the batch that gathers, NULL before its first line */
    uint32_t open_events;
    uint64_t number, acked; /* of the last batch closed, of the last acknowledged */
    struct batch *oldest, **end;
    size_t unacked_bytes;
    struct batch *spare; /* acknowledged ones of ordinary size, to be used again */
    size_t n_spare;
};

int feed_new(const struct feed_opts *o, struct feed **ret, struct err *err)
{
    struct feed *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return err_set(err, ERR_NOMEM, "feed");
    f->o = *o;
    f->end = &f->oldest;
    arena_init(&f->mem, ARENA_BYTES_MAX);
    *ret = f;
    return 0;
}

static void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    buf_done(&b->payload);
    free(b);
}

static void free_list(struct batch *b)
{
    while (b != NULL) {
        struct batch *next = b->next;
        batch_free(b);
        b = next;
    }
}

void feed_free(struct feed *f)
{
    if (f == NULL)
        return;
    free_list(f->oldest);
    free_list(f->spare);
    batch_free(f->open);
    arena_done(&f->mem);
    free(f);
}

/* Put it aside for the next one to gather; what one long line made large is given back. */
static void batch_done(struct feed *f, struct batch *b)
{
    if (f->n_spare == SPARE_MAX || b->payload.cap > 4 * FEED_BATCH_BYTES) {
        batch_free(b);
        return;
    }
    b->next = f->spare;
    f->spare = b;
    f->n_spare++;
}

static bool open_batch(struct feed *f)
{
    struct batch *b = f->spare;
    if (b != NULL) {
        f->spare = b->next;
        f->n_spare--;
    } else {
        b = calloc(1, sizeof(*b));
        if (b == NULL)
            return false;
        buf_init(&b->payload, BATCH_BYTES_MAX);
    }
    b->next = NULL;
    buf_clear(&b->payload);
    buf_put_u32(&b->payload, 0); /* number of events, known at the end */
    if (b->payload.bad) {
        batch_free(b);
        return false;
    }
    f->open = b;
    return true;
}

static size_t open_bytes(const struct feed *f)
{
    return f->open == NULL ? 0 : f->open->payload.n;
}

void feed_flush(struct feed *f)
{
    if (f->open_events == 0)
        return;
    struct batch *b = TAKE(f->open);
    le_put32(b->payload.p, f->open_events);
    b->number = ++f->number;
    *f->end = b;
    f->end = &b->next;
    f->unacked_bytes += b->payload.n;
    f->open_events = 0;
    (void)f->o.send(f->o.arg, FRAME_EVENTS, b->number, buf_str(&b->payload));
}

bool feed_put(struct feed *f, const struct feed_line *line, uint8_t *ret_flags)
{
    struct event e;
    if (f->unacked_bytes + open_bytes(f) >= FEED_UNACKED_BYTES_MAX || (f->open == NULL && !open_batch(f)))
        return false;
    struct parse_ctx ctx = {
        .recv_ns = line->recv_ns, .zone_s = f->o.zone_s, .flags = line->flags, .history = f->o.history};
    arena_reset(&f->mem);
    parse_line(&ctx, line->hint, line->raw, &f->mem, &e);
    e.source = line->source;
    e.seq = line->seq;
    struct buf *to = &f->open->payload;
    size_t before = to->n;
    event_pack(to, &e);
    if (to->bad) {
        to->bad = false;
        to->n = before;
        return false;
    }
    f->open_events++;
    *ret_flags = e.flags;
    if (to->n >= FEED_BATCH_BYTES || f->open_events >= FEED_BATCH_EVENTS)
        feed_flush(f);
    return true;
}

void feed_ack(struct feed *f, uint64_t batch)
{
    while (f->oldest != NULL && f->oldest->number <= batch) {
        struct batch *b = f->oldest;
        f->oldest = b->next;
        f->unacked_bytes -= b->payload.n;
        f->acked = b->number;
        batch_done(f, b);
    }
    if (f->oldest == NULL)
        f->end = &f->oldest;
}

void feed_resend(struct feed *f)
{
    for (const struct batch *b = f->oldest; b != NULL; b = b->next) {
        if (f->o.send(f->o.arg, FRAME_EVENTS, b->number, buf_str(&b->payload)) != 0)
            return;
    }
}

bool feed_has_room(const struct feed *f)
{
    return f->unacked_bytes + open_bytes(f) < FEED_UNACKED_BYTES_MAX / 2;
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
