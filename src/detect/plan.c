#include "detect/plan.h"

#include <hs.h>
#include <stdlib.h>

#include "base/hash.h"
#include "query/fold.h"

#define HASH_SEED UINT64_C(0x7275c6a5)
/* A letter and its marks written apart take at most 5 bytes where the composed letter takes 3. */
#define VALUE_BYTES_MAX (4 * NEED_VALUE_BYTES_MAX)

/* One trigger and the rules that it wakes: rules[first, first + n). */
struct trigger {
    uint16_t field; /* 0: literal */
    struct str text;
    uint32_t first, n;
    uint32_t next; /* in the chain of its bucket, + 1; 0 ends it */
};

struct plan {
    size_t n_rules, n_triggers, n_literals;
    struct trigger *triggers; /* literals first: their number is the id in the database */
    uint32_t *rules;
    const struct pred *const *trees; /* the caller's */
    size_t n_always;
    uint32_t *always;
    size_t n_buckets; /* of field values; a power of two */
    uint32_t *buckets;
    bool values_of[FIELD_COUNT]; /* the field has triggers */
    bool scan_words;             /* some literal may stand in a word field */
    hs_database_t *db;           /* NULL: no literals */
    size_t db_bytes;
};

struct plan_room {
    hs_scratch_t *scratch;
    uint64_t epoch;
    uint64_t *seen; /* epoch in which a rule became a candidate */
    uint32_t *rules;
    size_t n_rules;
    char *text;
    size_t cap;
};

/* A trigger of one rule, while the plan is made. */
struct pair {
    struct need_trigger trigger;
    uint32_t rule;
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "no memory for the rules");
}

static int pair_order(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->trigger.field != b->trigger.field)
        return a->trigger.field < b->trigger.field ? -1 : 1;
    int c = str_cmp(a->trigger.text, b->trigger.text);
    return c != 0 ? c : (a->rule > b->rule) - (a->rule < b->rule);
}

static bool same_trigger(const struct trigger *t, const struct pair *p)
{
    return t->field == p->trigger.field && str_eq(t->text, p->trigger.text);
}

static uint64_t value_hash(uint16_t field, struct str value)
{
    return hash_bytes(value, HASH_SEED + field);
}

/* Sorted pairs → triggers with their rules. */
static int group_pairs(struct plan *p, const struct pair *pairs, size_t n, struct arena *a, struct err *err)
{
    p->triggers = ARENA_NEW(a, struct trigger, n);
    p->rules = ARENA_NEW(a, uint32_t, n);
    if (p->triggers == NULL || p->rules == NULL)
        return fail_nomem(err);
    uint32_t used = 0;
    for (size_t i = 0; i < n; i++) {
        struct trigger *last = p->n_triggers == 0 ? NULL : &p->triggers[p->n_triggers - 1];
        if (last == NULL || !same_trigger(last, &pairs[i])) {
            last = &p->triggers[p->n_triggers++];
            *last = (struct trigger){
                .field = pairs[i].trigger.field, .text = pairs[i].trigger.text, .first = used};
            p->n_literals += last->field == 0;
        }
        if (last->n > 0 && p->rules[used - 1] == pairs[i].rule)
            continue;
        p->rules[used++] = pairs[i].rule;
        last->n++;
    }
    return 0;
}

static int index_values(struct plan *p, struct arena *a, struct err *err)
{
    p->n_buckets = 64;
    while (p->n_buckets < 2 * (p->n_triggers - p->n_literals))
        p->n_buckets *= 2;
    p->buckets = ARENA_NEW(a, uint32_t, p->n_buckets);
    if (p->buckets == NULL)
        return fail_nomem(err);
    for (size_t i = p->n_literals; i < p->n_triggers; i++) {
        struct trigger *t = &p->triggers[i];
        uint32_t *bucket = &p->buckets[value_hash(t->field, t->text) & (p->n_buckets - 1)];
        t->next = *bucket;
        *bucket = (uint32_t)i + 1;
        p->values_of[t->field] = true;
    }
    return 0;
}

static int compile_literals(struct plan *p, struct err *err)
{
    size_t n = p->n_literals;
    if (n == 0)
        return 0;
    CLEANUP(base_freep) const char **texts = calloc(n, sizeof(*texts));
    CLEANUP(base_freep) size_t *lengths = calloc(n, sizeof(*lengths));
    CLEANUP(base_freep) unsigned *flags = calloc(n, sizeof(*flags));
    CLEANUP(base_freep) unsigned *ids = calloc(n, sizeof(*ids));
    if (texts == NULL || lengths == NULL || flags == NULL || ids == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        texts[i] = p->triggers[i].text.p;
        lengths[i] = p->triggers[i].text.n;
        flags[i] = HS_FLAG_SINGLEMATCH;
        ids[i] = (unsigned)i;
    }
    hs_compile_error_t *why = NULL;
    hs_error_t rc =
        hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)n, HS_MODE_BLOCK, NULL, &p->db, &why);
    if (rc != HS_SUCCESS) {
        (void)err_set(err, ERR_LIMIT, "the literals of the rules do not compile: %s",
                      why == NULL ? "?" : why->message);
        hs_free_compile_error(why);
        return -1;
    }
    return hs_database_size(p->db, &p->db_bytes) == HS_SUCCESS ? 0 : fail_nomem(err);
}

/* Triggers of every tree; rules without any are noted as always to be looked at. */
static int collect(struct plan *p, const struct pred *const *trees, struct arena *a, struct pair **ret,
                   size_t *ret_n, struct err *err)
{
    struct need *needs = ARENA_NEW(a, struct need, p->n_rules);
    p->always = ARENA_NEW(a, uint32_t, p->n_rules);
    size_t total = 0, n = 0;
    if (needs == NULL || p->always == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < p->n_rules; i++) {
        if (trees[i] == NULL)
            continue;
        if (need_of(trees[i], a, &needs[i], err) != 0)
            return -1;
        if (needs[i].n == 0)
            p->always[p->n_always++] = (uint32_t)i;
        total += needs[i].n;
        p->scan_words = p->scan_words || (needs[i].n > 0 && needs[i].in_any_field);
    }
    struct pair *pairs = ARENA_NEW(a, struct pair, total);
    if (pairs == NULL)
        return fail_nomem(err);
    for (size_t i = 0; i < p->n_rules; i++) {
        for (size_t k = 0; k < needs[i].n; k++)
            pairs[n++] = (struct pair){.trigger = needs[i].triggers[k], .rule = (uint32_t)i};
    }
    *ret = pairs;
    *ret_n = n;
    return 0;
}

int plan_build(const struct pred *const *trees, size_t n, struct arena *a, struct plan **ret, struct err *err)
{
    assert(n < UINT32_MAX);
    struct plan *p = ARENA_NEW(a, struct plan, 1);
    struct pair *pairs = NULL;
    size_t n_pairs = 0;
    if (p == NULL)
        return fail_nomem(err);
    p->n_rules = n;
    p->trees = trees;
    if (collect(p, trees, a, &pairs, &n_pairs, err) != 0)
        return -1;
    qsort(pairs, n_pairs, sizeof(*pairs), pair_order);
    if (group_pairs(p, pairs, n_pairs, a, err) != 0 || index_values(p, a, err) != 0 ||
        compile_literals(p, err) != 0) {
        plan_free(p);
        return -1;
    }
    *ret = p;
    return 0;
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    (void)hs_free_database(p->db);
    p->db = NULL;
}

void plan_stats(const struct plan *p, struct plan_stats *ret)
{
    *ret = (struct plan_stats){.literals = p->n_literals,
                               .values = p->n_triggers - p->n_literals,
                               .always = p->n_always,
                               .database_bytes = p->db_bytes};
}

int plan_room_new(const struct plan *p, struct plan_room **ret, struct err *err)
{
    struct plan_room *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return fail_nomem(err);
    r->seen = calloc(p->n_rules + 1, sizeof(*r->seen));
    r->rules = calloc(p->n_rules + 1, sizeof(*r->rules));
    bool room = r->seen != NULL && r->rules != NULL;
    if (room && p->db != NULL)
        room = hs_alloc_scratch(p->db, &r->scratch) == HS_SUCCESS;
    if (!room) {
        plan_room_free(r);
        return fail_nomem(err);
    }
    *ret = r;
    return 0;
}

void plan_room_free(struct plan_room *r)
{
    if (r == NULL)
        return;
    (void)hs_free_scratch(r->scratch);
    free(r->seen);
    free(r->rules);
    free(r->text);
    free(r);
}

static void wake_rule(struct plan_room *r, uint32_t rule)
{
    if (r->seen[rule] == r->epoch)
        return;
    r->seen[rule] = r->epoch;
    r->rules[r->n_rules++] = rule;
}

static void wake(const struct plan *p, struct plan_room *r, const struct trigger *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        wake_rule(r, p->rules[t->first + i]);
}

static void wake_value(const struct plan *p, struct plan_room *r, uint16_t field, struct str v)
{
    uint32_t at = p->buckets[value_hash(field, v) & (p->n_buckets - 1)];
    while (at != 0) {
        const struct trigger *t = &p->triggers[at - 1];
        if (t->field == field && str_eq(t->text, v))
            wake(p, r, t);
        at = t->next;
    }
}

/* A number that is written in an unusual way may equal any of the field's triggers. */
static void wake_field(const struct plan *p, struct plan_room *r, uint16_t field)
{
    for (size_t i = p->n_literals; i < p->n_triggers; i++) {
        if (p->triggers[i].field == field)
            wake(p, r, &p->triggers[i]);
    }
}

/* Triggers of an action together with an outcome of the same event. */
static void wake_outcomes(const struct plan *p, struct plan_room *r, const struct event *e, struct str action)
{
    char text[2 * VALUE_BYTES_MAX + 1];
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        if (f->id != FIELD_EVENT_OUTCOME || f->value.n > VALUE_BYTES_MAX)
            continue;
        memcpy(text, action.p, action.n);
        text[action.n] = '\n';
        size_t n = fold_search(f->value, text + action.n + 1);
        wake_value(p, r, FIELD_EVENT_OUTCOME, (struct str){text, action.n + 1 + n});
    }
}

static void wake_values(const struct plan *p, struct plan_room *r, const struct event *e)
{
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct event_field *f = &e->fields[i];
        char text[VALUE_BYTES_MAX];
        bool outcomes = f->id == FIELD_EVENT_ACTION && p->values_of[FIELD_EVENT_OUTCOME];
        if (!p->values_of[f->id] && !outcomes)
            continue;
        if (need_field_is_number(f->id) && !need_is_number(f->value)) {
            wake_field(p, r, f->id);
            continue;
        }
        if (f->value.n > sizeof(text)) /* folds to more than NEED_VALUE_BYTES_MAX: equals no trigger */
            continue;
        struct str v = {text, fold_search(f->value, text)};
        if (p->values_of[f->id])
            wake_value(p, r, f->id, v);
        if (outcomes)
            wake_outcomes(p, r, e, v);
    }
}

struct scan {
    const struct plan *p;
    struct plan_room *r;
};

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
    (void)from;
    (void)to;
    (void)flags;
    struct scan *s = arg;
    assert(id < s->p->n_literals);
    wake(s->p, s->r, &s->p->triggers[id]);
    return 0;
}

static bool is_inside(struct str raw, struct str v)
{
    uintptr_t r = (uintptr_t)raw.p, x = (uintptr_t)v.p;
    return raw.p != NULL && x >= r && x - r <= raw.n && v.n <= raw.n - (x - r);
}

/* The field's value must be scanned beside raw. */
static bool is_beside(const struct plan *p, const struct event *e, const struct event_field *f)
{
    return f->value.n > 0 && (p->scan_words || !need_field_is_word(f->id)) && !is_inside(e->raw, f->value);
}

static bool reserve(struct plan_room *r, size_t n)
{
    if (n <= r->cap)
        return true;
    char *grown = realloc(r->text, n);
    if (grown == NULL)
        return false;
    r->text = grown;
    r->cap = n;
    return true;
}

/* raw and the values that raw does not show, folded, with a byte between that no literal holds. */
static bool gather(const struct plan *p, struct plan_room *r, const struct event *e, struct str *ret)
{
    bool message = e->message.n > 0 && !is_inside(e->raw, e->message);
    size_t need = e->raw.n + (message ? e->message.n + 1 : 0), n = 0;
    for (size_t i = 0; i < e->n_fields; i++)
        need += is_beside(p, e, &e->fields[i]) ? e->fields[i].value.n + 1 : 0;
    if (need > UINT32_MAX || !reserve(r, need + 1))
        return false;
    n = fold_search(e->raw, r->text);
    if (message) {
        r->text[n++] = '\0';
        n += fold_search(e->message, r->text + n);
    }
    for (size_t i = 0; i < e->n_fields; i++) {
        if (!is_beside(p, e, &e->fields[i]))
            continue;
        r->text[n++] = '\0';
        n += fold_search(e->fields[i].value, r->text + n);
    }
    *ret = (struct str){r->text, n};
    return true;
}

size_t plan_candidates(const struct plan *p, struct plan_room *r, const struct event *e,
                       const uint32_t **ret_rules)
{
    struct scan s = {p, r};
    struct str text = {0};
    r->epoch++;
    r->n_rules = 0;
    for (size_t i = 0; i < p->n_always; i++)
        wake_rule(r, p->always[i]);
    wake_values(p, r, e);
    if (p->db != NULL) {
        bool done = gather(p, r, e, &text) &&
                    hs_scan(p->db, text.p, (unsigned)text.n, 0, r->scratch, on_literal, &s) == HS_SUCCESS;
        for (uint32_t i = 0; !done && i < p->n_rules; i++) {
            if (p->trees[i] != NULL)
                wake_rule(r, i);
        }
    }
    *ret_rules = r->rules;
    return r->n_rules;
}
