#include "monitor/silence.h"

#define DAY_NS (INT64_C(86400) * NS_PER_S)

void silence_init(struct silence *s, int64_t now_ns)
{
    *s = (struct silence){.since_ns = now_ns, .day = now_ns / DAY_NS};
}

/* Forget the days that are more than a week old. */
static void turn(struct silence *s, int64_t now_ns)
{
    int64_t today = now_ns / DAY_NS;
    int64_t days = today - s->day > SILENCE_DAYS ? SILENCE_DAYS : today - s->day;
    for (int64_t i = 1; i <= days; i++)
        s->longest_s[(today - days + i) % SILENCE_DAYS] = 0;
    if (today > s->day)
        s->day = today;
}

enum silence_step silence_seen(struct silence *s, int64_t now_ns)
{
    assert(now_ns >= 0);
    bool was_silent = s->silent;
    turn(s, now_ns);
    /* An outage says nothing about how often a source speaks, so it is not learned from. */
    if (!was_silent && s->last_ns != 0 && now_ns > s->last_ns) {
        int64_t distance_s = (now_ns - s->last_ns) / NS_PER_S;
        int64_t *longest = &s->longest_s[s->day % SILENCE_DAYS];
        if (distance_s > *longest)
            *longest = distance_s;
    }
    if (now_ns > s->last_ns)
        s->last_ns = now_ns;
    s->silent = false;
    return was_silent ? SILENCE_ENDED : SILENCE_SAME;
}

int64_t silence_after_s(const struct silence *s)
{
    int64_t after = SILENCE_DEFAULT_S;
    if (s->set_s != 0)
        return s->set_s;
    for (size_t i = 0; i < SILENCE_DAYS; i++) {
        if (2 * s->longest_s[i] > after)
            after = 2 * s->longest_s[i];
    }
    return after > SILENCE_LEARNED_S_MAX ? SILENCE_LEARNED_S_MAX : after;
}

int64_t silence_at_ns(const struct silence *s)
{
    int64_t at, from = s->last_ns != 0 ? s->last_ns : s->since_ns;
    return __builtin_add_overflow(from, silence_after_s(s) * NS_PER_S, &at) ? INT64_MAX : at;
}

enum silence_step silence_tick(struct silence *s, int64_t now_ns)
{
    assert(now_ns >= 0);
    turn(s, now_ns);
    if (s->silent || now_ns < silence_at_ns(s))
        return SILENCE_SAME;
    s->silent = true;
    return SILENCE_STARTED;
}

bool silence_set(struct silence *s, int64_t seconds)
{
    if (seconds != 0 && (seconds < SILENCE_SET_S_MIN || seconds > SILENCE_SET_S_MAX))
        return false;
    s->set_s = seconds;
    return true;
}
