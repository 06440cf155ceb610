#include "base/when.h"

int64_t when_days(int32_t year, int month, int day)
{
    /* Years start in March, so that the leap day is the last of its year; eras of 400 years are all alike. */
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void when_from_days(int64_t days, int32_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int32_t)(yoe + era * 400 + (*month <= 2));
}

int when_weekday(int64_t days)
{
    int64_t w = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(w < 0 ? w + 7 : w);
}

int when_month_days(int32_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(month >= 1 && month <= 12);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool when_civil_ok(const struct civil *c)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= when_month_days(c->year, c->month) &&
           c->hour >= 0 && c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 &&
           c->second <= 59 && c->ns >= 0 && c->ns < NS_PER_S && c->offset_s > -86400 && c->offset_s < 86400;
}

bool when_to_ns(const struct civil *c, int64_t *ret_ns)
{
    if (!when_civil_ok(c) || c->year < 1600 || c->year > 2300)
        return false;
    int64_t s = when_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second -
                c->offset_s;
    /* Below zero one second is moved into the fraction, or the first second of the range would overflow. */
    int64_t ns, part = s < 0 ? c->ns - NS_PER_S : c->ns;
    if (__builtin_mul_overflow(s + (s < 0), NS_PER_S, &ns) || __builtin_add_overflow(ns, part, &ns))
        return false;
    *ret_ns = ns;
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil when_from_ns(int64_t ns, int32_t offset_s)
{
    struct civil c = {.offset_s = offset_s};
    int64_t s = floor_div(ns, NS_PER_S);
    c.ns = (int32_t)(ns % NS_PER_S + (ns % NS_PER_S < 0 ? NS_PER_S : 0));
    s += offset_s;
    int64_t days = floor_div(s, 86400);
    int rest = (int)(s - days * 86400);
    when_from_days(days, &c.year, &c.month, &c.day);
    c.hour = rest / 3600;
    c.minute = rest / 60 % 60;
    c.second = rest % 60;
    return c;
}

static int32_t parse_fraction(struct cur *c)
{
    int32_t ns = 0, unit = 100000000;
    size_t digits = 0;
    for (; cur_left(c) > 0 && ascii_is_digit(c->in.p[c->at]); c->at++, digits++) {
        ns += (c->in.p[c->at] - '0') * unit;
        unit /= 10;
    }
    if (digits == 0)
        c->bad = true;
    return ns;
}

static int32_t parse_zone(struct cur *c)
{
    if (cur_skip(c, 'Z') || cur_skip(c, 'z'))
        return 0;
    bool neg = cur_peek(c) == '-';
    if (!neg && cur_peek(c) != '+') {
        c->bad = true;
        return 0;
    }
    c->at++;
    int32_t h = (int32_t)cur_dec_width(c, 2);
    (void)cur_skip(c, ':');
    int32_t m = (int32_t)cur_dec_width(c, 2);
    if (h > 23 || m > 59)
        c->bad = true;
    return (neg ? -1 : 1) * (h * 3600 + m * 60);
}

static void parse_ymd(struct cur *c, struct civil *v)
{
    v->year = (int32_t)cur_dec_width(c, 4);
    cur_expect(c, '-');
    v->month = (int)cur_dec_width(c, 2);
    cur_expect(c, '-');
    v->day = (int)cur_dec_width(c, 2);
}

bool when_parse_rfc3339(struct cur *c, int64_t *ret_ns)
{
    struct cur k = *c;
    struct civil v = {0};
    parse_ymd(&k, &v);
    if (!cur_skip(&k, 'T') && !cur_skip(&k, 't'))
        cur_expect(&k, ' ');
    v.hour = (int)cur_dec_width(&k, 2);
    cur_expect(&k, ':');
    v.minute = (int)cur_dec_width(&k, 2);
    cur_expect(&k, ':');
    v.second = (int)cur_dec_width(&k, 2);
    if (v.second == 60)
        v.second = 59;
    if (cur_skip(&k, '.') || cur_skip(&k, ','))
        v.ns = parse_fraction(&k);
    v.offset_s = parse_zone(&k);
    if (k.bad || !when_to_ns(&v, ret_ns))
        return false;
    *c = k;
    return true;
}

void when_put_rfc3339(struct buf *b, int64_t ns)
{
    struct civil c = when_from_ns(ns, 0);
    buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d", (int)c.year, c.month, c.day, c.hour, c.minute, c.second);
    if (c.ns != 0) {
        char frac[16];
        int32_t v = c.ns;
        int digits = 9;
        while (v % 10 == 0) {
            v /= 10;
            digits--;
        }
        for (int i = digits; i > 0; i--) {
            frac[i - 1] = (char)('0' + v % 10);
            v /= 10;
        }
        buf_put_char(b, '.');
        buf_put(b, (struct str){frac, (size_t)digits});
    }
    buf_put_char(b, 'Z');
}

bool when_parse_span(struct str s, int64_t *ret_ns)
{
    static const struct {
        char unit;
        int64_t ns;
    } units[] = {
        {'s', NS_PER_S},         {'m', 60 * NS_PER_S},        {'h', 3600 * NS_PER_S},
        {'d', 86400 * NS_PER_S}, {'w', 7 * 86400 * NS_PER_S},
    };
    uint64_t n;
    if (s.n < 2 || !str_to_u64(str_sub(s, 0, s.n - 1), INT64_MAX, &n))
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        int64_t ns;
        if (units[i].unit != s.p[s.n - 1])
            continue;
        if (__builtin_mul_overflow((int64_t)n, units[i].ns, &ns))
            return false;
        *ret_ns = ns;
        return true;
    }
    return false;
}

static bool parse_hm(struct cur *c, struct civil *v)
{
    v->hour = (int)cur_dec_width(c, 2);
    cur_expect(c, ':');
    v->minute = (int)cur_dec_width(c, 2);
    if (cur_skip(c, ':'))
        v->second = (int)cur_dec_width(c, 2);
    return !c->bad;
}

/* A date in either order, with or without a time of day. */
static bool parse_date(struct str s, int32_t offset_s, int64_t *ret_ns)
{
    struct cur c = cur_of(s);
    struct civil v = {.offset_s = offset_s};
    if (s.n >= 10 && s.p[2] == '/') {
        v.day = (int)cur_dec_width(&c, 2);
        cur_expect(&c, '/');
        v.month = (int)cur_dec_width(&c, 2);
        cur_expect(&c, '/');
        v.year = (int32_t)cur_dec_width(&c, 4);
    } else {
        parse_ymd(&c, &v);
    }
    if (!c.bad && cur_left(&c) > 0) {
        if (!cur_skip(&c, ' '))
            cur_expect(&c, 'T');
        (void)parse_hm(&c, &v);
    }
    return cur_done(&c) && when_to_ns(&v, ret_ns);
}

/* The words for a day and "-7d". False where it is none of them or leaves the range. */
static bool parse_relative(struct str s, int64_t now_ns, int32_t offset_s, int64_t *ret_ns)
{
    int64_t ns = now_ns, back = 0;
    bool yesterday = str_eq(s, S("yesterday"));
    if (yesterday || str_eq(s, S("today"))) {
        struct civil v = when_from_ns(now_ns, offset_s);
        v.hour = v.minute = v.second = 0;
        v.ns = 0;
        back = yesterday ? WHEN_DAY_NS : 0;
        if (!when_to_ns(&v, &ns))
            return false;
    } else if (!str_eq(s, S("now")) &&
               (s.n == 0 || s.p[0] != '-' || !when_parse_span(str_from(s, 1), &back))) {
        return false;
    }
    if (__builtin_sub_overflow(ns, back, &ns))
        return false;
    *ret_ns = ns;
    return true;
}

int when_parse_human(struct str s, int64_t now_ns, int32_t offset_s, int64_t *ret_ns, struct err *err)
{
    s = str_trim(s);
    struct cur c = cur_of(s);
    int64_t ns;
    if (parse_relative(s, now_ns, offset_s, &ns) || (when_parse_rfc3339(&c, &ns) && cur_done(&c)) ||
        parse_date(s, offset_s, &ns)) {
        *ret_ns = ns;
        return 0;
    }
    if (err != NULL)
        err->at = 0;
    return err_set(err, ERR_PARSE,
                   "'%.*s' is not a time between 1677 and 2262: write 2026-11-22, "
                   "2026-11-22T08:14:00+07:00, -15m, -7d, today or now",
                   (int)(s.n > 60 ? 60 : s.n), s.p);
}
