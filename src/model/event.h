/*
 * event.h - one normalised record. An event owns nothing: raw, message and values are views, mostly into
 * `raw`, valid as long as the batch, block or arena they came from.
 */
#ifndef KHIEN_MODEL_EVENT_H
#define KHIEN_MODEL_EVENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/field.h"

#define EVENT_RAW_BYTES_MAX                                                                                  \
    (1024u * 1024u) /* longer lines are cut into parts by the source, flag EVENT_PART */
#define EVENT_FIELDS_MAX 256u

enum event_flag {
    EVENT_MALFORMED = 1, /* no grammar fits: kept as raw text */
    EVENT_NO_TIME = 2,   /* time_ns is the time of receipt */
    EVENT_GUESSED = 4,   /* year or zone was inferred */
    EVENT_PART = 8,      /* part of a line longer than EVENT_RAW_BYTES_MAX */
    EVENT_NOT_UTF8 = 16, /* raw holds bytes that are not UTF-8 */
    EVENT_CLOCK = 32,    /* time_ns as said, but more than a day away from recv_ns or from an unset clock */
};

struct event_field {
    uint16_t id;     /* FIELD_*; FIELD_OTHER: see name */
    struct str name; /* FIELD_OTHER only: 1 .. 65535 bytes */
    struct str value;
};

struct event {
    uint64_t id;      /* place in the store, from 1, given by the store; 0 before */
    int64_t time_ns;  /* when it happened */
    int64_t recv_ns;  /* when the node got it */
    uint64_t seq;     /* per source, from 1, without holes */
    uint32_t source;  /* id of the source, from 1 */
    uint8_t facility; /* syslog 0..23; 255 none */
    uint8_t severity; /* syslog 0 emergency .. 7 debug */
    uint8_t flags;    /* enum event_flag */
    uint16_t n_fields;
    struct str raw;     /* the record as received, without line end */
    struct str message; /* the human part, usually a view into raw */
    struct event_field *fields;
};

#define EVENT_NO_FACILITY 255

/* Value of a field; .p == NULL where the event has none. Names of FIELD_OTHER are compared exactly. */
struct str event_get(const struct event *e, uint16_t id);
struct str event_get_named(const struct event *e, struct str name);
/* "info", "warning", … of a syslog severity 0..7, and back (-1 unknown). */
struct str event_severity_name(uint8_t severity);
int event_severity_find(struct str name);
struct str event_facility_name(uint8_t facility); /* "auth", "local7"; empty for EVENT_NO_FACILITY */

/*
 * Packed form, for frames between processes and the journal: little endian, one record after the other. Field
 * values and the message that lie inside raw are written as spans of it, so they cost no bytes of their own.
 * docs/format/event.md.
 */
void event_pack(struct buf *b, const struct event *e);
size_t event_packed_max(const struct event *e); /* a bound of its bytes, cheap to know */
/*
 * Read the record at the start of `in`. Views point into `in`; the field array comes from the arena. Every
 * length is checked. Errors: ERR_CORRUPT (at = offset), ERR_NOMEM.
 */
int event_unpack(struct str in, struct arena *a, struct event *ret, size_t *ret_used,
                 struct err *err) MUST_USE;
/* The same for a record of a program that numbers fields from 0 to ids - 1; the ids come back as they are. */
int event_unpack_ids(struct str in, uint16_t ids, struct arena *a, struct event *ret, size_t *ret_used,
                     struct err *err) MUST_USE;

/* Source and sequence of a record that nobody has checked yet. Gives its length, 0 where no whole record is.
 */
struct event_head {
    uint32_t source;
    uint64_t seq;
};
size_t event_packed_head(struct str in, struct event_head *ret);
/* Change a record in place. */
void event_packed_set_id(char *record, uint64_t id);
void event_packed_set_source(char *record, const struct event_head *h);

#endif
