#include "monitor/timesync.h"

struct timesync_sntp timesync_sntp_of(const int64_t t[4], unsigned stratum, bool leap_alarm)
{
    struct timesync_sntp r = {.at_ns = t[3]};
    int64_t there, back, outward, inward, sum;
    /* RFC 5905 section 8: offset = ((t1 - t0) + (t2 - t3)) / 2, delay = (t3 - t0) - (t2 - t1) */
    if (stratum == 0 || stratum > 15 || leap_alarm)
        return r;
    if (__builtin_sub_overflow(t[3], t[0], &there) || __builtin_sub_overflow(t[2], t[1], &back) ||
        __builtin_sub_overflow(there, back, &r.delay_ns) || __builtin_sub_overflow(t[1], t[0], &outward) ||
        __builtin_sub_overflow(t[2], t[3], &inward) || __builtin_add_overflow(outward, inward, &sum))
        return (struct timesync_sntp){.at_ns = t[3]};
    r.offset_ns = sum / 2;
    r.valid = r.delay_ns >= 0 && back >= 0;
    return r;
}

static bool sntp_counts(const struct timesync_sntp *sntp, int64_t now_ns)
{
    int64_t age;
    if (sntp == NULL || !sntp->valid || __builtin_sub_overflow(now_ns, sntp->at_ns, &age))
        return false;
    return age >= 0 && age <= TIMESYNC_SNTP_AGE_S_MAX * NS_PER_S;
}

/* The clock discipline corrects the offset and knows its own error: the larger of both is how far off the
 * clock may be. */
static int64_t kernel_offset(const struct timesync_kernel *k)
{
    int64_t offset = -k->offset_ns, size = offset < 0 ? -offset : offset;
    if (k->est_error_ns <= size)
        return offset;
    return offset < 0 ? -k->est_error_ns : k->est_error_ns;
}

struct timesync timesync_read(const struct timesync_ops *ops, void *self, const struct timesync_sntp *sntp,
                              int64_t now_ns)
{
    struct timesync t = {.state = TIMESYNC_UNREADABLE};
    struct timesync_kernel k = {0};
    assert(ops != NULL && ops->kernel != NULL);
    if (ops->kernel(self, &k, &t.why) == 0) {
        t.state = k.unsynchronised ? TIMESYNC_NO : TIMESYNC_YES;
        t.offset_known = !k.unsynchronised && k.offset_ns > -INT64_MAX;
        t.offset_ns = t.offset_known ? kernel_offset(&k) : 0;
    }
    if (sntp_counts(sntp, now_ns)) {
        t.offset_known = true;
        t.by_sntp = true;
        t.offset_ns = -sntp->offset_ns;
        if (t.state == TIMESYNC_UNREADABLE)
            t.state = TIMESYNC_NO; /* measured, but nothing is known that keeps the clock right */
    }
    return t;
}
