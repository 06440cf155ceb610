#include "crypt/wrap.h"

#include "crypt/aead.h"
#include "crypt/digest.h"
#include "crypt/kdf.h"

#define SALT_BYTES 32

_Static_assert(WRAP_BYTES == SALT_BYTES + WRAP_KEY_BYTES + AEAD_TAG_BYTES, "blob is salt, key, tag");

static int wrap_cipher(const uint8_t *node_key, const uint8_t *salt, struct str label, struct aead **ret,
                       struct err *err)
{
    uint8_t kek[AEAD_KEY_BYTES];
    CLEANUP(aead_freep) struct aead *a = NULL;
    kdf_hkdf((struct str){(const char *)node_key, WRAP_KEY_BYTES},
             (struct str){(const char *)salt, SALT_BYTES}, label, kek, sizeof(kek));
    int rc = aead_new(&a, err);
    if (rc == 0)
        rc = aead_key(a, kek, err);
    digest_wipe(kek, sizeof(kek));
    if (rc == 0)
        *ret = TAKE(a);
    return rc;
}

int wrap_seal(const struct sys *sys, const uint8_t node_key[WRAP_KEY_BYTES], struct str label, struct str aad,
              const uint8_t key[WRAP_KEY_BYTES], uint8_t ret_blob[WRAP_BYTES], struct err *err)
{
    CLEANUP(aead_freep) struct aead *a = NULL;
    if (sys_random(sys, ret_blob, SALT_BYTES, err) != 0)
        return -1;
    if (wrap_cipher(node_key, ret_blob, label, &a, err) != 0)
        return -1;
    return aead_seal(a, 0, aad, (struct str){(const char *)key, WRAP_KEY_BYTES},
                     (char *)ret_blob + SALT_BYTES, err);
}

int wrap_open(const uint8_t node_key[WRAP_KEY_BYTES], struct str label, struct str aad,
              const uint8_t blob[WRAP_BYTES], uint8_t ret_key[WRAP_KEY_BYTES], struct err *err)
{
    CLEANUP(aead_freep) struct aead *a = NULL;
    if (wrap_cipher(node_key, blob, label, &a, err) != 0)
        return -1;
    struct str in = {(const char *)blob + SALT_BYTES, WRAP_BYTES - SALT_BYTES};
    return aead_open(a, 0, aad, in, (char *)ret_key, err);
}
