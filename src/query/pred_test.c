/* One value of an event against one node, or against the alternatives that a node has for it. */
#include "base/hash.h"
#include "query/find.h"
#include "query/fold.h"
#include "query/pred_code.h"

struct str pred_test_fold(struct pred_scratch *s, struct str v, size_t slot)
{
    struct pred_text *t = slot < PRED_TEXT_COUNT ? &s->texts[slot] : NULL;
    if (v.n > EVENT_RAW_BYTES_MAX - s->lower_used) {
        s->epoch++; /* the memory is full: forget the others */
        s->lower_used = 0;
    }
    char *out = s->lower_mem + s->lower_used;
    size_t done = fold_ascii(v, out);
    struct str low = {out, done == v.n ? done : fold_case(v, out)};
    s->lower_used += low.n;
    if (t != NULL) {
        t->epoch = s->epoch;
        t->low = low;
        t->ascii = done == v.n;
    }
    return low;
}

/* Case folded equality without folding, as long as the value is ASCII. */
static bool equal_folded(struct pred_scratch *s, struct str v, size_t slot, struct str lit)
{
    if (s->by_slot) /* the plan has folded it already */
        return str_eq(pred_test_lower(s, v, slot), lit);
    for (size_t i = 0; i < v.n; i++) {
        if ((unsigned char)v.p[i] >= 0x80 || (i < lit.n && (unsigned char)lit.p[i] >= 0x80))
            return str_eq(pred_test_lower(s, v, slot), lit);
        if (i >= lit.n || ascii_lower(v.p[i]) != lit.p[i])
            return false;
    }
    return v.n == lit.n;
}

static bool number_of(struct pred_scratch *s, struct str v, size_t slot, struct num *ret)
{
    if (slot >= PRED_TEXT_COUNT)
        return num_parse(v, ret);
    struct pred_text *t = &s->texts[slot];
    if (t->num_of != s->event) {
        t->num_of = s->event;
        t->is_num = num_parse(v, &t->num);
    }
    *ret = t->num;
    return t->is_num;
}

static bool addr_of(struct pred_scratch *s, struct str v, size_t slot, struct addr *ret)
{
    if (slot >= PRED_TEXT_COUNT)
        return addr_parse(v, ret);
    struct pred_text *t = &s->texts[slot];
    if (t->addr_of != s->event) {
        t->addr_of = s->event;
        t->is_addr = addr_parse(v, &t->addr);
    }
    *ret = t->addr;
    return t->is_addr;
}

/* Compare a value with a bound: false where it is not of the type. */
static bool compare(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot,
                    const struct pred_bound *b, int *ret)
{
    struct num num;
    struct addr addr;
    switch (k->type) {
    case PRED_AS_NUM:
        if (!number_of(s, v, slot, &num))
            return false;
        *ret = num_cmp(&num, &b->num);
        return true;
    case PRED_AS_ADDR:
        if (!addr_of(s, v, slot, &addr))
            return false;
        *ret = memcmp(addr.b, b->addr.b, sizeof(addr.b));
        return true;
    default:
        *ret = str_cmp(k->cased ? v : pred_test_lower(s, v, slot), b->text);
        return true;
    }
}

static bool in_range(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    int c = 0;
    if (!k->low.open && (!compare(s, k, v, slot, &k->low, &c) || !pred_low_ok(&k->low, c)))
        return false;
    return k->high.open || (compare(s, k, v, slot, &k->high, &c) && pred_high_ok(&k->high, c));
}

static bool is_equal(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    int c = 0;
    if (k->type == PRED_AS_NUM || k->type == PRED_AS_ADDR)
        return compare(s, k, v, slot, &k->eq, &c) && c == 0;
    return k->cased ? str_eq(v, k->lit) : equal_folded(s, v, slot, k->lit);
}

static bool run_regex(struct pred_scratch *s, const struct pred_code *k, struct str v, bool *ret_gave_up)
{
    bool hit = rex_match(k->rex, v, s->room, ret_gave_up);
    s->gave_up += *ret_gave_up;
    return hit;
}

/* The same values come again and again, and looking one up costs less than most expressions. */
static bool has_regex(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    bool gave_up = false;
    if (!s->by_slot || slot >= EVENT_FIELDS_MAX || v.n > PRED_SEEN_BYTES || v.n == 0)
        return run_regex(s, k, v, &gave_up);
    struct pred_text *t = &s->texts[slot];
    if (t->hash_of != s->event) {
        t->hash_of = s->event;
        t->hash = hash_bytes(v, s->seed);
    }
    struct pred_seen *seen = &s->seen[(t->hash ^ k->id) & (PRED_SEEN_COUNT - 1)];
    if (seen->hash == t->hash && seen->id == k->id && str_eq((struct str){seen->text, seen->n}, v))
        return seen->hit;
    bool hit = run_regex(s, k, v, &gave_up);
    if (gave_up)
        return hit;
    *seen = (struct pred_seen){.hash = t->hash, .id = k->id, .n = (uint16_t)v.n, .hit = hit};
    memcpy(seen->text, v.p, v.n);
    return hit;
}

static bool in_net(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    struct addr a;
    return addr_of(s, v, slot, &a) && addr_in_net(&a, &k->net, k->net_bits);
}

/* One value of the field against the node. */
bool pred_test_value(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    v = fold_clip(v);
    switch (k->kind) {
    case PRED_EQ:
        return is_equal(s, k, v, slot);
    case PRED_RANGE:
        return in_range(s, k, v, slot);
    case PRED_REGEX:
        return has_regex(s, k, v, slot);
    case PRED_CIDR:
        return in_net(s, k, v, slot);
    case PRED_EXISTS:
        return true;
    case PRED_NULL:
        return v.n > 0; /* asked the other way round by match_leaf */
    default:
        break;
    }
    struct str t = k->cased ? v : pred_test_lower(s, v, slot);
    switch (k->kind) {
    case PRED_WILD:
        return wild_match(k->wild, t);
    case PRED_CONTAINS:
        return find_bytes(t, k->lit) != SIZE_MAX;
    case PRED_STARTS:
        return str_starts(t, k->lit);
    default:
        assert(k->kind == PRED_ENDS);
        return str_ends(t, k->lit);
    }
}

/* Text of a value as the node compares it. */
static struct str compared(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot)
{
    return k->cased ? v : pred_test_lower(s, v, slot);
}

/* One value against nodes of one kind, type and case. */
static bool test_alike(struct pred_scratch *s, const struct pred_code *group, struct str v, size_t slot)
{
    const struct pred_code *k = group->children[0];
    struct addr addr;
    struct num num;
    bool hit = false;
    if (k->kind == PRED_CIDR) {
        bool is_addr = addr_of(s, v, slot, &addr);
        for (size_t i = 0; is_addr && !hit && i < group->n_children; i++)
            hit = addr_in_net(&addr, &group->children[i]->net, group->children[i]->net_bits);
        return hit;
    }
    if (k->kind == PRED_EQ && k->type == PRED_AS_NUM) {
        bool is_num = number_of(s, v, slot, &num);
        for (size_t i = 0; is_num && !hit && i < group->n_children; i++)
            hit = num_cmp(&num, &group->children[i]->eq.num) == 0;
        return hit;
    }
    struct str t = compared(s, k, v, slot);
    for (size_t i = 0; !hit && i < group->n_children; i++) {
        struct str lit = group->children[i]->lit;
        hit = k->kind == PRED_EQ         ? str_eq(t, lit)
              : k->kind == PRED_CONTAINS ? find_bytes(t, lit) != SIZE_MAX
              : k->kind == PRED_STARTS   ? str_starts(t, lit)
                                         : str_ends(t, lit);
    }
    return hit;
}

bool pred_test_group(struct pred_scratch *s, const struct pred_code *group, struct str v, size_t slot)
{
    v = fold_clip(v);
    if (group->grouped == PRED_ALIKE)
        return test_alike(s, group, v, slot);
    for (size_t i = 0; i < group->n_children; i++) {
        if (pred_test_value(s, group->children[i], v, slot))
            return true;
    }
    return false;
}
