#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "khien/client.h"
#include "khien/offline.h"

#define POLL_US 100000

struct finds {
    struct cmd *c;
    uint64_t n;
};

static void found(void *arg, const char *place, const char *what)
{
    struct finds *f = arg;
    struct buf b;
    struct jout j;
    f->n++;
    buf_init(&b, 16384);
    if (cmd_has(f->c, CMD_JSON)) {
        jout_init(&j, &b);
        jout_obj(&j);
        JOUT_CSTR(&j, "place", place);
        JOUT_CSTR(&j, "what", what);
        jout_obj_end(&j);
        buf_put_char(&b, '\n');
    } else {
        buf_printf(&b, "%s: %s\n", place, what);
    }
    (void)cmd_out(buf_str(&b));
    buf_done(&b);
}

static void say_result(struct cmd *c, const struct store_verified *v)
{
    if (cmd_has(c, CMD_JSON))
        (void)printf("{\"segments\":%llu,\"blocks\":%llu,\"events\":%llu,\"wal_frames\":%llu,\"checkpoints\":"
                     "%llu,\"bad\":%llu}\n",
                     (unsigned long long)v->segments, (unsigned long long)v->blocks,
                     (unsigned long long)v->events, (unsigned long long)v->wal_frames,
                     (unsigned long long)v->checkpoints, (unsigned long long)v->bad);
    else if (v->bad == 0)
        (void)printf("%llu events in %llu blocks of %llu segments and %llu frames of the write-ahead log: "
                     "every seal holds\n",
                     (unsigned long long)v->events, (unsigned long long)v->blocks,
                     (unsigned long long)v->segments, (unsigned long long)v->wal_frames);
    else
        (void)printf("%llu places do not hold\n", (unsigned long long)v->bad);
}

static int verify_directory(struct cmd *c)
{
    struct offline o = {.lock = -1};
    struct err err = {0};
    char dir[2300], keys[2300], credential[2300];
    struct store_verified v = {0};
    struct finds f = {.c = c};
    if (offline_lock(c, false, &o, &err) != 0)
        return cmd_fail(c, &err);
    (void)snprintf(dir, sizeof(dir), "%s/store", o.data_dir);
    (void)snprintf(keys, sizeof(keys), "%s/keys", o.data_dir);
    struct store_verify_opts opts = {.sys = c->sys,
                                     .dir = dir,
                                     .keys_dir = keys,
                                     .node_key_path = node_credential(c->sys, credential, sizeof(credential)),
                                     .found = found,
                                     .arg = &f};
    int rc = store_verify(&opts, &v, &err);
    offline_close(&o);
    if (rc != 0)
        return cmd_fail(c, &err);
    say_result(c, &v);
    return v.bad == 0 ? 0 : 1;
}

static int poll_node(struct client *client, json_t **ret, struct err *err)
{
    struct buf b;
    struct str answer;
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc;
    bool running = true;
    do {
        rc = client_ask(client, "/local/verify_state", S("{}"), &b, &answer, err);
        if (rc != 0)
            break;
        *ret = json_loadb(answer.p, answer.n, 0, NULL);
        const char *state = json_string_value(json_object_get(*ret, "state"));
        running = state != NULL && str_eq(str_of(state), S("running"));
        if (running) {
            json_decref(*ret);
            (void)usleep(POLL_US);
        }
    } while (running);
    buf_done(&b);
    return rc;
}

static int verify_node(struct cmd *c, struct client *client)
{
    struct err err = {0};
    struct buf b;
    struct str answer;
    json_t *state = NULL, *p;
    size_t i;
    struct finds f = {.c = c};
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = client_ask(client, "/local/verify", S("{}"), &b, &answer, &err);
    buf_done(&b);
    if (rc != 0 && err.code == ERR_CONFLICT)
        rc = 0; /* one is running: its result is as good */
    if (rc == 0)
        rc = poll_node(client, &state, &err);
    if (rc != 0)
        return cmd_fail(c, &err);
    json_array_foreach(json_object_get(state, "problems"), i, p)
    {
        found(&f, json_string_value(json_object_get(p, "place")),
              json_string_value(json_object_get(json_object_get(p, "what"), "vi")));
    }
    struct store_verified v = {.events = (uint64_t)json_integer_value(json_object_get(state, "events")),
                               .blocks = (uint64_t)json_integer_value(json_object_get(state, "blocks")),
                               .bad = f.n};
    say_result(c, &v);
    json_decref(state);
    return f.n == 0 ? 0 : 1;
}

int cmd_verify(struct cmd *c)
{
    struct err err = {0};
    struct client *client = NULL;
    if (!cmd_has(c, CMD_DATA) || c->n_args != 0)
        return cmd_usage(c, "--data DIR is needed");
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc < 0)
        return cmd_fail(c, &err);
    int code = rc == 0 ? verify_node(c, client) : verify_directory(c);
    client_close(client);
    return code;
}
