/*
 * query.h - the query language: text → predicate tree and pipeline. docs/query.md has the grammar.
 *   dang nhap sai                          all words; "…" phrase; field:value field:"…" field:wild*
 * field:/regex/ field:>=n field:[a TO b] field:10.0.0.0/8 NOT, -x, AND, OR, ( )                  AND binds
 * tighter than OR; a blank is AND … | stats count() by source.ip | sort -count | limit 10       also sum avg
 * min max p95 uniq, histogram(5m), top N f, fields a,b
 */
#ifndef KHIEN_QUERY_QUERY_H
#define KHIEN_QUERY_QUERY_H

#include "query/pred.h"

enum query_stage_kind { QUERY_STATS, QUERY_SORT, QUERY_LIMIT, QUERY_FIELDS, QUERY_HISTOGRAM };
enum query_fn { QUERY_COUNT, QUERY_SUM, QUERY_AVG, QUERY_MIN, QUERY_MAX, QUERY_P95, QUERY_UNIQ };

struct query_agg {
    enum query_fn fn;
    struct pred_field field;
    struct str name; /* column title */
};
struct query_stage {
    enum query_stage_kind kind;
    size_t n_aggs;
    struct query_agg *aggs; /* STATS */
    size_t n_by;
    struct pred_field *by; /* STATS; FIELDS: the columns */
    struct str sort_by;
    bool descending; /* SORT: column title or field */
    uint64_t limit;  /* LIMIT */
    int64_t step_ns; /* HISTOGRAM */
};
struct query {
    struct pred *where; /* never NULL; PRED_TRUE when empty */
    size_t n_stages;
    struct query_stage *stages;
};
/* Everything lives in the arena. Errors: ERR_PARSE with `at` = byte offset and a message that says what was
 * expected; ERR_LIMIT (depth, nodes, length 16 KiB). */
int query_parse(struct str text, int64_t now_ns, struct arena *a, struct query **ret,
                struct err *err) MUST_USE;
/* Canonical text of a tree, for tests and the share link. */
void query_put(struct buf *b, const struct query *q);

#endif
