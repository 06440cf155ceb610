/* source_station.h - what the stations share; private to src/source. */
#ifndef KHIEN_SOURCE_SOURCE_STATION_H
#define KHIEN_SOURCE_SOURCE_STATION_H

#include "source/source.h"

struct sockaddr;
struct station;

/* A kind of station. Every entry is required but `acked`. */
struct source_station_ops {
    /* Fill st->self. The fd belongs to the station from now on, also on failure. */
    int (*open)(struct station *st, struct err *err);
    void (*pause)(struct station *st);
    void (*resume)(struct station *st); /* the set is not paused; may be paused again by a refusal */
    void (*close)(struct station *st);
    /* A source of this kind has more stored lines; NULL: nobody cares. */
    void (*acked)(struct station *st, struct source *s);
};

#define STATION(id, name, ops, doc) extern const struct source_station_ops ops;
#include "source/source.def"
#undef STATION

struct station {
    struct station *next;
    struct source_set *set;
    const struct source_station_ops *ops;
    struct source_station_opts o; /* path and name are copies owned by the set */
    void *self;
};

struct source_set {
    struct source_opts o;
    struct source_numbers numbers; /* those that no row of the table has */
    struct station *stations;
    bool paused;
};

/* Hand a line to the sink and count it. false: refused, nothing counted. Empty lines are taken and forgotten.
 */
bool source_emit(struct source_set *set, struct source *s, struct str raw, uint8_t flags);
/* "192.0.2.1", "2001:db8::1"; an IPv4 address inside IPv6 is written as IPv4. Returns the length. */
size_t source_peer_text(const struct sockaddr *sa, char *out, size_t n);

#endif
