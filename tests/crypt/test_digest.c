/* digest: published vectors of SHA-256, HMAC-SHA-256 and HMAC-SHA-1, and RFC 6238 codes built on the last. */
#include "crypt/digest.h"
#include "kit/kit.h"

static void assert_hex(const struct digest *d, const char *want)
{
    char hex[65];
    digest_hex(d, hex);
    assert_string_equal(hex, want);
}

/* FIPS 180-4 examples (NIST, "SHA256.pdf") and the empty text. */
static void test_sha256(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        const char *want;
    } cases[] = {
        {S(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {S("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct digest d = digest_sha256(cases[i].in);
        assert_hex(&d, cases[i].want);
    }
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    struct digest d = digest_sha256((struct str){million, 1000000});
    assert_hex(&d, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void test_parts_property(void **state)
{
    (void)state;
    struct kit_rng r = kit_rng();
    char text[500];
    for (int i = 0; i < 500; i++) {
        struct str parts[5];
        size_t n = kit_below(&r, sizeof(text)), at = 0;
        kit_bytes(&r, text, n);
        for (size_t k = 0; k < COUNT_OF(parts); k++) {
            size_t len = k + 1 == COUNT_OF(parts) ? n - at : kit_below(&r, n - at + 1);
            parts[k] = (struct str){text + at, len};
            at += len;
        }
        struct digest a = digest_sha256((struct str){text, n}),
                      b = digest_sha256_parts(parts, COUNT_OF(parts));
        assert_true(digest_eq(&a, &b));
        b.b[kit_below(&r, DIGEST_BYTES)] ^= (uint8_t)(1 << kit_below(&r, 8));
        assert_false(digest_eq(&a, &b));
    }
}

/* RFC 4231, cases 1 to 4, 6 and 7. */
static void test_hmac_sha256(void **state)
{
    (void)state;
    char key0b[20], keyaa[131], dd[50], keycount[25], cd[50];
    memset(key0b, 0x0b, sizeof(key0b));
    memset(keyaa, 0xaa, sizeof(keyaa));
    memset(dd, 0xdd, sizeof(dd));
    memset(cd, 0xcd, sizeof(cd));
    for (size_t i = 0; i < sizeof(keycount); i++)
        keycount[i] = (char)(i + 1);
    const struct {
        struct str key, in;
        const char *want;
    } cases[] = {
        {{key0b, 20}, S("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {S("Jefe"), S("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{keyaa, 20}, {dd, 50}, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {{keycount, 25}, {cd, 50}, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {{keyaa, 131},
         S("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{keyaa, 131},
         S("This is a test using a larger than block-size key and a larger than block-size data. The key "
           "needs to be "
           "hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct digest d = digest_hmac_sha256(cases[i].key, cases[i].in);
        assert_hex(&d, cases[i].want);
    }
}

/* RFC 2202 cases 1, 2 and 6; RFC 6238 appendix B, eight digits. */
static void test_hmac_sha1(void **state)
{
    (void)state;
    char key0b[20], keyaa[80];
    uint8_t out[20];
    memset(key0b, 0x0b, sizeof(key0b));
    memset(keyaa, 0xaa, sizeof(keyaa));
    digest_hmac_sha1((struct str){key0b, 20}, S("Hi There"), out);
    assert_memory_equal(
        out, "\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b\xc0\xb6\xfb\x37\x8c\x8e\xf1\x46\xbe\x00", 20);
    digest_hmac_sha1(S("Jefe"), S("what do ya want for nothing?"), out);
    assert_memory_equal(
        out, "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c\x25\x9a\x7c\x79", 20);
    digest_hmac_sha1((struct str){keyaa, 80}, S("Test Using Larger Than Block-Size Key - Hash Key First"),
                     out);
    assert_memory_equal(
        out, "\xaa\x4a\xe5\xe1\x52\x72\xd0\x0e\x95\x70\x56\x37\xce\x8a\x3b\x55\xed\x40\x21\x12", 20);
    static const struct {
        uint64_t seconds;
        uint32_t code;
    } codes[] = {{59, 94287082}, {1111111109, 7081804}, {1234567890, 89005924}, {20000000000, 65353130}};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        char counter[8];
        for (size_t k = 0; k < 8; k++)
            counter[k] = (char)(codes[i].seconds / 30 >> (56 - 8 * k));
        digest_hmac_sha1(S("12345678901234567890"), (struct str){counter, 8}, out);
        size_t at = out[19] & 15;
        uint32_t v = (uint32_t)(out[at] & 0x7f) << 24 | (uint32_t)out[at + 1] << 16 |
                     (uint32_t)out[at + 2] << 8 | out[at + 3];
        assert_int_equal(v % 100000000, codes[i].code);
    }
}

static void test_wipe(void **state)
{
    (void)state;
    char secret[32];
    memset(secret, 'x', sizeof(secret));
    digest_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        assert_int_equal(secret[i], 0);
    assert_true(digest_same("abc", "abd", 2) && !digest_same("abc", "abd", 3) && digest_same("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),      cmocka_unit_test(test_parts_property),
        cmocka_unit_test(test_hmac_sha256), cmocka_unit_test(test_hmac_sha1),
        cmocka_unit_test(test_wipe),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
