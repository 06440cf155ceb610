#include "monitor/series.h"

#include <math.h>
#include <stdlib.h>

#define EMPTY INT64_MIN

struct slot {
    int64_t place; /* at_ns / every, EMPTY where nothing came yet */
    struct host_sample sample;
};

struct series {
    int64_t every_ns;
    int64_t first, last; /* places of the first sample ever and of the newest; EMPTY */
    size_t cap;
    struct slot slots[];
};

int series_new(int64_t every_s, struct series **ret, struct err *err)
{
    if (every_s < 1 || every_s > 3600)
        return err_set(err, ERR_USAGE, "samples are taken every 1 to 3600 s");
    size_t cap = (size_t)(SERIES_HOURS * 3600 / every_s);
    struct series *s = calloc(1, sizeof(*s) + cap * sizeof(s->slots[0]));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "samples of the monitor");
    s->every_ns = every_s * NS_PER_S;
    s->cap = cap;
    s->first = s->last = EMPTY;
    for (size_t i = 0; i < cap; i++)
        s->slots[i].place = EMPTY;
    *ret = s;
    return 0;
}

void series_free(struct series *s)
{
    free(s);
}

static int64_t place_of(const struct series *s, int64_t at_ns)
{
    return at_ns / s->every_ns - (at_ns % s->every_ns < 0);
}

static size_t slot_of(const struct series *s, int64_t place)
{
    int64_t m = place % (int64_t)s->cap;
    return (size_t)(m < 0 ? m + (int64_t)s->cap : m);
}

void series_add(struct series *s, const struct host_sample *sample)
{
    int64_t place = place_of(s, sample->at_ns);
    struct slot *slot = &s->slots[slot_of(s, place)];
    if (slot->place != EMPTY && slot->place > place)
        return;
    slot->place = place;
    slot->sample = *sample;
    if (s->first == EMPTY || place < s->first)
        s->first = place;
    if (s->last == EMPTY || place > s->last)
        s->last = place;
}

static const struct host_sample *at_place(const struct series *s, int64_t place)
{
    const struct slot *slot = &s->slots[slot_of(s, place)];
    return slot->place == place ? &slot->sample : NULL;
}

const struct host_sample *series_last(const struct series *s)
{
    return s->last == EMPTY ? NULL : at_place(s, s->last);
}

/* Places of [from, to), cut to the ring: the oldest that can still be there up to the newest that could. */
static bool range(const struct series *s, int64_t from_ns, int64_t to_ns, int64_t *first, int64_t *end)
{
    if (s->last == EMPTY || from_ns >= to_ns)
        return false;
    int64_t a = place_of(s, from_ns), b = place_of(s, to_ns - 1) + 1;
    int64_t oldest = s->last - (int64_t)s->cap + 1;
    if (s->first > oldest)
        oldest = s->first;
    *first = a < oldest ? oldest : a;
    *end = b;
    return *first < *end;
}

static struct series_point mean(const struct series *s, enum host_metric metric, int64_t first, int64_t n)
{
    struct series_point p = {.at_ns = first * s->every_ns, .value = NAN, .max = NAN};
    double sum = 0;
    size_t seen = 0;
    for (int64_t i = first; i < first + n && i <= s->last; i++) {
        const struct host_sample *sample = at_place(s, i);
        double v = sample == NULL ? NAN : sample->v[metric];
        if (isnan(v))
            continue;
        sum += v;
        seen++;
        p.max = fmax(v, p.max); /* fmax takes the number where one is NAN */
    }
    if (seen > 0)
        p.value = sum / (double)seen;
    return p;
}

size_t series_read(const struct series *s, enum host_metric metric, int64_t from_ns, int64_t to_ns,
                   int64_t step_ns, struct series_point *ret, size_t max)
{
    assert(metric < HOST_METRIC_COUNT);
    if (max == 0 || from_ns >= to_ns)
        return 0;
    /* No chart looks further back than the ring, so a from of long ago costs nothing. */
    int64_t span = SERIES_HOURS * 3600 * NS_PER_S, oldest;
    if (!__builtin_sub_overflow(to_ns, span, &oldest) && from_ns < oldest)
        from_ns = oldest;
    int64_t first = place_of(s, from_ns), places = place_of(s, to_ns - 1) + 1 - first;
    int64_t per = step_ns <= s->every_ns ? 1 : (step_ns - 1) / s->every_ns + 1;
    int64_t most = max > SERIES_POINTS_MAX ? (int64_t)SERIES_POINTS_MAX : (int64_t)max;
    if ((places + per - 1) / per > most)
        per = (places + most - 1) / most;
    size_t n = 0;
    for (int64_t at = 0; at < places; at += per)
        ret[n++] = mean(s, metric, first + at, per);
    assert(n <= max);
    return n;
}

double series_coverage(const struct series *s, enum host_metric metric, int64_t from_ns, int64_t to_ns)
{
    int64_t first, end, came = 0;
    assert(metric < HOST_METRIC_COUNT);
    if (!range(s, from_ns, to_ns, &first, &end))
        return 0.0;
    int64_t due = end - first;
    for (int64_t i = first; i < end && i <= s->last; i++) {
        const struct host_sample *sample = at_place(s, i);
        came += sample != NULL && !isnan(sample->v[metric]);
    }
    return 100.0 * (double)came / (double)due;
}

size_t series_gaps(const struct series *s, int64_t from_ns, int64_t to_ns, struct series_gap *ret, size_t max)
{
    int64_t first, end, run = 0;
    size_t n = 0;
    if (!range(s, from_ns, to_ns, &first, &end))
        return 0;
    for (int64_t i = first; i <= end; i++) {
        bool missing = i < end && (i > s->last || at_place(s, i) == NULL);
        if (missing) {
            run++;
            continue;
        }
        if (run >= 2) {
            if (n < max)
                ret[n] = (struct series_gap){(i - run) * s->every_ns, i * s->every_ns};
            n++;
        }
        run = 0;
    }
    return n;
}
