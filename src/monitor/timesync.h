/*
 * timesync.h - is the clock of this machine right? Two witnesses: the kernel (adjtimex: synchronised or not,
 * estimated error) and, where one is configured, an SNTP answer that was measured elsewhere and is handed in.
 * Three answers: yes, no, could not be read. Source: Linux adjtimex(2); RFC 5905 section 8 (offset, delay).
 */
#ifndef KHIEN_MONITOR_TIMESYNC_H
#define KHIEN_MONITOR_TIMESYNC_H

#include "base/err.h"

#define TIMESYNC_SNTP_AGE_S_MAX 3600 /* an older SNTP answer does not count */

/* What the kernel says, in plain numbers. */
struct timesync_kernel {
    bool unsynchronised;  /* STA_UNSYNC, or state TIME_ERROR */
    int64_t offset_ns;    /* remaining correction of the clock discipline */
    int64_t est_error_ns; /* estimated error */
    int64_t max_error_ns; /* maximum error */
};

/* How to ask the kernel; tests give their own. Errors: ERR_IO, ERR_DENIED. */
struct timesync_ops {
    int (*kernel)(void *self, struct timesync_kernel *ret, struct err *err);
};

/* Ask this Linux kernel; self is not used. Reads only, sets nothing. */
const struct timesync_ops *timesync_linux(void);

/* An SNTP exchange by its four instants (ns UTC): client sent, server received, server sent, client received.
 */
struct timesync_sntp {
    bool valid; /* stratum 1..15, no alarm, plausible; judged by timesync_sntp_of */
    int64_t at_ns;
    int64_t offset_ns; /* to add to this clock to get the server's */
    int64_t delay_ns;
};

/* Offset and delay of an exchange; valid false where the delay is negative, a number overflows or stratum is
 * 0 or above 15. */
struct timesync_sntp timesync_sntp_of(const int64_t t[4], unsigned stratum, bool leap_alarm);

enum timesync_state { TIMESYNC_UNREADABLE, TIMESYNC_NO, TIMESYNC_YES };

struct timesync {
    enum timesync_state state;
    bool offset_known;
    int64_t offset_ns; /* clock of this machine minus reference */
    bool by_sntp;      /* the offset was measured by SNTP, not told by the kernel */
    struct err why;    /* UNREADABLE: the reason */
};

/* Judge. sntp may be NULL. Without a synchronised kernel an SNTP answer gives the offset, but the state stays
 * NO. */
struct timesync timesync_read(const struct timesync_ops *ops, void *self, const struct timesync_sntp *sntp,
                              int64_t now_ns);

#endif
