/*
 * node_event.h - what the node says about itself: events with event.dataset khien.node, stored, sealed,
 * searched and matched by rules like any other. The words are a contract: docs/format/rules.md section 7.
 */
#ifndef KHIEN_FLOW_NODE_EVENT_H
#define KHIEN_FLOW_NODE_EVENT_H

#include "flow/node.h"

/*      id                     event.action       event.outcome */
#define NODE_EVENT_TABLE(X)                                                                                  \
    X(NODE_INTAKE_STOPPED, "intake_stopped", "failure")                                                      \
    X(NODE_INTAKE_STARTED, "intake_started", "success")                                                      \
    X(NODE_SOURCE_SILENT, "source_silent", "failure")                                                        \
    X(NODE_SOURCE_BACK, "source_back", "success")                                                            \
    X(NODE_VERIFIED, "verify", "success")                                                                    \
    X(NODE_TAMPERED, "verify", "failure")                                                                    \
    X(NODE_FRONT_RESTARTED, "front_restarted", "failure")

enum node_event_kind {
#define X(id, action, outcome) id,
    NODE_EVENT_TABLE(X)
#undef X
        NODE_EVENT_KINDS
};

struct node_event {
    enum node_event_kind kind;
    struct str source;      /* name of the source it is about; empty none */
    struct str reason;      /* without words of a language: "15 min", "200 MiB", a place */
    int64_t from_ns, to_ns; /* the span it is about; 0 none */
};

/*
 * Take note of a change; the texts are copied (and cut at 200 bytes). It is stored at the next tick, or when
 * the disk has room again: the rules see it at the next tick in any case. Of more than NODE_EVENTS_HELD that
 * wait the oldest is given up and counted.
 */
void node_event_note(struct node *n, const struct node_event *e);
/* Store what waits. Called by node_tick; full storage is no error. */
int node_event_flush(struct node *n, struct err *err) MUST_USE;
/* Look whether intake stopped or has been open again for a while. Called by node_tick. */
void node_event_watch_intake(struct node *n, int64_t now_ns);

#endif
