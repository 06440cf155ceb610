/* one-time codes: vectors of the RFCs, tolerance, replay, recovery codes. */
#include <setjmp.h>
#include <stdarg.h>

#include "crypt/totp.h"
/* last: its macros are global */
#include <cmocka.h>

static const uint8_t secret[TOTP_SECRET_BYTES] = "12345678901234567890";

/* RFC 6238 appendix B, SHA-1, the last six of eight digits. */
static void test_rfc6238(void **state)
{
    (void)state;
    static const struct {
        int64_t s;
        uint32_t code;
    } rows[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
                {1234567890, 5924}, {2000000000, 279037}, {20000000000, 353130}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(totp_code(secret, rows[i].s / 30), rows[i].code);
    /* RFC 4226 appendix D */
    assert_int_equal(totp_code(secret, 0), 755224);
    assert_int_equal(totp_code(secret, 9), 520489);
    assert_int_equal(totp_step_of(59 * NS_PER_S), 1);
}

static void test_check(void **state)
{
    (void)state;
    /* Codes of the steps 0 to 4: 755224 287082 359152 969429 338314 (RFC 4226). */
    static const struct {
        const char *code;
        int64_t now_s, last;
        bool ok;
        int64_t step;
    } rows[] = {
        {"359152", 60, 0, true, 2},   {"359 152", 89, 0, true, 2},
        {"287082", 60, 0, true, 1},   /* one step late */
        {"969429", 60, 0, true, 3},   /* one step early */
        {"338314", 60, 0, false, 0},  /* two steps early */
        {"755224", 60, -1, false, 0}, /* two steps late */
        {"359152", 60, 2, false, 0},  /* replay */
        {"287082", 60, 2, false, 0},  /* older than a used one */
        {"969429", 60, 2, true, 3},   {"35915", 60, 0, false, 0},
        {"3591520", 60, 0, false, 0}, {"35915a", 60, 0, false, 0},
        {"", 60, 0, false, 0},        {"-59152", 60, 0, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t step = 0;
        bool ok = totp_check(secret, str_of(rows[i].code), rows[i].now_s * NS_PER_S, rows[i].last, &step);
        if (ok != rows[i].ok || step != rows[i].step)
            fail_msg("row %zu: %d step %lld", i, ok, (long long)step);
    }
}

/* RFC 4648 section 10, without padding. */
static void test_base32(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } rows[] = {{"", ""},
                {"f", "MY"},
                {"fo", "MZXQ"},
                {"foo", "MZXW6"},
                {"foob", "MZXW6YQ"},
                {"fooba", "MZXW6YTB"},
                {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[32];
        totp_base32((const uint8_t *)rows[i].in, strlen(rows[i].in), out);
        assert_string_equal(out, rows[i].want);
    }
    char text[TOTP_SECRET_TEXT];
    totp_secret_text(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void test_uri(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1024);
    totp_put_uri(&b, S("Khiên"), S("a b"), secret);
    buf_put_char(&b, '\0');
    assert_false(b.bad);
    assert_string_equal(b.p, "otpauth://totp/Khi%C3%AAn:a%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                             "&issuer=Khi%C3%AAn&algorithm=SHA1&digits=6&period=30");
    buf_done(&b);
}

static void test_recovery(void **state)
{
    (void)state;
    static const uint8_t random[TOTP_RECOVERY_RANDOM] = "0123456789";
    char text[TOTP_RECOVERY_TEXT];
    bool ok;
    totp_recovery_text(random, text);
    assert_string_equal(text, "GAYT-EMZU-GU3D-OOBZ");
    struct digest want = totp_recovery_digest(str_of(text), &ok);
    assert_true(ok);
    struct digest typed = totp_recovery_digest(S("gayt emzu gu3d oobz"), &ok);
    assert_true(ok && digest_eq(&want, &typed));
    static const char *const refused[] = {"", "GAYT-EMZU-GU3D-OOB", "GAYT-EMZU-GU3D-OOBZZ",
                                          "GAYT-EMZU-GU3D-OOB1", "123456"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        (void)totp_recovery_digest(str_of(refused[i]), &ok);
        assert_false(ok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc6238), cmocka_unit_test(test_check),    cmocka_unit_test(test_base32),
        cmocka_unit_test(test_uri),     cmocka_unit_test(test_recovery),
    };
    return cmocka_run_group_tests_name("totp", tests, NULL, NULL);
}
