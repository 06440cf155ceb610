/* Which lines are one record, and that records of a file are its lines: none lost, none twice, limits kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "flow/record.h"

static void test_joins(void **state)
{
    static const struct {
        const char *open, *line;
        bool joins;
    } rows[] = {
        {"Nov 22 07:59:58 h a: x", "\tat B.c(D.java:7)", true},
        {"Nov 22 07:59:58 h a: x", "  indented", true},
        {"Nov 22 07:59:58 h a: x", "Nov 22 07:59:59 h a: y", false},
        {"Nov 22 07:59:58 h a: x", "plain", false},
        {"x\n\tat B", "Caused by: C: d", true},
        {"2026-11-22 x: Traceback (most recent call last):\n  File \"a.py\"", "ValueError: x", true},
        {"2026-11-22 x: Traceback (most recent call last):\n  File \"a.py\"", "2026-11-22 07:59:59 y", false},
        {"<Event><System>", "<EventID>1</EventID>", true},
        {"<Event><System></System></Event>", "<Event>", false},
        {"<Event><System></System></Event>", "x", false},
        {"{\"a\":1,", "\"b\":2}", true},
        {"{\"a\":\"}\",", "\"b\":2}", true},
        {"{\"a\":1}", "\"b\":2}", false},
        {"{\"a\":1,", "{\"a\":2}", false},
        {"2026-11-22 07:59:58 UTC,\"an\",1,\"select", "2026-11-22 is a date", true},
        {"2026-11-22 07:59:58 UTC,\"an\",1,\"select\"", "2026-11-22 07:59:59 UTC,\"an\"", false},
        {"2026-11-22 07:59:58 UTC [1] LOG:  x", "Version: '8.0'", true},
        {"2026-11-22 07:59:58 UTC [1] LOG:  x", "#Fields: date", false},
        {"161209 13:08:33 x", "InnoDB: y", true},
        {"x", "", false},
        {"", "x", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (record_joins(str_of(rows[i].open), str_of(rows[i].line)) != rows[i].joins)
            fail_msg("row %zu: <%s> and <%s>", i, rows[i].open, rows[i].line);
    }
}

/* A file of these bytes, open at its start; it has no name any more. */
static int file_of(struct str text)
{
    char path[] = "/tmp/khien-record-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)unlink(path);
    for (size_t at = 0; at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void check_file(struct str text, const char *const *want, size_t n_want)
{
    struct err err = {0};
    struct lines *l = NULL;
    struct record *r = NULL;
    struct str got;
    uint8_t flags = 0;
    int fd = file_of(text), rc;
    size_t n = 0;
    assert_int_equal(lines_new(fd, &l, &err), 0);
    assert_int_equal(record_new(l, &r, &err), 0);
    while ((rc = record_next(r, &got, &flags, &err)) == 0) {
        assert_true(n < n_want);
        assert_true(str_eq(got, str_of(want[n])));
        n++;
    }
    assert_int_equal(rc, 1);
    assert_int_equal(record_next(r, &got, &flags, &err), 1);
    assert_int_equal(n, n_want);
    record_free(r);
    lines_free(l);
    (void)close(fd);
}

static void test_files(void **state)
{
    static const char *const want[] = {"Nov 22 07:59:58 h a: x\n\tat B", "Nov 22 07:59:59 h a: y",
                                       "2026-11-22 07:59:58 UTC [1] LOG:  select\n1",
                                       "2026-11-22 07:59:59 UTC [1] LOG:  b"};
    (void)state;
    check_file(S("Nov 22 07:59:58 h a: x\n\tat B\nNov 22 07:59:59 h a: y\r\n2026-11-22 07:59:58 UTC [1] LOG: "
                 " select\n1"),
               (const char *const[]){"Nov 22 07:59:58 h a: x\n\tat B", "Nov 22 07:59:59 h a: y",
                                     "2026-11-22 07:59:58 UTC [1] LOG:  select", "1"},
               4);
    check_file(
        S("Nov 22 07:59:58 h a: x\n\tat B\nNov 22 07:59:59 h a: y\n2026-11-22 07:59:58 UTC [1] LOG:  select\n"
          "2026-11-22 07:59:59 UTC [1] LOG:  b\n"),
        (const char *const[]){want[0], want[1], "2026-11-22 07:59:58 UTC [1] LOG:  select", want[3]}, 4);
    check_file(S(""), NULL, 0);
    check_file(S("\n\n"), NULL, 0);
    check_file(S("one"), (const char *const[]){"one"}, 1);
}

/* A JSON object that never ends is cut at the largest record; every byte of the file still comes. */
static void test_limit(void **state)
{
    size_t line = 1000, n = 3000, seen = 0;
    char *text = malloc(line * n);
    struct err err = {0};
    struct lines *l = NULL;
    struct record *r = NULL;
    struct str got;
    uint8_t flags = 0;
    (void)state;
    assert_non_null(text);
    memset(text, 'x', line * n);
    for (size_t i = 0; i < n; i++)
        text[i * line + line - 1] = '\n';
    text[0] = '{';
    int fd = file_of((struct str){text, line * n});
    assert_int_equal(lines_new(fd, &l, &err), 0);
    assert_int_equal(record_new(l, &r, &err), 0);
    while (record_next(r, &got, &flags, &err) == 0) {
        assert_true(got.n <= EVENT_RAW_BYTES_MAX);
        seen += got.n + 1;
    }
    assert_int_equal(seen, line * n);
    record_free(r);
    lines_free(l);
    (void)close(fd);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_joins), cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
