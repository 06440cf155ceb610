/*
 * threshold.h - overload alarms with hysteresis: a value must stay above `raise` for `hold_s` before an alarm
 * is raised, and fall below `clear` before it ends, so that a value on the edge does not ring all night. A
 * value that was not read neither raises nor clears.
 */
#ifndef KHIEN_MONITOR_THRESHOLD_H
#define KHIEN_MONITOR_THRESHOLD_H

#include "monitor/host.h"

struct threshold_rule {
    enum host_metric metric;
    double raise, clear; /* raise > clear; percent */
    int64_t hold_s;      /* seconds above raise, 0..86400 */
};

/*        metric     raise clear hold_s  defaults; D16.1.b.1 leaves the numbers to the agency */
#define THRESHOLD_DEFAULTS(X)                                                                                \
    X(HOST_CPU, 90.0, 80.0, 300)                                                                             \
    X(HOST_RAM, 90.0, 85.0, 300)                                                                             \
    X(HOST_DISK, 85.0, 80.0, 60)

struct threshold_state {
    bool raised;
    int64_t above_ns;  /* since when above raise; 0: it is not */
    int64_t raised_ns; /* when raised; 0 never */
    double peak;       /* largest value since then */
};

enum threshold_step { THRESHOLD_SAME, THRESHOLD_RAISED, THRESHOLD_CLEARED };

/* What to tell: fields of a finding (kind "threshold"). */
struct threshold_change {
    enum threshold_step step;
    enum host_metric metric;
    double value, limit, peak;
    int64_t since_ns; /* start of the time above the limit */
    int64_t at_ns;
};

/* The default rules, COUNT rows; *ret_n is their number. */
const struct threshold_rule *threshold_defaults(size_t *ret_n);
/* false where the numbers make no sense (raise <= clear, not finite, hold out of range). */
bool threshold_rule_ok(const struct threshold_rule *r);
/* Look at one sample; returns whether something changed, then *ret says what. Samples come in order of time.
 */
bool threshold_step(const struct threshold_rule *r, struct threshold_state *st, const struct host_sample *s,
                    struct threshold_change *ret);

#endif
