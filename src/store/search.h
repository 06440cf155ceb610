/*
 * search.h - run a parsed query on the store: events newest first, tables, counts, histograms. Every call
 * works on its own snapshot with its own memory, so it may run in any thread; nothing is global. A query has
 * a budget of time, rows and memory and can be cancelled; what came out until then is the answer, and struct
 * search_end says honestly that it was cut and how far it got. "Newest" is the order of arrival (event ids).
 */
#ifndef KHIEN_STORE_SEARCH_H
#define KHIEN_STORE_SEARCH_H

#include <stdatomic.h>

#include "query/query.h"
#include "store/store.h"

#define SEARCH_LIMIT_DEFAULT 100u
#define SEARCH_TIME_NS_DEFAULT (10 * NS_PER_S)
#define SEARCH_BYTES_DEFAULT ((size_t)256 << 20)
#define SEARCH_BYTES_MIN ((size_t)4 << 20)
#define SEARCH_KEY_BYTES_MAX 4096u   /* of a value are grouped and shown in tables; the rest is cut off */
#define SEARCH_UNIQ_EXACT_MAX 10000u /* uniq counts so many exactly, then estimates (error about 1 %) */
#define SEARCH_P95_EXACT_MAX 256u    /* p95 of so many values is exact, then within 1 % of the value */
#define SEARCH_BUCKETS_MAX 10000u

enum search_cut { SEARCH_WHOLE, SEARCH_CUT_TIME, SEARCH_CUT_ROWS, SEARCH_CUT_MEMORY, SEARCH_CUT_CANCELLED };
/* "time", "rows", "memory", "cancelled"; empty for SEARCH_WHOLE. */
struct str search_cut_name(enum search_cut cut);

struct search_opts {
    struct store *store;
    const struct sys *sys;
    int64_t from_ns, to_ns; /* event time, [from, to); 0,0 = all */
    uint32_t source;        /* only this source; 0 = all */
    uint64_t limit;         /* events to give; 0 = SEARCH_LIMIT_DEFAULT; at most QUERY_LIMIT_MAX */
    bool oldest_first;
    uint64_t cursor;           /* `next` of the page before; 0 = from the start */
    int64_t budget_ns;         /* 0 = SEARCH_TIME_NS_DEFAULT */
    uint64_t budget_rows;      /* events to look at; 0 = no limit */
    size_t budget_bytes;       /* 0 = SEARCH_BYTES_DEFAULT; at least SEARCH_BYTES_MIN */
    const atomic_bool *cancel; /* set by another thread: stop soon; NULL: cannot be cancelled */
    pred_source_fn *source_fn; /* names of sources for "source.name"; NULL: the field is absent */
    void *source_arg;
};

struct search_end {
    enum search_cut cut;
    uint64_t scanned, matched;
    uint64_t next;       /* cursor of the next page, also behind a cut; 0 = nothing is left */
    uint64_t bad_blocks; /* damaged blocks that were left out */
    uint64_t gave_up;    /* regular expressions that gave up at their limit */
    int64_t took_ns;
    char bad[160]; /* what is wrong with the first damaged block */
};

/* One event; views are valid during the call. False stops the search. */
typedef bool search_event_fn(void *arg, const struct event *e);

/* True where the query makes a table (stats, top, histogram, fields): search_table, else search_events. */
bool search_is_table(const struct query *q);
/*
 * Give the matching events to fn: in order of arrival, or sorted where the query has a sort stage. Errors:
 * ERR_USAGE (the query makes a table), ERR_NOMEM, ERR_IO; damaged blocks are counted, not errors.
 */
int search_events(const struct search_opts *o, const struct query *q, search_event_fn *fn, void *arg,
                  struct search_end *ret_end, struct err *err) MUST_USE;
/* How many events match; stages behind '|' but limit are refused with ERR_USAGE. */
int search_count(const struct search_opts *o, const struct query *q, uint64_t *ret,
                 struct search_end *ret_end, struct err *err) MUST_USE;

enum search_kind { SEARCH_NULL, SEARCH_INT, SEARCH_DOUBLE, SEARCH_TEXT, SEARCH_TIME };
struct search_cell {
    enum search_kind kind;
    bool estimate; /* uniq and p95 of many values */
    int64_t i;     /* SEARCH_INT; SEARCH_TIME: ns UTC */
    double d;
    struct str text;
};
struct search_table {
    size_t n_columns, n_rows;
    struct str *columns;
    struct search_cell **rows; /* n_rows times n_columns cells */
};
/*
 * Run a query that makes a table. Groups are sorted by their columns unless the query sorts. ERR_USAGE where
 * it makes none. The table is one block of memory within the budget: search_table_free.
 */
int search_table(const struct search_opts *o, const struct query *q, struct search_table **ret,
                 struct search_end *ret_end, struct err *err) MUST_USE;
void search_table_free(struct search_table *t); /* NULL allowed */

/*
 * Count matches in n buckets (1..SEARCH_BUCKETS_MAX) of equal width over [o->from_ns, o->to_ns), which must
 * be given. counts has room for n; ret_step_ns is the width, rounded up.
 */
int search_histogram(const struct search_opts *o, const struct query *q, size_t n, uint64_t *counts,
                     int64_t *ret_step_ns, struct search_end *ret_end, struct err *err) MUST_USE;

/*
 * One event and its neighbours of the same source, oldest first: up to `before` and `after` (each at most
 * QUERY_LIMIT_MAX). before = after = 0 gets one event. ERR_NOT_FOUND where the store has no such event.
 */
int search_around(const struct search_opts *o, uint64_t id, uint64_t before, uint64_t after,
                  search_event_fn *fn, void *arg, struct search_end *ret_end, struct err *err) MUST_USE;

/* A query that looks at events as they arrive. One thread. */
struct search_live;
/* The query may go afterwards. ERR_USAGE where it has stages. */
int search_live_new(const struct query *q, pred_source_fn *source_fn, void *source_arg,
                    struct search_live **ret, struct err *err) MUST_USE;
bool search_live_match(struct search_live *l, const struct event *e);
void search_live_free(struct search_live *l); /* NULL allowed */

#endif
