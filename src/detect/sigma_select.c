/* Selections of a rule: maps are AND, lists are OR, texts without a field are keywords. */
#include "detect/sigma.h"

#define NESTING_MAX 4u /* lists of maps of lists …; Sigma knows two levels */

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int select_map(const struct yamltree_node *map, const struct sigma_tables *tables, struct arena *a,
                      struct pred **ret, struct err *err)
{
    if (map->n == 0)
        return yamltree_fail(map, err, "an empty selection");
    struct pred **list = ARENA_NEW(a, struct pred *, map->n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < map->n; i++) {
        if (sigma_item(map->keys[i], map->items[i], tables, a, &list[i], err) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_AND, list, map->n, a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

static int select_any(const struct yamltree_node *node, const struct sigma_tables *tables, unsigned depth,
                      struct arena *a, struct pred **ret, struct err *err)
{
    if (node->kind == YAMLTREE_MAP)
        return select_map(node, tables, a, ret, err);
    if (node->kind == YAMLTREE_SCALAR)
        return sigma_item_keywords(node, a, ret, err);
    if (node->n == 0)
        return yamltree_fail(node, err, "an empty selection");
    if (depth == NESTING_MAX)
        return yamltree_fail(node, err, "a selection is nested too deep");
    struct pred **list = ARENA_NEW(a, struct pred *, node->n);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < node->n; i++) {
        if (select_any(node->items[i], tables, depth + 1, a, &list[i], err) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_OR, list, node->n, a);
    return *ret == NULL ? fail_nomem(err) : 0;
}

int sigma_select(const struct yamltree_node *node, const struct sigma_tables *tables, struct arena *a,
                 struct pred **ret, struct err *err)
{
    return select_any(node, tables, 0, a, ret, err);
}
