/*
 * query.h - the query language: text → predicate tree and pipeline. docs/query.md has the grammar.
 *   dang nhap sai                    all words; "…" phrase; web* prefix; *.exe ending
 *   field:value field:"…" field:wild* field:/regex/ field:>=n field:[a TO b] field:10.0.0.0/8 field:*
 *   field:(a OR b)  NOT x  -x  AND  OR  ( )        AND binds tighter than OR; a blank is AND
 *   … | stats count() by source.ip | sort -count | limit 10
 *   also sum avg min max p95 uniq (… as name), histogram(5m) [by f], top N f, head N, fields a, b
 */
#ifndef KHIEN_QUERY_QUERY_H
#define KHIEN_QUERY_QUERY_H

#include "query/pred.h"

enum query_stage_kind { QUERY_STATS, QUERY_SORT, QUERY_LIMIT, QUERY_FIELDS, QUERY_HISTOGRAM };
enum query_fn { QUERY_COUNT, QUERY_SUM, QUERY_AVG, QUERY_MIN, QUERY_MAX, QUERY_P95, QUERY_UNIQ };

#define QUERY_BYTES_MAX (16u * 1024u)
#define QUERY_NEST_MAX 30u /* brackets and NOTs inside one another; stays below PRED_DEPTH_MAX */
#define QUERY_STAGES_MAX 16u
#define QUERY_AGGS_MAX 16u
#define QUERY_BY_MAX 16u
#define QUERY_LIMIT_MAX 100000u

struct query_agg {
    enum query_fn fn;
    struct pred_field field; /* QUERY_COUNT: name.n == 0 counts events, else events that have the field */
    struct str name;         /* column title */
};
struct query_stage {
    enum query_stage_kind kind;
    size_t n_aggs;
    struct query_agg *aggs; /* STATS */
    size_t n_by;
    struct pred_field *by; /* STATS, HISTOGRAM; FIELDS: the columns */
    struct str sort_by;
    bool descending; /* SORT: column title or field */
    uint64_t limit;  /* LIMIT: 1..QUERY_LIMIT_MAX */
    int64_t step_ns; /* HISTOGRAM: 1 s .. 366 days */
};
struct query {
    struct pred *where; /* never NULL; PRED_TRUE when empty */
    size_t n_stages;
    struct query_stage *stages; /* STATS or HISTOGRAM at most once; behind it every name is a column */
};
/*
 * Parse a query. Everything lives in the arena; the text may go. now_ns and the zone Asia/Ho_Chi_Minh give
 * "-15m", "today" and dates their meaning: the tree holds fixed instants. Every leaf has been compiled once,
 * so pred_compile of the tree fails only for lack of memory. Errors: ERR_PARSE with `at` = byte offset and a
 * message that says what was expected; ERR_LIMIT (QUERY_BYTES_MAX, QUERY_NEST_MAX …); ERR_NOMEM.
 */
int query_parse(struct str text, int64_t now_ns, struct arena *a, struct query **ret,
                struct err *err) MUST_USE;
/*
 * Canonical text of a tree, for tests and the share link: parses to an equal tree again. Trees made by other
 * hands (Sigma) lose `cased` and are written with wildcards where the language has no own form.
 */
void query_put(struct buf *b, const struct query *q);
void query_put_pred(struct buf *b, const struct pred *p);
/* "count", "sum", …; and back, false where unknown. */
struct str query_fn_name(enum query_fn fn);
bool query_fn_find(struct str name, enum query_fn *ret);

#endif
