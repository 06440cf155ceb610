#include "base/hash.h"
#include "query/fold.h"
#include "query/pred_code.h"

struct tokens {
    uint64_t *out;
    size_t n, max;
};

static bool has_token(const struct tokens *t, uint64_t hash)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->out[i] == hash)
            return true;
    }
    return false;
}

static void add_token(struct tokens *t, uint64_t hash)
{
    if (t->n < t->max && !has_token(t, hash))
        t->out[t->n++] = hash;
}

/*
 * Words of a part of a pattern, already folded, that stand in every text it matches: a word at an end counts
 * only where the pattern binds it there. It is not folded again: of bytes that are not UTF-8 a second folding
 * may make something else.
 */
static void add_folded(struct tokens *t, struct str s, bool bound_start, bool bound_end)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t from = i;
        while (i < s.n && text_is_word_byte((unsigned char)s.p[i]))
            i++;
        bool whole = (from > 0 || bound_start) && (i < s.n || bound_end);
        if (whole && i > from && i - from <= PRED_TOKEN_BYTES_MAX)
            add_token(t, hash_bytes(str_sub(s, from, i - from), PRED_TOKEN_SEED));
    }
}

static void add_words(struct tokens *t, struct str lit, bool bound_start, bool bound_end)
{
    char folded[PRED_TEXT_BYTES_MAX];
    assert(lit.n <= sizeof(folded));
    add_folded(t, (struct str){folded, fold_search(lit, folded)}, bound_start, bound_end);
}

/* A piece between two '*'; '?' cuts it further, for it may stand for a letter. */
static void add_piece(struct tokens *t, const struct wild_piece *p, bool bound_start, bool bound_end)
{
    size_t from = 0;
    for (size_t i = 0; i <= p->bytes.n; i++) {
        if (i < p->bytes.n && (p->any == NULL || p->any[i] == 0))
            continue;
        add_words(t, str_sub(p->bytes, from, i - from), bound_start && from == 0,
                  bound_end && i == p->bytes.n);
        from = i + 1;
    }
}

static void add_wild(struct tokens *t, const struct wild *w)
{
    for (size_t i = 0; i < w->n_pieces; i++)
        add_piece(t, &w->pieces[i], i == 0 && !w->open_start, i + 1 == w->n_pieces && !w->open_end);
}

static void add_word_pieces(struct tokens *t, const struct pred_code *k)
{
    for (size_t i = 0; i < k->n_pieces; i++)
        add_folded(t, k->pieces[i], i == 0 && !k->open_start, i + 1 == k->n_pieces && !k->open_end);
}

/* Fields whose values the filters do not hold. */
static bool is_indexed(const struct pred_field *f)
{
    return f->id < PRED_FIELD_TIME || f->id == PRED_FIELD_RAW || f->id == PRED_FIELD_MESSAGE ||
           f->id == PRED_FIELD_ANY;
}

static void add_leaf(struct tokens *t, const struct pred_code *k)
{
    if (k->kind == PRED_WORD) {
        add_word_pieces(t, k);
        return;
    }
    if (k->kind == PRED_PHRASE) {
        add_folded(t, k->lit, false, false);
        return;
    }
    if (!is_indexed(&k->field))
        return;
    switch (k->kind) {
    case PRED_EQ:
        if (k->type == PRED_AS_TEXT) /* numbers and addresses have several spellings */
            add_words(t, k->lit, true, true);
        break;
    case PRED_WILD:
        add_wild(t, k->wild);
        break;
    case PRED_CONTAINS:
    case PRED_STARTS:
    case PRED_ENDS:
        add_words(t, k->lit, k->kind == PRED_STARTS, k->kind == PRED_ENDS);
        break;
    default:
        break;
    }
}

#define OR_TOKENS_MAX 32u

static void add_node(struct tokens *t, const struct pred_code *k);

/* Tokens that every branch needs. */
static void add_common(struct tokens *t, const struct pred_code *k)
{
    uint64_t common[OR_TOKENS_MAX], branch[OR_TOKENS_MAX];
    struct tokens c = {common, 0, OR_TOKENS_MAX};
    for (size_t i = 0; i < k->n_children && (i == 0 || c.n > 0); i++) {
        struct tokens b = {branch, 0, OR_TOKENS_MAX};
        if (i == 0) {
            add_node(&c, k->children[0]);
            continue;
        }
        add_node(&b, k->children[i]);
        size_t n = 0;
        for (size_t j = 0; j < c.n; j++) {
            if (has_token(&b, c.out[j]))
                c.out[n++] = c.out[j];
        }
        c.n = n;
    }
    for (size_t i = 0; i < c.n; i++)
        add_token(t, c.out[i]);
}

static void add_node(struct tokens *t, const struct pred_code *k)
{
    switch (k->kind) {
    case PRED_AND:
        for (size_t i = 0; i < k->n_children; i++)
            add_node(t, k->children[i]);
        break;
    case PRED_OR:
        add_common(t, k);
        break;
    case PRED_NOT:
        break;
    default:
        add_leaf(t, k);
    }
}

size_t pred_tokens_needed(const struct pred_prog *p, uint64_t *out, size_t out_max)
{
    struct tokens t = {out, 0, out_max};
    add_node(&t, p->root);
    return t.n;
}

void pred_tokenise_event(const struct event *e, pred_token_fn *fn, void *arg)
{
    pred_tokenise(fold_clip(e->raw), fn, arg);
    if (e->message.p != NULL && !fold_is_in_raw(e->raw, e->message))
        pred_tokenise(fold_clip(e->message), fn, arg);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        struct str v = e->fields[i].value;
        if (v.p != NULL && !fold_is_in_raw(e->raw, v))
            pred_tokenise(fold_clip(v), fn, arg);
    }
}

struct span {
    int64_t from, to;
};

static struct span span_of(const struct pred_code *k)
{
    struct span s = {INT64_MIN, INT64_MAX};
    const struct pred_bound *low = k->kind == PRED_EQ ? &k->eq : &k->low;
    const struct pred_bound *high = k->kind == PRED_EQ ? &k->eq : &k->high;
    bool is_eq = k->kind == PRED_EQ;
    if ((!is_eq && k->kind != PRED_RANGE) || k->field.id != PRED_FIELD_TIME || k->part != PRED_PART_NONE)
        return s;
    if (is_eq || !low->open)
        s.from = low->num.i + (!is_eq && !low->incl && low->num.i < INT64_MAX);
    if (is_eq || !high->open)
        s.to = high->num.i + ((is_eq || high->incl) && high->num.i < INT64_MAX);
    return s;
}

static struct span bounds(const struct pred_code *k)
{
    struct span s = {INT64_MIN, INT64_MAX};
    if (k->kind == PRED_OR && k->n_children > 0)
        s = bounds(k->children[0]);
    else if (k->kind != PRED_AND)
        return span_of(k);
    for (size_t i = 0; i < k->n_children; i++) {
        struct span c = bounds(k->children[i]);
        bool hull = k->kind == PRED_OR;
        s.from = (c.from < s.from) == hull ? c.from : s.from;
        s.to = (c.to > s.to) == hull ? c.to : s.to;
    }
    return s;
}

void pred_time_bounds(const struct pred_prog *p, int64_t *from_ns, int64_t *to_ns)
{
    struct span s = bounds(p->root);
    *from_ns = s.from;
    *to_ns = s.to;
}
