#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bits that Debian 12's headers do not know yet. Source: Linux, include/uapi/linux/landlock.h. */
#define LL_FS_REFER (1ULL << 13)
#define LL_FS_TRUNCATE (1ULL << 14)
#define LL_FS_IOCTL_DEV (1ULL << 15)
#define LL_NET_BIND_TCP (1ULL << 0)
#define LL_NET_CONNECT_TCP (1ULL << 1)

#define LL_FS_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LL_FS_WRITE                                                                                          \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |        \
     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |              \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |           \
     LANDLOCK_ACCESS_FS_MAKE_SYM)
#define LL_FILE_ONLY                                                                                         \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |             \
     LL_FS_TRUNCATE)

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
};

static uint64_t fs_rights(int abi)
{
    uint64_t all = LL_FS_READ | LL_FS_WRITE;
    if (abi >= 2)
        all |= LL_FS_REFER;
    if (abi >= 3)
        all |= LL_FS_TRUNCATE;
    if (abi >= 5)
        all |= LL_FS_IOCTL_DEV;
    return all;
}

static int add_path(int ruleset, const struct sandbox_path *p, int abi, struct err *err)
{
    int fd = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_errno(err, errno, "Landlock: %s", p->path);
    struct stat st;
    bool dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    uint64_t rights = p->write ? fs_rights(abi) & ~LL_FS_IOCTL_DEV : LL_FS_READ;
    if (!dir)
        rights &= LL_FILE_ONLY & fs_rights(abi);
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    long rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int e = errno;
    (void)close(fd);
    return rc == 0 ? 0 : err_errno(err, e, "Landlock rule for %s", p->path);
}

static int enter_landlock(const struct sandbox *s, struct sandbox_state *st, struct err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return 0; /* the kernel has none: the caller sees landlock == false */
    st->landlock_abi = (int)abi;
    struct ruleset_attr attr = {.handled_access_fs = fs_rights((int)abi)};
    if (abi >= 4)
        attr.handled_access_net = LL_NET_BIND_TCP | LL_NET_CONNECT_TCP; /* nothing here connects or binds */
    size_t size = abi >= 4 ? sizeof(attr) : sizeof(attr.handled_access_fs);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0)
        return err_errno(err, errno, "Landlock rules");
    for (size_t i = 0; i < s->n_paths; i++) {
        if (add_path(ruleset, &s->paths[i], (int)abi, err) != 0) {
            (void)close(ruleset);
            return -1;
        }
    }
    long rc = syscall(SYS_landlock_restrict_self, ruleset, 0);
    int e = errno;
    (void)close(ruleset);
    if (rc != 0)
        return err_errno(err, e, "Landlock");
    st->landlock = true;
    return 0;
}

/* System calls of every child: memory, threads, time, polling, reading and writing what is open. */
static const int calls_common[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(getrandom),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getrusage),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(uname),
    SCMP_SYS(prlimit64),
    SCMP_SYS(ioctl),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
};

static const int calls_accept[] = {SCMP_SYS(accept4), SCMP_SYS(accept)};

static const int calls_files_read[] = {
    SCMP_SYS(openat),
    SCMP_SYS(open),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getcwd),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
};

static const int calls_files_write[] = {
    SCMP_SYS(fsync),     SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),       SCMP_SYS(rename), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink),    SCMP_SYS(unlinkat),        SCMP_SYS(mkdir),  SCMP_SYS(mkdirat),
    SCMP_SYS(fallocate), SCMP_SYS(flock),     SCMP_SYS(umask),           SCMP_SYS(fchmod), SCMP_SYS(chmod),
    SCMP_SYS(utimensat), SCMP_SYS(fchown),    SCMP_SYS(sync_file_range), SCMP_SYS(rmdir),  SCMP_SYS(chown),
};

static bool allow(scmp_filter_ctx ctx, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* A call that this architecture does not have is not an error. */
        if (calls[i] >= 0 && seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    }
    return true;
}

static bool has_writable(const struct sandbox *s)
{
    for (size_t i = 0; i < s->n_paths; i++) {
        if (s->paths[i].write)
            return true;
    }
    return false;
}

static int enter_seccomp(const struct sandbox *s, struct sandbox_state *st, struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (ctx == NULL)
        return err_set(err, ERR_NOMEM, "seccomp filter");
    (void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    bool ok = allow(ctx, calls_common, COUNT_OF(calls_common));
    if (s->net != SANDBOX_NO_NET)
        ok = ok && allow(ctx, calls_accept, COUNT_OF(calls_accept));
    if (s->files)
        ok = ok && allow(ctx, calls_files_read, COUNT_OF(calls_files_read));
    if (s->files && has_writable(s))
        ok = ok && allow(ctx, calls_files_write, COUNT_OF(calls_files_write));
    if (s->net == SANDBOX_UNIX_ONLY) {
        ok = ok && seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) == 0;
    }
    int rc = ok ? seccomp_load(ctx) : -EINVAL;
    seccomp_release(ctx);
    if (rc == -ENOSYS || rc == -EOPNOTSUPP)
        return 0;
    if (rc != 0)
        return err_errno(err, -rc, "seccomp filter");
    st->seccomp = true;
    return 0;
}

static int change_user(const struct sandbox *s, struct sandbox_state *st, struct err *err)
{
    static const char *const log_groups[] = {"adm", "systemd-journal"};
    gid_t groups[COUNT_OF(log_groups)];
    size_t n = 0;
    st->uid = (unsigned)geteuid();
    if (s->user == 0 || geteuid() != 0)
        return 0;
    for (size_t i = 0; s->keep_log_groups && i < COUNT_OF(log_groups); i++) {
        const struct group *g = getgrnam(log_groups[i]);
        if (g != NULL)
            groups[n++] = g->gr_gid;
    }
    if (setgroups(n, groups) != 0 || setresgid(s->group, s->group, s->group) != 0 ||
        setresuid(s->user, s->user, s->user) != 0)
        return err_errno(err, errno, "%s: change to user %u", s->name, s->user);
    st->user_changed = true;
    st->uid = s->user;
    return 0;
}

int sandbox_enter(const struct sandbox *s, struct sandbox_state *ret, struct err *err)
{
    struct sandbox_state st = {0};
    if (change_user(s, &st, err) != 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(err, errno, "%s: no_new_privs", s->name);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#ifndef KHIEN_NO_SANDBOX
    if (enter_landlock(s, &st, err) != 0 || enter_seccomp(s, &st, err) != 0)
        return -1;
#else
    (void)enter_landlock;
    (void)enter_seccomp;
#endif
    *ret = st;
    return 0;
}
