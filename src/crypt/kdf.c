#include "crypt/kdf.h"

#include "crypt/digest.h"

#define LABEL_BYTES_MAX 192

void kdf_hkdf(struct str key, struct str salt, struct str label, uint8_t *out, size_t n)
{
    static const char zero[DIGEST_BYTES];
    char in[DIGEST_BYTES + LABEL_BYTES_MAX + 1];
    struct digest t = {{0}};
    assert(n <= 255 * DIGEST_BYTES && label.n <= LABEL_BYTES_MAX);
    struct digest prk = digest_hmac_sha256(salt.n == 0 ? (struct str){zero, sizeof(zero)} : salt, key);
    size_t have = 0; /* bytes of the previous round in front of the label: none in the first */
    for (size_t at = 0, round = 1; at < n; round++) {
        memcpy(in, t.b, have);
        if (label.n > 0)
            memcpy(in + have, label.p, label.n);
        in[have + label.n] = (char)round;
        t = digest_hmac_sha256((struct str){(const char *)prk.b, DIGEST_BYTES},
                               (struct str){in, have + label.n + 1});
        size_t k = n - at < DIGEST_BYTES ? n - at : DIGEST_BYTES;
        memcpy(out + at, t.b, k);
        at += k;
        have = DIGEST_BYTES;
    }
    digest_wipe(&prk, sizeof(prk));
    digest_wipe(&t, sizeof(t));
    digest_wipe(in, sizeof(in));
}
