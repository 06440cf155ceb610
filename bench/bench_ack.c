/*
 * bench_ack DATA FILE RATE SECONDS: the lines of FILE into the running node at RATE per second, over the same
 * frames as front and import; prints as JSON how long lines waited until the node said that they are on disk
 * (milliseconds). A line's time begins when it was due, so that a sender that falls behind is seen.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/when.h"
#include "flow/feed.h"
#include "flow/lines.h"
#include "sys/sys.h"
#include "wire/channel.h"

#define LINES_MAX 4000000u

struct ack {
    const struct sys *sys;
    int fd;
    struct feed *feed;
    struct buf in;
    int64_t *due_ns; /* of each line */
    uint64_t *batch; /* of each line */
    double *took_ms;
    size_t sent, acked;
    int64_t oldest_ns; /* when the first line of the open batch came; 0 = none */
};

NORETURN static void die(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "bench_ack: %s: %s\n", what, err->msg);
    exit(3);
}

static int on_send(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    struct ack *a = arg;
    struct err err = {0};
    if (channel_fd_send(a->fd, type, tag, payload, &err) != 0)
        die("send", &err);
    return 0;
}

static enum frame_type take(struct ack *a)
{
    struct frame f;
    struct err err = {0};
    if (channel_fd_recv(a->fd, &a->in, &f, &err) != 0)
        die("receive", &err);
    if (f.type != FRAME_ACK)
        return f.type;
    int64_t now = sys_mono(a->sys);
    for (; a->acked < a->sent && a->batch[a->acked] <= f.tag; a->acked++)
        a->took_ms[a->acked] = (double)(now - a->due_ns[a->acked]) / (double)NS_PER_MS;
    feed_ack(a->feed, f.tag);
    return f.type;
}

static void open_channel(struct ack *a, const char *data)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct err err = {0};
    struct buf b;
    struct frame_source m = {
        .kind = S("import"), .address = S("bench_ack"), .identity = S(""), .position = S("")};
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/run/khiend.sock", data);
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        (void)err_set(&err, ERR_IO, "no node answers");
        die(to.sun_path, &err);
    }
    buf_init(&b, 8192);
    frame_put_source(&b, &m);
    (void)on_send(a, FRAME_SOURCE, 1, buf_str(&b));
    buf_done(&b);
    while (take(a) != FRAME_RESUME)
        continue;
}

/* Until the time comes: send the batch when it is old enough, take what the node says. */
static void wait_until(struct ack *a, int64_t until_ns)
{
    for (;;) {
        int64_t now = sys_mono(a->sys), next = until_ns;
        if (a->oldest_ns != 0 && now - a->oldest_ns >= FEED_WAIT_NS) {
            feed_flush(a->feed);
            a->oldest_ns = 0;
        }
        if (a->oldest_ns != 0 && a->oldest_ns + FEED_WAIT_NS < next)
            next = a->oldest_ns + FEED_WAIT_NS;
        struct timespec wait = {.tv_nsec = next > now ? next - now : 0};
        struct pollfd p = {.fd = a->fd, .events = POLLIN};
        if (wait.tv_nsec >= NS_PER_S)
            wait = (struct timespec){.tv_nsec = NS_PER_S - 1};
        if (ppoll(&p, 1, &wait, NULL) > 0)
            (void)take(a);
        else if (sys_mono(a->sys) >= until_ns)
            return;
    }
}

static void put_line(struct ack *a, struct str raw, struct parse_hint *hint, int64_t due_ns)
{
    uint8_t flags = 0;
    struct feed_line line = {
        .source = 1, .seq = a->sent + 1, .hint = hint, .raw = raw, .recv_ns = sys_now(a->sys)};
    while (!feed_put(a->feed, &line, &flags))
        (void)take(a);
    uint64_t before = a->sent == 0 ? 0 : a->batch[a->sent - 1];
    a->due_ns[a->sent] = due_ns;
    a->batch[a->sent] = feed_current_batch(a->feed);
    if (a->batch[a->sent] != before || a->oldest_ns == 0)
        a->oldest_ns = sys_mono(a->sys);
    a->sent++;
}

static void run(struct ack *a, int file, int64_t rate, size_t n)
{
    struct lines *l = NULL;
    struct parse_hint hint = {0};
    struct err err = {0};
    struct str raw;
    uint8_t flags = 0;
    if (lines_new(file, &l, &err) != 0)
        die("lines", &err);
    int64_t start = sys_mono(a->sys);
    for (size_t i = 0; i < n; i++) {
        int64_t due = start + (int64_t)i * NS_PER_S / rate;
        if (due > sys_mono(a->sys))
            wait_until(a, due);
        if (lines_next(l, &raw, &flags, &err) != 0)
            break;
        put_line(a, raw, &hint, due);
    }
    feed_flush(a->feed);
    a->oldest_ns = 0;
    while (a->acked < a->sent)
        (void)take(a);
    lines_free(l);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    struct ack a = {.sys = sys_linux()};
    struct err err = {0};
    uint64_t rate = 0, seconds = 0;
    if (argc != 5 || !str_to_u64(str_of(argv[3]), 10000000, &rate) || rate == 0 ||
        !str_to_u64(str_of(argv[4]), 3600, &seconds) || seconds == 0 || rate * seconds > LINES_MAX) {
        (void)fprintf(stderr, "usage: bench_ack DATA FILE RATE SECONDS (at most %u lines)\n", LINES_MAX);
        return 2;
    }
    size_t n = (size_t)(rate * seconds);
    FILE *file = fopen(argv[2], "rbe");
    a.due_ns = calloc(n, sizeof(*a.due_ns));
    a.batch = calloc(n, sizeof(*a.batch));
    a.took_ms = calloc(n, sizeof(*a.took_ms));
    struct feed_opts o = {.send = on_send, .arg = &a, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    if (file == NULL || a.due_ns == NULL || a.batch == NULL || a.took_ms == NULL ||
        feed_new(&o, &a.feed, &err) != 0)
        die(argv[2], &err);
    buf_init(&a.in, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    open_channel(&a, argv[1]);
    int64_t start = sys_mono(a.sys);
    run(&a, fileno(file), (int64_t)rate, n);
    double took = (double)(sys_mono(a.sys) - start) / (double)NS_PER_S;
    qsort(a.took_ms, a.sent, sizeof(*a.took_ms), by_size);
    (void)printf("{\"lines\":%zu,\"seconds\":%.3f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", a.sent,
                 took, a.took_ms[a.sent / 2], a.took_ms[a.sent * 99 / 100], a.took_ms[a.sent - 1]);
    feed_free(a.feed);
    buf_done(&a.in);
    free(a.due_ns);
    free(a.batch);
    free(a.took_ms);
    (void)fclose(file);
    (void)close(a.fd);
    return 0;
}
