#include "detect/plan.h"

#include <hs.h>
#include <stdlib.h>

#include "detect/plan_code.h"
#include "query/fold.h"

#define CACHE_TEXT_BYTES 440u
#define CACHE_HITS 8u
#define CACHE_ENTRIES 2048u /* a power of two; 1 MiB */

/* What vectorscan found in a text before: programs, paths and user agents come again and again. */
struct cached {
    uint64_t hash;
    uint32_t column; /* + 1; 0: free */
    uint16_t n, n_hits;
    uint32_t hits[CACHE_HITS];
    char text[CACHE_TEXT_BYTES];
};

#define GATE_KEY_BYTES 248u
#define GATES_ONE_BY_ONE 8u
#define GATE_ENTRIES 256u /* a power of two; 80 KiB */

/* The log sources that events with these values are of: there are few kinds of events. */
struct gates {
    uint64_t hash;
    uint16_t n; /* of the key; 0: free */
    char key[GATE_KEY_BYTES];
    uint64_t open[PLAN_GATES_CACHED / 64];
};

struct plan_room {
    struct gates *gates_cache;
    const struct gates *open; /* of the event; NULL: each gate is worked out */
    struct cached *cache;
    uint64_t seed; /* of the cache: outside bytes are its keys */
    uint32_t n_hits;
    uint32_t hits[CACHE_HITS]; /* of the scan that runs */
    hs_scratch_t *scratch;
    uint64_t epoch;
    uint64_t *seen;    /* epoch in which a rule became a candidate */
    uint64_t *verdict; /* of gates: epoch * 2 + whether the log source fits */
    uint32_t *rules;
    uint32_t *gates; /* of the rules that were woken */
    size_t n_rules;
    char *text;
    size_t cap;
};

/* One event on its way through the plan. */
struct look {
    const struct plan *p;
    struct plan_room *r;
    const struct event *e;
    struct pred_scratch *s;
    unsigned asked; /* how often for a log source */
    bool failed;    /* vectorscan gave up */
};

int plan_room_new(const struct plan *p, uint64_t seed, struct plan_room **ret, struct err *err)
{
    struct plan_room *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the rules");
    r->seen = calloc(p->n_rules + 1, sizeof(*r->seen));
    r->rules = calloc(p->n_rules + 1, sizeof(*r->rules));
    r->gates = calloc(p->n_rules + 1, sizeof(*r->gates));
    r->seed = seed;
    r->cache = calloc(CACHE_ENTRIES, sizeof(*r->cache));
    r->gates_cache = calloc(GATE_ENTRIES, sizeof(*r->gates_cache));
    r->verdict = calloc(p->n_gates, sizeof(*r->verdict));
    bool room = r->seen != NULL && r->rules != NULL && r->gates != NULL && r->cache != NULL &&
                r->gates_cache != NULL && r->verdict != NULL;
    for (size_t i = 0; room && i < p->n_columns; i++) {
        if (p->columns[i].db != NULL)
            room = hs_alloc_scratch(p->columns[i].db, &r->scratch) == HS_SUCCESS;
    }
    if (!room) {
        plan_room_free(r);
        return err_set(err, ERR_NOMEM, "no memory for the rules");
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
    free(r->verdict);
    free(r->rules);
    free(r->gates);
    free(r->cache);
    free(r->gates_cache);
    free(r->text);
    free(r);
}

static bool work_out(struct look *l, uint32_t gate)
{
    uint64_t *known = &l->r->verdict[gate];
    if (*known >> 1 != l->r->epoch)
        *known = l->r->epoch << 1 | (uint64_t)pred_set_match(l->p->gates[gate], l->s);
    return (*known & 1) != 0;
}

/* The values that the log source depends on, one behind the other; 0 where they are too long. */
static size_t make_key(const struct look *l, char key[GATE_KEY_BYTES])
{
    size_t n = 0;
    for (size_t k = 0; k < l->p->n_keys; k++) {
        size_t i = pred_set_first(l->s, l->p->keys[k].slot);
        if (n == GATE_KEY_BYTES)
            return 0;
        key[n++] = i == SIZE_MAX ? 0 : 1;
        for (; !l->p->keys[k].present && i != SIZE_MAX; i = pred_set_next(l->s, i)) {
            struct str v = l->e->fields[i].value;
            if (v.n > UINT8_MAX || v.n + 2 > GATE_KEY_BYTES - n)
                return 0;
            key[n++] = 2;
            key[n++] = (char)v.n;
            if (v.n > 0)
                memcpy(key + n, v.p, v.n);
            n += v.n;
        }
    }
    return n;
}

static void find_gates(struct look *l)
{
    char key[GATE_KEY_BYTES];
    struct plan_room *r = l->r;
    size_t n = make_key(l, key);
    if (n == 0)
        return;
    uint64_t hash = hash_bytes((struct str){key, n}, r->seed);
    struct gates *g = &r->gates_cache[hash & (GATE_ENTRIES - 1)];
    if (g->hash != hash || !str_eq((struct str){g->key, g->n}, (struct str){key, n})) {
        *g = (struct gates){.hash = hash, .n = (uint16_t)n};
        memcpy(g->key, key, n);
        for (uint32_t i = 1; i < l->p->n_gates && i < PLAN_GATES_CACHED; i++) {
            if (!l->p->live[i] && work_out(l, i))
                g->open[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    r->open = g;
}

/* The event is of the log source. A few are worked out one by one; where more are asked for, all at once. */
static bool is_open(struct look *l, uint32_t gate)
{
    if (gate == 0)
        return true;
    if (l->r->open == NULL && ++l->asked == GATES_ONE_BY_ONE)
        find_gates(l);
    if (l->r->open == NULL || l->p->live[gate])
        return work_out(l, gate);
    return (l->r->open->open[gate / 64] >> (gate % 64) & 1) != 0;
}

/* Its log source is asked for at the end: not while vectorscan reads texts that asking may overwrite. */
static void wake_rule(struct look *l, const struct plan_wake *w)
{
    struct plan_room *r = l->r;
    if (r->seen[w->rule] == r->epoch)
        return;
    r->seen[w->rule] = r->epoch;
    r->gates[r->n_rules] = w->gate;
    r->rules[r->n_rules++] = w->rule;
}

static void wake(struct look *l, const struct plan_trigger *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        wake_rule(l, &l->p->wakes[t->first + i]);
}

static void wake_equal(struct look *l, uint32_t column, uint32_t depth, struct str v)
{
    const struct plan *p = l->p;
    uint32_t at = p->buckets[plan_hash(column, depth, v) & (p->n_buckets - 1)];
    while (at != 0) {
        const struct plan_trigger *t = &p->triggers[at - 1];
        if (t->column == column && t->depth == depth && str_eq(t->text, v))
            wake(l, t);
        at = t->next;
    }
}

/* A number that is written in an unusual way may equal any of the column's triggers. */
static void wake_numbers(struct look *l, const struct plan_column *c)
{
    for (uint32_t i = c->first; i < c->first + c->n; i++) {
        if (l->p->triggers[i].kind == NEED_EQUAL)
            wake(l, &l->p->triggers[i]);
    }
}

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
    (void)from;
    (void)to;
    (void)flags;
    struct look *l = arg;
    struct plan_room *r = l->r;
    assert(id < l->p->n_triggers);
    if (r->n_hits < CACHE_HITS)
        r->hits[r->n_hits] = id;
    r->n_hits++;
    wake(l, &l->p->triggers[id]);
    return 0;
}

static bool is_wanted(struct look *l, const struct plan_column *c)
{
    for (uint32_t i = 0; i < c->n_gates; i++) {
        if (is_open(l, c->gates[i]))
            return true;
    }
    return false;
}

static void scan(struct look *l, const struct plan_column *c, struct str text)
{
    l->r->n_hits = 0;
    if (hs_scan(c->db, text.p, (unsigned)text.n, 0, l->r->scratch, on_literal, l) != HS_SUCCESS)
        l->failed = true;
}

/* The same for a value, which may have been seen before. */
static void scan_value(struct look *l, uint32_t column, struct str text)
{
    struct plan_room *r = l->r;
    const struct plan_column *c = &l->p->columns[column];
    if (text.n > CACHE_TEXT_BYTES) {
        scan(l, c, text);
        return;
    }
    uint64_t hash = hash_bytes(text, r->seed + column);
    struct cached *k = &r->cache[hash & (CACHE_ENTRIES - 1)];
    if (k->hash == hash && k->column == column + 1 && str_eq((struct str){k->text, k->n}, text)) {
        for (uint16_t i = 0; i < k->n_hits; i++)
            wake(l, &l->p->triggers[k->hits[i]]);
        return;
    }
    scan(l, c, text);
    if (r->n_hits > CACHE_HITS || l->failed)
        return;
    k->hash = hash;
    k->column = column + 1;
    k->n = (uint16_t)text.n;
    k->n_hits = (uint16_t)r->n_hits;
    memcpy(k->hits, r->hits, r->n_hits * sizeof(r->hits[0]));
    if (text.n > 0)
        memcpy(k->text, text.p, text.n);
}

/* The event's field i. */
static void look_at(struct look *l, const struct plan_slot *slot, size_t i)
{
    uint32_t column = slot->column - 1;
    const struct plan_column *c = &l->p->columns[column];
    if (c->present != 0)
        wake(l, &l->p->triggers[c->present - 1]);
    bool literals = c->db != NULL && l->e->fields[i].value.n >= c->shortest && is_wanted(l, c);
    if (!c->equal && c->depths == 0 && !literals)
        return;
    bool number = slot->number && c->equal;
    if (number && !need_is_number(l->e->fields[i].value)) {
        wake_numbers(l, c);
        number = false;
    }
    struct str v = number ? l->e->fields[i].value : pred_set_folded(l->s, i);
    if (c->equal && v.n <= NEED_VALUE_BYTES_MAX)
        wake_equal(l, column, 0, v);
    for (uint32_t d = 1; d <= NEED_TAIL_DEPTH_MAX && (c->depths >> d) != 0; d++) {
        size_t from = (c->depths >> d & 1) == 0 ? SIZE_MAX : need_tail(v, d);
        if (from != SIZE_MAX)
            wake_equal(l, column, d, str_from(v, from));
    }
    if (literals)
        scan_value(l, column, v);
}

static bool is_inside(struct str raw, struct str v)
{
    uintptr_t r = (uintptr_t)raw.p, x = (uintptr_t)v.p;
    return raw.p != NULL && x >= r && x - r <= raw.n && v.n <= raw.n - (x - r);
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

static bool fold_one(struct plan_room *r, struct str text, struct str *ret)
{
    if (text.n > UINT32_MAX || !reserve(r, text.n + 1))
        return false;
    *ret = (struct str){r->text, fold_search(text, r->text)};
    return true;
}

/* raw and the values that raw does not show, folded, with a byte between that no literal holds. */
static bool gather(struct look *l, struct str *ret)
{
    struct plan_room *r = l->r;
    const struct event *e = l->e;
    bool message = e->message.n > 0 && !is_inside(e->raw, e->message);
    size_t need = e->raw.n + (message ? e->message.n + 1 : 0), n = 0;
    for (size_t i = 0; i < e->n_fields; i++)
        need += is_inside(e->raw, e->fields[i].value) ? 0 : e->fields[i].value.n + 1;
    if (need > UINT32_MAX || !reserve(r, need + 1))
        return false;
    n = fold_search(e->raw, r->text);
    if (message) {
        r->text[n++] = '\0';
        n += fold_search(e->message, r->text + n);
    }
    for (size_t i = 0; i < e->n_fields; i++) {
        if (e->fields[i].value.n == 0 || is_inside(e->raw, e->fields[i].value))
            continue;
        r->text[n++] = '\0';
        n += fold_search(e->fields[i].value, r->text + n);
    }
    *ret = (struct str){r->text, n};
    return true;
}

/* raw or message alone. */
static bool look_at_text(struct look *l, size_t slot, struct str text)
{
    struct str v;
    uint32_t column = l->p->slots[slot].column;
    if (column == 0 || text.p == NULL)
        return true;
    const struct plan_column *c = &l->p->columns[column - 1];
    if (c->db == NULL || !is_wanted(l, c))
        return true;
    if (!fold_one(l->r, text, &v))
        return false;
    scan(l, c, v);
    return true;
}

static bool look_everywhere(struct look *l)
{
    struct str text = {NULL, 0};
    for (size_t i = 0; i < l->p->n_any; i++) {
        const struct plan_column *c = &l->p->columns[l->p->any[i]];
        if (c->db == NULL || !is_wanted(l, c))
            continue;
        if (text.p == NULL && !gather(l, &text))
            return false;
        scan(l, c, text);
    }
    return true;
}

size_t plan_candidates(const struct plan *p, struct plan_room *r, const struct event *e,
                       struct pred_scratch *s, const uint32_t **ret_rules)
{
    struct look l = {.p = p, .r = r, .e = e, .s = s};
    r->epoch++;
    r->n_rules = 0;
    r->open = NULL;
    for (size_t i = 0; i < p->n_always; i++)
        wake_rule(&l, &p->always[i]);
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct plan_slot *slot = &p->slots[pred_set_slot_of(s, i)];
        if (slot->column != 0 && e->fields[i].value.p != NULL)
            look_at(&l, slot, i);
    }
    bool all = look_at_text(&l, PRED_SLOT_RAW, e->raw) && look_at_text(&l, PRED_SLOT_MESSAGE, e->message) &&
               look_everywhere(&l);
    for (uint32_t i = 0; (!all || l.failed) && i < p->n_rules; i++) {
        if (p->rules[i].tree != NULL)
            wake_rule(&l, &(struct plan_wake){i, 0});
    }
    size_t n = 0;
    for (size_t i = 0; i < r->n_rules; i++) {
        if (is_open(&l, r->gates[i]))
            r->rules[n++] = r->rules[i];
    }
    *ret_rules = r->rules;
    return n;
}
