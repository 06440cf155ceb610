/*
 * need.h - what an event must hold for a predicate tree to match it: at least one of a few triggers. A
 * trigger is a literal that stands, folded, in the raw text or in a field value, or a field that equals a
 * value. The plan looks for triggers in each event and evaluates only the rules they wake. Sound: a tree
 * never matches an event that holds none of its triggers.
 */
#ifndef KHIEN_DETECT_NEED_H
#define KHIEN_DETECT_NEED_H

#include "query/pred.h"

#define NEED_TRIGGERS_MAX 512u /* of one rule; more: the rule is looked at for every event */
#define NEED_LITERAL_BYTES_MAX 64u
#define NEED_VALUE_BYTES_MAX 64u /* of a field that equals; longer: searched as a literal */

struct need_trigger {
    /* 0: a literal; FIELD_EVENT_OUTCOME: event.action, '\n', event.outcome; another field: it equals text */
    uint16_t field;
    struct str text; /* folded by fold_search */
};

struct need {
    size_t n; /* 0: nothing can be said */
    struct need_trigger *triggers;
    unsigned score;    /* how rare, roughly: bytes of the weakest trigger */
    bool in_any_field; /* a literal may stand in a field whose words are few (event.action …) */
};

/* Everything lives in the arena; ERR_NOMEM. */
int need_of(const struct pred *tree, struct arena *a, struct need *ret, struct err *err) MUST_USE;
/*
 * Weight of a field whose equality is a trigger, as need_literal_score; 0: not one. The values of such fields
 * are few words that parsers choose or, as process.name, cheap to look up.
 */
unsigned need_field_weight(uint16_t field);
/* Weight of a folded literal: two for each byte; 0 where it is too common to be a trigger. */
unsigned need_literal_score(struct str folded);
/*
 * The field is compared by number. Its triggers are numbers as need_is_number wants them; an event whose
 * value is written otherwise wakes all of them.
 */
bool need_field_is_number(uint16_t field);
bool need_is_number(struct str text); /* digits without a leading zero */
/* The field holds only words of the parsers' own: its values are not searched for literals. */
bool need_field_is_word(uint16_t field);

/* Literals of a regular expression; ret->n stays 0 where nothing can be said. ERR_NOMEM. */
int need_regex(struct str pattern, bool cased, struct arena *a, struct need *ret, struct err *err) MUST_USE;

#endif
