/*
 * source_table.h - who sends: one row per source with its counters, its next sequence number and the memory
 * of its parser. Identity is kind + address (+ subject of the client certificate); the host name inside a
 * message is no identity, for the sender chooses it. Bounded: when the table is full, further senders share
 * one row, the overflow source, and the number of senders turned away is counted. One thread owns the table.
 */
#ifndef KHIEN_SOURCE_SOURCE_TABLE_H
#define KHIEN_SOURCE_SOURCE_TABLE_H

#include "parse/parse.h"

#define SOURCE_TABLE_ROWS_MAX 10000u
#define SOURCE_TEXT_BYTES_MAX 256u /* longest address or subject kept; longer ones are cut */

enum source_kind {
#define STATION(id, name, ops, doc) SOURCE_##id,
#include "source/source.def"
#undef STATION
    SOURCE_KIND_COUNT
};

struct source {
    uint32_t id; /* from 1; 1 is the overflow source */
    enum source_kind kind;
    struct str name;                     /* for people; the address until someone names it */
    struct str address;                  /* peer address, path, or name of the import */
    struct str subject;                  /* TLS only: subject of the client certificate */
    uint64_t received;                   /* lines taken by the sink */
    uint64_t stored;                     /* of these, durable: raised by source_table_stored */
    uint64_t dropped;                    /* lines refused by the sink and lost (UDP only) */
    uint64_t malformed;                  /* raised by source_table_malformed */
    uint64_t parts;                      /* parts of lines above the limit */
    uint64_t bytes;                      /* of the lines received */
    int64_t first_seen_ns, last_seen_ns; /* receipt; 0 never */
    uint64_t next_seq;                   /* of the next line taken, from 1 */
    uint32_t connections;                /* open now */
    struct parse_hint hint;
};

struct source_table;

/* `seed`: random, for the hash (addresses come from outside). */
int source_table_new(uint64_t seed, struct source_table **ret, struct err *err) MUST_USE;
void source_table_free(struct source_table *t);

/*
 * The row of a sender, made where it is missing; never NULL: the overflow row when the table or the memory is
 * used up. The pointer stays valid as long as the table. subject: .p == NULL where there is none.
 */
struct source *source_table_get(struct source_table *t, enum source_kind kind, struct str address,
                                struct str subject);
/* By id; NULL where there is none. */
struct source *source_table_find(struct source_table *t, uint32_t id);
/*
 * Put back what was known before a restart: name, next sequence number and counters. To be called before the
 * first line. `received` starts at `stored`: what was not stored is sent or read again. Errors: ERR_LIMIT
 * (table full), ERR_NOMEM.
 */
int source_table_restore(struct source_table *t, const struct source *known, struct source **ret,
                         struct err *err) MUST_USE;
/* Change the name that people see; the text is copied and cut at SOURCE_TEXT_BYTES_MAX. */
int source_table_rename(struct source_table *t, uint32_t id, struct str name, struct err *err) MUST_USE;

/* n more lines of the source are durable. Never above `received`. */
void source_table_stored(struct source_table *t, uint32_t id, uint64_t n);
void source_table_malformed(struct source_table *t, uint32_t id, uint64_t n);

/* Rows in order of id. */
size_t source_table_count(const struct source_table *t);
typedef void source_row_fn(void *arg, const struct source *s);
void source_table_each(const struct source_table *t, source_row_fn *fn, void *arg);
/* Senders that found the table full (each line of such a sender counts). */
uint64_t source_table_overflowed(const struct source_table *t);

#endif
