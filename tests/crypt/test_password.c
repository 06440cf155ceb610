/* passwords: rules of D13.6 and the hash. */
#include <setjmp.h>
#include <stdarg.h>

#include "crypt/password.h"
/* last: its macros are global */
#include <cmocka.h>

#define LEN (1u << PASSWORD_LENGTH)
#define UP (1u << PASSWORD_UPPER)
#define LOW (1u << PASSWORD_LOWER)
#define DIG (1u << PASSWORD_DIGIT)
#define SPE (1u << PASSWORD_SPECIAL)
#define LOG (1u << PASSWORD_LOGIN)

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *password, *login;
        unsigned want;
    } rows[] = {
        {"Abcdef1!", "huyen", 0},
        {"Abcde1!", "huyen", LEN}, /* seven */
        {"", "huyen", LEN | UP | LOW | DIG | SPE},
        {"abcdef1!", "huyen", UP},
        {"ABCDEF1!", "huyen", LOW},
        {"Abcdefg!", "huyen", DIG},
        {"Abcdefg1", "huyen", SPE},
        {"        ", "huyen", UP | LOW | DIG},
        {"xxHuyen1!", "huyen", LOG},
        {"xxHUYEN1!", "huyen", LOG},
        {"Abcdef1!", "", 0},
        {"Đường 12", "huyen", 0},   /* Vietnamese letters are letters: Đ is a capital */
        {"đường 12", "huyen", UP},  /* đ is a small letter, the blank is special */
        {"ƯỨỪỬỮỰ1!", "huyen", LOW}, /* eight characters, capitals of two blocks */
        {"ưứừửữự1!", "huyen", UP},
        {"Aa1!ửữự", "huyen", LEN},     /* seven characters in more than eight bytes */
        {"Abcdef1\xff", "huyen", 0},   /* an invalid byte is no letter */
        {"Abcdef1\x01", "huyen", SPE}, /* control characters do not count */
        {"Ĺbcdef1!", "huyen", 0},
        {"ĺbcdef1!", "huyen", UP},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned got = password_check(str_of(rows[i].password), str_of(rows[i].login));
        if (got != rows[i].want)
            fail_msg("row %zu '%s': got %x, want %x", i, rows[i].password, got, rows[i].want);
    }
}

static void test_words(void **state)
{
    (void)state;
    static const char *const words[] = {"length", "upper", "lower", "digit", "special", "reused", "login"};
    assert_int_equal(COUNT_OF(words), PASSWORD_REASON_COUNT);
    for (unsigned i = 0; i < PASSWORD_REASON_COUNT; i++)
        assert_string_equal(password_reason_word((enum password_reason)i), words[i]);
}

static const struct password_cost cheap = {.memory_kib = 32, .passes = 1, .lanes = 1};

static void test_hash(void **state)
{
    (void)state;
    static const uint8_t salt[PASSWORD_SALT_BYTES] = "0123456789abcde";
    char phc[PASSWORD_HASH_BYTES_MAX], again[PASSWORD_HASH_BYTES_MAX];
    struct err err = {0};
    assert_int_equal(password_hash(&cheap, S("Mật khẩu 1"), salt, phc, &err), 0);
    assert_true(str_starts(str_of(phc), S("$argon2id$v=19$m=32,t=1,p=1$")));
    assert_true(password_matches(phc, S("Mật khẩu 1")));
    assert_false(password_matches(phc, S("Mật khẩu 2")));
    assert_false(password_matches(phc, S("")));
    assert_false(password_matches("$argon2id$v=19$m=32,t=1,p=1$broken", S("Mật khẩu 1")));
    assert_int_equal(password_hash(&cheap, S("Mật khẩu 1"), salt, again, &err), 0);
    assert_string_equal(phc, again);
}

/* Well formed, so that a check computes the whole hash, and of nobody. */
static void test_nobody(void **state)
{
    (void)state;
    static const char *const passwords[] = {"", "Abcdef1!", "Mật khẩu 1"};
    uint8_t random[PASSWORD_RANDOM_BYTES];
    char phc[PASSWORD_HASH_BYTES_MAX], own[PASSWORD_HASH_BYTES_MAX], *sum;
    struct err err = {0};
    for (unsigned seed = 0; seed < 256; seed += 5) {
        for (size_t i = 0; i < sizeof(random); i++)
            random[i] = (uint8_t)(seed * 7 + i * 31);
        password_nobody(&cheap, random, phc);
        for (size_t i = 0; i < COUNT_OF(passwords); i++) {
            assert_false(password_matches(phc, str_of(passwords[i])));
            /* The same salt and a right sum in its place match: everything before the sum was understood. */
            assert_int_equal(password_hash(&cheap, str_of(passwords[i]), random, own, &err), 0);
            assert_int_equal(strlen(own), strlen(phc));
            sum = strrchr(phc, '$');
            assert_memory_equal(own, phc, (size_t)(sum - phc));
        }
    }
}

/* Parameters of production; the sum was computed by another implementation (ARGON2ID of OpenSSL 3.2). */
static void test_known_answer(void **state)
{
    (void)state;
    static const struct password_cost cost = {.memory_kib = 65536, .passes = 3, .lanes = 1};
    assert_memory_equal(&cost, &password_cost_default, sizeof(cost));
    static const uint8_t salt[PASSWORD_SALT_BYTES] = {'s', 'o', 'm', 'e', 's', 'a', 'l', 't',
                                                      's', 'o', 'm', 'e', 's', 'a', 'l', 't'};
    char phc[PASSWORD_HASH_BYTES_MAX];
    struct err err = {0};
    assert_int_equal(password_hash(&password_cost_default, S("password"), salt, phc, &err), 0);
    assert_string_equal(phc, "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
                             "dmStS6GjyZn83QmR/8InD3gwLSODIz215778hdG7GBk");
}

static void test_limits(void **state)
{
    (void)state;
    static const uint8_t salt[PASSWORD_SALT_BYTES] = {0};
    char phc[PASSWORD_HASH_BYTES_MAX] = "kept", big[PASSWORD_BYTES_MAX + 1];
    struct err err = {0};
    memset(big, 'a', sizeof(big));
    assert_int_equal(password_hash(&cheap, (struct str){big, sizeof(big)}, salt, phc, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(phc, "kept");
    static const struct password_cost broken = {.memory_kib = 1, .passes = 0, .lanes = 1};
    assert_int_equal(password_hash(&broken, S("a"), salt, phc, &err), -1);
    assert_int_equal(err.code, ERR_CRYPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),  cmocka_unit_test(test_words),  cmocka_unit_test(test_hash),
        cmocka_unit_test(test_nobody), cmocka_unit_test(test_limits), cmocka_unit_test(test_known_answer),
    };
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
