#include "query/pred_set.h"

#include <stdlib.h>

#include "base/hash.h"
#include "query/fold.h"
#include "query/pred_code.h"

#define NAME_SEED UINT64_C(0x6e616d65)
#define NODE_SEED UINT64_C(0x6e6f6465)
#define TABLE_MIN 256u
#define KEY_BYTES_MAX (16u << 20) /* of one node; trees are smaller */

/* An open table of numbers from 1, by hash. */
struct table {
    size_t n, size; /* size: a power of two */
    struct {
        uint64_t hash;
        uint32_t number; /* 0: free */
    } * rows;
};

struct node {
    struct str key;
    struct pred_code *code;
};

struct pred_set {
    struct arena *a;
    struct arena work; /* keys of nodes */
    struct buf key;
    struct pred_code *rexes;
    struct table by_key, by_name;
    size_t cap_nodes;
    struct node *nodes; /* number - 1 in by_key */
    size_t cap_names;
    struct str *names; /* number - 1 in by_name; the slot is PRED_SLOT_NAMED + that */
    uint32_t n_ids, n_memos;
};

static int fail_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "query");
}

int pred_set_new(struct arena *a, struct pred_set **ret, struct err *err)
{
    struct pred_set *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return fail_nomem(err);
    set->a = a;
    arena_init(&set->work, SIZE_MAX);
    buf_init(&set->key, KEY_BYTES_MAX);
    *ret = set;
    return 0;
}

void pred_set_seal(struct pred_set *set)
{
    arena_done(&set->work);
    buf_done(&set->key);
    buf_init(&set->key, KEY_BYTES_MAX);
    free(set->nodes);
    free(set->by_key.rows);
    set->nodes = NULL;
    set->cap_nodes = 0;
    set->by_key = (struct table){0};
}

void pred_set_free(struct pred_set *set)
{
    if (set == NULL)
        return;
    pred_set_seal(set);
    buf_done(&set->key);
    for (struct pred_code *k = set->rexes; k != NULL; k = k->next_rex)
        rex_free(k->rex);
    free(set->names);
    free(set->by_name.rows);
    free(set);
}

static void put_row(struct table *t, uint64_t hash, uint32_t number)
{
    size_t at = hash & (t->size - 1);
    while (t->rows[at].number != 0)
        at = (at + 1) & (t->size - 1);
    t->rows[at].hash = hash;
    t->rows[at].number = number;
}

/* Room for one more at no more than half full. */
static bool grow_table(struct table *t)
{
    struct table big = {.n = t->n, .size = t->size == 0 ? TABLE_MIN : t->size * 2};
    if (t->n < t->size / 2)
        return true;
    big.rows = calloc(big.size, sizeof(*big.rows));
    if (big.rows == NULL)
        return false;
    for (size_t i = 0; i < t->size; i++) {
        if (t->rows[i].number != 0)
            put_row(&big, t->rows[i].hash, t->rows[i].number);
    }
    free(t->rows);
    *t = big;
    return true;
}

static bool grow_list(void **items, size_t *cap, size_t n, size_t each)
{
    if (n < *cap)
        return true;
    size_t more = *cap == 0 ? TABLE_MIN : *cap * 2;
    void *grown = realloc(*items, more * each);
    if (grown == NULL)
        return false;
    *items = grown;
    *cap = more;
    return true;
}

static size_t find_name(const struct pred_set *set, struct str name, uint64_t hash)
{
    const struct table *t = &set->by_name;
    for (size_t at = hash & (t->size - 1); t->size > 0 && t->rows[at].number != 0;
         at = (at + 1) & (t->size - 1)) {
        uint32_t i = t->rows[at].number - 1;
        if (t->rows[at].hash == hash && str_eq(set->names[i], name))
            return PRED_SLOT_NAMED + i;
    }
    return PRED_SLOT_NONE;
}

size_t pred_set_slot(struct pred_set *set, const struct pred_field *f)
{
    if (f->wild || f->id == PRED_FIELD_ANY)
        return PRED_SLOT_ANY;
    if (f->id == PRED_FIELD_RAW || f->id == PRED_FIELD_MESSAGE)
        return f->id == PRED_FIELD_RAW ? PRED_SLOT_RAW : PRED_SLOT_MESSAGE;
    if (f->id != FIELD_OTHER)
        return f->id < FIELD_COUNT ? f->id : PRED_SLOT_NONE;
    uint64_t hash = hash_bytes(f->name, NAME_SEED);
    size_t slot = find_name(set, f->name, hash);
    if (slot != PRED_SLOT_NONE)
        return slot;
    struct str name = arena_str(set->a, f->name);
    if (name.p == NULL || !grow_table(&set->by_name) ||
        !grow_list((void **)&set->names, &set->cap_names, set->by_name.n, sizeof(*set->names)))
        return SIZE_MAX;
    set->names[set->by_name.n++] = name;
    put_row(&set->by_name, hash, (uint32_t)set->by_name.n);
    return PRED_SLOT_NAMED + set->by_name.n - 1;
}

int pred_set_add(struct pred_set *set, const struct pred *tree, struct pred_prog **ret, struct err *err)
{
    return pred_compile_in(set, set->a, tree, ret, err);
}

size_t pred_set_slots(const struct pred_set *set)
{
    return PRED_SLOT_NAMED + set->by_name.n;
}

uint32_t pred_set_id(const struct pred_prog *prog)
{
    return prog->root->id;
}

struct pred_code **pred_set_rexes(struct pred_set *set)
{
    return &set->rexes;
}

static void put_text(struct buf *b, struct str s)
{
    buf_put_u32(b, (uint32_t)s.n);
    buf_put(b, s);
}

struct buf *pred_set_key(struct pred_set *set, const struct pred *p)
{
    struct buf *b = &set->key;
    buf_clear(b);
    buf_put_u8(b, (uint8_t)p->kind);
    buf_put_u8(b, (uint8_t)(p->cased | p->low_open << 1 | p->high_open << 2 | p->low_incl << 3 |
                            p->high_incl << 4 | p->field.wild << 5));
    buf_put_u16(b, p->field.id);
    put_text(b, p->field.name);
    put_text(b, p->text);
    put_text(b, p->low);
    put_text(b, p->high);
    return b;
}

struct pred_code *pred_set_find(struct pred_set *set)
{
    const struct table *t = &set->by_key;
    struct str key = buf_str(&set->key);
    uint64_t hash = hash_bytes(key, NODE_SEED);
    for (size_t at = hash & (t->size - 1); t->size > 0 && t->rows[at].number != 0;
         at = (at + 1) & (t->size - 1)) {
        struct node *n = &set->nodes[t->rows[at].number - 1];
        if (t->rows[at].hash != hash || !str_eq(n->key, key))
            continue;
        if (n->code->memo == 0 && n->code->kind != PRED_TRUE)
            n->code->memo = ++set->n_memos; /* worth remembering: it is asked for twice */
        return n->code;
    }
    return NULL;
}

bool pred_set_keep(struct pred_set *set, struct pred_code *code)
{
    struct str key = arena_str(&set->work, buf_str(&set->key));
    if (set->key.bad || key.p == NULL || !grow_table(&set->by_key) ||
        !grow_list((void **)&set->nodes, &set->cap_nodes, set->by_key.n, sizeof(*set->nodes)))
        return false;
    set->nodes[set->by_key.n++] = (struct node){key, code};
    put_row(&set->by_key, hash_bytes(key, NODE_SEED), (uint32_t)set->by_key.n);
    code->id = ++set->n_ids;
    return true;
}

int pred_set_room(const struct pred_set *set, uint64_t seed, struct pred_scratch *s, struct err *err)
{
    uint64_t *memo = calloc(set->n_memos + 1, sizeof(*memo));
    struct pred_head *heads = calloc(pred_set_slots(set), sizeof(*heads));
    struct pred_seen *seen = s->seen != NULL ? s->seen : malloc(PRED_SEEN_COUNT * sizeof(*seen));
    if (memo == NULL || heads == NULL || seen == NULL) {
        free(memo);
        free(heads);
        free(seen == s->seen ? NULL : seen);
        return fail_nomem(err);
    }
    free(s->memo);
    free(s->heads);
    s->memo = memo;
    s->heads = heads;
    s->seen = seen;
    s->seed = seed;
    s->round = 0;
    for (size_t i = 0; i < PRED_SEEN_COUNT; i++)
        seen[i] = (struct pred_seen){0}; /* numbers of nodes are those of the set */
    return 0;
}

void pred_set_begin(const struct pred_set *set, const struct event *e, struct pred_scratch *s)
{
    assert(s->heads != NULL && e->n_fields <= EVENT_FIELDS_MAX);
    pred_scratch_begin(s, e);
    s->by_slot = true;
    s->round++;
    for (uint16_t i = e->n_fields; i-- > 0;) {
        const struct event_field *f = &e->fields[i];
        size_t slot = f->id != FIELD_OTHER ? f->id : find_name(set, f->name, hash_bytes(f->name, NAME_SEED));
        s->slots[i] = (uint32_t)slot;
        if (slot == PRED_SLOT_NONE || f->value.p == NULL)
            continue;
        struct pred_head *head = &s->heads[slot];
        s->nexts[i] = head->round == s->round ? head->first : PRED_LAST;
        *head = (struct pred_head){s->round, i};
    }
}

size_t pred_set_slot_of(const struct pred_scratch *s, size_t i)
{
    return s->slots[i];
}

size_t pred_set_first(const struct pred_scratch *s, size_t slot)
{
    return s->heads[slot].round == s->round ? s->heads[slot].first : SIZE_MAX;
}

size_t pred_set_next(const struct pred_scratch *s, size_t i)
{
    return s->nexts[i] == PRED_LAST ? SIZE_MAX : s->nexts[i];
}

struct str pred_set_folded(struct pred_scratch *s, size_t i)
{
    struct str v = fold_clip(s->e->fields[i].value), low = pred_test_lower(s, v, i);
    return s->texts[i].ascii ? low : (struct str){s->other_mem, fold_search(v, s->other_mem)};
}

bool pred_set_match(const struct pred_prog *prog, struct pred_scratch *s)
{
    return pred_match_again(prog, s->e, s);
}
