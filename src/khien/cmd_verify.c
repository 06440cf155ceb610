#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "duty/reason.h"
#include "khien/client.h"
#include "khien/offline.h"

#define POLL_US 100000

struct finds {
    struct cmd *c;
    struct reason_texts *texts; /* NULL: no catalogue is at hand */
    uint64_t n;
};

/* Where a catalogue is found its sentences are used; without one the bare words say the same. */
static struct reason_texts *load_texts(struct cmd *c)
{
    struct reason_texts *texts = NULL;
    struct config *config = NULL;
    struct err err = {0};
    char dir[2048], path[2100];
    if (offline_config(c, &config, &err) != 0)
        return NULL;
    bool found = node_catalogue_dir(c->sys, config, dir, sizeof(dir), &err) == 0;
    config_free(config);
    (void)snprintf(path, sizeof(path), "%s/texts/reasons.yaml", dir);
    return found && reason_load(c->sys, path, &texts, &err) == 0 ? texts : NULL;
}

static void put_found(struct finds *f, struct str place, struct str what)
{
    struct buf b;
    struct jout j;
    f->n++;
    buf_init(&b, 16384);
    if (cmd_has(f->c, CMD_JSON)) {
        jout_init(&j, &b);
        jout_obj(&j);
        JOUT_STR(&j, "place", place);
        JOUT_STR(&j, "what", what);
        jout_obj_end(&j);
        buf_put_char(&b, '\n');
    } else {
        buf_printf(&b, "%.*s: %.*s\n", STR_ARG(place), STR_ARG(what));
    }
    (void)cmd_out(buf_str(&b));
    buf_done(&b);
}

static void found(void *arg, const char *place, enum store_problem problem, const char *what)
{
    struct finds *f = arg;
    struct buf b;
    char code[32];
    buf_init(&b, 8192);
    (void)snprintf(code, sizeof(code), "verify.%s", store_verify_word(problem));
    struct reason r = reason_of(str_of(code));
    reason_add_text(&r, S("detail"), str_of(what));
    if (f->texts != NULL)
        reason_render(f->texts, &r, cmd_english(f->c) ? REASON_EN : REASON_VI, &b);
    else
        buf_printf(&b, "%s: %s", store_verify_word(problem), what);
    put_found(f, str_of(place), buf_str(&b));
    buf_done(&b);
}

static void say_result(const struct finds *f, const struct store_verified *v)
{
    struct buf b;
    struct reason r = reason_of(v->bad == 0 ? S("verify.good") : S("verify.bad"));
    if (cmd_has(f->c, CMD_JSON) || f->texts == NULL) {
        (void)printf("{\"segments\":%llu,\"blocks\":%llu,\"events\":%llu,\"wal_frames\":%llu,\"checkpoints\":"
                     "%llu,\"bad\":%llu}\n",
                     (unsigned long long)v->segments, (unsigned long long)v->blocks,
                     (unsigned long long)v->events, (unsigned long long)v->wal_frames,
                     (unsigned long long)v->checkpoints, (unsigned long long)v->bad);
        return;
    }
    reason_add_int(&r, S("events"), (int64_t)v->events);
    reason_add_int(&r, S("blocks"), (int64_t)v->blocks);
    reason_add_int(&r, S("bad"), (int64_t)v->bad);
    buf_init(&b, 8192);
    reason_render(f->texts, &r, cmd_english(f->c) ? REASON_EN : REASON_VI, &b);
    buf_put_char(&b, '\n');
    (void)cmd_out(buf_str(&b));
    buf_done(&b);
}

static int verify_directory(struct cmd *c, struct finds *f)
{
    struct offline o = {.lock = -1};
    struct err err = {0};
    char dir[2300], keys[2300], credential[2300];
    struct store_verified v = {0};
    if (offline_lock(c, false, &o, &err) != 0)
        return cmd_fail(c, &err);
    (void)snprintf(dir, sizeof(dir), "%s/store", o.data_dir);
    (void)snprintf(keys, sizeof(keys), "%s/keys", o.data_dir);
    struct store_verify_opts opts = {.sys = c->sys,
                                     .dir = dir,
                                     .keys_dir = keys,
                                     .node_key_path = node_credential(c->sys, credential, sizeof(credential)),
                                     .found = found,
                                     .arg = f};
    int rc = store_verify(&opts, &v, &err);
    offline_close(&o);
    if (rc != 0)
        return cmd_fail(c, &err);
    say_result(f, &v);
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

static int verify_node(struct cmd *c, struct client *client, struct finds *f)
{
    struct err err = {0};
    struct buf b;
    struct str answer;
    json_t *state = NULL, *p;
    size_t i;
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = client_ask(client, "/local/verify", S("{}"), &b, &answer, &err);
    buf_done(&b);
    if (rc != 0 && err.code == ERR_CONFLICT)
        rc = 0; /* one is running: its result is as good */
    if (rc == 0)
        rc = poll_node(client, &state, &err);
    if (rc != 0)
        return cmd_fail(c, &err);
    const char *lang = cmd_english(c) ? "en" : "vi";
    json_array_foreach(json_object_get(state, "problems"), i, p)
    {
        put_found(f, str_of(json_string_value(json_object_get(p, "place"))),
                  str_of(json_string_value(json_object_get(json_object_get(p, "what"), lang))));
    }
    struct store_verified v = {.events = (uint64_t)json_integer_value(json_object_get(state, "events")),
                               .blocks = (uint64_t)json_integer_value(json_object_get(state, "blocks")),
                               .bad = f->n};
    say_result(f, &v);
    json_decref(state);
    return f->n == 0 ? 0 : 1;
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
    struct finds f = {.c = c, .texts = load_texts(c)};
    int code = rc == 0 ? verify_node(c, client, &f) : verify_directory(c, &f);
    reason_texts_free(f.texts);
    client_close(client);
    return code;
}
