/*
 * sign.h - Ed25519 with raw keys. The private key is the 32-byte seed. Source: RFC 8032.
 */
#ifndef KHIEN_CRYPT_SIGN_H
#define KHIEN_CRYPT_SIGN_H

#include "sys/sys.h"

#define SIGN_KEY_BYTES 32
#define SIGN_BYTES 64

/* Make a new key pair from random bytes of the world. */
int sign_generate(const struct sys *sys, uint8_t ret_seed[SIGN_KEY_BYTES], uint8_t ret_public[SIGN_KEY_BYTES],
                  struct err *err) MUST_USE;
/* Public key of a seed. */
int sign_public(const uint8_t seed[SIGN_KEY_BYTES], uint8_t ret_public[SIGN_KEY_BYTES],
                struct err *err) MUST_USE;
/* Sign a message. */
int sign_make(const uint8_t seed[SIGN_KEY_BYTES], struct str msg, uint8_t ret_sig[SIGN_BYTES],
              struct err *err) MUST_USE;
/* Does the signature hold? A damaged key is "no". */
bool sign_check(const uint8_t public_key[SIGN_KEY_BYTES], struct str msg, const uint8_t sig[SIGN_BYTES]);

#endif
