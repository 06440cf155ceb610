/*
 * need.h - what an event must hold for a predicate tree to match it: at least one of a few triggers. The plan
 * looks for the triggers of all rules in each event and evaluates only the rules they wake. Sound: a tree
 * never matches an event that holds none of its triggers. Texts are folded by fold_search, and so are the
 * values they are looked for in.
 */
#ifndef KHIEN_DETECT_NEED_H
#define KHIEN_DETECT_NEED_H

#include "query/pred_set.h"

#define NEED_TRIGGERS_MAX 512u /* of one rule; more: the rule is looked at for every event */
#define NEED_LITERAL_BYTES_MAX 64u
#define NEED_VALUE_BYTES_MAX 64u /* of a value that equals; longer: searched as a literal */
#define NEED_TAIL_DEPTH_MAX 3u

enum need_kind {
    NEED_EQUAL,   /* a value is the text; numbers as need_is_number wants them */
    NEED_TAIL,    /* a value ends with the text, which begins at its separator number `depth` from the end */
    NEED_LITERAL, /* the text stands in a value; of PRED_SLOT_ANY: in raw, message or any value */
    NEED_PRESENT  /* the event has the field */
};

struct need_trigger {
    enum need_kind kind;
    uint32_t depth; /* NEED_TAIL: 1 .. NEED_TAIL_DEPTH_MAX */
    size_t slot;    /* PRED_SLOT_* or number in the set */
    struct str text;
};

struct need {
    size_t n; /* 0: nothing can be said */
    struct need_trigger *triggers;
    bool whole;  /* message or the whole record must be searched */
    double rate; /* guess: how many of 1 events hold a trigger */
};

/* How many rules could use a trigger: what many rules name is common, and a bad choice. */
struct need_book;
int need_book_new(struct need_book **ret, struct err *err) MUST_USE;
void need_book_free(struct need_book *book); /* NULL allowed */

/* Where needs are worked out: the set that numbers fields; everything lives in the arena. */
struct need_ctx {
    struct arena *a;
    struct pred_set *set;
    struct need_book *book;
};
/* Note the triggers that a tree could use. Every rule once, before need_of. ERR_NOMEM. */
int need_count(const struct need_ctx *ctx, const struct pred *tree, struct err *err) MUST_USE;
/* The rarest triggers, as far as can be guessed. ERR_NOMEM. */
int need_of(const struct need_ctx *ctx, const struct pred *tree, struct need *ret, struct err *err) MUST_USE;

/* The field is compared by number: an event whose value is not need_is_number may equal any of its triggers.
 */
bool need_slot_is_number(size_t slot);
bool need_is_number(struct str text); /* digits without a leading zero */
/* Where the tail of a folded value begins: its separator (slash or backslash) number `depth` from the end;
 * SIZE_MAX where it has fewer. */
size_t need_tail(struct str folded, uint32_t depth);
/* Rough weight of a folded literal; 0 where it is too common to be a trigger. */
unsigned need_literal_score(struct str folded);

/* Literals of a regular expression: one of them stands, folded, in every match. */
struct need_texts {
    size_t n; /* 0: nothing can be said */
    struct str *items;
};
int need_regex(struct str pattern, bool cased, struct arena *a, struct need_texts *ret,
               struct err *err) MUST_USE;

#endif
