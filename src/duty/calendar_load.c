#include <stdlib.h>

#include "base/arena.h"
#include "codec/yamltree.h"
#include "duty/calendar.h"
#include "duty/catalogue_priv.h"

static int read_row(const struct yamltree_node *node, struct calendar_day *ret, struct err *err)
{
    static const struct str keys[] = {
        {"date", 4}, {"kind", 4}, {"name", 4}, {"source", 6}, {"default", 7},
    };
    struct catalogue_text name;
    struct str kind, source;
    const struct yamltree_node *date, *texts, *by_rule;
    if (node->kind != YAMLTREE_MAP)
        return yamltree_fail(node, err, "a day is a map");
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need(node, S("date"), YAMLTREE_SCALAR, &date, err) != 0 ||
        yamltree_need(node, S("name"), YAMLTREE_MAP, &texts, err) != 0 ||
        yamltree_need(node, S("default"), YAMLTREE_SCALAR, &by_rule, err) != 0 ||
        catalogue_read_date(date, &ret->day, err) != 0 ||
        yamltree_need_str(node, S("kind"), &kind, err) != 0 || catalogue_read_text(texts, &name, err) != 0 ||
        yamltree_need_str(node, S("source"), &source, err) != 0 ||
        yamltree_bool(by_rule, &ret->is_default, err) != 0)
        return -1;
    int k = calendar_kind_find(kind);
    if (k < 0)
        return yamltree_fail(node, err, "the kind is holiday, compensatory or working_saturday");
    ret->kind = (enum calendar_kind)k;
    return 0;
}

static int read_rows(const struct yamltree_node *root, struct arena *a, struct calendar **ret,
                     struct err *err)
{
    if (root->kind != YAMLTREE_LIST)
        return yamltree_fail(root, err, "a list of days is expected");
    if (root->n > CALENDAR_ROWS_MAX)
        return err_set(err, ERR_LIMIT, "more than %u rows in the calendar", CALENDAR_ROWS_MAX);
    struct calendar_day *rows = ARENA_NEW(a, struct calendar_day, root->n + 1);
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "calendar");
    for (size_t i = 0; i < root->n; i++) {
        if (read_row(root->items[i], &rows[i], err) != 0)
            return -1;
    }
    return calendar_new(rows, root->n, ret, err);
}

int calendar_load(const struct sys *sys, const char *path, struct calendar **ret, struct err *err)
{
    CLEANUP(base_freep) char *text = NULL;
    size_t n = 0;
    struct arena a;
    const struct yamltree_node *root;
    if (sys_read_file(sys, path, YAMLTREE_BYTES_MAX, &text, &n, err) != 0)
        return -1;
    arena_init(&a, CATALOGUE_BYTES_MAX);
    int rc = yamltree_parse((struct str){text, n}, str_of(path), &a, &root, err);
    if (rc == 0)
        rc = read_rows(root, &a, ret, err);
    arena_done(&a);
    return rc;
}
