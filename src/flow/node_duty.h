/*
 * node_duty.h - the duties of this node as computed: for the API, the page of the day and `khien duties`.
 */
#ifndef KHIEN_FLOW_NODE_DUTY_H
#define KHIEN_FLOW_NODE_DUTY_H

#include "flow/node.h"

struct node_duty_filter {
    struct str status, article, chapter, kind, q; /* .p == NULL: any; q is searched folded in id and titles */
};

/* Evaluate now if the last outcomes are older than a second. */
int node_duty_fresh(struct node *n, struct err *err) MUST_USE;
/* {"items":[DUTY],"counts":{…}} */
int node_duty_list(struct node *n, const struct node_duty_filter *f, struct jout *j,
                   struct err *err) MUST_USE;
/* Members of DUTY, "explain" and "law" inside an open object; *ret_found false: unknown id. */
int node_duty_detail(struct node *n, struct str id, struct jout *j, bool *ret_found,
                     struct err *err) MUST_USE;
bool node_duty_known(const struct node *n, struct str id);
/* When a document dated so stops to count; 0 = does not age or unknown. */
int64_t node_duty_expires(const struct node *n, struct str id, int64_t dated_ns);
/* Items of GET /today: red duties, duties to do, score by article. */
int node_duty_red(struct node *n, struct jout *j, struct err *err) MUST_USE;
int node_duty_todo(struct node *n, struct jout *j, struct err *err) MUST_USE;
int node_duty_score(struct node *n, struct jout *j, struct err *err) MUST_USE;
/* One outcome per duty in legal order, as {"id","title","status","reason","due","verification"} lines for the
 * tool. id.p NULL: all. */
int node_duty_lines(struct node *n, struct str id, bool json, bool english, struct buf *out,
                    struct err *err) MUST_USE;
struct duty_counts node_duty_counts(struct node *n);
struct str node_duty_version(const struct node *n); /* of the catalogue */

#endif
