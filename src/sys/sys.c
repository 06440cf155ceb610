#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define PATH_BYTES_MAX 4096
#define READ_BYTES_MIN 4096u

/* Files of the kernel say size 0, and others may grow, so what counts is the end, not the size. */
static int read_all(const struct sys *s, struct sys_file *f, const char *path, size_t bytes_max,
                    struct buf *b, struct err *err)
{
    uint64_t size = 0;
    size_t got = 0, want;
    if (sys_size(s, f, &size, err) != 0)
        return -1;
    if (size > bytes_max)
        return err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", path, bytes_max);
    want = (size_t)size < READ_BYTES_MIN ? READ_BYTES_MIN : (size_t)size + 1;
    do {
        want = want > b->max - b->n ? b->max - b->n : want;
        char *to = want == 0 ? NULL : buf_reserve(b, want);
        if (want > 0 && to == NULL)
            return err_set(err, ERR_NOMEM, "%s: no memory for its content", path);
        if (want > 0 && sys_read(s, f, to, want, b->n, &got, err) != 0)
            return -1;
        b->n += want > 0 ? got : 0;
        if (b->n > bytes_max)
            return err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", path, bytes_max);
    } while (got == want);
    return 0;
}

int sys_read_file(const struct sys *s, const char *path, size_t bytes_max, char **ret, size_t *ret_n,
                  struct err *err)
{
    struct sys_file *f = NULL;
    struct buf b;
    assert(bytes_max < SIZE_MAX - 1);
    if (sys_open(s, path, SYS_READ, &f, err) != 0)
        return -1;
    buf_init(&b, bytes_max + 1); /* one byte more shows that the file is too long */
    int rc = read_all(s, f, path, bytes_max, &b, err);
    sys_close(s, f);
    size_t n = b.n;
    char *p = rc == 0 ? buf_take(&b) : NULL;
    if (rc == 0 && p == NULL)
        rc = err_set(err, ERR_NOMEM, "%s: no memory for its content", path);
    buf_done(&b);
    if (rc != 0)
        return -1;
    *ret = p;
    *ret_n = n;
    return 0;
}

int sys_write_file(const struct sys *s, const char *path, struct str bytes, struct err *err)
{
    char tmp[PATH_BYTES_MAX], dir[PATH_BYTES_MAX];
    int n = snprintf(tmp, sizeof(tmp), "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof(tmp))
        return err_set(err, ERR_USAGE, "path too long");
    const char *slash = strrchr(path, '/');
    size_t dir_n = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    (void)snprintf(dir, sizeof(dir), "%.*s", dir_n == 0 ? 1 : (int)dir_n, dir_n == 0 ? "." : path);
    struct sys_file *f = NULL;
    if (sys_open(s, tmp, SYS_WRITE | SYS_CREATE | SYS_TRUNC, &f, err) != 0)
        return -1;
    int rc = bytes.n == 0 ? 0 : sys_write(s, f, bytes.p, bytes.n, 0, err);
    if (rc == 0)
        rc = sys_sync(s, f, err);
    sys_close(s, f);
    if (rc == 0)
        rc = sys_rename(s, tmp, path, err);
    if (rc != 0) {
        (void)s->ops->remove(s->self, tmp, NULL); /* the first error is the one to tell */
        return -1;
    }
    return sys_sync_dir(s, dir, err);
}
