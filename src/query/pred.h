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
    PRED_AND,    /* all children */
    PRED_OR,     /* any child */
    PRED_NOT,    /* one child */
    PRED_WORD,   /* word in raw or any field: folded, bounded by non-word bytes; trailing '*' = prefix */
    PRED_PHRASE, /* folded byte string anywhere in raw (quotes in the query language) */
    PRED_EQ,   /* field equals text, ASCII and Vietnamese case folded, marks kept; numbers and IPs by value */
    PRED_WILD, /* field matches a pattern with * and ?, case folded; '\' escapes */
    PRED_CONTAINS,
    PRED_STARTS,
    PRED_ENDS,
    PRED_REGEX, /* PCRE2, unanchored, limits on match and depth */
    PRED_CIDR,  /* IPv4 or IPv6 network */
    PRED_RANGE, /* numbers, severities, times, IPs, else byte order; either end may be open */
    PRED_EXISTS,
    PRED_NULL, /* field absent or empty (Sigma null) */
};

/*
 * Field of a predicate. Besides ECS names these pseudo-fields exist: "@timestamp" (time), "severity",
 * "message", "raw", "source.name" and "source.id" (needs env), "event.id" (number in the store).
 */
struct pred_field {
    uint16_t id; /* FIELD_*, or FIELD_OTHER and name, or PRED_FIELD_* below */
    struct str name;
    bool wild; /* name is a pattern: any field that matches it */
};

enum {
    PRED_FIELD_TIME = 0xFF00,
    PRED_FIELD_SEVERITY,
    PRED_FIELD_MESSAGE,
    PRED_FIELD_RAW,
    PRED_FIELD_ANY,
    PRED_FIELD_SOURCE,
    PRED_FIELD_EVENT_ID
};

struct pred {
    enum pred_kind kind;
    struct pred_field field;
    bool cased;                                    /* compare bytes as they are */
    bool low_open, high_open, low_incl, high_incl; /* PRED_RANGE */
    struct str text;                               /* pattern or value as written */
    struct str low, high;                          /* PRED_RANGE */
    size_t n_children;
    struct pred **children; /* AND, OR, NOT */
    struct pred_code *code; /* filled by pred_compile: folded text, regex, number, network */
};

struct pred_prog; /* compiled tree */
struct pred_scratch;

/*
 * Compile a tree: fold texts, parse numbers and networks, compile regular expressions, order children of AND
 * and OR by cost. The tree's arena must outlive the program. Errors: ERR_PARSE naming the pattern; ERR_LIMIT
 * (depth, size).
 */
int pred_compile(struct pred *root, struct arena *a, struct pred_prog **ret, struct err *err) MUST_USE;
void pred_free(struct pred_prog *p); /* NULL allowed; regex memory */
int pred_scratch_new(struct pred_scratch **ret, struct err *err) MUST_USE;
void pred_scratch_free(struct pred_scratch *s);
bool pred_match(const struct pred_prog *p, const struct event *e, struct pred_scratch *s);

/*
 * What a block must contain for the tree to match anywhere in it: a conjunction of alternatives of token
 * hashes, for the block filters. Tokens are folded words of raw (hash_bytes(word, PRED_TOKEN_SEED)). False:
 * nothing can be said.
 */
#define PRED_TOKEN_SEED UINT64_C(0x6b6869656e)
struct pred_need {
    uint64_t hash;
};
/* The tokens that every match needs (AND of words inside phrases, WORDs, EQ values are left out where fields
 * are not in raw). */
size_t pred_tokens_needed(const struct pred_prog *p, uint64_t *out, size_t out_max);
/* Call fn for each folded word of a text, as the filters index it (words of at most 64 bytes; longer ones are
 * skipped on both sides). */
void pred_tokenise(struct str text, void (*fn)(void *arg, uint64_t hash), void *arg);
/* Time bounds [from, to) that the tree implies; INT64_MIN/MAX where none. */
void pred_time_bounds(const struct pred_prog *p, int64_t *from_ns, int64_t *to_ns);

#endif
