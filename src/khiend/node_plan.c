#include "khiend/node_plan.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>

bool node_plan_path(const struct node_plan *p, const char *part, char *out, size_t out_n)
{
    int n = snprintf(out, out_n, "%s/%s", p->data_dir, part);
    return n > 0 && (size_t)n < out_n;
}

int node_plan_ctl_send(int ctl, const struct ctl_msg *m, int fd, struct err *err)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct ctl_msg copy = *m;
    struct iovec iov = {.iov_base = &copy, .iov_len = sizeof(copy)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    if (sendmsg(ctl, &msg, MSG_NOSIGNAL) != (ssize_t)sizeof(copy))
        return err_errno(err, errno, "control socket");
    return 0;
}

int node_plan_ctl_recv(int ctl, struct ctl_msg *ret, int *ret_fd, struct err *err)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof(*ret)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    *ret_fd = -1;
    ssize_t n = recvmsg(ctl, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n == 0 || (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET)))
        return 1;
    if (n != (ssize_t)sizeof(*ret))
        return err_errno(err, n < 0 ? errno : EPROTO, "control socket");
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
    }
    return 0;
}

int node_plan_serve(int ctl, int rc, struct event_base *base, const char *name, struct err *err)
{
    const struct ctl_msg ready = {.kind = 'R'};
    if (rc == 0)
        rc = node_plan_ctl_send(ctl, &ready, -1, err);
    if (rc == 0)
        (void)event_base_dispatch(base);
    else
        (void)fprintf(stderr, "khiend: %s: %s\n", name, err->msg);
    return rc == 0 ? 0 : err_exit_code(err->code);
}

void node_plan_ctl_accuse(int ctl, const char *who, const char *why)
{
    const struct ctl_msg m = {.kind = 'K'};
    struct err err = {0};
    (void)fprintf(stderr, "khiend: %s sent a frame that does not check (%s): it is restarted\n", who, why);
    if (node_plan_ctl_send(ctl, &m, -1, &err) != 0)
        (void)fprintf(stderr, "khiend: %s\n", err.msg);
}
