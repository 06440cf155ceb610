/*
 * password.h - passwords: Argon2id hashes and the rules of D13.6. A hash is PHC text
 * ("$argon2id$v=19$m=65536,t=3,p=1$salt$sum"), so that its parameters travel with it.
 * Source: RFC 9106; regulation D13.6.1, D13.6.6, D13.6.7.
 */
#ifndef KHIEN_CRYPT_PASSWORD_H
#define KHIEN_CRYPT_PASSWORD_H

#include "base/err.h"
#include "base/str.h"

#define PASSWORD_HASH_BYTES_MAX 128u /* with the NUL */
#define PASSWORD_SALT_BYTES 16u
#define PASSWORD_SUM_BYTES 32u
#define PASSWORD_RANDOM_BYTES (PASSWORD_SALT_BYTES + PASSWORD_SUM_BYTES)
#define PASSWORD_BYTES_MAX 512u
#define PASSWORD_CHARS_MIN 8u

/* Cost of a hash. */
struct password_cost {
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

/* What production uses: 64 MiB, three passes, one lane. */
extern const struct password_cost password_cost_default;

/* Hash with the salt given (PASSWORD_SALT_BYTES of fresh randomness). ERR_LIMIT (too long), ERR_NOMEM,
 * ERR_CRYPT. */
int password_hash(const struct password_cost *cost, struct str password,
                  const uint8_t salt[PASSWORD_SALT_BYTES], char ret[PASSWORD_HASH_BYTES_MAX],
                  struct err *err) MUST_USE;
/*
 * A hash of this cost that belongs to no password: checking against it takes as long as against a real one,
 * making it costs nothing. random: PASSWORD_RANDOM_BYTES of fresh randomness.
 */
void password_nobody(const struct password_cost *cost, const uint8_t random[PASSWORD_RANDOM_BYTES],
                     char ret[PASSWORD_HASH_BYTES_MAX]);
/* true where it is the password; also takes the time of a hash where it is not. phc is NUL-terminated. */
bool password_matches(const char *phc, struct str password);

/*      id                  word        rule */
#define PASSWORD_REASON_TABLE(X)                                                                             \
    X(PASSWORD_LENGTH, "length")   /* D13.6.6: at least eight characters */                                  \
    X(PASSWORD_UPPER, "upper")     /* D13.6.7 */                                                             \
    X(PASSWORD_LOWER, "lower")     /* D13.6.7 */                                                             \
    X(PASSWORD_DIGIT, "digit")     /* D13.6.7 */                                                             \
    X(PASSWORD_SPECIAL, "special") /* D13.6.7 */                                                             \
    X(PASSWORD_REUSED, "reused")   /* one of the last five */                                                \
    X(PASSWORD_LOGIN, "login")     /* contains the login */

enum password_reason {
#define X(id, word) id,
    PASSWORD_REASON_TABLE(X)
#undef X
        PASSWORD_REASON_COUNT
};

const char *password_reason_word(enum password_reason reason);
/*
 * What is wrong with a password, as bits 1 << enum password_reason; 0: nothing. Letters are those of Latin
 * with Vietnamese marks, too; special is everything that is neither letter nor digit nor control character.
 * Reuse is judged by the caller, who has the former hashes.
 */
unsigned password_check(struct str password, struct str login);

#endif
