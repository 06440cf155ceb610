#include "detect/corr.h"

#include <stdlib.h>

#include "base/hash.h"

#define BUCKETS_MIN 256u
#define ENTRIES_MIN 4u
#define ORDERED_ENTRIES_MAX 64u

/* One thing counted: event (its id), distinct value (its hash) or rule (its number). */
struct entry {
    int64_t time_ns;
    uint64_t what;
    uint64_t id; /* of the event; 0: unknown */
};

struct group {
    struct group *chain;         /* same bucket */
    struct group *newer, *older; /* by last touch */
    uint64_t hash, identity;
    bool fired;
    int64_t fired_ns; /* newest event since it fired */
    size_t n, cap;
    struct entry *entries; /* by time; `few` until they are more */
    struct entry few[ENTRIES_MIN];
    size_t bytes; /* of this group, entries and values included */
    uint16_t lengths[SIGMA_GROUP_MAX];
    char values[];
};

struct corr_table {
    size_t bytes_max, bytes, n_groups;
    uint64_t seed;
    size_t n_buckets; /* a power of two */
    struct group **buckets;
    struct group *newest, *oldest;
    uint64_t evicted, too_old, without_group;
};

int corr_new(size_t bytes_max, uint64_t seed, struct corr_table **ret, struct err *err)
{
    assert(bytes_max > 0);
    struct corr_table *t = calloc(1, sizeof(*t));
    if (t != NULL)
        t->buckets = calloc(BUCKETS_MIN, sizeof(struct group *));
    if (t == NULL || t->buckets == NULL) {
        free(t);
        return err_set(err, ERR_NOMEM, "no memory for correlations");
    }
    t->n_buckets = BUCKETS_MIN;
    t->bytes_max = bytes_max;
    t->seed = seed;
    *ret = t;
    return 0;
}

static void free_group(struct group *g)
{
    if (g->entries != g->few)
        free(g->entries);
    free(g);
}

void corr_free(struct corr_table *t)
{
    if (t == NULL)
        return;
    for (struct group *g = t->oldest; g != NULL;) {
        struct group *next = g->newer;
        free_group(g);
        g = next;
    }
    free(t->buckets);
    free(t);
}

void corr_stats(const struct corr_table *t, struct corr_stats *ret)
{
    *ret = (struct corr_stats){.evicted = t->evicted,
                               .too_old = t->too_old,
                               .without_group = t->without_group,
                               .groups = t->n_groups,
                               .bytes = t->bytes};
}

static void unlink_age(struct corr_table *t, struct group *g)
{
    *(g->newer != NULL ? &g->newer->older : &t->newest) = g->older;
    *(g->older != NULL ? &g->older->newer : &t->oldest) = g->newer;
    g->newer = g->older = NULL;
}

static void link_newest(struct corr_table *t, struct group *g)
{
    g->older = t->newest;
    *(t->newest != NULL ? &t->newest->newer : &t->oldest) = g;
    t->newest = g;
}

static void drop(struct corr_table *t, struct group *g)
{
    struct group **at = &t->buckets[g->hash & (t->n_buckets - 1)];
    while (*at != g)
        at = &(*at)->chain;
    *at = g->chain;
    unlink_age(t, g);
    assert(t->bytes >= g->bytes && t->n_groups > 0);
    t->bytes -= g->bytes;
    t->n_groups--;
    free_group(g);
}

/* Give up old groups until `more` bytes fit, never the one in hand. */
static bool make_room(struct corr_table *t, size_t more, const struct group *keep)
{
    while (t->bytes > t->bytes_max || more > t->bytes_max - t->bytes) {
        struct group *g = t->oldest == keep && keep != NULL ? keep->newer : t->oldest;
        if (g == NULL)
            return false;
        drop(t, g);
        t->evicted++;
    }
    return true;
}

static void grow_buckets(struct corr_table *t)
{
    size_t n = t->n_buckets * 2;
    struct group **buckets = calloc(n, sizeof(struct group *));
    if (buckets == NULL)
        return; /* longer chains, still right */
    for (struct group *g = t->oldest; g != NULL; g = g->newer) {
        struct group **at = &buckets[g->hash & (n - 1)];
        g->chain = *at;
        *at = g;
    }
    free(t->buckets);
    t->buckets = buckets;
    t->n_buckets = n;
}

bool corr_can_read(const struct pred_field *f)
{
    return !f->wild && (f->id < FIELD_COUNT || f->id == PRED_FIELD_MESSAGE || f->id == PRED_FIELD_RAW);
}

static struct str value_of(const struct pred_field *f, const struct event *e)
{
    switch (f->id) {
    case PRED_FIELD_MESSAGE:
        return e->message;
    case PRED_FIELD_RAW:
        return e->raw;
    case FIELD_OTHER:
        return event_get_named(e, f->name);
    default:
        return event_get(e, f->id);
    }
}

struct str corr_value(const struct corr_field *f, const struct event *e)
{
    struct str v = {NULL, 0};
    for (size_t i = 0; i < f->n && v.n == 0; i++)
        v = value_of(&f->names[i], e);
    return v;
}

/* The values of the event's group and their hash; false where one is missing. */
static bool read_group(const struct corr_table *t, const struct corr_def *def, const struct corr_hit *hit,
                       struct str *values, uint64_t *ret_hash)
{
    uint64_t hash = hash_mix(t->seed, def->identity);
    for (size_t i = 0; i < def->n_group; i++) {
        values[i] = corr_value(&def->group[hit->ref][i], hit->event);
        if (values[i].n == 0)
            return false;
        hash = hash_mix(hash, hash_bytes(values[i], t->seed + i));
    }
    *ret_hash = hash;
    return true;
}

static size_t clipped(struct str v)
{
    return v.n < CORR_VALUE_BYTES_MAX ? v.n : CORR_VALUE_BYTES_MAX;
}

static bool same_values(const struct group *g, const struct str *values, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq((struct str){g->values + at, g->lengths[i]}, str_sub(values[i], 0, clipped(values[i]))))
            return false;
        at += g->lengths[i];
    }
    return true;
}

static struct group *find_group(struct corr_table *t, const struct corr_def *def, const struct str *values,
                                uint64_t hash)
{
    for (struct group *g = t->buckets[hash & (t->n_buckets - 1)]; g != NULL; g = g->chain) {
        if (g->hash == hash && g->identity == def->identity && same_values(g, values, def->n_group))
            return g;
    }
    return NULL;
}

static struct group *add_group(struct corr_table *t, const struct corr_def *def, const struct str *values,
                               uint64_t hash)
{
    size_t bytes = sizeof(struct group), at = 0;
    for (size_t i = 0; i < def->n_group; i++)
        bytes += clipped(values[i]);
    if (!make_room(t, bytes, NULL))
        return NULL;
    struct group *g = calloc(1, bytes);
    if (g == NULL)
        return NULL;
    g->hash = hash;
    g->identity = def->identity;
    g->bytes = bytes;
    g->entries = g->few;
    g->cap = ENTRIES_MIN;
    for (size_t i = 0; i < def->n_group; i++) {
        g->lengths[i] = (uint16_t)clipped(values[i]);
        memcpy(g->values + at, values[i].p, g->lengths[i]);
        at += g->lengths[i];
    }
    if (t->n_groups >= t->n_buckets)
        grow_buckets(t);
    struct group **bucket = &t->buckets[hash & (t->n_buckets - 1)];
    g->chain = *bucket;
    *bucket = g;
    link_newest(t, g);
    t->bytes += bytes;
    t->n_groups++;
    return g;
}

/* Entries that a window must remember to tell whether its condition holds. */
static size_t entries_max(const struct corr_def *def)
{
    if (def->type == SIGMA_TEMPORAL_ORDERED)
        return ORDERED_ENTRIES_MAX;
    if (def->type == SIGMA_TEMPORAL)
        return def->n_refs;
    uint64_t most = def->high == UINT64_MAX ? def->low : def->high + 1;
    return (size_t)most + CORR_DISORDER;
}

static void remove_entry(struct group *g, size_t at)
{
    memmove(g->entries + at, g->entries + at + 1, (g->n - at - 1) * sizeof(*g->entries));
    g->n--;
}

static bool make_entry_room(struct corr_table *t, struct group *g, size_t max)
{
    if (g->n < g->cap)
        return true;
    size_t cap = g->cap * 2 > max ? max : g->cap * 2;
    bool few = g->entries == g->few;
    size_t more = (few ? cap : cap - g->cap) * sizeof(*g->entries);
    if (!make_room(t, more, g))
        return false;
    struct entry *grown = realloc(few ? NULL : g->entries, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    if (few)
        memcpy(grown, g->few, g->n * sizeof(*grown));
    g->entries = grown;
    g->cap = cap;
    g->bytes += more;
    t->bytes += more;
    return true;
}

/*
 * Put an entry in its place by time. Returns that place, or SIZE_MAX where it is older than all that a full
 * window remembers.
 */
static size_t insert(struct corr_table *t, struct group *g, const struct entry *e, size_t max)
{
    if (g->n == max) {
        if (e->time_ns < g->entries[0].time_ns) {
            t->too_old++;
            return SIZE_MAX;
        }
        remove_entry(g, 0);
    }
    if (!make_entry_room(t, g, max)) {
        t->evicted++;
        if (g->n == 0)
            return SIZE_MAX;
        remove_entry(g, 0);
    }
    size_t at = g->n;
    while (at > 0 && g->entries[at - 1].time_ns > e->time_ns)
        at--;
    memmove(g->entries + at + 1, g->entries + at, (g->n - at) * sizeof(*g->entries));
    g->entries[at] = *e;
    g->n++;
    return at;
}

/* Distance in time without overflow: outside clocks may say anything. */
static bool within(int64_t from, int64_t to, int64_t span)
{
    int64_t d;
    return !__builtin_sub_overflow(to, from, &d) && d <= span;
}

/* A value or rule that is counted once: its old entry goes, the newer time stays. */
static void forget_same(struct group *g, struct entry *e)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->entries[i].what != e->what)
            continue;
        if (g->entries[i].time_ns > e->time_ns)
            *e = g->entries[i];
        remove_entry(g, i);
        return;
    }
}

/* A window of the span that holds the entry at `at` and enough others: its first and last entry. */
static bool find_window(const struct corr_def *def, const struct group *g, size_t at, size_t *ret_first,
                        size_t *ret_last)
{
    size_t low = (size_t)def->low;
    if (def->high != UINT64_MAX) { /* the exact count matters: the window ends with this event */
        size_t first = at;
        while (first > 0 && within(g->entries[first - 1].time_ns, g->entries[at].time_ns, def->span_ns))
            first--;
        *ret_first = first;
        *ret_last = at;
        uint64_t count = at - first + 1;
        return count >= def->low && count <= def->high;
    }
    for (size_t first = at + 1 < low ? 0 : at + 1 - low; first <= at && first + low <= g->n; first++) {
        if (within(g->entries[first].time_ns, g->entries[first + low - 1].time_ns, def->span_ns)) {
            *ret_first = first;
            *ret_last = first + low - 1;
            return true;
        }
    }
    return false;
}

/*
 * The rules in their order within the span, ending with the entry at `at` or a later one that was waiting for
 * it. starts[i] is the latest beginning of a chain that has reached rule i.
 */
static bool find_chain(const struct corr_def *def, const struct group *g, size_t at, size_t *ret_first,
                       size_t *ret_last)
{
    size_t starts[SIGMA_REFS_MAX];
    for (size_t i = 0; i < def->n_refs; i++)
        starts[i] = SIZE_MAX;
    for (size_t i = 0; i < g->n; i++) {
        size_t ref = (size_t)g->entries[i].what;
        if (ref == 0) {
            starts[0] = i;
            continue;
        }
        if (starts[ref - 1] == SIZE_MAX ||
            !within(g->entries[starts[ref - 1]].time_ns, g->entries[i].time_ns, def->span_ns))
            continue;
        starts[ref] = starts[ref - 1];
        if (ref == def->n_refs - 1 && i >= at && starts[ref] <= at) {
            *ret_first = starts[ref];
            *ret_last = i;
            return true;
        }
    }
    return false;
}

/* Hits of one rule in a row say no more than the last of them. */
static void merge_run(struct group *g, size_t *at)
{
    if (*at > 0 && g->entries[*at - 1].what == g->entries[*at].what) {
        remove_entry(g, *at - 1);
        (*at)--;
    }
}

static void set_common(const struct group *g, const struct corr_def *def, struct corr_result *ret)
{
    size_t at = 0;
    ret->group_key = g->hash;
    ret->n_group = def->n_group;
    for (size_t i = 0; i < def->n_group; i++) {
        ret->group[i] = (struct str){g->values + at, g->lengths[i]};
        at += g->lengths[i];
    }
}

static void set_window(const struct group *g, size_t first, size_t last, struct corr_result *ret)
{
    ret->count = last - first + 1;
    ret->first_ns = g->entries[first].time_ns;
    ret->last_ns = g->entries[last].time_ns;
    size_t from = ret->count > CORR_IDS_MAX ? last + 1 - CORR_IDS_MAX : first;
    for (size_t i = from; i <= last; i++) {
        bool known = ret->n_ids > 0 && ret->ids[ret->n_ids - 1] == g->entries[i].id;
        if (g->entries[i].id != 0 && !known)
            ret->ids[ret->n_ids++] = g->entries[i].id;
    }
}

static bool count_hit(struct corr_table *t, const struct corr_def *def, const struct corr_hit *hit,
                      struct group *g, struct corr_result *ret)
{
    struct entry e = {.time_ns = hit->time_ns, .id = hit->event->id};
    size_t first = 0, last = 0;
    bool ordered = def->type == SIGMA_TEMPORAL_ORDERED;
    if (def->type == SIGMA_VALUE_COUNT) {
        struct str v = corr_value(&def->value[hit->ref], hit->event);
        if (v.n == 0) {
            t->without_group++;
            return false;
        }
        e.what = hash_bytes(v, t->seed);
    } else if (def->type != SIGMA_EVENT_COUNT) {
        e.what = hit->ref;
    }
    if (def->type == SIGMA_VALUE_COUNT || def->type == SIGMA_TEMPORAL)
        forget_same(g, &e);
    size_t max = entries_max(def);
    uint64_t times = def->type != SIGMA_EVENT_COUNT ? 1 : hit->times < max ? hit->times : max;
    size_t at = SIZE_MAX;
    for (uint64_t i = 0; i < times; i++)
        at = insert(t, g, &e, max);
    if (at == SIZE_MAX)
        return false;
    if (ordered)
        merge_run(g, &at);
    bool goes_on = g->fired && within(g->fired_ns, hit->time_ns, def->span_ns) &&
                   within(hit->time_ns, g->fired_ns, def->span_ns);
    bool holds = ordered ? find_chain(def, g, at, &first, &last) : find_window(def, g, at, &first, &last);
    bool counts = goes_on && !ordered && def->high == UINT64_MAX;
    if (!holds && !counts) {
        if (hit->time_ns > g->fired_ns && !goes_on)
            g->fired = false; /* it was quiet for a whole span */
        return false;
    }
    if (goes_on) {
        *ret = (struct corr_result){.again = true,
                                    .count = def->type == SIGMA_EVENT_COUNT ? hit->times : 1,
                                    .first_ns = hit->time_ns,
                                    .last_ns = hit->time_ns,
                                    .ids = {e.id},
                                    .n_ids = e.id != 0};
    } else {
        *ret = (struct corr_result){0};
        set_window(g, first, last, ret);
        if (def->type == SIGMA_EVENT_COUNT && hit->times > ret->count)
            ret->count = hit->times; /* a window remembers no more than its condition needs */
    }
    g->fired_ns = goes_on && g->fired_ns > hit->time_ns ? g->fired_ns : hit->time_ns;
    g->fired = true;
    return true;
}

bool corr_step(struct corr_table *t, const struct corr_def *def, const struct corr_hit *hit,
               struct corr_result *ret)
{
    struct str values[SIGMA_GROUP_MAX];
    uint64_t hash = 0;
    assert(hit->ref < def->n_refs && hit->times > 0 && def->n_group <= SIGMA_GROUP_MAX && def->low > 0);
    if (!read_group(t, def, hit, values, &hash)) {
        t->without_group++;
        return false;
    }
    struct group *g = find_group(t, def, values, hash);
    if (g == NULL)
        g = add_group(t, def, values, hash);
    if (g == NULL) {
        t->evicted++;
        return false;
    }
    unlink_age(t, g);
    link_newest(t, g);
    if (!count_hit(t, def, hit, g, ret))
        return false;
    set_common(g, def, ret);
    return true;
}

void corr_keep(struct corr_table *t, const uint64_t *identities, size_t n)
{
    for (struct group *g = t->oldest; g != NULL;) {
        struct group *next = g->newer;
        bool keep = false;
        for (size_t i = 0; i < n && !keep; i++)
            keep = identities[i] == g->identity;
        if (!keep)
            drop(t, g);
        g = next;
    }
}
