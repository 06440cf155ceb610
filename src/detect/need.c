#include "detect/need.h"

#include "query/fold.h"

static const struct {
    uint16_t field;
    uint8_t weight;
    bool word;
} field_rows[] = {
    {FIELD_EVENT_ACTION, 20, true}, {FIELD_EVENT_CODE, 8, false},    {FIELD_PROCESS_NAME, 7, false},
    {FIELD_EVENT_DATASET, 4, true}, {FIELD_EVENT_CATEGORY, 3, true}, {FIELD_EVENT_OUTCOME, 0, true},
};

unsigned need_field_weight(uint16_t field)
{
    for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
        if (field_rows[i].field == field)
            return field_rows[i].weight;
    }
    return 0;
}

bool need_field_is_word(uint16_t field)
{
    for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
        if (field_rows[i].field == field)
            return field_rows[i].word;
    }
    return false;
}

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int one_trigger(struct arena *a, struct need_trigger t, unsigned score, struct need *ret,
                       struct err *err)
{
    ret->triggers = ARENA_NEW(a, struct need_trigger, 1);
    if (ret->triggers == NULL)
        return fail_nomem(err);
    ret->triggers[0] = t;
    ret->n = 1;
    ret->score = score;
    return 0;
}

static struct str folded(struct arena *a, struct str s)
{
    char *out = ARENA_NEW(a, char, s.n + 1);
    return (struct str){out, out == NULL ? 0 : fold_search(s, out)};
}

static int literal_need(struct str text, struct arena *a, struct need *ret, struct err *err)
{
    struct str lit = folded(a, text);
    if (lit.p == NULL)
        return fail_nomem(err);
    if (lit.n > NEED_LITERAL_BYTES_MAX) /* any part of it is necessary too */
        lit.n = NEED_LITERAL_BYTES_MAX;
    if (lit.n < NEED_LITERAL_BYTES_MIN)
        return 0;
    return one_trigger(a, (struct need_trigger){.text = lit}, (unsigned)lit.n, ret, err);
}

/* The longest run of a pattern without wildcards, escapes taken away. */
static int wild_need(struct str pattern, struct arena *a, struct need *ret, struct err *err)
{
    char *text = ARENA_NEW(a, char, pattern.n + 1);
    size_t from = 0, n = 0;
    struct str best = {text, 0};
    if (text == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i <= pattern.n; i++) {
        if (i == pattern.n || pattern.p[i] == '*' || pattern.p[i] == '?') {
            if (n - from > best.n)
                best = (struct str){text + from, n - from};
            from = n;
            continue;
        }
        if (pattern.p[i] == '\\' && i + 1 < pattern.n)
            i++;
        text[n++] = pattern.p[i];
    }
    return literal_need(best, a, ret, err);
}

/* Values of these fields are texts that are scanned, whatever the field is called. */
static bool is_scanned(const struct pred_field *f)
{
    return f->id < FIELD_COUNT || f->id == PRED_FIELD_MESSAGE || f->id == PRED_FIELD_RAW ||
           f->id == PRED_FIELD_ANY;
}

static bool is_text(const struct pred_field *f)
{
    if (f->id == FIELD_OTHER || f->id >= FIELD_COUNT)
        return true;
    enum field_type type = field_row(f->id)->type;
    return type != FIELD_LONG && type != FIELD_IP; /* those are compared by value, whatever the spelling */
}

static int leaf_need(const struct pred *p, struct arena *a, struct need *ret, struct err *err)
{
    const struct pred_field *f = &p->field;
    bool phrase = p->kind == PRED_PHRASE;
    if (!phrase && p->kind == PRED_EQ && need_field_weight(f->id) > 0 && p->text.n <= NEED_VALUE_BYTES_MAX) {
        struct str value = folded(a, p->text);
        if (value.p == NULL)
            return fail_nomem(err);
        return one_trigger(a, (struct need_trigger){.field = f->id, .text = value}, need_field_weight(f->id),
                           ret, err);
    }
    if (!phrase && (!is_scanned(f) || need_field_is_word(f->id)))
        return 0;
    ret->in_any_field = !phrase && (f->id == PRED_FIELD_ANY || f->wild);
    switch (p->kind) {
    case PRED_EQ:
        return is_text(f) ? literal_need(p->text, a, ret, err) : 0;
    case PRED_CONTAINS:
    case PRED_STARTS:
    case PRED_ENDS:
    case PRED_PHRASE:
        return literal_need(p->text, a, ret, err);
    case PRED_WILD:
        return wild_need(p->text, a, ret, err);
    default:
        return 0;
    }
}

static int node_need(const struct pred *p, struct arena *a, struct need *ret, struct err *err);

/* All children must hold, so the rarest need of one of them is enough. */
static int and_need(const struct pred *p, struct arena *a, struct need *ret, struct err *err)
{
    for (size_t i = 0; i < p->n_children; i++) {
        struct need one = {0};
        if (node_need(p->children[i], a, &one, err) != 0)
            return -1;
        /* A long list of weak triggers costs more than it saves. */
        if (one.n > 0 &&
            (ret->n == 0 || one.score > ret->score || (one.score == ret->score && one.n < ret->n)))
            *ret = one;
    }
    return 0;
}

/* One of the children holds, so each of them must bring its triggers. */
static int or_need(const struct pred *p, struct arena *a, struct need *ret, struct err *err)
{
    struct need all = {.score = UINT32_MAX};
    struct need *list = ARENA_NEW(a, struct need, p->n_children);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < p->n_children; i++) {
        if (node_need(p->children[i], a, &list[i], err) != 0)
            return -1;
        if (list[i].n == 0)
            return 0;
        all.n += list[i].n;
        all.score = list[i].score < all.score ? list[i].score : all.score;
        all.in_any_field = all.in_any_field || list[i].in_any_field;
    }
    if (all.n == 0 || all.n > NEED_TRIGGERS_MAX)
        return 0;
    all.triggers = ARENA_NEW(a, struct need_trigger, all.n);
    if (all.triggers == NULL)
        return fail_nomem(err);
    size_t n = 0;
    for (size_t i = 0; i < p->n_children; i++) {
        memcpy(all.triggers + n, list[i].triggers, list[i].n * sizeof(*all.triggers));
        n += list[i].n;
    }
    *ret = all;
    return 0;
}

/* As deep as the tree, which pred_compile has bounded. */
static int node_need(const struct pred *p, struct arena *a, struct need *ret, struct err *err)
{
    switch (p->kind) {
    case PRED_AND:
        return and_need(p, a, ret, err);
    case PRED_OR:
        return or_need(p, a, ret, err);
    case PRED_EQ:
    case PRED_CONTAINS:
    case PRED_STARTS:
    case PRED_ENDS:
    case PRED_WILD:
    case PRED_PHRASE:
        return leaf_need(p, a, ret, err);
    default:
        return 0; /* NOT, EXISTS, numbers, networks, expressions: nothing must stand in the text */
    }
}

int need_of(const struct pred *tree, struct arena *a, struct need *ret, struct err *err)
{
    *ret = (struct need){0};
    return node_need(tree, a, ret, err);
}
