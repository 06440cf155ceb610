/* Filter documents. Source: Sigma 2.1 filters. */
#include "detect/sigma.h"

#define FILTER_RULES_MAX 4096u

bool sigma_filter_is(const struct yamltree_node *doc)
{
    return yamltree_get(doc, S("filter")) != NULL && yamltree_get(doc, S("detection")) == NULL &&
           yamltree_get(doc, S("correlation")) == NULL;
}

bool sigma_filter_fits(const struct sigma_filter *f, const struct sigma_source *rule)
{
    const struct sigma_source *s = &f->source;
    return (s->product.n == 0 || str_eq(s->product, rule->product)) &&
           (s->category.n == 0 || str_eq(s->category, rule->category)) &&
           (s->service.n == 0 || str_eq(s->service, rule->service));
}

/*
 * "not x" says what is kept and "x" what is left out: the public tools write the one, the specification's own
 * example the other, and both mean that events of x are not told.
 */
static bool says_not(const struct pred *p)
{
    if (p->kind == PRED_NOT)
        return true;
    if (p->kind != PRED_AND && p->kind != PRED_OR)
        return false;
    for (size_t i = 0; i < p->n_children; i++) {
        if (!says_not(p->children[i]))
            return false;
    }
    return p->n_children > 0;
}

static int parse_refs(const struct yamltree_node *map, struct arena *a, struct sigma_filter *f,
                      struct err *err)
{
    f->node = yamltree_get(map, S("rules"));
    if (f->node == NULL)
        return yamltree_fail(map, err, "key 'rules' is missing");
    f->any = (f->node->kind == YAMLTREE_LIST && f->node->n == 0) ||
             (f->node->kind == YAMLTREE_SCALAR && str_eq(f->node->text, S("any")));
    if (f->any)
        return 0;
    if (f->node->kind != YAMLTREE_LIST)
        return yamltree_fail(f->node, err, "rules must be a list of ids or names, or 'any'");
    return sigma_texts(f->node, FILTER_RULES_MAX, a, &f->refs, err);
}

int sigma_filter_parse(const struct yamltree_node *doc, const struct sigma_map *map,
                       const struct sigma_lists *lists, struct arena *a, struct sigma_filter *ret,
                       struct err *err)
{
    static const struct str keys[] = {S("condition"), S("rules")};
    const struct yamltree_node *filter = yamltree_get(doc, S("filter"));
    const struct yamltree_node *logsource = yamltree_get(doc, S("logsource"));
    struct sigma_filter f = {.info = ret->info};
    struct sigma_selection *selections = NULL;
    struct sigma_tables tables = {0};
    struct pred *where = NULL;
    size_t n = 0;
    if (sigma_meta_parse(doc, a, &f.info, err) != 0)
        return -1;
    if (logsource == NULL)
        return yamltree_fail(doc, err, "logsource is missing");
    if (filter->kind != YAMLTREE_MAP)
        return yamltree_fail(filter, err, "filter must be a map");
    const struct yamltree_node *condition = yamltree_get(filter, S("condition"));
    if (yamltree_is_null(condition))
        return yamltree_fail(filter, err, "condition is missing");
    if (sigma_map_words(logsource, &f.source, err) != 0 ||
        sigma_map_source(map, logsource, a, &where, &tables, err) != 0 || parse_refs(filter, a, &f, err) != 0)
        return -1;
    tables.lists = lists;
    if (sigma_selections(filter, keys, COUNT_OF(keys), &tables, a, &selections, &n, err) != 0 ||
        sigma_cond_parse(condition, selections, n, a, &f.keep, err) != 0)
        return -1;
    if (!says_not(f.keep))
        f.keep = sigma_negate(f.keep, a);
    if (f.keep == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    *ret = f;
    return 0;
}
