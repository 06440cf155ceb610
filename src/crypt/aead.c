#include "crypt/aead.h"

#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#define NONCE_BYTES 12

struct aead {
    EVP_CIPHER_CTX *enc, *dec; /* both keyed; a new text only sets the nonce */
    bool keyed;
};

static EVP_CIPHER *cipher;
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;

static void cipher_load(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

int aead_new(struct aead **ret, struct err *err)
{
    (void)pthread_once(&cipher_once, cipher_load);
    if (cipher == NULL)
        return err_set(err, ERR_CRYPT, "AES-256-GCM is not available");
    CLEANUP(aead_freep) struct aead *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return err_set(err, ERR_NOMEM, "cipher");
    a->enc = EVP_CIPHER_CTX_new();
    a->dec = EVP_CIPHER_CTX_new();
    if (a->enc == NULL || a->dec == NULL)
        return err_set(err, ERR_NOMEM, "cipher");
    *ret = TAKE(a);
    return 0;
}

void aead_free(struct aead *a)
{
    if (a == NULL)
        return;
    EVP_CIPHER_CTX_free(a->enc);
    EVP_CIPHER_CTX_free(a->dec);
    free(a);
}

int aead_key(struct aead *a, const uint8_t key[AEAD_KEY_BYTES], struct err *err)
{
    a->keyed = EVP_EncryptInit_ex2(a->enc, cipher, key, NULL, NULL) == 1 &&
               EVP_DecryptInit_ex2(a->dec, cipher, key, NULL, NULL) == 1;
    return a->keyed ? 0 : err_set(err, ERR_CRYPT, "cipher key");
}

static void put_nonce(uint64_t nonce, unsigned char out[NONCE_BYTES])
{
    for (size_t i = 0; i < NONCE_BYTES; i++)
        out[i] = (unsigned char)(i < 4 ? 0 : nonce >> (8 * (i - 4)));
}

int aead_seal(struct aead *a, uint64_t nonce, struct str aad, struct str in, char *out, struct err *err)
{
    unsigned char iv[NONCE_BYTES], *to = (unsigned char *)out;
    int n = 0;
    assert(a->keyed);
    if (in.n > INT_MAX - AEAD_TAG_BYTES || aad.n > INT_MAX)
        return err_set(err, ERR_LIMIT, "text to encrypt is too long");
    put_nonce(nonce, iv);
    bool ok = EVP_EncryptInit_ex2(a->enc, NULL, NULL, iv, NULL) == 1;
    if (ok && aad.n > 0)
        ok = EVP_EncryptUpdate(a->enc, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) == 1;
    n = 0;
    if (ok && in.n > 0)
        ok = EVP_EncryptUpdate(a->enc, to, &n, (const unsigned char *)in.p, (int)in.n) == 1;
    ok = ok && (size_t)n == in.n && EVP_EncryptFinal_ex(a->enc, to + in.n, &n) == 1 && n == 0;
    ok = ok && EVP_CIPHER_CTX_ctrl(a->enc, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, to + in.n) == 1;
    return ok ? 0 : err_set(err, ERR_CRYPT, "encryption failed");
}

int aead_open(struct aead *a, uint64_t nonce, struct str aad, struct str in, char *out, struct err *err)
{
    unsigned char iv[NONCE_BYTES], tag[AEAD_TAG_BYTES], *to = (unsigned char *)out;
    int n = 0;
    assert(a->keyed);
    if (in.n < AEAD_TAG_BYTES || in.n > INT_MAX || aad.n > INT_MAX)
        return err_set(err, ERR_CORRUPT, "encrypted text of impossible length");
    size_t text_n = in.n - AEAD_TAG_BYTES;
    memcpy(tag, in.p + text_n, sizeof(tag));
    put_nonce(nonce, iv);
    bool ok = EVP_DecryptInit_ex2(a->dec, NULL, NULL, iv, NULL) == 1;
    if (ok && aad.n > 0)
        ok = EVP_DecryptUpdate(a->dec, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) == 1;
    n = 0;
    if (ok && text_n > 0)
        ok = EVP_DecryptUpdate(a->dec, to, &n, (const unsigned char *)in.p, (int)text_n) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(a->dec, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) == 1;
    if (!ok)
        return err_set(err, ERR_CRYPT, "decryption failed");
    unsigned char rest[AEAD_TAG_BYTES];
    if (EVP_DecryptFinal_ex(a->dec, rest, &n) != 1)
        return err_set(err, ERR_CORRUPT, "the authentication tag does not fit");
    return 0;
}
