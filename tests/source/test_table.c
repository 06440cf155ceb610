/* The table of sources: identity, bound, restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "source/source_table.h"

static const struct str none = {NULL, 0};

static void test_identity(void **state)
{
    struct source_table *t;
    struct err err = {0};
    (void)state;
    assert_int_equal(source_table_new(7, &t, &err), 0);
    struct source *a = source_table_get(t, SOURCE_UDP, S("192.0.2.1"), none);
    assert_ptr_equal(a, source_table_get(t, SOURCE_UDP, S("192.0.2.1"), none));
    assert_ptr_not_equal(a, source_table_get(t, SOURCE_TCP, S("192.0.2.1"), none));
    struct source *b = source_table_get(t, SOURCE_TLS, S("192.0.2.1"), S("CN=a"));
    assert_ptr_not_equal(b, source_table_get(t, SOURCE_TLS, S("192.0.2.1"), S("CN=b")));
    assert_true(str_eq(a->name, S("192.0.2.1")) && a->subject.p == NULL);
    assert_int_equal(a->next_seq, 1);
    assert_int_equal(source_table_rename(t, a->id, S("máy chủ"), &err), 0);
    assert_int_equal(source_table_rename(t, a->id, S("web1"), &err), 0);
    assert_true(str_eq(a->name, S("web1")) && str_eq(a->address, S("192.0.2.1")));
    assert_int_equal(source_table_rename(t, 999, S("x"), &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_ptr_equal(source_table_find(t, a->id), a);
    assert_null(source_table_find(t, 0));
    assert_null(source_table_find(t, 1000));
    source_table_free(t);
    source_table_free(NULL);
}

static void test_bound(void **state)
{
    struct source_table *t;
    struct err err = {0};
    char name[32];
    (void)state;
    assert_int_equal(source_table_new(7, &t, &err), 0);
    for (unsigned i = 0; i < SOURCE_TABLE_ROWS_MAX + 5; i++) {
        int n = snprintf(name, sizeof(name), "10.%u.%u", i / 256, i % 256);
        struct source *s = source_table_get(t, SOURCE_UDP, (struct str){name, (size_t)n}, none);
        assert_int_equal(s->id, i + 1 < SOURCE_TABLE_ROWS_MAX ? i + 2 : 1);
    }
    assert_int_equal(source_table_count(t), SOURCE_TABLE_ROWS_MAX);
    assert_int_equal(source_table_overflowed(t), 6);
    assert_true(str_eq(source_table_find(t, 1)->name, S("overflow")));
    struct source known = {.kind = SOURCE_UDP, .address = S("1.1.1.1")}, *s;
    assert_int_equal(source_table_restore(t, &known, &s, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    source_table_free(t);
}

static void test_restart(void **state)
{
    struct source_table *t;
    struct err err = {0};
    struct source *s;
    (void)state;
    struct source known = {.kind = SOURCE_TCP,
                           .address = S("192.0.2.9"),
                           .name = S("fw"),
                           .received = 12,
                           .stored = 10,
                           .next_seq = 11};
    assert_int_equal(source_table_new(7, &t, &err), 0);
    assert_int_equal(source_table_restore(t, &known, &s, &err), 0);
    assert_true(str_eq(s->name, S("fw")));
    assert_int_equal(s->received, 10);
    assert_int_equal(s->next_seq, 11);
    s->received += 3;
    source_table_stored(t, s->id, 2);
    source_table_malformed(t, s->id, 1);
    assert_int_equal(s->stored, 12);
    assert_int_equal(s->malformed, 1);
    char longer[SOURCE_TEXT_BYTES_MAX + 50];
    memset(longer, 'x', sizeof(longer));
    s = source_table_get(t, SOURCE_FILE, (struct str){longer, sizeof(longer)}, none);
    assert_int_equal(s->address.n, SOURCE_TEXT_BYTES_MAX);
    assert_ptr_equal(s, source_table_get(t, SOURCE_FILE, (struct str){longer, sizeof(longer)}, none));
    source_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_identity), cmocka_unit_test(test_bound),
                                       cmocka_unit_test(test_restart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
