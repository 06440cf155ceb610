#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "khiend/front_state.h"

#define SENDERS_MAX (SOURCE_TABLE_ROWS_MAX + 2u)
#define COUNTERS_US 250000 /* what front took since the last word is lost unseen when it is killed */
#define FRONT_EVERY 4      /* of them */
#define COUNTED_MAX 65536u /* entries (batch, sender, lines) that wait for the disk */

enum sender_state { UNKNOWN, ASKED, KNOWN };

struct sender {
    enum sender_state state;
    bool base_known, file_open;
    uint64_t base;      /* sequence in the register = base + ours */
    uint64_t told;      /* received + dropped + malformed, as last told to core */
    char position[320]; /* file: "inode:offset", journal: cursor; of what is stored */
};

struct counted {
    uint64_t batch;
    uint32_t source, lines;
};

struct front_intake {
    struct sender senders[SENDERS_MAX];
    size_t asked; /* senders whose number core has not confirmed: no batch may leave before */
    bool held;    /* a batch was held back for that */
    bool refused; /* the sink said no: stations wait for source_resume */
    bool closed;  /* core's store is full */
    struct event *flush_event, *counters_event;
    unsigned turn;                /* of the counters */
    uint64_t kernel_dropped_told; /* to a core that was there */
    bool flush_armed;
    size_t first, n;
    struct counted ring[COUNTED_MAX];
};

static void tell_sender(struct front *f, uint32_t id)
{
    struct front_intake *in = f->intake;
    const struct source *s = source_table_find(f->table, id);
    struct sender *k = &in->senders[id];
    char base[32] = "";
    struct buf b;
    if (s == NULL)
        return;
    if (k->base_known)
        (void)snprintf(base, sizeof(base), "=%llu", (unsigned long long)k->base);
    struct frame_source m = {.kind = source_kind_name(s->kind),
                             .address = s->address,
                             .identity = s->subject,
                             .position = str_of(base)};
    buf_init(&b, 8192);
    frame_put_source(&b, &m);
    if (k->state != ASKED) {
        k->state = ASKED;
        in->asked++;
    }
    if (f->core && f->channel != NULL)
        channel_send(f->channel, FRAME_SOURCE, id, buf_str(&b));
    buf_done(&b);
}

static int send_batch(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    struct front *f = arg;
    if (!f->core || f->channel == NULL)
        return -1;
    if (f->intake->asked > 0) {
        f->intake->held = true;
        return -1;
    }
    channel_send(f->channel, type, tag, payload);
    return 0;
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    struct front *f = arg;
    (void)fd;
    (void)what;
    f->intake->flush_armed = false;
    feed_flush(f->feed);
}

static bool count_line(struct front_intake *in, uint64_t batch, uint32_t source)
{
    struct counted *last = in->n == 0 ? NULL : &in->ring[(in->first + in->n - 1) % COUNTED_MAX];
    if (last != NULL && last->batch == batch && last->source == source) {
        last->lines++;
        return true;
    }
    if (in->n == COUNTED_MAX)
        return false;
    in->ring[(in->first + in->n++) % COUNTED_MAX] =
        (struct counted){.batch = batch, .source = source, .lines = 1};
    return true;
}

static bool on_line(void *arg, struct source *s, const struct source_line *line)
{
    struct front *f = arg;
    struct front_intake *in = f->intake;
    const struct timeval wait = {.tv_usec = FEED_WAIT_NS / NS_PER_US};
    uint8_t flags = 0;
    if (f->stopping || in->closed || in->n == COUNTED_MAX) {
        in->refused = true;
        return false;
    }
    if (in->senders[s->id].state == UNKNOWN)
        tell_sender(f, s->id);
    struct feed_line l = {.source = s->id,
                          .seq = line->seq,
                          .hint = &s->hint,
                          .raw = line->raw,
                          .recv_ns = line->recv_ns,
                          .flags = line->flags};
    uint64_t batch = feed_current_batch(f->feed);
    if (!feed_put(f->feed, &l, &flags)) {
        in->refused = true;
        return false;
    }
    (void)count_line(in, batch, s->id);
    if ((flags & EVENT_MALFORMED) != 0)
        source_table_malformed(f->table, s->id, 1);
    if (!in->flush_armed) {
        in->flush_armed = true;
        (void)evtimer_add(in->flush_event, &wait);
    }
    return true;
}

static void on_position(void *arg, struct source *s, const struct source_position *p)
{
    struct front *f = arg;
    struct sender *k = &f->intake->senders[s->id];
    if (s->kind == SOURCE_JOURNAL)
        (void)snprintf(k->position, sizeof(k->position), "%s", p->cursor);
    else
        (void)snprintf(k->position, sizeof(k->position), "%llu:%llu", (unsigned long long)p->inode,
                       (unsigned long long)p->offset);
    k->told = UINT64_MAX; /* tell core at the next turn */
}

static void parse_position(enum source_kind kind, struct str text, struct source_position *ret)
{
    struct str inode, offset;
    *ret = (struct source_position){0};
    if (kind == SOURCE_JOURNAL && text.n < sizeof(ret->cursor)) {
        (void)snprintf(ret->cursor, sizeof(ret->cursor), "%.*s", STR_ARG(text));
    } else if (str_cut(text, ':', &inode, &offset)) {
        if (!str_to_u64(inode, UINT64_MAX, &ret->inode) || !str_to_u64(offset, UINT64_MAX, &ret->offset))
            *ret = (struct source_position){0};
    }
}

/* Files and the journal are opened when core has said where they go on. */
static void open_followed(struct front *f, const struct source *s, struct str position)
{
    struct sender *k = &f->intake->senders[s->id];
    struct err err = {0};
    if (k->file_open || (s->kind != SOURCE_FILE && s->kind != SOURCE_JOURNAL))
        return;
    struct source_station_opts o = {
        .kind = s->kind, .fd = -1, .from_end = position.n == 0, .on_position = on_position, .arg = f};
    char path[1024];
    (void)snprintf(path, sizeof(path), "%.*s", STR_ARG(s->address));
    if (s->kind == SOURCE_FILE)
        o.path = path;
    else
        o.name = path;
    parse_position(s->kind, position, &o.resume);
    k->file_open = true;
    bool optional =
        s->kind == SOURCE_JOURNAL && str_eq(str_of(config_text(f->plan->config, CONFIG_JOURNAL)), S("auto"));
    if (source_open(f->sources, &o, &err) != 0 && !optional)
        (void)fprintf(stderr, "khiend: %s: %s\n", path, err.msg);
}

bool front_intake_resume(struct front *f, uint32_t source, struct str payload)
{
    struct front_intake *in = f->intake;
    struct frame_source m;
    if (source == 0 || source >= SENDERS_MAX || !frame_get_source(payload, &m))
        return false;
    struct sender *k = &in->senders[source];
    const struct source *s = source_table_find(f->table, source);
    if (s == NULL || k->state != ASKED || !str_to_u64(m.address, UINT64_MAX, &k->base))
        return false;
    k->base_known = true;
    k->state = KNOWN;
    in->asked--;
    open_followed(f, s, m.position);
    if (in->asked == 0 && in->held) {
        in->held = false;
        feed_resend(f->feed);
    }
    return true;
}

void front_intake_ack(struct front *f, uint64_t batch, bool open)
{
    struct front_intake *in = f->intake;
    feed_ack(f->feed, batch);
    while (in->n > 0 && in->ring[in->first].batch <= batch) {
        const struct counted *c = &in->ring[in->first];
        source_acked(f->sources, c->source, c->lines);
        in->first = (in->first + 1) % COUNTED_MAX;
        in->n--;
    }
    bool reopened = in->closed && open;
    in->closed = !open;
    if (reopened)
        feed_resend(f->feed);
    if (f->stopping) {
        if (feed_idle(f->feed))
            (void)event_base_loopexit(f->base, NULL);
        return;
    }
    if (in->refused && open && feed_has_room(f->feed)) {
        in->refused = false;
        source_resume(f->sources);
    }
}

void front_intake_connected(struct front *f)
{
    struct front_intake *in = f->intake;
    in->closed = false;
    in->held = true; /* whatever was sent to the old core and not acknowledged goes again */
    in->asked = 0;
    size_t n = source_table_count(f->table);
    for (uint32_t id = 1; id <= n && id < SENDERS_MAX; id++) {
        if (in->senders[id].state == UNKNOWN)
            continue;
        in->senders[id].state = UNKNOWN;
        tell_sender(f, id);
    }
    if (in->asked == 0) {
        in->held = false;
        feed_resend(f->feed);
    }
}

struct counters {
    struct front *f;
    struct buf b;
    uint32_t n;
};

static void put_counters(void *arg, const struct source *s)
{
    struct counters *c = arg;
    struct sender *k = &c->f->intake->senders[s->id];
    uint64_t sum = s->received + s->dropped + s->malformed;
    if (k->state != KNOWN || k->told == sum || c->b.n > FRAME_BYTES_MAX / 2)
        return;
    k->told = sum;
    struct frame_counters m = {.source = s->id,
                               .received = s->received,
                               .dropped = s->dropped,
                               .malformed = s->malformed,
                               .last_seen_ns = s->last_seen_ns,
                               .dialect = parse_dialect(&s->hint),
                               .position = str_of(k->position)};
    frame_put_counters(&c->b, &m);
    c->n++;
}

/* Resident pages of this process. Source: Linux proc(5), statm, second number. */
static uint64_t resident_bytes(const struct front *f)
{
    char text[128];
    struct str first, rest;
    uint64_t pages = 0;
    ssize_t n = f->statm_fd < 0 ? -1 : pread(f->statm_fd, text, sizeof(text), 0);
    if (n <= 0 || !str_cut((struct str){text, (size_t)n}, ' ', &first, &rest))
        return 0;
    struct str second = str_sub(rest, 0, str_find_char(rest, ' '));
    return str_to_u64(second, UINT64_MAX / 65536, &pages) ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void send_front(struct front *f)
{
    struct front_intake *in = f->intake;
    struct source_numbers numbers;
    struct buf b;
    source_snapshot(f->sources, &numbers);
    struct frame_front m = {.rss_bytes = resident_bytes(f),
                            .kernel_dropped = numbers.kernel_dropped - in->kernel_dropped_told};
    in->kernel_dropped_told = numbers.kernel_dropped;
    buf_init(&b, 64);
    frame_put_front(&b, &m);
    channel_send(f->channel, FRAME_FRONT, 0, buf_str(&b));
    buf_done(&b);
}

static void on_counters(evutil_socket_t fd, short what, void *arg)
{
    struct front *f = arg;
    struct counters c = {.f = f};
    (void)fd;
    (void)what;
    if (!f->core || f->channel == NULL)
        return;
    if (f->intake->turn++ % FRONT_EVERY == 0)
        send_front(f);
    buf_init(&c.b, FRAME_BYTES_MAX);
    buf_put_u32(&c.b, 0);
    source_table_each(f->table, put_counters, &c);
    if (c.n > 0 && !c.b.bad) {
        for (size_t i = 0; i < 4; i++)
            c.b.p[i] = (char)(c.n >> (8 * i));
        channel_send(f->channel, FRAME_COUNTERS, 0, buf_str(&c.b));
    }
    buf_done(&c.b);
}

/* Senders of our own: core gives them their number before they are read. */
static void add_followed(struct front *f)
{
    const char *const *files;
    size_t n = config_list(f->plan->config, CONFIG_FILES, &files);
    for (size_t i = 0; i < n; i++) {
        const struct source *s =
            source_table_get(f->table, SOURCE_FILE, str_of(files[i]), (struct str){NULL, 0});
        f->intake->senders[s->id].state = KNOWN; /* told as soon as the channel stands */
    }
    const char *journal = config_text(f->plan->config, CONFIG_JOURNAL);
    /* "auto" on a machine without journald: a source that can never speak would count as silent. */
    bool running = sys_exists(f->plan->sys, "/run/systemd/journal/socket");
    if (str_eq(str_of(journal), S("on")) || (str_eq(str_of(journal), S("auto")) && running)) {
        const struct source *s =
            source_table_get(f->table, SOURCE_JOURNAL, S("journal"), (struct str){NULL, 0});
        f->intake->senders[s->id].state = KNOWN;
    }
}

int front_intake_new(struct front *f, struct err *err)
{
    const struct timeval every = {.tv_usec = COUNTERS_US};
    uint64_t seed;
    struct feed_opts feed = {.send = send_batch, .arg = f, .zone_s = WHEN_VN_OFFSET_S};
    f->intake = calloc(1, sizeof(*f->intake));
    if (f->intake == NULL)
        return err_set(err, ERR_NOMEM, "intake");
    if (sys_random(f->plan->sys, &seed, sizeof(seed), err) != 0 || feed_new(&feed, &f->feed, err) != 0 ||
        source_table_new(seed, &f->table, err) != 0)
        return -1;
    struct source_opts o = {
        .base = f->base, .sys = f->plan->sys, .table = f->table, .emit = on_line, .arg = f};
    if (source_new(&o, &f->sources, err) != 0)
        return -1;
    f->intake->flush_event = evtimer_new(f->base, on_flush, f);
    f->intake->counters_event = event_new(f->base, -1, EV_PERSIST, on_counters, f);
    if (f->intake->flush_event == NULL || f->intake->counters_event == NULL ||
        event_add(f->intake->counters_event, &every) != 0)
        return err_set(err, ERR_NOMEM, "event loop");
    add_followed(f);
    return 0;
}

void front_intake_free(struct front *f)
{
    if (f->intake == NULL)
        return;
    source_free(f->sources);
    source_table_free(f->table);
    feed_free(f->feed);
    if (f->intake->flush_event != NULL)
        event_free(f->intake->flush_event);
    if (f->intake->counters_event != NULL)
        event_free(f->intake->counters_event);
    free(f->intake);
    f->intake = NULL;
}
