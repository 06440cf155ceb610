#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/node_duty.h"
#include "khien/client.h"
#include "khien/offline.h"

#define ANSWER_BYTES_MAX (64u << 20)

static int from_node(struct cmd *c, struct client *client, struct err *err)
{
    struct buf b;
    struct str answer;
    json_t *j = json_pack("{s:b, s:s}", "json", cmd_has(c, CMD_JSON), "lang", cmd_english(c) ? "en" : "vi");
    if (c->n_args == 1)
        (void)json_object_set_new(j, "id", json_string(c->args[0]));
    char *body = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (body == NULL)
        return err_set(err, ERR_USAGE, "the id is not UTF-8");
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = client_ask(client, "/local/duties", str_of(body), &b, &answer, err);
    if (rc == 0)
        (void)cmd_out(answer);
    buf_done(&b);
    free(body);
    return rc;
}

static int from_directory(struct cmd *c, struct err *err)
{
    struct offline o;
    struct buf b;
    if (offline_open(c, true, false, &o, err) != 0)
        return -1;
    buf_init(&b, ANSWER_BYTES_MAX);
    int rc = node_duty_lines(o.node, str_of(c->n_args == 1 ? c->args[0] : NULL), cmd_has(c, CMD_JSON),
                             cmd_english(c), &b, err);
    if (rc == 0)
        (void)cmd_out(buf_str(&b));
    buf_done(&b);
    offline_close(&o);
    return rc;
}

int cmd_duties(struct cmd *c)
{
    struct err err = {0};
    struct client *client = NULL;
    if (!cmd_has(c, CMD_DATA) || c->n_args > 1)
        return cmd_usage(c, "--data DIR and at most one id");
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc == 1)
        rc = from_directory(c, &err);
    else if (rc == 0)
        rc = from_node(c, client, &err);
    client_close(client);
    return rc == 0 ? 0 : cmd_fail(c, &err);
}
