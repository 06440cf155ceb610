#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/node_priv.h"
#include "register/register_held.h"

#define SAMPLE_NS (HOST_EVERY_S * NS_PER_S)
#define AUDIT_NS (250 * NS_PER_MS)
#define AUDIT_ROWS 200u
#define SYNC_NS (60 * NS_PER_S)

int node_watch_open(struct node *n, struct err *err)
{
    static const enum config_id limits[] = {CONFIG_ALARM_CPU, CONFIG_ALARM_RAM, CONFIG_ALARM_DISK};
    const struct threshold_rule *rules = threshold_defaults(&n->n_thresholds);
    assert(n->n_thresholds <= NODE_THRESHOLDS_MAX && n->n_thresholds == COUNT_OF(limits));
    for (size_t i = 0; i < n->n_thresholds; i++) {
        n->thresholds[i] = rules[i];
        n->thresholds[i].raise = (double)config_number(n->config, limits[i]);
        n->thresholds[i].clear = fmax(0, n->thresholds[i].raise - 5);
    }
    if (host_new(n->sys, "", n->data_dir, &n->host, err) != 0)
        return -1;
    return series_new(HOST_EVERY_S, &n->series, err);
}

static int take_sample(struct node *n, struct err *err)
{
    struct host_sample s;
    struct event e;
    struct arena a;
    struct threshold_change change;
    if (host_sample(n->host, &s, err) != 0)
        return -1;
    series_add(n->series, &s);
    for (size_t i = 0; i < n->n_thresholds; i++) {
        if (threshold_step(&n->thresholds[i], &n->threshold_states[i], &s, &change) &&
            node_find_threshold(n, &change, err) != 0)
            return -1;
    }
    n->evaluated_ns = s.at_ns;
    arena_init(&a, 1u << 20);
    int rc = host_event(&s, n->self, &a, &e, err);
    if (rc == 0)
        rc = node_own_event(n, &e, err);
    arena_done(&a);
    return rc;
}

static struct str audit_json(struct arena *a, const struct register_audit *r)
{
    struct buf b;
    struct jout j;
    buf_init(&b, 1u << 20);
    buf_put(&b, S("khien-audit: "));
    jout_init(&j, &b);
    jout_obj(&j);
    JOUT_I64(&j, "id", r->id);
    JOUT_TIME(&j, "time", r->at_ns);
    JOUT_STR(&j, "who", r->who);
    JOUT_STR(&j, "action", r->action);
    JOUT_STR(&j, "object_kind", r->object_kind);
    JOUT_STR(&j, "object", r->object_id);
    JOUT_STR(&j, "outcome", r->outcome);
    JOUT_STR(&j, "peer", r->peer);
    jout_key(&j, S("detail"));
    if (r->detail.n > 0)
        jout_raw(&j, r->detail);
    else
        jout_null(&j);
    jout_obj_end(&j);
    struct str s = b.bad ? (struct str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_done(&b);
    return s;
}

static void add_field(struct event *e, uint16_t id, struct str value)
{
    if (value.n > 0)
        e->fields[e->n_fields++] = (struct event_field){.id = id, .value = value};
}

static int store_audit(struct node *n, struct arena *a, const struct register_audit *r, uint64_t *ret_id,
                       struct err *err)
{
    struct str object = arena_printf(a, "%.*s/%.*s", STR_ARG(r->object_kind), STR_ARG(r->object_id));
    struct event e = {.time_ns = r->at_ns,
                      .recv_ns = sys_now(n->sys),
                      .source = n->self,
                      .facility = 13, /* log audit, RFC 5424 table 1 */
                      .severity = str_eq(r->outcome, S("failure")) ? 4 : 6,
                      .raw = audit_json(a, r)};
    e.message = e.raw;
    e.fields = ARENA_NEW(a, struct event_field, 12);
    if (e.fields == NULL || e.raw.p == NULL || object.p == NULL)
        return err_set(err, ERR_NOMEM, "audit record");
    bool address = str_find_char(r->peer, '.') != SIZE_MAX || str_find_char(r->peer, ':') != SIZE_MAX;
    add_field(&e, FIELD_EVENT_DATASET, S("khien.audit"));
    add_field(&e, FIELD_EVENT_ACTION, r->action);
    add_field(&e, FIELD_EVENT_OUTCOME, r->outcome);
    add_field(&e, FIELD_USER_NAME, r->who);
    add_field(&e, FIELD_PROCESS_NAME, S("khien"));
    add_field(&e, FIELD_SOURCE_IP, address ? r->peer : S(""));
    add_field(&e, FIELD_AUDIT_OBJECT, object);
    add_field(&e, FIELD_AUDIT_DETAIL, r->detail);
    if (node_own_event(n, &e, err) != 0)
        return -1;
    *ret_id = e.id;
    return 0;
}

/* Audit rows go into the store; they count as handed over when the commit after them is done. */
static int hand_over(struct node *n, struct err *err)
{
    struct register_audit_list list;
    struct arena a;
    struct err full = {0};
    if (n->audit_done != 0)
        return 0;
    if (register_held_release(n->reg, &full) != 0 && full.code != ERR_FULL)
        return err_set(err, full.code, "%s", full.msg);
    arena_init(&a, 32u << 20);
    int rc = register_audit_take(n->reg, &a, AUDIT_ROWS, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        rc = store_audit(n, &a, &list.items[i], &n->audit_event, err);
        if (rc == 0)
            n->audit_done = list.items[i].id;
    }
    arena_done(&a);
    return rc;
}

int node_watch_tick(struct node *n, int64_t now_ns, struct err *err)
{
    int rc = 0;
    if (now_ns - n->audit_ns >= AUDIT_NS || now_ns < n->audit_ns) {
        n->audit_ns = now_ns;
        rc = hand_over(n, err);
    }
    if (now_ns - n->sampled_ns >= SAMPLE_NS || now_ns < n->sampled_ns) {
        n->sampled_ns = now_ns - now_ns % SAMPLE_NS;
        if (take_sample(n, err) != 0)
            rc = -1;
    }
    if (now_ns - n->sync_ns >= SYNC_NS || now_ns < n->sync_ns) {
        n->sync_ns = now_ns;
        n->sync = timesync_read(timesync_linux(), NULL, NULL, now_ns);
    }
    return rc;
}

void node_watch_lag(struct node *n, int64_t lag_ns, uint64_t events)
{
    int64_t minute = sys_now(n->sys) / (60 * NS_PER_S);
    size_t slot = 0;
    if (minute != n->lag.minute) {
        if (minute - n->lag.minute > (int64_t)NODE_LAG_MINUTES || minute < n->lag.minute)
            memset(n->lag.slots, 0, sizeof(n->lag.slots));
        n->lag.minute = minute;
        memset(n->lag.slots[(uint64_t)minute % NODE_LAG_MINUTES], 0, sizeof(n->lag.slots[0]));
    }
    while (slot + 1 < NODE_LAG_SLOTS && lag_ns > (NS_PER_MS << slot))
        slot++;
    n->lag.slots[(uint64_t)minute % NODE_LAG_MINUTES][slot] += events;
}

int64_t node_watch_lag_p95_ms(const struct node *n)
{
    uint64_t sum[NODE_LAG_SLOTS] = {0}, all = 0, below = 0;
    for (size_t m = 0; m < NODE_LAG_MINUTES; m++) {
        for (size_t s = 0; s < NODE_LAG_SLOTS; s++)
            sum[s] += n->lag.slots[m][s];
    }
    for (size_t s = 0; s < NODE_LAG_SLOTS; s++)
        all += sum[s];
    for (size_t s = 0; s < NODE_LAG_SLOTS && all > 0; s++) {
        below += sum[s];
        if (below * 100 >= all * 95)
            return INT64_C(1) << s;
    }
    return -1;
}
