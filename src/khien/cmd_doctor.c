/*
 * cmd_doctor.c - what is wrong here, worst first, and one next step. Exit code 1 when something needs a
 * person.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypt/tls.h"
#include "khien/client.h"
#include "khien/offline.h"

#define DAY_NS (86400 * NS_PER_S)

enum grade { GOOD, WARN, BAD };

struct visit {
    struct cmd *c;
    const char *data;
    struct config *config;
    json_t *status; /* of the running node, NULL = none runs */
    unsigned warn, bad;
    char next[256];
};

static void say(struct visit *v, enum grade g, const char *what, const char *detail, const char *next)
{
    static const char *const words[] = {"ok", "warn", "bad"};
    v->warn += g == WARN;
    v->bad += g == BAD;
    if (g != GOOD && v->next[0] == '\0' && next != NULL)
        (void)snprintf(v->next, sizeof(v->next), "%s", next);
    if (cmd_has(v->c, CMD_JSON)) {
        json_t *j = json_pack("{s:s, s:s, s:s}", "check", what, "result", words[g], "detail", detail);
        char *text = json_dumps(j, JSON_COMPACT);
        (void)printf("%s\n", text == NULL ? "{}" : text);
        free(text);
        json_decref(j);
    } else {
        (void)printf("%-5s %-22s %s\n", words[g], what, detail);
    }
}

static void check_directory(struct visit *v)
{
    struct stat st;
    if (stat(v->data, &st) != 0)
        say(v, BAD, "data directory", "does not exist", "start the node once: khiend --data DIR");
    else if ((st.st_mode & 077) != 0)
        say(v, WARN, "data directory", "other users may look into it", "chmod 700 the data directory");
    else
        say(v, GOOD, "data directory", v->data, NULL);
}

static void check_node(struct visit *v)
{
    const json_t *store = json_object_get(json_object_get(v->status, "system"), "store");
    const char *intake = json_string_value(json_object_get(store, "intake"));
    if (v->status == NULL)
        say(v, WARN, "node", "is not running", "start the node: khiend --data DIR");
    else if (intake != NULL && strcmp(intake, "open") != 0)
        say(v, BAD, "intake", "stopped: the disk is full", "free space on the data disk");
    else
        say(v, GOOD, "node", "running, takes logs", NULL);
}

static void check_disk(struct visit *v)
{
    struct sys_space space;
    struct err err = {0};
    char text[128];
    if (sys_space(v->c->sys, v->data, &space, &err) != 0 || space.total_bytes == 0) {
        say(v, BAD, "disk", err.msg, NULL);
        return;
    }
    double free_gb = (double)space.free_bytes / 1e9,
           share = (double)space.free_bytes / (double)space.total_bytes;
    (void)snprintf(text, sizeof(text), "%.1f GB free (%.0f %%)", free_gb, share * 100);
    say(v,
        free_gb < 1   ? BAD
        : share < 0.1 ? WARN
                      : GOOD,
        "disk", text, "free space, or shorten retention_days");
}

static void check_key(struct visit *v)
{
    char path[2300];
    (void)snprintf(path, sizeof(path), "%s/keys/node.key", v->data);
    if (sys_exists(v->c->sys, path))
        say(v, WARN, "node key", "lies in the data directory",
            "hand the node key over as a systemd credential (docs/keys.md)");
    else
        say(v, GOOD, "node key", "is kept apart from the data", NULL);
}

static void check_certificate(struct visit *v)
{
    char path[2300], fingerprint[96], text[160], *pem = NULL;
    size_t n = 0;
    int64_t end = 0;
    struct err err = {0};
    const char *own = config_text(v->config, CONFIG_TLS_CERT);
    (void)snprintf(path, sizeof(path), "%s/keys/tls.crt", v->data);
    if (sys_read_file(v->c->sys, own[0] != '\0' ? own : path, 65536, &pem, &n, &err) != 0 ||
        tls_cert_info((struct str){pem, n}, fingerprint, &end, &err) != 0) {
        say(v, WARN, "certificate", err.msg, "start the node once: it makes a certificate");
    } else {
        int64_t days = (end - sys_now(v->c->sys)) / DAY_NS;
        (void)snprintf(text, sizeof(text), "%lld days left", (long long)days);
        say(v, days < 0 ? BAD : days < 30 ? WARN : GOOD, "certificate", text, "renew the certificate");
    }
    free(pem);
}

static void check_rules(struct visit *v)
{
    const json_t *rules = json_object_get(json_object_get(v->status, "system"), "rules");
    char text[96];
    if (v->status == NULL)
        return;
    long long loaded = json_integer_value(json_object_get(rules, "loaded")),
              refused = json_integer_value(json_object_get(rules, "refused"));
    (void)snprintf(text, sizeof(text), "%lld loaded, %lld refused", loaded, refused);
    say(v,
        loaded == 0   ? BAD
        : refused > 0 ? WARN
                      : GOOD,
        "detection rules", text, "khien rules check catalogue/rules");
}

static void check_sources(struct visit *v)
{
    const json_t *health = json_object_get(v->status, "health"),
                 *sources = json_object_get(health, "sources");
    char text[96];
    if (v->status == NULL)
        return;
    long long total = json_integer_value(json_object_get(sources, "total")),
              silent = json_integer_value(json_object_get(sources, "silent"));
    (void)snprintf(text, sizeof(text), "%lld, %lld of them silent", total, silent);
    say(v, silent > 0 || total == 0 ? WARN : GOOD, "sources", text, "point a device's syslog at this node");
}

static json_t *status_of(const char *data)
{
    struct client *client = NULL;
    struct err err = {0};
    struct buf b;
    struct str answer;
    json_t *j = NULL;
    if (client_open(data, &client, &err) != 0)
        return NULL;
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    if (client_ask(client, "/local/status", S("{}"), &b, &answer, &err) == 0)
        j = json_loadb(answer.p, answer.n, 0, NULL);
    buf_done(&b);
    client_close(client);
    return j;
}

int cmd_doctor(struct cmd *c)
{
    static void (*const checks[])(struct visit * v) = {
        check_directory, check_node, check_disk, check_key, check_certificate, check_rules, check_sources};
    struct err err = {0};
    struct visit v = {.c = c, .data = c->opt[CMD_DATA]};
    if (!cmd_has(c, CMD_DATA) || c->n_args != 0)
        return cmd_usage(c, "--data DIR is needed");
    if (offline_config(c, &v.config, &err) != 0)
        return cmd_fail(c, &err);
    v.status = status_of(v.data);
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        checks[i](&v);
    if (!cmd_has(c, CMD_JSON) && v.next[0] != '\0')
        (void)printf("\nnext: %s\n", v.next);
    json_decref(v.status);
    config_free(v.config);
    return v.bad > 0 || v.warn > 0 ? 1 : 0;
}
