#include <stdio.h>

#include "api/api_handlers.h"
#include "register/register_finding.h"

#define TODAY_FINDINGS_MAX 50u

/* First of the clauses, which are a JSON array of duty ids; null where there is none. */
static void write_clause(struct jout *j, struct str clauses)
{
    json_t *list = json_loadb(clauses.p, clauses.n, 0, NULL);
    const json_t *first = json_array_get(list, 0);
    jout_key(j, S("clause"));
    jout_str(j, json_is_string(first) ? str_of(json_string_value(first)) : (struct str){NULL, 0});
    json_decref(list);
}

static void write_head(struct jout *j, const struct register_finding *f)
{
    char id[24];
    int n = snprintf(id, sizeof(id), "%lld", (long long)f->id);
    jout_obj(j);
    JOUT_CSTR(j, "kind", "finding");
    JOUT_STR(j, "id", ((struct str){id, (size_t)n}));
    jout_key(j, S("title"));
    jout_vi_en(j, f->title_vi, f->title_en);
    JOUT_STR(j, "severity", register_finding_severity_name(f->severity));
    write_clause(j, f->clauses);
    JOUT_TIME(j, "due", f->due_ns);
}

static void write_red(struct jout *j, const struct register_finding_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        char href[40];
        int n = snprintf(href, sizeof(href), "/findings/%lld", (long long)list->items[i].id);
        write_head(j, &list->items[i]);
        JOUT_STR(j, "href", ((struct str){href, (size_t)n}));
        jout_obj_end(j);
    }
}

static void write_clocks(struct jout *j, const struct register_finding_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].due_ns == 0)
            continue;
        write_head(j, &list->items[i]);
        JOUT_TIME(j, "started", list->items[i].first_ns);
        JOUT_STR(j, "due_kind", list->items[i].due_kind);
        jout_obj_end(j);
    }
}

static void write_check(struct api_ctx *c, const char *id, bool done, const char *clause, const char *href)
{
    const struct api_deps *deps = c->api->deps;
    static const char *const parts[] = {"title", "why"};
    jout_obj(&c->j);
    JOUT_CSTR(&c->j, "id", id);
    JOUT_BOOL(&c->j, "done", done);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        char code[64];
        (void)snprintf(code, sizeof(code), "checklist.%s.%s", id, parts[i]);
        jout_key(&c->j, str_of(parts[i]));
        deps->text(deps->self, str_of(code), &c->j);
    }
    JOUT_CSTR(&c->j, "clause", clause);
    JOUT_CSTR(&c->j, "href", href);
    jout_obj_end(&c->j);
}

/* What the register knows of the first days' list. */
static int write_checklist(struct api_ctx *c, struct err *err)
{
    int64_t people = 0;
    if (register_person_count(c->api->reg, c->person.org, &people, err) != 0)
        return -1;
    write_check(c, "second_person", people >= 2, "D15.3.1", "/system/people");
    write_check(c, "totp", c->person.totp_on, "D15.6.c.1", "/me");
    return 0;
}

enum part_shape { PART_VALUE, PART_LIST };

/* Keys of the answer in their order; findings come first in red and clocks. */
static const struct {
    const char *key;
    enum api_today part;
    enum part_shape shape;
} parts[] = {
    {"complete", API_TODAY_COMPLETE, PART_VALUE},  {"red", API_TODAY_RED, PART_LIST},
    {"clocks", API_TODAY_CLOCKS, PART_LIST},       {"duties", API_TODAY_DUTIES, PART_LIST},
    {"health", API_TODAY_HEALTH, PART_VALUE},      {"score", API_TODAY_SCORE, PART_LIST},
    {"checklist", API_TODAY_CHECKLIST, PART_LIST},
};

static int write_own(struct api_ctx *c, enum api_today part, const struct register_finding_list *list,
                     struct err *err)
{
    if (part == API_TODAY_RED)
        write_red(&c->j, list);
    if (part == API_TODAY_CLOCKS)
        write_clocks(&c->j, list);
    return part == API_TODAY_CHECKLIST ? write_checklist(c, err) : 0;
}

int api_today_get(struct api_ctx *c, struct err *err)
{
    struct register_finding_list list;
    struct register_org org;
    bool found;
    if (register_org_find(c->api->reg, &c->mem, c->person.org, &org, &found, err) != 0 ||
        register_finding_urgent(c->api->reg, &c->mem, org.id, TODAY_FINDINGS_MAX, &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    JOUT_TIME(&c->j, "now", c->now_ns);
    jout_key(&c->j, S("org"));
    jout_obj(&c->j);
    JOUT_I64(&c->j, "id", org.id);
    JOUT_STR(&c->j, "name", org.name);
    jout_obj_end(&c->j);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        jout_key(&c->j, str_of(parts[i].key));
        if (parts[i].shape == PART_LIST)
            jout_arr(&c->j);
        if (write_own(c, parts[i].part, &list, err) != 0 ||
            c->api->deps->today(c->api->deps->self, parts[i].part, &c->j, err) != 0)
            return -1;
        if (parts[i].shape == PART_LIST)
            jout_arr_end(&c->j);
    }
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}
