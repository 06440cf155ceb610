#include "khiend/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define UDP_BUFFER_BYTES (8 * 1024 * 1024)

/* "127.0.0.1:5514", "[::1]:5514". Numeric only: a name server has no say in where a node listens. */
static int resolve(const char *setting, const char *text, int type, struct addrinfo **ret, struct err *err)
{
    char host[64];
    struct str s = str_of(text), port;
    size_t colon = SIZE_MAX;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':')
            colon = i;
    }
    if (colon == SIZE_MAX || colon + 1 == s.n)
        return err_set(err, ERR_USAGE, "%s: '%s' is not ADDRESS:PORT", setting, text);
    port = str_from(s, colon + 1);
    s = str_sub(s, 0, colon);
    if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = str_sub(s, 1, s.n - 2);
    uint64_t number;
    if (s.n == 0 || s.n >= sizeof(host) || !str_to_u64(port, 65535, &number))
        return err_set(err, ERR_USAGE, "%s: '%s' is not ADDRESS:PORT", setting, text);
    (void)snprintf(host, sizeof(host), "%.*s", STR_ARG(s));
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    if (getaddrinfo(host, port.p, &hints, ret) != 0)
        return err_set(err, ERR_USAGE, "%s: '%s' is not a numeric address and port", setting, text);
    return 0;
}

static int name_of(int fd, char out[80])
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    char host[48], port[8];
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0 ||
        getnameinfo((struct sockaddr *)&a, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return -1;
    (void)snprintf(out, 80, a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

static int open_one(const char *setting, const char *text, int type, struct plan_listener *ret,
                    struct err *err)
{
    struct addrinfo *ai = NULL;
    int one = 1, size = UDP_BUFFER_BYTES;
    if (resolve(setting, text, type, &ai, err) != 0)
        return -1;
    int fd = socket(ai->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && type == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd >= 0 && type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    bool ok = fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
              (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0) && name_of(fd, ret->address) == 0;
    int e = errno;
    freeaddrinfo(ai);
    if (!ok) {
        if (fd >= 0)
            (void)close(fd);
        return err_errno(err, e, "%s: cannot listen on %s", setting, text);
    }
    ret->fd = fd;
    return 0;
}

/* UDP and TCP share the port; where it is chosen by the system, TCP chooses and UDP must follow. */
static int open_syslog(struct node_plan *p, const char *text, struct err *err)
{
    for (int tries = 0; tries < 16; tries++) {
        if (open_one("listen_syslog", text, SOCK_STREAM, &p->tcp, err) != 0)
            return -1;
        if (open_one("listen_syslog", p->tcp.address, SOCK_DGRAM, &p->udp, err) == 0)
            return 0;
        if (!str_ends(str_of(text), S(":0")))
            return -1;
        (void)close(p->tcp.fd);
        p->tcp.fd = -1;
    }
    return -1;
}

static int open_local(struct node_plan *p, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char path[2200];
    if (!node_plan_path(p, "run/khiend.sock", path, sizeof(path)) || strlen(path) >= sizeof(a.sun_path))
        return err_set(err, ERR_USAGE, "%s: path too long for a local socket (at most %zu bytes)",
                       p->data_dir, sizeof(a.sun_path) - sizeof("/run/khiend.sock"));
    (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    (void)unlink(path); /* we hold the lock of the directory: whoever made it is gone */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 64) != 0) {
        int e = errno;
        if (fd >= 0)
            (void)close(fd);
        return err_errno(err, e, "%s", path);
    }
    p->local_fd = fd;
    return 0;
}

int listen_open(struct node_plan *p, struct err *err)
{
    const char *syslog = config_text(p->config, CONFIG_LISTEN_SYSLOG);
    const char *tls = config_text(p->config, CONFIG_LISTEN_SYSLOG_TLS);
    p->udp.fd = p->tcp.fd = p->tls.fd = p->https.fd = p->local_fd = -1;
    if ((syslog[0] != '\0' && open_syslog(p, syslog, err) != 0) ||
        (tls[0] != '\0' && open_one("listen_syslog_tls", tls, SOCK_STREAM, &p->tls, err) != 0) ||
        open_one("listen_https", config_text(p->config, CONFIG_LISTEN_HTTPS), SOCK_STREAM, &p->https, err) !=
            0 ||
        open_local(p, err) != 0) {
        listen_close(p);
        return -1;
    }
    return 0;
}

void listen_close(struct node_plan *p)
{
    int *const fds[] = {&p->udp.fd, &p->tcp.fd, &p->tls.fd, &p->https.fd, &p->local_fd};
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        if (*fds[i] >= 0)
            (void)close(*fds[i]);
        *fds[i] = -1;
    }
}
