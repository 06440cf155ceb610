#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 4096

int sys_read_file(const struct sys *s, const char *path, size_t bytes_max, char **ret, size_t *ret_n,
                  struct err *err)
{
    struct sys_file *f = NULL;
    char *p = NULL;
    uint64_t size = 0;
    size_t got = 0;
    if (sys_open(s, path, SYS_READ, &f, err) != 0)
        return -1;
    int rc = sys_size(s, f, &size, err);
    if (rc == 0 && size > bytes_max)
        rc = err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", path, bytes_max);
    if (rc == 0 && (p = malloc((size_t)size + 1)) == NULL)
        rc = err_set(err, ERR_NOMEM, "%s: no memory for its content", path);
    if (rc == 0)
        rc = sys_read(s, f, p, (size_t)size, 0, &got, err);
    sys_close(s, f);
    if (rc != 0) {
        free(p);
        return -1;
    }
    p[got] = '\0';
    *ret = p;
    *ret_n = got;
    return 0;
}

int sys_write_file(const struct sys *s, const char *path, struct str bytes, struct err *err)
{
    char tmp[PATH_BYTES_MAX], dir[PATH_BYTES_MAX];
    int n = snprintf(tmp, sizeof(tmp), "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof(tmp))
        return err_set(err, ERR_USAGE, "path too long");
    const char *slash = strrchr(path, '/');
    (void)snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int)(slash - path),
                   slash == NULL ? "." : path);
    struct sys_file *f = NULL;
    if (sys_open(s, tmp, SYS_WRITE | SYS_CREATE | SYS_TRUNC, &f, err) != 0)
        return -1;
    int rc = bytes.n == 0 ? 0 : sys_write(s, f, bytes.p, bytes.n, 0, err);
    if (rc == 0)
        rc = sys_sync(s, f, err);
    sys_close(s, f);
    if (rc == 0)
        rc = sys_rename(s, tmp, path, err);
    if (rc == 0)
        rc = sys_sync_dir(s, dir, err);
    return rc;
}
