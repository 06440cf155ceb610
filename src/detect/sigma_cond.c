/*
 * The condition of a rule. Grammar: or := and { "or" and }; and := not { "and" not }; not := "not" not |
 * unit; unit := "(" or ")" | ("1" | "any" | "all") "of" (pattern | "them") | name. Source: Sigma 2.1
 * "Condition".
 */
#include "detect/sigma.h"

struct cond {
    const struct yamltree_node *node;
    const struct sigma_selection *selections;
    size_t n_selections;
    struct arena *a;
    struct err *err;
    struct str rest; /* behind the current word */
    struct str word; /* .n == 0 at the end */
    unsigned depth;
};

static int fail_nomem(struct cond *c)
{
    return err_set(c->err, ERR_NOMEM, "no memory for the rules");
}

static bool is_name_byte(char ch)
{
    return ascii_is_alnum(ch) || ch == '_' || ch == '*' || ch == '?' || ch == '.' || ch == '-' ||
           (unsigned char)ch >= 0x80;
}

/* Step to the next word: a name, a bracket or one byte that belongs to nothing. */
static void next_word(struct cond *c)
{
    struct str s = c->rest;
    size_t n = 0;
    while (s.n > 0 && ascii_is_space(s.p[0]))
        s = str_from(s, 1);
    while (n < s.n && is_name_byte(s.p[n]))
        n++;
    if (n == 0 && s.n > 0)
        n = 1;
    c->word = str_sub(s, 0, n);
    c->rest = str_from(s, n);
}

static bool word_is(const struct cond *c, struct str keyword)
{
    return str_eq_nocase(c->word, keyword);
}

static int fail_expected(struct cond *c, const char *what)
{
    if (c->word.n == 0)
        return yamltree_fail(c->node, c->err, "condition: expected %s at the end", what);
    if (str_eq(c->word, S("|")))
        return yamltree_fail(c->node, c->err,
                             "condition: '|' aggregations are obsolete, write a correlation instead");
    return yamltree_fail(c->node, c->err, "condition: expected %s, found '%.*s'", what, STR_ARG(c->word));
}

static bool is_keyword(const struct cond *c)
{
    return word_is(c, S("and")) || word_is(c, S("or")) || word_is(c, S("not")) || word_is(c, S("of")) ||
           (c->word.n == 1 && !is_name_byte(c->word.p[0]));
}

/* A tree is used once for each place that names it, since compiling reorders children. */
static struct pred *copy_tree(const struct pred *p, struct arena *a)
{
    struct pred *out = ARENA_NEW(a, struct pred, 1);
    if (out == NULL)
        return NULL;
    *out = *p;
    if (p->n_children == 0)
        return out;
    out->children = ARENA_NEW(a, struct pred *, p->n_children);
    for (size_t i = 0; out->children != NULL && i < p->n_children; i++) {
        out->children[i] = copy_tree(p->children[i], a);
        if (out->children[i] == NULL)
            return NULL;
    }
    return out->children == NULL ? NULL : out;
}

static int use_selection(struct cond *c, size_t i, struct pred **ret)
{
    *ret = copy_tree(c->selections[i].tree, c->a);
    return *ret == NULL ? fail_nomem(c) : 0;
}

/* '*' in a pattern of names stands for any run of bytes. */
static bool name_fits(struct str name, struct str pattern)
{
    size_t i = 0, k = 0, star = SIZE_MAX, retry = 0;
    while (i < name.n) {
        if (k < pattern.n && pattern.p[k] == '*') {
            star = k++;
            retry = i;
        } else if (k < pattern.n && (pattern.p[k] == name.p[i] || pattern.p[k] == '?')) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            k = star + 1;
            i = ++retry;
        } else {
            return false;
        }
    }
    while (k < pattern.n && pattern.p[k] == '*')
        k++;
    return k == pattern.n;
}

static int parse_of(struct cond *c, enum pred_kind kind, struct pred **ret)
{
    next_word(c);
    if (!word_is(c, S("of")))
        return fail_expected(c, "'of'");
    next_word(c);
    if (c->word.n == 0 || is_keyword(c))
        return fail_expected(c, "a pattern of selections or 'them'");
    struct str pattern = word_is(c, S("them")) ? S("*") : c->word;
    struct pred **list = ARENA_NEW(c->a, struct pred *, c->n_selections);
    size_t n = 0;
    if (list == NULL)
        return fail_nomem(c);
    for (size_t i = 0; i < c->n_selections; i++) {
        struct str name = c->selections[i].name;
        bool hidden = name.n > 0 && name.p[0] == '_' && pattern.p[0] != '_';
        if (hidden || !name_fits(name, pattern))
            continue;
        if (use_selection(c, i, &list[n++]) != 0)
            return -1;
    }
    if (n == 0)
        return yamltree_fail(c->node, c->err, "condition: no selection fits '%.*s'", STR_ARG(c->word));
    next_word(c);
    *ret = sigma_join(kind, list, n, c->a);
    return *ret == NULL ? fail_nomem(c) : 0;
}

static int parse_name(struct cond *c, struct pred **ret)
{
    for (size_t i = 0; i < c->n_selections; i++) {
        if (str_eq(c->selections[i].name, c->word)) {
            next_word(c);
            return use_selection(c, i, ret);
        }
    }
    return yamltree_fail(c->node, c->err, "condition: there is no selection '%.*s'", STR_ARG(c->word));
}

static int parse_or(struct cond *c, struct pred **ret);

static int parse_unit(struct cond *c, struct pred **ret)
{
    if (str_eq(c->word, S("("))) {
        next_word(c);
        if (parse_or(c, ret) != 0)
            return -1;
        if (!str_eq(c->word, S(")")))
            return fail_expected(c, "')'");
        next_word(c);
        return 0;
    }
    if (c->word.n == 0 || is_keyword(c))
        return fail_expected(c, "a selection");
    struct cond ahead = *c;
    next_word(&ahead);
    if (word_is(&ahead, S("of"))) {
        if (str_eq(c->word, S("1")) || word_is(c, S("any")))
            return parse_of(c, PRED_OR, ret);
        if (word_is(c, S("all")))
            return parse_of(c, PRED_AND, ret);
        return yamltree_fail(c->node, c->err, "condition: '%.*s of' is not supported, only 1, any and all",
                             STR_ARG(c->word));
    }
    return parse_name(c, ret);
}

static int parse_not(struct cond *c, struct pred **ret)
{
    bool negated = false;
    while (word_is(c, S("not"))) {
        negated = !negated;
        next_word(c);
    }
    if (parse_unit(c, ret) != 0)
        return -1;
    if (!negated)
        return 0;
    struct pred *p = ARENA_NEW(c->a, struct pred, 1);
    struct pred **list = ARENA_NEW(c->a, struct pred *, 1);
    if (p == NULL || list == NULL)
        return fail_nomem(c);
    list[0] = *ret;
    *p = (struct pred){.kind = PRED_NOT, .n_children = 1, .children = list};
    *ret = p;
    return 0;
}

/* Operands of one level; a condition has at most as many as it has words. */
static int parse_chain(struct cond *c, enum pred_kind kind, struct pred **ret)
{
    size_t n = 0, cap = c->rest.n / 2 + 2;
    struct pred **list = ARENA_NEW(c->a, struct pred *, cap);
    if (list == NULL)
        return fail_nomem(c);
    for (;;) {
        assert(n < cap);
        int rc = kind == PRED_OR ? parse_chain(c, PRED_AND, &list[n]) : parse_not(c, &list[n]);
        if (rc != 0)
            return -1;
        n++;
        if (!word_is(c, kind == PRED_OR ? S("or") : S("and")))
            break;
        next_word(c);
    }
    *ret = sigma_join(kind, list, n, c->a);
    return *ret == NULL ? fail_nomem(c) : 0;
}

static int parse_or(struct cond *c, struct pred **ret)
{
    if (c->depth == SIGMA_CONDITION_DEPTH)
        return yamltree_fail(c->node, c->err, "condition: more than %u brackets inside each other",
                             SIGMA_CONDITION_DEPTH);
    c->depth++;
    int rc = parse_chain(c, PRED_OR, ret);
    c->depth--;
    return rc;
}

static int parse_text(struct cond *c, const struct yamltree_node *node, struct pred **ret)
{
    if (node->kind != YAMLTREE_SCALAR)
        return yamltree_fail(node, c->err, "condition: expected a text");
    if (node->text.n > SIGMA_CONDITION_BYTES)
        return yamltree_fail(node, c->err, "condition: longer than %u bytes", SIGMA_CONDITION_BYTES);
    c->node = node;
    c->rest = node->text;
    next_word(c);
    if (parse_or(c, ret) != 0)
        return -1;
    return c->word.n == 0 ? 0 : fail_expected(c, "'and', 'or' or the end");
}

int sigma_cond_parse(const struct yamltree_node *condition, const struct sigma_selection *selections,
                     size_t n, struct arena *a, struct pred **ret, struct err *err)
{
    struct cond c = {.selections = selections, .n_selections = n, .a = a, .err = err};
    if (condition->kind != YAMLTREE_LIST)
        return parse_text(&c, condition, ret);
    if (condition->n == 0 || condition->n > SIGMA_REFS_MAX)
        return yamltree_fail(condition, err, "condition: expected 1 to %u texts", SIGMA_REFS_MAX);
    struct pred *list[SIGMA_REFS_MAX];
    for (size_t i = 0; i < condition->n; i++) {
        if (parse_text(&c, condition->items[i], &list[i]) != 0)
            return -1;
    }
    *ret = sigma_join(PRED_OR, list, condition->n, a);
    return *ret == NULL ? fail_nomem(&c) : 0;
}
