/*
 * wrap.h - keys kept under another key. The wrapping key is derived from the node key for this one blob
 * (random salt) and this one purpose (label), so it never encrypts anything else. Source: RFC 5869, NIST SP
 * 800-38D.
 *
 * Blob: salt 32 | AES-256-GCM of the key 32 | tag 16.
 */
#ifndef KHIEN_CRYPT_WRAP_H
#define KHIEN_CRYPT_WRAP_H

#include "sys/sys.h"

#define WRAP_KEY_BYTES 32
#define WRAP_BYTES 80

/* Wrap a key; `aad` (header of the key file) is bound to it. */
int wrap_seal(const struct sys *sys, const uint8_t node_key[WRAP_KEY_BYTES], struct str label, struct str aad,
              const uint8_t key[WRAP_KEY_BYTES], uint8_t ret_blob[WRAP_BYTES], struct err *err) MUST_USE;
/* Unwrap; ERR_CORRUPT: another node key, another label or damaged bytes. */
int wrap_open(const uint8_t node_key[WRAP_KEY_BYTES], struct str label, struct str aad,
              const uint8_t blob[WRAP_BYTES], uint8_t ret_key[WRAP_KEY_BYTES], struct err *err) MUST_USE;

#endif
