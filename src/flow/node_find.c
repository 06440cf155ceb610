#include <stdio.h>
#include <stdlib.h>

#include "flow/node_priv.h"
#include "register/register_finding.h"

#define FOLD_NS (3600 * NS_PER_S)

static struct register_by by_node(const struct node *n)
{
    return (struct register_by){.now_ns = sys_now(n->sys), .who = S("khien")};
}

static void put_explain_part(struct jout *j, struct str key, const struct rule_text *t, const struct event *e)
{
    struct buf vi, en;
    buf_init(&vi, 65536);
    buf_init(&en, 65536);
    if (t->vi.p != NULL)
        rule_put_text(&vi, t->vi, e);
    if (t->en.p != NULL)
        rule_put_text(&en, t->en, e);
    jout_key(j, key);
    jout_vi_en(j, vi.p == NULL ? S("") : buf_str(&vi), en.p == NULL ? S("") : buf_str(&en));
    buf_done(&vi);
    buf_done(&en);
}

struct finding_text {
    struct buf title_vi, title_en, clauses, group, explain;
};

static void text_init(struct finding_text *t)
{
    struct buf *const all[] = {&t->title_vi, &t->title_en, &t->clauses, &t->group, &t->explain};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        buf_init(all[i], 1u << 20);
}

static void text_done(struct finding_text *t)
{
    struct buf *const all[] = {&t->title_vi, &t->title_en, &t->clauses, &t->group, &t->explain};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        buf_done(all[i]);
}

static void fill_texts(struct finding_text *t, const struct detect_match *m)
{
    const struct rule_info *r = m->rule;
    struct jout j;
    rule_put_text(&t->title_vi, r->title.vi.p != NULL ? r->title.vi : r->title.en, m->event);
    rule_put_text(&t->title_en, r->title.en.p != NULL ? r->title.en : r->id, m->event);
    jout_init(&j, &t->clauses);
    jout_arr(&j);
    for (size_t i = 0; i < r->clauses.n; i++)
        jout_str(&j, r->clauses.items[i]);
    jout_arr_end(&j);
    jout_init(&j, &t->group);
    jout_obj(&j);
    for (size_t i = 0; i < m->n_group; i++) {
        jout_key(&j, m->group_names[i]);
        jout_str(&j, m->group_values[i].p == NULL ? S("") : m->group_values[i]);
    }
    jout_obj_end(&j);
    jout_init(&j, &t->explain);
    jout_obj(&j);
    put_explain_part(&j, S("what"), &r->what, m->event);
    put_explain_part(&j, S("why"), &r->why, m->event);
    put_explain_part(&j, S("now"), &r->now, m->event);
    jout_obj_end(&j);
}

static enum register_severity severity_of(enum rule_severity s)
{
    return (enum register_severity)((int)SEVERITY_LOW + (int)s);
}

/*
 * Matches wait here for a second and are folded by rule and group before they go into the register: a flood
 * of failed sign-ins is one row with a count, not a thousand transactions.
 */
struct node_pending {
    uint64_t key;
    const struct rule_info *rule;
    struct finding_text text;
    int64_t first_ns, last_ns, count;
    size_t n_ids;
    uint64_t ids[DETECT_IDS_MAX];
};

static void take_ids(struct node_pending *p, const struct detect_match *m)
{
    for (size_t i = 0; i < m->n_ids; i++) {
        if (p->n_ids == DETECT_IDS_MAX) { /* the newest are the most telling */
            memmove(p->ids, p->ids + 1, (DETECT_IDS_MAX - 1) * sizeof(p->ids[0]));
            p->n_ids--;
        }
        p->ids[p->n_ids++] = m->ids[i];
    }
}

static int put_pending(struct node *n, const struct node_pending *p, const struct register_by *by,
                       struct err *err)
{
    int64_t limit = rule_deadline_ns(p->rule->severity), id = 0;
    bool fresh = false;
    struct register_finding_new f = {
        .org = 1,
        .rule = p->rule->id,
        .kind = S("rule"),
        .title_vi = buf_str(&p->text.title_vi),
        .title_en = buf_str(&p->text.title_en),
        .severity = severity_of(p->rule->severity),
        .clauses = buf_str(&p->text.clauses),
        .group = buf_str(&p->text.group),
        .first_ns = p->first_ns,
        .last_ns = p->last_ns,
        .count = p->count,
        .window_ns = FOLD_NS,
        .due_ns = limit == 0 ? 0 : by->now_ns + limit,
        .due_kind = S("elapsed"),
        .explain = buf_str(&p->text.explain),
        .events = p->ids,
        .n_events = p->n_ids,
    };
    if (register_finding_put(n->reg, by, &f, &id, &fresh, err) != 0)
        return -1;
    n->duties_stale = n->duties_stale || fresh;
    return 0;
}

static int put_all(struct node *n, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct register_by by = by_node(n);
    if (register_tx_begin(n->reg, &tx, err) != 0)
        return -1;
    for (size_t i = 0; i < n->n_pending_finds; i++) {
        if (put_pending(n, &n->pending_finds[i], &by, err) != 0)
            return -1;
    }
    return register_tx_commit(&tx, err);
}

int node_find_flush(struct node *n, struct err *err)
{
    if (n->n_pending_finds == 0)
        return 0;
    int rc = put_all(n, err);
    if (rc != 0 && n->n_pending_finds < NODE_FINDS_MAX)
        return -1; /* they stay and are tried again */
    if (rc != 0)
        n->matches_lost += n->n_pending_finds;
    for (size_t i = 0; i < n->n_pending_finds; i++)
        text_done(&n->pending_finds[i].text);
    n->n_pending_finds = 0;
    memset(n->find_slots, 0, sizeof(n->find_slots));
    return rc;
}

static size_t slot_of(const struct node *n, const struct detect_match *m)
{
    size_t k = (m->group_key ^ (uintptr_t)m->rule >> 4) % NODE_FIND_SLOTS;
    while (n->find_slots[k] != 0) {
        const struct node_pending *p = &n->pending_finds[n->find_slots[k] - 1];
        if (p->rule == m->rule && p->key == m->group_key)
            break;
        k = (k + 1) % NODE_FIND_SLOTS;
    }
    return k;
}

static void on_match(void *arg, const struct detect_match *m)
{
    struct node *n = arg;
    struct err err = {0};
    n->matches++;
    if (n->n_pending_finds == NODE_FINDS_MAX && node_find_flush(n, &err) != 0)
        return; /* counted as lost by the flush */
    size_t k = slot_of(n, m);
    if (n->find_slots[k] == 0) {
        struct node_pending *p = &n->pending_finds[n->n_pending_finds++];
        *p = (struct node_pending){.key = m->group_key, .rule = m->rule, .first_ns = m->first_ns};
        text_init(&p->text);
        fill_texts(&p->text, m);
        n->find_slots[k] = (uint16_t)n->n_pending_finds;
    }
    struct node_pending *p = &n->pending_finds[n->find_slots[k] - 1];
    p->count += (int64_t)m->count;
    if (m->first_ns < p->first_ns)
        p->first_ns = m->first_ns;
    if (m->last_ns > p->last_ns)
        p->last_ns = m->last_ns;
    take_ids(p, m);
}

int node_find_open(struct node *n, struct err *err)
{
    char rules[NODE_PATH_BYTES + 16], maps[NODE_PATH_BYTES + 16];
    struct detect_options o = {0};
    (void)snprintf(rules, sizeof(rules), "%s/rules", n->catalogue_dir);
    (void)snprintf(maps, sizeof(maps), "%s/sigma", n->catalogue_dir);
    const char *paths[] = {rules};
    n->pending_finds = calloc(NODE_FINDS_MAX, sizeof(*n->pending_finds));
    if (n->pending_finds == NULL)
        return err_set(err, ERR_NOMEM, "findings");
    if (detect_load(n->sys, paths, 1, maps, &n->plan, err) != 0 || node_seed(n, &o.seed, err) != 0)
        return -1;
    return detect_state_new(n->plan, &o, &n->detect, err);
}

void node_find_run(struct node *n, const struct event *e, size_t n_events)
{
    if (n->detect != NULL && n->reg != NULL)
        detect_run(n->detect, e, n_events, on_match, n);
}

/* Texts of findings that no rule makes stand in catalogue/texts/reasons.yaml: code.title, code.what,
 * code.why, code.now. */
static void put_own_part(struct node *n, struct jout *j, const char *part, const char *code,
                         const struct reason *args)
{
    char name[96];
    struct buf vi, en;
    struct reason r = *args;
    (void)snprintf(name, sizeof(name), "%s.%s", code, part);
    r.code = str_of(name);
    buf_init(&vi, 65536);
    buf_init(&en, 65536);
    reason_render(n->texts, &r, REASON_VI, &vi);
    reason_render(n->texts, &r, REASON_EN, &en);
    jout_key(j, str_of(part));
    jout_vi_en(j, buf_str(&vi), buf_str(&en));
    buf_done(&vi);
    buf_done(&en);
}

struct own_finding {
    const char *code, *kind, *clauses;
    enum register_severity severity;
    struct str group;
    int64_t first_ns, last_ns, limit_ns;
};

static int put_own(struct node *n, const struct own_finding *o, const struct reason *args, struct err *err)
{
    struct finding_text t;
    struct jout j;
    struct register_by by = by_node(n);
    struct reason title = *args;
    char code[96];
    int64_t id;
    bool fresh = false;
    text_init(&t);
    (void)snprintf(code, sizeof(code), "%s.title", o->code);
    title.code = str_of(code);
    reason_render(n->texts, &title, REASON_VI, &t.title_vi);
    reason_render(n->texts, &title, REASON_EN, &t.title_en);
    jout_init(&j, &t.explain);
    jout_obj(&j);
    put_own_part(n, &j, "what", o->code, args);
    put_own_part(n, &j, "why", o->code, args);
    put_own_part(n, &j, "now", o->code, args);
    jout_obj_end(&j);
    struct register_finding_new f = {
        .org = 1,
        .rule = str_of(o->code),
        .kind = str_of(o->kind),
        .title_vi = buf_str(&t.title_vi),
        .title_en = buf_str(&t.title_en),
        .severity = o->severity,
        .clauses = str_of(o->clauses),
        .group = o->group,
        .first_ns = o->first_ns,
        .last_ns = o->last_ns,
        .count = 1,
        .window_ns = FOLD_NS,
        .due_ns = o->limit_ns == 0 ? 0 : by.now_ns + o->limit_ns,
        .due_kind = S("elapsed"),
        .explain = buf_str(&t.explain),
    };
    int rc = register_finding_put(n->reg, &by, &f, &id, &fresh, err);
    text_done(&t);
    n->duties_stale = n->duties_stale || fresh;
    return rc;
}

int node_find_threshold(struct node *n, const struct threshold_change *c, struct err *err)
{
    char group[96];
    struct reason args = reason_of(S("finding.overload"));
    reason_add_word(&args, S("metric"),
                    c->metric == HOST_CPU   ? S("word.metric.cpu")
                    : c->metric == HOST_RAM ? S("word.metric.ram")
                                            : S("word.metric.disk"));
    reason_add_real(&args, S("value"), c->value);
    reason_add_real(&args, S("limit"), c->limit);
    (void)snprintf(group, sizeof(group), "{\"metric.name\":\"%.*s\"}", STR_ARG(host_metric_name(c->metric)));
    struct own_finding o = {.code = "finding.overload",
                            .kind = "threshold",
                            .clauses = "[\"D16.1.b.1\"]",
                            .severity = SEVERITY_MEDIUM,
                            .group = str_of(group),
                            .first_ns = c->since_ns,
                            .last_ns = c->at_ns,
                            .limit_ns = rule_deadline_ns(RULE_SEVERITY_MEDIUM)};
    return c->step == THRESHOLD_RAISED ? put_own(n, &o, &args, err) : 0;
}

void node_find_close(struct node *n)
{
    for (size_t i = 0; i < n->n_pending_finds; i++)
        text_done(&n->pending_finds[i].text);
    n->n_pending_finds = 0;
    free(n->pending_finds);
    detect_state_free(n->detect);
    detect_free(n->plan);
}
