/*
 * aead.h - AES-256-GCM with counter nonces. A key encrypts at most one text per nonce: whoever derives the
 * key (kdf.h) owns that promise. One object belongs to one thread. Source: NIST SP 800-38D.
 */
#ifndef KHIEN_CRYPT_AEAD_H
#define KHIEN_CRYPT_AEAD_H

#include "base/str.h"

#define AEAD_KEY_BYTES 32
#define AEAD_TAG_BYTES 16

struct aead;

/* Make a context without a key. Errors: ERR_NOMEM, ERR_CRYPT (no AES-256-GCM in this OpenSSL). */
int aead_new(struct aead **ret, struct err *err) MUST_USE;
void aead_free(struct aead *a); /* NULL allowed; the key is wiped */
/* Use this key from now on; it is copied. */
int aead_key(struct aead *a, const uint8_t key[AEAD_KEY_BYTES], struct err *err) MUST_USE;
/* Encrypt `in` to out (in.n + AEAD_TAG_BYTES bytes; out may be in.p). `aad` is authenticated only. */
int aead_seal(struct aead *a, uint64_t nonce, struct str aad, struct str in, char *out,
              struct err *err) MUST_USE;
/* Decrypt `in` (text and tag) to out (in.n - AEAD_TAG_BYTES bytes; out may be in.p). ERR_CORRUPT: the tag
 * does not fit; out holds nothing of use then. */
int aead_open(struct aead *a, uint64_t nonce, struct str aad, struct str in, char *out,
              struct err *err) MUST_USE;
DEFINE_FREEP(aead)

#endif
