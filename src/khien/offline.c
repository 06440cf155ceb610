#include "khien/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int offline_config(const struct cmd *c, struct config **ret, struct err *err)
{
    char path[2200];
    const char *data = c->opt[CMD_DATA];
    (void)snprintf(path, sizeof(path), "%s/khien.yaml", data == NULL ? "." : data);
    const char *file = cmd_has(c, CMD_CONFIG) ? c->opt[CMD_CONFIG] : data == NULL ? NULL : path;
    if (config_load(c->sys, file, cmd_has(c, CMD_CONFIG), ret, err) != 0)
        return -1;
    if (cmd_has(c, CMD_CATALOGUE) &&
        config_set(*ret, CONFIG_CATALOGUE, str_of(c->opt[CMD_CATALOGUE]), err) != 0) {
        config_free(*ret);
        return -1;
    }
    return 0;
}

static int make_dirs(const struct cmd *c, const char *dir, struct err *err)
{
    static const char *const parts[] = {"", "/run", "/keys", "/store"};
    char path[2200];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", dir, parts[i]);
        if (sys_mkdir(c->sys, path, err) != 0)
            return -1;
    }
    return 0;
}

int offline_lock(const struct cmd *c, bool make, struct offline *o, struct err *err)
{
    char path[2200], real[PATH_MAX];
    const char *data = c->opt[CMD_DATA];
    o->lock = -1;
    (void)umask(0077);
    if (make && make_dirs(c, data, err) != 0)
        return -1;
    if (realpath(data, real) == NULL)
        return err_errno(err, errno, "%s", data);
    if (strlen(real) >= sizeof(o->data_dir))
        return err_set(err, ERR_USAGE, "%s: path too long", data);
    memcpy(o->data_dir, real, strlen(real) + 1);
    (void)snprintf(path, sizeof(path), "%s/store", o->data_dir);
    if (!sys_exists(c->sys, path))
        return err_set(err, ERR_NOT_FOUND, "%s: no data directory of Khiên", data);
    (void)snprintf(path, sizeof(path), "%s/run/lock", o->data_dir);
    o->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (o->lock < 0)
        return err_errno(err, errno, "%s", path);
    if (flock(o->lock, LOCK_EX | LOCK_NB) != 0) {
        (void)close(o->lock);
        o->lock = -1;
        return err_set(err, ERR_CONFLICT, "%s: a node or another tool is using this directory", data);
    }
    return 0;
}

int offline_open(const struct cmd *c, bool read_only, bool make, struct offline *o, struct err *err)
{
    *o = (struct offline){.lock = -1};
    if (offline_config(c, &o->config, err) != 0)
        return -1;
    struct node_opts opts = {
        .sys = c->sys, .config = o->config, .data_dir = o->data_dir, .read_only = read_only};
    if (offline_lock(c, make, o, err) != 0 || node_open(&opts, &o->node, &o->recovery, err) != 0) {
        offline_close(o);
        return -1;
    }
    return 0;
}

void offline_close(struct offline *o)
{
    node_close(o->node);
    config_free(o->config);
    if (o->lock >= 0)
        (void)close(o->lock);
    o->node = NULL;
    o->config = NULL;
    o->lock = -1;
}
