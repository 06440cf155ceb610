/*
 * node_plan.h - what the parent decided before it forked: settings, paths, listening sockets. Constant in the
 * children.
 */
#ifndef KHIEN_KHIEND_NODE_PLAN_H
#define KHIEN_KHIEND_NODE_PLAN_H

#include <sys/types.h>

#include "flow/config.h"
#include "sys/sys.h"

struct plan_listener {
    int fd; /* -1 = none */
    char address[80];
};

struct node_plan {
    const struct sys *sys;
    const struct config *config;
    char data_dir[2048]; /* absolute */
    struct plan_listener udp, tcp, tls, https;
    int local_fd; /* listening on data_dir/run/khiend.sock */
    int64_t started_ns;
};

/* One message on the control socket between parent and child; a channel's descriptor may ride along. */
struct ctl_msg {
    char kind; /* 'R' child: ready; 'K' child: the other one sent a bad frame; 'F' parent: new channel; 'N'
                  parent: news */
    uint32_t front_pid, core_pid, front_restarts, core_restarts;
};

/* "DIR/part" into out; false where it does not fit. */
bool node_plan_path(const struct node_plan *p, const char *part, char *out, size_t out_n);
/* Send or receive a control message; fd -1 = none. recv: 0 = message, 1 = the peer has gone or nothing is
 * there. */
int node_plan_ctl_send(int ctl, const struct ctl_msg *m, int fd, struct err *err) MUST_USE;
struct event_base;
/*
 * The end of a child's start: tell the parent that it is ready and run its loop, or (rc not 0) say why not.
 * Returns the exit code.
 */
int node_plan_serve(int ctl, int rc, struct event_base *base, const char *name, struct err *err);
/* Tell the parent that the other child sent a frame that does not check: the parent kills it and starts it
 * anew. */
void node_plan_ctl_accuse(int ctl, const char *who, const char *why);
int node_plan_ctl_recv(int ctl, struct ctl_msg *ret, int *ret_fd, struct err *err) MUST_USE;

#endif
