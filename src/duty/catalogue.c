#include "duty/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

#include "duty/catalogue_priv.h"

#define PATH_BYTES_MAX 4096

/* Part of an id: numbers by value and before letters, letters by bytes ("d" before "dd" before "e"). */
static int cmp_parts(struct str a, struct str b)
{
    uint64_t x, y;
    bool num_a = str_to_u64(a, UINT32_MAX, &x), num_b = str_to_u64(b, UINT32_MAX, &y);
    if (num_a && num_b)
        return (x > y) - (x < y);
    if (num_a != num_b)
        return num_a ? -1 : 1;
    return str_cmp(a, b);
}

int catalogue_cmp_ids(struct str a, struct str b)
{
    struct str whole_a = a, whole_b = b;
    bool decision_a = str_starts(a, S("QD")), decision_b = str_starts(b, S("QD"));
    if (decision_a != decision_b)
        return decision_a ? -1 : 1;
    if (!decision_a && a.n > 0 && b.n > 0 && a.p[0] == b.p[0]) {
        a = str_from(a, 1); /* D13 and D2 by number */
        b = str_from(b, 1);
    }
    while (a.n > 0 || b.n > 0) {
        struct str part_a, part_b;
        (void)str_cut(a, '.', &part_a, &a);
        (void)str_cut(b, '.', &part_b, &b);
        int rc = cmp_parts(part_a, part_b);
        if (rc != 0)
            return rc;
    }
    return str_cmp(whole_a, whole_b); /* "1" and "01" are not the same id */
}

int catalogue_new(struct catalogue **ret, struct err *err)
{
    struct catalogue *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "catalogue");
    arena_init(&c->arena, CATALOGUE_BYTES_MAX);
    *ret = c;
    return 0;
}

void catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    arena_done(&c->arena);
    free(c);
}

int catalogue_add(struct catalogue *c, struct str file, struct str text, struct err *err)
{
    static const struct {
        struct str name;
        int (*read)(struct catalogue *c, const struct yamltree_node *root, struct err *err);
    } readers[] = {
        {{"catalogue.yaml", 14}, catalogue_read_version},
        {{"articles.yaml", 13}, catalogue_read_articles},
        {{"laws.yaml", 9}, catalogue_read_laws},
    };
    const struct yamltree_node *root;
    assert(!c->finished);
    if (yamltree_parse(text, file, &c->arena, &root, err) != 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        if (str_ends(file, readers[i].name))
            return readers[i].read(c, root, err);
    }
    return catalogue_read_duties(c, root, err);
}

static int by_order(const void *a, const void *b)
{
    const struct catalogue_row *const *x = a, *const *y = b;
    return catalogue_cmp_ids((*x)->duty.id, (*y)->duty.id);
}

static int resolve_laws(struct catalogue *c, struct catalogue_row *row, struct err *err)
{
    struct catalogue_duty *d = &row->duty;
    if (d->n_laws == 0)
        return 0;
    d->laws = ARENA_NEW(&c->arena, const struct catalogue_law *, d->n_laws);
    if (d->laws == NULL)
        return err_set(err, ERR_NOMEM, "catalogue");
    for (size_t i = 0; i < d->n_laws; i++) {
        d->laws[i] = catalogue_law_find(c, row->law_ids[i]);
        if (d->laws[i] == NULL)
            return yamltree_fail(row->node, err, "there is no law '%.*s'",
                                 (int)(row->law_ids[i].n > 40 ? 40 : row->law_ids[i].n), row->law_ids[i].p);
    }
    return 0;
}

static int check_replacements(const struct catalogue *c, struct err *err)
{
    for (size_t i = 0; i < c->n_laws; i++) {
        for (size_t k = 0; k < c->laws[i].n_replaced_by; k++) {
            struct str id = c->laws[i].replaced_by[k];
            if (catalogue_law_find(c, id) == NULL || str_eq(id, c->laws[i].id))
                return yamltree_fail(c->law_nodes[i], err, "there is no other law '%.*s'",
                                     (int)(id.n > 40 ? 40 : id.n), id.p);
        }
    }
    return 0;
}

int catalogue_finish(struct catalogue *c, struct err *err)
{
    assert(!c->finished);
    if (c->version.p == NULL)
        return err_set(err, ERR_PARSE, "the catalogue has no version (catalogue.yaml)");
    if (check_replacements(c, err) != 0)
        return -1;
    qsort(c->rows, c->n_rows, sizeof(c->rows[0]), by_order);
    for (size_t i = 0; i < c->n_rows; i++) {
        struct catalogue_duty *d = &c->rows[i]->duty;
        if (i > 0 && str_eq(d->id, c->rows[i - 1]->duty.id)) {
            const struct catalogue_duty *first = &c->rows[i - 1]->duty;
            return yamltree_fail(c->rows[i]->node, err, "'%.*s' is there twice, also %.*s:%zu",
                                 STR_ARG(d->id), STR_ARG(first->file), first->line);
        }
        d->index = i;
        d->article = catalogue_article_find(c, d->number);
        if (d->number != 0 && d->article == NULL)
            return yamltree_fail(c->rows[i]->node, err, "there is no article %d", d->number);
        if (resolve_laws(c, c->rows[i], err) != 0)
            return -1;
    }
    c->finished = true;
    return 0;
}

struct load {
    const struct sys *sys;
    const char *dir;
    struct catalogue *c;
    struct err *err;
    int rc;
};

static int load_file(struct load *l, const char *sub, struct str name)
{
    char path[PATH_BYTES_MAX];
    CLEANUP(base_freep) char *text = NULL;
    size_t n = 0;
    int len = snprintf(path, sizeof(path), "%s/%s%.*s", l->dir, sub, STR_ARG(name));
    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(l->err, ERR_USAGE, "path too long");
    if (sys_read_file(l->sys, path, YAMLTREE_BYTES_MAX, &text, &n, l->err) != 0)
        return -1;
    return catalogue_add(l->c, str_of(path), (struct str){text, n}, l->err);
}

static int load_name(void *arg, struct str name)
{
    struct load *l = arg;
    if (str_ends(name, S(".yaml")))
        l->rc = load_file(l, "duties/", name);
    return l->rc;
}

int catalogue_load(const struct sys *sys, const char *dir, struct catalogue **ret, struct err *err)
{
    static const struct str names[] = {{"catalogue.yaml", 14}, {"articles.yaml", 13}, {"laws.yaml", 9}};
    char path[PATH_BYTES_MAX];
    CLEANUP(catalogue_freep) struct catalogue *c = NULL;
    if (catalogue_new(&c, err) != 0)
        return -1;
    struct load l = {.sys = sys, .dir = dir, .c = c, .err = err};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (load_file(&l, "", names[i]) != 0)
            return -1;
    }
    int len = snprintf(path, sizeof(path), "%s/duties", dir);
    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(err, ERR_USAGE, "path too long");
    if (sys_list(sys, path, load_name, &l, err) != 0 || l.rc != 0)
        return -1;
    if (catalogue_finish(c, err) != 0)
        return -1;
    *ret = TAKE(c);
    return 0;
}

struct str catalogue_version(const struct catalogue *c)
{
    return c->version;
}

int32_t catalogue_date(const struct catalogue *c)
{
    return c->date;
}

size_t catalogue_count(const struct catalogue *c)
{
    assert(c->finished);
    return c->n_rows;
}

const struct catalogue_duty *catalogue_at(const struct catalogue *c, size_t i)
{
    assert(c->finished && i < c->n_rows);
    return &c->rows[i]->duty;
}

const struct catalogue_duty *catalogue_find(const struct catalogue *c, struct str id)
{
    assert(c->finished);
    size_t lo = 0, hi = c->n_rows;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int rc = catalogue_cmp_ids(id, c->rows[mid]->duty.id);
        if (rc == 0)
            return &c->rows[mid]->duty;
        if (rc < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

size_t catalogue_article_count(const struct catalogue *c)
{
    return c->n_articles;
}

const struct catalogue_article *catalogue_article_at(const struct catalogue *c, size_t i)
{
    assert(i < c->n_articles);
    return &c->articles[i];
}

const struct catalogue_article *catalogue_article_find(const struct catalogue *c, int64_t n)
{
    for (size_t i = 0; i < c->n_articles; i++) {
        if (c->articles[i].n == n)
            return &c->articles[i];
    }
    return NULL;
}

size_t catalogue_law_count(const struct catalogue *c)
{
    return c->n_laws;
}

const struct catalogue_law *catalogue_law_at(const struct catalogue *c, size_t i)
{
    assert(i < c->n_laws);
    return &c->laws[i];
}

const struct catalogue_law *catalogue_law_find(const struct catalogue *c, struct str id)
{
    for (size_t i = 0; i < c->n_laws; i++) {
        if (str_eq(c->laws[i].id, id))
            return &c->laws[i];
    }
    return NULL;
}

bool catalogue_law_in_force(const struct catalogue_law *law, int64_t day)
{
    return day >= law->in_force_from && (!law->in_force_ends || day <= law->in_force_to);
}
