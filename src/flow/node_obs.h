/*
 * node_obs.h - what the node observes about itself, as the checks want it.
 */
#ifndef KHIEN_FLOW_NODE_OBS_H
#define KHIEN_FLOW_NODE_OBS_H

#include "duty/check.h"
#include "flow/node.h"

int node_obs_fill(struct node *n, int64_t now_ns, struct check_obs *ret, struct err *err) MUST_USE;

#endif
