#include "detect/need.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"
#include "query/addr.h"
#include "query/fold.h"
#include "query/num.h"

#define BOOK_BUCKETS (1u << 16) /* counts are guesses: triggers that share one are counted together */
#define BOOK_SEED UINT64_C(0x626f6f6b)

/* How often these fields have one certain value, where that is not what the length of the text says. */
static const struct {
    uint16_t field;
    double rate;
} field_rates[] = {
    {FIELD_EVENT_ACTION, 0.02}, {FIELD_EVENT_CODE, 0.1},  {FIELD_PROCESS_NAME, 0.05},
    {FIELD_EVENT_DATASET, 0.1}, {FIELD_HTTP_STATUS, 0.2}, {FIELD_EVENT_CATEGORY, 0.4},
    {FIELD_EVENT_OUTCOME, 0.5}, {FIELD_USER_NAME, 0.05},  {FIELD_HTTP_METHOD, 0.5},
};

#define EQUAL_RATE 0.002
#define PRESENT_RATE 0.9     /* of the events of a log source whose rules name the field */
#define WHOLE_TEXT_COST 0.5  /* of searching the message or the record, as rate */
#define TRIGGER_COST 0.00002 /* of one more trigger, as rate */

struct need_book {
    uint32_t counts[BOOK_BUCKETS];
};

int need_book_new(struct need_book **ret, struct err *err)
{
    struct need_book *book = calloc(1, sizeof(*book));
    if (book == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    *ret = book;
    return 0;
}

void need_book_free(struct need_book *book)
{
    free(book);
}

static uint32_t *book_count(struct need_book *book, const struct need_trigger *t)
{
    uint64_t h = hash_mix(hash_bytes(t->text, BOOK_SEED + (uint64_t)t->kind), t->slot);
    return &book->counts[h & (BOOK_BUCKETS - 1)];
}

bool need_slot_is_number(size_t slot)
{
    return slot != PRED_SLOT_NONE && slot < FIELD_COUNT && field_row((uint16_t)slot)->type == FIELD_LONG;
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

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

size_t need_tail(struct str folded, uint32_t depth)
{
    size_t i = folded.n;
    while (i > 0 && folded.n - i < NEED_VALUE_BYTES_MAX) {
        if (is_separator(folded.p[--i]) && --depth == 0)
            return i;
    }
    return SIZE_MAX;
}

unsigned need_literal_score(struct str folded)
{
    /* Single signs that ordinary lines seldom hold; other single bytes and pairs of letters are everywhere.
     */
    static const struct str rare = S("'`|\\^{}<>~$;");
    bool word = true;
    for (size_t i = 0; i < folded.n && i < 3; i++)
        word = word && text_is_word_byte((unsigned char)folded.p[i]);
    if (folded.n == 0 || (folded.n == 1 && str_find_char(rare, folded.p[0]) == SIZE_MAX) ||
        (folded.n == 2 && word))
        return 0;
    return 2 * (unsigned)(folded.n < NEED_LITERAL_BYTES_MAX ? folded.n : NEED_LITERAL_BYTES_MAX);
}

/* Letters and digits are everywhere, some signs in every path and command, others are seldom seen. */
static double text_rate(struct str text)
{
    static const struct str common = S(" /\\.-=:_%?&\"");
    double rate = 1;
    for (size_t i = 0; i < text.n && i < 32; i++) {
        bool often = ascii_is_alnum(text.p[i]) || str_find_char(common, text.p[i]) != SIZE_MAX;
        rate *= often ? 0.45 : 0.05;
    }
    return rate;
}

static double base_rate(const struct need_trigger *t)
{
    switch (t->kind) {
    case NEED_PRESENT:
        return PRESENT_RATE;
    case NEED_LITERAL:
        return text_rate(t->text);
    case NEED_TAIL:
        return EQUAL_RATE;
    default:
        break;
    }
    for (size_t i = 0; i < COUNT_OF(field_rates); i++) {
        if (field_rates[i].field == t->slot)
            return field_rates[i].rate;
    }
    double rate = text_rate(t->text);
    return rate > EQUAL_RATE ? rate : EQUAL_RATE;
}

static double rate_of(const struct need_ctx *ctx, const struct need_trigger *t)
{
    double rate = base_rate(t) * (1 + *book_count(ctx->book, t));
    return rate < 1 ? rate : 1;
}

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int add_trigger(const struct need_ctx *ctx, struct need *ret, struct need_trigger t, struct err *err)
{
    if (ret->triggers == NULL) {
        ret->triggers = ARENA_NEW(ctx->a, struct need_trigger, 1);
        if (ret->triggers == NULL)
            return fail_nomem(err);
    }
    ret->triggers[ret->n++] = t;
    ret->whole = ret->whole || (t.slot >= PRED_SLOT_RAW && t.slot < PRED_SLOT_NAMED);
    ret->rate += rate_of(ctx, &t) + TRIGGER_COST;
    return 0;
}

static struct str folded(struct arena *a, struct str s)
{
    char *out = ARENA_NEW(a, char, s.n + 1);
    return (struct str){out, out == NULL ? 0 : fold_search(s, out)};
}

/* A leaf, its field, and its text folded. */
struct leaf {
    const struct pred *p;
    size_t slot;
    struct str text;
};

static int literal_need(const struct need_ctx *ctx, size_t slot, struct str text, struct need *ret,
                        struct err *err)
{
    if (text.n > NEED_LITERAL_BYTES_MAX) /* any part of it is necessary too */
        text.n = NEED_LITERAL_BYTES_MAX;
    if (need_literal_score(text) == 0)
        return 0;
    return add_trigger(ctx, ret, (struct need_trigger){NEED_LITERAL, 0, slot, text}, err);
}

/* Numbers are one text however they are written; addresses and other numbers have several spellings. */
static int equal_need(const struct need_ctx *ctx, const struct leaf *l, struct need *ret, struct err *err)
{
    struct str text = l->text;
    struct num num;
    struct addr addr;
    bool typed = l->slot != PRED_SLOT_NONE && l->slot < FIELD_COUNT;
    if (typed && field_row((uint16_t)l->slot)->type == FIELD_IP && addr_parse(l->p->text, &addr))
        return 0;
    if (need_slot_is_number(l->slot) && num_parse(l->p->text, &num)) {
        if (!num.is_int)
            return 0;
        text = arena_printf(ctx->a, "%lld", (long long)num.i);
        if (text.p == NULL)
            return fail_nomem(err);
    }
    if (l->slot == PRED_SLOT_RAW || l->slot == PRED_SLOT_MESSAGE || l->slot == PRED_SLOT_ANY ||
        text.n > NEED_VALUE_BYTES_MAX)
        return literal_need(ctx, l->slot, text, ret, err);
    return add_trigger(ctx, ret, (struct need_trigger){NEED_EQUAL, 0, l->slot, text}, err);
}

/* "\cmd.exe" is looked up by the last part of a path. */
static int tail_need(const struct need_ctx *ctx, const struct leaf *l, struct need *ret, struct err *err)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < l->text.n; i++)
        depth += is_separator(l->text.p[i]);
    if (l->slot >= PRED_SLOT_RAW && l->slot < PRED_SLOT_NAMED)
        depth = 0;
    if (l->text.n < 3 || l->text.n > NEED_VALUE_BYTES_MAX || !is_separator(l->text.p[0]) || depth == 0 ||
        depth > NEED_TAIL_DEPTH_MAX)
        return literal_need(ctx, l->slot, l->text, ret, err);
    return add_trigger(ctx, ret, (struct need_trigger){NEED_TAIL, depth, l->slot, l->text}, err);
}

/* The longest run of a pattern without wildcards, escapes taken away. */
static int wild_need(const struct need_ctx *ctx, const struct leaf *l, struct need *ret, struct err *err)
{
    struct str pattern = l->p->text;
    char *text = ARENA_NEW(ctx->a, char, pattern.n + 1);
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
    best = folded(ctx->a, best);
    return best.p == NULL ? fail_nomem(err) : literal_need(ctx, l->slot, best, ret, err);
}

static int regex_need(const struct need_ctx *ctx, const struct leaf *l, struct need *ret, struct err *err)
{
    struct need_texts texts = {0};
    if (need_regex(l->p->text, l->p->cased, ctx->a, &texts, err) != 0)
        return -1;
    if (texts.n == 0)
        return 0;
    ret->triggers = ARENA_NEW(ctx->a, struct need_trigger, texts.n);
    if (ret->triggers == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < texts.n; i++) {
        if (literal_need(ctx, l->slot, texts.items[i], ret, err) != 0)
            return -1;
    }
    if (ret->n != texts.n) /* one of them is no trigger, so the others say nothing */
        *ret = (struct need){0};
    return 0;
}

static int text_need(const struct need_ctx *ctx, const struct leaf *l, struct need *ret, struct err *err)
{
    switch (l->p->kind) {
    case PRED_EQ:
        return equal_need(ctx, l, ret, err);
    case PRED_ENDS:
        return tail_need(ctx, l, ret, err);
    case PRED_CONTAINS:
    case PRED_STARTS:
    case PRED_PHRASE:
        return literal_need(ctx, l->slot, l->text, ret, err);
    case PRED_WILD:
        return wild_need(ctx, l, ret, err);
    case PRED_REGEX:
        return regex_need(ctx, l, ret, err);
    default:
        return 0;
    }
}

static int leaf_need(const struct need_ctx *ctx, const struct pred *p, struct need *ret, struct err *err)
{
    struct leaf l = {.p = p, .slot = PRED_SLOT_ANY, .text = folded(ctx->a, p->text)};
    if (p->kind != PRED_PHRASE)
        l.slot = pred_set_slot(ctx->set, &p->field);
    if (l.text.p == NULL || l.slot == SIZE_MAX)
        return fail_nomem(err);
    if (l.slot == PRED_SLOT_NONE)
        return 0;
    if (text_need(ctx, &l, ret, err) != 0)
        return -1;
    if (ret->n > 0 || (l.slot >= PRED_SLOT_RAW && l.slot < PRED_SLOT_NAMED))
        return 0;
    ret->triggers = NULL;
    return add_trigger(ctx, ret, (struct need_trigger){NEED_PRESENT, 0, l.slot, S("")}, err);
}

static int node_need(const struct need_ctx *ctx, const struct pred *p, struct need *ret, struct err *err);

static double cost_of(const struct need *n)
{
    return n->rate + (n->whole ? WHOLE_TEXT_COST : 0);
}

/* All children must hold, so the rarest need of one of them is enough. */
static int and_need(const struct need_ctx *ctx, const struct pred *p, struct need *ret, struct err *err)
{
    for (size_t i = 0; i < p->n_children; i++) {
        struct need one = {0};
        if (node_need(ctx, p->children[i], &one, err) != 0)
            return -1;
        if (one.n > 0 && (ret->n == 0 || cost_of(&one) < cost_of(ret)))
            *ret = one;
    }
    return 0;
}

/* One of the children holds, so each of them must bring its triggers. */
static int or_need(const struct need_ctx *ctx, const struct pred *p, struct need *ret, struct err *err)
{
    struct need all = {0};
    struct need *list = ARENA_NEW(ctx->a, struct need, p->n_children);
    if (list == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < p->n_children; i++) {
        if (node_need(ctx, p->children[i], &list[i], err) != 0)
            return -1;
        if (list[i].n == 0)
            return 0;
        all.n += list[i].n;
        all.rate += list[i].rate;
        all.whole = all.whole || list[i].whole;
    }
    if (all.n == 0 || all.n > NEED_TRIGGERS_MAX)
        return 0;
    all.triggers = ARENA_NEW(ctx->a, struct need_trigger, all.n);
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
static int node_need(const struct need_ctx *ctx, const struct pred *p, struct need *ret, struct err *err)
{
    switch (p->kind) {
    case PRED_AND:
        return and_need(ctx, p, ret, err);
    case PRED_OR:
        return or_need(ctx, p, ret, err);
    case PRED_TRUE:
    case PRED_NOT:
    case PRED_NULL:
    case PRED_WORD:
        return 0; /* nothing must stand in the event */
    default:
        return leaf_need(ctx, p, ret, err);
    }
}

int need_of(const struct need_ctx *ctx, const struct pred *tree, struct need *ret, struct err *err)
{
    *ret = (struct need){0};
    return node_need(ctx, tree, ret, err);
}

int need_count(const struct need_ctx *ctx, const struct pred *tree, struct err *err)
{
    struct need one = {0};
    if (tree->kind == PRED_NOT)
        return 0;
    if (tree->kind != PRED_AND && tree->kind != PRED_OR) {
        if (node_need(ctx, tree, &one, err) != 0)
            return -1;
        for (size_t i = 0; i < one.n; i++)
            ++*book_count(ctx->book, &one.triggers[i]);
        return 0;
    }
    for (size_t i = 0; i < tree->n_children; i++) {
        if (need_count(ctx, tree->children[i], err) != 0)
            return -1;
    }
    return 0;
}
