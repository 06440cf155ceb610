/* The pieces under the matcher: foldings, wildcards, addresses, numbers, tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "query/addr.h"
#include "query/find.h"
#include "query/fold.h"
#include "query/num.h"
#include "query/pred.h"
#include "query/wild.h"
/* last: its macros are global */
#include <cmocka.h>

static uint64_t rng(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *s >> 33;
}

static void test_fold_case(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"Failed PASSWORD [Z]@`{", "failed password [z]@`{"},
        {"ĐẶNG THỊ HUỆ", "đặng thị huệ"},
        {"Nguyễn Văn Ước", "nguyễn văn ước"},
        {"Đa\xCC\xA3\xCC\x86ng", "đặng"},     /* a + dot + breve, the order of NFD */
        {"Đa\xCC\x86\xCC\xA3ng", "đặng"},     /* breve + dot */
        {"NGUYE\xCC\x82\xCC\x83N", "nguyễn"}, /* e + circumflex + tilde */
        {"U\xCC\x9B\xCC\x81", "ứ"},           /* horn + acute */
        {"n\xCC\x83", "n\xCC\x83"},           /* no Vietnamese letter: stays apart */
        {"\xCC\x83", "\xCC\x83"},
        {"\xFF\xC3", "\xFF\xC3"},
        {"ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ", "àáâãèéêìíòóôõùúýăđĩũơư"},
        {"Þ×", "Þ×"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[128];
        struct str in = str_of(cases[i].in);
        struct str got = {out, fold_case(in, out)};
        assert_true(got.n <= in.n);
        if (!str_eq(got, str_of(cases[i].out)))
            fail_msg("'%s' gives '%.*s'", cases[i].in, STR_ARG(got));
    }
}

/* Equal by case folding implies equal by search folding, for every character: the block filters rely on it.
 */
static void test_foldings_agree(void **state)
{
    (void)state;
    for (uint32_t cp = 1; cp < 0x30000; cp++) {
        char utf8[16], low[16], a[16], b[16];
        struct buf buf = {.p = utf8, .cap = sizeof(utf8), .max = sizeof(utf8)};
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        text_put_utf8(&buf, cp);
        struct str s = buf_str(&buf), l = {low, fold_case(s, low)};
        struct str x = {a, text_fold(s, a)}, y = {b, text_fold(l, b)};
        if (!str_eq(x, y))
            fail_msg("U+%04X: the foldings disagree", cp);
        char again[16];
        struct str twice = {again, fold_case(l, again)};
        assert_true(str_eq(l, twice));
    }
}

static void test_fold_search(void **state)
{
    (void)state;
    static const char *const parts[] = {"A", "z",         "Ế",  "e\xCC\x82\xCC\x81", " ", "Đ", "\xFF",
                                        "[", "server-01", "中", "\xE1\xBA"};
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char in[256], want[256], got[256];
        size_t n = 0;
        for (uint64_t k = rng(&seed) % 20; k > 0; k--) {
            struct str p = str_of(parts[rng(&seed) % COUNT_OF(parts)]);
            memcpy(in + n, p.p, p.n);
            n += p.n;
        }
        struct str s = {in, n};
        struct str a = {want, text_fold(s, want)}, b = {got, fold_search(s, got)};
        assert_true(str_eq(a, b));
    }
}

static void test_wild(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool match;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"**", "abc", true},
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"abc", "ab", false},
        {"a*", "a", true},
        {"a*", "ba", false},
        {"*a", "ba", true},
        {"*a", "ab", false},
        {"*b*", "abc", true},
        {"a*c", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "a", false},
        {"ab*bc", "abc", false},
        {"ab*bc", "abbc", true},
        {"a*b*c", "a1b2c", true},
        {"a*b*c", "a1c2b", false},
        {"?", "a", true},
        {"?", "", false},
        {"?", "ab", false},
        {"?", "ế", true},
        {"a?c", "aếc", true},
        {"??", "ế", false},
        {"*?", "ế", true},
        {"*?", "", false},
        {"?*", "", false},
        {"*?b*", "b", false},
        {"*?b*", "ab", true},
        {"*a?c*", "xxabcxx", true},
        {"*a?c*", "aac", true},
        {"*a?c*", "aabbc", false},
        {"*a??d*", "aabcd", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\?", "?", true},
        {"\\?", "a", false},
        {"\\\\", "\\", true},
        {"\\a", "\\a", true},
        {"c:\\*", "c:*", true},
        {"c:\\\\*", "c:\\x", true},
        {"a\\", "a\\", true},
        {"*\\?*", "a?b", true},
        {"*\\?*", "ab", false},
        {"*ế?*x", "zếốx", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct wild *w;
        struct err err = {0};
        arena_init(&a, 1u << 20);
        assert_int_equal(wild_compile(str_of(cases[i].pattern), &a, &w, &err), 0);
        if (wild_match(w, str_of(cases[i].text)) != cases[i].match)
            fail_msg("'%s' on '%s': not %d", cases[i].pattern, cases[i].text, cases[i].match);
        arena_done(&a);
    }
}

/* The obvious matcher, exponential but clear. */
static bool slow_wild(struct str p, struct str t)
{
    if (p.n == 0)
        return t.n == 0;
    if (p.p[0] == '*')
        return slow_wild(str_from(p, 1), t) || (t.n > 0 && slow_wild(p, str_from(t, 1)));
    if (t.n == 0)
        return false;
    if (p.p[0] == '?') {
        size_t k = 1;
        if (((unsigned char)t.p[0] & 0xC0) == 0x80)
            return false;
        while (k < t.n && ((unsigned char)t.p[k] & 0xC0) == 0x80)
            k++;
        return slow_wild(str_from(p, 1), str_from(t, k));
    }
    if (p.p[0] == '\\' && p.n > 1 && memchr("*?\\", p.p[1], 3) != NULL)
        p = str_from(p, 1);
    return p.p[0] == t.p[0] && slow_wild(str_from(p, 1), str_from(t, 1));
}

static void test_wild_random(void **state)
{
    (void)state;
    static const char *const parts[] = {"a", "b", "*", "?", "ế", "\\*", "ab"};
    static const char *const texts[] = {"a", "b", "*", "ế", "ab", "a", "\x80"};
    uint64_t seed = 7, hits = 0;
    for (int round = 0; round < 60000; round++) {
        char p[64], t[64];
        size_t pn = 0, tn = 0;
        for (uint64_t k = rng(&seed) % 7; k > 0; k--) {
            struct str s = str_of(parts[rng(&seed) % COUNT_OF(parts)]);
            memcpy(p + pn, s.p, s.n);
            pn += s.n;
        }
        for (uint64_t k = rng(&seed) % 9; k > 0; k--) {
            struct str s = str_of(texts[rng(&seed) % COUNT_OF(texts)]);
            memcpy(t + tn, s.p, s.n);
            tn += s.n;
        }
        struct arena a;
        struct wild *w;
        struct err err = {0};
        arena_init(&a, 1u << 20);
        assert_int_equal(wild_compile((struct str){p, pn}, &a, &w, &err), 0);
        bool want = slow_wild((struct str){p, pn}, (struct str){t, tn});
        hits += want;
        if (wild_match(w, (struct str){t, tn}) != want)
            fail_msg("'%.*s' on '%.*s': not %d", (int)pn, p, (int)tn, t, want);
        arena_done(&a);
    }
    assert_true(hits > 3000);
}

/* A pattern made to hurt: every star could start anywhere. */
static void test_wild_long(void **state)
{
    (void)state;
    size_t n = 1u << 20;
    char *text = malloc(n);
    char pattern[1000];
    struct arena a;
    struct wild *w;
    struct err err = {0};
    assert_non_null(text);
    memset(text, 'a', n);
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = "*a?"[i % 3];
    pattern[sizeof(pattern) - 1] = 'b';
    arena_init(&a, 1u << 23);
    assert_int_equal(wild_compile((struct str){pattern, sizeof(pattern)}, &a, &w, &err), 0);
    assert_false(wild_match(w, (struct str){text, n}));
    arena_reset(&a);
    memset(pattern, 'a', sizeof(pattern));
    pattern[0] = '*';
    pattern[600] = '?';
    pattern[999] = '*';
    assert_int_equal(wild_compile((struct str){pattern, sizeof(pattern)}, &a, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    arena_reset(&a);
    pattern[500] = '*';
    pattern[450] = '?';
    text[n - 1] = 'b';
    assert_int_equal(wild_compile((struct str){pattern, sizeof(pattern)}, &a, &w, &err), 0);
    assert_true(wild_match(w, (struct str){text, n}));
    arena_done(&a);
    free(text);
}

static void test_addr(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        const char *same; /* another spelling, NULL none */
    } cases[] = {
        {"10.0.0.1", true, "::ffff:10.0.0.1"},
        {"10.0.0.1", true, "::ffff:a00:1"},
        {"010.0.0.1", true, "10.0.0.1"},
        {"255.255.255.255", true, NULL},
        {"256.0.0.1", false, NULL},
        {"1.2.3", false, NULL},
        {"1.2.3.4.5", false, NULL},
        {"1.2.3.4 ", false, NULL},
        {"0001.2.3.4", false, NULL},
        {"", false, NULL},
        {"::", true, "0:0:0:0:0:0:0:0"},
        {"::1", true, "0:0:0:0:0:0:0:1"},
        {"1::", true, "1:0:0:0:0:0:0:0"},
        {"2001:DB8::8:800:200C:417A", true, "2001:db8:0:0:8:800:200c:417a"},
        {"1:2:3:4:5:6:7:8", true, NULL},
        {"1:2:3:4:5:6:7::", true, "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", true, "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7", false, NULL},
        {"1:2:3:4:5:6:7:8:9", false, NULL},
        {"1::2::3", false, NULL},
        {":1:2:3:4:5:6:7", false, NULL},
        {"1:2:3:4:5:6:7:", false, NULL},
        {":::", false, NULL},
        {"12345::", false, NULL},
        {"g::", false, NULL},
        {"::1.2.3.4", true, "::102:304"},
        {"::1.2.3", false, NULL},
        {"1:2:3:4:5:6:1.2.3.4", true, "1:2:3:4:5:6:102:304"},
        {"1:2:3:4:5:6:7:1.2.3.4", false, NULL},
        {"fe80::1%eth0", true, "fe80::1"},
        {"fe80::1%", false, NULL},
        {"10.0.0.1%eth0", false, NULL},
        {":", false, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct addr a, b;
        if (addr_parse(str_of(cases[i].in), &a) != cases[i].ok)
            fail_msg("'%s'", cases[i].in);
        if (cases[i].same != NULL) {
            assert_true(addr_parse(str_of(cases[i].same), &b));
            if (memcmp(&a, &b, sizeof(a)) != 0)
                fail_msg("'%s' is not '%s'", cases[i].in, cases[i].same);
        }
    }
}

static void test_net(void **state)
{
    (void)state;
    static const struct {
        const char *net, *addr;
        int in; /* -1: not a network */
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", 1},
        {"10.0.0.0/8", "11.0.0.0", 0},
        {"10.0.0.0/8", "::ffff:10.1.1.1", 1},
        {"10.1.2.3/32", "10.1.2.3", 1},
        {"10.1.2.3/32", "10.1.2.2", 0},
        {"192.168.0.0/23", "192.168.1.255", 1},
        {"192.168.0.0/23", "192.168.2.0", 0},
        {"0.0.0.0/0", "1.2.3.4", 1},
        {"0.0.0.0/0", "::1", 0},
        {"::/0", "1.2.3.4", 1},
        {"2001:db8::/32", "2001:db8:ffff::1", 1},
        {"2001:db8::/32", "2001:db9::", 0},
        {"2001:db8::1/128", "2001:db8::1", 1},
        {"10.0.0.0/33", "", -1},
        {"::/129", "", -1},
        {"10.0.0.0/", "", -1},
        {"10.0.0.0", "", -1},
        {"/8", "", -1},
        {"10.0.0.0/8/8", "", -1},
        {"10.0.0.0/-1", "", -1},
        {"10.0.0.77/24", "10.0.0.1", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct addr net, a;
        unsigned bits;
        bool ok = addr_parse_net(str_of(cases[i].net), &net, &bits);
        assert_int_equal(ok, cases[i].in >= 0);
        if (!ok)
            continue;
        assert_true(addr_parse(str_of(cases[i].addr), &a));
        if (addr_in_net(&a, &net, bits) != (cases[i].in == 1))
            fail_msg("%s in %s", cases[i].addr, cases[i].net);
    }
}

static void test_num(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int cmp; /* 9: a is no number */
    } cases[] = {
        {"1", "2", -1},
        {"10", "9", 1},
        {"-1", "1", -1},
        {"007", "7", 0},
        {"1.0", "1", 0},
        {"1.5", "1", 1},
        {"1e3", "1000", 0},
        {".5", "0.5", 0},
        {"-0.5", "0", -1},
        {"", "", 9},
        {"x", "", 9},
        {"1x", "", 9},
        {"nan", "", 9},
        {"inf", "", 9},
        {"0x10", "", 9},
        {"-", "", 9},
        {"e", "", 9},
        {"+1", "", 9},
        {" 1", "", 9},
        {"1e999", "", 9},
        {"9223372036854775807", "9223372036854775806", 1},
        {"18446744073709551616", "9223372036854775807", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct num a, b;
        bool ok = num_parse(str_of(cases[i].a), &a);
        assert_int_equal(ok, cases[i].cmp != 9);
        if (!ok)
            continue;
        assert_true(num_parse(str_of(cases[i].b), &b));
        assert_int_equal(num_cmp(&a, &b), cases[i].cmp);
        assert_int_equal(num_cmp(&b, &a), -cases[i].cmp);
    }
}

static void test_find(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 200000; round++) {
        char text[200], needle[24];
        size_t n = rng(&seed) % sizeof(text), m = rng(&seed) % 6 + (round % 50 == 0 ? 18 : 0);
        uint64_t letters = 1 + rng(&seed) % 3;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)('a' + rng(&seed) % letters);
        for (size_t i = 0; i < m; i++)
            needle[i] = (char)('a' + rng(&seed) % letters);
        struct str s = {text, n}, w = {needle, m};
        assert_int_equal(find_bytes(s, w), str_find(s, w));
    }
    /* A text made to hurt is left to the linear search. */
    size_t n = 1u << 22;
    char *big = malloc(n);
    static char half[4096];
    assert_non_null(big);
    memset(big, 'a', n);
    memset(half, 'a', sizeof(half));
    half[sizeof(half) / 2] = 'b';
    assert_int_equal(find_bytes((struct str){big, n}, (struct str){half, sizeof(half)}), SIZE_MAX);
    memcpy(big + n - sizeof(half), half, sizeof(half));
    assert_int_equal(find_bytes((struct str){big, n}, (struct str){half, sizeof(half)}), n - sizeof(half));
    free(big);
}

struct seen {
    uint64_t hash[64];
    size_t n;
};

static void see(void *arg, uint64_t hash)
{
    struct seen *s = arg;
    assert_true(s->n < COUNT_OF(s->hash));
    s->hash[s->n++] = hash;
}

static void test_tokens(void **state)
{
    (void)state;
    char w64[65] = {0}, w65[66] = {0}, marks[2000];
    memset(w64, 'A', 64);
    memset(w65, 'A', 65);
    size_t n = 0;
    marks[n++] = 'b';
    while (n < sizeof(marks) - 1) {
        marks[n++] = (char)0xCC;
        marks[n++] = (char)0x81;
    }
    marks[n] = '\0';
    const struct {
        const char *in, *words[8];
    } cases[] = {
        {"", {NULL}},
        {" .,- ", {NULL}},
        {"Failed password", {"failed", "password", NULL}},
        {"Đăng-nhập_SAI!", {"dang", "nhap_sai", NULL}},
        {"a\xCC\x81 \xCC\x81 b", {"a", "b", NULL}},
        {"10.0.0.1", {"10", "0", "0", "1", NULL}},
        {w64, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL}},
        {w65, {NULL}},
        {marks, {"b", NULL}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct seen s = {0};
        pred_tokenise(str_of(cases[i].in), see, &s);
        size_t k = 0;
        for (; cases[i].words[k] != NULL; k++) {
            assert_true(k < s.n);
            assert_true(s.hash[k] == hash_bytes(str_of(cases[i].words[k]), PRED_TOKEN_SEED));
        }
        assert_int_equal(s.n, k);
    }
}

struct sum {
    uint64_t n, xor;
};

static void add_up(void *arg, uint64_t hash)
{
    struct sum *s = arg;
    s->n++;
    s->xor ^= hash_mix(hash, s->n);
}

/* The windows of the tokeniser do not show: same words as folding the whole text at once. */
static void test_tokens_long(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "word",      "Ế",    " ",      "-",      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "e\xCC\x81", "\xFF", "0Z9_aA", "/@[`{:", "q"};
    uint64_t seed = 3;
    for (int round = 0; round < 300; round++) {
        static char in[16384], folded[16384];
        size_t n = 0;
        while (n < 10000) {
            uint64_t pick = rng(&seed) % (round % 2 == 0 ? COUNT_OF(parts) : 400);
            struct str p = str_of(parts[pick < COUNT_OF(parts) ? pick : 5]);
            memcpy(in + n, p.p, p.n);
            n += p.n;
        }
        struct sum a = {0}, b = {0};
        struct str f = {folded, text_fold((struct str){in, n}, folded)};
        for (size_t i = 0, from = 0; i <= f.n; i++) {
            if (i < f.n && text_is_word_byte((unsigned char)f.p[i]))
                continue;
            if (i > from && i - from <= PRED_TOKEN_BYTES_MAX)
                add_up(&a, hash_bytes(str_sub(f, from, i - from), PRED_TOKEN_SEED));
            from = i + 1;
        }
        pred_tokenise((struct str){in, n}, add_up, &b);
        assert_int_equal(a.n, b.n);
        assert_true(a.xor == b.xor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold_case),   cmocka_unit_test(test_foldings_agree),
        cmocka_unit_test(test_fold_search), cmocka_unit_test(test_wild),
        cmocka_unit_test(test_wild_random), cmocka_unit_test(test_wild_long),
        cmocka_unit_test(test_addr),        cmocka_unit_test(test_net),
        cmocka_unit_test(test_num),         cmocka_unit_test(test_find),
        cmocka_unit_test(test_tokens),      cmocka_unit_test(test_tokens_long),
    };
    return cmocka_run_group_tests_name("query text", tests, NULL, NULL);
}
