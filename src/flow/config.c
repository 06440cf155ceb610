#include "flow/config.h"

#include <stdlib.h>

#include "codec/yamltree.h"

enum type { TEXT, NUMBER, LIST };

struct row {
    const char *key;
    enum type type;
    const char *def;
    int64_t min, max;
    const char *unit, *doc, *doc_vi;
};

static const struct row rows[CONFIG_COUNT] = {
#define CONFIG(id, key, type, def, min, max, unit, doc, doc_vi)                                              \
    [CONFIG_##id] = {key, type, def, min, max, unit, doc, doc_vi},
#include "flow/config.def"
#undef CONFIG
};

struct config {
    struct arena mem;
    struct value {
        const char *text;
        int64_t number;
        size_t n;
        const char *list[CONFIG_LIST_MAX];
    } values[CONFIG_COUNT];
};

static const struct row *row_of(enum config_id id, enum type type)
{
    assert(id < CONFIG_COUNT && rows[id].type == type);
    (void)type;
    return &rows[id];
}

static int set_text(struct config *c, enum config_id id, struct str s, struct err *err)
{
    struct value *v = &c->values[id];
    const struct row *r = &rows[id];
    struct str copy = arena_str(&c->mem, s);
    if (copy.p == NULL)
        return err_set(err, ERR_NOMEM, "configuration");
    if (memchr(copy.p, 0, copy.n) != NULL)
        return err_set(err, ERR_USAGE, "%s: a NUL byte in the value", r->key);
    if (r->type == NUMBER && !str_to_i64(copy, r->min, r->max, &v->number))
        return err_set(err, ERR_USAGE, "%s: '%.*s' is not a number from %lld to %lld%s%s", r->key,
                       (int)(s.n > 40 ? 40 : s.n), s.p, (long long)r->min, (long long)r->max,
                       r->unit[0] ? " " : "", r->unit);
    v->text = copy.p;
    return 0;
}

static int set_list(struct config *c, enum config_id id, const struct yamltree_node *node, struct err *err)
{
    struct value *v = &c->values[id];
    if (node->kind != YAMLTREE_LIST)
        return yamltree_fail(node, err, "%s: a list is wanted", rows[id].key);
    if (node->n > CONFIG_LIST_MAX)
        return yamltree_fail(node, err, "%s: more than %d entries", rows[id].key, CONFIG_LIST_MAX);
    for (size_t i = 0; i < node->n; i++) {
        struct str s;
        if (yamltree_str(node->items[i], &s, err) != 0)
            return -1;
        if (str_find_char(s, '\0') != SIZE_MAX)
            return yamltree_fail(node->items[i], err, "%s: a NUL byte in the value", rows[id].key);
        s = arena_str(&c->mem, s);
        if (s.p == NULL)
            return err_set(err, ERR_NOMEM, "configuration");
        v->list[i] = s.p;
    }
    v->n = node->n;
    return 0;
}

static int load_tree(struct config *c, const struct yamltree_node *root, struct err *err)
{
    if (root->kind != YAMLTREE_MAP)
        return yamltree_is_null(root) ? 0 : yamltree_fail(root, err, "a map of settings is wanted");
    for (size_t i = 0; i < root->n; i++) {
        enum config_id id = CONFIG_COUNT;
        for (int k = 0; k < CONFIG_COUNT; k++) {
            if (str_eq(root->keys[i]->text, str_of(rows[k].key)))
                id = (enum config_id)k;
        }
        if (id == CONFIG_COUNT)
            return yamltree_fail(root->keys[i], err, "unknown setting '%.*s'", STR_ARG(root->keys[i]->text));
        if (rows[id].type == LIST) {
            if (set_list(c, id, root->items[i], err) != 0)
                return -1;
            continue;
        }
        struct str s;
        struct err why = {0};
        if (yamltree_str(root->items[i], &s, err) != 0)
            return -1;
        if (set_text(c, id, s, &why) != 0)
            return yamltree_fail(root->items[i], err, "%s", why.msg);
    }
    return 0;
}

static int load_file(struct config *c, const struct sys *sys, const char *path, bool must_exist,
                     struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    struct err why = {0};
    if (sys_read_file(sys, path, YAMLTREE_BYTES_MAX, &text, &n, &why) != 0) {
        if (why.code == ERR_NOT_FOUND && !must_exist)
            return 0;
        return err_set(err, why.code, "%s", why.msg);
    }
    const struct yamltree_node *root = NULL;
    int rc = yamltree_parse((struct str){text, n}, str_of(path), &c->mem, &root, err);
    if (rc == 0)
        rc = load_tree(c, root, err);
    free(text);
    return rc;
}

int config_load(const struct sys *sys, const char *path, bool must_exist, struct config **ret,
                struct err *err)
{
    struct config *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "configuration");
    arena_init(&c->mem, 16u << 20);
    int rc = 0;
    for (int i = 0; rc == 0 && i < CONFIG_COUNT; i++)
        rc = set_text(c, (enum config_id)i, str_of(rows[i].def), err);
    if (rc == 0 && path != NULL)
        rc = load_file(c, sys, path, must_exist, err);
    if (rc != 0) {
        config_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    arena_done(&c->mem);
    free(c);
}

int config_set(struct config *c, enum config_id id, struct str text, struct err *err)
{
    assert(id < CONFIG_COUNT && rows[id].type != LIST);
    return set_text(c, id, text, err);
}

const char *config_text(const struct config *c, enum config_id id)
{
    (void)row_of(id, TEXT);
    return c->values[id].text;
}

int64_t config_number(const struct config *c, enum config_id id)
{
    (void)row_of(id, NUMBER);
    return c->values[id].number;
}

size_t config_list(const struct config *c, enum config_id id, const char *const **ret)
{
    (void)row_of(id, LIST);
    *ret = c->values[id].list;
    return c->values[id].n;
}

static void put_scalar(struct jout *j, const struct row *r, struct str text)
{
    int64_t v;
    if (r->type == NUMBER && str_to_i64(text, r->min, r->max, &v))
        jout_i64(j, v);
    else
        jout_str(j, text);
}

void config_put(const struct config *c, struct jout *j)
{
    jout_arr(j);
    for (int i = 0; i < CONFIG_COUNT; i++) {
        const struct value *v = &c->values[i];
        struct buf list;
        buf_init(&list, 1u << 20);
        for (size_t k = 0; k < v->n; k++)
            buf_printf(&list, "%s%s", k == 0 ? "" : ", ", v->list[k]);
        jout_obj(j);
        JOUT_CSTR(j, "key", rows[i].key);
        struct str shown = rows[i].type == LIST ? buf_str(&list) : str_of(v->text);
        jout_key(j, S("value"));
        put_scalar(j, &rows[i], shown.p == NULL ? S("") : shown);
        jout_key(j, S("default"));
        put_scalar(j, &rows[i], str_of(rows[i].def));
        JOUT_CSTR(j, "unit", rows[i].unit);
        jout_key(j, S("doc"));
        jout_vi_en(j, str_of(rows[i].doc_vi), str_of(rows[i].doc));
        jout_obj_end(j);
        buf_done(&list);
    }
    jout_arr_end(j);
}
