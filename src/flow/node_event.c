#include "flow/node_event.h"

#include <stdio.h>

#include "base/when.h"
#include "flow/node_priv.h"

#define FACILITY_LOG_ALERT 14 /* RFC 5424 table 1 */
#define FIELDS_MAX 10u
/* Close to the reserve intake may open for moments: it counts as started when it stays open. */
#define OPEN_STEADY_NS (10 * NS_PER_S)

static const struct {
    struct str action, outcome;
} kinds[NODE_EVENT_KINDS] = {
#define LIT(text)                                                                                            \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
#define X(id, action, outcome) [id] = {LIT(action), LIT(outcome)},
    NODE_EVENT_TABLE(X)
#undef X
};

static void put_text(char *out, size_t n, struct str s)
{
    (void)snprintf(out, n, "%.*s", (int)(s.n < n ? s.n : n - 1), s.p == NULL ? "" : s.p);
}

void node_event_note(struct node *n, const struct node_event *e)
{
    struct node_held_events *h = &n->own;
    assert(e->kind < NODE_EVENT_KINDS);
    if (h->n == NODE_EVENTS_HELD) {
        h->first = (h->first + 1) % NODE_EVENTS_HELD;
        h->n--;
        h->lost++;
    }
    struct node_held_event *at = &h->ring[(h->first + h->n++) % NODE_EVENTS_HELD];
    *at = (struct node_held_event){
        .kind = e->kind, .at_ns = sys_now(n->sys), .from_ns = e->from_ns, .to_ns = e->to_ns};
    put_text(at->source, sizeof(at->source), e->source);
    put_text(at->reason, sizeof(at->reason), e->reason);
}

static struct str raw_of(const struct node_held_event *h, struct str host, struct arena *a)
{
    struct buf b;
    struct jout j;
    buf_init(&b, 1u << 16);
    buf_put(&b, S("khien-node: "));
    jout_init(&j, &b);
    jout_obj(&j);
    JOUT_TIME(&j, "time", h->at_ns);
    JOUT_STR(&j, "action", kinds[h->kind].action);
    JOUT_STR(&j, "outcome", kinds[h->kind].outcome);
    JOUT_STR(&j, "node", host);
    if (h->source[0] != '\0')
        JOUT_CSTR(&j, "source", h->source);
    if (h->reason[0] != '\0')
        JOUT_CSTR(&j, "reason", h->reason);
    if (h->from_ns != 0) {
        JOUT_TIME(&j, "from", h->from_ns);
        JOUT_TIME(&j, "to", h->to_ns);
    }
    jout_obj_end(&j);
    struct str s = b.bad ? (struct str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_done(&b);
    return s;
}

static void add(struct event *e, uint16_t id, const char *name, struct str value)
{
    if (value.n > 0)
        e->fields[e->n_fields++] =
            (struct event_field){.id = id, .name = name == NULL ? S("") : str_of(name), .value = value};
}

static struct str time_text(struct arena *a, int64_t ns)
{
    struct buf b;
    struct civil c = when_from_ns(ns, WHEN_VN_OFFSET_S);
    buf_init(&b, 64);
    if (ns != 0)
        buf_printf(&b, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+07:00", (int)c.year, c.month, c.day, c.hour,
                   c.minute, c.second, (int)(c.ns / NS_PER_MS));
    struct str s = arena_str(a, buf_str(&b));
    buf_done(&b);
    return s;
}

static int make(struct node *n, const struct node_held_event *h, struct arena *a, struct event *ret,
                struct err *err)
{
    const char *slash = strrchr(n->origin, '/');
    struct str host = str_of(slash == NULL ? n->origin : slash + 1);
    bool failed = str_eq(kinds[h->kind].outcome, S("failure"));
    *ret = (struct event){.time_ns = h->at_ns,
                          .recv_ns = sys_now(n->sys),
                          .facility = FACILITY_LOG_ALERT,
                          .severity = failed ? 4 : 6,
                          .raw = raw_of(h, host, a),
                          .fields = ARENA_NEW(a, struct event_field, FIELDS_MAX)};
    ret->message = ret->raw;
    if (ret->fields == NULL || ret->raw.p == NULL)
        return err_set(err, ERR_NOMEM, "event of the node");
    add(ret, FIELD_EVENT_DATASET, NULL, S("khien.node"));
    add(ret, FIELD_EVENT_ACTION, NULL, kinds[h->kind].action);
    add(ret, FIELD_EVENT_OUTCOME, NULL, kinds[h->kind].outcome);
    add(ret, FIELD_EVENT_REASON, NULL, str_of(h->reason));
    add(ret, FIELD_HOST_NAME, NULL, host);
    add(ret, FIELD_PROCESS_NAME, NULL, S("khien"));
    add(ret, FIELD_OTHER, "khien.source", str_of(h->source));
    add(ret, FIELD_OTHER, "khien.from", time_text(a, h->from_ns));
    add(ret, FIELD_OTHER, "khien.to", time_text(a, h->to_ns));
    return 0;
}

int node_event_flush(struct node *n, struct err *err)
{
    struct node_held_events *h = &n->own;
    struct arena a;
    int rc = 0;
    arena_init(&a, 1u << 20);
    /* What must wait for room is shown to the rules at once: the alarm about a full disk must not wait. */
    for (size_t i = 0; rc == 0 && i < h->n; i++) {
        struct node_held_event *at = &h->ring[(h->first + i) % NODE_EVENTS_HELD];
        struct event e;
        arena_reset(&a);
        if (at->seen || store_intake_open(n->store))
            continue;
        rc = make(n, at, &a, &e, err);
        if (rc == 0)
            node_find_run(n, &e, 1);
        at->seen = rc == 0;
    }
    while (rc == 0 && h->n > 0 && store_intake_open(n->store)) {
        const struct node_held_event *at = &h->ring[h->first];
        struct event e;
        arena_reset(&a);
        rc = make(n, at, &a, &e, err);
        if (rc == 0)
            rc = at->seen ? node_own_event_seen(n, &e, err) : node_own_event(n, &e, err);
        if (rc != 0)
            break;
        h->first = (h->first + 1) % NODE_EVENTS_HELD;
        h->n--;
    }
    arena_done(&a);
    return rc;
}

void node_event_watch_intake(struct node *n, int64_t now_ns)
{
    struct sys_space space;
    struct err err = {0};
    char reason[32] = "";
    if (store_intake_open(n->store)) {
        if (!n->intake_stopped)
            return;
        if (n->intake_open_ns == 0 || now_ns < n->intake_open_ns)
            n->intake_open_ns = now_ns;
        if (now_ns - n->intake_open_ns < OPEN_STEADY_NS)
            return;
        n->intake_stopped = false;
        node_event_note(n, &(struct node_event){.kind = NODE_INTAKE_STARTED});
        return;
    }
    n->intake_open_ns = 0;
    if (n->intake_stopped)
        return;
    n->intake_stopped = true;
    if (sys_space(n->sys, n->data_dir, &space, &err) == 0)
        (void)snprintf(reason, sizeof(reason), "%llu MiB", (unsigned long long)(space.free_bytes >> 20));
    node_event_note(n, &(struct node_event){.kind = NODE_INTAKE_STOPPED, .reason = str_of(reason)});
}
