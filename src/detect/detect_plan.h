/* detect_plan.h - the inside of a plan, for the files detect*.c only. */
#ifndef KHIEN_DETECT_DETECT_PLAN_H
#define KHIEN_DETECT_DETECT_PLAN_H

#include "detect/corr.h"
#include "detect/detect.h"
#include "detect/plan.h"

_Static_assert(DETECT_IDS_MAX == CORR_IDS_MAX && DETECT_GROUP_MAX == SIGMA_GROUP_MAX, "one size each");

/* A correlation that a rule's hits go to, and as which of its rules. */
struct detect_feed {
    uint32_t corr; /* number in plan->corrs */
    uint32_t ref;
    uint32_t next; /* + 1; 0 ends the chain */
};

struct detect_rule {
    struct sigma_rule sigma;
    size_t report;     /* its row */
    bool refused;      /* while linking; such rules are taken out before the plan is built */
    uint32_t feeds;    /* + 1; 0: none */
    uint32_t corr;     /* number in plan->corrs + 1; 0: a simple rule */
    uint64_t key_seed; /* of the group keys of a simple rule */
    size_t n_group;    /* of a simple rule: the fields that tell its matches apart */
    struct corr_field group[SIGMA_GROUP_MAX];
    struct pred_prog *prog; /* its condition, in the plan's set; NULL for a correlation */
};

struct detect_plan {
    struct arena a;
    const struct sigma_map *map;
    size_t n_reports, cap_reports;
    struct detect_report *reports; /* malloc'ed while loading */
    size_t n_rules, cap_rules;
    struct detect_rule *rules; /* malloc'ed; all documents that were read, refused ones too */
    size_t n_accepted;
    uint32_t *accepted; /* numbers of the rules that run */
    size_t n_corrs;
    struct corr_def *corrs;
    uint64_t *identities; /* of corrs */
    size_t n_feeds;
    struct detect_feed *feeds;
    struct plan_rule *plan_rules; /* by rule; no tree: correlations and refused ones */
    struct pred_set *set;
    struct plan *plan;
};

/*
 * Resolve the rules and fields of correlations and fill corrs, identities and feeds. Rules that cannot be are
 * refused. Errors: ERR_NOMEM.
 */
int detect_link(struct detect_plan *p, struct err *err) MUST_USE;
/* Mark a rule refused and write the reason into its row. Errors: ERR_NOMEM. */
int detect_link_refuse(struct detect_plan *p, struct detect_rule *r, const struct err *why,
                       struct err *err) MUST_USE;

#endif
