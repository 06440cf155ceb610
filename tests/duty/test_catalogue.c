/* The catalogue as shipped loads whole and in order; everything the format forbids is refused with its line.
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

#include "base/buf.h"
#include "base/when.h"
#include "duty/catalogue.h"

#define DUTIES 332

static struct catalogue *shipped;

static int load(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(path, sizeof(path), "%s/catalogue", root == NULL ? "." : root);
    if (catalogue_load(sys_linux(), path, &shipped, &err) != 0)
        print_error("%s\n", err.msg);
    return shipped == NULL;
}

static int unload(void **state)
{
    (void)state;
    catalogue_free(shipped);
    return 0;
}

/* ^(QD|D\d+)(\.[0-9a-z]+)+$ */
static bool id_matches(struct str id)
{
    size_t i = str_starts(id, S("QD")) ? 2 : 1, parts = 0;
    if (i == 1 && (id.n < 2 || id.p[0] != 'D' || !ascii_is_digit(id.p[1])))
        return false;
    while (i < id.n && ascii_is_digit(id.p[i]))
        i++;
    while (i < id.n) {
        size_t start = i + 1;
        if (id.p[i++] != '.')
            return false;
        while (i < id.n && (ascii_is_digit(id.p[i]) || ascii_is_lower(id.p[i])))
            i++;
        if (i == start)
            return false;
        parts++;
    }
    return parts > 0;
}

static void test_shipped(void **state)
{
    (void)state;
    assert_int_equal(catalogue_count(shipped), DUTIES);
    for (size_t i = 0; i < DUTIES; i++) {
        const struct catalogue_duty *d = catalogue_at(shipped, i);
        assert_true(id_matches(d->id));
        assert_int_equal(d->index, i);
        assert_ptr_equal(catalogue_find(shipped, d->id), d);
        assert_true(d->number == 0 ? d->article == NULL : d->article->n == d->number);
        assert_true(d->freshness.n > 0 && d->who != 0 && d->scope != 0);
        if (i > 0)
            assert_true(catalogue_cmp_ids(catalogue_at(shipped, i - 1)->id, d->id) < 0);
    }
    assert_int_equal(catalogue_article_count(shipped), 28);
    assert_true(str_eq(catalogue_version(shipped), S("2026.11.1")));
    assert_int_equal(catalogue_date(shipped), when_days(2026, 11, 22));
    assert_null(catalogue_find(shipped, S("D13.6.99")));
    assert_null(catalogue_find(shipped, S("")));
    const struct catalogue_law *old = catalogue_law_find(shipped, S("luat-86-2015"));
    assert_non_null(old);
    assert_true(catalogue_law_in_force(old, when_days(2026, 6, 30)));
    assert_false(catalogue_law_in_force(old, when_days(2026, 7, 1)));
    assert_false(catalogue_law_in_force(old, when_days(2016, 6, 30)));
}

static void test_order(void **state)
{
    (void)state;
    static const char *const sorted[] = {"QD.3.1",    "D2.2.1",     "D12.3.a.1", "D12.3.c.5",
                                         "D12.3.d.1", "D12.3.dd.1", "D12.3.e.1", "D13.6.2",
                                         "D13.6.10",  "D20.2.0.1",  "D20.2.b.1"};
    for (size_t i = 0; i < COUNT_OF(sorted); i++) {
        for (size_t k = 0; k < COUNT_OF(sorted); k++) {
            int rc = catalogue_cmp_ids(str_of(sorted[i]), str_of(sorted[k]));
            assert_int_equal((rc > 0) - (rc < 0), (i > k) - (i < k));
        }
    }
    assert_true(catalogue_cmp_ids(S("D1.1"), S("D1.01")) != 0);
}

#define VERSION "version: \"1\"\ndate: 2026-11-22\n"
#define ARTICLES                                                                                             \
    "chapters:\n  - {id: I, title: {vi: a, en: a}}\narticles:\n  - {n: 13, chapter: I, title: {vi: a, en: "  \
    "a}}\n"
#define LAWS "- {id: l1, number: \"1\", title: {vi: a, en: a}, cited: true, in_force_from: 2020-01-01}\n"
#define TEXTS                                                                                                \
    "  clause: {vi: a, en: a}\n  title: {vi: a, en: a}\n  who: [agency]\n  scope: [org]\n"                   \
    "  why: {vi: a, en: a}\n  todo: {vi: a, en: a}\n"
#define DUTY(id, rest) "- id: " id "\n  article: 13\n" TEXTS rest
#define MACHINE "  trigger: continuous\n  verification: A\n  evidence: {auto: []}\n  freshness: PT1H\n"
#define PAPER "  verification: W\n  evidence: {form: plan}\n  freshness: P1Y\n"

static int load_texts(const char *articles, const char *laws, const char *duties, struct err *err)
{
    struct catalogue *c = NULL;
    int rc = catalogue_new(&c, err);
    if (rc == 0)
        rc = catalogue_add(c, S("x/catalogue.yaml"), S(VERSION), err);
    if (rc == 0)
        rc = catalogue_add(c, S("x/articles.yaml"), str_of(articles), err);
    if (rc == 0)
        rc = catalogue_add(c, S("x/laws.yaml"), str_of(laws), err);
    if (rc == 0)
        rc = catalogue_add(c, S("x/duties/dieu-13.yaml"), str_of(duties), err);
    if (rc == 0)
        rc = catalogue_finish(c, err);
    catalogue_free(c);
    return rc;
}

static void test_duties_refused(void **state)
{
    (void)state;
    static const struct {
        const char *duties;
        size_t line; /* 0: accepted */
    } rows[] = {
        {"[]\n", 0},
        {DUTY("D13.1.1", MACHINE), 0},
        {DUTY("D13.1.1", MACHINE "  laws: [l1]\n  default: true\n"), 0},
        {DUTY("D13.1.1", "  trigger: periodic\n  every: P3M\n" PAPER), 0},
        {DUTY("D13.1.1",
              "  trigger: event\n  event: {vi: a, en: a}\n  within: {n: 5, unit: working_day}\n" PAPER),
         0},
        {"a: b\n", 1},                                           /* not a list */
        {DUTY("D13.1.1", MACHINE "  colour: red\n"), 13},        /* unknown key */
        {DUTY("D13.1.1", MACHINE "  laws: [l2]\n"), 1},          /* unknown law */
        {DUTY("D13.1.1", MACHINE) DUTY("D13.1.1", MACHINE), 13}, /* doubled id */
        {DUTY("D14.1.1", MACHINE), 1},                           /* id and article differ */
        {DUTY("D13", MACHINE), 1},
        {DUTY("D13.", MACHINE), 1},
        {DUTY("D13.1..1", MACHINE), 1},
        {DUTY("D13.A", MACHINE), 1},
        {DUTY("QD.1", MACHINE), 1},
        {"- id: D13.1\n", 1}, /* missing keys */
        {"- id: D13.1\n  article: x\n", 2},
        {DUTY("D13.1.1", "  trigger: daily\n" PAPER), 9},
        {DUTY("D13.1.1", "  trigger: periodic\n" PAPER), 1}, /* no period */
        {DUTY("D13.1.1", "  trigger: once\n  every: P1Y\n" PAPER), 1},
        {DUTY("D13.1.1", "  trigger: periodic\n  every: PT5M\n" PAPER), 1},
        {DUTY("D13.1.1", "  trigger: event\n" PAPER), 1},
        {DUTY("D13.1.1", "  trigger: event\n  event: {vi: a, en: a}\n  within: {n: 0, unit: day}\n" PAPER),
         11},
        {DUTY("D13.1.1", "  trigger: event\n  event: {vi: a, en: a}\n  within: {n: 5, unit: month}\n" PAPER),
         11},
        {DUTY("D13.1.1", "  trigger: event\n  event: {vi: a}\n" PAPER), 10},
        {DUTY("D13.1.1", "  trigger: once\n  verification: X\n"), 10},
        {DUTY("D13.1.1", "  trigger: once\n  verification: A\n  evidence: {form: plan}\n"), 11},
        {DUTY("D13.1.1", "  trigger: once\n  verification: W\n  evidence: {auto: []}\n"), 11},
        {DUTY("D13.1.1", "  trigger: once\n  verification: W\n  evidence: {form: poem}\n"), 11},
        {DUTY("D13.1.1", "  trigger: once\n  verification: A\n  evidence: {auto: [a, a]}\n"), 11},
        {DUTY("D13.1.1", "  trigger: once\n  verification: A\n  evidence: {auto: [], approve: true}\n"), 11},
        {DUTY("D13.1.1", "  trigger: once\n  verification: A\n  evidence: {auto: []}\n  freshness: 1h\n"),
         12},
        {DUTY("D13.1.1", MACHINE "  threshold: text\n"), 13},
        {DUTY("D13.1.1", MACHINE "  default: maybe\n"), 13},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int rc = load_texts(ARTICLES, LAWS, rows[i].duties, &err);
        if ((rc == 0) != (rows[i].line == 0) || (rc != 0 && err.line != rows[i].line))
            fail_msg("row %zu: rc %d, line %zu, want %zu: %s", i, rc, err.line, rows[i].line, err.msg);
        if (rc != 0)
            assert_true(str_find(str_of(err.msg), S("dieu-13.yaml:")) != SIZE_MAX);
    }
}

static void test_other_files_refused(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(load_texts("chapters: []\narticles: []\n", LAWS, DUTY("D13.1.1", MACHINE), &err), -1);
    assert_int_equal(load_texts("chapters: []\narticles: [{n: 1, chapter: I, title: {vi: a, en: a}}]\n", LAWS,
                                "[]\n", &err),
                     -1);
    assert_int_equal(load_texts(ARTICLES, LAWS LAWS, "[]\n", &err), -1);
    assert_int_equal(load_texts(ARTICLES,
                                "- {id: l1, number: \"1\", title: {vi: a, en: a}, cited: true, "
                                "in_force_from: 2020-02-30}\n",
                                "[]\n", &err),
                     -1);
    assert_int_equal(load_texts(ARTICLES,
                                "- {id: l1, number: \"1\", title: {vi: a, en: a}, cited: true, "
                                "in_force_from: 2020-02-03, replaced_by: [l1]}\n",
                                "[]\n", &err),
                     -1);
    struct catalogue *c = NULL;
    assert_int_equal(catalogue_new(&c, &err), 0);
    assert_int_equal(catalogue_finish(c, &err), -1); /* no version */
    catalogue_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_duties_refused),
        cmocka_unit_test(test_other_files_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
