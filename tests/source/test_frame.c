/* Framing: rows, and the property that any split of the stream gives the same lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off: cmocka.h needs the headers above it */
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "source/source_frame.h"

#define LINE_MAX_BYTES 16u /* small, so that parts are cheap to test */

/* Feed `in` in pieces as `split` says and write every line as "[text]" or "{text}" for a part. */
static void run(struct str in, size_t (*split)(void *arg, size_t left), void *arg, struct source_frame start,
                struct buf *out)
{
    struct source_frame f = start;
    struct buf pending;
    size_t used = 0;
    buf_init(&pending, 1 << 20);
    while (used < in.n || pending.n > 0) {
        size_t k = used < in.n ? split(arg, in.n - used) : 0;
        buf_put(&pending, str_sub(in, used, k));
        used += k;
        bool final = used == in.n;
        for (size_t n = 1; n != 0 && pending.n > 0;) {
            struct source_frame_line line;
            n = source_frame_cut(&f, buf_str(&pending), LINE_MAX_BYTES, final, &line);
            assert_true(n <= pending.n);
            if (line.text.n > 0) {
                assert_true(line.text.n <= LINE_MAX_BYTES);
                buf_put_char(out, line.part ? '{' : '[');
                buf_put(out, line.text);
                buf_put_char(out, line.part ? '}' : ']');
            }
            memmove(pending.p, pending.p + n, pending.n - n);
            pending.n -= n;
        }
        if (final)
            assert_int_equal(pending.n, 0);
    }
    buf_done(&pending);
}

static size_t all(void *arg, size_t left)
{
    (void)arg;
    return left;
}

static size_t one(void *arg, size_t left)
{
    (void)arg;
    return left > 0;
}

static size_t some(void *arg, size_t left)
{
    uint64_t *x = arg;
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    size_t k = 1 + (size_t)(*x >> 33) % 7;
    return k < left ? k : left;
}

static void test_rows(void **state)
{
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {{"", 0}, ""},
        {{"a\nb\n", 4}, "[a][b]"},
        {{"a\r\nb", 4}, "[a][b]"},
        {{"\n\r\n\0a\n\n\nb\n", 10}, "[a][b]"},
        {{"<1>a\0<2>b\0", 10}, "[<1>a][<2>b]"},
        {{"<1>a\0b\n", 7}, "[<1>a\0b]"},
        {{"7 <34>abc8 <34>abcd", 19}, "[<34>abc][<34>abcd]"},
        {{"7 <34>abc\n8 <34>abcd\n", 21}, "[<34>abc][<34>abcd]"},
        {{"8 <34>a\nbc\r\n7 <34>abc", 21}, "[<34>a\nbc][<34>abc]"},
        {{"7 <34>a\n\n", 9}, "[<34>a]"},
        {{"9 <34>abc", 9}, "{<34>abc}"},                    /* the stream ended inside */
        {{"7 <34>abcx34>def\n", 17}, "[<34>abc][x34>def]"}, /* lost count: lines from there */
        {{"0 <34>abc\n", 10}, "[0 <34>abc]"},
        {{"2026 is no count\n", 17}, "[2026 is no count]"},
        {{"12", 2}, "[12]"},
        {{"12 ", 3}, "[12 ]"},
        {{"1234567890 <1>x\n", 16}, "[1234567890 <1>x]"},
        {{"0123456789abcdef\nx\n", 19}, "[0123456789abcdef][x]"},     /* the limit itself */
        {{"0123456789abcdefg\nx\n", 20}, "{0123456789abcdef}{g}[x]"}, /* one above */
        {{"20 <3456789abcdefghijkl5 <1>ab", 30}, "{<3456789abcdefgh}{ijkl}[<1>ab]"},
        {{"\xFF\xFE\n", 3}, "[\xFF\xFE]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 1 << 16);
        run(rows[i].in, all, NULL, (struct source_frame){0}, &out);
        size_t n = i == 5 ? 8 : strlen(rows[i].want);
        if (!str_eq(buf_str(&out), (struct str){rows[i].want, n}))
            fail_msg("row %zu: got %.*s", i, STR_ARG(buf_str(&out)));
        buf_done(&out);
    }
}

static void test_splits(void **state)
{
    static const char alphabet[] = "0123456789 <>ab\n\n\r\0\0";
    uint64_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char in[64];
        size_t n = (size_t)round % sizeof(in);
        for (size_t i = 0; i < n; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            in[i] = alphabet[(seed >> 33) % (sizeof(alphabet) - 1)];
        }
        struct source_frame start = {.mode = round % 3 == 0 ? FRAME_LF : FRAME_UNKNOWN};
        struct buf whole, bytes, parts;
        buf_init(&whole, 1 << 12);
        buf_init(&bytes, 1 << 12);
        buf_init(&parts, 1 << 12);
        run((struct str){in, n}, all, NULL, start, &whole);
        run((struct str){in, n}, one, NULL, start, &bytes);
        run((struct str){in, n}, some, &seed, start, &parts);
        if (!str_eq(buf_str(&whole), buf_str(&bytes)) || !str_eq(buf_str(&whole), buf_str(&parts))) {
            for (size_t i = 0; i < n; i++)
                print_message("%02x ", (unsigned char)in[i]);
            fail_msg("round %d: '%.*s' or '%.*s' or '%.*s'", round, STR_ARG(buf_str(&whole)),
                     STR_ARG(buf_str(&bytes)), STR_ARG(buf_str(&parts)));
        }
        buf_done(&whole);
        buf_done(&bytes);
        buf_done(&parts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_splits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
