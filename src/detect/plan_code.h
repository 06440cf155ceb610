/* plan_code.h - the inside of a plan, for plan.c and plan_build.c only. */
#ifndef KHIEN_DETECT_PLAN_CODE_H
#define KHIEN_DETECT_PLAN_CODE_H

#include "base/hash.h"
#include "detect/plan.h"

struct hs_database; /* of vectorscan */

/* A rule to look at, if its log source fits. */
struct plan_wake {
    uint32_t rule, gate;
};

struct plan_trigger {
    uint32_t column;
    enum need_kind kind;
    uint32_t depth;
    struct str text;
    uint32_t first, n; /* of the plan's wakes */
    uint32_t next;     /* in the chain of its bucket, + 1; 0 ends it */
};

/* Fields that rules ask for the same (Image has three names) and what is looked for in them. */
struct plan_column {
    bool equal;               /* has NEED_EQUAL triggers */
    uint8_t depths;           /* bit d: has NEED_TAIL triggers of that depth */
    uint32_t present;         /* the NEED_PRESENT trigger + 1; 0: none */
    uint32_t first, n;        /* its triggers in the plan's */
    uint32_t literals;        /* number of its first literal */
    struct hs_database *db;   /* its literals; NULL: none */
    size_t shortest;          /* literal */
    uint32_t n_gates, *gates; /* of the rules under its literals, each once */
};

struct plan_slot {
    uint32_t column; /* + 1; 0: nothing is looked for in this field */
    bool number;     /* need_slot_is_number */
};

#define PLAN_GATES_CACHED 512u /* further ones are worked out for each event */

/* A field that decides which log sources an event is of. */
struct plan_key {
    size_t slot;
    bool present; /* only whether it is there */
};

struct plan {
    size_t n_rules;
    size_t n_gates;
    struct pred_prog **gates; /* conditions of log sources; gate 0 has none */
    bool *live;               /* the gate depends on more than the keys */
    size_t n_keys;
    struct plan_key *keys;
    size_t n_wakes;
    struct plan_wake *wakes;
    size_t n_triggers, n_literals;
    struct plan_trigger *triggers; /* by column, kind, depth, text */
    size_t n_slots;
    struct plan_slot *slots;
    size_t n_columns;
    struct plan_column *columns;
    size_t n_any; /* columns of PRED_SLOT_ANY, one for each gate */
    uint32_t *any;
    size_t n_buckets; /* of texts that equal and tails; a power of two */
    uint32_t *buckets;
    size_t n_always;
    struct plan_wake *always;
    const struct plan_rule *rules; /* the caller's */
    size_t db_bytes;
};

#define PLAN_SEED UINT64_C(0x7275c6a5)

static inline uint64_t plan_hash(uint32_t column, uint32_t depth, struct str text)
{
    return hash_bytes(text, PLAN_SEED + ((uint64_t)column << 2 | depth));
}

#endif
