#include <stdio.h>
#include <stdlib.h>

#include "flow/node_event.h"
#include "flow/node_priv.h"
#include "register/register_org.h"
#include "register/register_source.h"
#include "register/register_source_state.h"
#include "register/register_state.h"

#define RECENT_EVENTS_MAX 400000u /* more than a front keeps unacknowledged */

static struct register_by node_by(const struct node *n)
{
    return (struct register_by){.now_ns = sys_now(n->sys), .who = S("khien")};
}

static struct node_source *add(struct node *n, uint32_t id, struct err *err)
{
    if (n->n_sources == NODE_SOURCES_MAX) {
        (void)err_set(err, ERR_LIMIT, "more than %u sources", NODE_SOURCES_MAX);
        return NULL;
    }
    struct node_source *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        (void)err_set(err, ERR_NOMEM, "source");
        return NULL;
    }
    s->id = id;
    silence_init(&n->silences[n->n_sources], sys_now(n->sys));
    n->sources[n->n_sources++] = s;
    return s;
}

static void put_text(char *out, size_t n, struct str s)
{
    (void)snprintf(out, n, "%.*s", (int)(s.n < n ? s.n : n - 1), s.p == NULL ? "" : s.p);
}

static void take_row(struct node *n, struct node_source *s, const struct register_source *r)
{
    struct silence *quiet = &n->silences[n->n_sources - 1];
    put_text(s->kind, sizeof(s->kind), r->kind);
    put_text(s->address, sizeof(s->address), r->address);
    put_text(s->name, sizeof(s->name), r->name);
    s->silent_after_s = r->silent_after_s;
    s->created_ns = r->created_ns;
    silence_init(quiet, r->created_ns);
    (void)silence_set(quiet, r->silent_after_s);
}

static int load_state(struct node *n, struct node_source *s, struct err *err)
{
    struct register_source_state st;
    struct arena a;
    bool found = false;
    arena_init(&a, 1u << 16);
    int rc = register_source_state_find(n->reg, &a, s->id, &st, &found, err);
    if (rc == 0 && found) {
        s->received = st.received;
        s->stored = st.stored;
        s->dropped = s->dropped_before = st.dropped;
        s->malformed = st.malformed;
        s->last_seq = st.last_seq;
        s->gaps = st.gaps;
        s->missing = st.missing;
        s->first_ns = st.first_ns;
        s->last_seen_ns = st.last_seen_ns;
        s->silent = s->saved_silent = st.silent;
        put_text(s->position, sizeof(s->position), st.position);
        put_text(s->dialect, sizeof(s->dialect), st.dialect);
        if (s->last_seen_ns > 0)
            (void)silence_seen(&n->silences[n->n_sources - 1], s->last_seen_ns);
    }
    arena_done(&a);
    return rc;
}

static int load_rows(struct node *n, struct err *err)
{
    struct register_page page = {.limit = REGISTER_PAGE_MAX};
    struct arena a;
    int rc = 0;
    arena_init(&a, 16u << 20);
    do {
        struct register_source_list list;
        arena_reset(&a);
        rc = register_source_list(n->reg, &a, page, &list, err);
        for (size_t i = 0; rc == 0 && i < list.n; i++) {
            struct node_source *s = add(n, (uint32_t)list.items[i].id, err);
            if (s == NULL)
                rc = -1;
            else {
                take_row(n, s, &list.items[i]);
                rc = load_state(n, s, err);
            }
        }
        page.cursor = rc == 0 ? list.next : 0;
    } while (rc == 0 && page.cursor != 0);
    arena_done(&a);
    return rc;
}

static size_t place_of(const struct node *n, uint32_t id)
{
    /* Ids are given in order, so an entry is usually at a fixed distance from its id. */
    for (size_t i = 0; i < n->n_sources; i++) {
        size_t k = (id + i - 1) % n->n_sources;
        if (n->sources[k]->id == id)
            return k;
    }
    return SIZE_MAX;
}

/* Take what the events of a block tell beyond the register; *ret_new: there was something. */
static void take_block(struct node *n, const uint64_t *saved_seq, const struct event *e, size_t n_events,
                       bool *ret_new)
{
    *ret_new = false;
    for (size_t i = 0; i < n_events; i++) {
        size_t k = place_of(n, e[i].source);
        if (k == SIZE_MAX || e[i].seq <= saved_seq[k])
            continue;
        struct node_source *s = n->sources[k];
        *ret_new = true;
        if (e[i].seq > s->last_seq)
            s->last_seq = e[i].seq;
        if (e[i].recv_ns > s->last_seen_ns)
            s->last_seen_ns = e[i].recv_ns;
    }
}

/*
 * The register's sequences may be two seconds old when core dies. What the store got after that is found by
 * looking at its newest events, so that a batch that comes again is known. The sequences of all sources are
 * saved in one transaction: the first block, from the newest back, that holds nothing newer than they are
 * ends the search. After an orderly end that is the first one. A damaged block tells nothing and stops
 * nothing: `khien verify` names it.
 */
static int catch_up(struct node *n, struct err *err)
{
    struct store_scan_opts o = {0};
    struct store_scan *scan = NULL;
    const struct event *e = NULL;
    size_t k = 0, seen = 0;
    bool more = true;
    uint64_t *saved_seq = calloc(n->n_sources + 1, sizeof(*saved_seq));
    if (saved_seq == NULL)
        return err_set(err, ERR_NOMEM, "sources");
    for (size_t i = 0; i < n->n_sources; i++)
        saved_seq[i] = n->sources[i]->last_seq;
    int rc = store_scan_open(n->store, &o, &scan, err);
    while (rc == 0 && more && seen < RECENT_EVENTS_MAX) {
        struct err why = {0};
        if (store_scan_next(scan, &e, &k, &why) == 0) {
            seen += k;
            take_block(n, saved_seq, e, k, &more);
        } else if (why.code == ERR_NOMEM) {
            rc = err_set(err, why.code, "%s", why.msg);
        }
    }
    store_scan_close(scan);
    free(saved_seq);
    return rc;
}

int node_source_open(struct node *n, struct err *err)
{
    struct node_source *self;
    n->sources = calloc(NODE_SOURCES_MAX, sizeof(struct node_source *));
    n->silences = calloc(NODE_SOURCES_MAX, sizeof(struct silence));
    if (n->sources == NULL || n->silences == NULL)
        return err_set(err, ERR_NOMEM, "sources");
    int64_t dropped = 0, gaps = 0;
    if (load_rows(n, err) != 0 ||
        register_state_find(n->reg, S("udp.kernel_dropped"), &dropped, NULL, err) != 0 ||
        register_state_find(n->reg, S("udp.kernel_gaps"), &gaps, NULL, err) != 0)
        return -1;
    n->kernel_dropped = n->kernel_saved = (uint64_t)dropped;
    n->kernel_gaps = (uint64_t)gaps;
    if (n->read_only)
        return 0;
    if (catch_up(n, err) != 0 || node_source_get(n, S("self"), S("khien"), S("Khiên"), &self, err) != 0)
        return -1;
    n->self = self->id;
    return 0;
}

void node_source_close(struct node *n)
{
    for (size_t i = 0; i < n->n_sources; i++)
        free(n->sources[i]);
    free(n->sources);
    free(n->silences);
    n->n_sources = 0;
}

struct node_source *node_source_find(struct node *n, uint32_t id)
{
    size_t k = place_of(n, id);
    return k == SIZE_MAX ? NULL : n->sources[k];
}

int node_source_get(struct node *n, struct str kind, struct str address, struct str name,
                    struct node_source **ret, struct err *err)
{
    for (size_t i = 0; i < n->n_sources; i++) {
        struct node_source *s = n->sources[i];
        if (str_eq(str_of(s->kind), kind) &&
            str_eq(str_of(s->address), str_sub(address, 0, address.n < 159 ? address.n : 159))) {
            *ret = s;
            return 0;
        }
    }
    struct register_by by = node_by(n);
    struct register_source row = {.org = 1,
                                  .kind = kind,
                                  .address = str_sub(address, 0, address.n < 159 ? address.n : 159),
                                  .name = name.n > 0 ? name : address,
                                  .silent_after_s = config_number(n->config, CONFIG_SILENT_AFTER) * 3600,
                                  .created_ns = by.now_ns};
    int64_t id = 0;
    bool fresh = false;
    if (register_source_put(n->reg, &by, &row, &id, &fresh, err) != 0)
        return -1;
    struct node_source *s = add(n, (uint32_t)id, err);
    if (s == NULL)
        return -1;
    take_row(n, s, &row);
    n->duties_stale = true;
    *ret = s;
    return 0;
}

size_t node_source_count(const struct node *n)
{
    return n->n_sources;
}

struct node_source *node_source_at(struct node *n, size_t i)
{
    assert(i < n->n_sources);
    return n->sources[i];
}

struct str node_source_name(struct node *n, uint32_t id)
{
    const struct node_source *s = node_source_find(n, id);
    return s == NULL ? S("") : str_of(s->name);
}

bool node_source_silent(const struct node *n, const struct node_source *s, int64_t now_ns)
{
    size_t k = place_of(n, s->id);
    /* An import comes once: it cannot fall silent. */
    return k != SIZE_MAX && !str_eq(str_of(s->kind), S("import")) && now_ns >= silence_at_ns(&n->silences[k]);
}

/* The bucket of an hour, emptied where it still holds the same hour of yesterday. */
static struct node_hour *hour_of(struct node_hour hours[NODE_HOURS], int64_t now_ns)
{
    int64_t hour = now_ns / (3600 * NS_PER_S);
    struct node_hour *h = &hours[(uint64_t)hour % NODE_HOURS];
    if (h->hour != hour)
        *h = (struct node_hour){.hour = hour};
    return h;
}

/* Which layer of D19.5 an event shows, by its data set (docs/format/events.md); -1 none. */
static int layer_of(struct str dataset)
{
    static const struct {
        struct str dataset;
        enum check_layer layer;
    } rows[] = {{{"linux.firewall", 14}, CHECK_NETWORK}, {{"linux.auth", 10}, CHECK_SERVER},
                {{"linux.systemd", 13}, CHECK_SERVER},   {{"linux.cron", 10}, CHECK_SERVER},
                {{"linux.kernel", 12}, CHECK_SERVER},    {{"web.access", 10}, CHECK_APPLICATION},
                {{"web.error", 9}, CHECK_APPLICATION}};
    for (size_t i = 0; dataset.n > 0 && i < COUNT_OF(rows); i++) {
        if (str_eq(dataset, rows[i].dataset))
            return (int)rows[i].layer;
    }
    return -1;
}

void node_source_count_event(struct node_source *s, const struct event *e)
{
    int64_t second = e->recv_ns / NS_PER_S;
    if (e->seq > s->last_seq + 1) {
        s->gaps++;
        s->missing += e->seq - s->last_seq - 1;
    }
    s->last_seq = e->seq;
    s->stored++;
    s->malformed += (e->flags & EVENT_MALFORMED) != 0;
    struct node_hour *h = hour_of(s->hours, e->recv_ns);
    h->stored++;
    h->malformed += (e->flags & EVENT_MALFORMED) != 0;
    int layer = layer_of(event_get(e, FIELD_EVENT_DATASET));
    if (layer >= 0)
        s->layer_ns[layer] = e->recv_ns;
    if (s->first_ns == 0)
        s->first_ns = e->recv_ns;
    if (e->recv_ns > s->last_seen_ns)
        s->last_seen_ns = e->recv_ns;
    for (; s->minute_s < second; s->minute_s++) {
        if (second - s->minute_s > 60)
            s->minute_s = second - 60;
        s->minute[(s->minute_s + 1) % 60] = 0;
    }
    s->minute[second % 60]++;
}

void node_source_count_dropped(struct node_source *s, uint64_t n, int64_t now_ns)
{
    s->gaps++; /* what UDP lost unread is a hole, too */
    hour_of(s->hours, now_ns)->dropped += n;
}

void node_source_count_lost(struct node_source *s, uint64_t n)
{
    assert(n <= s->received);
    s->gaps++;
    s->missing += n;
    s->received -= n;
}

void node_set_front(struct node *n, uint64_t rss_bytes, uint64_t kernel_dropped)
{
    n->front_rss = rss_bytes;
    if (kernel_dropped == 0)
        return;
    n->kernel_dropped += kernel_dropped;
    n->kernel_gaps++;
    hour_of(n->kernel_hours, sys_now(n->sys))->dropped += kernel_dropped;
}

void node_source_refresh(struct node *n)
{
    struct register_page page = {.limit = REGISTER_PAGE_MAX};
    struct register_source_list list;
    struct arena a;
    struct err err = {0};
    arena_init(&a, 16u << 20);
    do {
        arena_reset(&a);
        if (register_source_list(n->reg, &a, page, &list, &err) != 0)
            break; /* the old names stay; the next change tries again */
        for (size_t i = 0; i < list.n; i++) {
            const struct register_source *r = &list.items[i];
            size_t k = place_of(n, (uint32_t)r->id);
            if (k == SIZE_MAX)
                continue;
            put_text(n->sources[k]->name, sizeof(n->sources[k]->name), r->name);
            n->sources[k]->silent_after_s = r->silent_after_s;
            (void)silence_set(&n->silences[k], r->silent_after_s);
        }
        page.cursor = list.next;
    } while (page.cursor != 0);
    arena_done(&a);
}

int node_source_save(struct node *n, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(n->reg, &tx, err) != 0)
        return -1;
    for (size_t i = 0; i < n->n_sources; i++) {
        struct node_source *s = n->sources[i];
        uint64_t mark = s->stored + s->received + s->dropped + s->malformed;
        bool moved = !str_eq(str_of(s->position), str_of(s->saved_position));
        if (mark == s->saved_mark && !moved && s->silent == s->saved_silent)
            continue;
        struct register_source_state st = {.received = s->received,
                                           .stored = s->stored,
                                           .dropped = s->dropped,
                                           .malformed = s->malformed,
                                           .last_seq = s->last_seq,
                                           .gaps = s->gaps,
                                           .missing = s->missing,
                                           .first_ns = s->first_ns,
                                           .last_seen_ns = s->last_seen_ns,
                                           .silent = s->silent,
                                           .position = str_of(s->position),
                                           .dialect = str_of(s->dialect)};
        if (register_source_state_put(n->reg, s->id, &st, err) != 0)
            return -1;
        s->saved_mark = mark;
        s->saved_silent = s->silent;
        put_text(s->saved_position, sizeof(s->saved_position), str_of(s->position));
    }
    if (n->kernel_dropped != n->kernel_saved &&
        (register_state_put(n->reg, S("udp.kernel_dropped"), (int64_t)n->kernel_dropped, err) != 0 ||
         register_state_put(n->reg, S("udp.kernel_gaps"), (int64_t)n->kernel_gaps, err) != 0))
        return -1;
    n->kernel_saved = n->kernel_dropped;
    return register_tx_commit(&tx, err);
}

/* Told once per change, over restarts, too. */
static void tell_silence(struct node *n, struct node_source *s, const struct silence *quiet)
{
    int64_t after = silence_after_s(quiet);
    char reason[32] = "";
    s->silent = quiet->silent;
    n->duties_stale = true;
    if (quiet->silent && after % 3600 == 0)
        (void)snprintf(reason, sizeof(reason), "%lld h", (long long)after / 3600);
    else if (quiet->silent && after % 60 == 0)
        (void)snprintf(reason, sizeof(reason), "%lld min", (long long)after / 60);
    else if (quiet->silent)
        (void)snprintf(reason, sizeof(reason), "%lld s", (long long)after);
    node_event_note(n, &(struct node_event){.kind = quiet->silent ? NODE_SOURCE_SILENT : NODE_SOURCE_BACK,
                                            .source = str_of(s->name),
                                            .reason = str_of(reason)});
}

void node_source_watch(struct node *n, int64_t now_ns)
{
    for (size_t i = 0; i < n->n_sources; i++) {
        struct node_source *s = n->sources[i];
        struct silence *quiet = &n->silences[i];
        if (str_eq(str_of(s->kind), S("import")))
            continue;
        if (s->last_seen_ns > quiet->last_ns)
            (void)silence_seen(quiet, s->last_seen_ns);
        (void)silence_tick(quiet, now_ns);
        if (quiet->silent != s->silent)
            tell_silence(n, s, quiet);
    }
}
