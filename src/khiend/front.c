#include "khiend/front.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "khiend/certificate.h"
#include "khiend/front_state.h"
#include "sys/sandbox.h"

#define CONNECTIONS_MAX 8192
#define BODY_BYTES_MAX (12u * 1024u * 1024u)
#define DRAIN_WAIT_S 5

static void on_http_request(void *arg, uint64_t call, const struct frame_request *r)
{
    struct front *f = arg;
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    frame_put_request(&b, r);
    if (!b.bad && f->channel != NULL)
        channel_send(f->channel, FRAME_REQUEST, call, buf_str(&b));
    else
        http_end(f->http, call);
    buf_done(&b);
}

static void on_http_cancel(void *arg, uint64_t call)
{
    struct front *f = arg;
    if (f->channel != NULL)
        channel_send(f->channel, FRAME_END, call, S(""));
}

static bool on_frame(void *arg, struct channel *ch, const struct frame *m)
{
    struct front *f = arg;
    struct frame_response r;
    (void)ch;
    switch (m->type) {
    case FRAME_RESPONSE:
        if (!frame_get_response(m->payload, &r))
            return false;
        http_respond(f->http, m->tag, &r);
        return true;
    case FRAME_CHUNK:
        http_chunk(f->http, m->tag, m->payload);
        return true;
    case FRAME_END:
        http_end(f->http, m->tag);
        return true;
    case FRAME_ACK:
        front_intake_ack(f, m->tag, m->payload.n != 1 || m->payload.p[0] != 0);
        return true;
    case FRAME_RESUME:
        return front_intake_resume(f, (uint32_t)m->tag, m->payload);
    default:
        return false;
    }
}

static void on_channel_gone(void *arg, struct channel *ch, const char *why)
{
    struct front *f = arg;
    (void)ch;
    if (!str_eq(str_of(why), S(CHANNEL_CLOSED)))
        node_plan_ctl_accuse(f->ctl, "core", why);
    /* Core has died: the parent starts a new one and sends its channel. What is not acknowledged waits here.
     */
    f->core = false;
    http_core(f->http, false);
}

static void say_hello(struct front *f)
{
    struct buf b;
    struct frame_hello m = {
        .pid = (uint32_t)getpid(),
        .landlock = f->sandbox.landlock,
        .seccomp = f->sandbox.seccomp,
        .landlock_abi = (uint8_t)f->sandbox.landlock_abi,
        .uid = f->sandbox.uid,
        .listen_https = str_of(f->plan->https.address),
        .listen_syslog = str_of(f->plan->tcp.fd < 0 ? "" : f->plan->tcp.address),
        .listen_syslog_tls = str_of(f->plan->tls.fd < 0 ? "" : f->plan->tls.address),
        .fingerprint = str_of(f->fingerprint),
        .cert_not_after_ns = f->cert_not_after_ns,
    };
    buf_init(&b, 8192);
    frame_put_hello(&b, &m);
    channel_send(f->channel, FRAME_HELLO, 0, buf_str(&b));
    buf_done(&b);
}

static int use_channel(struct front *f, int fd, struct err *err)
{
    channel_free(f->channel);
    f->channel = NULL;
    if (channel_new(f->base, fd, on_frame, on_channel_gone, f, &f->channel, err) != 0)
        return -1;
    f->core = true;
    http_core(f->http, true);
    say_hello(f);
    front_intake_connected(f);
    return 0;
}

static void on_ctl(evutil_socket_t fd, short what, void *arg)
{
    struct front *f = arg;
    struct ctl_msg m;
    struct err err = {0};
    int channel = -1;
    (void)what;
    int rc = node_plan_ctl_recv((int)fd, &m, &channel, &err);
    if (rc != 0) {
        /* Without a parent nobody would start us again or tell us to stop. */
        (void)event_base_loopexit(f->base, NULL);
        return;
    }
    if (m.kind == 'F' && channel >= 0 && use_channel(f, channel, &err) != 0)
        (void)event_base_loopexit(f->base, NULL);
}

static void on_drained_late(evutil_socket_t fd, short what, void *arg)
{
    struct front *f = arg;
    (void)fd;
    (void)what;
    (void)event_base_loopexit(f->base, NULL);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct front *f = arg;
    const struct timeval wait = {.tv_sec = DRAIN_WAIT_S};
    (void)fd;
    (void)what;
    f->stopping = true;
    source_pause(f->sources);
    feed_flush(f->feed);
    if (feed_idle(f->feed) || !f->core)
        (void)event_base_loopexit(f->base, NULL);
    else
        (void)event_base_once(f->base, -1, EV_TIMEOUT, on_drained_late, f, &wait);
}

static struct bufferevent *accept_tls(void *arg, struct event_base *base, int fd)
{
    struct front *f = arg;
    struct ssl_st *ssl = tls_accept(f->tls_syslog);
    if (ssl == NULL) {
        (void)close(fd);
        return NULL;
    }
    return bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static size_t subject_of(void *arg, struct bufferevent *bev, char *out, size_t n)
{
    struct buf b;
    size_t written = 0;
    (void)arg;
    buf_init(&b, n);
    if (tls_peer_subject(bufferevent_openssl_get_ssl(bev), &b)) {
        memcpy(out, b.p, b.n);
        written = b.n;
    }
    buf_done(&b);
    return written;
}

static int open_stations(struct front *f, struct err *err)
{
    const struct node_plan *p = f->plan;
    struct source_station_opts udp = {.kind = SOURCE_UDP, .fd = p->udp.fd, .arg = f};
    struct source_station_opts tcp = {.kind = SOURCE_TCP, .fd = p->tcp.fd, .arg = f};
    struct source_station_opts tls = {
        .kind = SOURCE_TLS, .fd = p->tls.fd, .accept = accept_tls, .subject = subject_of, .arg = f};
    if ((p->udp.fd >= 0 && source_open(f->sources, &udp, err) != 0) ||
        (p->tcp.fd >= 0 && source_open(f->sources, &tcp, err) != 0) ||
        (p->tls.fd >= 0 && source_open(f->sources, &tls, err) != 0))
        return -1;
    return 0;
}

static int load_tls(struct front *f, struct err *err)
{
    struct certificate c;
    if (certificate_load(f->plan, &c, err) != 0)
        return -1;
    struct str cert = str_of(c.cert_pem), key = str_of(c.key_pem), ca = str_of(c.client_ca_pem);
    int rc = tls_server_new(cert, key, (struct str){NULL, 0}, &f->tls_https, err);
    if (rc == 0)
        rc = tls_server_new(cert, key, ca, &f->tls_syslog, err);
    memcpy(f->fingerprint, c.fingerprint, sizeof(f->fingerprint));
    f->cert_not_after_ns = c.not_after_ns;
    certificate_done(&c);
    return rc;
}

/* Folder of a path, since rotation makes new files beside the old one. */
static void folder_of(const char *path, char out[1024])
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, 1024, "%.*s", slash == NULL || slash == path ? 1 : (int)(slash - path),
                   slash == NULL ? "." : path);
}

static int enter_sandbox(struct front *f, struct err *err)
{
    static char folders[CONFIG_LIST_MAX][1024];
    struct sandbox_path paths[CONFIG_LIST_MAX + 4];
    const char *const *files;
    size_t n = 0, n_files = config_list(f->plan->config, CONFIG_FILES, &files);
    for (size_t i = 0; i < n_files; i++) {
        folder_of(files[i], folders[i]);
        paths[n++] = (struct sandbox_path){.path = folders[i]};
    }
    if (!str_eq(str_of(config_text(f->plan->config, CONFIG_JOURNAL)), S("off"))) {
        paths[n++] = (struct sandbox_path){.path = "/var/log/journal"};
        paths[n++] = (struct sandbox_path){.path = "/run/log/journal"};
        paths[n++] = (struct sandbox_path){.path = "/etc/machine-id"};
    }
    const struct passwd *own = getpwnam("khien-front");
    struct sandbox s = {
        .name = "front",
        .net = SANDBOX_ACCEPT_ONLY,
        .files = n > 0,
        .paths = paths,
        .n_paths = n,
        .user = own == NULL ? 65534 : own->pw_uid,
        .group = own == NULL ? 65534 : own->pw_gid,
        .keep_log_groups = true,
    };
    return sandbox_enter(&s, &f->sandbox, err);
}

static int build(struct front *f, struct err *err)
{
    struct rlimit files = {.rlim_cur = 16384, .rlim_max = 16384};
    (void)setrlimit(RLIMIT_NOFILE, &files);
    f->base = channel_loop_new();
    if (f->base == NULL)
        return err_set(err, ERR_NOMEM, "event loop");
    if (load_tls(f, err) != 0 || front_intake_new(f, err) != 0)
        return -1;
    struct http_opts http = {
        .base = f->base,
        .fd = f->plan->https.fd,
        .tls = f->tls_https,
        .body_bytes_max = BODY_BYTES_MAX,
        .connections_max = CONNECTIONS_MAX,
        .request = on_http_request,
        .cancel = on_http_cancel,
        .arg = f,
    };
    f->stop_event = evsignal_new(f->base, SIGTERM, on_stop, f);
    f->ctl_event = event_new(f->base, f->ctl, EV_READ | EV_PERSIST, on_ctl, f);
    if (f->stop_event == NULL || f->ctl_event == NULL || event_add(f->stop_event, NULL) != 0 ||
        event_add(f->ctl_event, NULL) != 0)
        return err_set(err, ERR_NOMEM, "event loop");
    if (http_new(&http, &f->http, err) != 0)
        return -1;
    return 0;
}

static void done(struct front *f)
{
    front_intake_free(f);
    http_free(f->http);
    channel_free(f->channel);
    if (f->stop_event != NULL)
        event_free(f->stop_event);
    if (f->ctl_event != NULL)
        event_free(f->ctl_event);
    if (f->statm_fd >= 0)
        (void)close(f->statm_fd);
    tls_server_free(f->tls_https);
    tls_server_free(f->tls_syslog);
    if (f->base != NULL)
        event_base_free(f->base);
}

int front_run(const struct node_plan *p, int ctl, int channel)
{
    static struct front f;
    struct err err = {0};
    f = (struct front){.plan = p, .ctl = ctl, .statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
    if (p->local_fd >= 0)
        (void)close(p->local_fd); /* core's */
    int rc = build(&f, &err);
    if (rc == 0)
        rc = enter_sandbox(&f, &err);
    if (rc == 0)
        rc = open_stations(&f, &err);
    if (rc == 0)
        rc = use_channel(&f, channel, &err);
    struct ctl_msg ready = {.kind = 'R'};
    if (rc == 0)
        rc = node_plan_ctl_send(ctl, &ready, -1, &err);
    if (rc == 0)
        (void)event_base_dispatch(f.base);
    else
        (void)fprintf(stderr, "khiend: front: %s\n", err.msg);
    done(&f);
    return rc == 0 ? 0 : err_exit_code(err.code);
}
