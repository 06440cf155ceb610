/*
 * pred_set.h - many trees over one stream of events, as rules are: parts that are equal in several trees are
 * one node, worked out once an event, and fields are found by number instead of by name. A set is filled,
 * sealed, and constant from then on; each thread brings its scratch.
 */
#ifndef KHIEN_QUERY_PRED_SET_H
#define KHIEN_QUERY_PRED_SET_H

#include "query/pred.h"

struct pred_set;

/* Numbers of fields in a set: FIELD_* ids first, then these, then names as trees mention them. */
enum {
    PRED_SLOT_NONE = 0,
    PRED_SLOT_RAW = FIELD_COUNT,
    PRED_SLOT_MESSAGE,
    PRED_SLOT_ANY, /* "*" and patterns of names */
    PRED_SLOT_NAMED
};

/* The programs and nodes live in the arena. Errors: ERR_NOMEM. */
int pred_set_new(struct arena *a, struct pred_set **ret, struct err *err) MUST_USE;
void pred_set_free(struct pred_set *set); /* NULL allowed; what does not live in the arena */
/* As pred_compile; the program is of the set: it is not freed, and matched by pred_set_match. */
int pred_set_add(struct pred_set *set, const struct pred *tree, struct pred_prog **ret,
                 struct err *err) MUST_USE;
/* Number of a field; a name becomes one. PRED_SLOT_NONE: a field whose values are no texts of the event
 * (time, severity, source). SIZE_MAX: no memory. */
size_t pred_set_slot(struct pred_set *set, const struct pred_field *f);
/* No tree is added any more: what only adding needs is given back. */
void pred_set_seal(struct pred_set *set);
size_t pred_set_slots(const struct pred_set *set); /* numbers are below */
/* Equal trees have equal numbers. */
uint32_t pred_set_id(const struct pred_prog *prog);

/* Make the scratch fit the set; seed: random, of tables whose keys come from outside. Errors: ERR_NOMEM. */
int pred_set_room(const struct pred_set *set, uint64_t seed, struct pred_scratch *s,
                  struct err *err) MUST_USE;
/* Take up an event: the calls below are about it, until the next one. No allocation. */
void pred_set_begin(const struct pred_set *set, const struct event *e, struct pred_scratch *s);
bool pred_set_match(const struct pred_prog *prog, struct pred_scratch *s);
/* Number of the event's field i; PRED_SLOT_NONE where no tree names it. */
size_t pred_set_slot_of(const struct pred_scratch *s, size_t i);
/* First field with this number, and the next one after i; SIZE_MAX where there is none. */
size_t pred_set_first(const struct pred_scratch *s, size_t slot);
size_t pred_set_next(const struct pred_scratch *s, size_t i);
/* The value of the event's field i, folded as fold_search does; valid until the next call for this scratch.
 */
struct str pred_set_folded(struct pred_scratch *s, size_t i);

#endif
