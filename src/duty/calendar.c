#include "duty/calendar.h"

#include <stdlib.h>

#include "base/when.h"

struct calendar {
    size_t n;
    int32_t first_year, last_year; /* of the rows; first > last where there are none */
    struct calendar_day rows[];    /* sorted by day, each day once */
};

static int by_day(const void *a, const void *b)
{
    const struct calendar_day *x = a, *y = b;
    return (x->day > y->day) - (x->day < y->day);
}

static bool is_weekend(int64_t day)
{
    return when_weekday(day) >= 5;
}

static int32_t year_of(int64_t day)
{
    int32_t year;
    int month, dom;
    when_from_days(day, &year, &month, &dom);
    return year;
}

static int check_rows(const struct calendar *c, struct err *err)
{
    for (size_t i = 0; i < c->n; i++) {
        int32_t year;
        int month, dom;
        when_from_days(c->rows[i].day, &year, &month, &dom);
        if (i > 0 && c->rows[i].day == c->rows[i - 1].day)
            return err_set(err, ERR_USAGE, "%04d-%02d-%02d is listed twice", year, month, dom);
        if (c->rows[i].kind == CALENDAR_WORKING_SATURDAY && !is_weekend(c->rows[i].day))
            return err_set(err, ERR_USAGE, "%04d-%02d-%02d: working_saturday is not on a weekend", year,
                           month, dom);
    }
    return 0;
}

int calendar_new(const struct calendar_day *rows, size_t n, struct calendar **ret, struct err *err)
{
    assert(rows != NULL || n == 0);
    if (n > CALENDAR_ROWS_MAX)
        return err_set(err, ERR_LIMIT, "more than %u rows in the calendar", CALENDAR_ROWS_MAX);
    CLEANUP(calendar_freep) struct calendar *c = malloc(sizeof(*c) + n * sizeof(c->rows[0]));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "calendar");
    c->n = n;
    c->first_year = 1;
    c->last_year = 0;
    if (n > 0) {
        memcpy(c->rows, rows, n * sizeof(c->rows[0]));
        qsort(c->rows, n, sizeof(c->rows[0]), by_day);
        c->first_year = year_of(c->rows[0].day);
        c->last_year = year_of(c->rows[n - 1].day);
    }
    if (check_rows(c, err) != 0)
        return -1;
    *ret = TAKE(c);
    return 0;
}

void calendar_free(struct calendar *c)
{
    free(c);
}

const struct calendar_day *calendar_find(const struct calendar *c, int64_t day)
{
    if (day < INT32_MIN || day > INT32_MAX || c->n == 0)
        return NULL;
    struct calendar_day key = {.day = (int32_t)day};
    return bsearch(&key, c->rows, c->n, sizeof(c->rows[0]), by_day);
}

bool calendar_is_working(const struct calendar *c, int64_t day)
{
    const struct calendar_day *row = calendar_find(c, day);
    if (row != NULL)
        return row->kind == CALENDAR_WORKING_SATURDAY;
    return !is_weekend(day);
}

bool calendar_covers(const struct calendar *c, int64_t day)
{
    int32_t year = year_of(day);
    return year >= c->first_year && year <= c->last_year;
}

int64_t calendar_day_of(int64_t at_ns)
{
    int64_t s = at_ns / NS_PER_S - (at_ns % NS_PER_S < 0) + WHEN_VN_OFFSET_S;
    return s / 86400 - (s % 86400 < 0);
}

bool calendar_day_start(int64_t day, int64_t *ret_ns)
{
    int64_t s, ns;
    if (__builtin_mul_overflow(day, INT64_C(86400), &s) ||
        __builtin_sub_overflow(s, (int64_t)WHEN_VN_OFFSET_S, &s) || __builtin_mul_overflow(s, NS_PER_S, &ns))
        return false;
    *ret_ns = ns;
    return true;
}

/* T1: the n-th working day after `day`. The loop is bounded: a week has a working day unless the table takes
 * it, and the table has at most CALENDAR_ROWS_MAX rows. */
static int64_t working_day_after(const struct calendar *c, int64_t day, int32_t n, struct calendar_due *ret)
{
    while (n > 0) {
        day++;
        const struct calendar_day *row = calendar_find(c, day);
        if (row != NULL && row->is_default)
            ret->settled = false;
        if (!calendar_covers(c, day))
            ret->covered = false;
        if (calendar_is_working(c, day))
            n--;
    }
    return day;
}

/* T3: the same day number n months later, or the last day of that month. */
static int64_t months_after(int64_t day, int64_t n)
{
    int32_t year;
    int month, dom;
    when_from_days(day, &year, &month, &dom);
    int64_t m = (int64_t)year * 12 + (month - 1) + n;
    int32_t to_year = (int32_t)(m / 12);
    int to_month = (int)(m % 12) + 1;
    int last = when_month_days(to_year, to_month);
    return when_days(to_year, to_month, dom > last ? last : dom);
}

static int elapsed(int64_t start_ns, int64_t n, int64_t unit_ns, int64_t *ret_ns, struct err *err)
{
    int64_t span, end;
    if (__builtin_mul_overflow(n, unit_ns, &span) || __builtin_add_overflow(start_ns, span, &end))
        return err_set(err, ERR_LIMIT, "the end of the limit is beyond year 2262");
    *ret_ns = end;
    return 0;
}

static int end_of_day(int64_t day, int64_t *ret_ns, struct err *err)
{
    if (!calendar_day_start(day + 1, ret_ns))
        return err_set(err, ERR_LIMIT, "the end of the limit is beyond year 2262");
    return 0;
}

int calendar_due(const struct calendar *c, int64_t start_ns, struct calendar_span span,
                 struct calendar_due *ret, struct err *err)
{
    if (span.n < 1 || span.n > CALENDAR_SPAN_MAX)
        return err_set(err, ERR_USAGE, "a time limit has 1 to %d units", CALENDAR_SPAN_MAX);
    struct calendar_due d = {.covered = true, .settled = true};
    int64_t day = calendar_day_of(start_ns);
    switch (span.unit) {
    case CALENDAR_MINUTE:
    case CALENDAR_HOUR:
        if (elapsed(start_ns, span.n, (span.unit == CALENDAR_HOUR ? 3600 : 60) * NS_PER_S, &d.due_ns, err) !=
            0)
            return -1;
        d.legal_ns = d.due_ns;
        *ret = d;
        return 0;
    case CALENDAR_DAY:
        if (elapsed(start_ns, span.n, WHEN_DAY_NS, &d.due_ns, err) != 0 ||
            end_of_day(day + span.n, &d.legal_ns, err) != 0)
            return -1;
        *ret = d;
        return 0;
    case CALENDAR_WORKING_DAY:
        day = working_day_after(c, day, span.n, &d);
        break;
    case CALENDAR_WEEK:
        day += (int64_t)span.n * 7;
        break;
    case CALENDAR_MONTH:
        day = months_after(day, span.n);
        break;
    case CALENDAR_YEAR:
        day = months_after(day, (int64_t)span.n * 12);
        break;
    case CALENDAR_UNIT_COUNT:
        return err_set(err, ERR_USAGE, "not a unit of time");
    }
    if (end_of_day(day, &d.due_ns, err) != 0)
        return -1;
    d.legal_ns = d.due_ns;
    *ret = d;
    return 0;
}

bool calendar_parse_span(struct str iso, struct calendar_span *ret)
{
    static const struct {
        bool time;
        char letter;
        enum calendar_unit unit;
    } units[] = {
        {true, 'M', CALENDAR_MINUTE}, {true, 'H', CALENDAR_HOUR},   {false, 'D', CALENDAR_DAY},
        {false, 'W', CALENDAR_WEEK},  {false, 'M', CALENDAR_MONTH}, {false, 'Y', CALENDAR_YEAR},
    };
    bool time = str_starts(iso, S("PT"));
    if (!str_starts(iso, S("P")))
        return false;
    struct str rest = str_from(iso, time ? 2 : 1);
    uint64_t n;
    if (rest.n < 2 || !str_to_u64(str_sub(rest, 0, rest.n - 1), CALENDAR_SPAN_MAX, &n) || n == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (units[i].time == time && units[i].letter == rest.p[rest.n - 1]) {
            *ret = (struct calendar_span){.n = (int32_t)n, .unit = units[i].unit};
            return true;
        }
    }
    return false;
}

static const struct str unit_words[] = {
#define X(unit, word) {word, sizeof(word) - 1},
    CALENDAR_UNIT_TABLE(X)
#undef X
};

static const struct str kind_words[] = {
#define X(kind, word) {word, sizeof(word) - 1},
    CALENDAR_KIND_TABLE(X)
#undef X
};

static int find_word(const struct str *words, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i], word))
            return (int)i;
    }
    return -1;
}

int calendar_unit_find(struct str word)
{
    return find_word(unit_words, COUNT_OF(unit_words), word);
}

struct str calendar_unit_name(enum calendar_unit unit)
{
    assert(unit < CALENDAR_UNIT_COUNT);
    return unit_words[unit];
}

int calendar_kind_find(struct str word)
{
    return find_word(kind_words, COUNT_OF(kind_words), word);
}
