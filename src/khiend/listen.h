/*
 * listen.h - open the node's listening sockets, before anything is given up.
 */
#ifndef KHIEN_KHIEND_LISTEN_H
#define KHIEN_KHIEND_LISTEN_H

#include "khiend/node_plan.h"

/* All sockets of the settings into the plan; addresses are those really taken (port 0 = any). Errors name
 * setting and address. */
int listen_open(struct node_plan *p, struct err *err) MUST_USE;
void listen_close(struct node_plan *p);

#endif
