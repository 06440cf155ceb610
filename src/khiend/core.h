/*
 * core.h - the vault: keys, store, detection, register, duties, the API's handlers. It has no network socket;
 * what it hears comes in frames from front, and from the tool over the local socket.
 */
#ifndef KHIEN_KHIEND_CORE_H
#define KHIEN_KHIEND_CORE_H

#include "khiend/node_plan.h"

int core_run(const struct node_plan *p, int ctl, int channel);

#endif
