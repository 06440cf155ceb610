#include <stdlib.h>

#include "base/when.h"
#include "query/fold.h"
#include "query/pred_code.h"

struct compiler {
    struct arena *a;
    struct pred_set *set; /* NULL: a program of its own */
    struct pred_prog *prog;
    struct err *err;
};

static int no_memory(struct compiler *c)
{
    return err_set(c->err, ERR_NOMEM, "query");
}

static struct str fold_with(struct arena *a, struct str s, size_t (*fold)(struct str, char *))
{
    char *p = ARENA_NEW(a, char, s.n + 1);
    return (struct str){p, p == NULL ? 0 : fold(s, p)};
}

/* The text of a node as it is compared: folded by case unless the node says otherwise. */
static struct str text_of(struct compiler *c, const struct pred *p, struct str s)
{
    return p->cased ? arena_str(c->a, s) : fold_with(c->a, s, fold_case);
}

static int bad_value(struct compiler *c, const struct pred_field *f, struct str s, const char *want)
{
    if (c->err != NULL)
        c->err->at = 0;
    return err_set(c->err, ERR_PARSE, "%.*s: '%.*s' is not %s", (int)(f->name.n > 60 ? 60 : f->name.n),
                   f->name.p, (int)(s.n > 60 ? 60 : s.n), s.p, want);
}

/* Type in which values of a field are compared, as far as the field alone tells. */
static enum pred_type field_type(const struct pred_field *f)
{
    switch (f->id) {
    case PRED_FIELD_TIME:
        return PRED_AS_TIME;
    case PRED_FIELD_SEVERITY:
        return PRED_AS_SEVERITY;
    case PRED_FIELD_EVENT_ID:
    case PRED_FIELD_SOURCE_ID:
        return PRED_AS_NUM;
    default:
        break;
    }
    if (f->id == FIELD_OTHER || f->id >= FIELD_COUNT)
        return PRED_AS_TEXT;
    enum field_type t = field_row(f->id)->type;
    return t == FIELD_LONG ? PRED_AS_NUM : t == FIELD_IP ? PRED_AS_ADDR : PRED_AS_TEXT;
}

static bool parse_time(struct str s, struct num *ret)
{
    struct cur cur = cur_of(s);
    int64_t ns;
    if (!when_parse_rfc3339(&cur, &ns) || !cur_done(&cur))
        return false;
    *ret = num_of(ns);
    return true;
}

static bool parse_severity(struct str s, struct num *ret)
{
    uint64_t n;
    int found = str_to_u64(s, 7, &n) ? (int)n : event_severity_find(s);
    if (found >= 0)
        *ret = pred_severity_rank(found);
    return found >= 0;
}

/* Read a value in the type; false where it is not of that type. */
static bool parse_typed(enum pred_type type, struct str s, struct pred_bound *b)
{
    switch (type) {
    case PRED_AS_NUM:
        return num_parse(s, &b->num);
    case PRED_AS_ADDR:
        return addr_parse(s, &b->addr);
    case PRED_AS_SEVERITY:
        return parse_severity(s, &b->num);
    case PRED_AS_TIME:
        return parse_time(s, &b->num);
    default:
        return true;
    }
}

static const char *const type_words[] = {
    [PRED_AS_TEXT] = "a text",
    [PRED_AS_NUM] = "a number",
    [PRED_AS_ADDR] = "an IP address",
    [PRED_AS_SEVERITY] =
        "a severity (emergency alert critical error warning notice info debug high medium low, 0-7)",
    [PRED_AS_TIME] = "a time (RFC 3339)",
};

static int compile_eq(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->type = field_type(&k->field);
    k->cost = k->type == PRED_AS_TEXT ? 8 : 4;
    k->eq.text = k->lit = text_of(c, p, p->text);
    if (k->lit.p == NULL)
        return no_memory(c);
    if (parse_typed(k->type, p->text, &k->eq))
        return 0;
    if (k->type == PRED_AS_SEVERITY || k->type == PRED_AS_TIME)
        return bad_value(c, &k->field, p->text, type_words[k->type]);
    k->type = PRED_AS_TEXT; /* "source.ip:unknown": some devices do send that */
    return 0;
}

static int compile_wild(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 25;
    k->lit = text_of(c, p, p->text);
    if (k->lit.p == NULL)
        return no_memory(c);
    return wild_compile(k->lit, c->a, &k->wild, c->err);
}

static int compile_part(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = k->kind == PRED_CONTAINS ? 20 : 12;
    k->lit = text_of(c, p, p->text);
    return k->lit.p == NULL ? no_memory(c) : 0;
}

static int compile_phrase(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 60;
    k->lit = fold_with(c->a, p->text, fold_search);
    return k->lit.p == NULL ? no_memory(c) : 0;
}

static int compile_word(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 70;
    k->lit = fold_with(c->a, p->text, fold_search);
    k->pieces = ARENA_NEW(c->a, struct str, k->lit.n / 2 + 1);
    if (k->lit.p == NULL || k->pieces == NULL)
        return no_memory(c);
    struct str rest = k->lit;
    k->open_start = rest.n > 0 && rest.p[0] == '*';
    k->open_end = rest.n > 0 && rest.p[rest.n - 1] == '*';
    for (bool more = true; more;) {
        struct str piece;
        more = str_cut(rest, '*', &piece, &rest);
        if (piece.n > 0)
            k->pieces[k->n_pieces++] = piece;
    }
    for (size_t i = 0; k->n_pieces > 0 && i < k->pieces[0].n; i++)
        k->has_blank |= ascii_is_space(k->pieces[0].p[i]);
    return 0;
}

static int compile_regex(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 300;
    if (rex_compile(p->text, p->cased, &k->rex, c->err) != 0)
        return err_wrap(c->err, "/%.*s/", (int)(p->text.n > 60 ? 60 : p->text.n), p->text.p);
    struct pred_code **list = c->set != NULL ? pred_set_rexes(c->set) : &c->prog->rexes;
    k->next_rex = *list;
    *list = k;
    return 0;
}

static int compile_cidr(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 15;
    if (!addr_parse_net(p->text, &k->net, &k->net_bits))
        return bad_value(c, &k->field, p->text, "a network such as 10.0.0.0/8");
    return 0;
}

/* Type of a range: what the field says, else what both ends can be read as. */
static enum pred_type range_type(const struct pred *p, const struct pred_field *f)
{
    static const enum pred_type tried[] = {PRED_AS_NUM, PRED_AS_ADDR};
    enum pred_type type = field_type(f);
    struct pred_bound b;
    for (size_t i = 0; type == PRED_AS_TEXT && i < COUNT_OF(tried); i++) {
        if ((p->low_open || parse_typed(tried[i], p->low, &b)) &&
            (p->high_open || parse_typed(tried[i], p->high, &b)))
            type = tried[i];
    }
    return type;
}

static int compile_bound(struct compiler *c, const struct pred *p, struct pred_code *k, struct str text,
                         struct pred_bound *b)
{
    if (b->open)
        return 0;
    b->text = text_of(c, p, text);
    if (b->text.p == NULL)
        return no_memory(c);
    if (!parse_typed(k->type, text, b))
        return bad_value(c, &k->field, text, type_words[k->type]);
    return 0;
}

static int compile_range(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    k->cost = 10;
    k->type = range_type(p, &k->field);
    k->low = (struct pred_bound){.open = p->low_open, .incl = p->low_incl};
    k->high = (struct pred_bound){.open = p->high_open, .incl = p->high_incl};
    if (compile_bound(c, p, k, p->low, &k->low) != 0)
        return -1;
    return compile_bound(c, p, k, p->high, &k->high);
}

static int compile_plain(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    (void)c;
    k->cost = p->kind == PRED_TRUE ? 0 : 3;
    return 0;
}

typedef int compile_fn(struct compiler *c, const struct pred *p, struct pred_code *k);

static const struct {
    compile_fn *fn;
    bool has_field;
} leaf_table[] = {
    [PRED_TRUE] = {compile_plain, false},    [PRED_WORD] = {compile_word, false},
    [PRED_PHRASE] = {compile_phrase, false}, [PRED_EQ] = {compile_eq, true},
    [PRED_WILD] = {compile_wild, true},      [PRED_CONTAINS] = {compile_part, true},
    [PRED_STARTS] = {compile_part, true},    [PRED_ENDS] = {compile_part, true},
    [PRED_REGEX] = {compile_regex, true},    [PRED_CIDR] = {compile_cidr, true},
    [PRED_RANGE] = {compile_range, true},    [PRED_EXISTS] = {compile_plain, true},
    [PRED_NULL] = {compile_plain, true},
};

/* The field of a leaf: values in long texts cost more, and so do many values. */
static int compile_field(struct compiler *c, struct pred_code *k)
{
    k->field.name = arena_str(c->a, k->field.name);
    if (k->field.name.p == NULL)
        return no_memory(c);
    if (k->field.wild) {
        k->cost *= 3;
        return wild_compile(k->field.name, c->a, &k->name, c->err);
    }
    if (k->field.id == PRED_FIELD_RAW || k->field.id == PRED_FIELD_MESSAGE)
        k->cost += 40;
    if (k->field.id == PRED_FIELD_ANY)
        k->cost = k->cost * 5 + 40;
    return 0;
}

static int by_cost(const void *a, const void *b)
{
    const struct pred_code *x = *(struct pred_code *const *)a, *y = *(struct pred_code *const *)b;
    int c = (x->cost > y->cost) - (x->cost < y->cost);
    return c != 0 ? c : (x->id > y->id) - (x->id < y->id); /* equal nodes of a set in one order */
}

static int compile_node(struct compiler *c, const struct pred *p, unsigned depth, struct pred_code **ret);

static int compile_branch(struct compiler *c, const struct pred *p, unsigned depth, struct pred_code *k)
{
    if (p->kind == PRED_NOT && p->n_children != 1)
        return err_set(c->err, ERR_USAGE, "NOT takes one predicate");
    k->n_children = p->n_children;
    k->children = p->n_children == 0 ? NULL : ARENA_NEW(c->a, struct pred_code *, p->n_children);
    if (p->n_children > 0 && k->children == NULL)
        return no_memory(c);
    for (size_t i = 0; i < p->n_children; i++) {
        if (compile_node(c, p->children[i], depth + 1, &k->children[i]) != 0)
            return -1;
        uint32_t cost = k->children[i]->cost;
        k->cost = cost > UINT32_MAX / 2 - k->cost ? UINT32_MAX / 2 : k->cost + cost;
    }
    if (p->n_children > 1)
        qsort(k->children, k->n_children, sizeof(struct pred_code *), by_cost);
    return 0;
}

static int check_size(struct compiler *c, const struct pred *p, unsigned depth)
{
    if (depth >= PRED_DEPTH_MAX)
        return err_set(c->err, ERR_LIMIT, "the query is nested deeper than %u levels", PRED_DEPTH_MAX);
    if (++c->prog->n_nodes > PRED_NODES_MAX)
        return err_set(c->err, ERR_LIMIT, "the query has more than %u parts", PRED_NODES_MAX);
    if (p->text.n > PRED_TEXT_BYTES_MAX || p->low.n > PRED_TEXT_BYTES_MAX || p->high.n > PRED_TEXT_BYTES_MAX)
        return err_set(c->err, ERR_LIMIT, "a value is longer than %u bytes", PRED_TEXT_BYTES_MAX);
    return 0;
}

static int compile_leaf(struct compiler *c, const struct pred *p, struct pred_code *k)
{
    assert((size_t)p->kind < COUNT_OF(leaf_table) && leaf_table[p->kind].fn != NULL);
    if (leaf_table[p->kind].fn(c, p, k) != 0)
        return -1;
    if (!leaf_table[p->kind].has_field)
        return 0;
    if (c->set != NULL) {
        size_t slot = pred_set_slot(c->set, &p->field);
        if (slot == SIZE_MAX)
            return no_memory(c);
        k->slot = (uint32_t)slot;
    }
    return compile_field(c, k);
}

/* A node of the set that means the same; NULL where there is none. */
static struct pred_code *find_equal(struct compiler *c, const struct pred *p, const struct pred_code *k)
{
    if (c->set == NULL)
        return NULL;
    struct buf *key = pred_set_key(c->set, p);
    for (size_t i = 0; i < k->n_children; i++)
        buf_put_u32(key, k->children[i]->id);
    return pred_set_find(c->set);
}

static bool is_simple(const struct pred_code *k)
{
    return k->kind == PRED_CONTAINS || k->kind == PRED_STARTS || k->kind == PRED_ENDS ||
           k->kind == PRED_CIDR ||
           (k->kind == PRED_EQ && (k->type == PRED_AS_TEXT || k->type == PRED_AS_NUM));
}

/* Alternatives for one field of the event are tried together. */
static void group(struct pred_code *k)
{
    const struct pred_code *first = k->n_children < 2 ? NULL : k->children[0];
    if (first == NULL || k->kind != PRED_OR || first->slot == PRED_SLOT_NONE ||
        (first->slot >= PRED_SLOT_RAW && first->slot < PRED_SLOT_NAMED))
        return;
    bool alike = is_simple(first);
    for (size_t i = 0; i < k->n_children; i++) {
        const struct pred_code *c = k->children[i];
        if (c->n_children > 0 || c->slot != first->slot || c->kind == PRED_NULL)
            return;
        alike = alike && c->kind == first->kind && c->type == first->type && c->cased == first->cased;
    }
    k->slot = first->slot;
    k->grouped = alike ? PRED_ALIKE : PRED_GROUPED;
}

/* Depth is bounded by PRED_DEPTH_MAX, and so is the recursion. */
static int compile_node(struct compiler *c, const struct pred *p, unsigned depth, struct pred_code **ret)
{
    bool branch = p->kind == PRED_AND || p->kind == PRED_OR || p->kind == PRED_NOT;
    struct pred_code draft = {.kind = p->kind, .cased = p->cased, .field = p->field};
    if (check_size(c, p, depth) != 0)
        return -1;
    if (branch && compile_branch(c, p, depth, &draft) != 0)
        return -1;
    struct pred_code *k = find_equal(c, p, &draft);
    if (k != NULL) {
        *ret = k;
        return 0;
    }
    k = ARENA_NEW(c->a, struct pred_code, 1);
    if (k == NULL)
        return no_memory(c);
    *k = draft;
    if (branch && c->set != NULL)
        group(k);
    if (!branch && compile_leaf(c, p, k) != 0)
        return -1;
    if (c->set != NULL && !pred_set_keep(c->set, k))
        return no_memory(c);
    *ret = k;
    return 0;
}

static int compile(const struct pred *root, struct arena *a, struct pred_set *set, struct pred_prog **ret,
                   struct err *err)
{
    struct pred_prog *prog = ARENA_NEW(a, struct pred_prog, 1);
    struct compiler c = {a, set, prog, err};
    assert(root != NULL);
    if (prog == NULL)
        return no_memory(&c);
    if (compile_node(&c, root, 0, &prog->root) != 0) {
        pred_free(prog);
        return -1;
    }
    *ret = prog;
    return 0;
}

int pred_compile(const struct pred *root, struct arena *a, struct pred_prog **ret, struct err *err)
{
    return compile(root, a, NULL, ret, err);
}

int pred_compile_in(struct pred_set *set, struct arena *a, const struct pred *tree, struct pred_prog **ret,
                    struct err *err)
{
    return compile(tree, a, set, ret, err);
}

void pred_free(struct pred_prog *p)
{
    if (p == NULL)
        return;
    for (struct pred_code *k = p->rexes; k != NULL; k = k->next_rex) {
        rex_free(k->rex);
        k->rex = NULL;
    }
    p->rexes = NULL;
}
