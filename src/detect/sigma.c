#include "detect/sigma.h"

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

/* All selections of the detection map, in the order of the text. */
static int parse_selections(const struct yamltree_node *map, const struct sigma_tables *tables,
                            struct arena *a, struct sigma_selection **ret, size_t *ret_n, struct err *err)
{
    struct sigma_selection *list = ARENA_NEW(a, struct sigma_selection, map->n);
    size_t n = 0;
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < map->n; i++) {
        struct pred *tree = NULL;
        if (str_eq(map->keys[i]->text, S("condition")))
            continue;
        if (str_eq(map->keys[i]->text, S("timeframe")))
            return yamltree_fail(map->keys[i], err, "timeframe is obsolete, write a correlation instead");
        if (sigma_select(map->items[i], tables, a, &tree, err) != 0)
            return -1;
        list[n++] = (struct sigma_selection){.name = map->keys[i]->text, .tree = tree};
    }
    if (n == 0)
        return yamltree_fail(map, err, "detection has no selection");
    *ret = list;
    *ret_n = n;
    return 0;
}

static int parse_detection(const struct yamltree_node *doc, const struct sigma_map *map, struct arena *a,
                           struct sigma_rule *r, struct err *err)
{
    const struct yamltree_node *detection = yamltree_get(doc, S("detection"));
    const struct yamltree_node *logsource = yamltree_get(doc, S("logsource"));
    struct sigma_selection *selections = NULL;
    struct pred *where = NULL, *tree = NULL;
    size_t n = 0;
    if (logsource == NULL)
        return yamltree_fail(doc, err, "logsource is missing");
    if (sigma_map_source(map, logsource, a, &where, &r->tables, err) != 0)
        return -1;
    if (detection == NULL)
        return yamltree_fail(doc, err, "detection is missing");
    if (detection->kind != YAMLTREE_MAP)
        return yamltree_fail(detection, err, "detection must be a map");
    const struct yamltree_node *condition = yamltree_get(detection, S("condition"));
    if (yamltree_is_null(condition))
        return yamltree_fail(detection, err, "condition is missing");
    if (parse_selections(detection, &r->tables, a, &selections, &n, err) != 0 ||
        sigma_cond_parse(condition, selections, n, a, &tree, err) != 0)
        return -1;
    struct pred *both[2] = {where, tree};
    r->where = where;
    r->cond = tree;
    r->tree = where == NULL ? tree : sigma_join(PRED_AND, both, 2, a);
    return r->tree == NULL ? fail_nomem(err) : 0;
}

static int parse_correlation(const struct yamltree_node *doc, const struct yamltree_node *map,
                             struct arena *a, struct sigma_rule *r, struct err *err)
{
    r->corr = ARENA_NEW(a, struct sigma_corr, 1);
    if (r->corr == NULL)
        return fail_nomem(err);
    if (yamltree_get(doc, S("detection")) != NULL || yamltree_get(doc, S("logsource")) != NULL)
        return yamltree_fail(doc, err, "a correlation has no logsource and no detection of its own");
    r->info.correlation = true;
    if (sigma_corr_parse(map, a, r->corr, err) != 0)
        return -1;
    return yamltree_opt_bool(doc, S("generate"), &r->corr->generate, err);
}

int sigma_parse(const struct yamltree_node *doc, const struct sigma_map *map, struct arena *a,
                struct sigma_rule *ret, struct err *err)
{
    static const struct {
        struct str key;
        const char *why;
    } refused[] = {
        {S("action"), "collections (action) are obsolete"},
        {S("filter"), "filter documents are not supported"},
    };
    struct sigma_rule r = {.info = ret->info};
    if (doc->kind != YAMLTREE_MAP)
        return yamltree_fail(doc, err, "a rule must be a map");
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const struct yamltree_node *node = yamltree_get(doc, refused[i].key);
        if (node != NULL)
            return yamltree_fail(node, err, "%s", refused[i].why);
    }
    if (sigma_meta_parse(doc, a, &r.info, err) != 0)
        return -1;
    const struct yamltree_node *corr = yamltree_get(doc, S("correlation"));
    int rc = corr != NULL ? parse_correlation(doc, corr, a, &r, err) : parse_detection(doc, map, a, &r, err);
    if (rc == 0)
        *ret = r;
    return rc;
}
