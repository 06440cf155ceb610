/*
 * series.h - the samples of the last 24 hours in a ring, for charts and for the share of samples that came.
 * A sample that did not come is a gap: it is shown as such, never as zero.
 */
#ifndef KHIEN_MONITOR_SERIES_H
#define KHIEN_MONITOR_SERIES_H

#include "monitor/host.h"

#define SERIES_HOURS 24
#define SERIES_POINTS_MAX 2000u /* of one answer */

struct series;

/* every_s: distance of samples in seconds, 1..3600; the ring holds SERIES_HOURS. Errors: ERR_USAGE,
 * ERR_NOMEM. */
int series_new(int64_t every_s, struct series **ret, struct err *err) MUST_USE;
void series_free(struct series *s); /* NULL is allowed */
DEFINE_FREEP(series)

/* Add a sample; one with the place (at_ns / every) of an older one replaces it, one older than the ring is
 * dropped. */
void series_add(struct series *s, const struct host_sample *sample);
/* The newest sample; NULL where there is none. Borrowed until the next add. */
const struct host_sample *series_last(const struct series *s);

struct series_point {
    int64_t at_ns; /* start of the step */
    double value;  /* mean over the step; NAN: gap */
    double max;    /* NAN: gap */
};

/*
 * Points from..to (to exclusive) in steps of step_ns (made larger where more than max points would come, and
 * rounded up to the distance of samples). Returns their number.
 */
size_t series_read(const struct series *s, enum host_metric metric, int64_t from_ns, int64_t to_ns,
                   int64_t step_ns, struct series_point *ret, size_t max);
/*
 * Share of samples of [from, to) that came with this metric read, 0..100. Places before the first sample ever
 * added do not count as missing; 0 where nothing was due yet.
 */
double series_coverage(const struct series *s, enum host_metric metric, int64_t from_ns, int64_t to_ns);

struct series_gap {
    int64_t from_ns, to_ns; /* to exclusive */
};
/* Gaps of at least two samples in a row in [from, to), oldest first; returns how many were found (may be >
 * max). */
size_t series_gaps(const struct series *s, int64_t from_ns, int64_t to_ns, struct series_gap *ret,
                   size_t max);

#endif
