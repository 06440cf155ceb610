/*
 * node_info.h - what a node says about itself: the page System, parts of Today, counters of sources, metrics.
 */
#ifndef KHIEN_FLOW_NODE_INFO_H
#define KHIEN_FLOW_NODE_INFO_H

#include "flow/node.h"

int node_info_system(struct node *n, struct jout *j, struct err *err) MUST_USE; /* GET /system */
void node_info_complete(struct node *n, struct jout *j);                        /* {"from","to","gaps"} */
void node_info_health(struct node *n, struct jout *j);
void node_info_red(struct node *n, struct jout *j); /* items: silent sources, what is wrong with the system */
void node_info_checklist(struct node *n, struct jout *j); /* items: time_sync, first_source, key_file */
/* {"points":[[time,value|null],…],"unit"}; ERR_NOT_FOUND: no such metric. */
int node_info_metric(struct node *n, struct str name, int64_t from_ns, int64_t to_ns, int64_t step_s,
                     struct jout *j, struct err *err) MUST_USE;
void node_info_prometheus(struct node *n, struct buf *b);
/* {"vi","en"} of a text of catalogue/texts/reasons.yaml; the code itself where it is missing. */
void node_info_text(struct node *n, struct str code, struct jout *j);
/* The same of a text with the one argument {detail}. */
void node_info_detail(struct node *n, struct str code, struct str detail, struct jout *j);
uint64_t node_info_rate(const struct node_source *s, int64_t now_ns); /* events in the last minute */
/* Days until the disk is full at the pace of the last week (or since the start); NAN unknown. */
double node_info_days_left(struct node *n);
/* Result of a verification; place: the first that does not hold. */
void node_info_verified(struct node *n, int64_t at_ns, uint64_t bad, struct str place);

#endif
