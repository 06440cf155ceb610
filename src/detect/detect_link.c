/* Correlations: names of rules → rules, names of fields → fields, and which hits go where. */
#include <stdlib.h>

#include "base/hash.h"
#include "detect/detect_plan.h"

#define LEVELS_MAX 8u       /* correlations of correlations */
#define ALTERNATIVES_MAX 8u /* names of one group field */

struct link {
    struct detect_plan *p;
    uint32_t (*refs)[SIGMA_REFS_MAX]; /* by rule; correlations only */
    uint8_t *levels;                  /* by rule: 1 simple, 2 … correlations, 0 not resolved yet */
    struct err *err;
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int refuse(struct link *l, size_t rule, const struct err *why)
{
    return detect_link_refuse(l->p, &l->p->rules[rule], why, l->err);
}

struct named {
    struct str name;
    uint32_t rule;
};

static int named_order(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    int c = str_cmp(a->name, b->name);
    return c != 0 ? c : (a->rule > b->rule) - (a->rule < b->rule);
}

/* Of rules with the same id or name the first one counts. */
static int check_unique(struct link *l, bool by_name)
{
    struct detect_plan *p = l->p;
    CLEANUP(base_freep) struct named *list = calloc(p->n_rules + 1, sizeof(*list));
    size_t n = 0, first = 0;
    if (list == NULL)
        return fail_nomem(l->err);
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct rule_info *info = &p->rules[i].sigma.info;
        struct str name = by_name ? info->name : info->id;
        if (!p->rules[i].refused && name.n > 0)
            list[n++] = (struct named){.name = name, .rule = (uint32_t)i};
    }
    qsort(list, n, sizeof(*list), named_order);
    for (size_t i = 1; i < n; i++) {
        struct err why = {0};
        if (!str_eq(list[i].name, list[first].name)) {
            first = i;
            continue;
        }
        const struct rule_info *here = &p->rules[list[i].rule].sigma.info;
        const struct rule_info *there = &p->rules[list[first].rule].sigma.info;
        why.line = here->line;
        (void)err_set(&why, ERR_CONFLICT, "%.*s:%zu: another rule has the %s '%.*s': %.*s:%zu",
                      STR_ARG(here->file), here->line, by_name ? "name" : "id", STR_ARG(list[i].name),
                      STR_ARG(there->file), there->line);
        if (refuse(l, list[i].rule, &why) != 0)
            return -1;
    }
    return 0;
}

/* A rule by id or name; a refused one only where there is no other. */
static uint32_t find_rule(const struct detect_plan *p, struct str name)
{
    uint32_t refused = UINT32_MAX;
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct detect_rule *r = &p->rules[i];
        if (!str_eq(r->sigma.info.id, name) && !str_eq(r->sigma.info.name, name))
            continue;
        if (!r->refused)
            return (uint32_t)i;
        refused = (uint32_t)i;
    }
    return refused;
}

/* The place of reference i in the text. */
static const struct yamltree_node *ref_node(const struct sigma_corr *c, size_t i)
{
    const struct yamltree_node *rules = yamltree_get(c->node, S("rules"));
    return rules->kind == YAMLTREE_LIST ? rules->items[i] : rules;
}

static int find_refs(struct link *l, size_t rule)
{
    const struct sigma_corr *c = l->p->rules[rule].sigma.corr;
    for (size_t i = 0; i < c->refs.n; i++) {
        struct err why = {0};
        uint32_t found = find_rule(l->p, c->refs.items[i]);
        l->refs[rule][i] = found;
        if (found != UINT32_MAX)
            continue;
        (void)yamltree_fail(ref_node(c, i), &why, "there is no rule '%.*s'", STR_ARG(c->refs.items[i]));
        return refuse(l, rule, &why);
    }
    return 0;
}

/* Level of a correlation: one above its rules. Sets *ret_changed where it could be told or was refused. */
static int resolve(struct link *l, size_t rule, bool *ret_changed)
{
    const struct detect_rule *r = &l->p->rules[rule];
    const struct sigma_corr *c = r->sigma.corr;
    unsigned level = 0;
    for (size_t i = 0; i < c->refs.n; i++) {
        struct err why = {0};
        uint32_t ref = l->refs[rule][i];
        if (l->p->rules[ref].refused) {
            (void)yamltree_fail(ref_node(c, i), &why, "rule '%.*s' was refused", STR_ARG(c->refs.items[i]));
            *ret_changed = true;
            return refuse(l, rule, &why);
        }
        if (l->levels[ref] == 0)
            return 0;
        level = l->levels[ref] > level ? l->levels[ref] : level;
    }
    *ret_changed = true;
    if (level + 1 <= LEVELS_MAX) {
        l->levels[rule] = (uint8_t)(level + 1);
        return 0;
    }
    struct err why = {0};
    (void)yamltree_fail(c->node, &why, "more than %u correlations on top of each other", LEVELS_MAX);
    return refuse(l, rule, &why);
}

static int resolve_all(struct link *l)
{
    struct detect_plan *p = l->p;
    for (size_t i = 0; i < p->n_rules; i++) {
        if (p->rules[i].sigma.corr == NULL)
            l->levels[i] = 1;
        else if (!p->rules[i].refused && find_refs(l, i) != 0)
            return -1;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < p->n_rules; i++) {
            if (!p->rules[i].refused && l->levels[i] == 0 && resolve(l, i, &changed) != 0)
                return -1;
        }
    }
    for (size_t i = 0; i < p->n_rules; i++) {
        struct err why = {0};
        if (p->rules[i].refused || l->levels[i] != 0)
            continue;
        (void)yamltree_fail(p->rules[i].sigma.corr->node, &why,
                            "the correlation refers to itself in a circle");
        if (refuse(l, i, &why) != 0)
            return -1;
    }
    return 0;
}

static int add_name(struct link *l, struct str name, struct corr_field *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->names[i].name, name))
            return 0;
    }
    if (f->names == NULL)
        f->names = ARENA_NEW(&l->p->a, struct pred_field, ALTERNATIVES_MAX);
    if (f->names == NULL)
        return fail_nomem(l->err);
    if (f->n < ALTERNATIVES_MAX)
        f->names[f->n++] = pred_field_find(name);
    return 0;
}

/* Names of a Sigma field in the events of a rule; of a correlation in those of all its rules (LEVELS_MAX). */
static int add_names(struct link *l, uint32_t rule, struct str sigma_name, struct corr_field *f)
{
    const struct detect_rule *r = &l->p->rules[rule];
    struct sigma_names names = {0};
    if (r->sigma.corr != NULL) {
        for (size_t i = 0; i < r->sigma.corr->refs.n; i++) {
            if (add_names(l, l->refs[rule][i], sigma_name, f) != 0)
                return -1;
        }
        return 0;
    }
    if (sigma_map_field(&r->sigma.tables, sigma_name, &l->p->a, &names, l->err) != 0)
        return -1;
    for (size_t i = 0; i < names.n; i++) {
        if (add_name(l, names.items[i], f) != 0)
            return -1;
    }
    return 0;
}

/* The field `name` (or alias) of reference i. Sets why where it cannot be read. */
static int find_field(struct link *l, size_t rule, size_t i, struct str name, struct corr_field *ret,
                      struct err *why)
{
    const struct sigma_corr *c = l->p->rules[rule].sigma.corr;
    uint32_t ref = l->refs[rule][i];
    bool is_alias = false;
    for (size_t k = 0; k < c->n_aliases; k++) {
        if (!str_eq(c->aliases[k].alias, name))
            continue;
        is_alias = true;
        if (str_eq(c->aliases[k].rule, c->refs.items[i]) && add_names(l, ref, c->aliases[k].field, ret) != 0)
            return -1;
    }
    if (is_alias && ret->n == 0)
        (void)yamltree_fail(c->node, why, "alias '%.*s' has no field for rule '%.*s'", STR_ARG(name),
                            STR_ARG(c->refs.items[i]));
    if (!is_alias && add_names(l, ref, name, ret) != 0)
        return -1;
    for (size_t k = 0; k < ret->n; k++) {
        if (!corr_can_read(&ret->names[k]))
            (void)yamltree_fail(c->node, why, "field '%.*s' cannot be used here", STR_ARG(name));
    }
    return 0;
}

/* Aliases that name rules which are not referred to would be silent mistakes. */
static void check_aliases(const struct sigma_corr *c, struct err *why)
{
    for (size_t k = 0; k < c->n_aliases && why->code == ERR_NONE; k++) {
        bool known = false;
        for (size_t i = 0; i < c->refs.n && !known; i++)
            known = str_eq(c->refs.items[i], c->aliases[k].rule);
        if (!known)
            (void)yamltree_fail(c->node, why, "alias '%.*s' names rule '%.*s', which is not among the rules",
                                STR_ARG(c->aliases[k].alias), STR_ARG(c->aliases[k].rule));
    }
}

static uint64_t identity_of(const struct link *l, size_t rule, const struct corr_def *d)
{
    const struct sigma_corr *c = l->p->rules[rule].sigma.corr;
    uint64_t h = hash_bytes(l->p->rules[rule].sigma.info.id, (uint64_t)d->type);
    h = hash_mix(hash_mix(h, (uint64_t)d->span_ns), hash_mix(d->low, d->high));
    for (size_t i = 0; i < c->refs.n; i++)
        h = hash_bytes(l->p->rules[l->refs[rule][i]].sigma.info.id, h);
    for (size_t i = 0; i < c->group_by.n; i++)
        h = hash_bytes(c->group_by.items[i], h);
    const double numbers[] = {c->limits.low, c->limits.high, c->limits.not, c->limits.percentile};
    uint8_t flags = (uint8_t)(c->limits.has_low | c->limits.low_incl << 1 | c->limits.has_high << 2 |
                              c->limits.high_incl << 3 | c->limits.has_not << 4);
    h = hash_bytes((struct str){(const char *)numbers, sizeof(numbers)}, h);
    return hash_bytes(c->value_field, hash_mix(h, flags));
}

/* A resolved correlation; refused where a field cannot be read. */
static int define(struct link *l, size_t rule)
{
    struct detect_rule *r = &l->p->rules[rule];
    const struct sigma_corr *c = r->sigma.corr;
    struct corr_def *d = &l->p->corrs[l->p->n_corrs];
    struct err why = {0};
    *d = (struct corr_def){.type = c->type,
                           .rule = (uint32_t)rule,
                           .n_refs = c->refs.n,
                           .n_group = c->group_by.n,
                           .span_ns = c->span_ns,
                           .limits = c->limits,
                           .low = c->low,
                           .high = c->high};
    d->group = arena_alloc(&l->p->a, c->refs.n, sizeof(*d->group), _Alignof(struct corr_field));
    d->value = ARENA_NEW(&l->p->a, struct corr_field, c->refs.n);
    if (d->group == NULL || d->value == NULL)
        return fail_nomem(l->err);
    check_aliases(c, &why);
    for (size_t i = 0; i < c->refs.n; i++) {
        for (size_t g = 0; g < c->group_by.n; g++) {
            if (find_field(l, rule, i, c->group_by.items[g], &d->group[i][g], &why) != 0)
                return -1;
        }
        if (c->value_field.n > 0 && find_field(l, rule, i, c->value_field, &d->value[i], &why) != 0)
            return -1;
    }
    if (why.code != ERR_NONE)
        return refuse(l, rule, &why);
    d->identity = identity_of(l, rule, d);
    l->p->identities[l->p->n_corrs++] = d->identity;
    r->corr = (uint32_t)l->p->n_corrs;
    return 0;
}

/* Names of the group for matches: an alias as it is, else the first name in events. */
static int name_group(struct link *l, struct detect_rule *r)
{
    const struct corr_def *d = &l->p->corrs[r->corr - 1];
    const struct sigma_corr *c = r->sigma.corr;
    struct rule_list *list = &r->sigma.info.group_by;
    list->items = ARENA_NEW(&l->p->a, struct str, c->group_by.n);
    if (list->items == NULL)
        return fail_nomem(l->err);
    list->n = c->group_by.n;
    for (size_t g = 0; g < list->n; g++) {
        bool alias = false;
        for (size_t k = 0; k < c->n_aliases; k++)
            alias = alias || str_eq(c->aliases[k].alias, c->group_by.items[g]);
        list->items[g] = alias || d->group[0][g].n == 0 ? c->group_by.items[g] : d->group[0][g].names[0].name;
    }
    return 0;
}

/* Who feeds whom; a rule that is only referred to does not match on its own. */
static int feed(struct link *l)
{
    struct detect_plan *p = l->p;
    p->feeds = ARENA_NEW(&p->a, struct detect_feed, p->n_corrs * SIGMA_REFS_MAX);
    CLEANUP(base_freep) bool *generate = calloc(p->n_rules + 1, sizeof(*generate));
    if (p->feeds == NULL || generate == NULL)
        return fail_nomem(l->err);
    for (size_t k = 0; k < p->n_corrs; k++) {
        const struct sigma_corr *c = p->rules[p->corrs[k].rule].sigma.corr;
        for (size_t i = 0; i < c->refs.n; i++) {
            uint32_t ref = l->refs[p->corrs[k].rule][i];
            struct detect_rule *r = &p->rules[ref];
            p->feeds[p->n_feeds] =
                (struct detect_feed){.corr = (uint32_t)k, .ref = (uint32_t)i, .next = r->feeds};
            r->feeds = (uint32_t)++p->n_feeds;
            generate[ref] = generate[ref] || c->generate;
            r->sigma.info.silent = !generate[ref];
        }
        if (name_group(l, &p->rules[p->corrs[k].rule]) != 0)
            return -1;
    }
    return 0;
}

static int define_all(struct link *l)
{
    struct detect_plan *p = l->p;
    size_t n = 0;
    for (size_t i = 0; i < p->n_rules; i++)
        n += p->rules[i].sigma.corr != NULL;
    p->corrs = ARENA_NEW(&p->a, struct corr_def, n);
    p->identities = ARENA_NEW(&p->a, uint64_t, n);
    if (p->corrs == NULL || p->identities == NULL)
        return fail_nomem(l->err);
    /* By level, so that a correlation refused here is seen by those above it. */
    for (unsigned level = 2; level <= LEVELS_MAX; level++) {
        for (size_t i = 0; i < p->n_rules; i++) {
            bool changed = false;
            if (p->rules[i].refused || l->levels[i] != level)
                continue;
            l->levels[i] = 0;
            if (resolve(l, i, &changed) != 0 || (!p->rules[i].refused && define(l, i) != 0))
                return -1;
        }
    }
    return 0;
}

int detect_link(struct detect_plan *p, struct err *err)
{
    struct link l = {.p = p, .err = err};
    l.refs = arena_alloc(&p->a, p->n_rules, sizeof(*l.refs), _Alignof(uint32_t));
    l.levels = ARENA_NEW(&p->a, uint8_t, p->n_rules);
    if (l.refs == NULL || l.levels == NULL)
        return fail_nomem(err);
    if (check_unique(&l, false) != 0 || check_unique(&l, true) != 0 || resolve_all(&l) != 0 ||
        define_all(&l) != 0)
        return -1;
    return feed(&l);
}
