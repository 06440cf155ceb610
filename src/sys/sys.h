/*
 * sys.h - the outside world as a parameter: clock, randomness, files. Production gives sys_linux(), tests
 * give sys_sim (time, faults and crashes at will). No other module calls time(), open(), getrandom() and the
 * like.
 */
#ifndef KHIEN_SYS_SYS_H
#define KHIEN_SYS_SYS_H

#include "base/err.h"
#include "base/str.h"

enum sys_open {
    SYS_READ = 1,
    SYS_WRITE = 2,
    SYS_CREATE = 4, /* make it (mode 0600) where it is missing */
    SYS_EXCL = 8,   /* with SYS_CREATE: fail where it exists (ERR_CONFLICT) */
    SYS_TRUNC = 16,
};

struct sys_file; /* an open file; owned by the sys that opened it */

struct sys_space {
    uint64_t total_bytes, free_bytes;
};

/* Called for each name in a directory, in byte order, without "." and ".."; non-zero stops. */
typedef int sys_name_fn(void *arg, struct str name);

struct sys_ops {
    int64_t (*now_ns)(void *self);  /* UTC, may jump */
    int64_t (*mono_ns)(void *self); /* never goes back */
    int (*random)(void *self, void *out, size_t n, struct err *err);
    int (*open)(void *self, const char *path, unsigned flags, struct sys_file **ret, struct err *err);
    void (*close)(void *self, struct sys_file *f);
    /* Up to n bytes at off; *ret_n < n only at the end of the file. */
    int (*read)(void *self, struct sys_file *f, void *out, size_t n, uint64_t off, size_t *ret_n,
                struct err *err);
    /* All n bytes, or an error with an unknown part written. */
    int (*write)(void *self, struct sys_file *f, const void *in, size_t n, uint64_t off, struct err *err);
    int (*sync)(void *self, struct sys_file *f, struct err *err); /* fdatasync */
    int (*size)(void *self, struct sys_file *f, uint64_t *ret, struct err *err);
    int (*truncate)(void *self, struct sys_file *f, uint64_t size, struct err *err);
    int (*rename)(void *self, const char *from, const char *to, struct err *err);
    int (*remove)(void *self, const char *path, struct err *err); /* ERR_NOT_FOUND where missing */
    int (*mkdir)(void *self, const char *path, struct err *err);  /* 0700; fine where it exists */
    int (*sync_dir)(void *self, const char *path, struct err *err);
    int (*list)(void *self, const char *path, sys_name_fn *fn, void *arg, struct err *err);
    int (*space)(void *self, const char *path, struct sys_space *ret, struct err *err);
    bool (*exists)(void *self, const char *path);
    /* Lock the open file for this process until it is closed. ERR_CONFLICT: another one holds it. */
    int (*lock)(void *self, struct sys_file *f, struct err *err);
};

struct sys {
    void *self;
    const struct sys_ops *ops;
};

/* The real world. The struct is constant and shared by all threads. */
const struct sys *sys_linux(void);
/*
 * Keep up to 64 MiB of freed memory for the next request instead of giving every batch and window back to the
 * kernel and faulting it in again. Called once, at the start of a program.
 */
void sys_linux_keep_heap(void);

/* Thin calls: sys_now(s) reads better than s->ops->now_ns(s->self). */
static inline int64_t sys_now(const struct sys *s)
{
    return s->ops->now_ns(s->self);
}
static inline int64_t sys_mono(const struct sys *s)
{
    return s->ops->mono_ns(s->self);
}
MUST_USE static inline int sys_random(const struct sys *s, void *out, size_t n, struct err *err)
{
    return s->ops->random(s->self, out, n, err);
}
MUST_USE static inline int sys_open(const struct sys *s, const char *path, unsigned flags,
                                    struct sys_file **ret, struct err *err)
{
    return s->ops->open(s->self, path, flags, ret, err);
}
static inline void sys_close(const struct sys *s, struct sys_file *f)
{
    if (f != NULL)
        s->ops->close(s->self, f);
}
MUST_USE static inline int sys_read(const struct sys *s, struct sys_file *f, void *out, size_t n,
                                    uint64_t off, size_t *ret_n, struct err *err)
{
    return s->ops->read(s->self, f, out, n, off, ret_n, err);
}
MUST_USE static inline int sys_write(const struct sys *s, struct sys_file *f, const void *in, size_t n,
                                     uint64_t off, struct err *err)
{
    return s->ops->write(s->self, f, in, n, off, err);
}
MUST_USE static inline int sys_sync(const struct sys *s, struct sys_file *f, struct err *err)
{
    return s->ops->sync(s->self, f, err);
}
MUST_USE static inline int sys_size(const struct sys *s, struct sys_file *f, uint64_t *ret, struct err *err)
{
    return s->ops->size(s->self, f, ret, err);
}
MUST_USE static inline int sys_truncate(const struct sys *s, struct sys_file *f, uint64_t size,
                                        struct err *err)
{
    return s->ops->truncate(s->self, f, size, err);
}
MUST_USE static inline int sys_rename(const struct sys *s, const char *from, const char *to, struct err *err)
{
    return s->ops->rename(s->self, from, to, err);
}
MUST_USE static inline int sys_remove(const struct sys *s, const char *path, struct err *err)
{
    return s->ops->remove(s->self, path, err);
}
MUST_USE static inline int sys_mkdir(const struct sys *s, const char *path, struct err *err)
{
    return s->ops->mkdir(s->self, path, err);
}
MUST_USE static inline int sys_sync_dir(const struct sys *s, const char *path, struct err *err)
{
    return s->ops->sync_dir(s->self, path, err);
}
MUST_USE static inline int sys_list(const struct sys *s, const char *path, sys_name_fn *fn, void *arg,
                                    struct err *err)
{
    return s->ops->list(s->self, path, fn, arg, err);
}
MUST_USE static inline int sys_space(const struct sys *s, const char *path, struct sys_space *ret,
                                     struct err *err)
{
    return s->ops->space(s->self, path, ret, err);
}
static inline bool sys_exists(const struct sys *s, const char *path)
{
    return s->ops->exists(s->self, path);
}
MUST_USE static inline int sys_lock(const struct sys *s, struct sys_file *f, struct err *err)
{
    return s->ops->lock(s->self, f, err);
}

/* Whole file into a malloc'ed, NUL-terminated buffer (free()). ERR_LIMIT above bytes_max, ERR_NOT_FOUND. */
int sys_read_file(const struct sys *s, const char *path, size_t bytes_max, char **ret, size_t *ret_n,
                  struct err *err) MUST_USE;
/* Write a new file beside, sync it, rename it over path, sync the directory: old or new, never half. */
int sys_write_file(const struct sys *s, const char *path, struct str bytes, struct err *err) MUST_USE;

#endif
