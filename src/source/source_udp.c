#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "source/source_station.h"

#define BATCH 64u
#define DATAGRAM_BYTES_MAX 65536u
#define ROUNDS_MAX 16u                 /* batches per wake-up, so that one flood does not starve the loop */
#define RECEIVE_BUFFER_BYTES (8 << 20) /* asked for; the kernel may grant less */
#define CACHE_SLOTS 256u               /* last senders by address, in front of the table */

struct cached {
    struct sockaddr_storage peer;
    socklen_t peer_n;
    struct source *source;
};

struct udp {
    struct event *readable;
    int fd;
    uint32_t overflow_seen; /* SO_RXQ_OVFL counts modulo 2^32 */
    bool overflow_known;
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_storage peers[BATCH];
    _Alignas(struct cmsghdr) char control[BATCH][CMSG_SPACE(sizeof(uint32_t))];
    struct cached cache[CACHE_SLOTS];
    char bytes[BATCH][DATAGRAM_BYTES_MAX];
};

/* The port is no part of the identity: a restarted sender is the same source. */
static struct source *source_of(struct station *st, struct udp *u, struct sockaddr_storage *peer, socklen_t n)
{
    if (peer->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)peer)->sin_port = 0;
    else if (peer->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)peer)->sin6_port = 0;
    uint64_t h = hash_bytes((struct str){(const char *)peer, n}, 0);
    struct cached *c = &u->cache[h % CACHE_SLOTS];
    if (c->source != NULL && c->peer_n == n && memcmp(&c->peer, peer, n) == 0)
        return c->source;
    char text[INET6_ADDRSTRLEN];
    size_t text_n = source_peer_text((struct sockaddr *)peer, text, sizeof(text));
    struct source *s =
        source_table_get(st->set->o.table, SOURCE_UDP, (struct str){text, text_n}, (struct str){NULL, 0});
    if (s->kind == SOURCE_UDP) /* not the overflow row: each of its lines is counted */
        *c = (struct cached){*peer, n, s};
    return s;
}

static void count_overflow(struct station *st, struct udp *u, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        uint32_t now;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&now, CMSG_DATA(c), sizeof(now));
        st->set->numbers.kernel_dropped += (uint32_t)(now - (u->overflow_known ? u->overflow_seen : 0));
        u->overflow_seen = now;
        u->overflow_known = true;
    }
}

static void take(struct station *st, struct udp *u, unsigned i)
{
    struct msghdr *m = &u->msgs[i].msg_hdr;
    struct str raw = {u->bytes[i], u->msgs[i].msg_len};
    count_overflow(st, u, m);
    while (raw.n > 0 && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r' || raw.p[raw.n - 1] == '\0'))
        raw.n--;
    struct source *s = source_of(st, u, &u->peers[i], m->msg_namelen);
    uint8_t flags = (m->msg_flags & MSG_TRUNC) != 0 ? EVENT_PART : 0;
    if (!source_emit(st->set, s, raw, flags)) {
        s->dropped++;
        s->last_seen_ns = sys_now(st->set->o.sys);
    }
}

static void prepare(struct udp *u)
{
    for (unsigned i = 0; i < BATCH; i++) {
        u->iov[i] = (struct iovec){u->bytes[i], DATAGRAM_BYTES_MAX};
        u->msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &u->peers[i],
            .msg_namelen = sizeof(u->peers[i]),
            .msg_iov = &u->iov[i],
            .msg_iovlen = 1,
            .msg_control = u->control[i],
            .msg_controllen = sizeof(u->control[i]),
        };
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct station *st = arg;
    struct udp *u = st->self;
    (void)what;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        prepare(u);
        int n = recvmmsg((int)fd, u->msgs, BATCH, MSG_DONTWAIT, NULL);
        if (n <= 0) /* nothing there, or an ICMP error of an earlier packet: neither is ours to handle */
            return;
        for (unsigned i = 0; i < (unsigned)n; i++)
            take(st, u, i);
        if ((unsigned)n < BATCH)
            return;
    }
}

static void udp_close(struct station *st)
{
    struct udp *u = st->self;
    if (u->readable != NULL)
        event_free(u->readable);
    (void)close(u->fd);
    free(u);
}

static int udp_open(struct station *st, struct err *err)
{
    int one = 1, size = RECEIVE_BUFFER_BYTES;
    struct udp *u = calloc(1, sizeof(*u));
    if (u == NULL || st->o.fd < 0) {
        free(u);
        if (st->o.fd >= 0)
            (void)close(st->o.fd);
        return u == NULL ? err_set(err, ERR_NOMEM, "datagram buffers") : err_set(err, ERR_USAGE, "no socket");
    }
    st->self = u;
    u->fd = st->o.fd;
    /* The privileged form first; without the privilege the limit of the system holds. */
    if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(u->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
    (void)evutil_make_socket_nonblocking(u->fd);
    u->readable = event_new(st->set->o.base, u->fd, EV_READ | EV_PERSIST, on_readable, st);
    if (u->readable == NULL || event_add(u->readable, NULL) != 0) {
        udp_close(st);
        return err_set(err, ERR_NOMEM, "event");
    }
    return 0;
}

/* Waiting would only move the loss into the kernel, where nobody knows whose lines were lost. */
static void udp_keep(struct station *st)
{
    assert(st->self != NULL);
}

const struct source_station_ops source_udp_ops = {
    .open = udp_open, .pause = udp_keep, .resume = udp_keep, .close = udp_close};
