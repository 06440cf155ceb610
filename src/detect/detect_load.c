/* Rule files → documents → rules with their rows in the report. */
#include <stdlib.h>

#include "base/hash.h"
#include "detect/detect_plan.h"

#define NAMES_MAX 65536u /* in one folder */

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int add_report(struct detect_plan *p, const struct detect_report *row, struct err *err)
{
    if (p->n_reports == p->cap_reports) {
        size_t cap = p->cap_reports == 0 ? 64 : p->cap_reports * 2;
        struct detect_report *grown = realloc(p->reports, cap * sizeof(*grown));
        if (grown == NULL)
            return fail_nomem(err);
        p->reports = grown;
        p->cap_reports = cap;
    }
    p->reports[p->n_reports++] = *row;
    return 0;
}

static int add_rule(struct detect_plan *p, const struct sigma_rule *rule, struct err *err)
{
    if (p->n_rules == DETECT_RULES_MAX)
        return err_set(err, ERR_LIMIT, "more than %u rules", DETECT_RULES_MAX);
    if (p->n_rules == p->cap_rules) {
        size_t cap = p->cap_rules == 0 ? 64 : p->cap_rules * 2;
        struct detect_rule *grown = realloc(p->rules, cap * sizeof(*grown));
        if (grown == NULL)
            return fail_nomem(err);
        p->rules = grown;
        p->cap_rules = cap;
    }
    p->rules[p->n_rules++] = (struct detect_rule){.sigma = *rule, .report = p->n_reports - 1};
    return 0;
}

/* The reason of a refusal is kept in the plan; other failures end the loading. */
static int refuse_row(struct detect_plan *p, struct detect_report *row, const struct err *why,
                      struct err *err)
{
    if (why->code == ERR_NOMEM) {
        if (err != NULL)
            *err = *why;
        return -1;
    }
    row->accepted = false;
    row->reason = arena_str(&p->a, str_of(why->msg));
    row->line = why->line > 0 ? why->line : row->line;
    return row->reason.p == NULL ? fail_nomem(err) : 0;
}

int detect_link_refuse(struct detect_plan *p, struct detect_rule *r, const struct err *why, struct err *err)
{
    r->refused = true;
    return refuse_row(p, &p->reports[r->report], why, err);
}

static int load_document(struct detect_plan *p, const struct yamltree_node *doc, struct str file,
                         struct err *err)
{
    struct sigma_rule rule = {.info = {.file = file}};
    struct err why = {0};
    sigma_peek(doc, &rule.info);
    int rc = sigma_parse(doc, p->map, &p->a, &rule, &why);
    struct detect_report row = {.file = file,
                                .id = rule.info.id,
                                .title = rule.info.title.en,
                                .accepted = true,
                                .reason = S(""),
                                .line = doc->line};
    if (rc != 0 && refuse_row(p, &row, &why, err) != 0)
        return -1;
    if (add_report(p, &row, err) != 0)
        return -1;
    return rc == 0 ? add_rule(p, &rule, err) : 0;
}

static int refuse_file(struct detect_plan *p, struct str file, const struct err *why, struct err *err)
{
    struct detect_report row = {.file = file, .id = S(""), .title = S(""), .reason = S(""), .line = 1};
    return refuse_row(p, &row, why, err) != 0 ? -1 : add_report(p, &row, err);
}

static int load_text(struct detect_plan *p, struct str name, struct str text, struct err *err)
{
    const struct yamltree_node **docs = NULL;
    struct err why = {0};
    size_t n = 0, n_rules = 0;
    struct str file = arena_str(&p->a, name);
    if (file.p == NULL)
        return fail_nomem(err);
    if (yamltree_parse_all(text, file, &p->a, &docs, &n, &why) != 0)
        return refuse_file(p, file, &why, err);
    for (size_t i = 0; i < n; i++) {
        if (yamltree_is_null(docs[i]))
            continue; /* nothing between two --- */
        n_rules++;
        if (load_document(p, docs[i], file, err) != 0)
            return -1;
    }
    if (n_rules > 0)
        return 0;
    (void)err_set(&why, ERR_PARSE, "%.*s:1: there is no rule in this file", STR_ARG(file));
    return refuse_file(p, file, &why, err);
}

static int read_text(const struct sys *sys, const char *path, size_t max, struct arena *a, struct str *ret,
                     struct err *err)
{
    CLEANUP(base_freep) char *bytes = NULL;
    size_t n = 0;
    if (sys_read_file(sys, path, max, &bytes, &n, err) != 0)
        return -1;
    *ret = arena_str(a, (struct str){bytes, n});
    return ret->p == NULL ? fail_nomem(err) : 0;
}

static int load_file(const struct sys *sys, struct detect_plan *p, const char *path, struct err *err)
{
    struct str text = {0};
    struct err why = {0};
    if (read_text(sys, path, DETECT_FILE_BYTES_MAX, &p->a, &text, &why) == 0)
        return load_text(p, str_of(path), text, err);
    if (why.code == ERR_LIMIT)
        return refuse_file(p, str_of(path), &why, err);
    if (err != NULL)
        *err = why;
    return -1;
}

static bool is_rule_file(struct str name)
{
    return str_ends(name, S(".yml")) || str_ends(name, S(".yaml"));
}

struct names {
    struct arena *a;
    size_t n, cap;
    struct str *items;
};

static int on_name(void *arg, struct str name)
{
    struct names *l = arg;
    if (name.n == 0 || name.p[0] == '.' || l->n == NAMES_MAX)
        return 0;
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 32 : l->cap * 2;
        struct str *grown = ARENA_NEW(l->a, struct str, cap);
        if (grown == NULL)
            return -1;
        if (l->n > 0)
            memcpy(grown, l->items, l->n * sizeof(*grown));
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->n] = arena_str(l->a, name);
    return l->items[l->n++].p == NULL ? -1 : 0;
}

/* DETECT_PATHS_DEPTH_MAX bounds the recursion. Names that are neither rule files nor folders are let be. */
static int load_folder(const struct sys *sys, struct detect_plan *p, const char *path, unsigned depth,
                       struct err *err)
{
    struct names names = {.a = &p->a};
    if (depth == DETECT_PATHS_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "folders of rules are nested too deep: '%s'", path);
    if (sys_list(sys, path, on_name, &names, err) != 0)
        return -1;
    for (size_t i = 0; i < names.n; i++) {
        struct err why = {0};
        struct str full = arena_printf(&p->a, "%s/%.*s", path, STR_ARG(names.items[i]));
        if (full.p == NULL)
            return fail_nomem(err);
        if (is_rule_file(names.items[i])) {
            if (load_file(sys, p, full.p, err) != 0)
                return -1;
            continue;
        }
        bool dotted = str_find_char(names.items[i], '.') != SIZE_MAX;
        if (!dotted && load_folder(sys, p, full.p, depth + 1, &why) != 0 && why.code != ERR_IO) {
            if (err != NULL)
                *err = why;
            return -1;
        }
    }
    return 0;
}

static int load_path(const struct sys *sys, struct detect_plan *p, const char *path, struct err *err)
{
    struct err why = {0};
    if (is_rule_file(str_of(path)))
        return load_file(sys, p, path, err);
    size_t before = p->n_reports;
    if (load_folder(sys, p, path, 0, &why) == 0)
        return 0;
    if (p->n_reports == before && why.code == ERR_IO) /* not a folder: a rule file of any name */
        return load_file(sys, p, path, err);
    if (err != NULL)
        *err = why;
    return -1;
}

/* Compile the trees; a rule that the matcher refuses (size, depth) is refused here. */
static int compile_rules(struct detect_plan *p, struct err *err)
{
    for (size_t i = 0; i < p->n_rules; i++) {
        struct detect_rule *r = &p->rules[i];
        struct err why = {0};
        if (r->refused || r->sigma.tree == NULL)
            continue;
        if (pred_set_add(p->set, r->sigma.cond, &r->prog, &why) == 0)
            continue;
        why.line = r->sigma.info.line;
        (void)err_wrap(&why, "%.*s:%zu", STR_ARG(r->sigma.info.file), why.line);
        if (detect_link_refuse(p, r, &why, err) != 0)
            return -1;
    }
    return 0;
}

/* The fields that tell the matches of a simple rule apart; the machine where the rule names none. */
static int set_group(struct detect_rule *r, struct arena *a, struct err *err)
{
    struct rule_list *list = &r->sigma.info.group_by;
    if (list->n == 0) {
        list->items = ARENA_NEW(a, struct str, 1);
        if (list->items == NULL)
            return fail_nomem(err);
        list->items[0] = S("host.name");
        list->n = 1;
    }
    assert(list->n <= SIGMA_GROUP_MAX);
    struct pred_field *fields = ARENA_NEW(a, struct pred_field, list->n);
    if (fields == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        fields[i] = pred_field_find(list->items[i]);
        r->group[i] = (struct corr_field){.n = 1, .names = &fields[i]};
    }
    r->n_group = list->n;
    return 0;
}

static int finish(struct detect_plan *p, struct err *err)
{
    if (compile_rules(p, err) != 0 || detect_link(p, err) != 0)
        return -1;
    p->accepted = ARENA_NEW(&p->a, uint32_t, p->n_rules);
    p->plan_rules = ARENA_NEW(&p->a, struct plan_rule, p->n_rules);
    if (p->accepted == NULL || p->plan_rules == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < p->n_rules; i++) {
        struct detect_rule *r = &p->rules[i];
        if (r->refused)
            continue;
        p->accepted[p->n_accepted++] = (uint32_t)i;
        p->plan_rules[i] = (struct plan_rule){r->sigma.cond, r->sigma.where};
        r->key_seed = hash_bytes(r->sigma.info.id, 0);
        if (r->corr == 0 && set_group(r, &p->a, err) != 0)
            return -1;
    }
    if (plan_build(p->plan_rules, p->n_rules, p->set, &p->a, &p->plan, err) != 0)
        return -1;
    pred_set_seal(p->set);
    return 0;
}

static int new_plan(const struct detect_text *logsources, const struct detect_text *fields,
                    struct detect_plan **ret, struct err *err)
{
    struct detect_plan *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return fail_nomem(err);
    arena_init(&p->a, DETECT_MEMORY_BYTES_MAX);
    if (pred_set_new(&p->a, &p->set, err) != 0 ||
        sigma_map_parse(logsources->text, logsources->name, fields->text, fields->name, &p->a, &p->map,
                        err) != 0) {
        detect_free(p);
        return -1;
    }
    *ret = p;
    return 0;
}

static void detect_freep(struct detect_plan **p)
{
    detect_free(*p);
}

int detect_load_texts(const struct detect_text *files, size_t n, const struct detect_text *logsources,
                      const struct detect_text *fields, struct detect_plan **ret, struct err *err)
{
    CLEANUP(detect_freep) struct detect_plan *p = NULL;
    if (new_plan(logsources, fields, &p, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct str text = arena_str(&p->a, files[i].text);
        if (text.p == NULL)
            return fail_nomem(err);
        if (load_text(p, files[i].name, text, err) != 0)
            return -1;
    }
    if (finish(p, err) != 0)
        return -1;
    *ret = TAKE(p);
    return 0;
}

int detect_load(const struct sys *sys, const char *const *paths, size_t n, const char *maps,
                struct detect_plan **ret, struct err *err)
{
    CLEANUP(detect_freep) struct detect_plan *p = NULL;
    static const char *const map_names[2] = {"logsources.yaml", "fields.yaml"};
    struct detect_text texts[2];
    struct arena a;
    int rc = 0;
    arena_init(&a, 4 * DETECT_FILE_BYTES_MAX);
    for (size_t i = 0; i < 2 && rc == 0; i++) {
        texts[i].name = arena_printf(&a, "%s/%s", maps, map_names[i]);
        rc = texts[i].name.p == NULL
                 ? fail_nomem(err)
                 : read_text(sys, texts[i].name.p, DETECT_FILE_BYTES_MAX, &a, &texts[i].text, err);
    }
    if (rc == 0)
        rc = new_plan(&texts[0], &texts[1], &p, err);
    arena_done(&a); /* the YAML trees hold copies */
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = load_path(sys, p, paths[i], err);
    if (rc != 0 || finish(p, err) != 0)
        return -1;
    *ret = TAKE(p);
    return 0;
}

void detect_free(struct detect_plan *p)
{
    if (p == NULL)
        return;
    pred_set_free(p->set);
    plan_free(p->plan);
    free(p->rules);
    free(p->reports);
    arena_done(&p->a);
    free(p);
}
