#include <stdio.h>

#include "flow/node_duty.h"
#include "flow/node_info.h"
#include "khiend/core_state.h"
#include "register/register_source.h"

/* The register changed: take over what core keeps beside it. */
static void deps_changed(void *self)
{
    struct core *c = self;
    node_changed(c->node);
}

static int deps_fields(void *self, struct str prefix, struct jout *items, struct err *err)
{
    (void)self;
    (void)err;
    for (uint16_t id = 1; id < FIELD_COUNT; id++) {
        static const char *const types[] = {"keyword", "text", "long", "ip"};
        const struct field_row *r = field_row(id);
        if (str_find(r->name, prefix) == SIZE_MAX)
            continue;
        jout_obj(items);
        JOUT_STR(items, "name", r->name);
        JOUT_CSTR(items, "type", types[r->type]);
        jout_key(items, S("text"));
        jout_vi_en(items, r->vi, r->en);
        jout_obj_end(items);
    }
    return 0;
}

static int deps_duties(void *self, const struct api_duty_filter *f, struct jout *j, struct err *err)
{
    struct core *c = self;
    struct node_duty_filter filter = {
        .status = f->status, .article = f->article, .chapter = f->chapter, .kind = f->kind, .q = f->q};
    return node_duty_list(c->node, &filter, j, err);
}

static int deps_duty(void *self, struct str id, struct jout *j, bool *ret_found, struct err *err)
{
    struct core *c = self;
    return node_duty_detail(c->node, id, j, ret_found, err);
}

static bool deps_duty_known(void *self, struct str id)
{
    struct core *c = self;
    return node_duty_known(c->node, id);
}

static int64_t deps_duty_expires(void *self, struct str id, int64_t dated_ns)
{
    struct core *c = self;
    return node_duty_expires(c->node, id, dated_ns);
}

static void deps_text(void *self, struct str code, struct jout *j)
{
    struct core *c = self;
    node_info_text(c->node, code, j);
}

static int deps_today(void *self, enum api_today part, struct jout *j, struct err *err)
{
    struct core *c = self;
    switch (part) {
    case API_TODAY_COMPLETE:
        node_info_complete(c->node, j);
        return 0;
    case API_TODAY_RED:
        node_info_red(c->node, j);
        return node_duty_red(c->node, j, err);
    case API_TODAY_CLOCKS:
        return 0;
    case API_TODAY_DUTIES:
        return node_duty_todo(c->node, j, err);
    case API_TODAY_HEALTH:
        node_info_health(c->node, j);
        return 0;
    case API_TODAY_SCORE:
        return node_duty_score(c->node, j, err);
    case API_TODAY_CHECKLIST:
        node_info_checklist(c->node, j);
        return 0;
    }
    return 0;
}

static bool deps_source_live(void *self, uint32_t id, struct api_source_live *ret)
{
    struct core *c = self;
    const struct node_source *s = node_source_find(c->node, id);
    int64_t now = sys_now(c->plan->sys);
    if (s == NULL)
        return false;
    *ret = (struct api_source_live){
        .received = s->received > s->stored ? s->received : s->stored,
        .stored = s->stored,
        .dropped = s->dropped,
        .malformed = s->malformed,
        .sequence = s->last_seq,
        .last_seen_ns = s->last_seen_ns,
        .silent = node_source_silent(c->node, s, now),
        .rate_1m = node_info_rate(s, now),
        .dialect = s->dialect[0] == '\0' ? (struct str){NULL, 0} : str_of(s->dialect),
        .from_ns = s->first_ns,
        .to_ns = s->last_seen_ns,
        .gaps = s->gaps,
        .missing = s->missing,
    };
    return true;
}

static int deps_system(void *self, struct jout *j, struct err *err)
{
    struct core *c = self;
    return node_info_system(c->node, j, err);
}

static int deps_metric(void *self, struct str name, int64_t from_ns, int64_t to_ns, int64_t step_s,
                       struct jout *j, struct err *err)
{
    struct core *c = self;
    return node_info_metric(c->node, name, from_ns, to_ns, step_s, j, err);
}

static int deps_metrics_text(void *self, struct buf *b, struct err *err)
{
    struct core *c = self;
    (void)err;
    node_info_prometheus(c->node, b);
    return 0;
}

static bool deps_ready(void *self)
{
    struct core *c = self;
    return store_intake_open(node_store(c->node));
}

void core_deps_init(struct core *c)
{
    c->deps = (struct api_deps){
        .self = c,
        .reply = core_call_reply,
        .offload = core_job_offload,
        .changed = deps_changed,
        .search = core_job_search,
        .histogram = core_job_histogram,
        .event = core_job_event,
        .events = core_job_events,
        .around = core_job_around,
        .fields = deps_fields,
        .tail_start = core_tail_start,
        .tail_stop = core_tail_stop,
        .duties = deps_duties,
        .duty = deps_duty,
        .duty_known = deps_duty_known,
        .duty_expires = deps_duty_expires,
        .text = deps_text,
        .today = deps_today,
        .source_live = deps_source_live,
        .system = deps_system,
        .metric = deps_metric,
        .verify_start = core_job_verify_start,
        .verify_state = core_job_verify_state,
        .metrics_text = deps_metrics_text,
        .ready = deps_ready,
    };
}
