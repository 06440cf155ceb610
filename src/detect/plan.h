/*
 * plan.h - which rules to look at for an event. Each rule is entered under the triggers that an event must
 * hold for it to match (need.h): values and ends of paths in a hash table, literals of a field in a
 * vectorscan database of that field. A rule is woken where one of its triggers is found and its log source
 * fits; what is found in fields that no fitting rule asks for is not even looked for. Constant after
 * plan_build; each thread brings its own room.
 */
#ifndef KHIEN_DETECT_PLAN_H
#define KHIEN_DETECT_PLAN_H

#include "detect/need.h"

struct plan;
struct plan_room; /* scratch of one thread for one plan */

/* A rule matches where both hold. */
struct plan_rule {
    const struct pred *tree;  /* NULL: never a candidate (correlations) */
    const struct pred *where; /* its log source; NULL: any */
};

/*
 * plan_build - from all rules, in rule order. Conditions of log sources are added to the set, which is not
 * sealed yet. Everything but the databases lives in the arena. Errors: ERR_NOMEM, ERR_LIMIT (vectorscan).
 */
int plan_build(const struct plan_rule *rules, size_t n, struct pred_set *set, struct arena *a,
               struct plan **ret, struct err *err) MUST_USE;
void plan_free(struct plan *p); /* NULL allowed; the databases */

/* seed: of tables whose keys come from outside; random. */
int plan_room_new(const struct plan *p, uint64_t seed, struct plan_room **ret, struct err *err) MUST_USE;
void plan_room_free(struct plan_room *r); /* NULL allowed */

/*
 * Rules that may match the event that `s` was given by pred_set_begin: their numbers, each once; valid until
 * the next call. Where memory for a long event is not to be had, all rules.
 */
size_t plan_candidates(const struct plan *p, struct plan_room *r, const struct event *e,
                       struct pred_scratch *s, const uint32_t **ret_rules);

struct plan_stats {
    size_t literals, values; /* distinct triggers */
    size_t always;           /* rules without a trigger */
    size_t database_bytes;
};
void plan_stats(const struct plan *p, struct plan_stats *ret);

#endif
