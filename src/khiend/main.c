/*
 * khiend - one node. See khiend(8). Options override khien.yaml; the data directory is locked for as long as
 * the node runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "khiend/certificate.h"
#include "khiend/listen.h"
#include "khiend/parent.h"

static const char usage[] =
    "usage: khiend --data DIR [--config FILE] [--listen-syslog ADDR:PORT] [--listen-syslog-tls ADDR:PORT]\n"
    "              [--listen-https ADDR:PORT] [--catalogue DIR]\n"
    "       khiend --version | --help\n"
    "Port 0 takes any free port; the chosen addresses are written to DIR/run/listen.json when the node is "
    "ready.\n";

enum { OPT_DATA = 1, OPT_CONFIG, OPT_HELP, OPT_VERSION, OPT_SETTING = 100 };

static const struct option options[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"listen-syslog", required_argument, NULL, OPT_SETTING + CONFIG_LISTEN_SYSLOG},
    {"listen-syslog-tls", required_argument, NULL, OPT_SETTING + CONFIG_LISTEN_SYSLOG_TLS},
    {"listen-https", required_argument, NULL, OPT_SETTING + CONFIG_LISTEN_HTTPS},
    {"catalogue", required_argument, NULL, OPT_SETTING + CONFIG_CATALOGUE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

struct args {
    const char *data, *config;
    const char *settings[CONFIG_COUNT];
};

static int fail(const struct err *err)
{
    (void)fprintf(stderr, "khiend: %s\n", err->msg);
    return err_exit_code(err->code);
}

/* 0 = go on; else the exit code plus one. */
static int read_args(int argc, char **argv, struct args *a)
{
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == OPT_DATA)
            a->data = optarg;
        else if (c == OPT_CONFIG)
            a->config = optarg;
        else if (c >= OPT_SETTING && c < OPT_SETTING + CONFIG_COUNT)
            a->settings[c - OPT_SETTING] = optarg;
        else if (c == OPT_HELP)
            return fputs(usage, stdout) < 0 ? 4 : 1;
        else if (c == OPT_VERSION)
            return puts("khiend " KHIEN_VERSION) < 0 ? 4 : 1;
        else
            return fputs(usage, stderr) < 0 ? 4 : 3;
    }
    if (optind < argc || a->data == NULL)
        return fputs(usage, stderr) < 0 ? 4 : 3;
    return 0;
}

static int make_dirs(struct node_plan *p, const char *data, struct err *err)
{
    static const char *const parts[] = {"run", "keys", "store"};
    char path[2300], real[PATH_MAX];
    if (sys_mkdir(p->sys, data, err) != 0)
        return -1;
    if (realpath(data, real) == NULL)
        return err_errno(err, errno, "%s", data);
    if (strlen(real) >= sizeof(p->data_dir))
        return err_set(err, ERR_USAGE, "%s: path too long", data);
    memcpy(p->data_dir, real, strlen(real) + 1);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!node_plan_path(p, parts[i], path, sizeof(path)))
            return err_set(err, ERR_USAGE, "%s: path too long", data);
        if (sys_mkdir(p->sys, path, err) != 0)
            return -1;
    }
    return 0;
}

/* The lock ends with the last process of the node, however it dies. */
static int lock_dir(const struct node_plan *p, struct err *err)
{
    char path[2300];
    if (!node_plan_path(p, "run/lock", path, sizeof(path)))
        return err_set(err, ERR_USAGE, "path too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK)
            return err_errno(err, errno, "%s", path);
        if (tries >= 20)
            return err_set(err, ERR_CONFLICT, "%s: a node or a tool is using this directory", p->data_dir);
        (void)usleep(100 * 1000);
    }
    return 0;
}

/* In a process of its own, so that the parent never holds a key. */
static int prepare_certificate(const struct node_plan *p)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = {0};
        _exit(certificate_prepare(p, &err) == 0 ? 0 : fail(&err));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 3;
    return WEXITSTATUS(status);
}

static int load_config(const struct args *a, struct node_plan *p, struct config **ret, struct err *err)
{
    char path[2300];
    if (a->config == NULL && !node_plan_path(p, "khien.yaml", path, sizeof(path)))
        return err_set(err, ERR_USAGE, "path too long");
    if (config_load(p->sys, a->config != NULL ? a->config : path, a->config != NULL, ret, err) != 0)
        return -1;
    for (int i = 0; i < CONFIG_COUNT; i++) {
        if (a->settings[i] != NULL && config_set(*ret, (enum config_id)i, str_of(a->settings[i]), err) != 0) {
            config_free(*ret);
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct args a = {0};
    struct err err = {0};
    struct config *config = NULL;
    struct node_plan p = {
        .sys = sys_linux(), .udp.fd = -1, .tcp.fd = -1, .tls.fd = -1, .https.fd = -1, .local_fd = -1};
    int code = read_args(argc, argv, &a);
    if (code != 0)
        return code - 1;
    (void)umask(0077);
    sys_linux_keep_heap();
    p.started_ns = sys_now(p.sys);
    if (make_dirs(&p, a.data, &err) != 0 || load_config(&a, &p, &config, &err) != 0)
        return fail(&err);
    p.config = config;
    if (lock_dir(&p, &err) != 0 || listen_open(&p, &err) != 0) {
        code = fail(&err);
    } else {
        code = prepare_certificate(&p);
        if (code == 0)
            code = parent_run(&p);
    }
    listen_close(&p);
    config_free(config);
    return code;
}
