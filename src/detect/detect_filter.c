/* Filters → the conditions of the rules that they are for. */
#include "detect/detect_plan.h"

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int apply(struct detect_plan *p, struct detect_rule *r, struct pred *keep, struct err *err)
{
    struct pred *both[2] = {r->sigma.cond, keep};
    r->sigma.cond = sigma_join(PRED_AND, both, 2, &p->a);
    if (r->sigma.cond == NULL)
        return fail_nomem(err);
    struct pred *all[2] = {r->sigma.where, r->sigma.cond};
    r->sigma.tree = r->sigma.where == NULL ? r->sigma.cond : sigma_join(PRED_AND, all, 2, &p->a);
    return r->sigma.tree == NULL ? fail_nomem(err) : 0;
}

static struct detect_rule *find(const struct detect_plan *p, struct str name)
{
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct rule_info *info = &p->rules[i].sigma.info;
        if (str_eq(info->id, name) || str_eq(info->name, name))
            return &p->rules[i];
    }
    return NULL;
}

/* What stands in the way of one reference. */
static int check_ref(const struct detect_plan *p, const struct sigma_filter *f, size_t i, struct err *why)
{
    const struct yamltree_node *at = f->node->items[i];
    const struct detect_rule *r = find(p, f->refs.items[i]);
    if (r == NULL)
        return yamltree_fail(at, why, "there is no rule '%.*s'", STR_ARG(f->refs.items[i]));
    if (r->sigma.corr != NULL)
        return yamltree_fail(at, why, "rule '%.*s' is a correlation: filter the rules that it refers to",
                             STR_ARG(f->refs.items[i]));
    if (!sigma_filter_fits(f, &r->sigma.source))
        return yamltree_fail(at, why, "rule '%.*s' has another log source", STR_ARG(f->refs.items[i]));
    return 0;
}

static int apply_one(struct detect_plan *p, const struct sigma_filter *f, struct err *err)
{
    for (size_t i = 0; i < f->refs.n; i++) {
        if (apply(p, find(p, f->refs.items[i]), f->keep, err) != 0)
            return -1;
    }
    for (size_t i = 0; f->any && i < p->n_rules; i++) {
        struct detect_rule *r = &p->rules[i];
        if (r->sigma.corr == NULL && sigma_filter_fits(f, &r->sigma.source) && apply(p, r, f->keep, err) != 0)
            return -1;
    }
    return 0;
}

int detect_filter(struct detect_plan *p, struct err *err)
{
    for (size_t k = 0; k < p->n_filters; k++) {
        const struct detect_filter *f = &p->filters[k];
        struct err why = {0};
        int rc = 0;
        for (size_t i = 0; i < f->sigma.refs.n && rc == 0; i++)
            rc = check_ref(p, &f->sigma, i, &why);
        /* One reference that leads nowhere, and what the filter was meant to hide is not known. */
        if (rc != 0 ? detect_load_refuse(p, f->report, &why, err) != 0 : apply_one(p, &f->sigma, err) != 0)
            return -1;
    }
    return 0;
}
