/*
 * event_json.h - an event as people and programs see it: docs/api.md EVENT for the API, flat ECS names for
 * NDJSON on the command line.
 */
#ifndef KHIEN_FLOW_EVENT_JSON_H
#define KHIEN_FLOW_EVENT_JSON_H

#include "codec/jout.h"
#include "model/event.h"

/* API form. source_name may be empty. sentence_vi empty: "sentence": null. */
void event_json_put(struct jout *j, const struct event *e, struct str source_name, struct str sentence_vi,
                    struct str sentence_en);
/* One flat object with ECS names: "@timestamp", "event.id", "message", "event.original", "log.level", fields
 * …. */
void event_json_put_flat(struct jout *j, const struct event *e, struct str source_name);

#endif
