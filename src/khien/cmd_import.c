/*
 * cmd_import.c - files into the store. A sandboxed child reads and parses them and speaks the front's
 * protocol, either to the running node or, where none runs, to this process, which then is core.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow/feed.h"
#include "flow/intake.h"
#include "flow/lines.h"
#include "khien/client.h"
#include "khien/offline.h"
#include "sys/sandbox.h"

#define FILES_MAX 256
#define BATCHES_PER_COMMIT 16

struct input {
    const char *name; /* how the source is called */
    int fd;
    uint64_t lines, malformed;
};

struct importer {
    struct cmd *c;
    struct input inputs[FILES_MAX];
    size_t n;
    int channel; /* child: to core */
    struct feed *feed;
    struct buf in; /* last frame received */
    bool closed;   /* core's store is full */
    struct err err;
    bool failed;
};

static int send_frame(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    struct importer *im = arg;
    if (channel_fd_send(im->channel, type, tag, payload, &im->err) != 0) {
        im->failed = true;
        return -1;
    }
    return 0;
}

/* Take one frame of core. false: the connection is lost. */
static bool take_frame(struct importer *im, struct frame *ret)
{
    int rc = channel_fd_recv(im->channel, &im->in, ret, &im->err);
    if (rc == 1)
        rc = err_set(&im->err, ERR_IO, "the node closed the connection");
    if (rc != 0) {
        im->failed = true;
        return false;
    }
    if (ret->type == FRAME_ACK) {
        bool open = ret->payload.n != 1 || ret->payload.p[0] != 0;
        feed_ack(im->feed, ret->tag);
        if (im->closed && open)
            feed_resend(im->feed);
        im->closed = !open;
        if (im->closed)
            (void)fprintf(stderr, "khien: import: the disk of the node is full, waiting for room\n");
    }
    return true;
}

static bool announce(struct importer *im, uint32_t number, const char *name)
{
    struct buf b;
    struct frame f;
    struct frame_source m = {
        .kind = S("import"), .address = str_of(name), .identity = S(""), .position = S("")};
    buf_init(&b, 8192);
    frame_put_source(&b, &m);
    bool ok = send_frame(im, FRAME_SOURCE, number, buf_str(&b)) == 0;
    buf_done(&b);
    do {
        ok = ok && take_frame(im, &f);
    } while (ok && f.type != FRAME_RESUME);
    return ok;
}

static bool has_news(const struct importer *im)
{
    struct pollfd p = {.fd = im->channel, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* All lines of one input. 0, or -1 with im->err. */
static int read_input(struct importer *im, size_t i)
{
    struct input *in = &im->inputs[i];
    struct lines *l = NULL;
    struct parse_hint hint = {0};
    struct str raw;
    struct frame f;
    uint8_t flags = 0, parsed = 0;
    uint64_t batch = 0;
    int rc;
    if (!announce(im, (uint32_t)i + 1, in->name) || lines_new(in->fd, &l, &im->err) != 0)
        return -1;
    while ((rc = lines_next(l, &raw, &flags, &im->err)) == 0 && !im->failed) {
        struct feed_line line = {.source = (uint32_t)i + 1,
                                 .seq = ++in->lines,
                                 .hint = &hint,
                                 .raw = raw,
                                 .recv_ns = sys_now(im->c->sys),
                                 .flags = flags};
        while (!feed_put(im->feed, &line, &parsed) && take_frame(im, &f))
            continue;
        in->malformed += (parsed & EVENT_MALFORMED) != 0;
        bool sent = batch != feed_current_batch(im->feed); /* only then may there be an answer */
        batch = feed_current_batch(im->feed);
        while (sent && !im->failed && has_news(im) && take_frame(im, &f))
            continue;
    }
    lines_free(l);
    return rc < 0 || im->failed ? -1 : 0;
}

static void report(const struct importer *im)
{
    for (size_t i = 0; i < im->n; i++) {
        const struct input *in = &im->inputs[i];
        (void)fprintf(stderr, "khien: import: %s: %llu lines stored, %llu of them kept as raw text\n",
                      in->name, (unsigned long long)in->lines, (unsigned long long)in->malformed);
    }
}

/* The child's life. */
static int child(struct importer *im)
{
    struct feed_opts o = {.send = send_frame, .arg = im, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    struct sandbox s = {.name = "khien import", .net = SANDBOX_NO_NET};
    struct sandbox_state state;
    struct frame f;
    buf_init(&im->in, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    int rc = feed_new(&o, &im->feed, &im->err);
    if (rc == 0)
        rc = sandbox_enter(&s, &state, &im->err);
    for (size_t i = 0; rc == 0 && i < im->n; i++)
        rc = read_input(im, i);
    if (rc == 0)
        feed_flush(im->feed);
    while (rc == 0 && !feed_idle(im->feed)) {
        if (!take_frame(im, &f))
            rc = -1;
    }
    if (rc == 0)
        report(im);
    else
        (void)cmd_fail(im->c, &im->err);
    feed_free(im->feed);
    buf_done(&im->in);
    return rc == 0 ? 0 : err_exit_code(im->err.code);
}

/* Core's side, where no node runs. */
struct vault {
    int channel;
    struct intake *intake;
    struct err err;
    bool failed;
};

static void answer(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    struct vault *v = arg;
    if (!v->failed && channel_fd_send(v->channel, type, tag, payload, &v->err) != 0)
        v->failed = true;
}

static int commit(struct vault *v, struct node *n)
{
    uint64_t durable = 0;
    if (store_tick(node_store(n), &v->err) != 0 || node_commit(n, &durable, &v->err) != 0)
        return -1;
    intake_durable(v->intake, durable);
    return v->failed ? -1 : 0;
}

static int serve(struct vault *v, struct node *n)
{
    struct buf b;
    struct frame f;
    unsigned batches = 0;
    int rc;
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    while ((rc = channel_fd_recv(v->channel, &b, &f, &v->err)) == 0) {
        struct pollfd p = {.fd = v->channel, .events = POLLIN};
        rc = intake_frame(v->intake, &f, &v->err);
        batches += f.type == FRAME_EVENTS;
        if (rc == 0 && !store_intake_open(node_store(n)))
            rc = err_set(&v->err, ERR_FULL,
                         "the disk is full: what was acknowledged is stored, the rest is not");
        bool idle = batches > 0 && poll(&p, 1, 0) == 0;
        if (rc == 0 && (idle || batches >= BATCHES_PER_COMMIT)) {
            batches = 0;
            rc = commit(v, n);
        }
        if (rc != 0)
            break;
    }
    buf_done(&b);
    return rc < 0 ? -1 : 0;
}

static int import_offline(struct importer *im, int *ret_code)
{
    struct offline o;
    struct err err = {0};
    int pair[2], status = 0;
    if (offline_open(im->c, false, true, &o, &err) != 0)
        return *ret_code = cmd_fail(im->c, &err);
    struct vault v = {.channel = -1};
    struct intake_opts io = {.node = o.node, .send = answer, .arg = &v};
    int rc = intake_new(&io, &v.intake, &v.err);
    if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        rc = err_errno(&v.err, errno, "socket pair");
    pid_t pid = -1;
    if (rc == 0) {
        (void)fflush(NULL);
        pid = fork();
        if (pid == 0) {
            (void)close(pair[0]);
            im->channel = pair[1];
            _exit(child(im));
        }
        (void)close(pair[1]);
        v.channel = pair[0];
        rc = pid < 0 ? err_errno(&v.err, errno, "fork") : serve(&v, o.node);
        (void)close(pair[0]);
    }
    if (pid > 0 && rc != 0)
        (void)kill(pid, SIGTERM);
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    *ret_code = rc != 0 ? cmd_fail(im->c, &v.err) : WIFEXITED(status) ? WEXITSTATUS(status) : 3;
    intake_free(v.intake);
    offline_close(&o);
    return *ret_code;
}

static int import_online(struct importer *im, struct client *client)
{
    int status = 0;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        im->channel = client_fd(client);
        _exit(child(im));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 3;
    return WEXITSTATUS(status);
}

static int open_inputs(struct cmd *c, struct importer *im, struct err *err)
{
    if (c->n_args > FILES_MAX)
        return err_set(err, ERR_USAGE, "more than %d files at once", FILES_MAX);
    for (int i = 0; i < c->n_args; i++) {
        bool standard = strcmp(c->args[i], "-") == 0;
        int fd = standard ? STDIN_FILENO : open(c->args[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return err_errno(err, errno, "%s", c->args[i]);
        im->inputs[im->n++] = (struct input){.name = cmd_has(c, CMD_SOURCE) ? c->opt[CMD_SOURCE]
                                                     : standard             ? "stdin"
                                                                            : c->args[i],
                                             .fd = fd};
    }
    return 0;
}

int cmd_import(struct cmd *c)
{
    static struct importer im;
    struct err err = {0};
    struct client *client = NULL;
    int code = 0;
    if (!cmd_has(c, CMD_DATA) || c->n_args < 1)
        return cmd_usage(c, "--data DIR and at least one file are needed");
    const char *format = cmd_has(c, CMD_FORMAT) ? c->opt[CMD_FORMAT] : "auto";
    if (strcmp(format, "auto") != 0 && strcmp(format, "syslog") != 0)
        return cmd_usage(c, "--format %s is not read by this version: auto, syslog", format);
    if (cmd_has(c, CMD_ORG) && strcmp(c->opt[CMD_ORG], "1") != 0)
        return cmd_usage(c, "--org: this node has one agency, 1");
    im = (struct importer){.c = c, .channel = -1};
    if (open_inputs(c, &im, &err) != 0)
        return cmd_fail(c, &err);
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc < 0)
        return cmd_fail(c, &err);
    code = rc == 0 ? import_online(&im, client) : import_offline(&im, &code);
    client_close(client);
    return code;
}
