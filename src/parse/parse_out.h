/*
 * parse_out.h - the event under construction and the grammar functions; private to src/parse. Values are
 * views into raw, into the arena or into constants. A grammar that refuses a line leaves `out` dirty: the
 * caller rewinds it.
 */
#ifndef KHIEN_PARSE_PARSE_OUT_H
#define KHIEN_PARSE_PARSE_OUT_H

#include "parse/parse.h"

enum parse_outcome { OUTCOME_NONE, OUTCOME_SUCCESS, OUTCOME_FAILURE };

/* What happened: the words of docs/format/events.md with their category. */
enum parse_action {
#define ACTION(id, word, category) ACTION_##id,
#include "parse/action.def"
#undef ACTION
    ACTION_COUNT,
    ACTION_NONE = ACTION_COUNT /* a line that is understood, but says nothing that has a word */
};

struct parse_out {
    const struct parse_ctx *ctx;
    const struct parse_hint *hint; /* never NULL */
    struct arena *arena;
    struct event e;
    struct str tag;     /* syslog tag without pid: chooses the content parser */
    struct str dataset; /* event.dataset of the content parser */
    bool zone_missing;  /* the line's time has no zone */
    bool content_done;  /* the grammar itself read the content */
    uint8_t
        columns[PARSE_COLUMNS_MAX + 1]; /* a header line that says what the columns are; [0]: their number */
    uint16_t n;
    struct event_field fields[EVENT_FIELDS_MAX];
};

/* A grammar of whole lines: true where the line is its own. Pure; `out` holds ctx, hint, arena and e.raw. */
typedef bool parse_fn(struct parse_out *out, struct str raw);
#define PARSER(id, name, fn, shapes, since, spec, doc) parse_fn fn;
#include "parse/parse.def"
#undef PARSER

/*
 * Add a field. Empty values and values that do not check as the type of the field (LONG: at most 18 digits;
 * IP) are left out, so that a typed column never holds text. At EVENT_FIELDS_MAX the rest is left out.
 */
void parse_out_put(struct parse_out *out, uint16_t id, struct str value);
/* As put, but a value that is already there is replaced. */
void parse_out_set(struct parse_out *out, uint16_t id, struct str value);
/* Add a field that is not in model/field.def; `name` is a constant or lies in raw or the arena. */
void parse_out_put_named(struct parse_out *out, struct str name, struct str value);
/* As put, unless the field is there already: the first of several names for one thing counts. */
void parse_out_add(struct parse_out *out, uint16_t id, struct str value);
/* A known product without a known action: event.dataset alone. */
void parse_out_known(struct parse_out *out, struct str dataset);
/* observer.vendor and observer.product of a network device or security product. */
void parse_out_observer(struct parse_out *out, struct str vendor, struct str product);
/* event.action, event.category, event.outcome, event.dataset (from out->dataset) and event.reason if any. */
void parse_out_act(struct parse_out *out, enum parse_action action, enum parse_outcome outcome,
                   struct str reason);
/* source.ip where `value` is an address (an IPv6 zone is cut, IPv4 inside IPv6 written as IPv4), else
 * source.domain. */
void parse_out_peer(struct parse_out *out, struct str value);
/* The two ends of a connection. */
enum parse_side { SIDE_SOURCE, SIDE_DESTINATION };
/*
 * "192.0.2.1", "192.0.2.1:53", "192.0.2.1/53", "192.0.2.1#53", "192.0.2.1(53)", "[2001:db8::1]:53", or a name
 * with or without port: address or domain, and port, of that side.
 */
void parse_out_end(struct parse_out *out, enum parse_side side, struct str value);
/* network.transport in lower case; numbers of IANA's protocol list get their names. */
void parse_out_transport(struct parse_out *out, struct str value);
/* Lower case copy in the arena; the text itself where it is lower case already or the arena is full. */
struct str parse_out_lower(struct parse_out *out, struct str s);
/* process.executable and, from its last part, process.name; also of "DOMAIN\NAME"-like paths of Windows. */
void parse_out_executable(struct parse_out *out, struct str path);
/* Last part of a path with '/' or '\'. */
struct str parse_out_basename(struct str path);
/* user.name, and user.domain of "DOMAIN\name". */
void parse_out_user(struct parse_out *out, struct str user);
/* Severity of a word ("warn", "ERR", "Information"): e.severity where PRI is missing, and log.level as said.
 */
void parse_out_level(struct parse_out *out, struct str level);
/* Time of a whole-line grammar. */
void parse_out_time(struct parse_out *out, int64_t ns, bool zone_missing);
/* url.original, url.path and url.query of a request target; url.domain of an absolute one. */
void parse_out_url(struct parse_out *out, struct str target);
/* Field already put? */
bool parse_out_has(const struct parse_out *out, uint16_t id);
/* Word of an action, for tests and documents. */
struct str parse_out_action_word(enum parse_action action);
struct str parse_out_action_category(enum parse_action action);

/* The text is an IPv4 dotted quad (no leading zeros above 255) or an IPv6 address (RFC 4291 2.2), no zone. */
bool parse_ip_is(struct str s);

#endif
