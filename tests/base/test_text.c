/* text: decoding against Unicode's table of well-formed sequences, folding, search across windows, sort
 * order. */
#include "base/text.h"
#include "kit/kit.h"

/* Unicode 15, table 3-7: for each first byte the bounds of the second; the rest are 80..BF. */
static size_t well_formed(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char first, last, low, high;
        size_t len;
    } rows[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (p[0] < rows[i].first || p[0] > rows[i].last)
            continue;
        if (n < rows[i].len || (rows[i].len > 1 && (p[1] < rows[i].low || p[1] > rows[i].high)))
            return 0;
        for (size_t k = 2; k < rows[i].len; k++) {
            if (p[k] < 0x80 || p[k] > 0xBF)
                return 0;
        }
        return rows[i].len;
    }
    return 0;
}

static void check_decode(const unsigned char *p, size_t n)
{
    size_t len = 0, want = well_formed(p, n);
    uint32_t cp = text_decode((struct str){(const char *)p, n}, &len);
    if (len != (want == 0 ? 1 : want) || (want == 0 && cp != TEXT_REPLACEMENT))
        fail_msg("%02x %02x %02x %02x of %zu: U+%04X, %zu bytes", p[0], p[1], p[2], p[3], n, cp, len);
}

static void test_decode_every_form(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    unsigned char p[4] = {0};
    for (unsigned v = 0; v < 0x10000; v++) {
        p[0] = (unsigned char)(v >> 8);
        p[1] = (unsigned char)v;
        check_decode(p, 1);
        check_decode(p, 2);
        static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
        for (size_t i = 0; i < sizeof(edges); i++) {
            p[2] = edges[i];
            p[3] = edges[kit_below(&r, sizeof(edges))];
            check_decode(p, 3);
            check_decode(p, 4);
        }
    }
}

static void test_every_character(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 16);
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        size_t len;
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        buf_clear(&b);
        text_put_utf8(&b, cp);
        if (text_decode(buf_str(&b), &len) != cp || len != b.n || !text_is_utf8(buf_str(&b)))
            fail_msg("U+%04X", cp);
        char out[4];
        size_t n = text_fold(buf_str(&b), out);
        uint32_t f = text_fold_char(cp);
        if (n > b.n || (f == 0) != (n == 0 || cp == 0) || text_fold_char(f) != f)
            fail_msg("fold of U+%04X", cp);
    }
    buf_done(&b);
}

static void test_clean(void **state)
{
    (void)state;
    static const struct {
        struct str in, want;
    } cases[] = {
        {S("plain"), S("plain")},
        {S(""), S("")},
        {S("Đặng"), S("Đặng")},
        {S("a\xff"
           "b"),
         S("a\xEF\xBF\xBD"
           "b")},
        {S("\xC0\xAF"), S("\xEF\xBF\xBD\xEF\xBF\xBD")},
        {S("\xED\xA0\x80"), S("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD")},
        {S("x\xE1\xBA"), S("x\xEF\xBF\xBD\xEF\xBF\xBD")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;
        buf_init(&b, 100);
        text_put_clean(&b, cases[i].in);
        kit_assert_str(buf_str(&b), cases[i].want);
        assert_int_equal(text_is_utf8(cases[i].in), str_eq(cases[i].in, cases[i].want));
        assert_true(text_is_utf8(buf_str(&b)));
        buf_done(&b);
    }
}

static void test_fold(void **state)
{
    (void)state;
    static const struct {
        struct str in, want;
    } cases[] = {
        {S("Đặng"), S("dang")},
        {S("đăng nhập sai"), S("dang nhap sai")},
        {S("ĐĂNG NHẬP"), S("dang nhap")},
        {S("Nguyễn Thị Huyền"), S("nguyen thi huyen")},
        {S("\xC3\x90\xC3\xB4ng"), S("dong")}, /* the letter eth, which old converters write for Đ */
        {S("\xC3\xB0"), S("d")},
        {S("ượ ữ ỷ Ỹ ỗ ẵ ậ ể"), S("uo u y y o a a e")},
        {S("D\xCC\xA3"), S("d")},
        {S("tie\xCC\x82\xCC\x81ng Vie\xCC\xA3\xCC\x82t"), S("tieng viet")}, /* NFD */
        {S("Göteborg Ærø"), S("goteborg \xC3\x86ro")},
        {S("日本 Ω"), S("日本 Ω")},
        {S("\xff\x80"), S("\xff\x80")},
        {S("a\0B"), S("a\0b")},
        {S(""), S("")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64];
        struct str got = {out, text_fold(cases[i].in, out)};
        kit_assert_str(got, cases[i].want);
    }
    static const struct {
        uint32_t first, last;
        char want;
    } ranges[] = {{0x1EA0, 0x1EB7, 'a'}, {0x1EB8, 0x1EC7, 'e'}, {0x1EC8, 0x1ECB, 'i'},
                  {0x1ECC, 0x1EE3, 'o'}, {0x1EE4, 0x1EF1, 'u'}, {0x1EF2, 0x1EF9, 'y'}};
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        for (uint32_t cp = ranges[i].first; cp <= ranges[i].last; cp++)
            assert_int_equal(text_fold_char(cp), ranges[i].want);
    }
}

/* Random text of Vietnamese letters, marks, ASCII and broken bytes. */
static size_t random_text(struct kit_rng *r, char *out, size_t n)
{
    static const char *const parts[] = {
        "a", "B", " ", "đ", "Ặ", "e\xCC\x82\xCC\x81", "ư", "\xff", "\xE1\xBA", "日", "\xF0\x9F\x98\x80"};
    size_t at = 0;
    for (;;) {
        struct str s = str_of(parts[kit_below(r, COUNT_OF(parts))]);
        if (s.n > n - at)
            return at;
        memcpy(out + at, s.p, s.n);
        at += s.n;
    }
}

static void test_contains_property(void **state)
{
    (void)state;
    enum { N = 9000 };
    static char text[N], folded[N], needle[N];
    struct kit_rng r = kit_rng();
    size_t hits = 0;
    for (int i = 0; i < 3000; i++) {
        size_t n = random_text(&r, text, kit_below(&r, N));
        size_t have = text_fold((struct str){text, n}, folded), k;
        assert_true(have <= n);
        if (kit_below(&r, 4) == 0 || have == 0) {
            char raw[40];
            k = text_fold((struct str){raw, random_text(&r, raw, 1 + kit_below(&r, sizeof(raw) - 1))},
                          needle);
        } else {
            size_t from = kit_below(&r, have);
            k = 1 + kit_below(&r, kit_below(&r, 8) == 0 ? have - from : 1 + (have - from) / 40);
            k = k > have - from ? have - from : k;
            memcpy(needle, folded + from, k);
        }
        bool want = str_find((struct str){folded, have}, (struct str){needle, k}) != SIZE_MAX;
        hits += want;
        if (text_fold_contains((struct str){text, n}, (struct str){needle, k}) != want)
            fail_msg("round %d: text of %zu, needle of %zu bytes", i, n, k);
    }
    assert_in_range(hits, 1000, 2999);
    assert_true(text_fold_contains(S(""), S("")) && !text_fold_contains(S(""), S("a")));
}

static void test_contains_at_each_border(void **state)
{
    (void)state;
    static char text[5000];
    for (size_t at = 2000; at < 2100; at++) {
        memset(text, '.', sizeof(text));
        memcpy(text + at, "Đặng Nhập", sizeof("Đặng Nhập") - 1);
        assert_true(text_fold_contains((struct str){text, sizeof(text)}, S("dang nhap")));
        assert_false(text_fold_contains((struct str){text, sizeof(text)}, S("dang nhapp")));
    }
}

static void test_collate_order(void **state)
{
    (void)state;
    static const char *const sorted[] = {
        "An",  "Ân",   "Bình", "Chi",  "Cường",   "Dũng", "Đạt", "Đặng", "Em",   "Êm",  "Giang", "Hoa", "Hòa",
        "Hỏa", "Hõa",  "Hóa",  "Họa",  "hoa cúc", "Lan",  "Lân", "ma",   "Ma",   "mà",  "mả",    "mã",  "má",
        "mạ",  "măng", "mâm",  "Oanh", "Ông",     "Ơn",   "Tu",  "Tư",   "Uyên", "Ưng", "Yến",
    };
    for (size_t i = 0; i < COUNT_OF(sorted); i++) {
        for (size_t k = 0; k < COUNT_OF(sorted); k++) {
            int c = text_collate(str_of(sorted[i]), str_of(sorted[k]));
            if ((c > 0) - (c < 0) != (i > k) - (i < k))
                fail_msg("%s and %s: %d", sorted[i], sorted[k], c);
        }
    }
}

static int sign(int c)
{
    return (c > 0) - (c < 0);
}

static void test_collate_is_an_order(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    for (int i = 0; i < 20000; i++) {
        char raw[3][12];
        struct str s[3];
        for (size_t k = 0; k < 3; k++)
            s[k] = (struct str){raw[k], random_text(&r, raw[k], kit_below(&r, sizeof(raw[k])))};
        int ab = sign(text_collate(s[0], s[1])), bc = sign(text_collate(s[1], s[2]));
        assert_int_equal(ab, -sign(text_collate(s[1], s[0])));
        assert_int_equal(text_collate(s[0], s[0]), 0);
        if (ab == bc)
            assert_int_equal(sign(text_collate(s[0], s[2])), ab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_every_form),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_contains_property),
        cmocka_unit_test(test_contains_at_each_border),
        cmocka_unit_test(test_collate_order),
        cmocka_unit_test(test_collate_is_an_order),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
