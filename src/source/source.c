#include "source/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/source_station.h"

#define CONNECTIONS_MAX_DEFAULT 4096u
#define PER_PEER_MAX_DEFAULT 256u
#define IDLE_NS_DEFAULT (15 * 60 * NS_PER_S)
#define HANDSHAKE_NS_DEFAULT (10 * NS_PER_S)

static const struct {
    struct str name, doc;
    const struct source_station_ops *ops;
} kinds[SOURCE_KIND_COUNT] = {
#define STATION(id, name_, ops_, doc_)                                                                       \
    [SOURCE_##id] = {{(name_), sizeof(name_) - 1}, {(doc_), sizeof(doc_) - 1}, &(ops_)},
#include "source/source.def"
#undef STATION
};

struct str source_kind_name(enum source_kind kind)
{
    assert(kind < SOURCE_KIND_COUNT);
    return kinds[kind].name;
}

struct str source_kind_doc(enum source_kind kind)
{
    assert(kind < SOURCE_KIND_COUNT);
    return kinds[kind].doc;
}

int source_new(const struct source_opts *o, struct source_set **ret, struct err *err)
{
    assert(o->base != NULL && o->sys != NULL && o->table != NULL && o->emit != NULL);
    struct source_set *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return err_set(err, ERR_NOMEM, "stations");
    set->o = *o;
    if (set->o.connections_max == 0)
        set->o.connections_max = CONNECTIONS_MAX_DEFAULT;
    if (set->o.connections_per_peer_max == 0)
        set->o.connections_per_peer_max = PER_PEER_MAX_DEFAULT;
    if (set->o.idle_ns == 0)
        set->o.idle_ns = IDLE_NS_DEFAULT;
    if (set->o.handshake_ns == 0)
        set->o.handshake_ns = HANDSHAKE_NS_DEFAULT;
    *ret = set;
    return 0;
}

static void station_free(struct station *st)
{
    free((void *)(uintptr_t)st->o.path);
    free((void *)(uintptr_t)st->o.name);
    free(st);
}

void source_free(struct source_set *set)
{
    if (set == NULL)
        return;
    while (set->stations != NULL) {
        struct station *st = set->stations;
        set->stations = st->next;
        st->ops->close(st);
        station_free(st);
    }
    free(set);
}

static int copy_text(const char **text, struct err *err)
{
    if (*text == NULL)
        return 0;
    *text = str_dup(str_of(*text));
    return *text == NULL ? err_set(err, ERR_NOMEM, "station") : 0;
}

int source_open(struct source_set *set, const struct source_station_opts *o, struct err *err)
{
    assert(o->kind < SOURCE_KIND_COUNT);
    struct station *st = calloc(1, sizeof(*st));
    if (st == NULL) {
        if (o->fd >= 0)
            (void)close(o->fd);
        return err_set(err, ERR_NOMEM, "station");
    }
    st->set = set;
    st->ops = kinds[o->kind].ops;
    st->o = *o;
    st->o.path = st->o.name = NULL;
    const char *path = o->path, *name = o->name;
    int rc = copy_text(&path, err);
    st->o.path = rc == 0 ? path : NULL;
    if (rc == 0) {
        rc = copy_text(&name, err);
        st->o.name = rc == 0 ? name : NULL;
    }
    if (rc != 0 && o->fd >= 0)
        (void)close(o->fd);
    if (rc == 0)
        rc = st->ops->open(st, err);
    if (rc != 0) {
        station_free(st);
        return err_wrap(err, "station %s", kinds[o->kind].name.p);
    }
    st->next = set->stations;
    set->stations = st;
    return 0;
}

void source_pause(struct source_set *set)
{
    if (set->paused)
        return;
    set->paused = true;
    for (struct station *st = set->stations; st != NULL; st = st->next)
        st->ops->pause(st);
}

/* Each station may find the sink full again, which pauses the set: the rest then waits for the next resume.
 */
void source_resume(struct source_set *set)
{
    if (!set->paused)
        return;
    set->paused = false;
    for (struct station *st = set->stations; st != NULL && !set->paused; st = st->next)
        st->ops->resume(st);
}

bool source_is_paused(const struct source_set *set)
{
    return set->paused;
}

bool source_emit(struct source_set *set, struct source *s, struct str raw, uint8_t flags)
{
    if (raw.n == 0)
        return true;
    assert(raw.n <= SOURCE_LINE_BYTES_MAX);
    struct source_line line = {raw, sys_now(set->o.sys), s->next_seq, flags};
    if (!set->o.emit(set->o.arg, s, &line))
        return false;
    s->next_seq++;
    s->received++;
    s->bytes += raw.n;
    s->parts += (flags & EVENT_PART) != 0;
    s->last_seen_ns = line.recv_ns;
    if (s->first_seen_ns == 0)
        s->first_seen_ns = line.recv_ns;
    return true;
}

bool source_emit_self(struct source_set *set, struct str name, struct str raw)
{
    return source_emit(set, source_table_get(set->o.table, SOURCE_SELF, name, (struct str){NULL, 0}), raw, 0);
}

void source_acked(struct source_set *set, uint32_t id, uint64_t n)
{
    source_table_stored(set->o.table, id, n);
    struct source *s = source_table_find(set->o.table, id);
    for (struct station *st = set->stations; st != NULL; st = st->next) {
        if (st->ops->acked != NULL && st->o.kind == s->kind)
            st->ops->acked(st, s);
    }
}

static void add_row(void *arg, const struct source *s)
{
    struct source_numbers *n = arg;
    n->received += s->received;
    n->stored += s->stored;
    n->dropped += s->dropped;
    n->malformed += s->malformed;
    n->parts += s->parts;
    n->bytes += s->bytes;
}

void source_snapshot(const struct source_set *set, struct source_numbers *ret)
{
    *ret = set->numbers;
    source_table_each(set->o.table, add_row, ret);
    ret->sources = source_table_count(set->o.table);
    ret->sources_overflowed = source_table_overflowed(set->o.table);
    ret->paused = set->paused;
}

size_t source_peer_text(const struct sockaddr *sa, char *out, size_t n)
{
    const char *text = NULL;
    if (sa->sa_family == AF_INET) {
        text =
            inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, out, (socklen_t)n);
    } else if (sa->sa_family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
        text = IN6_IS_ADDR_V4MAPPED(a) ? inet_ntop(AF_INET, a->s6_addr + 12, out, (socklen_t)n)
                                       : inet_ntop(AF_INET6, a, out, (socklen_t)n);
    }
    if (text == NULL) { /* a Unix socket has no address */
        assert(n >= sizeof("local"));
        text = memcpy(out, "local", sizeof("local"));
    }
    return strlen(text);
}
