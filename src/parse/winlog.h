/*
 * winlog.h - Windows event log: event XML, evtx dumps as JSON, winlogbeat, NXLog. Every value of EventData
 * keeps its own name as winlog.event_data.NAME, for rules speak of them; beside it the ECS fields by
 * winlog.def and fieldmap.def. Contract: docs/format/events.md. Private to src/parse.
 */
#ifndef KHIEN_PARSE_WINLOG_H
#define KHIEN_PARSE_WINLOG_H

#include "parse/body.h"

#define WINLOG_DATA_MAX 160u

/* One event, taken apart. */
struct winlog {
    struct str channel, provider, code, level, keywords, time, message;
    size_t n;
    struct json_item data[WINLOG_DATA_MAX]; /* bare names of EventData or UserData */
};

linux_fn winlog_xml; /* "<Event xmlns=…>" */
/* Put the fields of the event, its action and its outcome. */
void winlog_put(struct parse_out *out, struct winlog *w);
/* Head of an event: true where the name is one; the value is put or kept in *w. */
bool winlog_head(struct parse_out *out, struct winlog *w, struct str name, struct str value);
/* A value of EventData; more than WINLOG_DATA_MAX are left out. */
void winlog_data(struct winlog *w, struct str name, struct str value);

#endif
