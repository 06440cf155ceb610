/*
 * totp.h - one-time codes for the second factor: RFC 6238 with HMAC-SHA-1, six digits, 30 seconds, one step
 * of tolerance on both sides; base32 (RFC 4648) for the authenticator programs, and recovery codes.
 */
#ifndef KHIEN_CRYPT_TOTP_H
#define KHIEN_CRYPT_TOTP_H

#include "base/buf.h"
#include "crypt/digest.h"

#define TOTP_SECRET_BYTES 20u
#define TOTP_STEP_NS (INT64_C(30) * NS_PER_S)
#define TOTP_SECRET_TEXT 33u /* base32 of the secret, with the NUL */
#define TOTP_RECOVERY_COUNT 8u
#define TOTP_RECOVERY_RANDOM 10u /* bytes of randomness per code */
#define TOTP_RECOVERY_TEXT 20u   /* "XXXX-XXXX-XXXX-XXXX", with the NUL */

int64_t totp_step_of(int64_t now_ns);
/* The code of a step, 0..999999. */
uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step);
/*
 * Whether `code` (six digits, blanks allowed) fits the present step or a neighbour that is later than
 * `last_step` (replay). *ret_step: the step it fits. Constant time over the three steps.
 */
bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now_ns, int64_t last_step,
                int64_t *ret_step);

void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_TEXT]);
/* otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…; texts are percent-encoded. */
void totp_put_uri(struct buf *b, struct str issuer, struct str account,
                  const uint8_t secret[TOTP_SECRET_BYTES]);

void totp_recovery_text(const uint8_t random[TOTP_RECOVERY_RANDOM], char ret[TOTP_RECOVERY_TEXT]);
/* Digest of a recovery code as typed: dashes and blanks away, capitals. *ret_ok false where it is not one. */
struct digest totp_recovery_digest(struct str typed, bool *ret_ok);

/* RFC 4648 base32 without padding; out has room for (n * 8 + 4) / 5 + 1 bytes. */
void totp_base32(const uint8_t *in, size_t n, char *out);

#endif
