/*
 * intake.h - core's side of one connection that brings events (front, or an import): senders get their number
 * in the register, events their final source and sequence, doubled ones are dropped, batches are acknowledged
 * when they are on disk.
 */
#ifndef KHIEN_FLOW_INTAKE_H
#define KHIEN_FLOW_INTAKE_H

#include "flow/node.h"
#include "wire/frame.h"

struct intake;

struct intake_opts {
    struct node *node;
    /* Send a frame to the peer. */
    void (*send)(void *arg, enum frame_type type, uint64_t tag, struct str payload);
    void *arg;
    struct str source_name; /* import: --source; empty: made from kind and address */
};

int intake_new(const struct intake_opts *o, struct intake **ret, struct err *err) MUST_USE;
void intake_free(struct intake *i);
/* FRAME_SOURCE, FRAME_EVENTS, FRAME_COUNTERS or FRAME_FRONT. ERR_CORRUPT: the peer is broken and its channel
 * must be closed. */
int intake_frame(struct intake *i, const struct frame *f, struct err *err) MUST_USE;
/* After a commit: acknowledge what is durable; when intake opened again, ask for what was refused. */
void intake_durable(struct intake *i, uint64_t durable_id);
/*
 * The peer has died and will not send again: what it had received and never gave away is a gap of its UDP,
 * TCP and TLS senders (files and the journal are read again). Returns the lines known to be lost.
 */
uint64_t intake_lost(struct intake *i);
uint64_t intake_events(const struct intake *i); /* taken over this connection */

#endif
