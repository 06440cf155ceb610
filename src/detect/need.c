#include "detect/need.h"

#include "base/text.h"
#include "query/fold.h"

enum values { VALUES_TEXT, VALUES_WORDS, VALUES_NUMBERS };

static const struct trigger_field {
    uint16_t field;
    uint8_t weight;
    uint8_t values; /* enum values */
} field_rows[] = {
    {FIELD_DESTINATION_PORT, 16, VALUES_NUMBERS}, {FIELD_EVENT_ACTION, 12, VALUES_WORDS},
    {FIELD_EVENT_CODE, 10, VALUES_TEXT},          {FIELD_PROCESS_NAME, 8, VALUES_TEXT},
    {FIELD_EVENT_DATASET, 5, VALUES_WORDS},       {FIELD_HTTP_STATUS, 3, VALUES_NUMBERS},
    {FIELD_EVENT_CATEGORY, 1, VALUES_WORDS},      {FIELD_EVENT_OUTCOME, 0, VALUES_WORDS},
};

#define ACTION_AND_OUTCOME_WEIGHT 14u

static const struct trigger_field *find_row(uint16_t field)
{
    for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
        if (field_rows[i].field == field)
            return &field_rows[i];
    }
    return NULL;
}

unsigned need_field_weight(uint16_t field)
{
    const struct trigger_field *row = find_row(field);
    return row == NULL ? 0 : row->weight;
}

bool need_field_is_word(uint16_t field)
{
    const struct trigger_field *row = find_row(field);
    return row != NULL && row->values == VALUES_WORDS;
}

bool need_field_is_number(uint16_t field)
{
    const struct trigger_field *row = find_row(field);
    return row != NULL && row->values == VALUES_NUMBERS;
}

bool need_is_number(struct str text)
{
    if (text.n == 0 || text.n > 18 || (text.n > 1 && text.p[0] == '0'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!ascii_is_digit(text.p[i]))
            return false;
    }
    return true;
}

unsigned need_literal_score(struct str folded)
{
    /* Single signs that ordinary lines seldom hold; other single bytes and pairs of letters are everywhere.
     */
    static const struct str rare = S("'`|\\^{}<>~$");
    bool word = true;
    for (size_t i = 0; i < folded.n && i < 3; i++)
        word = word && text_is_word_byte((unsigned char)folded.p[i]);
    if (folded.n == 0 || (folded.n == 1 && str_find_char(rare, folded.p[0]) == SIZE_MAX) ||
        (folded.n == 2 && word))
        return 0;
    return 2 * (unsigned)(folded.n < NEED_LITERAL_BYTES_MAX ? folded.n : NEED_LITERAL_BYTES_MAX);
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
    if (need_literal_score(lit) == 0)
        return 0;
    return one_trigger(a, (struct need_trigger){.text = lit}, need_literal_score(lit), ret, err);
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
    case PRED_REGEX:
        return need_regex(p->text, p->cased, a, ret, err);
    default:
        return 0;
    }
}

/* event.outcome: one value that must hold beside the others; NULL where none. */
static const struct pred *outcome_child(const struct pred *p)
{
    for (size_t i = 0; i < p->n_children; i++) {
        const struct pred *c = p->children[i];
        if (c->kind == PRED_EQ && c->field.id == FIELD_EVENT_OUTCOME && c->text.n <= NEED_VALUE_BYTES_MAX / 2)
            return c;
    }
    return NULL;
}

/* Actions that must go with an outcome become triggers of both: failures are rarer than attempts. */
static int pair_outcome(const struct pred *p, struct arena *a, struct need *ret, struct err *err)
{
    const struct pred *outcome = outcome_child(p);
    bool actions = ret->n > 0 && outcome != NULL;
    for (size_t i = 0; actions && i < ret->n; i++)
        actions = ret->triggers[i].field == FIELD_EVENT_ACTION &&
                  ret->triggers[i].text.n < NEED_VALUE_BYTES_MAX / 2;
    if (!actions)
        return 0;
    struct str value = folded(a, outcome->text);
    for (size_t i = 0; value.p != NULL && i < ret->n; i++) {
        struct need_trigger *t = &ret->triggers[i];
        t->field = FIELD_EVENT_OUTCOME;
        t->text = arena_printf(a, "%.*s\n%.*s", STR_ARG(t->text), STR_ARG(value));
        if (t->text.p == NULL)
            value.p = NULL;
    }
    ret->score = ACTION_AND_OUTCOME_WEIGHT;
    return value.p == NULL ? fail_nomem(err) : 0;
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
    return pair_outcome(p, a, ret, err);
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
    case PRED_REGEX:
    case PRED_PHRASE:
        return leaf_need(p, a, ret, err);
    default:
        return 0; /* NOT, EXISTS, ranges, networks: nothing must stand in the text */
    }
}

int need_of(const struct pred *tree, struct arena *a, struct need *ret, struct err *err)
{
    *ret = (struct need){0};
    return node_need(tree, a, ret, err);
}
