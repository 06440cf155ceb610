#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "sys/sys.h"

#define KEEP_BYTES (64 << 20)
#define MAP_BYTES (16 << 20) /* larger pieces come from the kernel and go back to it */

void sys_linux_keep_heap(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, MAP_BYTES);
#endif
}

struct sys_file {
    int fd;
};

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    assert(rc == 0);
    (void)rc;
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t linux_now(void *self)
{
    (void)self;
    return clock_ns(CLOCK_REALTIME);
}

static int64_t linux_mono(void *self)
{
    (void)self;
    return clock_ns(CLOCK_MONOTONIC);
}

static int linux_random(void *self, void *out, size_t n, struct err *err)
{
    (void)self;
    for (size_t at = 0; at < n;) {
        ssize_t got = getrandom((char *)out + at, n - at, 0);
        if (got < 0 && errno != EINTR)
            return err_errno(err, errno, "random bytes");
        if (got > 0)
            at += (size_t)got;
    }
    return 0;
}

static int linux_open(void *self, const char *path, unsigned flags, struct sys_file **ret, struct err *err)
{
    (void)self;
    int mode = (flags & SYS_WRITE) == 0 ? O_RDONLY : (flags & SYS_READ) != 0 ? O_RDWR : O_WRONLY;
    if ((flags & SYS_CREATE) != 0)
        mode |= O_CREAT;
    if ((flags & SYS_EXCL) != 0)
        mode |= O_EXCL;
    if ((flags & SYS_TRUNC) != 0)
        mode |= O_TRUNC;
    struct sys_file *f = malloc(sizeof(*f));
    if (f == NULL)
        return err_set(err, ERR_NOMEM, "file handle");
    do {
        f->fd = open(path, mode | O_CLOEXEC, 0600);
    } while (f->fd < 0 && errno == EINTR);
    if (f->fd < 0) {
        int e = errno;
        free(f);
        if (e == ENOENT)
            return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
        if (e == EEXIST)
            return err_set(err, ERR_CONFLICT, "%s: exists already", path);
        return err_errno(err, e, "%s", path);
    }
    *ret = f;
    return 0;
}

static void linux_close(void *self, struct sys_file *f)
{
    (void)self;
    (void)close(f->fd);
    free(f);
}

static int linux_read(void *self, struct sys_file *f, void *out, size_t n, uint64_t off, size_t *ret_n,
                      struct err *err)
{
    (void)self;
    size_t at = 0;
    while (at < n) {
        ssize_t got = pread(f->fd, (char *)out + at, n - at, (off_t)(off + at));
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return err_errno(err, errno, "read");
        if (got > 0)
            at += (size_t)got;
    }
    *ret_n = at;
    return 0;
}

static int linux_write(void *self, struct sys_file *f, const void *in, size_t n, uint64_t off,
                       struct err *err)
{
    (void)self;
    for (size_t at = 0; at < n;) {
        ssize_t put = pwrite(f->fd, (const char *)in + at, n - at, (off_t)(off + at));
        if (put < 0 && errno != EINTR)
            return err_errno(err, errno, "write");
        if (put > 0)
            at += (size_t)put;
    }
    return 0;
}

static int linux_sync(void *self, struct sys_file *f, struct err *err)
{
    (void)self;
    return fdatasync(f->fd) == 0 ? 0 : err_errno(err, errno, "sync");
}

static int linux_size(void *self, struct sys_file *f, uint64_t *ret, struct err *err)
{
    (void)self;
    struct stat st;
    if (fstat(f->fd, &st) != 0)
        return err_errno(err, errno, "file size");
    *ret = (uint64_t)st.st_size;
    return 0;
}

static int linux_truncate(void *self, struct sys_file *f, uint64_t size, struct err *err)
{
    (void)self;
    return ftruncate(f->fd, (off_t)size) == 0 ? 0 : err_errno(err, errno, "truncate");
}

static int linux_rename(void *self, const char *from, const char *to, struct err *err)
{
    (void)self;
    return rename(from, to) == 0 ? 0 : err_errno(err, errno, "rename to %s", to);
}

static int linux_remove(void *self, const char *path, struct err *err)
{
    (void)self;
    if (unlink(path) == 0)
        return 0;
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
    return err_errno(err, errno, "remove %s", path);
}

static int linux_mkdir(void *self, const char *path, struct err *err)
{
    (void)self;
    struct stat st;
    if (mkdir(path, 0700) == 0)
        return 0;
    int e = errno;
    bool there = e == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return there ? 0 : err_errno(err, e, "directory %s", path);
}

static int linux_sync_dir(void *self, const char *path, struct err *err)
{
    (void)self;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "directory %s", path);
    int rc = fsync(fd) == 0 ? 0 : err_errno(err, errno, "sync directory %s", path);
    (void)close(fd);
    return rc;
}

static int skip_dots(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int byte_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int linux_list(void *self, const char *path, sys_name_fn *fn, void *arg, struct err *err)
{
    (void)self;
    struct dirent **names = NULL;
    int n = scandir(path, &names, skip_dots, byte_order);
    if (n < 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s: no such directory", path)
                               : err_errno(err, errno, "directory %s", path);
    bool stopped = false;
    for (int i = 0; i < n; i++) {
        stopped = stopped || fn(arg, str_of(names[i]->d_name)) != 0;
        free(names[i]);
    }
    free(names);
    return 0;
}

static int linux_space(void *self, const char *path, struct sys_space *ret, struct err *err)
{
    (void)self;
    struct statvfs v;
    if (statvfs(path, &v) != 0)
        return err_errno(err, errno, "free space of %s", path);
    *ret = (struct sys_space){.total_bytes = (uint64_t)v.f_blocks * v.f_frsize,
                              .free_bytes = (uint64_t)v.f_bavail * v.f_frsize};
    return 0;
}

static bool linux_exists(void *self, const char *path)
{
    (void)self;
    struct stat st;
    return lstat(path, &st) == 0;
}

static int linux_lock(void *self, struct sys_file *f, struct err *err)
{
    (void)self;
    int rc;
    do {
        rc = flock(f->fd, LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno == EWOULDBLOCK)
        return err_set(err, ERR_CONFLICT, "locked by another process");
    return rc == 0 ? 0 : err_errno(err, errno, "lock");
}

const struct sys *sys_linux(void)
{
    static const struct sys_ops ops = {
        .now_ns = linux_now,
        .mono_ns = linux_mono,
        .random = linux_random,
        .open = linux_open,
        .close = linux_close,
        .read = linux_read,
        .write = linux_write,
        .sync = linux_sync,
        .size = linux_size,
        .truncate = linux_truncate,
        .rename = linux_rename,
        .remove = linux_remove,
        .mkdir = linux_mkdir,
        .sync_dir = linux_sync_dir,
        .list = linux_list,
        .space = linux_space,
        .exists = linux_exists,
        .lock = linux_lock,
    };
    static const struct sys world = {.self = NULL, .ops = &ops};
    return &world;
}
