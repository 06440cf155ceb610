/*
 * parent.h - the first process: holds the sockets, starts front and core, starts them again when they die. It
 * parses nothing that comes from outside and holds no key.
 */
#ifndef KHIEN_KHIEND_PARENT_H
#define KHIEN_KHIEND_PARENT_H

#include "khiend/node_plan.h"

/* Run the node until SIGTERM or SIGINT. Returns the program's exit code. */
int parent_run(struct node_plan *p);

#endif
