/*
 * calendar.h - the Vietnamese working-day calendar and the arithmetic of legal time limits. The table of
 * holidays is data (catalogue/holidays.yaml); a year without a row in it is counted by weekends alone and the
 * answer says so (`covered`). Days are numbers since 1970-01-01 (when_days) in the civil time of
 * Asia/Ho_Chi_Minh; instants are ns since 1970 UTC. All instants that end a limit are exclusive: the limit
 * has run out from that instant on, so "24:00 of 30 November" is the first instant of 1 December.
 *
 * Source: Civil Code 91/2015 articles 147 and 148 (day of the event not counted, 24:00 of the last day,
 * month end), Labour Code 45/2019 articles 111 and 112 (holidays, compensation), regulation rules T1 to T6.
 * Article 148(5) of the Civil Code (last day on a day off moves on) is not used: it must not relax an alarm.
 */
#ifndef KHIEN_DUTY_CALENDAR_H
#define KHIEN_DUTY_CALENDAR_H

#include "base/err.h"
#include "base/str.h"
#include "sys/sys.h"

#define CALENDAR_ROWS_MAX 4096u
#define CALENDAR_SPAN_MAX 100000 /* largest number of units in a span */

/*        constant                    word in holidays.yaml */
#define CALENDAR_KIND_TABLE(X)                                                                               \
    X(CALENDAR_HOLIDAY, "holiday")           /* public holiday, off */                                       \
    X(CALENDAR_COMPENSATORY, "compensatory") /* off in place of a holiday on a weekend, or by a swap */      \
    X(CALENDAR_WORKING_SATURDAY, "working_saturday") /* a day of a weekend worked in a swap */

enum calendar_kind {
#define X(kind, word) kind,
    CALENDAR_KIND_TABLE(X)
#undef X
        CALENDAR_KIND_COUNT
};

/*        constant                word in `within:` */
#define CALENDAR_UNIT_TABLE(X)                                                                               \
    X(CALENDAR_MINUTE, "minute")                                                                             \
    X(CALENDAR_HOUR, "hour")                                                                                 \
    X(CALENDAR_DAY, "day")                                                                                   \
    X(CALENDAR_WORKING_DAY, "working_day")                                                                   \
    X(CALENDAR_WEEK, "week")                                                                                 \
    X(CALENDAR_MONTH, "month")                                                                               \
    X(CALENDAR_YEAR, "year")

enum calendar_unit {
#define X(unit, word) unit,
    CALENDAR_UNIT_TABLE(X)
#undef X
        CALENDAR_UNIT_COUNT
};

struct calendar_day {
    int32_t day; /* days since 1970-01-01 */
    enum calendar_kind kind;
    bool is_default; /* computed by rule, not yet decided by the Prime Minister */
};

struct calendar_span {
    int32_t n; /* 1..CALENDAR_SPAN_MAX; 0: no span */
    enum calendar_unit unit;
};

struct calendar_due {
    int64_t due_ns;   /* the clock for alarms: strict n x 24 h for days */
    int64_t legal_ns; /* legal latest: 24:00 of the n-th day; equals due_ns for the other units */
    bool covered;     /* every year touched by counting working days is in the table */
    bool settled;     /* no row used for counting is a default that is still to be decided */
};

struct calendar;

/*
 * Make a calendar of n rows in any order (copied). Errors: ERR_USAGE for a doubled date, a working_saturday
 * that is not on a weekend; ERR_LIMIT above CALENDAR_ROWS_MAX; ERR_NOMEM.
 */
int calendar_new(const struct calendar_day *rows, size_t n, struct calendar **ret, struct err *err) MUST_USE;
/* Read catalogue/holidays.yaml (docs/format/duties.md). Errors: ERR_PARSE with line, ERR_IO, those above. */
int calendar_load(const struct sys *sys, const char *path, struct calendar **ret, struct err *err) MUST_USE;
void calendar_free(struct calendar *c); /* NULL is allowed */
DEFINE_FREEP(calendar)

/* The row of a day, NULL where the table has none. Borrowed from the calendar. */
const struct calendar_day *calendar_find(const struct calendar *c, int64_t day);
/* Monday to Friday without a day off, or a day of a weekend worked in a swap. */
bool calendar_is_working(const struct calendar *c, int64_t day);
/* The table has rows of the year that the day lies in. */
bool calendar_covers(const struct calendar *c, int64_t day);

/* Civil day in Vietnam of an instant, and the instant of 00:00 in Vietnam of a day (false: out of range). */
int64_t calendar_day_of(int64_t at_ns);
bool calendar_day_start(int64_t day, int64_t *ret_ns);

/*
 * End of a limit of `span` that starts with an event at start_ns. Minutes and hours run from the instant
 * (elapsed); days give both clocks (T2); working days (T1), weeks, months and years (T3: same day number, or
 * the last day of the month) end at 24:00 in Vietnam. Errors: ERR_USAGE (n out of range), ERR_LIMIT (the end
 * leaves the range of instants).
 */
int calendar_due(const struct calendar *c, int64_t start_ns, struct calendar_span span,
                 struct calendar_due *ret, struct err *err) MUST_USE;

/* ISO 8601 duration of one part: "PT15M", "PT1H", "P1D", "P2W", "P3M", "P1Y"; false where it is not one. */
bool calendar_parse_span(struct str iso, struct calendar_span *ret);
/* Unit of a word of CALENDAR_UNIT_TABLE, -1 where unknown; and back. */
int calendar_unit_find(struct str word);
struct str calendar_unit_name(enum calendar_unit unit);
int calendar_kind_find(struct str word);

#endif
