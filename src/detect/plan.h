/*
 * plan.h - which rules to look at for an event: literals of all rules in one vectorscan database, field
 * values in a table, and the few rules that need neither. Constant after plan_build; each thread brings its
 * own room.
 */
#ifndef KHIEN_DETECT_PLAN_H
#define KHIEN_DETECT_PLAN_H

#include "detect/need.h"

struct plan;
struct plan_room; /* scratch of one thread for one plan */

/*
 * plan_build - from the trees of all rules, in rule order; NULL trees (correlations) are never candidates.
 * The array must live as long as the plan. Everything but the database lives in the arena. Errors: ERR_NOMEM,
 * ERR_LIMIT (vectorscan).
 */
int plan_build(const struct pred *const *trees, size_t n, struct arena *a, struct plan **ret,
               struct err *err) MUST_USE;
void plan_free(struct plan *p); /* NULL allowed; the database */

int plan_room_new(const struct plan *p, struct plan_room **ret, struct err *err) MUST_USE;
void plan_room_free(struct plan_room *r); /* NULL allowed */

/*
 * Rules that may match the event: numbers in rule order of first sight, each once; valid until the next call.
 * Where memory for a long event is not to be had, all rules.
 */
size_t plan_candidates(const struct plan *p, struct plan_room *r, const struct event *e,
                       const uint32_t **ret_rules);

struct plan_stats {
    size_t literals, values; /* distinct triggers */
    size_t always;           /* rules without a trigger */
    size_t database_bytes;
};
void plan_stats(const struct plan *p, struct plan_stats *ret);

#endif
