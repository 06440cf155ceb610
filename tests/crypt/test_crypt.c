/* AEAD, HKDF, Ed25519, key wrap, against published vectors and against change of every byte. */
#include <string.h>

#include "crypt/aead.h"
#include "crypt/digest.h"
#include "crypt/kdf.h"
#include "crypt/sign.h"
#include "crypt/wrap.h"
#include "sys/sys_sim.h"
#include "kit/kit.h"

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[2 * n] != '\0'; n++) {
        const char *digits = "0123456789abcdef";
        out[n] =
            (uint8_t)((strchr(digits, hex[2 * n]) - digits) << 4 | (strchr(digits, hex[2 * n + 1]) - digits));
    }
    return n;
}

static struct str bytes(const uint8_t *p, size_t n)
{
    return (struct str){(const char *)p, n};
}

static void test_aead_vector(void **state)
{
    (void)state;
    /* NIST GCM test case 13 and 14: zero key and nonce, empty text and 16 zero bytes. */
    static const uint8_t key[32];
    struct aead *a = NULL;
    struct err err = {0};
    uint8_t want[64];
    char out[64];
    assert_int_equal(aead_new(&a, &err), 0);
    assert_int_equal(aead_key(a, key, &err), 0);
    assert_int_equal(aead_seal(a, 0, S(""), S(""), out, &err), 0);
    unhex("530f8afbc74536b9a963b4f1c4cb738b", want);
    assert_memory_equal(out, want, 16);
    assert_int_equal(aead_seal(a, 0, S(""), bytes(key, 16), out, &err), 0);
    unhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", want);
    assert_memory_equal(out, want, 32);
    aead_free(a);
}

static void test_aead_change(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1, 2, 3};
    struct aead *a = NULL;
    struct err err = {0};
    char text[40] = "nhat ky he thong", sealed[60], plain[40], aad[5] = "head";
    assert_int_equal(aead_new(&a, &err), 0);
    assert_int_equal(aead_key(a, key, &err), 0);
    assert_int_equal(aead_seal(a, 9, (struct str){aad, 5}, (struct str){text, 40}, sealed, &err), 0);
    assert_int_equal(aead_open(a, 9, (struct str){aad, 5}, (struct str){sealed, 56}, plain, &err), 0);
    assert_memory_equal(plain, text, 40);
    assert_int_equal(aead_open(a, 8, (struct str){aad, 5}, (struct str){sealed, 56}, plain, &err), -1);
    assert_int_equal(aead_open(a, 9, (struct str){aad, 4}, (struct str){sealed, 56}, plain, &err), -1);
    for (size_t i = 0; i < 56; i++) {
        sealed[i] = (char)(sealed[i] ^ 1);
        assert_int_equal(aead_open(a, 9, (struct str){aad, 5}, (struct str){sealed, 56}, plain, &err), -1);
        assert_int_equal(err.code, ERR_CORRUPT);
        sealed[i] = (char)(sealed[i] ^ 1);
    }
    for (size_t n = 0; n < 56; n++)
        assert_int_equal(aead_open(a, 9, (struct str){aad, 5}, (struct str){sealed, n}, plain, &err), -1);
    aead_free(a);
    aead_free(NULL);
}

static void test_hkdf_rfc5869(void **state)
{
    (void)state;
    static const struct {
        const char *key, *salt, *label, *want;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t key[64], salt[64], label[64], want[64], out[64];
        size_t k = unhex(cases[i].key, key), s = unhex(cases[i].salt, salt), l = unhex(cases[i].label, label);
        size_t n = unhex(cases[i].want, want);
        kdf_hkdf(bytes(key, k), bytes(salt, s), bytes(label, l), out, n);
        assert_memory_equal(out, want, n);
    }
}

static void test_sign_rfc8032(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *public_key, *msg, *sig;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
         "bf5f0595bbe2465"
         "5141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387"
         "b2eaeb4302aeeb0"
         "0d291612bb0c00"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t seed[32], want_key[32], key[32], msg[64], want[64], sig[64];
        struct err err = {0};
        (void)unhex(cases[i].seed, seed);
        (void)unhex(cases[i].public_key, want_key);
        (void)unhex(cases[i].sig, want);
        struct str m = bytes(msg, unhex(cases[i].msg, msg));
        assert_int_equal(sign_public(seed, key, &err), 0);
        assert_memory_equal(key, want_key, 32);
        assert_int_equal(sign_make(seed, m, sig, &err), 0);
        assert_memory_equal(sig, want, 64);
        assert_true(sign_check(key, m, sig));
        assert_false(sign_check(key, S("another text"), sig));
        for (size_t k = 0; k < 64; k++) {
            sig[k] ^= 4;
            assert_false(sign_check(key, m, sig));
            sig[k] ^= 4;
        }
    }
}

static void test_wrap(void **state)
{
    (void)state;
    struct sys_sim *m = NULL;
    struct err err = {0};
    uint8_t node[32], other[32], key[32], blob[WRAP_BYTES], again[WRAP_BYTES], out[32];
    assert_int_equal(sys_sim_new(4, &m, &err), 0);
    assert_int_equal(sys_random(sys_sim_sys(m), node, 32, &err), 0);
    assert_int_equal(sys_random(sys_sim_sys(m), other, 32, &err), 0);
    assert_int_equal(sys_random(sys_sim_sys(m), key, 32, &err), 0);
    assert_int_equal(wrap_seal(sys_sim_sys(m), node, S("a"), S("head"), key, blob, &err), 0);
    assert_int_equal(wrap_seal(sys_sim_sys(m), node, S("a"), S("head"), key, again, &err), 0);
    assert_memory_not_equal(blob + 32, again + 32, 32); /* never the same key stream twice */
    assert_int_equal(wrap_open(node, S("a"), S("head"), blob, out, &err), 0);
    assert_memory_equal(out, key, 32);
    assert_int_equal(wrap_open(other, S("a"), S("head"), blob, out, &err), -1);
    assert_int_equal(wrap_open(node, S("b"), S("head"), blob, out, &err), -1);
    assert_int_equal(wrap_open(node, S("a"), S("tail"), blob, out, &err), -1);
    for (size_t i = 0; i < WRAP_BYTES; i++) {
        blob[i] ^= 128;
        assert_int_equal(wrap_open(node, S("a"), S("head"), blob, out, &err), -1);
        blob[i] ^= 128;
    }
    sys_sim_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead_vector),  cmocka_unit_test(test_aead_change),
        cmocka_unit_test(test_hkdf_rfc5869), cmocka_unit_test(test_sign_rfc8032),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests_name("crypt", tests, NULL, NULL);
}
