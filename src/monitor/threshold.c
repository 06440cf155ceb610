#include "monitor/threshold.h"

#include <math.h>

const struct threshold_rule *threshold_defaults(size_t *ret_n)
{
    static const struct threshold_rule rows[] = {
#define X(metric, raise, clear, hold_s) {metric, raise, clear, hold_s},
        THRESHOLD_DEFAULTS(X)
#undef X
    };
    *ret_n = COUNT_OF(rows);
    return rows;
}

bool threshold_rule_ok(const struct threshold_rule *r)
{
    return r->metric < HOST_METRIC_COUNT && isfinite(r->raise) && isfinite(r->clear) && r->raise > r->clear &&
           r->hold_s >= 0 && r->hold_s <= 86400;
}

bool threshold_step(const struct threshold_rule *r, struct threshold_state *st, const struct host_sample *s,
                    struct threshold_change *ret)
{
    assert(threshold_rule_ok(r));
    double v = s->v[r->metric];
    enum threshold_step step = THRESHOLD_SAME;
    if (isnan(v))
        return false;
    if (v > r->raise) {
        if (st->above_ns == 0) {
            st->above_ns = s->at_ns;
            st->peak = v;
        }
        st->peak = fmax(st->peak, v);
        if (!st->raised && s->at_ns - st->above_ns >= r->hold_s * NS_PER_S) {
            st->raised = true;
            st->raised_ns = s->at_ns;
            step = THRESHOLD_RAISED;
        }
    } else if (!st->raised) {
        st->above_ns = 0;
    } else if (v < r->clear) {
        step = THRESHOLD_CLEARED;
    }
    *ret = (struct threshold_change){
        .step = step, .metric = r->metric, .value = v, .limit = r->raise, .peak = st->peak};
    ret->since_ns = st->above_ns;
    ret->at_ns = s->at_ns;
    if (step == THRESHOLD_CLEARED)
        *st = (struct threshold_state){0};
    return step != THRESHOLD_SAME;
}
