/*
 * search_run.h - one run of a query over the store, shared by search*.c only: compiled predicates, memory,
 * budget, and the loop over blocks.
 */
#ifndef KHIEN_STORE_SEARCH_RUN_H
#define KHIEN_STORE_SEARCH_RUN_H

#include "store/block.h"
#include "store/search.h"

struct search_run {
    const struct search_opts *o;
    const struct query *q;
    struct arena mem; /* half of the budget: program, groups, events to sort */
    struct pred_prog *prog;
    struct pred_scratch *scratch;
    int64_t started_ns;
    int64_t from_ns, to_ns; /* what both the options and the query allow */
    uint64_t tokens[32];
    size_t n_tokens;
    /* What row functions read of a match: search_run_reads; the whole event where that was not called. */
    bool reads_some;
    struct pred_field fields[64]; /* of the predicates and of the row functions */
    size_t n_fields;
    bool stopped; /* a row function ended the scan */
    uint64_t last_id;
    struct search_end end;
};

/* One match. False ends the scan; a reason other than "enough" is put into r->end.cut first. */
typedef bool search_row_fn(struct search_run *r, void *arg, const struct event *e);

size_t search_run_bytes(const struct search_opts *o); /* the memory budget */
/* search_run_close is needed in any case. */
int search_run_open(struct search_run *r, const struct search_opts *o, const struct query *q,
                    struct err *err) MUST_USE;
void search_run_close(struct search_run *r);
/*
 * Before search_run_scan: fn reads no more of an event than these fields (values by pred_value), its time,
 * id, source and severity.
 */
void search_run_reads(struct search_run *r, const struct pred_field *fields, size_t n);
/* Pass every match to fn until it has enough, the budget is used up or the store ends. */
int search_run_scan(struct search_run *r, search_row_fn *fn, void *arg, struct err *err) MUST_USE;
/* Counters and the cursor of the next page; `more` = something may be left. */
void search_run_end(struct search_run *r, bool more, struct search_end *ret);

/* Events as search_events, for queries with a fields stage too. */
int search_run_events(struct search_run *r, search_event_fn *fn, void *arg, struct err *err) MUST_USE;
/* Sort the matches by a field and give the first `limit` to fn; in_limit matches are looked at (0 = all). */
int search_sort_events(struct search_run *r, const struct query_stage *sort, uint64_t in_limit,
                       uint64_t limit, search_event_fn *fn, void *arg, struct err *err) MUST_USE;

/* Numbers by value before texts in Vietnamese order, nothing last; a total order. */
int search_cell_cmp(const struct search_cell *a, const struct search_cell *b);

#endif
