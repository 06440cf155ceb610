#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "khien/client.h"
#include "khien/cmd.h"

static const char *text(const json_t *j, const char *a, const char *b)
{
    const char *s = json_string_value(json_object_get(json_object_get(j, a), b));
    return s == NULL ? "-" : s;
}

static double number(const json_t *j, const char *a, const char *b)
{
    return json_number_value(json_object_get(json_object_get(j, a), b));
}

static void show_processes(const json_t *list)
{
    const json_t *p;
    size_t i;
    (void)printf("memory   ");
    json_array_foreach(list, i, p)
    {
        const json_t *rss = json_object_get(p, "rss_bytes");
        (void)printf("%s %s ", i == 0 ? "" : ",", json_string_value(json_object_get(p, "name")));
        if (json_is_number(rss))
            (void)printf("%.0f MB", json_number_value(rss) / 1e6);
        else
            (void)printf("unknown");
    }
    (void)printf("\n");
}

static void show(const json_t *j)
{
    const json_t *system = json_object_get(j, "system");
    (void)printf("Khiên %s, started %s\n", json_string_value(json_object_get(system, "version")),
                 json_string_value(json_object_get(system, "started")));
    (void)printf("console   https://%s/\n", text(system, "listen", "https"));
    (void)printf("syslog    %s, TLS %s\n", text(system, "listen", "syslog"),
                 text(system, "listen", "syslog_tls"));
    (void)printf("store     %.0f events, %.1f MB raw in %.1f MB, intake %s\n",
                 number(system, "store", "events"), number(system, "store", "raw_bytes") / 1e6,
                 number(system, "store", "stored_bytes") / 1e6, text(system, "store", "intake"));
    (void)printf("disk      %.1f GB free, ", number(system, "disk", "free") / 1e9);
    if (json_is_number(json_object_get(json_object_get(system, "disk"), "days_left")))
        (void)printf("about %.0f days\n", number(system, "disk", "days_left"));
    else
        (void)printf("for how many days is not known yet\n");
    show_processes(json_object_get(system, "processes"));
    double dropped = json_number_value(json_object_get(system, "kernel_dropped"));
    if (dropped > 0)
        (void)printf("lost      %.0f UDP datagrams that the kernel had no room for\n", dropped);
    double waiting = json_number_value(json_object_get(system, "audit_waiting"));
    if (waiting > 0)
        (void)printf("audit     %.0f records wait in memory: the disk is full\n", waiting);
    (void)printf("complete  %s to %s, %.0f gaps\n", text(j, "complete", "from"), text(j, "complete", "to"),
                 number(j, "complete", "gaps"));
    (void)printf("seal      size %.0f, %s, root %s\n", number(system, "seal", "size"),
                 text(system, "seal", "time"), text(system, "seal", "root"));
    (void)printf("duties    met %.0f, failed %.0f, overdue %.0f, unknown %.0f, not applicable %.0f\n",
                 number(j, "duties", "met"), number(j, "duties", "failed"), number(j, "duties", "overdue"),
                 number(j, "duties", "unknown"), number(j, "duties", "na"));
}

int cmd_status(struct cmd *c)
{
    struct err err = {0};
    struct client *client = NULL;
    struct buf b;
    struct str answer;
    if (!cmd_has(c, CMD_DATA) || c->n_args != 0)
        return cmd_usage(c, "--data DIR is needed");
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc == 1) {
        (void)fprintf(stderr, "khien: status: no node is running in %s\n", c->opt[CMD_DATA]);
        return 1;
    }
    if (rc == 0)
        rc = client_ask(client, "/local/status", S("{}"), &b, &answer, &err);
    if (rc == 0 && cmd_has(c, CMD_JSON)) {
        (void)cmd_out(answer);
        (void)cmd_out(S("\n"));
    } else if (rc == 0) {
        json_t *j = json_loadb(answer.p, answer.n, 0, NULL);
        show(j);
        json_decref(j);
    }
    buf_done(&b);
    client_close(client);
    return rc == 0 ? 0 : cmd_fail(c, &err);
}
