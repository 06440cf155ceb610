#include "crypt/sign.h"

#include <openssl/evp.h>

int sign_generate(const struct sys *sys, uint8_t ret_seed[SIGN_KEY_BYTES], uint8_t ret_public[SIGN_KEY_BYTES],
                  struct err *err)
{
    if (sys_random(sys, ret_seed, SIGN_KEY_BYTES, err) != 0)
        return -1;
    return sign_public(ret_seed, ret_public, err);
}

int sign_public(const uint8_t seed[SIGN_KEY_BYTES], uint8_t ret_public[SIGN_KEY_BYTES], struct err *err)
{
    size_t n = SIGN_KEY_BYTES;
    EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGN_KEY_BYTES);
    bool ok = k != NULL && EVP_PKEY_get_raw_public_key(k, ret_public, &n) == 1 && n == SIGN_KEY_BYTES;
    EVP_PKEY_free(k);
    return ok ? 0 : err_set(err, ERR_CRYPT, "Ed25519 key");
}

int sign_make(const uint8_t seed[SIGN_KEY_BYTES], struct str msg, uint8_t ret_sig[SIGN_BYTES],
              struct err *err)
{
    size_t n = SIGN_BYTES;
    EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGN_KEY_BYTES);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = k != NULL && c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, k) == 1 &&
              EVP_DigestSign(c, ret_sig, &n, (const unsigned char *)msg.p, msg.n) == 1 && n == SIGN_BYTES;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(k);
    return ok ? 0 : err_set(err, ERR_CRYPT, "Ed25519 signature");
}

bool sign_check(const uint8_t public_key[SIGN_KEY_BYTES], struct str msg, const uint8_t sig[SIGN_BYTES])
{
    EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SIGN_KEY_BYTES);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = k != NULL && c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
              EVP_DigestVerify(c, sig, SIGN_BYTES, (const unsigned char *)msg.p, msg.n) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(k);
    return ok;
}
