#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/source_frame.h"
#include "source/source_station.h"

#define READ_BYTES_MAX (256u * 1024u) /* taken from the socket at once */
#define INPUT_BYTES_MAX                                                                                      \
    (2u * SOURCE_LINE_BYTES_MAX) /* held per connection before its socket is left alone                      \
                                  */
#define ACCEPT_RETRY_S 1         /* after running out of file descriptors */

struct conn {
    struct conn *next, **link; /* in tcp.conns */
    struct station *station;
    struct bufferevent *bev;
    struct source *source; /* NULL until a TLS handshake is done */
    struct source_frame frame;
    bool ended; /* the peer has closed; what is left goes out as the last line */
    char peer[INET6_ADDRSTRLEN];
    size_t peer_n;
};

struct tcp {
    struct evconnlistener *listener;
    struct event *retry; /* listen again after accept failed */
    struct conn *conns;
};

static void conn_free(struct conn *c)
{
    if (c->source != NULL)
        c->source->connections--;
    c->station->set->numbers.connections--;
    c->station->set->numbers.frames_bad += c->frame.bad;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    bufferevent_free(c->bev);
    free(c);
}

/* Give the lines that are there. false: the sink refused one, which stays at the start of the input. */
static bool give_lines(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t n = evbuffer_get_length(in), used = 0;
    const char *p = n == 0 ? NULL : (const char *)evbuffer_pullup(in, -1);
    bool taken = true;
    while (p != NULL && used < n) {
        struct source_frame before = c->frame;
        struct source_frame_line line;
        size_t k = source_frame_cut(&c->frame, (struct str){p + used, n - used}, SOURCE_LINE_BYTES_MAX,
                                    c->ended, &line);
        if (k == 0)
            break;
        taken = source_emit(c->station->set, c->source, line.text, line.part ? EVENT_PART : 0);
        if (!taken) {
            c->frame = before;
            break;
        }
        used += k;
    }
    (void)evbuffer_drain(in, used);
    return taken;
}

/* true: the connection lives on. */
static bool conn_step(struct conn *c)
{
    struct source_set *set = c->station->set;
    if (set->paused || c->source == NULL)
        return true;
    if (!give_lines(c)) {
        source_pause(set);
        return true;
    }
    if (c->ended) {
        conn_free(c);
        return false;
    }
    return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    (void)conn_step(arg);
}

static void set_idle(struct conn *c, int64_t ns)
{
    struct timeval tv = {(time_t)(ns / NS_PER_S), (suseconds_t)(ns % NS_PER_S / NS_PER_US)};
    (void)bufferevent_set_timeouts(c->bev, &tv, NULL);
}

/* false: the peer has too many connections already. */
static bool identify(struct conn *c)
{
    const struct station *st = c->station;
    char subject[SOURCE_TEXT_BYTES_MAX];
    struct str who = {NULL, 0};
    if (st->o.kind == SOURCE_TLS && st->o.subject != NULL) {
        size_t n = st->o.subject(st->o.arg, c->bev, subject, sizeof(subject));
        assert(n <= sizeof(subject));
        if (n > 0)
            who = (struct str){subject, n};
    }
    struct source *s = source_table_get(st->set->o.table, st->o.kind, (struct str){c->peer, c->peer_n}, who);
    if (s->connections >= st->set->o.connections_per_peer_max) {
        st->set->numbers.connections_refused++;
        return false;
    }
    s->connections++;
    c->source = s;
    set_idle(c, st->set->o.idle_ns);
    return true;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct conn *c = arg;
    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        if (c->source == NULL && !identify(c))
            conn_free(c);
        else if (c->station->set->paused)
            (void)bufferevent_disable(c->bev, EV_READ);
        return;
    }
    if ((what & BEV_EVENT_TIMEOUT) != 0)
        c->station->set->numbers.idle_closed++;
    if (c->source == NULL) {
        conn_free(c);
        return;
    }
    c->ended = true; /* lines that arrived before the end, or before a reset, are not lost */
    (void)bufferevent_disable(c->bev, EV_READ | EV_WRITE);
    (void)conn_step(c);
}

static struct conn *conn_new(struct station *st, int fd)
{
    struct conn *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        (void)close(fd);
        return NULL;
    }
    if (st->o.kind == SOURCE_TLS)
        c->bev = st->o.accept(st->o.arg, st->set->o.base, fd);
    else
        c->bev = bufferevent_socket_new(st->set->o.base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->bev == NULL) {
        (void)close(fd);
        free(c);
        return NULL;
    }
    struct tcp *t = st->self;
    c->station = st;
    c->next = t->conns;
    c->link = &t->conns;
    if (c->next != NULL)
        c->next->link = &c->next;
    t->conns = c;
    st->set->numbers.connections++;
    return c;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int peer_n,
                      void *arg)
{
    struct station *st = arg;
    struct source_set *set = st->set;
    (void)l;
    (void)peer_n;
    if (set->numbers.connections >= set->o.connections_max) {
        set->numbers.connections_refused++;
        (void)close((int)fd);
        return;
    }
    struct conn *c = conn_new(st, (int)fd);
    if (c == NULL) {
        set->numbers.connections_refused++;
        return;
    }
    c->peer_n = source_peer_text(peer, c->peer, sizeof(c->peer));
    bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
    (void)bufferevent_set_max_single_read(c->bev, READ_BYTES_MAX);
    if (st->o.kind == SOURCE_TLS) {
        set_idle(c, set->o.handshake_ns);
    } else {
        bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_BYTES_MAX);
        if (!identify(c)) {
            conn_free(c);
            return;
        }
    }
    if (!set->paused || c->source == NULL)
        (void)bufferevent_enable(c->bev, EV_READ);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct tcp *t = ((struct station *)arg)->self;
    (void)fd;
    (void)what;
    (void)evconnlistener_enable(t->listener);
}

/* Out of file descriptors: without a rest the loop would spin on the listening socket. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
    struct station *st = arg;
    struct tcp *t = st->self;
    struct timeval tv = {ACCEPT_RETRY_S, 0};
    st->set->numbers.connections_refused++;
    (void)evconnlistener_disable(l);
    (void)event_add(t->retry, &tv);
}

static void tcp_close(struct station *st)
{
    struct tcp *t = st->self;
    while (t->conns != NULL)
        conn_free(t->conns);
    if (t->listener != NULL)
        evconnlistener_free(t->listener);
    if (t->retry != NULL)
        event_free(t->retry);
    free(t);
}

static int tcp_open(struct station *st, struct err *err)
{
    struct tcp *t = calloc(1, sizeof(*t));
    bool usable = st->o.fd >= 0 && (st->o.kind != SOURCE_TLS || st->o.accept != NULL);
    if (t == NULL || !usable) {
        free(t);
        if (st->o.fd >= 0)
            (void)close(st->o.fd);
        return t == NULL
                   ? err_set(err, ERR_NOMEM, "listener")
                   : err_set(err, ERR_USAGE, "a listening socket is needed, and for TLS a way to accept");
    }
    st->self = t;
    (void)evutil_make_socket_nonblocking(st->o.fd);
    t->retry = evtimer_new(st->set->o.base, on_retry, st);
    t->listener = evconnlistener_new(st->set->o.base, on_accept, st,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, st->o.fd);
    if (t->listener == NULL)
        (void)close(st->o.fd);
    if (t->retry == NULL || t->listener == NULL) {
        tcp_close(st);
        return err_set(err, ERR_NOMEM, "listener");
    }
    evconnlistener_set_error_cb(t->listener, on_accept_error);
    return 0;
}

/* The socket is left alone: TCP itself slows the sender down. Handshakes go on. */
static void tcp_pause(struct station *st)
{
    struct tcp *t = st->self;
    for (struct conn *c = t->conns; c != NULL; c = c->next) {
        if (c->source != NULL && !c->ended)
            (void)bufferevent_disable(c->bev, EV_READ);
    }
}

static void tcp_resume(struct station *st)
{
    struct tcp *t = st->self;
    for (struct conn *c = t->conns, *next; c != NULL && !st->set->paused; c = next) {
        next = c->next;
        if (conn_step(c) && !c->ended && !st->set->paused)
            (void)bufferevent_enable(c->bev, EV_READ);
    }
}

const struct source_station_ops source_tcp_ops = {
    .open = tcp_open, .pause = tcp_pause, .resume = tcp_resume, .close = tcp_close};
const struct source_station_ops source_tls_ops = {
    .open = tcp_open, .pause = tcp_pause, .resume = tcp_resume, .close = tcp_close};
