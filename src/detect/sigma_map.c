/* Log sources and field names of Sigma → conditions and field names of Khiên. docs/format/rules.md 4 and 5.
 */
#include "detect/sigma.h"

struct table_row {
    struct str name;
    struct sigma_names ecs;
};

struct sigma_table {
    struct str name;
    size_t n;
    struct table_row *rows;
    struct sigma_names otherwise; /* '%' stands for the name; n == 0: the name stays */
};

struct source_row {
    struct sigma_source words;
    const struct yamltree_node *where; /* NULL: every event */
    struct sigma_tables tables;
};

struct sigma_map {
    size_t n_tables, n_sources;
    struct sigma_table *tables;
    struct source_row *sources;
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

/* A text or a list of texts. */
static int parse_names(const struct yamltree_node *node, struct arena *a, struct sigma_names *ret,
                       struct err *err)
{
    size_t n = node->kind == YAMLTREE_LIST ? node->n : 1;
    ret->items = ARENA_NEW(a, struct str, n);
    if (ret->items == NULL)
        return fail_nomem(err);
    if (n == 0)
        return yamltree_fail(node, err, "an empty list of names");
    for (size_t i = 0; i < n; i++) {
        const struct yamltree_node *one = node->kind == YAMLTREE_LIST ? node->items[i] : node;
        if (yamltree_str(one, &ret->items[i], err) != 0)
            return -1;
        if (ret->items[i].n == 0)
            return yamltree_fail(one, err, "an empty name");
    }
    ret->n = n;
    return 0;
}

static int parse_table(const struct yamltree_node *key, const struct yamltree_node *node, struct arena *a,
                       struct sigma_table *ret, struct err *err)
{
    static const struct str keys[] = {S("otherwise"), S("names")};
    const struct yamltree_node *names = NULL, *otherwise = yamltree_get(node, S("otherwise"));
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_opt(node, S("names"), YAMLTREE_MAP, &names, err) != 0 ||
        (otherwise != NULL && parse_names(otherwise, a, &ret->otherwise, err) != 0))
        return -1;
    ret->name = key->text;
    ret->n = names == NULL ? 0 : names->n;
    ret->rows = ARENA_NEW(a, struct table_row, ret->n);
    if (ret->rows == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < ret->n; i++) {
        ret->rows[i].name = names->keys[i]->text;
        if (parse_names(names->items[i], a, &ret->rows[i].ecs, err) != 0)
            return -1;
    }
    return 0;
}

static int parse_fields(const struct yamltree_node *root, struct arena *a, struct sigma_map *m,
                        struct err *err)
{
    static const struct str keys[] = {S("tables")};
    const struct yamltree_node *tables = NULL;
    if (yamltree_only_keys(root, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need(root, S("tables"), YAMLTREE_MAP, &tables, err) != 0)
        return -1;
    m->n_tables = tables->n;
    m->tables = ARENA_NEW(a, struct sigma_table, tables->n);
    if (m->tables == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < tables->n; i++) {
        if (parse_table(tables->keys[i], tables->items[i], a, &m->tables[i], err) != 0)
            return -1;
    }
    return 0;
}

static int find_tables(const struct sigma_map *m, const struct yamltree_node *list, struct arena *a,
                       struct sigma_tables *ret, struct err *err)
{
    struct sigma_names names = {0};
    if (list == NULL)
        return 0;
    if (parse_names(list, a, &names, err) != 0)
        return -1;
    ret->items = ARENA_NEW(a, const struct sigma_table *, names.n);
    if (ret->items == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < names.n; i++) {
        for (size_t k = 0; k < m->n_tables && ret->items[i] == NULL; k++) {
            if (str_eq(m->tables[k].name, names.items[i]))
                ret->items[i] = &m->tables[k];
        }
        if (ret->items[i] == NULL)
            return yamltree_fail(list, err, "there is no field table '%.*s'", STR_ARG(names.items[i]));
    }
    ret->n = names.n;
    return 0;
}

static bool same_source(const struct sigma_source *a, const struct sigma_source *b)
{
    return str_eq(a->product, b->product) && str_eq(a->category, b->category) &&
           str_eq(a->service, b->service);
}

static int parse_triple(const struct yamltree_node *node, struct sigma_source *ret, struct err *err)
{
    if (sigma_meta_text(node, S("product"), &ret->product, err) != 0 ||
        sigma_meta_text(node, S("category"), &ret->category, err) != 0 ||
        sigma_meta_text(node, S("service"), &ret->service, err) != 0)
        return -1;
    if (ret->product.n + ret->category.n + ret->service.n == 0)
        return yamltree_fail(node, err, "a log source needs product, category or service");
    return 0;
}

static int parse_source(const struct sigma_map *m, const struct yamltree_node *node, struct arena *a,
                        struct source_row *ret, struct err *err)
{
    static const struct str keys[] = {S("product"), S("category"), S("service"), S("where"), S("fields")};
    struct pred *probe = NULL;
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        parse_triple(node, &ret->words, err) != 0 ||
        find_tables(m, yamltree_get(node, S("fields")), a, &ret->tables, err) != 0)
        return -1;
    ret->where = yamltree_get(node, S("where"));
    if (yamltree_is_null(ret->where))
        ret->where = NULL;
    return ret->where == NULL ? 0 : sigma_select(ret->where, NULL, a, &probe, err);
}

static int parse_sources(const struct yamltree_node *root, struct arena *a, struct sigma_map *m,
                         struct err *err)
{
    static const struct str keys[] = {S("logsources")};
    const struct yamltree_node *list = NULL;
    if (yamltree_only_keys(root, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need(root, S("logsources"), YAMLTREE_LIST, &list, err) != 0)
        return -1;
    m->sources = ARENA_NEW(a, struct source_row, list->n);
    if (m->sources == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        if (parse_source(m, list->items[i], a, &m->sources[i], err) != 0)
            return -1;
        for (size_t k = 0; k < i; k++) {
            if (same_source(&m->sources[k].words, &m->sources[i].words))
                return yamltree_fail(list->items[i], err, "this log source stands twice");
        }
    }
    m->n_sources = list->n;
    return 0;
}

int sigma_map_parse(struct str logsources, struct str logsources_file, struct str fields,
                    struct str fields_file, struct arena *a, const struct sigma_map **ret, struct err *err)
{
    const struct yamltree_node *sources_root = NULL, *fields_root = NULL;
    struct sigma_map *m = ARENA_NEW(a, struct sigma_map, 1);
    if (m == NULL)
        return fail_nomem(err);
    if (yamltree_parse(fields, fields_file, a, &fields_root, err) != 0 ||
        parse_fields(fields_root, a, m, err) != 0 ||
        yamltree_parse(logsources, logsources_file, a, &sources_root, err) != 0 ||
        parse_sources(sources_root, a, m, err) != 0)
        return -1;
    *ret = m;
    return 0;
}

static int one_name(struct arena *a, struct str name, struct sigma_names *ret, struct err *err)
{
    ret->items = ARENA_NEW(a, struct str, 1);
    if (ret->items == NULL)
        return fail_nomem(err);
    ret->items[0] = name;
    ret->n = 1;
    return 0;
}

/* '%' in each name of a list becomes the Sigma name. */
static int fill_otherwise(const struct sigma_names *from, struct str name, struct arena *a,
                          struct sigma_names *ret, struct err *err)
{
    ret->items = ARENA_NEW(a, struct str, from->n);
    if (ret->items == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < from->n; i++) {
        struct str head, tail;
        ret->items[i] = from->items[i];
        if (str_cut(from->items[i], '%', &head, &tail))
            ret->items[i] = arena_printf(a, "%.*s%.*s%.*s", STR_ARG(head), STR_ARG(name), STR_ARG(tail));
        if (ret->items[i].p == NULL)
            return fail_nomem(err);
    }
    ret->n = from->n;
    return 0;
}

int sigma_map_field(const struct sigma_tables *tables, struct str name, struct arena *a,
                    struct sigma_names *ret, struct err *err)
{
    size_t n = tables == NULL ? 0 : tables->n;
    for (size_t t = 0; t < n; t++) {
        for (size_t i = 0; i < tables->items[t]->n; i++) {
            if (str_eq(tables->items[t]->rows[i].name, name)) {
                *ret = tables->items[t]->rows[i].ecs;
                return 0;
            }
        }
    }
    if (field_find(name) != FIELD_OTHER)
        return one_name(a, name, ret, err);
    for (size_t t = 0; t < n; t++) {
        if (tables->items[t]->otherwise.n > 0)
            return fill_otherwise(&tables->items[t]->otherwise, name, a, ret, err);
    }
    return one_name(a, name, ret, err);
}

/* What the report shows of a log source that no row names. */
static int fail_unknown(const struct yamltree_node *node, const struct sigma_source *want, struct err *err)
{
    return yamltree_fail(node, err, "unknown log source: product '%.*s', category '%.*s', service '%.*s'",
                         STR_ARG(want->product), STR_ARG(want->category), STR_ARG(want->service));
}

int sigma_map_words(const struct yamltree_node *logsource, struct sigma_source *ret, struct err *err)
{
    static const struct str keys[] = {S("product"), S("category"), S("service"), S("definition"),
                                      S("description")};
    if (logsource->kind != YAMLTREE_MAP)
        return yamltree_fail(logsource, err, "logsource must be a map");
    if (yamltree_only_keys(logsource, keys, COUNT_OF(keys), err) != 0)
        return -1;
    return parse_triple(logsource, ret, err);
}

int sigma_map_source(const struct sigma_map *map, const struct yamltree_node *logsource, struct arena *a,
                     struct pred **ret_where, struct sigma_tables *ret_tables, struct err *err)
{
    struct sigma_source want = {0};
    if (sigma_map_words(logsource, &want, err) != 0)
        return -1;
    for (size_t i = 0; i < map->n_sources; i++) {
        const struct source_row *row = &map->sources[i];
        if (!same_source(&row->words, &want))
            continue;
        *ret_tables = row->tables;
        *ret_where = NULL;
        return row->where == NULL ? 0 : sigma_select(row->where, NULL, a, ret_where, err);
    }
    return fail_unknown(logsource, &want, err);
}
