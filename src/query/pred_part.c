/* Parts of dates: Sigma's minute, hour, day, week, month, year. Zones are not converted: what is written
 * counts. */
#include "base/cur.h"
#include "base/when.h"
#include "query/pred_code.h"

struct stamp {
    int32_t year;
    int month, day, hour, minute;
};

/* ISO 8601: week 1 holds the first Thursday. */
static int week_of(const struct stamp *t)
{
    int64_t day = when_days(t->year, t->month, t->day);
    int64_t thursday = day - when_weekday(day) + 3;
    int32_t year = 0;
    int month = 0, mday = 0;
    when_from_days(thursday, &year, &month, &mday);
    return (int)((thursday - when_days(year, 1, 1)) / 7) + 1;
}

static struct num get(enum pred_part part, const struct stamp *t)
{
    switch (part) {
    case PRED_PART_MINUTE:
        return num_of(t->minute);
    case PRED_PART_HOUR:
        return num_of(t->hour);
    case PRED_PART_DAY:
        return num_of(t->day);
    case PRED_PART_WEEK:
        return num_of(week_of(t));
    case PRED_PART_MONTH:
        return num_of(t->month);
    default:
        assert(part == PRED_PART_YEAR);
        return num_of(t->year);
    }
}

static bool digits(struct str s, size_t at, size_t n, int max, int *ret)
{
    uint64_t v = 0;
    if (at + n > s.n || !str_to_u64(str_sub(s, at, n), (uint64_t)max, &v))
        return false;
    *ret = (int)v;
    return true;
}

/* "2026-11-22", "2026-11-22T07:59", "2026-11-22 07:59:58.123 …" */
bool pred_part_of(enum pred_part part, struct str v, struct num *ret)
{
    struct stamp t = {0};
    int year = 0;
    bool time = v.n >= 16 && (v.p[10] == 'T' || v.p[10] == ' ') && v.p[13] == ':';
    if (v.n < 10 || v.p[4] != '-' || v.p[7] != '-' || !digits(v, 0, 4, 9999, &year) ||
        !digits(v, 5, 2, 12, &t.month) || !digits(v, 8, 2, 31, &t.day))
        return false;
    t.year = year;
    if (t.month < 1 || t.day < 1 || t.day > when_month_days(t.year, t.month))
        return false;
    if (time && (!digits(v, 11, 2, 23, &t.hour) || !digits(v, 14, 2, 59, &t.minute)))
        return false;
    if (!time && (part == PRED_PART_MINUTE || part == PRED_PART_HOUR))
        return false;
    *ret = get(part, &t);
    return true;
}

struct num pred_part_of_time(enum pred_part part, int64_t ns)
{
    struct civil c = when_from_ns(ns, WHEN_VN_OFFSET_S);
    struct stamp t = {c.year, c.month, c.day, c.hour, c.minute};
    return get(part, &t);
}
