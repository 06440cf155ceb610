#include <errno.h>
#include <sys/timex.h>

#include "monitor/timesync.h"

static int kernel(void *self, struct timesync_kernel *ret, struct err *err)
{
    struct timex t = {.modes = 0};
    (void)self;
    int state = adjtimex(&t);
    if (state < 0)
        return err_errno(err, errno, "state of the system clock");
    *ret = (struct timesync_kernel){
        .unsynchronised = state == TIME_ERROR || (t.status & STA_UNSYNC) != 0,
        .offset_ns = (t.status & STA_NANO) != 0 ? t.offset : t.offset * NS_PER_US,
        .est_error_ns = t.esterror * NS_PER_US,
        .max_error_ns = t.maxerror * NS_PER_US,
    };
    return 0;
}

const struct timesync_ops *timesync_linux(void)
{
    static const struct timesync_ops ops = {.kernel = kernel};
    return &ops;
}
