/* str, cur, err and hash: views, numbers, sticky cursors, the error table. */
#include <errno.h>

#include "base/cur.h"
#include "base/hash.h"
#include "kit/kit.h"

static void test_compare(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int cmp;
        bool same_nocase;
    } cases[] = {
        {"", "", 0, true},
        {"a", "", 1, false},
        {"a", "b", -1, false},
        {"ab", "a", 1, false},
        {"Root", "rOOT", -1, true},
        {"\xff", "a", 1, false},
        {"user@", "USER`", 1, false},
        {"[", "{", -1, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
        int c = str_cmp(a, b);
        assert_int_equal((c > 0) - (c < 0), cases[i].cmp);
        c = str_cmp(b, a);
        assert_int_equal((c > 0) - (c < 0), -cases[i].cmp);
        assert_int_equal(str_eq(a, b), cases[i].cmp == 0);
        assert_int_equal(str_eq_nocase(a, b), cases[i].same_nocase);
    }
    struct str none = {NULL, 0};
    assert_true(str_eq(none, S("")));
    assert_int_equal(str_cmp(none, S("")), 0);
    assert_int_equal(str_of(NULL).n, 0);
}

static void test_find_and_cut(void **state)
{
    (void)state;
    struct str head, tail, none = {NULL, 0};
    assert_int_equal(str_find(S("abcabc"), S("ca")), 2);
    assert_int_equal(str_find(S("abc"), S("abcd")), SIZE_MAX);
    assert_int_equal(str_find(S("abc"), S("")), 0);
    assert_int_equal(str_find(none, S("")), 0);
    assert_int_equal(str_find(none, S("a")), SIZE_MAX);
    assert_int_equal(str_find_char(S("a=b"), '='), 1);
    assert_int_equal(str_find_char(none, '='), SIZE_MAX);
    assert_true(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")) && str_starts(none, none));
    assert_true(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")));
    assert_true(str_cut(S("k=v=w"), '=', &head, &tail));
    kit_assert_str(head, S("k"));
    kit_assert_str(tail, S("v=w"));
    assert_false(str_cut(S("key"), '=', &head, &tail));
    kit_assert_str(head, S("key"));
    assert_int_equal(tail.n, 0);
    assert_true(str_cut(S("="), '=', &head, &tail));
    assert_true(head.n == 0 && tail.n == 0);
    kit_assert_str(str_trim(S(" \t\r\n a b \n")), S("a b"));
    kit_assert_str(str_trim(S("  ")), S(""));
    char *copy = str_dup(S("a\0b"));
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
}

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
        {"1e3", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t v = 42;
        assert_int_equal(str_to_i64(str_of(cases[i].in), INT64_MIN, INT64_MAX, &v), cases[i].ok);
        assert_int_equal(v, cases[i].ok ? cases[i].want : 42);
    }
    uint64_t u = 42;
    assert_true(str_to_u64(S("18446744073709551615"), UINT64_MAX, &u) && u == UINT64_MAX);
    assert_false(str_to_u64(S("11"), 10, &u));
    assert_true(u == UINT64_MAX);
    int64_t v = 42;
    assert_false(str_to_i64(S("-3"), -2, 2, &v));
    assert_false(str_to_i64(S("3"), -2, 2, &v));
    assert_int_equal(v, 42);
}

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        bool ok;
        double want;
    } cases[] = {
        {S("1.5"), true, 1.5},  {S("-2e3"), true, -2000},  {S(".5"), true, 0.5},   {S(""), false, 0},
        {S(" 1"), false, 0},    {S("1x"), false, 0},       {S("1\0"), false, 0},   {S("nan"), false, 0},
        {S("inf"), false, 0},   {S("-inf"), false, 0},     {S("1e999"), false, 0}, {S("0x10"), false, 0},
        {S("1e-999"), true, 0}, {S("infinity"), false, 0}, {S("--1"), false, 0},   {S("."), false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double v = 42;
        if (str_to_double(cases[i].in, &v) != cases[i].ok)
            fail_msg("'%.*s'", STR_ARG(cases[i].in));
        assert_true(v == (cases[i].ok ? cases[i].want : 42));
    }
}

static void test_cursor_numbers(void **state)
{
    (void)state;
    static const char raw[] = "\x01\x02\x03\x04\x05\x06\x07\x08\xff\xff\xff\xff\xff\xff\xff\xff\x80\x01";
    struct cur c = cur_of((struct str){raw, sizeof(raw) - 1});
    assert_int_equal(cur_u8(&c), 1);
    assert_int_equal(cur_u16(&c), 0x0302);
    assert_int_equal(cur_u32(&c), 0x07060504);
    c.at = 8;
    assert_int_equal(cur_i64(&c), -1);
    assert_int_equal(cur_varint(&c), 128);
    assert_true(cur_done(&c));
    assert_int_equal(cur_u8(&c), 0);
    assert_true(c.bad && c.at == sizeof(raw) - 1 && cur_left(&c) == 0 && cur_peek(&c) == -1);
    assert_false(cur_skip(&c, (char)0xff));
    assert_int_equal(cur_until(&c, '\x01').n, 0);
    assert_int_equal(cur_bytes(&c, 0).n, 0);
    assert_true(c.bad);
}

static void test_cursor_text(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint64_t max, want;
        size_t at;
        bool bad;
    } cases[] = {
        {"191>", 191, 191, 3, false},
        {"192>", 191, 0, 2, true},
        {"", 9, 0, 0, true},
        {"x", 9, 0, 0, true},
        {"0009", 9, 9, 4, false},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, 20, false},
        {"18446744073709551616", UINT64_MAX, 0, 19, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cur c = cur_of(str_of(cases[i].in));
        assert_true(cur_dec(&c, cases[i].max) == cases[i].want);
        assert_int_equal(c.at, cases[i].at);
        assert_int_equal(c.bad, cases[i].bad);
    }
    struct cur c = cur_of(S("ab cd\t ef"));
    kit_assert_str(cur_word(&c), S("ab"));
    cur_spaces(&c);
    kit_assert_str(cur_until(&c, '\t'), S("cd"));
    cur_expect(&c, ' ');
    kit_assert_str(cur_word(&c), S("ef"));
    assert_true(cur_done(&c));
    c = cur_of(S("12a"));
    assert_int_equal(cur_dec_width(&c, 2), 12);
    assert_int_equal(cur_dec_width(&c, 1), 0);
    assert_true(c.bad && c.at == 2);
    c = cur_of(S("no end"));
    assert_int_equal(cur_until(&c, '"').n, 0);
    assert_true(c.bad);
}

static void test_varint_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    for (int i = 0; i < 2000; i++) {
        uint64_t v = kit_next(&r) >> kit_below(&r, 64);
        unsigned char raw[10];
        size_t n = 0;
        for (uint64_t left = v; n == 0 || left != 0; left >>= 7)
            raw[n++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        for (size_t k = 0; k <= n; k++) {
            struct cur c = cur_of((struct str){(const char *)raw, k});
            uint64_t got = cur_varint(&c);
            assert_true(k == n ? got == v && cur_done(&c) : c.bad && got == 0);
        }
        int64_t s = (int64_t)v;
        assert_true(unzigzag(zigzag(s)) == s && unzigzag(zigzag(-s)) == -s);
    }
    struct cur c = cur_of(S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_true(cur_varint(&c) == 0 && c.bad);
    c = cur_of(S("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"));
    assert_true(cur_varint(&c) == 0 && c.bad);
}

static void test_errors(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_PARSE, "line %d", 7), -1);
    assert_int_equal(e.code, ERR_PARSE);
    assert_string_equal(e.msg, "line 7");
    assert_int_equal(err_wrap(&e, "%s", "file.yaml"), -1);
    assert_string_equal(e.msg, "file.yaml: line 7");
    assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), -1);
    assert_int_equal(err_wrap(NULL, "x"), -1);
    assert_int_equal(err_errno(NULL, EIO, "x"), -1);
    static const struct {
        int number;
        enum err_code code;
    } cases[] = {{ENOSPC, ERR_FULL},  {EROFS, ERR_FULL},   {EDQUOT, ERR_FULL}, {EACCES, ERR_DENIED},
                 {EPERM, ERR_DENIED}, {ENOMEM, ERR_NOMEM}, {EIO, ERR_IO}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(err_errno(&e, cases[i].number, "write"), -1);
        assert_int_equal(e.code, cases[i].code);
        assert_true(strncmp(e.msg, "write: ", 7) == 0 && strlen(e.msg) > 7);
    }
    char big[600];
    memset(big, 'x', sizeof(big));
    (void)err_set(&e, ERR_IO, "%.*s", (int)sizeof(big), big);
    (void)err_wrap(&e, "front");
    (void)err_wrap(&e, "%.*s", (int)sizeof(big), big);
    assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
    for (int c = 0; c < ERR_COUNT; c++) {
        enum err_code code = (enum err_code)c;
        assert_true(err_word(code) != NULL && err_http_status(code) >= 200 && err_http_status(code) < 600);
        assert_true(err_exit_code(code) >= 0 && err_exit_code(code) <= 3);
        assert_int_equal(err_exit_code(code) == 0, code == ERR_NONE);
    }
}

static void test_hash(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    char bytes[64];
    unsigned buckets[64] = {0};
    for (uint32_t i = 0; i < 64000; i++) {
        memcpy(bytes, &i, sizeof(i));
        buckets[hash_bytes((struct str){bytes, sizeof(i)}, 1) % 64]++;
    }
    for (size_t i = 0; i < 64; i++)
        assert_in_range(buckets[i], 800, 1200);
    for (int i = 0; i < 1000; i++) {
        size_t n = 1 + kit_below(&r, sizeof(bytes) - 1);
        kit_bytes(&r, bytes, sizeof(bytes));
        uint64_t seed = kit_next(&r), h = hash_bytes((struct str){bytes, n}, seed);
        assert_true(h == hash_bytes((struct str){bytes, n}, seed));
        assert_true(h != hash_bytes((struct str){bytes, n}, seed + 1));
        assert_true(h != hash_bytes((struct str){bytes, n - 1}, seed));
        bytes[kit_below(&r, n)] ^= (char)(1 << kit_below(&r, 7));
        assert_true(h != hash_bytes((struct str){bytes, n}, seed));
    }
    assert_true(hash_bytes((struct str){NULL, 0}, 0) != hash_bytes(S("\0"), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_find_and_cut),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_cursor_numbers),
        cmocka_unit_test(test_cursor_text),
        cmocka_unit_test(test_varint_property),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
