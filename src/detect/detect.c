#include "detect/detect.h"

#include <stdlib.h>

#include "base/hash.h"
#include "detect/detect_plan.h"

struct detect_state {
    const struct detect_plan *p;
    struct plan_room *room;
    struct pred_scratch *scratch;
    struct corr_table *corrs;
    uint64_t seed;
    uint64_t events, candidates, matches;
    struct arena plain; /* programs of detect_run_plain, each by itself */
    struct pred_prog **progs;
};

size_t detect_report_count(const struct detect_plan *plan)
{
    return plan->n_reports;
}

const struct detect_report *detect_report_get(const struct detect_plan *plan, size_t i)
{
    assert(i < plan->n_reports);
    return &plan->reports[i];
}

size_t detect_rule_count(const struct detect_plan *plan)
{
    return plan->n_accepted;
}

const struct rule_info *detect_rule_get(const struct detect_plan *plan, size_t i)
{
    assert(i < plan->n_accepted);
    return &plan->rules[plan->accepted[i]].sigma.info;
}

const struct rule_info *detect_rule_find(const struct detect_plan *plan, struct str id)
{
    for (size_t i = 0; i < plan->n_accepted; i++) {
        const struct rule_info *info = detect_rule_get(plan, i);
        if (str_eq(info->id, id))
            return info;
    }
    return NULL;
}

int detect_state_new(const struct detect_plan *plan, const struct detect_options *options,
                     struct detect_state **ret, struct err *err)
{
    struct detect_state *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    size_t max = options->window_bytes_max > 0 ? options->window_bytes_max : DETECT_WINDOW_BYTES_DEFAULT;
    s->p = plan;
    s->seed = options->seed;
    arena_init(&s->plain, DETECT_MEMORY_BYTES_MAX);
    if (plan_room_new(plan->plan, s->seed, &s->room, err) != 0 || pred_scratch_new(&s->scratch, err) != 0 ||
        pred_set_room(plan->set, s->seed, s->scratch, err) != 0 ||
        corr_new(max, options->seed, &s->corrs, err) != 0) {
        detect_state_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

static void drop_plain(struct detect_state *s)
{
    for (size_t i = 0; s->progs != NULL && i < s->p->n_accepted; i++)
        pred_free(s->progs[i]);
    s->progs = NULL;
    arena_reset(&s->plain);
}

void detect_state_free(struct detect_state *s)
{
    if (s == NULL)
        return;
    drop_plain(s);
    arena_done(&s->plain);
    plan_room_free(s->room);
    pred_scratch_free(s->scratch);
    corr_free(s->corrs);
    free(s);
}

int detect_state_move(struct detect_state *s, const struct detect_plan *plan, struct err *err)
{
    struct plan_room *room = NULL;
    if (plan_room_new(plan->plan, s->seed, &room, err) != 0)
        return -1;
    if (pred_set_room(plan->set, s->seed, s->scratch, err) != 0) {
        plan_room_free(room);
        return -1;
    }
    drop_plain(s);
    plan_room_free(s->room);
    s->room = room;
    s->p = plan;
    corr_keep(s->corrs, plan->identities, plan->n_corrs);
    return 0;
}

void detect_state_stats(const struct detect_state *s, struct detect_stats *ret)
{
    struct corr_stats corr;
    struct plan_stats plan;
    corr_stats(s->corrs, &corr);
    plan_stats(s->p->plan, &plan);
    *ret = (struct detect_stats){.events = s->events,
                                 .candidates = s->candidates,
                                 .matches = s->matches,
                                 .regex_gave_up = pred_scratch_gave_up(s->scratch),
                                 .evicted = corr.evicted,
                                 .too_old = corr.too_old,
                                 .without_group = corr.without_group,
                                 .windows = corr.groups,
                                 .window_bytes = corr.bytes,
                                 .literals = plan.literals,
                                 .values = plan.values,
                                 .always = plan.always,
                                 .database_bytes = plan.database_bytes};
}

/* A batch on its way through the rules. */
struct run {
    struct detect_state *s;
    const struct event *event;
    size_t index;
    detect_match_fn *fn;
    void *arg;
};

static void emit_simple(const struct run *run, const struct detect_rule *r)
{
    const struct event *e = run->event;
    struct detect_match m = {.rule = &r->sigma.info,
                             .event = e,
                             .index = run->index,
                             .count = 1,
                             .first_ns = e->time_ns,
                             .last_ns = e->time_ns,
                             .group_key = hash_mix(run->s->seed, r->key_seed),
                             .n_group = r->n_group,
                             .n_ids = e->id != 0,
                             .ids = {e->id}};
    for (size_t i = 0; i < r->n_group; i++) {
        struct str v = corr_value(&r->group[i], e);
        m.group_names[i] = r->sigma.info.group_by.items[i];
        m.group_values[i] = v;
        m.group_key = hash_mix(m.group_key, hash_bytes(v, run->s->seed + i));
    }
    run->s->matches++;
    run->fn(run->arg, &m);
}

static void emit_correlation(const struct run *run, const struct detect_rule *r, const struct corr_result *c)
{
    struct detect_match m = {.rule = &r->sigma.info,
                             .event = run->event,
                             .index = run->index,
                             .again = c->again,
                             .count = c->count,
                             .first_ns = c->first_ns,
                             .last_ns = c->last_ns,
                             .group_key = c->group_key,
                             .n_group = c->n_group,
                             .n_ids = c->n_ids};
    for (size_t i = 0; i < c->n_group; i++) {
        m.group_names[i] = r->sigma.info.group_by.items[i];
        m.group_values[i] = c->group[i];
    }
    memcpy(m.ids, c->ids, c->n_ids * sizeof(m.ids[0]));
    run->s->matches++;
    run->fn(run->arg, &m);
}

/* How many events a record stands for: syslog daemons write "message repeated N times". */
static uint64_t times_of(const struct event *e)
{
    for (uint16_t i = 0; i < e->n_fields; i++) {
        uint64_t n = 1;
        const struct event_field *f = &e->fields[i];
        if (f->id == FIELD_OTHER && str_eq(f->name, S("event.repeat")))
            return str_to_u64(f->value, UINT32_MAX, &n) && n > 0 ? n : 1;
    }
    return 1;
}

/* Hand a hit to the correlations above; as deep as they stand on each other (detect_link bounds that). */
static void feed(const struct run *run, const struct detect_rule *r)
{
    const struct detect_plan *p = run->s->p;
    for (uint32_t at = r->feeds; at != 0;) {
        const struct detect_feed *f = &p->feeds[at - 1];
        const struct corr_def *def = &p->corrs[f->corr];
        const struct corr_hit hit = {.event = run->event,
                                     .time_ns = run->event->time_ns,
                                     .ref = f->ref,
                                     .times = times_of(run->event)};
        struct corr_result result;
        at = f->next;
        if (!corr_step(run->s->corrs, def, &hit, &result))
            continue;
        const struct detect_rule *above = &p->rules[def->rule];
        if (!above->sigma.info.silent)
            emit_correlation(run, above, &result);
        feed(run, above);
    }
}

static void run_event(const struct run *run)
{
    struct detect_state *s = run->s;
    const uint32_t *rules = NULL;
    pred_set_begin(s->p->set, run->event, s->scratch);
    size_t n = plan_candidates(s->p->plan, s->room, run->event, s->scratch, &rules);
    s->events++;
    s->candidates += n;
    for (size_t i = 0; i < n; i++) {
        const struct detect_rule *r = &s->p->rules[rules[i]];
        if (!pred_set_match(r->prog, s->scratch))
            continue;
        if (!r->sigma.info.silent)
            emit_simple(run, r);
        if (r->feeds != 0)
            feed(run, r);
    }
}

void detect_run(struct detect_state *s, const struct event *events, size_t n, detect_match_fn *fn, void *arg)
{
    for (size_t i = 0; i < n; i++) {
        const struct run run = {.s = s, .event = &events[i], .index = i, .fn = fn, .arg = arg};
        run_event(&run);
    }
}

/* Programs that share nothing, unlike those of the plan. */
static int compile_plain(struct detect_state *s, struct err *err)
{
    s->progs = ARENA_NEW(&s->plain, struct pred_prog *, s->p->n_accepted + 1);
    if (s->progs == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    for (size_t i = 0; i < s->p->n_accepted; i++) {
        const struct pred *tree = s->p->rules[s->p->accepted[i]].sigma.tree;
        if (tree != NULL && pred_compile(tree, &s->plain, &s->progs[i], err) != 0)
            return -1;
    }
    return 0;
}

int detect_run_plain(struct detect_state *s, const struct event *e, void (*fn)(void *arg, size_t rule),
                     void *arg, struct err *err)
{
    if (s->progs == NULL && compile_plain(s, err) != 0) {
        drop_plain(s);
        return -1;
    }
    for (size_t i = 0; i < s->p->n_accepted; i++) {
        if (s->progs[i] != NULL && pred_match(s->progs[i], e, s->scratch))
            fn(arg, i);
    }
    return 0;
}
