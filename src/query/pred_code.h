/*
 * pred_code.h - the compiled form of a predicate node, shared by the files of pred_*.c only.
 */
#ifndef KHIEN_QUERY_PRED_CODE_H
#define KHIEN_QUERY_PRED_CODE_H

#include "query/addr.h"
#include "query/num.h"
#include "query/pred.h"
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

struct pred_code {
    enum pred_kind kind;
    enum pred_type type;
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
    struct pred_code *rexes;
    size_t n_nodes;
};

static inline struct num pred_severity_rank(int severity)
{
    return num_of(7 - severity);
}

#endif
