/*
 * when.h - civil time on the proleptic Gregorian calendar. Instants are int64_t nanoseconds since 1970-01-01
 * UTC (range 1677 to 2262). The legal zone of the product is Asia/Ho_Chi_Minh, UTC+7 without summer time
 * since 1975. Source: day arithmetic after RFC 3339 appendix and ISO 8601; leap seconds (":60") are read as
 * ":59".
 */
#ifndef KHIEN_BASE_WHEN_H
#define KHIEN_BASE_WHEN_H

#include "base/buf.h"
#include "base/cur.h"

#define WHEN_VN_OFFSET_S (7 * 3600)
#define WHEN_DAY_NS (INT64_C(86400) * NS_PER_S)

struct civil {
    int32_t year;             /* 1677..2262 */
    int month, day;           /* 1..12, 1..31 */
    int hour, minute, second; /* 0..23, 0..59, 0..59 */
    int32_t ns;               /* 0..999999999 */
    int32_t offset_s;         /* seconds east of UTC */
};

int64_t when_days(int32_t year, int month, int day); /* days since 1970-01-01 */
void when_from_days(int64_t days, int32_t *year, int *month, int *day);
int when_weekday(int64_t days); /* 0 = Monday .. 6 = Sunday */
int when_month_days(int32_t year, int month);
bool when_civil_ok(const struct civil *c);
/* Instant of a civil time; false where it is not a valid date or leaves the range. */
bool when_to_ns(const struct civil *c, int64_t *ret_ns);
struct civil when_from_ns(int64_t ns, int32_t offset_s);

/* RFC 3339 date-time ("T" or a blank, "Z" or +hh:mm, up to nine decimals; more are cut). Cursor ends behind
 * it. */
bool when_parse_rfc3339(struct cur *c, int64_t *ret_ns);
/* "2026-11-22T13:04:05.123456789Z"; trailing zeros of the fraction are left out. */
void when_put_rfc3339(struct buf *b, int64_t ns);
/*
 * What people type: RFC 3339, "2026-11-22", "2026-11-22 08:14[:05]", "22/11/2026 [08:14]", "today",
 * "yesterday", "now",
 * "-15m", "-7d" (s m h d w). Without zone: offset_s. Errors: ERR_PARSE with `at`.
 */
int when_parse_human(struct str s, int64_t now_ns, int32_t offset_s, int64_t *ret_ns,
                     struct err *err) MUST_USE;
/* "90s", "15m", "2h", "7d", "4w" → ns; false where it is not one or overflows. */
bool when_parse_span(struct str s, int64_t *ret_ns);

#endif
