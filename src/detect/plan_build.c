#include <hs.h>
#include <stdlib.h>

#include "detect/plan_code.h"

#define KEYS_MAX 32u
#define NEED_MEMORY_MAX ((size_t)1 << 30)

/* A trigger of one rule, while the plan is made. */
struct pair {
    struct need_trigger trigger;
    uint32_t column, rule, gate;
};

struct builder {
    struct plan *p;
    struct pred_set *set;
    struct arena *a;
    struct arena work; /* what only building needs */
    struct err *err;
    uint32_t *gate_of; /* by rule */
    struct need *needs;
    size_t n_pairs;
    struct pair *pairs;
    uint32_t *parents;   /* by slot: slots that share a column */
    uint32_t *any_of;    /* by gate: its column of PRED_SLOT_ANY + 1 */
    uint32_t *column_of; /* by root slot: column + 1 */
};

static int fail_nomem(struct builder *b)
{
    return err_set(b->err, ERR_NOMEM, "no memory for the rules");
}

/* Rules with equal log sources share a gate. */
static int make_gates(struct builder *b, const struct plan_rule *rules)
{
    struct plan *p = b->p;
    uint32_t *ids = ARENA_NEW(&b->work, uint32_t, p->n_rules + 1);
    b->gate_of = ARENA_NEW(&b->work, uint32_t, p->n_rules + 1);
    p->gates = ARENA_NEW(b->a, struct pred_prog *, p->n_rules + 1);
    if (ids == NULL || b->gate_of == NULL || p->gates == NULL)
        return fail_nomem(b);
    p->n_gates = 1;
    for (size_t i = 0; i < p->n_rules; i++) {
        struct pred_prog *prog = NULL;
        if (rules[i].tree == NULL || rules[i].where == NULL)
            continue;
        if (pred_set_add(b->set, rules[i].where, &prog, b->err) != 0)
            return -1;
        size_t g = 1;
        while (g < p->n_gates && ids[g] != pred_set_id(prog))
            g++;
        ids[g] = pred_set_id(prog);
        p->gates[g] = prog;
        p->n_gates += g == p->n_gates;
        b->gate_of[i] = (uint32_t)g;
    }
    return 0;
}

/* Note what a condition depends on; false where that is not a field of the event. As deep as the tree. */
static int add_keys(struct builder *b, const struct pred *p, bool *ret_live)
{
    struct plan *plan = b->p;
    for (size_t i = 0; i < p->n_children; i++) {
        if (add_keys(b, p->children[i], ret_live) != 0)
            return -1;
    }
    if (p->n_children > 0 || p->kind == PRED_TRUE || p->kind == PRED_AND || p->kind == PRED_OR)
        return 0;
    size_t slot =
        p->kind == PRED_PHRASE || p->kind == PRED_WORD ? PRED_SLOT_ANY : pred_set_slot(b->set, &p->field);
    if (slot == SIZE_MAX)
        return fail_nomem(b);
    if (slot == PRED_SLOT_NONE || (slot >= PRED_SLOT_RAW && slot < PRED_SLOT_NAMED) || p->kind == PRED_REF) {
        *ret_live = true;
        return 0;
    }
    size_t k = 0;
    while (k < plan->n_keys && plan->keys[k].slot != slot)
        k++;
    if (k == KEYS_MAX) {
        *ret_live = true;
        return 0;
    }
    bool present = p->kind == PRED_EXISTS && (k == plan->n_keys || plan->keys[k].present);
    plan->n_keys += k == plan->n_keys;
    plan->keys[k] = (struct plan_key){slot, present};
    return 0;
}

static int make_keys(struct builder *b, const struct plan_rule *rules)
{
    struct plan *p = b->p;
    bool *done = ARENA_NEW(&b->work, bool, p->n_gates);
    p->live = ARENA_NEW(b->a, bool, p->n_gates);
    p->keys = ARENA_NEW(b->a, struct plan_key, KEYS_MAX);
    if (done == NULL || p->live == NULL || p->keys == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < p->n_rules; i++) {
        uint32_t gate = b->gate_of[i];
        if (gate == 0 || done[gate])
            continue;
        done[gate] = true;
        p->live[gate] = gate >= PLAN_GATES_CACHED;
        if (add_keys(b, rules[i].where, &p->live[gate]) != 0)
            return -1;
    }
    return 0;
}

static int make_needs(struct builder *b, const struct plan_rule *rules)
{
    struct plan *p = b->p;
    struct need_ctx ctx = {.a = &b->work, .set = b->set};
    int rc = need_book_new(&ctx.book, b->err);
    b->needs = ARENA_NEW(&b->work, struct need, p->n_rules + 1);
    p->always = ARENA_NEW(b->a, struct plan_wake, p->n_rules + 1);
    if (rc == 0 && (b->needs == NULL || p->always == NULL))
        rc = fail_nomem(b);
    for (size_t i = 0; rc == 0 && i < p->n_rules; i++)
        rc = rules[i].tree == NULL ? 0 : need_count(&ctx, rules[i].tree, b->err);
    for (size_t i = 0; rc == 0 && i < p->n_rules; i++) {
        if (rules[i].tree == NULL)
            continue;
        rc = need_of(&ctx, rules[i].tree, &b->needs[i], b->err);
        if (rc == 0 && b->needs[i].n == 0 && rules[i].where != NULL)
            rc = need_of(&ctx, rules[i].where, &b->needs[i], b->err);
        if (b->needs[i].n == 0)
            p->always[p->n_always++] = (struct plan_wake){(uint32_t)i, b->gate_of[i]};
        b->n_pairs += b->needs[i].n;
    }
    need_book_free(ctx.book);
    return rc;
}

static uint32_t root_of(const struct builder *b, size_t slot)
{
    uint32_t s = (uint32_t)slot;
    while (b->parents[s] != s) {
        b->parents[s] = b->parents[b->parents[s]];
        s = b->parents[s];
    }
    return s;
}

static bool is_field(size_t slot)
{
    return slot < PRED_SLOT_RAW || slot >= PRED_SLOT_NAMED;
}

static int trigger_order(const struct need_trigger *a, const struct need_trigger *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return str_cmp(a->text, b->text);
}

/* What one rule looks for in one field. */
struct wanted {
    size_t slot;
    uint64_t n, sum;
};

/*
 * A rule that looks for the same things in several fields means one field under several names. It is no
 * mistake where it does not: all names of a column are searched alike.
 */
static int join_aliases(struct builder *b, const struct need *n)
{
    struct wanted *list = ARENA_NEW(&b->work, struct wanted, n->n + 1);
    size_t used = 0;
    if (list == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < n->n; i++) {
        const struct need_trigger *t = &n->triggers[i];
        size_t k = 0;
        if (t->kind == NEED_PRESENT || !is_field(t->slot))
            continue;
        while (k < used && list[k].slot != t->slot)
            k++;
        used += k == used;
        list[k].slot = t->slot;
        list[k].n++;
        list[k].sum += hash_bytes(t->text, PLAN_SEED + (uint64_t)t->kind + t->depth);
    }
    for (size_t i = 1; i < used; i++) {
        if (list[i].n == list[i - 1].n && list[i].sum == list[i - 1].sum)
            b->parents[root_of(b, list[i].slot)] = root_of(b, list[i - 1].slot);
    }
    return 0;
}

static uint32_t column_of(struct builder *b, size_t slot, uint32_t gate)
{
    uint32_t *at = slot == PRED_SLOT_ANY ? &b->any_of[gate] : &b->column_of[root_of(b, slot)];
    if (*at == 0) {
        *at = (uint32_t)++b->p->n_columns;
        if (slot == PRED_SLOT_ANY)
            b->p->any[b->p->n_any++] = *at - 1;
    }
    return *at - 1;
}

static int make_pairs(struct builder *b)
{
    struct plan *p = b->p;
    size_t n = 0;
    p->n_slots = pred_set_slots(b->set);
    b->parents = ARENA_NEW(&b->work, uint32_t, p->n_slots);
    b->column_of = ARENA_NEW(&b->work, uint32_t, p->n_slots);
    b->any_of = ARENA_NEW(&b->work, uint32_t, p->n_gates);
    b->pairs = ARENA_NEW(&b->work, struct pair, b->n_pairs + 1);
    p->any = ARENA_NEW(b->a, uint32_t, p->n_gates);
    p->slots = ARENA_NEW(b->a, struct plan_slot, p->n_slots);
    if (b->parents == NULL || b->column_of == NULL || b->any_of == NULL || b->pairs == NULL ||
        p->any == NULL || p->slots == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < p->n_slots; i++)
        b->parents[i] = (uint32_t)i;
    for (size_t i = 0; i < p->n_rules; i++) {
        if (join_aliases(b, &b->needs[i]) != 0)
            return -1;
    }
    for (size_t i = 0; i < p->n_rules; i++) {
        for (size_t k = 0; k < b->needs[i].n; k++) {
            struct need_trigger t = b->needs[i].triggers[k];
            b->pairs[n++] = (struct pair){t, column_of(b, t.slot, b->gate_of[i]), (uint32_t)i, b->gate_of[i]};
        }
    }
    for (size_t i = 0; i < p->n_slots; i++)
        p->slots[i] =
            (struct plan_slot){i == PRED_SLOT_ANY ? 0 : b->column_of[root_of(b, i)], need_slot_is_number(i)};
    return 0;
}

static int pair_order(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    int c = trigger_order(&a->trigger, &b->trigger);
    return c != 0 ? c : (a->rule > b->rule) - (a->rule < b->rule);
}

/* Sorted pairs → triggers with the rules that they wake, columns with their triggers. */
static int make_triggers(struct builder *b)
{
    struct plan *p = b->p;
    qsort(b->pairs, b->n_pairs, sizeof(*b->pairs), pair_order);
    p->triggers = ARENA_NEW(b->a, struct plan_trigger, b->n_pairs + 1);
    p->wakes = ARENA_NEW(b->a, struct plan_wake, b->n_pairs + 1);
    p->columns = ARENA_NEW(b->a, struct plan_column, p->n_columns + 1);
    if (p->triggers == NULL || p->wakes == NULL || p->columns == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < b->n_pairs; i++) {
        const struct pair *x = &b->pairs[i];
        struct plan_trigger *t = p->n_triggers == 0 ? NULL : &p->triggers[p->n_triggers - 1];
        if (i == 0 || x[-1].column != x->column || trigger_order(&x[-1].trigger, &x->trigger) != 0) {
            t = &p->triggers[p->n_triggers];
            *t = (struct plan_trigger){.column = x->column,
                                       .kind = x->trigger.kind,
                                       .depth = x->trigger.depth,
                                       .text = arena_str(b->a, x->trigger.text),
                                       .first = (uint32_t)p->n_wakes};
            if (t->text.p == NULL)
                return fail_nomem(b);
            struct plan_column *c = &p->columns[x->column];
            c->first = c->n == 0 ? (uint32_t)p->n_triggers : c->first;
            c->n++;
            p->n_triggers++;
        } else if (x[-1].rule == x->rule) {
            continue; /* the same text under another name */
        }
        p->wakes[p->n_wakes++] = (struct plan_wake){x->rule, x->gate};
        t->n++;
    }
    return 0;
}

static int make_index(struct builder *b)
{
    struct plan *p = b->p;
    p->n_buckets = 64;
    while (p->n_buckets < 2 * p->n_triggers)
        p->n_buckets *= 2;
    p->buckets = ARENA_NEW(b->a, uint32_t, p->n_buckets);
    if (p->buckets == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < p->n_triggers; i++) {
        struct plan_trigger *t = &p->triggers[i];
        struct plan_column *c = &p->columns[t->column];
        if (t->kind == NEED_PRESENT)
            c->present = (uint32_t)i + 1;
        if (t->kind != NEED_EQUAL && t->kind != NEED_TAIL)
            continue;
        c->equal = c->equal || t->kind == NEED_EQUAL;
        c->depths |= (uint8_t)(1u << t->depth & ~1u);
        uint32_t *bucket = &p->buckets[plan_hash(t->column, t->depth, t->text) & (p->n_buckets - 1)];
        t->next = *bucket;
        *bucket = (uint32_t)i + 1;
    }
    return 0;
}

/* The log sources for which the column's literals are looked for at all. */
static int make_column_gates(struct builder *b, struct plan_column *c, size_t n)
{
    struct plan *p = b->p;
    bool *seen = ARENA_NEW(&b->work, bool, p->n_gates);
    c->gates = ARENA_NEW(b->a, uint32_t, p->n_gates);
    if (seen == NULL || c->gates == NULL)
        return fail_nomem(b);
    for (size_t i = c->literals; i < c->literals + n; i++) {
        const struct plan_trigger *t = &p->triggers[i];
        for (uint32_t k = t->first; k < t->first + t->n; k++) {
            uint32_t gate = p->wakes[k].gate;
            if (!seen[gate])
                c->gates[c->n_gates++] = gate;
            seen[gate] = true;
        }
    }
    return 0;
}

static int compile_literals(struct builder *b, struct plan_column *c, size_t n)
{
    CLEANUP(base_freep) const char **texts = calloc(n, sizeof(*texts));
    CLEANUP(base_freep) size_t *lengths = calloc(n, sizeof(*lengths));
    CLEANUP(base_freep) unsigned *flags = calloc(n, sizeof(*flags));
    CLEANUP(base_freep) unsigned *ids = calloc(n, sizeof(*ids));
    if (texts == NULL || lengths == NULL || flags == NULL || ids == NULL)
        return fail_nomem(b);
    for (size_t i = 0; i < n; i++) {
        texts[i] = b->p->triggers[c->literals + i].text.p;
        lengths[i] = b->p->triggers[c->literals + i].text.n;
        flags[i] = HS_FLAG_SINGLEMATCH;
        c->shortest = i == 0 || lengths[i] < c->shortest ? lengths[i] : c->shortest;
        ids[i] = (unsigned)(c->literals + i);
    }
    hs_compile_error_t *why = NULL;
    size_t bytes = 0;
    hs_error_t rc =
        hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)n, HS_MODE_BLOCK, NULL, &c->db, &why);
    if (rc != HS_SUCCESS) {
        (void)err_set(b->err, ERR_LIMIT, "the literals of the rules do not compile: %s",
                      why == NULL ? "?" : why->message);
        hs_free_compile_error(why);
        return -1;
    }
    if (hs_database_size(c->db, &bytes) != HS_SUCCESS)
        return fail_nomem(b);
    b->p->db_bytes += bytes;
    return make_column_gates(b, c, n);
}

static int make_databases(struct builder *b)
{
    for (size_t i = 0; i < b->p->n_columns; i++) {
        struct plan_column *c = &b->p->columns[i];
        size_t n = 0;
        for (uint32_t k = c->first; k < c->first + c->n; k++) {
            if (b->p->triggers[k].kind != NEED_LITERAL)
                continue;
            c->literals = n == 0 ? k : c->literals;
            n++;
        }
        b->p->n_literals += n;
        if (n > 0 && compile_literals(b, c, n) != 0)
            return -1;
    }
    return 0;
}

int plan_build(const struct plan_rule *rules, size_t n, struct pred_set *set, struct arena *a,
               struct plan **ret, struct err *err)
{
    assert(n < UINT32_MAX);
    struct builder b = {.p = ARENA_NEW(a, struct plan, 1), .set = set, .a = a, .err = err};
    if (b.p == NULL)
        return fail_nomem(&b);
    arena_init(&b.work, NEED_MEMORY_MAX);
    b.p->n_rules = n;
    b.p->rules = rules;
    bool ok = make_gates(&b, rules) == 0 && make_keys(&b, rules) == 0 && make_needs(&b, rules) == 0 &&
              make_pairs(&b) == 0 && make_triggers(&b) == 0 && make_index(&b) == 0 && make_databases(&b) == 0;
    arena_done(&b.work);
    if (!ok) {
        plan_free(b.p);
        return -1;
    }
    *ret = b.p;
    return 0;
}

void plan_free(struct plan *p)
{
    for (size_t i = 0; p != NULL && p->columns != NULL && i < p->n_columns; i++) {
        (void)hs_free_database(p->columns[i].db);
        p->columns[i].db = NULL;
    }
}

void plan_stats(const struct plan *p, struct plan_stats *ret)
{
    *ret = (struct plan_stats){.literals = p->n_literals,
                               .values = p->n_triggers - p->n_literals,
                               .always = p->n_always,
                               .database_bytes = p->db_bytes};
}
