#include "source/source_table.h"

#include <stdlib.h>

#include "base/hash.h"

#define SLOTS 32768u /* three times the rows, so that chains stay short */
_Static_assert(SLOTS > 2 * SOURCE_TABLE_ROWS_MAX, "the table stays less than half full");

struct source_table {
    uint64_t seed;
    uint64_t overflowed;
    size_t n;
    struct source *rows[SOURCE_TABLE_ROWS_MAX]; /* rows[id - 1] */
    uint16_t slots[SLOTS];                      /* id, 0 free */
};

static struct str cut(struct str s)
{
    return s.n > SOURCE_TEXT_BYTES_MAX ? str_sub(s, 0, SOURCE_TEXT_BYTES_MAX) : s;
}

static uint64_t key_hash(const struct source_table *t, enum source_kind kind, struct str address,
                         struct str subject)
{
    return hash_mix(hash_bytes(address, t->seed) + kind, hash_bytes(subject, t->seed));
}

/* Row and texts in one block: the row is freed at once. */
static struct source *row_new(enum source_kind kind, struct str address, struct str subject)
{
    struct source *s = calloc(1, sizeof(*s) + address.n + subject.n);
    if (s == NULL)
        return NULL;
    char *text = (char *)(s + 1);
    if (address.n > 0)
        memcpy(text, address.p, address.n);
    if (subject.n > 0)
        memcpy(text + address.n, subject.p, subject.n);
    s->kind = kind;
    s->address = s->name = (struct str){text, address.n};
    if (subject.p != NULL)
        s->subject = (struct str){text + address.n, subject.n};
    s->next_seq = 1;
    return s;
}

int source_table_new(uint64_t seed, struct source_table **ret, struct err *err)
{
    struct source_table *t = calloc(1, sizeof(*t));
    struct source *overflow = row_new(SOURCE_SELF, S("overflow"), (struct str){NULL, 0});
    if (t == NULL || overflow == NULL) {
        free(t);
        free(overflow);
        return err_set(err, ERR_NOMEM, "table of sources");
    }
    t->seed = seed;
    overflow->id = 1;
    t->rows[t->n++] = overflow;
    *ret = t;
    return 0;
}

static void name_free(struct source *s)
{
    if (s->name.p != s->address.p)
        base_freep(&s->name.p);
}

void source_table_free(struct source_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++) {
        name_free(t->rows[i]);
        free(t->rows[i]);
    }
    free(t);
}

static bool same(const struct source *s, enum source_kind kind, struct str address, struct str subject)
{
    return s->kind == kind && str_eq(s->address, address) && str_eq(s->subject, subject);
}

/* Slot of the key, or the free one where it belongs. */
static uint16_t *slot_of(struct source_table *t, enum source_kind kind, struct str address,
                         struct str subject)
{
    size_t k = key_hash(t, kind, address, subject) % SLOTS;
    while (t->slots[k] != 0 && !same(t->rows[t->slots[k] - 1], kind, address, subject))
        k = (k + 1) % SLOTS;
    return &t->slots[k];
}

static struct source *get(struct source_table *t, enum source_kind kind, struct str address,
                          struct str subject)
{
    assert(kind < SOURCE_KIND_COUNT);
    address = cut(address);
    subject = cut(subject);
    uint16_t *slot = slot_of(t, kind, address, subject);
    if (*slot != 0)
        return t->rows[*slot - 1];
    struct source *s = t->n < SOURCE_TABLE_ROWS_MAX ? row_new(kind, address, subject) : NULL;
    if (s == NULL)
        return NULL;
    t->rows[t->n++] = s;
    s->id = (uint32_t)t->n;
    *slot = (uint16_t)s->id;
    return s;
}

struct source *source_table_get(struct source_table *t, enum source_kind kind, struct str address,
                                struct str subject)
{
    struct source *s = get(t, kind, address, subject);
    if (s != NULL)
        return s;
    t->overflowed++;
    return t->rows[0];
}

struct source *source_table_find(struct source_table *t, uint32_t id)
{
    return id == 0 || id > t->n ? NULL : t->rows[id - 1];
}

int source_table_restore(struct source_table *t, const struct source *known, struct source **ret,
                         struct err *err)
{
    struct source *s = get(t, known->kind, known->address, known->subject);
    if (s == NULL)
        return err_set(err, ERR_LIMIT, "more than %u sources", SOURCE_TABLE_ROWS_MAX);
    s->received = known->stored; /* what was not stored is received again */
    s->stored = known->stored;
    s->dropped = known->dropped;
    s->malformed = known->malformed;
    s->parts = known->parts;
    s->bytes = known->bytes;
    s->first_seen_ns = known->first_seen_ns;
    s->last_seen_ns = known->last_seen_ns;
    s->next_seq = known->next_seq == 0 ? 1 : known->next_seq;
    s->hint = known->hint;
    if (known->name.n > 0 && source_table_rename(t, s->id, known->name, err) != 0)
        return -1;
    *ret = s;
    return 0;
}

int source_table_rename(struct source_table *t, uint32_t id, struct str name, struct err *err)
{
    struct source *s = source_table_find(t, id);
    if (s == NULL)
        return err_set(err, ERR_NOT_FOUND, "source %u", id);
    char *copy = str_dup(cut(name));
    if (copy == NULL)
        return err_set(err, ERR_NOMEM, "name of a source");
    name_free(s);
    s->name = (struct str){copy, cut(name).n};
    return 0;
}

void source_table_stored(struct source_table *t, uint32_t id, uint64_t n)
{
    struct source *s = source_table_find(t, id);
    assert(s != NULL && n <= s->received - s->stored);
    s->stored += n;
}

void source_table_malformed(struct source_table *t, uint32_t id, uint64_t n)
{
    struct source *s = source_table_find(t, id);
    assert(s != NULL);
    s->malformed += n;
}

size_t source_table_count(const struct source_table *t)
{
    return t->n;
}

void source_table_each(const struct source_table *t, source_row_fn *fn, void *arg)
{
    for (size_t i = 0; i < t->n; i++)
        fn(arg, t->rows[i]);
}

uint64_t source_table_overflowed(const struct source_table *t)
{
    return t->overflowed;
}
