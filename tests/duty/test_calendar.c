/* Working days, elapsed and civil limits: the vectors of context.md section 12 and the corners around them.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "base/when.h"
#include "duty/calendar.h"

static struct calendar *table;

static int64_t at(const char *text)
{
    int64_t ns = 0;
    struct err err = {0};
    assert_int_equal(when_parse_human(str_of(text), 0, WHEN_VN_OFFSET_S, &ns, &err), 0);
    return ns;
}

static int load(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(path, sizeof(path), "%s/catalogue/holidays.yaml", root == NULL ? "." : root);
    if (calendar_load(sys_linux(), path, &table, &err) != 0)
        print_error("%s\n", err.msg);
    return table == NULL;
}

static int unload(void **state)
{
    (void)state;
    calendar_free(table);
    return 0;
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        int32_t n;
        enum calendar_unit unit;
        const char *due, *legal; /* exclusive end, Vietnam time; legal NULL: the same */
        bool covered;
    } rows[] = {
        /* context.md section 12, "05 ngày làm việc" */
        {"2026-11-20 10:00", 5, CALENDAR_WORKING_DAY, "2026-12-01", NULL, true},
        {"2026-12-30 16:30", 5, CALENDAR_WORKING_DAY, "2027-01-08", NULL, true},
        {"2027-02-03 08:00", 5, CALENDAR_WORKING_DAY, "2027-02-18", NULL, true},
        {"2027-04-28 08:00", 5, CALENDAR_WORKING_DAY, "2027-05-08", NULL, true},
        /* the time of day of the event does not matter, the civil day in Vietnam does */
        {"2026-11-20 00:00", 5, CALENDAR_WORKING_DAY, "2026-12-01", NULL, true},
        {"2026-11-20 23:59:59", 5, CALENDAR_WORKING_DAY, "2026-12-01", NULL, true},
        {"2026-11-20T17:00:00Z", 5, CALENDAR_WORKING_DAY, "2026-12-01", NULL, true}, /* Saturday in Vietnam */
        {"2026-11-20T16:59:59Z", 5, CALENDAR_WORKING_DAY, "2026-12-01", NULL, true},
        /* a swap of 2026: Monday 31/8 off, Saturday 22/8 worked; 2/9 and 1/9 off */
        {"2026-08-21 09:00", 1, CALENDAR_WORKING_DAY, "2026-08-23", NULL, true},
        {"2026-08-28 09:00", 1, CALENDAR_WORKING_DAY, "2026-09-04", NULL, true},
        /* decision on a day off */
        {"2026-11-24 09:00", 1, CALENDAR_WORKING_DAY, "2026-11-26", NULL, true},
        /* Tết 2030: 1/2 to 5/2 and compensation on 6/2 and 7/2 */
        {"2030-01-31 09:00", 1, CALENDAR_WORKING_DAY, "2030-02-09", NULL, true},
        {"2030-01-30 09:00", 3, CALENDAR_WORKING_DAY, "2030-02-12", NULL, true},
        {"2030-11-22 09:00", 1, CALENDAR_WORKING_DAY, "2030-11-27", NULL, true},
        /* a year the table does not know: weekends only, and said so */
        {"2050-01-03 09:00", 5, CALENDAR_WORKING_DAY, "2050-01-11", NULL, false},
        {"2024-12-30 09:00", 1, CALENDAR_WORKING_DAY, "2025-01-01", NULL, false},
        {"2024-12-31 09:00", 1, CALENDAR_WORKING_DAY, "2025-01-03", NULL, true},
        /* T2: strict 24 h and 24:00 of the n-th day */
        {"2026-11-20 10:15:30", 1, CALENDAR_DAY, "2026-11-21 10:15:30", "2026-11-22", true},
        {"2026-11-20 10:15", 2, CALENDAR_DAY, "2026-11-22 10:15", "2026-11-23", true},
        {"2028-02-27 10:15", 3, CALENDAR_DAY, "2028-03-01 10:15", "2028-03-02", true},
        {"2026-11-20 10:15", 90, CALENDAR_MINUTE, "2026-11-20 11:45", NULL, true},
        {"2026-11-20 23:15", 4, CALENDAR_HOUR, "2026-11-21 03:15", NULL, true},
        /* weeks; T3: months and years end at 24:00 of the same day number or of the last day */
        {"2026-11-20 10:15", 1, CALENDAR_WEEK, "2026-11-28", NULL, true},
        {"2026-11-20 10:15", 3, CALENDAR_MONTH, "2027-02-21", NULL, true},
        {"2026-11-30 10:15", 3, CALENDAR_MONTH, "2027-03-01", NULL, true},
        {"2027-11-30 10:15", 3, CALENDAR_MONTH, "2028-03-01", NULL, true}, /* 29/2/2028 */
        {"2028-01-31 10:15", 1, CALENDAR_MONTH, "2028-03-01", NULL, true},
        {"2026-08-31 10:15", 1, CALENDAR_MONTH, "2026-10-01", NULL, true},
        {"2026-12-31 10:15", 2, CALENDAR_MONTH, "2027-03-01", NULL, true},
        {"2028-02-29 10:15", 1, CALENDAR_YEAR, "2029-03-01", NULL, true},
        {"2028-02-29 10:15", 4, CALENDAR_YEAR, "2032-03-01", NULL, true},
        {"2025-12-31 10:15", 1, CALENDAR_YEAR, "2027-01-01", NULL, true}, /* T6 lies inside the year */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct calendar_due due = {0};
        struct err err = {0};
        int rc = calendar_due(table, at(rows[i].start),
                              (struct calendar_span){.n = rows[i].n, .unit = rows[i].unit}, &due, &err);
        if (rc != 0 || due.due_ns != at(rows[i].due) ||
            due.legal_ns != at(rows[i].legal == NULL ? rows[i].due : rows[i].legal) ||
            due.covered != rows[i].covered)
            fail_msg("row %zu (%s + %d): rc %d, due %lld, covered %d", i, rows[i].start, rows[i].n, rc,
                     (long long)due.due_ns, due.covered);
    }
}

static void test_defaults_are_told(void **state)
{
    (void)state;
    struct calendar_due due;
    struct err err = {0};
    struct calendar_span five = {.n = 5, .unit = CALENDAR_WORKING_DAY};
    assert_int_equal(calendar_due(table, at("2027-02-03 08:00"), five, &due, &err), 0);
    assert_false(due.settled); /* Tết 2027 is not decided yet */
    assert_int_equal(calendar_due(table, at("2026-11-02 08:00"), five, &due, &err), 0);
    assert_true(due.settled);
}

static void test_refused(void **state)
{
    (void)state;
    struct calendar_due due;
    struct err err = {0};
    static const struct calendar_span bad[] = {
        {0, CALENDAR_DAY}, {-1, CALENDAR_DAY}, {CALENDAR_SPAN_MAX + 1, CALENDAR_DAY}};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(calendar_due(table, 0, bad[i], &due, &err), -1);
    assert_int_equal(
        calendar_due(table, 0, (struct calendar_span){CALENDAR_SPAN_MAX, CALENDAR_YEAR}, &due, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(calendar_due(table, INT64_MAX, (struct calendar_span){1, CALENDAR_DAY}, &due, &err), -1);

    struct calendar *c = NULL;
    const struct calendar_day twice[] = {{100, CALENDAR_HOLIDAY, false}, {100, CALENDAR_COMPENSATORY, false}};
    assert_int_equal(calendar_new(twice, 2, &c, &err), -1);
    const struct calendar_day monday[] = {{4, CALENDAR_WORKING_SATURDAY, false}}; /* 1970-01-05 */
    assert_int_equal(calendar_new(monday, 1, &c, &err), -1);
    assert_null(c);
    assert_int_equal(calendar_new(NULL, 0, &c, &err), 0);
    assert_false(calendar_covers(c, 0));
    assert_int_equal(calendar_due(c, 0, (struct calendar_span){1, CALENDAR_WORKING_DAY}, &due, &err), 0);
    assert_false(due.covered);
    calendar_free(c);
}

static void test_spans(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int32_t n;
        enum calendar_unit unit;
    } rows[] = {
        {"PT15M", true, 15, CALENDAR_MINUTE}, {"PT1H", true, 1, CALENDAR_HOUR},
        {"P1D", true, 1, CALENDAR_DAY},       {"P2W", true, 2, CALENDAR_WEEK},
        {"P3M", true, 3, CALENDAR_MONTH},     {"P5Y", true, 5, CALENDAR_YEAR},
        {"P0D", false, 0, CALENDAR_DAY},      {"P", false, 0, CALENDAR_DAY},
        {"PT", false, 0, CALENDAR_DAY},       {"PT1D", false, 0, CALENDAR_DAY},
        {"P1H", false, 0, CALENDAR_DAY},      {"P1", false, 0, CALENDAR_DAY},
        {"1D", false, 0, CALENDAR_DAY},       {"P-1D", false, 0, CALENDAR_DAY},
        {"P1DT1H", false, 0, CALENDAR_DAY},   {"P999999999999D", false, 0, CALENDAR_DAY},
        {"", false, 0, CALENDAR_DAY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct calendar_span s = {0};
        assert_int_equal(calendar_parse_span(str_of(rows[i].text), &s), rows[i].ok);
        if (rows[i].ok) {
            assert_int_equal(s.n, rows[i].n);
            assert_int_equal(s.unit, rows[i].unit);
        }
    }
}

/* Every limit in working days ends behind a working day, and never gets shorter with one day more. */
static void test_property(void **state)
{
    (void)state;
    for (int64_t day = when_days(2025, 1, 1); day < when_days(2035, 11, 1); day++) {
        int64_t start, last = 0;
        assert_true(calendar_day_start(day, &start));
        assert_int_equal(calendar_day_of(start), day);
        assert_int_equal(calendar_day_of(start - 1), day - 1);
        for (int32_t n = 1; n <= 15; n++) {
            struct calendar_due due;
            struct err err = {0};
            struct calendar_span span = {.n = n, .unit = CALENDAR_WORKING_DAY};
            assert_int_equal(calendar_due(table, start, span, &due, &err), 0);
            assert_true(calendar_is_working(table, calendar_day_of(due.due_ns - 1)));
            assert_true(due.due_ns > last);
            assert_true(due.covered);
            last = due.due_ns;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_defaults_are_told),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_spans),
        cmocka_unit_test(test_property),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
