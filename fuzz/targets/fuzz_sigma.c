/*
 * A rule text either is refused with reason and line or runs; the plan finds what plain evaluation finds. The
 * part behind a line "%%%" is the event: its raw text, then lines name=value.
 */
#include <stdlib.h>

#include "detect/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULES_MAX 64u
#define FIELDS_MAX 16u

static const struct detect_text sources = {
    S("l"),
    S("logsources:\n  - {product: a}\n  - {service: b, where: {event.category: web}, fields: [t]}\n")};
static const struct detect_text fields_map = {
    S("f"), S("tables: {t: {names: {u: [url.original, url]}, otherwise: ['d.%', '%']}}\n")};

struct seen {
    const struct detect_plan *plan;
    bool plain[RULES_MAX], planned[RULES_MAX];
};

static void on_plain(void *arg, size_t rule)
{
    struct seen *s = arg;
    if (rule < RULES_MAX)
        s->plain[rule] = true;
}

static void on_match(void *arg, const struct detect_match *m)
{
    struct seen *s = arg;
    if (m->count == 0 || m->first_ns > m->last_ns || m->rule->silent || m->n_ids > DETECT_IDS_MAX)
        abort();
    for (size_t i = 0; i < detect_rule_count(s->plan) && i < RULES_MAX; i++) {
        if (detect_rule_get(s->plan, i) == m->rule)
            s->planned[i] = true;
    }
}

static void check_report(const struct detect_plan *plan)
{
    for (size_t i = 0; i < detect_report_count(plan); i++) {
        const struct detect_report *row = detect_report_get(plan, i);
        if (row->accepted != (row->reason.n == 0) || row->line == 0)
            abort();
    }
}

static struct event read_event(struct str text, struct event_field *fields)
{
    struct event e = {.id = 1, .fields = fields, .facility = EVENT_NO_FACILITY};
    (void)str_cut(text, '\n', &e.raw, &text);
    e.message = e.raw;
    while (text.n > 0 && e.n_fields < FIELDS_MAX) {
        struct str line, name, value;
        (void)str_cut(text, '\n', &line, &text);
        if (str_cut(line, '=', &name, &value))
            fields[e.n_fields++] = (struct event_field){.id = field_find(name), .name = name, .value = value};
    }
    return e;
}

static void run(const struct detect_plan *plan, struct str text)
{
    struct event_field fields[FIELDS_MAX];
    struct event e = read_event(text, fields);
    struct seen seen = {.plan = plan};
    struct detect_options options = {.window_bytes_max = 4096};
    struct detect_state *s = NULL;
    if (detect_state_new(plan, &options, &s, NULL) != 0)
        return;
    if (detect_run_plain(s, &e, on_plain, &seen, NULL) != 0)
        abort();
    for (unsigned i = 0; i < 3; i++)
        detect_run(s, &e, 1, on_match, &seen);
    for (size_t i = 0; i < detect_rule_count(plan) && i < RULES_MAX; i++) {
        const struct rule_info *r = detect_rule_get(plan, i);
        if (!r->correlation && !r->silent && seen.plain[i] != seen.planned[i])
            abort();
    }
    detect_state_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = {(const char *)data, size}, event = S("");
    size_t at = str_find(all, S("\n%%%\n"));
    if (at != SIZE_MAX) {
        event = str_from(all, at + 5);
        all.n = at;
    }
    struct detect_text file = {S("r"), all};
    struct detect_plan *plan = NULL;
    struct err err = {0};
    if (detect_load_texts(&file, 1, &sources, &fields_map, &plan, &err) != 0) {
        if (err.code == ERR_NONE)
            abort();
        return 0;
    }
    check_report(plan);
    if (at != SIZE_MAX)
        run(plan, event);
    detect_free(plan);
    return 0;
}
