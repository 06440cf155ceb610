/*
 * body.h - messages that say their own names: JSON, CEF, LEEF, key=value. The body stands alone on a line or
 * behind a syslog head. Names that Khiên knows become ECS fields, others keep their own; names that begin
 * with "khien." come as "data.khien.…", for no sender may write what the node itself says. Private to
 * src/parse.
 */
#ifndef KHIEN_PARSE_BODY_H
#define KHIEN_PARSE_BODY_H

#include "parse/fieldmap.h"
#include "parse/json.h"
#include "parse/linux.h"

/* By the first bytes of the message: JSON, event XML, CEF, LEEF, key=value and the forms of devices. */
linux_fn body_any;
linux_fn body_json;
linux_fn body_cef;
linux_fn body_leef;
linux_fn body_kv;

/* The field of a name of the space, or the sender's own name. */
void body_mapped(struct parse_out *out, enum fieldmap_space space, struct str name, struct str value);
/* Time of a text: RFC 3339 and its relatives, seconds or milliseconds since 1970; false where it is none. */
bool body_time(struct parse_out *out, struct str text);

/* One "key=value" or "key=\"va lue\"" at the cursor; `ends`: bytes beside the blank that end a bare value. */
struct body_pair {
    struct str key, value;
    bool escaped; /* value holds backslashes */
};
bool body_next_pair(struct cur *c, const char *ends, struct body_pair *ret);
/* Value without its backslashes, in the arena where it has any. */
struct str body_unescape(struct parse_out *out, struct str value);

/* JSON of a product: true where the names are its own. */
typedef bool body_json_fn(struct parse_out *out, const struct json_items *items);
body_json_fn winlog_json;
body_json_fn net_suricata_json;
body_json_fn net_zeek_json;
body_json_fn antivirus_eset;

/* malware_found where the class of a CEF or LEEF event says so and the event has no action yet. */
void antivirus_class(struct parse_out *out, struct str event_class, struct str name);

#endif
