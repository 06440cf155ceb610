/* when: the calendar against a slow count of days, RFC 3339, what people type, spans. */
#include "base/when.h"
#include "kit/kit.h"

static void test_every_day(void **state)
{
    (void)state;
    int32_t y = 1600;
    int m = 1, d = 1, weekday = 5; /* 1600-01-01 was a Saturday */
    for (int64_t days = when_days(1600, 1, 1); y <= 2400; days++) {
        int32_t gy;
        int gm, gd;
        assert_int_equal(when_days(y, m, d), days);
        when_from_days(days, &gy, &gm, &gd);
        assert_true(gy == y && gm == m && gd == d);
        assert_int_equal(when_weekday(days), weekday);
        weekday = (weekday + 1) % 7;
        if (++d > when_month_days(y, m)) {
            d = 1;
            if (++m > 12) {
                m = 1;
                y++;
            }
        }
    }
}

static void test_known_days(void **state)
{
    (void)state;
    static const struct {
        int32_t year;
        int month, day, weekday, month_days;
        int64_t days;
    } cases[] = {
        {1970, 1, 1, 3, 31, 0},       {2000, 2, 29, 1, 29, 11016},
        {1900, 2, 28, 2, 28, -25509}, {2026, 2, 17, 1, 28, 20501}, /* Tet of the year Binh Ngo */
        {2026, 11, 22, 6, 30, 20779}, {2100, 2, 28, 6, 28, 47540},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(when_days(cases[i].year, cases[i].month, cases[i].day), cases[i].days);
        assert_int_equal(when_weekday(cases[i].days), cases[i].weekday);
        assert_int_equal(when_month_days(cases[i].year, cases[i].month), cases[i].month_days);
    }
}

static void test_civil_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    static const int64_t edges[] = {
        INT64_MIN,     INT64_MIN + 1,       -1, 0, 1, INT64_MAX - 1, INT64_MAX, -NS_PER_S,
        -NS_PER_S - 1, INT64_MIN + NS_PER_S};
    static const int32_t offsets[] = {0,     WHEN_VN_OFFSET_S, -12 * 3600, 14 * 3600, -3600 * 3 - 1800, 86399,
                                      -86399};
    for (size_t i = 0; i < 20000 + COUNT_OF(edges); i++) {
        int64_t ns = i < COUNT_OF(edges) ? edges[i] : (int64_t)kit_next(&r), back = 42;
        for (size_t k = 0; k < COUNT_OF(offsets); k++) {
            struct civil c = when_from_ns(ns, offsets[k]);
            assert_true(when_civil_ok(&c));
            assert_true(when_to_ns(&c, &back));
            assert_true(back == ns);
        }
        struct buf b;
        buf_init(&b, 64);
        when_put_rfc3339(&b, ns);
        struct cur c = cur_of(buf_str(&b));
        assert_true(when_parse_rfc3339(&c, &back) && cur_done(&c));
        assert_true(back == ns);
        buf_done(&b);
    }
}

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int64_t want; /* seconds */
        int32_t ns;
        size_t left;
        bool ok;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0, 0, true},
        {"2026-11-22T08:14:00+07:00", 1795310040, 0, 0, true},
        {"2026-11-22 08:14:00+07:00", 1795310040, 0, 0, true},
        {"2026-11-22t01:14:00z", 1795310040, 0, 0, true},
        {"2026-11-22T01:14:00+0000", 1795310040, 0, 0, true},
        {"1985-04-12T23:20:50.52Z", 482196050, 520000000, 0, true},
        {"1985-04-12T23:20:50,123456789Zrest", 482196050, 123456789, 4, true},
        {"1985-04-12T23:20:50.1234567899999Z", 482196050, 123456789, 0, true},
        {"1990-12-31T23:59:60Z", 662687999, 0, 0, true},
        {"1996-12-19T16:39:57-08:00", 851042397, 0, 0, true},
        {"1937-01-01T12:00:27.87+00:20", -1041337173, 870000000, 0, true},
        {"2024-02-29T00:00:00Z", 1709164800, 0, 0, true},
        {"2023-02-29T00:00:00Z", 0, 0, 0, false},
        {"2100-02-29T00:00:00Z", 0, 0, 0, false},
        {"2026-13-01T00:00:00Z", 0, 0, 0, false},
        {"2026-00-01T00:00:00Z", 0, 0, 0, false},
        {"2026-01-32T00:00:00Z", 0, 0, 0, false},
        {"2026-01-01T24:00:00Z", 0, 0, 0, false},
        {"2026-01-01T00:60:00Z", 0, 0, 0, false},
        {"2026-01-01T00:00:61Z", 0, 0, 0, false},
        {"2026-01-01T00:00:00", 0, 0, 0, false},
        {"2026-01-01T00:00:00.Z", 0, 0, 0, false},
        {"2026-01-01T00:00:00+24:00", 0, 0, 0, false},
        {"2026-01-01T00:00:00+07:60", 0, 0, 0, false},
        {"2026-01-01T00:00:00+7:00", 0, 0, 0, false},
        {"2026-1-01T00:00:00Z", 0, 0, 0, false},
        {"2026-01-01", 0, 0, 0, false},
        {"9999-01-01T00:00:00Z", 0, 0, 0, false},
        {"0001-01-01T00:00:00Z", 0, 0, 0, false},
        {"", 0, 0, 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cur c = cur_of(str_of(cases[i].in));
        int64_t ns = 42;
        if (when_parse_rfc3339(&c, &ns) != cases[i].ok)
            fail_msg("'%s'", cases[i].in);
        assert_true(ns == (cases[i].ok ? cases[i].want * NS_PER_S + cases[i].ns : 42));
        assert_int_equal(cur_left(&c), cases[i].ok ? cases[i].left : strlen(cases[i].in));
    }
}

static void test_put(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {100000000, "1970-01-01T00:00:00.1Z"},
        {1, "1970-01-01T00:00:00.000000001Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;
        buf_init(&b, 64);
        when_put_rfc3339(&b, cases[i].ns);
        kit_assert_str(buf_str(&b), str_of(cases[i].want));
        buf_done(&b);
    }
}

/* 2026-11-22T03:04:05.5+07:00, a Sunday morning in Can Tho that is still Saturday in UTC. */
#define NOW (INT64_C(1795291445) * NS_PER_S + NS_PER_S / 2)
#define TODAY (INT64_C(1795280400) * NS_PER_S)

static void test_human(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        int64_t want;
    } cases[] = {
        {"now", true, NOW},
        {"today", true, TODAY},
        {" yesterday ", true, TODAY - WHEN_DAY_NS},
        {"-15m", true, NOW - 900 * NS_PER_S},
        {"-7d", true, NOW - 7 * WHEN_DAY_NS},
        {"-2w", true, NOW - 14 * WHEN_DAY_NS},
        {"2026-11-22", true, TODAY},
        {"22/11/2026", true, TODAY},
        {"2026-11-22 03:04", true, TODAY + (3 * 60 + 4) * 60 * NS_PER_S},
        {"2026-11-22T03:04:05", true, TODAY + ((3 * 60 + 4) * 60 + 5) * NS_PER_S},
        {"22/11/2026 03:04", true, TODAY + (3 * 60 + 4) * 60 * NS_PER_S},
        {"2026-11-22T00:00:00Z", true, TODAY + 7 * 3600 * NS_PER_S},
        {"2026-11-22T00:00:00Z rest", false, 0},
        {"2026-11-22 25:00", false, 0},
        {"32/11/2026", false, 0},
        {"11/22/2026", false, 0},
        {"2026-11-22 08", false, 0},
        {"tomorrow", false, 0},
        {"-", false, 0},
        {"-5", false, 0},
        {"-5y", false, 0},
        {"-99999999999999w", false, 0},
        {"-15000w", true, NOW - 15000 * 7 * WHEN_DAY_NS - 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        int64_t ns = 42;
        int rc = when_parse_human(str_of(cases[i].in), NOW, WHEN_VN_OFFSET_S, &ns, &err);
        if ((rc == 0) != cases[i].ok)
            fail_msg("'%s': %s", cases[i].in, err.msg);
        if (ns != (cases[i].ok ? cases[i].want : 42))
            fail_msg("'%s' gives %lld", cases[i].in, (long long)ns);
        assert_int_equal(err.code, cases[i].ok ? ERR_NONE : ERR_PARSE);
    }
    int64_t ns = 42;
    struct err err = {0};
    assert_int_equal(when_parse_human(S("yesterday"), INT64_MIN + WHEN_DAY_NS, 0, &ns, &err), -1);
    assert_int_equal(when_parse_human(S("-1000w"), INT64_MIN + 5, 0, &ns, &err), -1);
    assert_int_equal(ns, 42);
}

static void test_span(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        int64_t want_s;
    } cases[] = {
        {"90s", true, 90},         {"15m", true, 900},
        {"2h", true, 7200},        {"7d", true, 604800},
        {"4w", true, 2419200},     {"0s", true, 0},
        {"s", false, 0},           {"", false, 0},
        {"5", false, 0},           {"5 m", false, 0},
        {"-5m", false, 0},         {"5M", false, 0},
        {"1.5h", false, 0},        {"9223372036s", true, 9223372036},
        {"9223372037s", false, 0}, {"99999999999999999999s", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = 42;
        assert_int_equal(when_parse_span(str_of(cases[i].in), &ns), cases[i].ok);
        assert_true(ns == (cases[i].ok ? cases[i].want_s * NS_PER_S : 42));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_civil_property),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_human),
        cmocka_unit_test(test_span),
    };
    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
