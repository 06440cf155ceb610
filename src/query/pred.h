/*
 * pred.h - the predicate tree: one language for search, Sigma rules, tuning and duty checks. Trees are built
 * in an arena by the query parser or by the Sigma loader, compiled once, and matched against events. A tree
 * is constant after compilation and may be matched by several threads (each with its own struct
 * pred_scratch).
 */
#ifndef KHIEN_QUERY_PRED_H
#define KHIEN_QUERY_PRED_H

#include "model/event.h"

enum pred_kind {
    PRED_TRUE,
    PRED_AND, /* all children */
    PRED_OR,  /* any child */
    PRED_NOT, /* one child */
    /*
     * Folded text in raw, message or any field value, bounded by non-word bytes where it begins or ends with
     * a word byte. '*' stands for any run of bytes that are not blanks, and takes the bound away at its side:
     * "web*" is a prefix, "*.exe" an ending. There is no escape; a literal '*' needs PRED_PHRASE.
     */
    PRED_WORD,
    PRED_PHRASE, /* folded byte string anywhere in raw (quotes in the query language) */
    PRED_EQ,   /* field equals text, ASCII and Vietnamese case folded, marks kept; numbers and IPs by value */
    PRED_WILD, /* field matches a pattern with * and ?, case folded; '\' escapes these two and itself */
    PRED_CONTAINS,
    PRED_STARTS,
    PRED_ENDS,
    PRED_REGEX, /* PCRE2, unanchored, limits on match and depth */
    PRED_CIDR,  /* IPv4 or IPv6 network */
    PRED_RANGE, /* numbers, severities, times, IPs, else byte order; either end may be open */
    PRED_EXISTS,
    PRED_NULL, /* field absent or empty (Sigma null) */
    PRED_REF   /* field compared with another field of the event, as `how` says; Sigma rules only */
};

/* A part of a date, as written in the value; of @timestamp in Vietnam. Sigma rules only. */
enum pred_part {
    PRED_PART_NONE,
    PRED_PART_MINUTE,
    PRED_PART_HOUR,
    PRED_PART_DAY,  /* of the month */
    PRED_PART_WEEK, /* ISO 8601 */
    PRED_PART_MONTH,
    PRED_PART_YEAR
};

#define PRED_DEPTH_MAX 64u          /* levels of a tree */
#define PRED_NODES_MAX (1u << 16)   /* nodes of a tree */
#define PRED_TEXT_BYTES_MAX 4096u   /* one value, pattern or phrase */
#define PRED_TOKEN_BYTES_MAX 64u    /* longer words are not in the block filters */
#define PRED_REGEX_STEPS_MAX 200000 /* PCRE2 match limit; a value that needs more does not match */

/*
 * Field of a predicate. Besides ECS names these pseudo-fields exist: "@timestamp" (time), "severity" (also
 * "log.level"), "message", "raw" (also "event.original"), "*" (raw, message and every field), "source.name"
 * (needs pred_scratch_sources), "source.id", "event.id" (number in the store). A field that occurs several
 * times matches when one of its values does.
 */
struct pred_field {
    uint16_t id; /* FIELD_*, or FIELD_OTHER and name, or PRED_FIELD_* below */
    struct str name;
    bool wild; /* name is a pattern with '*': any field that matches it */
};

enum {
    PRED_FIELD_TIME = 0xFF00,
    PRED_FIELD_SEVERITY,
    PRED_FIELD_MESSAGE,
    PRED_FIELD_RAW,
    PRED_FIELD_ANY,
    PRED_FIELD_SOURCE,
    PRED_FIELD_EVENT_ID,
    PRED_FIELD_SOURCE_ID
};

/* The field that a name means; `name` is set to the text given, which must outlive the tree. */
struct pred_field pred_field_find(struct str name);

struct pred {
    enum pred_kind kind;
    struct pred_field field;
    bool cased;                                    /* compare bytes as they are */
    bool low_open, high_open, low_incl, high_incl; /* PRED_RANGE */
    struct str text;                               /* pattern or value as written */
    struct str low, high;                          /* PRED_RANGE */
    enum pred_part part;                           /* PRED_EQ and PRED_RANGE: compare this of the value */
    struct pred_field ref; /* PRED_REF: the other field, by name; no pattern, no "*" */
    enum pred_kind how;    /* PRED_REF: PRED_EQ, CONTAINS, STARTS or ENDS */
    size_t n_children;
    struct pred **children; /* AND, OR, NOT */
};

struct pred_prog; /* compiled tree */
struct pred_scratch;

/*
 * Compile a tree: fold texts, parse numbers and networks, compile regular expressions, order children of AND
 * and OR by cost. The program lives in the arena and keeps nothing of the tree, which is not changed.
 * Errors: ERR_PARSE naming the pattern; ERR_LIMIT (PRED_DEPTH_MAX, PRED_NODES_MAX, PRED_TEXT_BYTES_MAX);
 * ERR_NOMEM.
 */
int pred_compile(const struct pred *root, struct arena *a, struct pred_prog **ret, struct err *err) MUST_USE;
void pred_free(struct pred_prog *p); /* NULL allowed; regex memory */
/* About 3 MiB of address space, touched only as far as the longest event needs. */
int pred_scratch_new(struct pred_scratch **ret, struct err *err) MUST_USE;
void pred_scratch_free(struct pred_scratch *s); /* NULL allowed */
/* Where "source.name" comes from: the name of a source, .p == NULL where unknown. Without it the field is
 * absent. */
typedef struct str pred_source_fn(void *arg, uint32_t source);
void pred_scratch_sources(struct pred_scratch *s, pred_source_fn *fn, void *arg);
/* How often a regular expression gave up at PRED_REGEX_STEPS_MAX since the scratch was made. */
uint64_t pred_scratch_gave_up(const struct pred_scratch *s);

/* Match one event; no allocation. Of a value longer than EVENT_RAW_BYTES_MAX the first so many bytes count.
 */
bool pred_match(const struct pred_prog *p, const struct event *e, struct pred_scratch *s);
/* As pred_match, for the same unchanged event as the call before with this scratch: keeps what was folded. */
bool pred_match_again(const struct pred_prog *p, const struct event *e, struct pred_scratch *s);

/*
 * First value of a field as text, .p == NULL where the event has none (patterns and "*" never have one).
 * Valid until the next call with this scratch: pseudo-fields are written into it.
 */
struct str pred_value(const struct pred_field *f, const struct event *e, struct pred_scratch *s);

/*
 * What a block must contain for the tree to match anywhere in it: token hashes that all must be possible, for
 * the block filters. Sound for filters that index every event by pred_tokenise_event. Returns how many were
 * written (at most out_max; leaving some out is sound); 0 = nothing can be said.
 */
#define PRED_TOKEN_SEED UINT64_C(0x6b6869656e)
size_t pred_tokens_needed(const struct pred_prog *p, uint64_t *out, size_t out_max);
typedef void pred_token_fn(void *arg, uint64_t hash);
/*
 * Call fn with hash_bytes(word, PRED_TOKEN_SEED) for each folded word of a text. Words are runs of word bytes
 * (text_is_word_byte) of at most PRED_TOKEN_BYTES_MAX bytes; longer ones are skipped on both sides.
 */
void pred_tokenise(struct str text, pred_token_fn *fn, void *arg);
/*
 * Tokens of an event as a block filter must hold them: the words of raw, and those of the message and of each
 * field value that is not a view into raw cut at word boundaries (a parser may have derived or unescaped it).
 */
void pred_tokenise_event(const struct event *e, pred_token_fn *fn, void *arg);
/*
 * Which fields does the tree read? False: also the text or any field, so the whole event is needed. True:
 * only the fields written to out (with doubles) and what is no field (time, severity, source, id), so an
 * event without its other parts matches alike.
 */
bool pred_reads(const struct pred_prog *p, struct pred_field *out, size_t out_max, size_t *ret_n);
/* The same for the value of one field; *ret_field: it is a field of the event. */
bool pred_reads_field(const struct pred_field *f, bool *ret_field);
/* Time bounds [from, to) that the tree implies; INT64_MIN/MAX where none. */
void pred_time_bounds(const struct pred_prog *p, int64_t *from_ns, int64_t *to_ns);

#endif
