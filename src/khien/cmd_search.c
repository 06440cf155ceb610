#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "flow/node_search.h"
#include "khien/client.h"
#include "khien/offline.h"

#define ANSWER_BYTES_MAX (512u << 20)
#define LIMIT_DEFAULT 100
#define LIMIT_MAX 10000000

struct question {
    struct str q;
    int64_t from_ns, to_ns;
    uint64_t limit;
    bool count, oldest;
    bool table; /* the query has a table stage */
};

static int read_time(struct cmd *c, enum cmd_opt o, int64_t *ret, struct err *err)
{
    if (!cmd_has(c, o))
        return 0;
    return when_parse_human(str_of(c->opt[o]), sys_now(c->sys), WHEN_VN_OFFSET_S, ret, err);
}

static int read_question(struct cmd *c, struct question *q, struct err *err)
{
    struct arena mem;
    struct query *parsed = NULL;
    *q = (struct question){.q = str_of(c->args[0]),
                           .to_ns = INT64_MAX,
                           .limit = LIMIT_DEFAULT,
                           .count = cmd_has(c, CMD_COUNT),
                           .oldest = cmd_has(c, CMD_OLDEST)};
    if (read_time(c, CMD_FROM, &q->from_ns, err) != 0 || read_time(c, CMD_TO, &q->to_ns, err) != 0)
        return -1;
    if (cmd_has(c, CMD_LIMIT) &&
        (!str_to_u64(str_of(c->opt[CMD_LIMIT]), LIMIT_MAX, &q->limit) || q->limit == 0))
        return err_set(err, ERR_USAGE, "--limit must be 1 to %d", LIMIT_MAX);
    arena_init(&mem, 4u << 20);
    int rc = query_parse(q->q, sys_now(c->sys), &mem, &parsed, err);
    if (rc == 0)
        q->table = search_is_table(parsed);
    else if (err->code == ERR_PARSE)
        (void)err_wrap(err, "byte %zu of the query", err->at);
    arena_done(&mem);
    return rc;
}

static void put_cell(struct buf *b, const json_t *v)
{
    if (json_is_string(v))
        buf_printf(b, "%s", json_string_value(v));
    else if (json_is_integer(v))
        buf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        buf_printf(b, "%g", json_real_value(v));
    else
        buf_put(b, S("-"));
}

/* One line for people: time, host, program, message; of a table: key=value. */
static void put_plain(struct buf *b, const json_t *e, bool table)
{
    const char *key;
    json_t *v;
    if (table) {
        bool first = true;
        json_object_foreach((json_t *)(uintptr_t)e, key, v)
        {
            buf_printf(b, "%s%s=", first ? "" : "  ", key);
            put_cell(b, v);
            first = false;
        }
        buf_put_char(b, '\n');
        return;
    }
    static const char *const keys[] = {"@timestamp", "host.name", "process.name", "message"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const json_t *f = json_object_get(e, keys[i]);
        if (f == NULL)
            continue;
        put_cell(b, f);
        buf_put_char(b, i + 1 == COUNT_OF(keys) ? '\n' : ' ');
    }
}

static bool show_line(struct cmd *c, struct str line, bool table)
{
    if (cmd_has(c, CMD_JSON))
        return cmd_out(line) && cmd_out(S("\n"));
    json_t *e = json_loadb(line.p, line.n, 0, NULL);
    struct buf b;
    buf_init(&b, 8u << 20);
    put_plain(&b, e, table);
    bool ok = cmd_out(buf_str(&b));
    buf_done(&b);
    json_decref(e);
    return ok;
}

static void show(struct cmd *c, struct str lines, bool table)
{
    struct str line;
    while (lines.n > 0) {
        (void)str_cut(lines, '\n', &line, &lines);
        if (line.n > 0 && !show_line(c, line, table))
            return;
    }
}

static void show_count(struct cmd *c, struct str answer)
{
    json_t *j = json_loadb(answer.p, answer.n, 0, NULL);
    const json_t *cut = json_object_get(j, "cut");
    (void)printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(json_object_get(j, "count")));
    if (json_is_object(cut))
        (void)fprintf(stderr, "khien: %s: cut by its %s budget: the number is too small\n", c->name,
                      json_string_value(json_object_get(cut, "reason")));
    json_decref(j);
}

static char *question_json(const struct question *q)
{
    json_t *j = json_pack("{s:s%, s:I, s:I, s:I, s:b, s:b}", "q", q->q.p, q->q.n, "from_ns",
                          (json_int_t)q->from_ns, "to_ns", (json_int_t)q->to_ns, "limit",
                          (json_int_t)q->limit, "count", q->count, "oldest", q->oldest);
    char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return text;
}

static int ask_node(struct cmd *c, struct client *client, const struct question *q, struct err *err)
{
    struct buf b;
    struct str answer = {NULL, 0};
    char *body = question_json(q);
    if (body == NULL)
        return err_set(err, ERR_PARSE, "the query is not UTF-8");
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = client_ask(client, "/local/search", str_of(body), &b, &answer, err);
    if (rc == 0 && q->count)
        show_count(c, answer);
    else if (rc == 0)
        show(c, answer, q->table);
    buf_done(&b);
    free(body);
    return rc;
}

static int ask_directory(struct cmd *c, const struct question *q, struct err *err)
{
    struct offline o;
    struct buf out;
    if (offline_open(c, true, false, &o, err) != 0)
        return -1;
    struct node_names *names = NULL;
    struct node_search s = {
        .kind = q->count ? NODE_SEARCH_COUNT : NODE_SEARCH,
        .store = node_store(o.node),
        .sys = c->sys,
        .sentences = node_sentences(o.node),
        .budget_ns = 3600 * NS_PER_S, /* nobody else waits for this process */
        .budget_bytes = (size_t)config_number(o.config, CONFIG_QUERY_MIB) << 20,
        .q = q->q,
        .now_ns = sys_now(c->sys),
        .from_ns = q->from_ns,
        .to_ns = q->to_ns,
        .limit = q->limit,
        .oldest_first = q->oldest,
        .flat = !q->count,
    };
    buf_init(&out, ANSWER_BYTES_MAX);
    int rc = node_search_names(o.node, &names, err);
    s.names = names;
    if (rc == 0)
        rc = node_search_run(&s, &out, err);
    if (rc == 0 && q->count)
        show_count(c, buf_str(&out));
    else if (rc == 0)
        show(c, buf_str(&out), q->table);
    buf_done(&out);
    node_search_names_free(names);
    offline_close(&o);
    return rc;
}

int cmd_search(struct cmd *c)
{
    struct err err = {0};
    struct question q;
    struct client *client = NULL;
    if (!cmd_has(c, CMD_DATA) || c->n_args != 1)
        return cmd_usage(c, "--data DIR and one query are needed ('' finds everything)");
    if (read_question(c, &q, &err) != 0)
        return cmd_fail(c, &err);
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc == 1)
        rc = ask_directory(c, &q, &err);
    else if (rc == 0)
        rc = ask_node(c, client, &q, &err);
    client_close(client);
    return rc == 0 ? 0 : cmd_fail(c, &err);
}

static bool tail_piece(void *arg, struct str piece)
{
    show(arg, piece, false);
    return fflush(stdout) == 0;
}

int cmd_tail(struct cmd *c)
{
    struct err err = {0};
    struct client *client = NULL;
    if (!cmd_has(c, CMD_DATA) || c->n_args > 1)
        return cmd_usage(c, "--data DIR of a running node and at most one query");
    int rc = client_open(c->opt[CMD_DATA], &client, &err);
    if (rc == 1)
        rc = err_set(&err, ERR_CONFLICT, "no node is running in %s", c->opt[CMD_DATA]);
    json_t *j = json_pack("{s:s}", "q", c->n_args == 1 ? c->args[0] : "");
    char *body = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (rc == 0 && body == NULL)
        rc = err_set(&err, ERR_PARSE, "the query is not UTF-8");
    if (rc == 0)
        rc = client_stream(client, "/local/tail", str_of(body), tail_piece, c, &err);
    free(body);
    client_close(client);
    return rc == 0 ? 0 : cmd_fail(c, &err);
}
