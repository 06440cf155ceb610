/*
 * register_person.h - people and their accounts: one account belongs to one person (D15.3.1). Passwords are
 * Argon2id texts made by crypt/password; this file never sees a password.
 */
#ifndef KHIEN_REGISTER_REGISTER_PERSON_H
#define KHIEN_REGISTER_REGISTER_PERSON_H

#include "crypt/digest.h"
#include "register/register.h"

#define REGISTER_LOGIN_BYTES_MAX 64u
#define REGISTER_PASSWORD_HISTORY 5u /* D13.6: none of the last five again */
#define REGISTER_PASSWORD_MONTHS 3   /* D13.6.1: change at least every three calendar months */
#define REGISTER_TOTP_SECRET_BYTES 20u

/*      id         word        who */
#define REGISTER_ROLE_TABLE(X)                                                                               \
    X(ROLE_OFFICER, "officer")   /* cán bộ phụ trách an toàn thông tin */                            \
    X(ROLE_HEAD, "head")         /* lãnh đạo */                                                          \
    X(ROLE_OPERATOR, "operator") /* đơn vị vận hành */                                                \
    X(ROLE_AUDITOR, "auditor")   /* reads everything, changes nothing */                                     \
    X(ROLE_ADMIN, "admin")       /* the one who set the node up */

enum register_role {
#define X(id, word) id,
    REGISTER_ROLE_TABLE(X)
#undef X
        ROLE_COUNT
};

struct register_person {
    int64_t id;
    int64_t org;
    struct str name, phone, login;
    enum register_role role;
    struct str hash; /* PHC text of Argon2id: never leaves the core */
    bool must_change;
    int64_t password_ns; /* when the password was last changed */
    bool totp_on;
    int64_t totp_step;                               /* last step that was used */
    uint8_t totp_secret[REGISTER_TOTP_SECRET_BYTES]; /* in force, when totp_on */
    uint8_t totp_offer[REGISTER_TOTP_SECRET_BYTES];  /* waits to be confirmed */
    bool has_totp_offer;
    struct str lang; /* "vi" or "en" */
    int64_t disabled_ns;
    int64_t created_ns;
    int64_t last_sign_in_ns; /* 0: never */
};

struct register_person_list {
    struct register_person *items;
    size_t n;
    int64_t next;
};

struct str register_person_role_name(enum register_role role);
bool register_person_role_find(struct str word, enum register_role *ret);

/* Login names: ASCII letters, digits, '.', '-', '_', 2..REGISTER_LOGIN_BYTES_MAX; compared in lower case. */
bool register_person_login_fold(struct str login, char out[REGISTER_LOGIN_BYTES_MAX], struct str *ret);

/* org, name, login (folded), role, hash, must_change are taken. ERR_CONFLICT where the login is in use. */
int register_person_add(struct reg *r, const struct register_by *by, const struct register_person *p,
                        int64_t *ret_id, struct err *err) MUST_USE;
int register_person_find(struct reg *r, struct arena *a, int64_t id, struct register_person *ret,
                         bool *ret_found, struct err *err) MUST_USE;
/* login must be folded. */
int register_person_find_login(struct reg *r, struct arena *a, struct str login, struct register_person *ret,
                               bool *ret_found, struct err *err) MUST_USE;
int register_person_list(struct reg *r, struct arena *a, int64_t org, struct register_page page,
                         struct register_person_list *ret, struct err *err) MUST_USE;
int register_person_count(struct reg *r, int64_t org, int64_t *ret, struct err *err) MUST_USE;

/* The present and the former hashes, newest first, at most REGISTER_PASSWORD_HISTORY. */
int register_person_hashes(struct reg *r, struct arena *a, int64_t id,
                           struct str ret[REGISTER_PASSWORD_HISTORY], size_t *ret_n,
                           struct err *err) MUST_USE;
/* A new password; must_change: the person must choose an own one at the next sign-in (given by another). */
int register_person_set_password(struct reg *r, const struct register_by *by, int64_t id, struct str hash,
                                 bool must_change, struct err *err) MUST_USE;
/* When the password must be changed at the latest: password_ns plus three calendar months. */
int64_t register_person_password_due(int64_t password_ns);

/*
 * Offer a secret and the digests of new recovery codes. They are in force only after they are confirmed; what
 * was in force before stays so until then.
 */
int register_person_offer_totp(struct reg *r, const struct register_by *by, int64_t id,
                               const uint8_t secret[REGISTER_TOTP_SECRET_BYTES], const struct digest *codes,
                               size_t n_codes, struct err *err) MUST_USE;
/* The offer comes into force: sign-in needs a one-time code. step: the one that confirmed. ERR_NOT_FOUND. */
int register_person_confirm_totp(struct reg *r, const struct register_by *by, int64_t id, int64_t step,
                                 struct err *err) MUST_USE;
/* Take the second factor away: the password was reset by another. Part of a change that is audited. */
int register_person_clear_totp(struct reg *r, int64_t id, struct err *err) MUST_USE;
/* Remember a used step; *ret_fresh is false where it or a later one was used before (replay). */
int register_person_use_totp(struct reg *r, int64_t id, int64_t step, bool *ret_fresh,
                             struct err *err) MUST_USE;
/* Use up a recovery code; *ret_ok is false where it is unknown or used. */
int register_person_use_recovery(struct reg *r, const struct register_by *by, int64_t id,
                                 const struct digest *code, bool *ret_ok, struct err *err) MUST_USE;
/* Take the account out of use (D15.4.3) and end its session, or bring it back. */
int register_person_disable(struct reg *r, const struct register_by *by, int64_t id, bool disable,
                            struct err *err) MUST_USE;

#endif
