#include "khiend/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "khiend/core.h"
#include "khiend/front.h"

#define STOP_WAIT_MS 15000
#define RESTARTS_PER_MINUTE_MAX 6
#define RESTART_PAUSE_NS (5 * NS_PER_S)

enum { FRONT, CORE, CHILDREN };

struct child {
    const char *name;
    int (*run)(const struct node_plan *p, int ctl, int channel);
    pid_t pid; /* 0 = not running */
    int ctl;   /* our end, -1 = none */
    bool ready, ever_ready;
    uint32_t restarts;
    int64_t window_ns, again_ns; /* start of the counted minute; earliest next start */
    uint32_t in_window;
};

struct parent {
    struct node_plan *plan;
    struct child child[CHILDREN];
    sigset_t signals;
    int signal_fd;
    bool stopping;
    int exit_code;
};

static struct ctl_msg news(const struct parent *p, char kind)
{
    return (struct ctl_msg){
        .kind = kind,
        .front_pid = (uint32_t)p->child[FRONT].pid,
        .core_pid = (uint32_t)p->child[CORE].pid,
        .front_restarts = p->child[FRONT].restarts,
        .core_restarts = p->child[CORE].restarts,
    };
}

NORETURN static void run_child(struct parent *p, int which, int ctl, int channel)
{
    struct child *c = &p->child[which];
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    (void)prctl(PR_SET_NAME, c->name, 0, 0, 0);
    (void)close(p->signal_fd);
    for (int i = 0; i < CHILDREN; i++) {
        if (p->child[i].ctl >= 0)
            (void)close(p->child[i].ctl);
    }
    /* Ctrl-C goes to the whole group of the terminal; the parent alone answers it and stops us in order. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigprocmask(SIG_UNBLOCK, &p->signals, NULL);
    _exit(c->run(p->plan, ctl, channel));
}

static int start_child(struct parent *p, int which, int channel, struct err *err)
{
    struct child *c = &p->child[which];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_errno(err, errno, "control socket");
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        int e = errno;
        (void)close(pair[0]);
        (void)close(pair[1]);
        return err_errno(err, e, "start %s", c->name);
    }
    if (pid == 0) {
        (void)close(pair[0]);
        run_child(p, which, pair[1], channel);
    }
    (void)close(pair[1]);
    c->pid = pid;
    c->ctl = pair[0];
    c->ready = false;
    return 0;
}

/* Start `which` with a new channel, whose other end goes to the one that runs already. */
static int connect_and_start(struct parent *p, int which, struct err *err)
{
    int other = which == FRONT ? CORE : FRONT, pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_errno(err, errno, "channel");
    int rc = start_child(p, which, pair[0], err);
    (void)close(pair[0]);
    if (rc == 0 && p->child[other].pid != 0) {
        struct ctl_msg m = news(p, 'F');
        rc = node_plan_ctl_send(p->child[other].ctl, &m, pair[1], err);
    }
    (void)close(pair[1]);
    return rc;
}

static int start_both(struct parent *p, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_errno(err, errno, "channel");
    int rc = start_child(p, CORE, pair[1], err);
    (void)close(pair[1]);
    if (rc == 0)
        rc = start_child(p, FRONT, pair[0], err);
    (void)close(pair[0]);
    return rc;
}

static void say_end(const struct child *c, int status)
{
    if (WIFSIGNALED(status))
        (void)fprintf(stderr, "khiend: %s: ended by signal %d, starting it again\n", c->name,
                      WTERMSIG(status));
    else
        (void)fprintf(stderr, "khiend: %s: ended with code %d, starting it again\n", c->name,
                      WEXITSTATUS(status));
}

static void plan_restart(struct parent *p, struct child *c)
{
    int64_t now = sys_mono(p->plan->sys);
    if (now - c->window_ns > 60 * NS_PER_S) {
        c->window_ns = now;
        c->in_window = 0;
    }
    c->restarts++;
    c->in_window++;
    c->again_ns = c->in_window > RESTARTS_PER_MINUTE_MAX ? now + RESTART_PAUSE_NS : now;
}

static void on_child_end(struct parent *p, struct child *c, int status)
{
    c->pid = 0;
    if (c->ctl >= 0)
        (void)close(c->ctl);
    c->ctl = -1;
    if (p->stopping)
        return;
    if (!c->ever_ready) {
        /* It never came up: its own message said why, and trying again would not help. */
        p->stopping = true;
        p->exit_code = WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 3;
        return;
    }
    say_end(c, status);
    plan_restart(p, c);
}

static void reap(struct parent *p)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < CHILDREN; i++) {
            if (p->child[i].pid == pid)
                on_child_end(p, &p->child[i], status);
        }
    }
}

static void on_signal(struct parent *p)
{
    struct signalfd_siginfo s;
    if (read(p->signal_fd, &s, sizeof(s)) != (ssize_t)sizeof(s))
        return;
    if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT)
        p->stopping = true;
}

static void on_ctl(struct parent *p, struct child *c)
{
    struct ctl_msg m;
    struct err err = {0};
    int fd = -1;
    if (node_plan_ctl_recv(c->ctl, &m, &fd, &err) != 0) {
        (void)close(c->ctl); /* the child is ending; SIGCHLD tells the rest */
        c->ctl = -1;
        return;
    }
    if (fd >= 0)
        (void)close(fd);
    if (m.kind == 'K') {
        const struct child *other = c == &p->child[FRONT] ? &p->child[CORE] : &p->child[FRONT];
        if (other->pid != 0)
            (void)kill(other->pid, SIGKILL);
    }
    if (m.kind == 'R') {
        c->ready = c->ever_ready = true;
        if (p->child[CORE].ctl >= 0) { /* core shows the processes in the console */
            struct ctl_msg out = news(p, 'N');
            if (node_plan_ctl_send(p->child[CORE].ctl, &out, -1, &err) != 0)
                (void)fprintf(stderr, "khiend: core: %s\n", err.msg);
        }
    }
}

static void wait_for_news(struct parent *p, int timeout_ms)
{
    struct pollfd fds[1 + CHILDREN] = {{.fd = p->signal_fd, .events = POLLIN}};
    for (int i = 0; i < CHILDREN; i++)
        fds[1 + i] = (struct pollfd){.fd = p->child[i].ctl, .events = POLLIN};
    if (poll(fds, COUNT_OF(fds), timeout_ms) <= 0)
        return;
    for (int i = 0; i < CHILDREN; i++) {
        if (fds[1 + i].revents != 0 && p->child[i].ctl >= 0)
            on_ctl(p, &p->child[i]);
    }
    if (fds[0].revents != 0)
        on_signal(p);
}

/* First front, so that nothing new comes in, then core, which brings everything to the disk. */
static void stop_child(struct parent *p, struct child *c)
{
    int64_t until = sys_mono(p->plan->sys) + STOP_WAIT_MS * NS_PER_MS;
    if (c->pid == 0)
        return;
    (void)kill(c->pid, SIGTERM);
    while (c->pid != 0 && sys_mono(p->plan->sys) < until) {
        wait_for_news(p, 50);
        reap(p);
    }
    if (c->pid != 0) {
        (void)fprintf(stderr, "khiend: %s: does not stop, killed\n", c->name);
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
        c->pid = 0;
    }
}

static void start_again(struct parent *p)
{
    int64_t now = sys_mono(p->plan->sys);
    struct err err = {0};
    for (int i = 0; i < CHILDREN; i++) {
        struct child *c = &p->child[i];
        if (c->pid != 0 || p->stopping || now < c->again_ns)
            continue;
        if (connect_and_start(p, i, &err) != 0) {
            (void)fprintf(stderr, "khiend: %s\n", err.msg);
            c->again_ns = now + NS_PER_S;
        }
    }
}

int parent_run(struct node_plan *plan)
{
    struct err err = {0};
    struct parent p = {
        .plan = plan,
        .child = {[FRONT] = {.name = "khiend-front", .run = front_run, .ctl = -1},
                  [CORE] = {.name = "khiend-core", .run = core_run, .ctl = -1}},
    };
    (void)sigemptyset(&p.signals);
    (void)sigaddset(&p.signals, SIGTERM);
    (void)sigaddset(&p.signals, SIGINT);
    (void)sigaddset(&p.signals, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &p.signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    p.signal_fd = signalfd(-1, &p.signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (p.signal_fd < 0 || start_both(&p, &err) != 0) {
        (void)fprintf(stderr, "khiend: start: %s\n", err.msg);
        p.stopping = true;
        p.exit_code = 3;
    }
    while (!p.stopping) {
        bool waiting = p.child[FRONT].pid == 0 || p.child[CORE].pid == 0;
        wait_for_news(&p, waiting ? 100 : 10000);
        reap(&p);
        start_again(&p);
    }
    stop_child(&p, &p.child[FRONT]);
    stop_child(&p, &p.child[CORE]);
    (void)close(p.signal_fd);
    return p.exit_code;
}
