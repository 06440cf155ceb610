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
    ACTION_COUNT
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
    uint16_t n;
    struct event_field fields[EVENT_FIELDS_MAX];
};

/* A grammar of whole lines: true where the line is its own. Pure; `out` holds ctx, hint, arena and e.raw. */
typedef bool parse_fn(struct parse_out *out, struct str raw);
#define PARSER(id, name, fn, since, spec, doc) parse_fn fn;
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
/* event.action, event.category, event.outcome, event.dataset (from out->dataset) and event.reason if any. */
void parse_out_act(struct parse_out *out, enum parse_action action, enum parse_outcome outcome,
                   struct str reason);
/* source.ip where `value` is an address (an IPv6 zone is cut, IPv4 inside IPv6 written as IPv4), else
 * source.domain. */
void parse_out_peer(struct parse_out *out, struct str value);
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
