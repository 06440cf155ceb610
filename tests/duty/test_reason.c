/* Reasons: sentences, arguments, JSON there and back, texts that are refused. */
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
#include "duty/duty.h"

static const char yaml[] =
    "a.b: {vi: \"{n} nguồn, {x}% lúc {t} ngày {d}: {w} “{s}”\", en: \"{n} {x} {t} {d} {w} {s}\"}\n"
    "also.one: {vi: \"Thêm {n}.\", en: \"Also {n}.\"}\n"
    "word.form.plan: {vi: kế hoạch, en: plan}\n"
    "broken: {vi: \"{zz} {n\", en: \"{zz} }\"}\n";

static struct reason sample(void)
{
    struct reason r = reason_of(S("a.b"));
    reason_add_int(&r, S("n"), 3);
    reason_add_real(&r, S("x"), 99.25);
    reason_add_time(&r, S("t"), INT64_C(1795140240) * NS_PER_S); /* 2026-11-20T01:24:00Z */
    reason_add_date(&r, S("d"), when_days(2026, 2, 3));
    reason_add_word(&r, S("w"), S("word.form.plan"));
    reason_add_text(&r, S("s"), S("x\xffy"));
    return r;
}

static void assert_renders(const struct reason_texts *t, const struct reason *r, enum reason_lang lang,
                           const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 12);
    reason_render(t, r, lang, &b);
    if (!str_eq(buf_str(&b), str_of(want)))
        fail_msg("%.*s", STR_ARG(buf_str(&b)));
    buf_done(&b);
}

static void test_render(void **state)
{
    (void)state;
    struct reason_texts *t = NULL;
    struct err err = {0};
    assert_int_equal(reason_parse_texts(S(yaml), S("x.yaml"), &t, &err), 0);
    struct reason r = sample();
    struct civil c = when_from_ns(r.args[2].i, WHEN_VN_OFFSET_S);
    char vi[256], en[256];
    (void)snprintf(vi, sizeof(vi),
                   "3 nguồn, 99,2%% lúc %02d/%02d/%04d %02d:%02d ngày 03/02/2026: kế hoạch “x\xef\xbf\xbdy”",
                   c.day, c.month, c.year, c.hour, c.minute);
    (void)snprintf(en, sizeof(en), "3 99.2 %04d-%02d-%02d %02d:%02d 2026-02-03 plan x\xef\xbf\xbdy", c.year,
                   c.month, c.day, c.hour, c.minute);
    assert_renders(t, &r, REASON_VI, vi);
    assert_renders(t, &r, REASON_EN, en);
    struct reason also = reason_of(S("also.one"));
    reason_add_int(&also, S("n"), -1);
    reason_add_also(&also, S("also.one"));
    reason_add_also(&also, S("not.there"));
    assert_renders(t, &also, REASON_EN, "Also -1. Also -1. not.there");
    struct reason broken = reason_of(S("broken"));
    reason_add_int(&broken, S("n"), 5);
    assert_renders(t, &broken, REASON_VI, "{zz} 5");
    assert_renders(t, &broken, REASON_EN, "{zz} }");
    broken.args[0].kind = REASON_REAL;
    broken.args[0].d = 1e300; /* longer than any number we show */
    assert_renders(t, &broken, REASON_VI, "{zz} ?");
    reason_texts_free(t);
}

static void test_json(void **state)
{
    (void)state;
    struct buf b, again;
    struct jout j;
    struct arena a;
    struct reason r = sample(), back;
    struct err err = {0};
    arena_init(&a, 1 << 16);
    buf_init(&b, 1 << 14);
    buf_init(&again, 1 << 14);
    r.args[5].text = S("x");
    jout_init(&j, &b);
    reason_put_json(&j, NULL, &r);
    assert_int_equal(reason_parse(buf_str(&b), &a, &back, &err), 0);
    assert_int_equal(back.n, r.n);
    for (size_t i = 0; i < r.n; i++)
        assert_int_equal(back.args[i].kind, r.args[i].kind);
    jout_init(&j, &again);
    reason_put_json(&j, NULL, &back);
    assert_true(str_eq(buf_str(&b), buf_str(&again)));

    static const char *const refused[] = {
        "",
        "[]",
        "{}",
        "{\"code\":\"\"}",
        "{\"code\":1}",
        "{\"code\":\"a\",\"args\":[]}",
        "{\"code\":\"a\",\"args\":{\"x\":{}}}",
        "{\"code\":\"a\",\"args\":{\"x\":true}}",
        "{\"code\":\"a\",\"args\":{\"\":1}}",
        "{\"code\":\"a\",\"args\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}}",
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_int_equal(reason_parse(str_of(refused[i]), &a, &back, &err), -1);
    assert_int_equal(
        reason_parse(S("{\"code\":\"a\",\"args\":{\"x\":null,\"d\":\"2026-13-01\"}}"), &a, &back, &err), 0);
    assert_int_equal(back.args[0].kind, REASON_TEXT);
    assert_int_equal(back.args[1].kind, REASON_TEXT);
    struct arena small;
    arena_init(&small, 1);
    assert_int_equal(reason_parse(buf_str(&b), &small, &back, &err), -1);
    assert_int_equal(err.code, ERR_NOMEM);
    arena_done(&small);
    arena_done(&a);
    buf_done(&b);
    buf_done(&again);
}

static void test_texts_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "- a\n",
        "a: b\n",
        "a: {vi: x}\n",
        "a: {vi: x, en: \"\"}\n",
        "a: {vi: x, en: y, fr: z}\n",
        "a: {vi: x, en: y}\na: {vi: x, en: y}\n",
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct reason_texts *t = NULL;
        struct err err = {0};
        assert_int_equal(reason_parse_texts(str_of(refused[i]), S("x.yaml"), &t, &err), -1);
        assert_true(err.line > 0);
        assert_null(t);
    }
}

/* {names} of a text, sorted and joined. */
static void arguments(struct str text, char *out, size_t max)
{
    char names[16][32];
    size_t n = 0;
    struct str head, rest = text, name;
    while (str_cut(rest, '{', &head, &rest) && n < COUNT_OF(names)) {
        (void)str_cut(rest, '}', &name, &rest);
        (void)snprintf(names[n++], sizeof(names[0]), "%.*s", STR_ARG(name));
    }
    qsort(names, n, sizeof(names[0]), (int (*)(const void *, const void *))strcmp);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        (void)snprintf(out + strlen(out), max - strlen(out), "%s ", names[i]);
}

/* The shipped texts: both languages use the same arguments, all engine codes are there. */
static void test_shipped(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "met.document",        "met.event",      "failed.late",           "overdue.period",
        "overdue.first",       "overdue.event",  "unknown.event_due",     "unknown.event_open",
        "unknown.no_event",    "unknown.stale",  "unknown.never_checked", "unknown.no_check",
        "unknown.no_document", "unknown.lapsed", "na.approved",           "also.until",
        "also.waiting",        "also.legal",     "also.calendar",         "evidence.auto",
        "evidence.document",   "evidence.none",  "explain.todo",
    };
    char path[4096], vi[512], en[512];
    struct reason_texts *t = NULL;
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(path, sizeof(path), "%s/catalogue/texts/reasons.yaml", root == NULL ? "." : root);
    assert_int_equal(reason_load(sys_linux(), path, &t, &err), 0);
    for (size_t i = 0; i < reason_count(t); i++) {
        struct str code = reason_code_at(t, i);
        arguments(reason_text(t, code, REASON_VI), vi, sizeof(vi));
        arguments(reason_text(t, code, REASON_EN), en, sizeof(en));
        if (strcmp(vi, en) != 0)
            fail_msg("%.*s: %s and %s", STR_ARG(code), vi, en);
    }
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        assert_non_null(reason_text(t, str_of(codes[i]), REASON_VI).p);
    for (int s = 0; s < DUTY_STATUS_COUNT; s++) {
        char code[64];
        (void)snprintf(code, sizeof(code), "explain.%.*s", STR_ARG(duty_status_name((enum duty_status)s)));
        assert_non_null(reason_text(t, str_of(code), REASON_VI).p);
    }
    for (int f = CATALOGUE_FORM_NONE + 1; f < CATALOGUE_FORM_COUNT; f++) {
        char code[64];
        (void)snprintf(code, sizeof(code), "word.form.%.*s",
                       STR_ARG(catalogue_form_name((enum catalogue_form)f)));
        assert_non_null(reason_text(t, str_of(code), REASON_VI).p);
    }
    reason_texts_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_texts_refused),
        cmocka_unit_test(test_shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
