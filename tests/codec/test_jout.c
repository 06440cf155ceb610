/* jout: what is written is JSON that another reader reads back the same. */
#include <jansson.h>
#include <math.h>

#include "base/text.h"
#include "base/when.h"
#include "codec/jout.h"
#include "kit/kit.h"

static json_t *parse(const struct buf *b)
{
    json_error_t e;
    json_t *j = json_loadb(b->p, b->n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
    if (j == NULL)
        fail_msg("%s in %.*s", e.text, STR_ARG(buf_str(b)));
    return j;
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        struct str in, want;
    } cases[] = {
        {S(""), S("\"\"")},
        {S("plain"), S("\"plain\"")},
        {S("a\"b\\c/"), S("\"a\\\"b\\\\c/\"")},
        {S("\b\t\n\f\r"), S("\"\\b\\t\\n\\f\\r\"")},
        {S("\0\x1f\x7f"), S("\"\\u0000\\u001f\\u007f\"")},
        {S("Đặng"), S("\"Đặng\"")},
        {S("\xff"
           "a"),
         S("\"\xEF\xBF\xBD"
           "a\"")},
        {S("\xE2\x80\xA8\xE2\x80\xA9"), S("\"\\u2028\\u2029\"")},
        {S("</script>"), S("\"</script>\"")},
        {{NULL, 0}, S("null")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;
        struct jout j;
        buf_init(&b, 1000);
        jout_init(&j, &b);
        jout_str(&j, cases[i].in);
        kit_assert_str(buf_str(&b), cases[i].want);
        json_decref(parse(&b));
        buf_done(&b);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct buf b;
    struct jout j;
    buf_init(&b, 10000);
    jout_init(&j, &b);
    jout_obj(&j);
    JOUT_I64(&j, "min", INT64_MIN);
    JOUT_U64(&j, "max", UINT64_MAX);
    JOUT_DOUBLE(&j, "pi", 3.25);
    JOUT_DOUBLE(&j, "tiny", 1e-300);
    JOUT_DOUBLE(&j, "nan", (double)NAN);
    JOUT_DOUBLE(&j, "inf", (double)-INFINITY);
    JOUT_BOOL(&j, "yes", true);
    JOUT_BOOL(&j, "no", false);
    JOUT_TIME(&j, "time", INT64_C(1795291445500000000));
    JOUT_TIME(&j, "never", 0);
    JOUT_CSTR(&j, "text", "x");
    jout_key(&j, S("both"));
    jout_vi_en(&j, S("nhật ký"), S("log"));
    jout_key(&j, S("raw"));
    jout_raw(&j, S("[1,2]"));
    jout_key(&j, S("empty"));
    jout_arr(&j);
    jout_arr_end(&j);
    jout_obj_end(&j);
    kit_assert_str(
        buf_str(&b),
        S("{\"min\":-9223372036854775808,\"max\":18446744073709551615,\"pi\":3.25,\"tiny\":1e-300,"
          "\"nan\":null,\"inf\":null,\"yes\":true,\"no\":false,\"time\":\"2026-11-21T20:04:05.5Z\","
          "\"never\":null,\"text\":\"x\",\"both\":{\"vi\":\"nhật ký\",\"en\":\"log\"},\"raw\":[1,2],"
          "\"empty\":[]}"));
    buf_done(&b);
}

/* Write a random value and make the same value with jansson. */
static json_t *random_value(struct kit_rng *r, struct jout *j, unsigned depth)
{
    char raw[12];
    size_t n = kit_below(r, 5), k = kit_below(r, depth > 0 ? 6 : 4);
    if (k == 0) {
        int64_t v = (int64_t)(kit_next(r) >> kit_below(r, 64));
        jout_i64(j, v);
        return json_integer(v);
    }
    if (k == 1) {
        jout_bool(j, n % 2 == 0);
        return json_boolean(n % 2 == 0);
    }
    if (k == 2) {
        jout_null(j);
        return json_null();
    }
    if (k == 3) {
        size_t len = kit_below(r, sizeof(raw));
        struct buf clean;
        kit_bytes(r, raw, len);
        jout_str(j, (struct str){raw, len});
        buf_init(&clean, 100);
        text_put_clean(&clean, (struct str){raw, len});
        json_t *s = json_stringn(clean.p == NULL ? "" : clean.p, clean.n);
        buf_done(&clean);
        return s;
    }
    json_t *list = k == 4 ? json_array() : json_object();
    if (k == 4)
        jout_arr(j);
    else
        jout_obj(j);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(raw, sizeof(raw), "k\n%zu", i);
        if (k == 5)
            jout_key(j, str_of(raw));
        json_t *v = random_value(r, j, depth - 1);
        (void)(k == 4 ? json_array_append_new(list, v) : json_object_set_new(list, raw, v));
    }
    if (k == 4)
        jout_arr_end(j);
    else
        jout_obj_end(j);
    return list;
}

static void test_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        struct jout j;
        buf_clear(&b);
        jout_init(&j, &b);
        json_t *want = random_value(&r, &j, 6), *got = parse(&b);
        assert_true(!b.bad && j.depth == 0 && json_equal(got, want));
        json_decref(want);
        json_decref(got);
    }
    buf_done(&b);
}

static void test_deepest(void **state)
{
    (void)state;
    struct buf b;
    struct jout j;
    buf_init(&b, 1000);
    jout_init(&j, &b);
    for (int i = 0; i < JOUT_DEPTH_MAX; i++)
        jout_arr(&j);
    for (int i = 0; i < JOUT_DEPTH_MAX; i++)
        jout_arr_end(&j);
    json_decref(parse(&b));
    buf_done(&b);
    buf_init(&b, 4);
    jout_init(&j, &b);
    jout_str(&j, S("too long"));
    assert_true(b.bad);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_strings), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_property), cmocka_unit_test(test_deepest)};
    return cmocka_run_group_tests_name("jout", tests, NULL, NULL);
}
