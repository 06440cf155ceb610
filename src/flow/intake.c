#include "flow/intake.h"

#include <stdio.h>
#include <stdlib.h>

#define SENDERS_MAX 10002u /* as many as a front knows, and its overflow sender */
#define BATCHES_MAX 65536u /* waiting for the disk; front stops long before */
#define ARENA_BYTES_MAX (64u * 1024u * 1024u)

struct sender {
    struct node_source *source; /* NULL = unknown number */
    uint64_t base;              /* sequence in the register = base + sequence of this connection */
    uint64_t dropped_base, dropped;
};

struct waiting {
    uint64_t batch, last_id;
};

struct intake {
    struct intake_opts o;
    struct arena mem; /* of the batch in hand */
    struct sender *senders;
    uint64_t next_batch; /* 0 = whatever comes first */
    bool refusing;       /* the store was full: batches are ignored until next_batch comes again */
    bool asked;          /* … and the peer was told that there is room */
    uint64_t events;
    size_t first, n; /* ring of batches that wait for the disk */
    struct waiting *ring;
};

int intake_new(const struct intake_opts *o, struct intake **ret, struct err *err)
{
    struct intake *i = calloc(1, sizeof(*i));
    if (i == NULL)
        return err_set(err, ERR_NOMEM, "intake");
    i->o = *o;
    arena_init(&i->mem, ARENA_BYTES_MAX);
    i->senders = calloc(SENDERS_MAX, sizeof(*i->senders));
    i->ring = calloc(BATCHES_MAX, sizeof(*i->ring));
    if (i->senders == NULL || i->ring == NULL) {
        intake_free(i);
        return err_set(err, ERR_NOMEM, "intake");
    }
    *ret = i;
    return 0;
}

void intake_free(struct intake *i)
{
    if (i == NULL)
        return;
    for (size_t k = 0; i->senders != NULL && k < SENDERS_MAX; k++) {
        if (i->senders[k].source != NULL)
            i->senders[k].source->connected = false;
    }
    free(i->senders);
    free(i->ring);
    arena_done(&i->mem);
    free(i);
}

/* frame_source.position of a known sender that comes back after core died: "=BASE". */
static bool parse_base(struct str position, uint64_t *ret)
{
    return position.n > 1 && position.p[0] == '=' && str_to_u64(str_from(position, 1), UINT64_MAX, ret);
}

static int on_source(struct intake *i, const struct frame *f, struct err *err)
{
    struct frame_source m;
    struct buf b;
    if (f->tag >= SENDERS_MAX || !frame_get_source(f->payload, &m))
        return err_set(err, ERR_CORRUPT, "sender %llu does not check", (unsigned long long)f->tag);
    struct sender *s = &i->senders[f->tag];
    struct str address = m.identity.n > 0 ? m.identity : m.address;
    if (node_source_get(i->o.node, m.kind, address, i->o.source_name, &s->source, err) != 0)
        return -1;
    s->source->connected = true;
    if (!parse_base(m.position, &s->base)) {
        s->base = s->source->last_seq;
        s->source->dropped_before = s->source->dropped;
    }
    s->dropped_base = s->source->dropped_before;
    char base[24];
    (void)snprintf(base, sizeof(base), "%llu", (unsigned long long)s->base);
    buf_init(&b, 4096);
    struct frame_source answer = {
        .kind = m.kind, .address = str_of(base), .position = str_of(s->source->position)};
    frame_put_source(&b, &answer);
    if (!b.bad)
        i->o.send(i->o.arg, FRAME_RESUME, f->tag, buf_str(&b));
    buf_done(&b);
    return 0;
}

/* A batch in hand: events and, in the same order, their senders and their records. */
struct batch {
    struct event *events;
    struct sender **senders;
    char *records;
    size_t n, bytes;
};

/*
 * Copy the records, with final source and sequence; what the store already has (core died after the commit
 * and before its word) is left out.
 */
static int take_records(struct intake *i, struct str in, uint32_t n, struct batch *b, struct err *err)
{
    for (uint32_t k = 0; k < n; k++) {
        struct event_head h;
        size_t len = event_packed_head(in, &h);
        if (len == 0)
            return err_set(err, ERR_CORRUPT, "event %u of a batch is cut off", k);
        struct sender *s = h.source < SENDERS_MAX ? &i->senders[h.source] : NULL;
        if (s == NULL || s->source == NULL || h.seq == 0)
            return err_set(err, ERR_CORRUPT, "event of an unknown sender %u", h.source);
        h = (struct event_head){.source = s->source->id, .seq = h.seq + s->base};
        if (h.seq <= s->source->last_seq) {
            s->source->doubled++;
        } else {
            memcpy(b->records + b->bytes, in.p, len);
            event_packed_set_source(b->records + b->bytes, &h);
            b->senders[b->n++] = s;
            b->bytes += len;
        }
        in = str_from(in, len);
    }
    return in.n == 0 ? 0 : err_set(err, ERR_CORRUPT, "bytes behind the last event of a batch");
}

static int unpack(struct intake *i, struct str payload, struct batch *b, struct err *err)
{
    struct cur c = cur_of(payload);
    uint32_t n = cur_u32(&c);
    if (c.bad || n > payload.n / 4)
        return err_set(err, ERR_CORRUPT, "batch of %u events in %zu bytes", n, payload.n);
    arena_reset(&i->mem);
    *b = (struct batch){
        .events = arena_raw(&i->mem, n + 1u, sizeof(*b->events), _Alignof(struct event)),
        .senders = arena_raw(&i->mem, n + 1u, sizeof(*b->senders), _Alignof(struct sender *)),
        .records = arena_raw(&i->mem, payload.n, 1, 1),
    };
    if (b->events == NULL || b->senders == NULL || b->records == NULL)
        return err_set(err, ERR_NOMEM, "batch of %u events", n);
    if (take_records(i, str_from(payload, c.at), n, b, err) != 0)
        return -1;
    struct str rest = {b->records, b->bytes};
    for (size_t k = 0, used = 0; k < b->n; k++, rest = str_from(rest, used)) {
        if (event_unpack(rest, &i->mem, &b->events[k], &used, err) != 0)
            return -1;
    }
    return 0;
}

static void acknowledge(struct intake *i, uint64_t batch)
{
    char open = store_intake_open(node_store(i->o.node));
    i->o.send(i->o.arg, FRAME_ACK, batch, (struct str){&open, 1});
}

static int on_events(struct intake *i, const struct frame *f, struct err *err)
{
    struct batch b;
    if (i->next_batch != 0 && f->tag != i->next_batch)
        return i->refusing || f->tag < i->next_batch
                   ? 0
                   : err_set(err, ERR_CORRUPT, "batch %llu where %llu was due", (unsigned long long)f->tag,
                             (unsigned long long)i->next_batch);
    if (unpack(i, f->payload, &b, err) != 0)
        return -1;
    struct err why = {0};
    if (i->n == BATCHES_MAX ||
        (b.n > 0 && node_events_packed(i->o.node, b.events, b.n, b.records, b.bytes, &why) != 0)) {
        if (why.code != ERR_NONE && why.code != ERR_FULL && why.code != ERR_NOMEM)
            return err_set(err, why.code, "%s", why.msg);
        if (!i->refusing)
            acknowledge(i, i->next_batch == 0 ? 0 : i->next_batch - 1); /* tells the front to hold on */
        i->refusing = true;
        i->asked = false;
        i->next_batch = f->tag;
        return 0;
    }
    i->refusing = false;
    for (size_t k = 0; k < b.n; k++)
        node_source_count_event(b.senders[k]->source, &b.events[k]);
    i->events += b.n;
    i->next_batch = f->tag + 1;
    uint64_t before = i->n > 0 ? i->ring[(i->first + i->n - 1) % BATCHES_MAX].last_id : 0;
    i->ring[(i->first + i->n++) % BATCHES_MAX] =
        (struct waiting){.batch = f->tag, .last_id = b.n > 0 ? b.events[b.n - 1].id : before};
    return 0;
}

static int on_counters(struct intake *i, struct str payload, struct err *err)
{
    struct cur c = cur_of(payload);
    uint32_t n = cur_u32(&c);
    for (uint32_t k = 0; k < n; k++) {
        struct frame_counters m;
        if (!frame_get_counters(&c, &m) || m.source >= SENDERS_MAX || i->senders[m.source].source == NULL)
            return err_set(err, ERR_CORRUPT, "counters do not check");
        struct node_source *s = i->senders[m.source].source;
        s->received = i->senders[m.source].base + m.received;
        if (m.dropped > i->senders[m.source].dropped)
            node_source_count_dropped(s, m.dropped - i->senders[m.source].dropped,
                                      sys_now(node_sys(i->o.node)));
        i->senders[m.source].dropped = m.dropped;
        s->dropped = i->senders[m.source].dropped_base + m.dropped;
        if (m.last_seen_ns > s->last_seen_ns)
            s->last_seen_ns = m.last_seen_ns;
        (void)snprintf(s->dialect, sizeof(s->dialect), "%.*s", STR_ARG(m.dialect));
        if (m.position.n > 0 && m.position.n < sizeof(s->position))
            (void)snprintf(s->position, sizeof(s->position), "%.*s", STR_ARG(m.position));
    }
    return cur_done(&c) ? 0 : err_set(err, ERR_CORRUPT, "counters do not check");
}

static int on_front(struct intake *i, struct str payload, struct err *err)
{
    struct frame_front m;
    if (!frame_get_front(payload, &m))
        return err_set(err, ERR_CORRUPT, "word of front does not check");
    node_set_front(i->o.node, m.rss_bytes, m.kernel_dropped);
    return 0;
}

uint64_t intake_lost(struct intake *i)
{
    uint64_t lost = 0;
    for (size_t k = 0; k < SENDERS_MAX; k++) {
        struct node_source *s = i->senders[k].source;
        bool again = s == NULL || str_eq(str_of(s->kind), S("file")) || str_eq(str_of(s->kind), S("journal"));
        if (again || s->received <= s->last_seq)
            continue;
        lost += s->received - s->last_seq;
        node_source_count_lost(s, s->received - s->last_seq);
    }
    return lost;
}

int intake_frame(struct intake *i, const struct frame *f, struct err *err)
{
    switch (f->type) {
    case FRAME_SOURCE:
        return on_source(i, f, err);
    case FRAME_EVENTS:
        return on_events(i, f, err);
    case FRAME_COUNTERS:
        return on_counters(i, f->payload, err);
    case FRAME_FRONT:
        return on_front(i, f->payload, err);
    default:
        return err_set(err, ERR_CORRUPT, "frame of type %d on an intake", (int)f->type);
    }
}

void intake_durable(struct intake *i, uint64_t durable_id)
{
    uint64_t batch = 0;
    while (i->n > 0 && i->ring[i->first].last_id <= durable_id) {
        batch = i->ring[i->first].batch;
        i->first = (i->first + 1) % BATCHES_MAX;
        i->n--;
    }
    bool reopened = i->refusing && !i->asked && store_intake_open(node_store(i->o.node));
    if (batch != 0 || reopened)
        acknowledge(i, batch != 0 ? batch : i->next_batch - 1);
    i->asked = i->asked || reopened;
}

uint64_t intake_events(const struct intake *i)
{
    return i->events;
}
