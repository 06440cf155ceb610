/*
 * parse.h - one raw line in, one event out. Pure: no clock, no I/O, no memory but the arena that is given.
 * parse_line never fails: what no grammar reads is kept as raw text with EVENT_MALFORMED. Views of the event
 * lie in `raw`, in the arena or in constant tables; `raw` itself is never changed. What is read and how
 * guesses are made: docs/format/syslog.md; what the fields say: docs/format/events.md.
 */
#ifndef KHIEN_PARSE_PARSE_H
#define KHIEN_PARSE_PARSE_H

#include "base/when.h"
#include "model/event.h"

/* Arena bytes that are enough for any line that brings at most 40 fields; more fields take more. */
#define PARSE_ARENA_BYTES_TYPICAL 4096u

/* Columns that a header line ("#Fields:") can name and that are remembered for its source. */
#define PARSE_COLUMNS_MAX 47u

enum parse_id {
#define PARSER(id, name, fn, shapes, since, spec, doc) PARSE_##id,
#include "parse/parse.def"
#undef PARSER
    PARSE_COUNT
};

struct parse_row {
    struct str name;  /* as shown in the list of sources */
    struct str since; /* version that brought it */
    struct str spec;  /* source of truth */
    struct str doc;
};

/* What is known when a line arrives. */
struct parse_ctx {
    int64_t recv_ns; /* when the node got the line */
    int32_t zone_s;  /* seconds east of UTC of times without zone; WHEN_VN_OFFSET_S by default */
    uint8_t flags;   /* enum event_flag that the source already knows (EVENT_PART) */
    bool history;    /* import of old files: an old time is no lying clock and teaches nothing about zones */
};

/*
 * Memory of one source; all zero at first. It makes reading faster (the grammar that fitted last is tried
 * first), learns the zone of a clock that writes none, and keeps what a header line said about the columns
 * of the lines behind it (IIS, Zeek). Nothing else depends on it: the grammars exclude one another. Small on
 * purpose: one per source, 10,000 sources.
 */
struct parse_hint {
    uint8_t dialect;                        /* enum parse_id + 1 of the last line read; 0 none yet */
    uint8_t misses;                         /* lines in a row that this dialect did not read */
    uint8_t zone_votes;                     /* lines in a row that agree on zone_maybe_s */
    bool zone_known;                        /* zone_s is learned … */
    bool zone_guessed;                      /* … or guessed from one line */
    bool zone_seen;                         /* a live line without zone came */
    int32_t zone_s;                         /* zone learned from the distance to the time of receipt */
    int32_t zone_maybe_s;                   /* zone that the votes are for */
    int64_t zone_since_ns;                  /* receipt of the first vote */
    uint8_t columns[PARSE_COLUMNS_MAX + 1]; /* of the last header line: [0] how many, then their numbers */
};

/*
 * parse_line - read one line without its line end into *ret.
 *
 * ctx    what is known at receipt
 * hint   memory of the source, updated; NULL: none
 * raw    at most EVENT_RAW_BYTES_MAX bytes, any bytes; kept as they are
 * a      field array and the few texts that are not part of raw; valid as long as the batch
 * ret    id, seq and source stay 0. Where the arena is full the fields are left out and EVENT_MALFORMED is
 *        set; raw and message are always there
 */
void parse_line(const struct parse_ctx *ctx, struct parse_hint *hint, struct str raw, struct arena *a,
                struct event *ret);

/* Row of a parser; id below PARSE_COUNT. */
const struct parse_row *parse_row(enum parse_id id);
/* Name of the grammar that read the last line of a source; empty where none did yet. */
struct str parse_dialect(const struct parse_hint *hint);

#endif
