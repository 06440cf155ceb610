#include "khiend/core.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/node_event.h"
#include "khiend/certificate.h"
#include "khiend/core_state.h"

#define TICK_US 10000
#define WORKERS 2
#define JOBS_MAX 64
#define SAY_EVERY_NS (60 * NS_PER_S)

static void send_frame(void *arg, enum frame_type type, uint64_t tag, struct str payload)
{
    struct core_peer *p = arg;
    if (!p->gone)
        channel_send(p->channel, type, tag, payload);
}

static void write_listen_json(struct core *c, const struct frame_hello *m)
{
    struct buf b;
    struct jout j;
    struct err err = {0};
    char path[2300];
    buf_init(&b, 8192);
    jout_init(&j, &b);
    jout_obj(&j);
    JOUT_STR(&j, "https", m->listen_https);
    JOUT_STR(&j, "syslog", m->listen_syslog);
    JOUT_STR(&j, "syslog_tls", m->listen_syslog_tls);
    JOUT_STR(&j, "fingerprint", m->fingerprint);
    jout_obj_end(&j);
    buf_put_char(&b, '\n');
    if (!node_plan_path(c->plan, "run/listen.json", path, sizeof(path)) ||
        sys_write_file(c->plan->sys, path, buf_str(&b), &err) != 0)
        (void)fprintf(stderr, "khiend: run/listen.json: %s\n", err.msg);
    buf_done(&b);
}

static void print_banner(struct core *c, const struct frame_hello *m)
{
    const struct store_recovery *r = &c->recovery;
    double ms = (double)(sys_now(c->plan->sys) - c->plan->started_ns) / (double)NS_PER_MS;
    (void)printf("\nKhiên %s sẵn sàng sau %.0f ms / ready\n", KHIEN_VERSION, ms);
    (void)printf("  Bảng điều khiển / console   https://%.*s/\n", STR_ARG(m->listen_https));
    (void)printf("  Chứng thư / certificate     SHA-256 %.*s\n", STR_ARG(m->fingerprint));
    if (m->listen_syslog.n > 0)
        (void)printf("  Nhận syslog / syslog        UDP, TCP %.*s\n", STR_ARG(m->listen_syslog));
    if (m->listen_syslog_tls.n > 0)
        (void)printf("  Nhận syslog TLS             %.*s\n", STR_ARG(m->listen_syslog_tls));
    (void)printf(
        "  Khôi phục / recovered       %llu segments, %llu blocks, %llu events from the write-ahead log, "
        "%llu torn bytes dropped, %.0f ms\n",
        (unsigned long long)r->segments, (unsigned long long)r->blocks, (unsigned long long)r->wal_events,
        (unsigned long long)r->torn_bytes, (double)r->took_ns / (double)NS_PER_MS);
    if (c->setup_code[0] != '\0')
        (void)printf("\n  Mã thiết lập một lần / one-time set-up code (30 phút / minutes):  %s\n",
                     c->setup_code);
    (void)printf("\n");
    (void)fflush(stdout);
}

/* Front has died: what it had in hand is lost, except what is read again. Told when the next one is there. */
static void lose_front(struct core *c)
{
    c->front_lost += intake_lost(c->front->intake);
    c->front_died = true;
    c->front = NULL;
}

static void tell_restart(struct core *c)
{
    char lines[24] = "";
    if (!c->front_died)
        return;
    if (c->front_lost > 0)
        (void)snprintf(lines, sizeof(lines), "%llu", (unsigned long long)c->front_lost);
    node_event_note(c->node, &(struct node_event){.kind = NODE_FRONT_RESTARTED,
                                                  .reason = str_of(lines),
                                                  .from_ns = c->front_heard_ns,
                                                  .to_ns = sys_now(c->plan->sys)});
    c->front_died = false;
    c->front_lost = 0;
}

static bool on_hello(struct core *c, struct core_peer *p, struct str payload)
{
    struct frame_hello m;
    if (p->local || !frame_get_hello(payload, &m))
        return false;
    struct node_process front = {.name = "front", .pid = m.pid, .uid = m.uid, .known = true};
    front.landlock = m.landlock;
    front.seccomp = m.seccomp;
    node_set_process(c->node, 0, &front);
    node_set_listen(c->node, m.listen_https, m.listen_syslog, m.listen_syslog_tls, m.fingerprint,
                    m.cert_not_after_ns);
    write_listen_json(c, &m);
    tell_restart(c);
    c->front_heard_ns = sys_now(c->plan->sys);
    if (!c->announced)
        print_banner(c, &m);
    c->announced = true;
    return true;
}

/* Commit when the batches in hand are taken, but not more often than the setting says. */
static void arm_commit(struct core *c)
{
    int64_t wait = node_commit_wait(c->node);
    const struct timeval tv = {wait / NS_PER_S, (suseconds_t)(wait % NS_PER_S / NS_PER_US)};
    if (wait != INT64_MAX && !c->commit_armed)
        c->commit_armed = event_add(c->commit_event, &tv) == 0; /* else the next tick does it */
}

static void tell_durable(struct core *c, uint64_t durable)
{
    for (struct core_peer *p = c->peers; p != NULL; p = p->next) {
        if (!p->gone)
            intake_durable(p->intake, durable);
    }
}

static void on_commit(evutil_socket_t fd, short what, void *arg)
{
    struct core *c = arg;
    struct err err = {0};
    uint64_t durable = 0;
    (void)fd;
    (void)what;
    c->commit_armed = false;
    if (node_commit_wait(c->node) == 0) {
        if (node_commit(c->node, &durable, &err) != 0)
            return; /* told by the tick, which tries again */
        tell_durable(c, durable);
    }
    arm_commit(c);
}

static bool on_frame(void *arg, struct channel *ch, const struct frame *f)
{
    struct core_peer *p = arg;
    struct core *c = p->core;
    struct err err = {0};
    bool ok = true;
    (void)ch;
    switch (f->type) {
    case FRAME_HELLO:
        return on_hello(c, p, f->payload);
    case FRAME_REQUEST:
        core_call_request(c, p, f->tag, f->payload, &ok);
        return ok;
    case FRAME_END:
        core_call_cancel(c, p, f->tag);
        return true;
    case FRAME_SOURCE:
    case FRAME_EVENTS:
    case FRAME_COUNTERS:
    case FRAME_FRONT:
        if (p == c->front)
            c->front_heard_ns = sys_now(c->plan->sys);
        if (intake_frame(p->intake, f, &err) == 0) {
            arm_commit(c);
            return true;
        }
        (void)fprintf(stderr, "khiend: intake: %s\n", err.msg);
        return err.code != ERR_CORRUPT;
    default:
        return false;
    }
}

static void on_peer_gone(void *arg, struct channel *ch, const char *why)
{
    struct core_peer *p = arg;
    (void)ch;
    p->gone = true;
    core_call_peer_gone(p->core, p);
    if (p->core->front != p)
        return;
    lose_front(p->core);
    if (!str_eq(str_of(why), S(CHANNEL_CLOSED)))
        node_plan_ctl_accuse(p->core->ctl, "front", why);
}

static int add_peer(struct core *c, int fd, bool local, struct core_peer **ret, struct err *err)
{
    struct core_peer *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        (void)close(fd);
        return err_set(err, ERR_NOMEM, "peer");
    }
    *p = (struct core_peer){.core = c, .number = ++c->next_peer, .local = local};
    struct intake_opts o = {.node = c->node, .send = send_frame, .arg = p};
    if (intake_new(&o, &p->intake, err) != 0) {
        (void)close(fd);
        free(p);
        return -1;
    }
    if (channel_new(c->base, fd, on_frame, on_peer_gone, p, &p->channel, err) != 0) {
        intake_free(p->intake);
        free(p);
        return -1;
    }
    p->next = c->peers;
    c->peers = p;
    *ret = p;
    return 0;
}

static void free_peer(struct core_peer *p)
{
    intake_free(p->intake);
    channel_free(p->channel);
    free(p);
}

static void sweep_peers(struct core *c, bool all)
{
    for (struct core_peer **at = &c->peers; *at != NULL;) {
        struct core_peer *p = *at;
        if (!p->gone && !all) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        free_peer(p);
    }
}

/* Only the owner of the directory and root may speak to core past the sign-in. */
static void on_local(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *a, int n, void *arg)
{
    struct core *c = arg;
    struct core_peer *p;
    struct err err = {0};
    struct ucred who;
    socklen_t size = sizeof(who);
    (void)l;
    (void)a;
    (void)n;
    if (getsockopt((int)fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
        (who.uid != 0 && who.uid != getuid())) {
        (void)close((int)fd);
        return;
    }
    if (add_peer(c, (int)fd, true, &p, &err) != 0)
        (void)fprintf(stderr, "khiend: local socket: %s\n", err.msg);
}

static void on_ctl(evutil_socket_t fd, short what, void *arg)
{
    struct core *c = arg;
    struct ctl_msg m;
    struct err err = {0};
    int channel = -1;
    (void)what;
    int rc = node_plan_ctl_recv((int)fd, &m, &channel, &err);
    if (rc != 0) {
        (void)event_base_loopexit(c->base,
                                  NULL); /* the parent has died: bring everything to the disk and end */
        return;
    }
    struct node_process front = {.name = "front", .pid = m.front_pid, .restarts = m.front_restarts};
    struct node_process core = {.name = "core",
                                .pid = m.core_pid,
                                .restarts = m.core_restarts,
                                .uid = c->sandbox.uid,
                                .landlock = c->sandbox.landlock,
                                .seccomp = c->sandbox.seccomp,
                                .known = true};
    node_set_process(c->node, 0, &front);
    node_set_process(c->node, 1, &core);
    if (m.kind == 'F' && channel >= 0) {
        if (c->front != NULL) {
            c->front->gone = true;
            lose_front(c);
        }
        if (add_peer(c, channel, false, &c->front, &err) != 0)
            (void)fprintf(stderr, "khiend: channel: %s\n", err.msg);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct core *c = arg;
    struct err err = {0};
    uint64_t durable = 0;
    int64_t now = sys_mono(c->plan->sys);
    (void)fd;
    (void)what;
    if (node_tick(c->node, &durable, &err) != 0 && now - c->said_ns > SAY_EVERY_NS) {
        c->said_ns = now;
        (void)fprintf(stderr, "khiend: %s\n", err.msg);
    }
    tell_durable(c, durable);
    core_tail_keep(c);
    sweep_peers(c, false);
}

static void on_worker(evutil_socket_t fd, short what, void *arg)
{
    struct core *c = arg;
    (void)fd;
    (void)what;
    worker_collect(c->workers);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct core *c = arg;
    (void)fd;
    (void)what;
    (void)event_base_loopexit(c->base, NULL);
}

/* The user that owns the data directory; root owns it under `make run` as root, and stays. */
static void owner_of(const char *dir, unsigned *uid, unsigned *gid)
{
    struct stat st;
    *uid = *gid = 0;
    if (stat(dir, &st) == 0) {
        *uid = st.st_uid;
        *gid = st.st_gid;
    }
}

static int enter_sandbox(struct core *c, struct err *err)
{
    char catalogue[2048], credential[2300];
    if (node_catalogue_dir(c->plan->sys, c->plan->config, catalogue, sizeof(catalogue), err) != 0)
        return -1;
    (void)node_credential(c->plan->sys, credential, sizeof(credential));
    const struct sandbox_path paths[] = {
        {.path = c->plan->data_dir, .write = true},
        {.path = catalogue},
        {.path = "/proc/stat"},
        {.path = "/proc/meminfo"},
        {.path = "/proc/net"},
        {.path = "/proc/self"},
        {.path = "/proc/loadavg"},
        {.path = "/proc/uptime"},
        {.path = "/proc/diskstats"},
        {.path = credential[0] == '\0' ? "/etc/localtime" : credential},
        {.path = "/etc/localtime"},
        {.path = "/usr/share/zoneinfo"},
    };
    struct sandbox s = {
        .name = "core", .net = SANDBOX_UNIX_ONLY, .files = true, .paths = paths, .n_paths = COUNT_OF(paths)};
    owner_of(c->plan->data_dir, &s.user, &s.group);
    return sandbox_enter(&s, &c->sandbox, err);
}

static int add_event(struct core *c, struct event **e, int fd, short what, event_callback_fn fn,
                     const struct timeval *every, struct err *err)
{
    *e = event_new(c->base, fd, what, fn, c);
    if (*e == NULL || event_add(*e, every) != 0)
        return err_set(err, ERR_NOMEM, "event loop");
    return 0;
}

static int open_loop(struct core *c, int channel, struct err *err)
{
    const struct timeval every = {.tv_usec = TICK_US};
    c->base = channel_loop_new();
    if (c->base == NULL)
        return err_set(err, ERR_NOMEM, "event loop");
    c->local = evconnlistener_new(c->base, on_local, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
                                  c->plan->local_fd);
    if (c->local == NULL)
        return err_set(err, ERR_NOMEM, "local socket");
    c->commit_event = evtimer_new(c->base, on_commit, c);
    if (c->commit_event == NULL)
        return err_set(err, ERR_NOMEM, "event loop");
    if (add_event(c, &c->ctl_event, c->ctl, EV_READ | EV_PERSIST, on_ctl, NULL, err) != 0 ||
        add_event(c, &c->stop_event, SIGTERM, EV_SIGNAL | EV_PERSIST, on_stop, NULL, err) != 0 ||
        add_event(c, &c->tick_event, -1, EV_PERSIST, on_tick, &every, err) != 0 ||
        add_event(c, &c->worker_event, worker_fd(c->workers), EV_READ | EV_PERSIST, on_worker, NULL, err) !=
            0)
        return -1;
    return add_peer(c, channel, false, &c->front, err);
}

static int open_node(struct core *c, struct err *err)
{
    struct node_opts o = {.sys = c->plan->sys, .config = c->plan->config, .data_dir = c->plan->data_dir};
    bool needed = false;
    if (node_open(&o, &c->node, &c->recovery, err) != 0)
        return -1;
    node_on_event(c->node, core_tail_event, c);
    core_deps_init(c);
    struct api_config config = {.sys = c->plan->sys,
                                .reg = node_register(c->node),
                                .deps = &c->deps,
                                .fingerprint = str_of(c->fingerprint)};
    if (api_new(&config, &c->api, err) != 0)
        return -1;
    return api_setup_begin(c->api, c->setup_code, &needed, err);
}

static void done(struct core *c)
{
    struct event *const events[] = {c->ctl_event, c->stop_event, c->tick_event, c->commit_event,
                                    c->worker_event};
    worker_free(c->workers); /* jobs come back first: they hold snapshots and api handles */
    core_tail_free(c);
    sweep_peers(c, true);
    core_job_free(c);
    api_free(c->api);
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        if (events[i] != NULL)
            event_free(events[i]);
    }
    if (c->local != NULL)
        evconnlistener_free(c->local);
    if (c->base != NULL)
        event_base_free(c->base);
    node_close(c->node);
}

int core_run(const struct node_plan *p, int ctl, int channel)
{
    static struct core c;
    struct err err = {0};
    int *const network[] = {(int *)&p->udp.fd, (int *)&p->tcp.fd, (int *)&p->tls.fd, (int *)&p->https.fd};
    c = (struct core){.plan = p, .ctl = ctl};
    for (size_t i = 0; i < COUNT_OF(network); i++) {
        if (*network[i] >= 0)
            (void)close(*network[i]); /* the vault has no door to the network */
    }
    if (certificate_fingerprint(p, c.fingerprint, &err) != 0)
        (void)fprintf(stderr, "khiend: certificate: %s\n", err.msg); /* front tells why it cannot serve */
    err = (struct err){0};
    int rc = enter_sandbox(&c, &err);
    if (rc == 0)
        rc = worker_new(WORKERS, JOBS_MAX, &c.workers, &err);
    if (rc == 0)
        rc = open_node(&c, &err);
    if (rc == 0)
        rc = open_loop(&c, channel, &err);
    struct ctl_msg ready = {.kind = 'R'};
    if (rc == 0)
        rc = node_plan_ctl_send(ctl, &ready, -1, &err);
    if (rc == 0)
        (void)event_base_dispatch(c.base);
    else
        (void)fprintf(stderr, "khiend: %s\n", err.msg);
    done(&c);
    return rc == 0 ? 0 : err_exit_code(err.code);
}
