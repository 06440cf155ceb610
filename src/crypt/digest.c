#include "crypt/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>

/* Fetched once: an implicit fetch costs more than hashing a short text. */
static EVP_MD *md_sha256;
static pthread_once_t md_once = PTHREAD_ONCE_INIT;

static void md_load(void)
{
    md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

struct digest digest_sha256_parts(const struct str *parts, size_t n_parts)
{
    struct digest d = {{0}};
    unsigned n = 0;
    (void)pthread_once(&md_once, md_load);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = md_sha256 != NULL && ctx != NULL && EVP_DigestInit_ex2(ctx, md_sha256, NULL) == 1;
    for (size_t i = 0; ok && i < n_parts; i++)
        ok = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, d.b, &n) == 1 && n == DIGEST_BYTES;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        abort(); /* no SHA-256 means no seals: there is nothing sensible left to do */
    return d;
}

struct digest digest_sha256(struct str s)
{
    return digest_sha256_parts(&s, 1);
}

struct digest digest_hmac_sha256(struct str key, struct str s)
{
    struct digest d = {{0}};
    unsigned n = 0;
    if (HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)s.p, s.n, d.b, &n) == NULL)
        abort();
    assert(n == DIGEST_BYTES);
    return d;
}

void digest_hmac_sha1(struct str key, struct str s, uint8_t out[20])
{
    unsigned n = 0;
    if (HMAC(EVP_sha1(), key.p, (int)key.n, (const unsigned char *)s.p, s.n, out, &n) == NULL)
        abort();
    assert(n == 20);
}

bool digest_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return digest_same(a->b, b->b, DIGEST_BYTES);
}

void digest_hex(const struct digest *d, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = hex[d->b[i] >> 4];
        out[2 * i + 1] = hex[d->b[i] & 15];
    }
    out[64] = '\0';
}

void digest_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
