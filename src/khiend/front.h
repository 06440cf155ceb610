/*
 * front.h - the front door: every inbound byte, parsers, the HTTPS service. It holds no data key, opens no
 * outbound connection and writes no file.
 */
#ifndef KHIEN_KHIEND_FRONT_H
#define KHIEN_KHIEND_FRONT_H

#include "khiend/node_plan.h"

/* The child's whole life: ctl = control socket to the parent, channel = stream to core. Returns the exit
 * code. */
int front_run(const struct node_plan *p, int ctl, int channel);

#endif
