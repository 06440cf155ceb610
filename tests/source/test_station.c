/* Stations on loopback and in a temporary directory: 100 connections, back-pressure, limits, rotation,
 * truncation. */
#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "source/source.h"

#define WAIT_MS 5000

struct world {
    struct event_base *base;
    struct source_table *table;
    struct source_set *set;
    struct buf got;        /* "line\n" each; a part is "line+\n" */
    uint64_t lines, limit; /* the sink refuses when lines == limit */
    struct source *last;
    struct source_position position;
    bool ended;
    char dir[64], path[96];
};

static bool take(void *arg, struct source *s, const struct source_line *line)
{
    struct world *w = arg;
    if (w->lines == w->limit)
        return false;
    assert_int_equal(line->seq, s->next_seq);
    assert_true(line->recv_ns > 0 && line->raw.n > 0);
    w->lines++;
    w->last = s;
    if (w->got.n < 100000) {
        buf_put(&w->got, line->raw.n > 64 ? str_sub(line->raw, 0, 64) : line->raw);
        buf_put(&w->got, (line->flags & EVENT_PART) != 0 ? S("+\n") : S("\n"));
    }
    return true;
}

static void keep_position(void *arg, struct source *s, const struct source_position *p)
{
    (void)s;
    ((struct world *)arg)->position = *p;
}

static void end(void *arg, struct source *s, const struct err *err)
{
    (void)s;
    assert_null(err);
    ((struct world *)arg)->ended = true;
}

static void set_new(struct world *w, uint32_t conns, uint32_t per_peer, int64_t idle_ns)
{
    struct err err = {0};
    struct source_opts o = {.base = w->base,
                            .sys = sys_linux(),
                            .table = w->table,
                            .emit = take,
                            .arg = w,
                            .connections_max = conns,
                            .connections_per_peer_max = per_peer,
                            .idle_ns = idle_ns};
    source_free(w->set);
    assert_int_equal(source_new(&o, &w->set, &err), 0);
}

static int setup(void **state)
{
    struct err err = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->limit = UINT64_MAX;
    buf_init(&w->got, 1 << 20);
    w->base = event_base_new();
    assert_non_null(w->base);
    assert_int_equal(source_table_new(3, &w->table, &err), 0);
    set_new(w, 0, 200, 0);
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/khien-source-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->path, sizeof(w->path), "%s/log", w->dir);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char older[128];
    source_free(w->set);
    source_table_free(w->table);
    event_base_free(w->base);
    buf_done(&w->got);
    (void)snprintf(older, sizeof(older), "%s.1", w->path);
    (void)unlink(w->path);
    (void)unlink(older);
    (void)rmdir(w->dir);
    free(w);
    return 0;
}

/* Run the loop until so many lines came. */
static void until(struct world *w, uint64_t lines)
{
    for (int i = 0; i < WAIT_MS && w->lines < lines; i++) {
        assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
        (void)usleep(1000);
    }
    assert_int_equal(w->lines, lines);
}

static void spin(struct world *w, int ms)
{
    for (int i = 0; i < ms; i++) {
        assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
        (void)usleep(1000);
    }
}

static int loopback(int type, struct sockaddr_in *ret)
{
    socklen_t n = sizeof(*ret);
    int one = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)ret, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &n), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 128), 0);
    return fd;
}

static int dial(int type, const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
    return fd;
}

static void say(int fd, struct str s)
{
    assert_int_equal(write(fd, s.p, s.n), s.n);
}

static struct sockaddr_in open_net(struct world *w, enum source_kind kind)
{
    struct sockaddr_in at;
    struct err err = {0};
    struct source_station_opts o = {.kind = kind,
                                    .fd = loopback(kind == SOURCE_UDP ? SOCK_DGRAM : SOCK_STREAM, &at)};
    assert_int_equal(source_open(w->set, &o, &err), 0);
    return at;
}

static void want(struct world *w, const char *text)
{
    assert_int_equal(w->got.n, strlen(text));
    assert_memory_equal(w->got.p, text, w->got.n);
}

static void test_udp(void **state)
{
    struct world *w = *state;
    struct source_numbers n;
    struct sockaddr_in at = open_net(w, SOURCE_UDP);
    int fd = dial(SOCK_DGRAM, &at);
    say(fd, S("<1>a\n"));
    say(fd, S("<1>b\nc"));
    say(fd, S("\n"));
    say(fd, S("<1>d"));
    until(w, 3);
    want(w, "<1>a\n<1>b\nc\n<1>d\n");
    assert_true(str_eq(w->last->address, S("127.0.0.1")) && w->last->kind == SOURCE_UDP);
    /* A full sink costs datagrams, and each is counted; pausing changes nothing. */
    w->limit = 3;
    source_pause(w->set);
    say(fd, S("<1>e"));
    say(fd, S("<1>f"));
    spin(w, 50);
    source_snapshot(w->set, &n);
    assert_int_equal(n.dropped, 2);
    assert_int_equal(n.received, 3);
    assert_int_equal(w->last->next_seq, 4);
    w->limit = UINT64_MAX;
    source_resume(w->set);
    say(fd, S("<1>g"));
    until(w, 4);
    (void)close(fd);
}

static void test_tcp_hundred(void **state)
{
    struct world *w = *state;
    struct source_numbers n;
    struct sockaddr_in at = open_net(w, SOURCE_TCP);
    int fd[100];
    for (size_t i = 0; i < COUNT_OF(fd); i++)
        fd[i] = dial(SOCK_STREAM, &at);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < COUNT_OF(fd); i++)
            say(fd[i], i % 2 == 0 ? S("<1>line feed\r\n<2>two\n") : S("12 <1>counted..6 <2>two"));
    }
    until(w, 2000);
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 100);
    assert_int_equal(n.sources, 2); /* overflow and 127.0.0.1 */
    for (size_t i = 0; i < COUNT_OF(fd); i++)
        (void)close(fd[i]);
    spin(w, 50);
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 0);
    assert_int_equal(n.received, 2000);
    source_acked(w->set, w->last->id, 2000);
    source_snapshot(w->set, &n);
    assert_int_equal(n.stored, 2000);
}

static void test_tcp_end(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = open_net(w, SOURCE_TCP);
    int fd = dial(SOCK_STREAM, &at);
    say(fd, S("<1>a\n<1>no line end"));
    (void)close(fd);
    until(w, 2);
    want(w, "<1>a\n<1>no line end\n");
}

/* The sink is full in the middle: nothing is lost and the order stays, also when the peer goes meanwhile. */
static void test_tcp_back_pressure(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = open_net(w, SOURCE_TCP);
    int fd = dial(SOCK_STREAM, &at);
    w->limit = 2;
    say(fd, S("1\n2\n3\n4\n5"));
    until(w, 2);
    spin(w, 20);
    assert_true(source_is_paused(w->set));
    (void)close(fd);
    spin(w, 20);
    w->limit = 4;
    source_resume(w->set);
    spin(w, 20);
    assert_true(source_is_paused(w->set));
    w->limit = UINT64_MAX;
    source_resume(w->set);
    until(w, 5);
    want(w, "1\n2\n3\n4\n5\n");
    assert_int_equal(w->last->dropped, 0);
}

static void test_tcp_long(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = open_net(w, SOURCE_TCP);
    int fd = dial(SOCK_STREAM, &at);
    size_t n = 2 * SOURCE_LINE_BYTES_MAX + 10, sent = 0;
    char *line = malloc(n + 1);
    assert_non_null(line);
    memset(line, 'x', n);
    line[n] = '\n';
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (sent < n + 1) {
        ssize_t k = write(fd, line + sent, n + 1 - sent);
        sent += k > 0 ? (size_t)k : 0;
        spin(w, 1);
    }
    until(w, 3);
    assert_int_equal(w->last->parts, 3);
    assert_int_equal(w->last->bytes, n);
    free(line);
    (void)close(fd);
}

static void test_tcp_limits(void **state)
{
    struct world *w = *state;
    struct source_numbers n;
    set_new(w, 3, 2, 300 * NS_PER_MS);
    struct sockaddr_in at = open_net(w, SOURCE_TCP);
    int fd[4];
    for (size_t i = 0; i < COUNT_OF(fd); i++)
        fd[i] = dial(SOCK_STREAM, &at);
    spin(w, 50);
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 2);
    assert_int_equal(n.connections_refused, 2);
    spin(w, 500);
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 0);
    assert_int_equal(n.idle_closed, 2);
    for (size_t i = 0; i < COUNT_OF(fd); i++)
        (void)close(fd[i]);
}

/* TLS without TLS: the factory gives a plain socket, the subject comes from the callback. */
static struct bufferevent *plain(void *arg, struct event_base *base, int fd)
{
    (void)arg;
    return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
}

static size_t subject(void *arg, struct bufferevent *bev, char *out, size_t n)
{
    (void)arg;
    assert_non_null(bev);
    assert_true(n >= 4);
    memcpy(out, "CN=a", 4);
    return 4;
}

static void test_tls_identity(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at;
    struct err err = {0};
    struct source_numbers n;
    set_new(w, 0, 0, 0);
    struct source_station_opts o = {
        .kind = SOURCE_TLS, .fd = loopback(SOCK_STREAM, &at), .accept = plain, .subject = subject, .arg = w};
    assert_int_equal(source_open(w->set, &o, &err), 0);
    int fd = dial(SOCK_STREAM, &at);
    say(fd, S("<1>before the handshake is done\n"));
    spin(w, 30);
    assert_int_equal(w->lines, 0); /* nothing counts before the peer is known */
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 1);
    (void)close(fd);
    spin(w, 30);
    source_snapshot(w->set, &n);
    assert_int_equal(n.connections, 0);
    o.accept = NULL;
    o.fd = loopback(SOCK_STREAM, &at);
    assert_int_equal(source_open(w->set, &o, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
}

static void append(const char *path, struct str s)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    say(fd, s);
    (void)close(fd);
}

static void open_file(struct world *w)
{
    struct err err = {0};
    struct source_station_opts o = {.kind = SOURCE_FILE,
                                    .fd = -1,
                                    .path = w->path,
                                    .resume = w->position,
                                    .on_position = keep_position,
                                    .arg = w};
    assert_int_equal(source_open(w->set, &o, &err), 0);
}

static void test_file(void **state)
{
    struct world *w = *state;
    char older[128];
    (void)snprintf(older, sizeof(older), "%s.1", w->path);
    open_file(w); /* before the file is there */
    spin(w, 20);
    append(w->path, S("1\n2\nhal"));
    until(w, 2);
    append(w->path, S("f\n"));
    until(w, 3);
    want(w, "1\n2\nhalf\n");
    /* rotation: the writer still has the old file for a moment */
    int fd = open(w->path, O_WRONLY | O_APPEND);
    assert_int_equal(rename(w->path, older), 0);
    append(w->path, S("5\n"));
    say(fd, S("4\n"));
    (void)close(fd);
    until(w, 5);
    want(w, "1\n2\nhalf\n4\n5\n");
    /* truncation */
    assert_int_equal(truncate(w->path, 0), 0);
    spin(w, 600);
    append(w->path, S("6\n"));
    until(w, 6);
    want(w, "1\n2\nhalf\n4\n5\n6\n");
    assert_int_equal(w->position.inode, 0); /* nothing is stored yet */
    source_acked(w->set, w->last->id, 6);
    assert_int_equal(w->position.offset, 2);
}

static void test_file_resume(void **state)
{
    struct world *w = *state;
    char older[128];
    (void)snprintf(older, sizeof(older), "%s.1", w->path);
    append(w->path, S("1\n2\n"));
    open_file(w);
    until(w, 2);
    source_acked(w->set, w->last->id, 2);
    set_new(w, 0, 0, 0); /* a restart; meanwhile the file is rotated */
    append(w->path, S("3\n"));
    assert_int_equal(rename(w->path, older), 0);
    append(w->path, S("4\n"));
    open_file(w);
    until(w, 4);
    want(w, "1\n2\n3\n4\n");
}

static void test_file_back_pressure(void **state)
{
    struct world *w = *state;
    w->limit = 1;
    append(w->path, S("1\n2\n3\n"));
    open_file(w);
    until(w, 1);
    spin(w, 20);
    assert_true(source_is_paused(w->set));
    source_acked(w->set, w->last->id, 1);
    assert_int_equal(w->position.offset, 2);
    w->limit = UINT64_MAX;
    source_resume(w->set);
    until(w, 3);
    want(w, "1\n2\n3\n");
}

static void test_stream_file(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    struct buf b;
    buf_init(&b, 8 << 20);
    for (int i = 0; i < 100000; i++)
        buf_printf(&b, "line %d\r\n", i);
    append(w->path, buf_str(&b));
    append(w->path, S("last"));
    buf_done(&b);
    w->limit = 50000;
    struct source_station_opts o = {.kind = SOURCE_STREAM,
                                    .fd = open(w->path, O_RDONLY | O_CLOEXEC),
                                    .name = "old.log",
                                    .on_end = end,
                                    .arg = w};
    assert_int_equal(source_open(w->set, &o, &err), 0);
    until(w, 50000);
    assert_false(w->ended);
    w->limit = UINT64_MAX;
    source_resume(w->set);
    until(w, 100001);
    spin(w, 5);
    assert_true(w->ended);
    assert_true(str_eq(w->last->address, S("old.log")));
}

static void test_stream_pipe(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    int p[2];
    assert_int_equal(pipe(p), 0);
    struct source_station_opts o = {.kind = SOURCE_STREAM, .fd = p[0], .name = "-", .on_end = end, .arg = w};
    assert_int_equal(source_open(w->set, &o, &err), 0);
    w->limit = 1;
    say(p[1], S("a\nb\n"));
    until(w, 1);
    w->limit = UINT64_MAX;
    source_resume(w->set);
    until(w, 2);
    say(p[1], S("c"));
    (void)close(p[1]);
    until(w, 3);
    spin(w, 10);
    assert_true(w->ended);
    want(w, "a\nb\nc\n");
}

static void test_journal(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    struct source_station_opts o = {.kind = SOURCE_JOURNAL, .fd = -1, .path = w->dir, .name = "j"};
    /* An empty directory is a journal without records; without libsystemd the station says so. */
    if (source_open(w->set, &o, &err) != 0) {
        assert_int_equal(err.code, ERR_NOT_FOUND);
        return;
    }
    spin(w, 20);
    assert_int_equal(w->lines, 0);
}

static void test_self(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    struct source_station_opts o = {.kind = SOURCE_SELF, .fd = -1};
    assert_int_equal(source_open(w->set, &o, &err), -1);
    assert_true(source_emit_self(w->set, S("audit"), S("x")));
    assert_int_equal(w->last->kind, SOURCE_SELF);
    for (unsigned k = 0; k < SOURCE_KIND_COUNT; k++)
        assert_true(source_kind_name((enum source_kind)k).n > 0 &&
                    source_kind_doc((enum source_kind)k).n > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_udp),          T(test_tcp_hundred),
        T(test_tcp_end),      T(test_tcp_back_pressure),
        T(test_tcp_long),     T(test_tcp_limits),
        T(test_tls_identity), T(test_file),
        T(test_file_resume),  T(test_file_back_pressure),
        T(test_stream_file),  T(test_stream_pipe),
        T(test_journal),      T(test_self),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
