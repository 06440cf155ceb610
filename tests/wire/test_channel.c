/* channel: frames over a socket pair, in a loop and blocking: torn writes, bad frames, back-pressure, ends.
 */
#include <event2/event.h>
#include <pthread.h>
#include <sys/socket.h>

#include "kit/kit.h"
#include "wire/channel.h"

struct side {
    struct event_base *base;
    struct channel *ch;
    int peer; /* the other end, blocking */
    uint64_t n_frames, sum;
    unsigned n_gone, n_drained;
    char why[128];
    enum frame_type refuse;
    bool free_when_gone;
};

static bool on_frame(void *arg, struct channel *ch, const struct frame *f)
{
    struct side *s = arg;
    assert_true(ch == s->ch);
    s->n_frames++;
    for (size_t i = 0; i < f->payload.n; i++)
        s->sum += (unsigned char)f->payload.p[i];
    return f->type != s->refuse;
}

static void on_gone(void *arg, struct channel *ch, const char *why)
{
    struct side *s = arg;
    s->n_gone++;
    (void)snprintf(s->why, sizeof(s->why), "%s", why);
    if (s->free_when_gone) {
        channel_free(ch);
        s->ch = NULL;
    }
}

static void on_drained(void *arg)
{
    struct side *s = arg;
    s->n_drained++;
}

static void side_init(struct side *s)
{
    int fd[2];
    struct err err = {0};
    *s = (struct side){.base = event_base_new()};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(channel_new(s->base, fd[0], on_frame, on_gone, s, &s->ch, &err), 0);
    s->peer = fd[1];
}

static void side_done(struct side *s)
{
    if (s->peer >= 0)
        (void)close(s->peer);
    channel_free(s->ch);
    event_base_free(s->base);
}

static void spin(struct side *s)
{
    for (int i = 0; i < 20; i++)
        assert_true(event_base_loop(s->base, EVLOOP_NONBLOCK) >= 0);
}

static void test_torn_writes(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    struct side s;
    struct buf b;
    uint64_t sum = 0, n = 0;
    side_init(&s);
    buf_init(&b, 1 << 20);
    for (; n < 300; n++) {
        char payload[200];
        size_t len = kit_below(&r, sizeof(payload));
        kit_bytes(&r, payload, len);
        for (size_t i = 0; i < len; i++)
            sum += (unsigned char)payload[i];
        frame_put(&b, FRAME_EVENTS, n, (struct str){payload, len});
    }
    for (size_t at = 0; at < b.n;) {
        size_t k = 1 + kit_below(&r, 37);
        k = k > b.n - at ? b.n - at : k;
        assert_int_equal(send(s.peer, b.p + at, k, 0), k);
        at += k;
        assert_true(event_base_loop(s.base, EVLOOP_NONBLOCK) >= 0);
    }
    spin(&s);
    assert_true(s.n_frames == n && s.sum == sum && s.n_gone == 0);
    buf_done(&b);
    side_done(&s);
}

static void test_bad_frames(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        uint64_t before; /* good frames that are still delivered */
        bool refused;
    } cases[] = {
        {S("\x00\x00\x00\x00\x01\x00\x02\x00"
           "12345678"),
         0, false}, /* version 2 */
        {S("\xff\xff\xff\xff\x03\x00\x01\x00"
           "12345678"),
         0, false}, /* too long */
        {S("\x00\x00\x00\x00\x0a\x00\x01\x00"
           "12345678\x00\x00\x00\x00\xff\xff\x01\x00"
           "12345678"),
         1, false},
        {S("\x00\x00\x00\x00\x02\x00\x01\x00"
           "12345678\x00\x00\x00\x00\x0a\x00\x01\x00"
           "12345678"),
         1, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases) * 2; i++) {
        struct side s;
        side_init(&s);
        s.refuse = FRAME_SOURCE;
        s.free_when_gone = i >= COUNT_OF(cases);
        size_t row = i % COUNT_OF(cases);
        assert_int_equal(send(s.peer, cases[row].bytes.p, cases[row].bytes.n, 0), cases[row].bytes.n);
        spin(&s);
        assert_int_equal(s.n_gone, 1);
        assert_int_equal(s.n_frames, cases[row].before);
        if (cases[row].refused)
            assert_string_equal(s.why, "frame refused");
        if (s.ch != NULL) {
            channel_send(s.ch, FRAME_END, 0, S("")); /* into the void */
            assert_int_equal(channel_pending(s.ch), 0);
        }
        (void)close(s.peer);
        s.peer = -1;
        spin(&s);
        assert_int_equal(s.n_gone, 1);
        side_done(&s);
    }
}

static void test_peer_closes(void **state)
{
    (void)state;
    struct side s;
    struct buf b;
    side_init(&s);
    buf_init(&b, 1000);
    frame_put(&b, FRAME_EVENTS, 1, S("whole"));
    frame_put(&b, FRAME_EVENTS, 2, S("cut off"));
    assert_int_equal(send(s.peer, b.p, b.n - 3, 0), b.n - 3);
    (void)close(s.peer);
    s.peer = -1;
    spin(&s);
    assert_true(s.n_frames == 1 && s.n_gone == 1);
    buf_done(&b);
    side_done(&s);
}

struct reader {
    int fd;
    size_t n, bytes;
};

static void *read_frames(void *arg)
{
    struct reader *r = arg;
    struct buf b;
    struct frame f;
    struct err err = {0};
    buf_init(&b, FRAME_HEAD_BYTES + FRAME_BYTES_MAX);
    while (channel_fd_recv(r->fd, &b, &f, &err) == 0) {
        r->n++;
        r->bytes += f.payload.n;
    }
    buf_done(&b);
    return NULL;
}

static void test_drain(void **state)
{
    (void)state;
    enum { N = 200, EACH = 10000 };
    struct side s;
    side_init(&s);
    char *payload = calloc(1, EACH);
    for (uint64_t i = 0; i < N; i++)
        channel_send(s.ch, FRAME_CHUNK, i, (struct str){payload, EACH});
    size_t queued = channel_pending(s.ch);
    assert_true(queued >= N * EACH);
    channel_on_drain(s.ch, 4096, on_drained, &s);
    spin(&s);
    assert_true(s.n_drained == 0 && channel_pending(s.ch) > 4096 && channel_pending(s.ch) < queued);
    struct reader r = {.fd = s.peer};
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, read_frames, &r), 0);
    while (channel_pending(s.ch) > 0)
        assert_true(event_base_loop(s.base, EVLOOP_ONCE) >= 0);
    spin(&s);
    assert_int_equal(s.n_drained, 1);
    channel_free(s.ch);
    s.ch = NULL;
    spin(&s);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(r.n == N && r.bytes == (size_t)N * EACH);
    free(payload);
    side_done(&s);
}

static void test_blocking_pair(void **state)
{
    (void)state;
    int fd[2];
    struct err err = {0};
    struct buf b, small;
    struct frame f;
    buf_init(&b, FRAME_HEAD_BYTES + FRAME_BYTES_MAX);
    buf_init(&small, 64);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(channel_fd_send(fd[0], FRAME_REQUEST, 5, S("first"), &err), 0);
    assert_int_equal(channel_fd_send(fd[0], FRAME_END, 6, (struct str){NULL, 0}, &err), 0);
    assert_int_equal(channel_fd_recv(fd[1], &b, &f, &err), 0);
    assert_true(f.type == FRAME_REQUEST && f.tag == 5);
    kit_assert_str(f.payload, S("first"));
    assert_int_equal(channel_fd_recv(fd[1], &b, &f, &err), 0);
    assert_true(f.type == FRAME_END && f.tag == 6 && f.payload.n == 0);
    char big[100] = {0};
    assert_int_equal(channel_fd_send(fd[0], FRAME_CHUNK, 7, (struct str){big, sizeof(big)}, &err), 0);
    assert_int_equal(channel_fd_recv(fd[1], &small, &f, &err), -1);
    assert_int_equal(err.code, ERR_NOMEM);
    (void)close(fd[0]);
    (void)close(fd[1]);

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(send(fd[0],
                          "\x05\x00\x00\x00\x03\x00\x01\x00"
                          "12345678ab",
                          18, 0),
                     18);
    assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
    assert_int_equal(channel_fd_recv(fd[1], &b, &f, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(channel_fd_recv(fd[1], &b, &f, &err), 1);
    (void)close(fd[1]);
    assert_int_equal(channel_fd_send(fd[0], FRAME_END, 0, S(""), &err), -1); /* an error, not a signal */
    (void)close(fd[0]);
    buf_done(&b);
    buf_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_writes),   cmocka_unit_test(test_bad_frames),
        cmocka_unit_test(test_peer_closes),   cmocka_unit_test(test_drain),
        cmocka_unit_test(test_blocking_pair),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
