/*
 * silence.h - which sources went silent. Each source has a threshold of seconds; where none was set it is
 * learned: twice the longest distance between records seen in the last week, but at least 24 h (D19.3.1), at
 * most 7 days. A source that never sent counts from the time it was registered.
 */
#ifndef KHIEN_MONITOR_SILENCE_H
#define KHIEN_MONITOR_SILENCE_H

#include "base/base.h"

#define SILENCE_DEFAULT_S 86400
#define SILENCE_LEARNED_S_MAX (7 * 86400)
#define SILENCE_SET_S_MIN 60
#define SILENCE_SET_S_MAX (366 * 86400)
#define SILENCE_DAYS 7

/* One per source, zeroed then silence_init; plain data, may be copied and stored. */
struct silence {
    int64_t since_ns;                /* registered */
    int64_t last_ns;                 /* receipt of the newest record; 0 never */
    int64_t set_s;                   /* threshold set by a person; 0: learned */
    int64_t longest_s[SILENCE_DAYS]; /* longest distance by day, ring */
    int64_t day;                     /* day number (UTC) of the newest place of the ring */
    bool silent;
};

enum silence_step { SILENCE_SAME, SILENCE_STARTED, SILENCE_ENDED };

void silence_init(struct silence *s, int64_t now_ns);
/* A record (or a batch) came; returns SILENCE_ENDED where the source was silent before. */
enum silence_step silence_seen(struct silence *s, int64_t now_ns);
/* Look at the clock; returns SILENCE_STARTED once when the threshold is passed. */
enum silence_step silence_tick(struct silence *s, int64_t now_ns);
/* Set by a person, SILENCE_SET_S_MIN..MAX, or 0 to learn; false: out of range. */
bool silence_set(struct silence *s, int64_t seconds);
/* Threshold in force, seconds. */
int64_t silence_after_s(const struct silence *s);
/* When the source will be silent if nothing comes. */
int64_t silence_at_ns(const struct silence *s);

#endif
