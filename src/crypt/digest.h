/*
 * digest.h - SHA-256, HMAC and constant-time comparison. OpenSSL is included by src/crypt/ alone.
 * Source: FIPS 180-4, RFC 2104; HMAC-SHA-1 only for RFC 6238 one-time codes.
 */
#ifndef KHIEN_CRYPT_DIGEST_H
#define KHIEN_CRYPT_DIGEST_H

#include "base/str.h"

#define DIGEST_BYTES 32

struct digest {
    uint8_t b[DIGEST_BYTES];
};

struct digest digest_sha256(struct str s);
/* SHA-256 over the parts, one behind the other. */
struct digest digest_sha256_parts(const struct str *parts, size_t n_parts);
struct digest digest_hmac_sha256(struct str key, struct str s);
void digest_hmac_sha1(struct str key, struct str s, uint8_t out[20]);
bool digest_eq(const struct digest *a, const struct digest *b); /* constant time */
bool digest_same(const void *a, const void *b, size_t n);       /* constant time */
void digest_hex(const struct digest *d, char out[65]);
/* Wipe secrets in a way the compiler keeps. */
void digest_wipe(void *p, size_t n);

#endif
