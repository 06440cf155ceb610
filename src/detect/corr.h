/*
 * corr.h - correlations at work: events counted in sliding windows of event time, one window per group of
 * values. Memory is bounded: the group that was touched longest ago is given up first, and counted. Not
 * locked: one table belongs to one thread.
 */
#ifndef KHIEN_DETECT_CORR_H
#define KHIEN_DETECT_CORR_H

#include "detect/sigma.h"

#define CORR_IDS_MAX 32u          /* events that a match names */
#define CORR_VALUES_MAX 4096u     /* that a sum or an average remembers of one window */
#define CORR_PERCENTILE_MAX 1024u /* the same of a percentile */
#define CORR_DISORDER 16u         /* events above the threshold that a window remembers, for late ones */
#define CORR_VALUE_BYTES_MAX 256u /* of a group value that is kept for display */

/* The field that a correlation reads from the events of one rule: the first of these names that has a value.
 */
struct corr_field {
    size_t n;
    struct pred_field *names;
};

/* A correlation whose rules and fields are resolved. Constant. */
struct corr_def {
    enum sigma_corr_type type;
    uint32_t rule;     /* its own number */
    uint64_t identity; /* hash of all that decides its meaning: windows survive a reload where it is equal */
    size_t n_refs, n_group;
    struct corr_field (*group)[SIGMA_GROUP_MAX]; /* [n_refs] */
    struct corr_field *value;                    /* [n_refs]; value_count */
    int64_t span_ns;
    uint64_t low, high;
    struct sigma_limits limits; /* measures */
};

/* One thing counted: event (its id), distinct value (its hash), number (its bits) or rule (its number). */
struct corr_entry {
    int64_t time_ns;
    uint64_t what;
    uint64_t id; /* of the event; 0: unknown */
};

/*
 * A measure of the values in a window that holds the entry at `at`: the newest one that does not leave it
 * behind. Entries are sorted by time. True where it keeps to the limits; *ret_first and *ret_last are set
 * then. room: of n numbers.
 */
bool corr_measure(const struct corr_def *def, const struct corr_entry *entries, size_t n, size_t at,
                  double *room, size_t *ret_first, size_t *ret_last);
/* The bits under which a value is entered; false where it is not a number and the measure needs one. */
bool corr_measure_value(const struct corr_def *def, struct str value, uint64_t seed, uint64_t *ret);
/* Distance in time without overflow: outside clocks may say anything. */
bool corr_measure_within(int64_t from, int64_t to, int64_t span);

/* One hit of a rule that a correlation refers to, and what became of it. */
struct corr_hit {
    const struct event *event;
    int64_t time_ns;
    size_t ref;     /* which of the correlation's rules */
    uint64_t times; /* the event stands for so many ("message repeated 5 times"), 1 or more */
};

struct corr_result {
    bool again;     /* the window fired before and goes on: adds to what was told */
    uint64_t count; /* events (values, rules) in the window; 1 where it goes on */
    int64_t first_ns, last_ns;
    uint64_t group_key;
    size_t n_group;
    struct str group[SIGMA_GROUP_MAX]; /* valid until the next call */
    size_t n_ids;
    uint64_t ids[CORR_IDS_MAX]; /* event ids, oldest first; events without id are left out */
};

struct corr_stats {
    uint64_t evicted, too_old, without_group; /* since the start */
    size_t groups, bytes;
};

struct corr_table;
/* bytes_max: memory of all groups; seed: of the group keys, the same for the life of a node. */
int corr_new(size_t bytes_max, uint64_t seed, struct corr_table **ret, struct err *err) MUST_USE;
void corr_free(struct corr_table *t); /* NULL allowed */
/* Count a hit. True where the condition holds with it; *ret is set then. */
bool corr_step(struct corr_table *t, const struct corr_def *def, const struct corr_hit *hit,
               struct corr_result *ret);
/* Drop the groups of correlations that are not in the list: the others go on across a reload. */
void corr_keep(struct corr_table *t, const uint64_t *identities, size_t n);
void corr_stats(const struct corr_table *t, struct corr_stats *ret);

/* Value of a field: the first name that the event has; .n == 0 where it has none. */
struct str corr_value(const struct corr_field *f, const struct event *e);
/* The field can be read by corr_value. */
bool corr_can_read(const struct pred_field *f);

#endif
