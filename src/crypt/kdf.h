/*
 * kdf.h - subkeys. A key serves one purpose only: whoever needs another one derives it here with a label of
 * its own. Source: RFC 5869 (HKDF-SHA256).
 */
#ifndef KHIEN_CRYPT_KDF_H
#define KHIEN_CRYPT_KDF_H

#include "base/str.h"

/* Derive n bytes (at most 255 * 32) from key, salt (may be empty) and label. */
void kdf_hkdf(struct str key, struct str salt, struct str label, uint8_t *out, size_t n);

#endif
