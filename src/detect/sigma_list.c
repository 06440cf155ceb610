#include "detect/sigma_list.h"

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

bool sigma_list_is(const struct yamltree_node *doc)
{
    return doc->kind == YAMLTREE_MAP && doc->n == 1 && str_eq(doc->keys[0]->text, S("placeholders"));
}

static bool is_name_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_name_char(s.p[i]))
            return false;
    }
    return s.n > 0 && s.n <= SIGMA_LIST_NAME_BYTES;
}

static struct sigma_list *find(const struct sigma_lists *lists, struct str name)
{
    for (size_t i = 0; i < lists->n; i++) {
        if (str_eq(lists->items[i].name, name))
            return &lists->items[i];
    }
    return NULL;
}

static int add_one(struct sigma_lists *lists, const struct yamltree_node *key,
                   const struct yamltree_node *values, struct err *err)
{
    struct sigma_list *known = find(lists, key->text);
    if (!is_name(key->text))
        return yamltree_fail(key, err, "'%.*s' is not the name of a list", STR_ARG(key->text));
    if (values->kind != YAMLTREE_LIST)
        return yamltree_fail(values, err, "'%.*s' must be a list of values", STR_ARG(key->text));
    for (size_t i = 0; i < values->n; i++) {
        if (values->items[i]->kind != YAMLTREE_SCALAR)
            return yamltree_fail(values->items[i], err, "a value of a list is not a single value");
    }
    if (known != NULL && known->values->n > 0)
        return yamltree_fail(key, err, "list '%.*s' stands twice", STR_ARG(key->text));
    if (known == NULL && lists->n == SIGMA_LISTS_MAX)
        return yamltree_fail(key, err, "more than %u lists", SIGMA_LISTS_MAX);
    known = known != NULL ? known : &lists->items[lists->n++];
    *known = (struct sigma_list){key->text, values};
    return 0;
}

int sigma_list_add(struct sigma_lists *lists, const struct yamltree_node *doc, struct arena *a,
                   struct err *err)
{
    assert(sigma_list_is(doc));
    const struct yamltree_node *map = doc->items[0];
    if (map->kind != YAMLTREE_MAP)
        return yamltree_fail(map, err, "placeholders must be a map: name of the list, its values");
    if (lists->items == NULL)
        lists->items = ARENA_NEW(a, struct sigma_list, SIGMA_LISTS_MAX);
    if (lists->items == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < map->n; i++) {
        if (add_one(lists, map->keys[i], map->items[i], err) != 0)
            return -1;
    }
    return 0;
}

/* The first placeholder of a text: head before it, its name, tail behind it. */
static bool next_placeholder(struct str text, struct str *head, struct str *name, struct str *tail)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%')
            continue;
        size_t end = i + 1;
        while (end < text.n && is_name_char(text.p[end]))
            end++;
        if (end == i + 1 || end == text.n || text.p[end] != '%')
            continue;
        *head = str_sub(text, 0, i);
        *name = str_sub(text, i + 1, end - i - 1);
        *tail = str_from(text, end + 1);
        return true;
    }
    return false;
}

struct expansion {
    const struct sigma_lists *lists;
    const struct yamltree_node *at;
    struct arena *a;
    size_t n, max;
    const struct yamltree_node **nodes;
    struct err *err;
};

static int put_text(struct expansion *x, struct str text)
{
    struct yamltree_node *node = ARENA_NEW(x->a, struct yamltree_node, 1);
    if (node == NULL)
        return fail_nomem(x->err);
    *node = *x->at;
    node->text = text;
    x->nodes[x->n++] = node;
    return 0;
}

/*
 * One placeholder after the other from the left: done[] holds what stands before the next one. The number of
 * texts only grows, and is bounded.
 */
static int expand_rest(struct expansion *x, struct str *done, size_t n_done, struct str rest)
{
    struct str head, name, tail;
    while (next_placeholder(rest, &head, &name, &tail)) {
        const struct sigma_list *list = find(x->lists, name);
        size_t n = 0;
        if (list == NULL)
            return yamltree_fail(x->at, x->err, "there is no list of values for the placeholder '%.*s'",
                                 STR_ARG(name));
        if (list->values->n == 0)
            return yamltree_fail(x->at, x->err, "the list of the placeholder '%.*s' is empty", STR_ARG(name));
        if (list->values->n > x->max / n_done)
            return yamltree_fail(x->at, x->err, "more than %zu values", x->max);
        struct str *more = ARENA_NEW(x->a, struct str, n_done * list->values->n);
        if (more == NULL)
            return fail_nomem(x->err);
        for (size_t i = 0; i < n_done; i++) {
            for (size_t k = 0; k < list->values->n; k++) {
                more[n] = arena_printf(x->a, "%.*s%.*s%.*s", STR_ARG(done[i]), STR_ARG(head),
                                       STR_ARG(list->values->items[k]->text));
                if (more[n++].p == NULL)
                    return fail_nomem(x->err);
            }
        }
        done = more;
        n_done = n;
        rest = tail;
    }
    x->nodes = ARENA_NEW(x->a, const struct yamltree_node *, n_done);
    if (x->nodes == NULL)
        return fail_nomem(x->err);
    for (size_t i = 0; i < n_done; i++) {
        struct str text = arena_printf(x->a, "%.*s%.*s", STR_ARG(done[i]), STR_ARG(rest));
        if (text.p == NULL)
            return fail_nomem(x->err);
        if (put_text(x, text) != 0)
            return -1;
    }
    return 0;
}

int sigma_list_expand(const struct sigma_lists *lists, const struct yamltree_node *value, size_t max,
                      struct arena *a, const struct yamltree_node ***ret, size_t *ret_n, struct err *err)
{
    struct str head, name, tail, nothing = S("");
    struct expansion x = {.lists = lists, .at = value, .a = a, .max = max, .err = err};
    static const struct sigma_lists none = {0, NULL};
    if (lists == NULL)
        x.lists = &none;
    if (value->kind == YAMLTREE_SCALAR && next_placeholder(value->text, &head, &name, &tail)) {
        if (expand_rest(&x, &nothing, 1, value->text) != 0)
            return -1;
    } else {
        x.nodes = ARENA_NEW(a, const struct yamltree_node *, 1);
        if (x.nodes == NULL)
            return fail_nomem(err);
        x.nodes[x.n++] = value;
    }
    *ret = x.nodes;
    *ret_n = x.n;
    return 0;
}
