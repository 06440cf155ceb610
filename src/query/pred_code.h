/*
 * pred_code.h - the compiled form of a predicate node and what is remembered of an event, shared by the files
 * of pred_*.c only.
 */
#ifndef KHIEN_QUERY_PRED_CODE_H
#define KHIEN_QUERY_PRED_CODE_H

#include "query/addr.h"
#include "query/num.h"
#include "query/pred_set.h"
#include "query/rex.h"
#include "query/wild.h"

/* How the value of PRED_EQ and PRED_RANGE is compared. */
enum pred_type { PRED_AS_TEXT, PRED_AS_NUM, PRED_AS_ADDR, PRED_AS_SEVERITY, PRED_AS_TIME };

struct pred_bound {
    bool open, incl;
    struct str text; /* case folded unless cased */
    struct num num;  /* numbers, times (ns), severities (as rank: 7 emergency .. 0 debug) */
    struct addr addr;
};

/* OR over leaves of one field of the event, in a set; alike: of one simple kind, type and case. */
enum pred_grouped { PRED_UNGROUPED, PRED_GROUPED, PRED_ALIKE };

struct pred_code {
    enum pred_kind kind;
    enum pred_type type;
    uint32_t id;   /* in its set, from 1; 0: of no set */
    uint32_t slot; /* of the field; in a set only */
    uint32_t memo; /* in a set: where the verdict on the event is remembered; 0: nowhere */
    enum pred_grouped grouped;
    bool cased;
    bool open_start, open_end; /* WORD: '*' at that end */
    bool has_blank;            /* WORD: in the first piece */
    struct pred_field field;
    struct wild *name;    /* pattern of a wild field name */
    uint32_t cost;        /* rough ns per event */
    struct str lit;       /* folded text */
    struct pred_bound eq; /* EQ */
    struct pred_bound low, high;
    struct addr net;
    unsigned net_bits;
    struct wild *wild;
    size_t n_pieces; /* WORD */
    struct str *pieces;
    struct rex *rex;
    struct pred_code *next_rex; /* all nodes that own an expression */
    size_t n_children;
    struct pred_code **children; /* cheapest first */
};

struct pred_prog {
    struct pred_code *root;
    struct pred_code *rexes; /* of no set */
    size_t n_nodes;
};

/* Of a set: the list of nodes with expressions; the key of a node, to which children are put; a node of that
 * key, or NULL; note one under that key, false where there is no memory. */
struct pred_code **pred_set_rexes(struct pred_set *set);
struct buf *pred_set_key(struct pred_set *set, const struct pred *p);
struct pred_code *pred_set_find(struct pred_set *set);
/* pred_set_add with the set's arena. */
int pred_compile_in(struct pred_set *set, struct arena *a, const struct pred *tree, struct pred_prog **ret,
                    struct err *err) MUST_USE;
bool pred_set_keep(struct pred_set *set, struct pred_code *code);

#define PRED_LAST UINT16_MAX

/* First field of a slot in the event of the round. */
struct pred_head {
    uint64_t round;
    uint16_t first;
};

enum { PRED_TEXT_MESSAGE = EVENT_FIELDS_MAX, PRED_TEXT_RAW, PRED_TEXT_COUNT };

/* What is known of one text of the event. */
struct pred_text {
    uint64_t epoch; /* of low */
    bool ascii;
    struct str low;
    uint64_t num_of, addr_of; /* events that num and addr are of */
    bool is_num, is_addr;
    struct num num;
    struct addr addr;
    uint64_t hash_of, hash; /* event that the hash is of */
};

#define PRED_SEEN_COUNT 1024u /* a power of two; 256 KiB */
#define PRED_SEEN_BYTES 232u

/* A value on which an expression was tried before. */
struct pred_seen {
    uint64_t hash;
    uint32_t id; /* of the node; 0: free */
    uint16_t n;
    bool hit;
    char text[PRED_SEEN_BYTES];
};

/* What was folded and found out of the current event, so that nothing is done twice. */
struct pred_scratch {
    const struct event *e;
    bool has_words;
    bool by_slot;     /* the event was taken up by pred_set_begin */
    struct str words; /* raw, folded for words and phrases */
    uint64_t epoch;   /* of the lower case texts that are valid */
    uint64_t event;   /* of the numbers and addresses that are valid */
    struct pred_text texts[PRED_TEXT_COUNT];
    size_t lower_used;
    uint64_t round;          /* of events taken up by a set */
    uint64_t *memo;          /* round * 2 + verdict */
    struct pred_head *heads; /* by slot */
    struct pred_seen *seen;
    uint64_t seed; /* of hashes of values */
    uint32_t slots[EVENT_FIELDS_MAX];
    uint16_t nexts[EVENT_FIELDS_MAX];
    pred_source_fn *source_fn;
    void *source_arg;
    struct rex_room *room;
    uint64_t gave_up;
    char text[64];   /* a pseudo-field as text */
    char *words_mem; /* EVENT_RAW_BYTES_MAX each */
    char *other_mem;
    char *lower_mem;
};

/* Forget the event before. */
static inline void pred_scratch_begin(struct pred_scratch *s, const struct event *e)
{
    s->e = e;
    s->has_words = false;
    s->by_slot = false;
    s->epoch++;
    s->event++;
    s->lower_used = 0;
}

static inline bool pred_low_ok(const struct pred_bound *b, int c)
{
    return b->incl ? c >= 0 : c > 0;
}

static inline bool pred_high_ok(const struct pred_bound *b, int c)
{
    return b->incl ? c <= 0 : c < 0;
}

struct str pred_test_fold(struct pred_scratch *s, struct str v, size_t slot);
/* The value in lower case; slot: number of the event's field, PRED_TEXT_*, or SIZE_MAX: it is not kept. */
static inline struct str pred_test_lower(struct pred_scratch *s, struct str v, size_t slot)
{
    bool known = slot < PRED_TEXT_COUNT && s->texts[slot].epoch == s->epoch;
    return known ? s->texts[slot].low : pred_test_fold(s, v, slot);
}
/* One value of the field against the node; against the alternatives of a grouped node. */
bool pred_test_value(struct pred_scratch *s, const struct pred_code *k, struct str v, size_t slot);
bool pred_test_group(struct pred_scratch *s, const struct pred_code *group, struct str v, size_t slot);

static inline struct num pred_severity_rank(int severity)
{
    return num_of(7 - severity);
}

#endif
