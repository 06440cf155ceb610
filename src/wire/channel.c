#include "wire/channel.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct channel {
    struct bufferevent *bev;
    channel_frame_fn *on_frame;
    channel_gone_fn *on_gone;
    void *arg;
    bool gone;
    void (*drain_fn)(void *arg);
    void *drain_arg;
};

struct event_base *channel_loop_new(void)
{
    struct event_config *c = event_config_new();
    struct event_base *base = NULL;
    if (c != NULL && event_config_set_flag(c, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
        base = event_base_new_with_config(c);
    if (c != NULL)
        event_config_free(c);
    return base;
}

static void gone(struct channel *ch, const char *why)
{
    if (ch->gone)
        return;
    ch->gone = true;
    (void)bufferevent_disable(ch->bev, EV_READ | EV_WRITE);
    ch->on_gone(ch->arg, ch, why);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct channel *ch = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    while (!ch->gone) {
        unsigned char head[FRAME_HEAD_BYTES];
        struct err err = {0};
        struct frame f;
        size_t need = 0, have = evbuffer_get_length(in);
        ssize_t got = evbuffer_copyout(in, head, sizeof(head));
        if (got < (ssize_t)sizeof(head))
            return;
        int rc = frame_get((struct str){(const char *)head, sizeof(head)}, &f, &need, &err);
        if (rc < 0) {
            gone(ch, err.msg);
            return;
        }
        if (have < need)
            return;
        const char *p = (const char *)evbuffer_pullup(in, (ev_ssize_t)need);
        if (p == NULL || frame_get((struct str){p, need}, &f, &need, &err) != 0) {
            gone(ch, "frame does not check");
            return;
        }
        bool ok = ch->on_frame(ch->arg, ch, &f);
        if (ch->gone)
            return;
        (void)evbuffer_drain(in, need);
        if (!ok) {
            gone(ch, "frame refused"); /* the owner may have freed it */
            return;
        }
    }
}

static void on_write(struct bufferevent *bev, void *arg)
{
    struct channel *ch = arg;
    (void)bev;
    if (ch->drain_fn == NULL)
        return;
    void (*fn)(void *) = TAKE(ch->drain_fn);
    bufferevent_setwatermark(ch->bev, EV_WRITE, 0, 0);
    fn(ch->drain_arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        gone(arg, CHANNEL_CLOSED);
}

int channel_new(struct event_base *base, int fd, channel_frame_fn *on_frame, channel_gone_fn *on_gone,
                void *arg, struct channel **ret, struct err *err)
{
    struct channel *ch = calloc(1, sizeof(*ch));
    if (ch == NULL)
        return err_set(err, ERR_NOMEM, "channel");
    *ch = (struct channel){.on_frame = on_frame, .on_gone = on_gone, .arg = arg};
    (void)evutil_make_socket_nonblocking(fd);
    ch->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (ch->bev == NULL) {
        free(ch);
        return err_set(err, ERR_NOMEM, "channel");
    }
    (void)bufferevent_set_max_single_read(ch->bev, 1 << 20);
    (void)bufferevent_set_max_single_write(ch->bev, 1 << 20);
    bufferevent_setcb(ch->bev, on_read, on_write, on_event, ch);
    (void)bufferevent_enable(ch->bev, EV_READ | EV_WRITE);
    *ret = ch;
    return 0;
}

void channel_free(struct channel *ch)
{
    if (ch == NULL)
        return;
    bufferevent_free(ch->bev);
    free(ch);
}

void channel_send(struct channel *ch, enum frame_type type, uint64_t tag, struct str payload)
{
    char head[FRAME_HEAD_BYTES];
    if (ch->gone)
        return;
    frame_put_head(head, type, tag, payload.n);
    (void)bufferevent_write(ch->bev, head, sizeof(head));
    if (payload.n > 0)
        (void)bufferevent_write(ch->bev, payload.p, payload.n);
}

size_t channel_pending(const struct channel *ch)
{
    return ch->gone ? 0 : evbuffer_get_length(bufferevent_get_output(ch->bev));
}

void channel_on_drain(struct channel *ch, size_t low_bytes, void (*fn)(void *arg), void *arg)
{
    ch->drain_fn = fn;
    ch->drain_arg = arg;
    bufferevent_setwatermark(ch->bev, EV_WRITE, low_bytes, 0);
}

static int send_all(int fd, const char *p, size_t n, struct err *err)
{
    while (n > 0) {
        ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
        if (put < 0 && errno != EINTR)
            return err_errno(err, errno, "send to the other process");
        if (put > 0) {
            p += put;
            n -= (size_t)put;
        }
    }
    return 0;
}

int channel_fd_send(int fd, enum frame_type type, uint64_t tag, struct str payload, struct err *err)
{
    char head[FRAME_HEAD_BYTES];
    frame_put_head(head, type, tag, payload.n);
    if (send_all(fd, head, sizeof(head), err) != 0)
        return -1;
    return send_all(fd, payload.p, payload.n, err);
}

/* Fill the buffer up to `need` bytes: 0 = there, 1 = the stream ended before the first byte. */
static int fill(int fd, struct buf *b, size_t need, struct err *err)
{
    while (b->n < need) {
        char *to = buf_reserve(b, need - b->n);
        if (to == NULL)
            return err_set(err, ERR_NOMEM, "frame of %zu bytes", need);
        ssize_t got = read(fd, to, need - b->n);
        if (got == 0 && b->n == 0)
            return 1;
        if (got == 0)
            return err_set(err, ERR_IO, "the other process ended in the middle of a frame");
        if (got < 0 && errno != EINTR)
            return err_errno(err, errno, "read from the other process");
        if (got > 0)
            b->n += (size_t)got;
    }
    return 0;
}

int channel_fd_recv(int fd, struct buf *b, struct frame *ret, struct err *err)
{
    size_t need = FRAME_HEAD_BYTES;
    buf_clear(b);
    int rc = fill(fd, b, need, err);
    if (rc != 0)
        return rc;
    rc = frame_get(buf_str(b), ret, &need, err);
    if (rc == 1) {
        if (fill(fd, b, need, err) != 0)
            return -1;
        rc = frame_get(buf_str(b), ret, &need, err);
    }
    return rc;
}
