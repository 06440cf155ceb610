/* buf and arena: maxima, sticky errors, alignment, ownership. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "kit/kit.h"

static void test_max_is_exact(void **state)
{
    (void)state;
    static const struct {
        size_t max;
        const char *text;
        bool fits;
    } cases[] = {
        {1, "a", true}, {1, "ab", false}, {63, "", true}, {10, "0123456789", true}, {9, "0123456789", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf put, print;
        buf_init(&put, cases[i].max);
        buf_init(&print, cases[i].max);
        buf_put(&put, str_of(cases[i].text));
        buf_printf(&print, "%s", cases[i].text);
        assert_int_equal(put.bad, !cases[i].fits);
        assert_int_equal(print.bad, !cases[i].fits);
        kit_assert_str(buf_str(&put), cases[i].fits ? str_of(cases[i].text) : S(""));
        kit_assert_str(buf_str(&print), cases[i].fits ? str_of(cases[i].text) : S(""));
        char *p = buf_take(&put);
        assert_int_equal(p != NULL, cases[i].fits);
        if (p != NULL)
            assert_string_equal(p, cases[i].text);
        free(p);
        buf_done(&put);
        buf_done(&put);
        buf_done(&print);
    }
}

static void test_sticky(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_put_u64(&b, 1);
    assert_false(b.bad);
    buf_put_char(&b, 'x');
    assert_true(b.bad && b.n == 8);
    buf_put(&b, S(""));
    buf_put_u8(&b, 1);
    buf_printf(&b, "x");
    assert_true(b.bad && b.n == 8 && buf_reserve(&b, 0) == NULL && buf_take(&b) == NULL);
    buf_clear(&b);
    buf_put(&b, S("again"));
    assert_false(b.bad);
    char *p = buf_take(&b);
    assert_string_equal(p, "again");
    assert_true(b.p == NULL && b.n == 0 && b.cap == 0);
    free(p);
    p = buf_take(&b);
    assert_string_equal(p, "");
    free(p);
    buf_done(&b);
}

static void test_numbers_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 2000; i++) {
        uint64_t v = kit_next(&r) >> kit_below(&r, 64);
        buf_clear(&b);
        buf_put_u8(&b, (uint8_t)v);
        buf_put_u16(&b, (uint16_t)v);
        buf_put_u32(&b, (uint32_t)v);
        buf_put_u64(&b, v);
        buf_put_i64(&b, -(int64_t)(v >> 1));
        buf_put_varint(&b, v);
        struct cur c = cur_of(buf_str(&b));
        assert_true(cur_u8(&c) == (uint8_t)v && cur_u16(&c) == (uint16_t)v && cur_u32(&c) == (uint32_t)v);
        assert_true(cur_u64(&c) == v && cur_i64(&c) == -(int64_t)(v >> 1) && cur_varint(&c) == v);
        assert_true(cur_done(&c));
    }
    buf_clear(&b);
    buf_put_u32(&b, 0x01020304);
    kit_assert_str(buf_str(&b), S("\x04\x03\x02\x01"));
    buf_done(&b);
}

static void test_growth_keeps_bytes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    for (unsigned i = 0; i < 100000; i++)
        buf_put_u8(&b, (uint8_t)(i * 7));
    assert_false(b.bad);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((uint8_t)b.p[i], (uint8_t)(i * 7));
    buf_put_u8(&b, 0);
    assert_true(b.bad && b.n == 100000);
    buf_done(&b);
}

static void test_arena_limit_and_zero(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    char *p = arena_alloc(&a, 60, 1, 1);
    assert_non_null(p);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(p[i], 0);
    assert_null(arena_alloc(&a, 41, 1, 1));
    assert_non_null(arena_alloc(&a, 40, 1, 1));
    assert_null(arena_alloc(&a, 1, 1, 1));
    assert_null(arena_alloc(&a, SIZE_MAX / 2, 4, 4));
    assert_null(arena_str(&a, S("")).p);
    memset(p, 'x', 60);
    arena_reset(&a);
    p = arena_alloc(&a, 100, 1, 1);
    assert_non_null(p);
    assert_int_equal(p[0], 0);
    arena_done(&a);
    arena_done(&a);
    struct arena zero = {0};
    arena_done(&zero);
    arena_reset(&zero);
}

static void test_arena_property(void **state)
{
    (void)state;
    enum { N = 400 };
    struct kit_rng r = kit_rng();
    for (int round = 0; round < 20; round++) {
        struct arena a;
        unsigned char *p[N];
        size_t n[N];
        arena_init(&a, 64 << 20);
        for (size_t i = 0; i < N; i++) {
            size_t align = (size_t)1 << kit_below(&r, 5);
            n[i] = kit_below(&r, 20) == 0 ? kit_below(&r, 200000) : kit_below(&r, 300);
            p[i] = arena_alloc(&a, n[i], 1, align);
            assert_non_null(p[i]);
            assert_int_equal((uintptr_t)p[i] % align, 0);
            memset(p[i], (int)(i & 0xff), n[i]);
        }
        for (size_t i = 0; i < N; i++) {
            for (size_t k = 0; k < n[i]; k++)
                assert_int_equal(p[i][k], i & 0xff);
        }
        arena_reset(&a);
        assert_int_equal(a.used, 0);
        arena_done(&a);
    }
}

static void test_arena_text(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct str s = arena_str(&a, S("a\0b"));
    assert_memory_equal(s.p, "a\0b", 4);
    assert_int_equal(s.n, 3);
    s = arena_str(&a, (struct str){NULL, 0});
    assert_true(s.p != NULL && s.n == 0 && s.p[0] == '\0');
    kit_assert_str(arena_printf(&a, "%s-%03d", "khien", 7), S("khien-007"));
    char *big = malloc(300000);
    memset(big, 'y', 300000);
    s = arena_str(&a, (struct str){big, 300000});
    assert_true(s.n == 300000 && memcmp(s.p, big, s.n) == 0 && s.p[s.n] == '\0');
    assert_null(arena_printf(&a, "%.*s%.*s%.*s", 300000, big, 300000, big, 300000, big).p);
    free(big);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_is_exact),         cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_numbers_property),     cmocka_unit_test(test_growth_keeps_bytes),
        cmocka_unit_test(test_arena_limit_and_zero), cmocka_unit_test(test_arena_property),
        cmocka_unit_test(test_arena_text),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
