#include <stdio.h>
#include <stdlib.h>

#include "flow/event_json.h"
#include "flow/node_search.h"
#include "khiend/core_state.h"

#define TAILS_MAX 64u
#define KEEP_NS (15 * NS_PER_S)
#define EVENTS_PER_SECOND_MAX 200u /* more than anybody reads; the rest is counted and told */

struct tail {
    struct tail *next;
    uint64_t token;
    int64_t session; /* 0: local tool */
    struct search_live *live;
    int64_t second, kept_ns;
    unsigned sent;
    uint64_t dropped;
    bool flat;
};

static struct str source_name(void *arg, uint32_t id)
{
    struct core *c = arg;
    return node_source_name(c->node, id);
}

static int add_tail(struct core *c, uint64_t token, int64_t session, struct str q, struct err *err)
{
    struct arena mem;
    struct query *parsed = NULL;
    size_t n = 0;
    for (const struct tail *t = c->tails; t != NULL; t = t->next)
        n++;
    if (n >= TAILS_MAX)
        return err_set(err, ERR_LIMIT, "too many live views");
    struct tail *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return err_set(err, ERR_NOMEM, "live view");
    arena_init(&mem, 4u << 20);
    int rc = query_parse(q, sys_now(c->plan->sys), &mem, &parsed, err);
    if (rc == 0)
        rc = search_live_new(parsed, source_name, c, &t->live, err);
    arena_done(&mem);
    if (rc != 0) {
        free(t);
        return -1;
    }
    t->token = token;
    t->session = session;
    t->flat = session == 0;
    t->next = c->tails;
    c->tails = t;
    return 0;
}

int core_tail_start(void *self, uint64_t token, int64_t session, struct str q, struct err *err)
{
    return add_tail(self, token, session, q, err);
}

static void free_tail(struct tail *t)
{
    search_live_free(t->live);
    free(t);
}

static void remove_tails(struct core *c, uint64_t token, int64_t session, bool end)
{
    for (struct tail **at = &c->tails; *at != NULL;) {
        struct tail *t = *at;
        if ((token == 0 || t->token != token) && (session == 0 || t->session != session)) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        if (end)
            core_call_end(c, t->token);
        free_tail(t);
    }
}

void core_tail_stop(void *self, int64_t session)
{
    remove_tails(self, 0, session, true);
}

void core_tail_cancel(struct core *c, uint64_t token)
{
    remove_tails(c, token, 0, false);
}

static void put_log(struct core *c, struct tail *t, const struct event *e, struct buf *b)
{
    struct jout j;
    struct arena mem;
    struct str vi, en, name = node_source_name(c->node, e->source);
    if (!t->flat)
        buf_put(b, S("event: log\ndata: "));
    jout_init(&j, b);
    arena_init(&mem, 1u << 20);
    if (t->flat) {
        event_json_put_flat(&j, e, name);
        buf_put(b, S("\n"));
    } else {
        (void)sentence_of(node_sentences(c->node), e, &mem, &vi, &en);
        event_json_put(&j, e, name, vi, en);
        buf_put(b, S("\n\n"));
    }
    arena_done(&mem);
}

void core_tail_event(void *arg, const struct event *e)
{
    struct core *c = arg;
    int64_t second = sys_mono(c->plan->sys) / NS_PER_S;
    for (struct tail *t = c->tails; t != NULL; t = t->next) {
        struct buf b;
        if (t->second != second) {
            t->second = second;
            t->sent = 0;
        }
        if (!search_live_match(t->live, e))
            continue;
        if (t->sent >= EVENTS_PER_SECOND_MAX) {
            t->dropped++;
            continue;
        }
        t->sent++;
        buf_init(&b, 16u << 20);
        put_log(c, t, e, &b);
        if (!b.bad)
            (void)core_call_chunk(c, t->token, buf_str(&b));
        buf_done(&b);
    }
}

void core_tail_keep(struct core *c)
{
    int64_t now = sys_mono(c->plan->sys);
    struct tail *next;
    for (struct tail *t = c->tails; t != NULL; t = next) {
        char text[64];
        next = t->next;
        if (t->dropped > 0 && t->second != now / NS_PER_S && !t->flat) {
            (void)snprintf(text, sizeof(text), "event: dropped\ndata: {\"n\":%llu}\n\n",
                           (unsigned long long)t->dropped);
            t->dropped = 0;
            (void)core_call_chunk(c, t->token, str_of(text));
        }
        if (now - t->kept_ns < KEEP_NS)
            continue;
        t->kept_ns = now;
        if (t->session != 0 && !api_session_alive(c->api, t->session))
            remove_tails(c, t->token, 0, true);
        else if (!t->flat)
            (void)core_call_chunk(c, t->token, S(": keep\n\n"));
    }
}

void core_tail_free(struct core *c)
{
    while (c->tails != NULL) {
        struct tail *t = c->tails;
        c->tails = t->next;
        free_tail(t);
    }
}
