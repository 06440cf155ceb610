/*
 * register_session.h - sessions, sign-in failures and the set-up code. Tokens and codes are kept as SHA-256
 * digests only. One account has one session (D15.6.c.1); a session ends by itself when it is idle
 * (D15.6.c.2). Failures are counted per login text, whether the account exists or not, so that neither the
 * lock nor the captcha tells which logins exist (D13.6.3, D13.6.4).
 */
#ifndef KHIEN_REGISTER_REGISTER_SESSION_H
#define KHIEN_REGISTER_REGISTER_SESSION_H

#include "crypt/digest.h"
#include "register/register.h"

#define REGISTER_LOCK_BASE_NS (INT64_C(300) * NS_PER_S)
#define REGISTER_LOCK_MAX_NS (INT64_C(86400) * NS_PER_S)
#define REGISTER_SETUP_TRIES 5
#define REGISTER_SETUP_SPAN_NS (INT64_C(30) * 60 * NS_PER_S)

enum register_session_state {
    SESSION_NONE,     /* no such token */
    SESSION_LIVE,     /* valid */
    SESSION_IDLE,     /* ended because nothing was done for too long */
    SESSION_REPLACED, /* ended by a later sign-in of the same account */
    SESSION_ENDED,    /* signed out, disabled, password reset */
};

struct register_session {
    int64_t id;
    int64_t person;
    int64_t created_ns, seen_ns;
};

/*
 * Begin a session and end the one the account had before ("replaced"). *ret_old: id of the ended session, 0
 * where there was none.
 */
int register_session_new(struct reg *r, const struct register_by *by, const struct digest *token,
                         int64_t *ret_id, int64_t *ret_old, struct err *err) MUST_USE;
/*
 * Look a token up and, with touch, note that the session was used. idle_ns: longest pause. seen_ns is
 * written at most every five seconds, so a session may end up to five seconds early. On a full disk it is
 * kept in memory: whoever is signed in can go on looking.
 */
int register_session_check(struct reg *r, const struct digest *token, int64_t now_ns, int64_t idle_ns,
                           bool touch, enum register_session_state *ret_state, struct register_session *ret,
                           struct err *err) MUST_USE;
/* Sign out. */
int register_session_end(struct reg *r, const struct register_by *by, int64_t id, struct err *err) MUST_USE;
int register_session_end_all(struct reg *r, int64_t person, struct str reason, int64_t now_ns,
                             struct err *err) MUST_USE;
/* Whether the session is still valid; for streams that outlive their request. */
int register_session_alive(struct reg *r, int64_t id, int64_t now_ns, int64_t idle_ns, bool *ret,
                           struct err *err) MUST_USE;

/* Failures of one login text. */
struct register_sign_in {
    int64_t failed; /* since the last success or lock */
    int64_t locks;  /* locks since the last success */
    int64_t locked_until_ns;
};

/* How long the n-th lock lasts (n from 1): 5 minutes times 1, 2, 4, …, at most 24 hours. */
int64_t register_session_lock_ns(int64_t n);
int register_session_sign_in(struct reg *r, const struct digest *login, struct register_sign_in *ret,
                             struct err *err) MUST_USE;
/*
 * Count a try as failed before the password is looked at, so that tries running at the same time cannot
 * exceed the limit; lock_after 3..5 (D13.6.3). *ret is the state after.
 */
int register_session_charge(struct reg *r, const struct digest *login, int64_t now_ns, int64_t lock_after,
                            struct register_sign_in *ret, struct err *err) MUST_USE;
/*
 * Take the try back that register_session_charge() counted (the password was right, a one-time code is still
 * missing): the states before and after that charge.
 */
int register_session_refund(struct reg *r, const struct digest *login, const struct register_sign_in *before,
                            const struct register_sign_in *charged, struct err *err) MUST_USE;
/* Forget the failures: signed in, or unlocked by an administrator. */
int register_session_forgive(struct reg *r, const struct digest *login, struct err *err) MUST_USE;

enum register_setup {
    SETUP_NONE,  /* no code was made, or it was used */
    SETUP_OPEN,  /* a code waits */
    SETUP_ENDED, /* expired, or too many wrong tries: a restart makes a new one */
};

/* Replace the set-up code (at each start of a node that is not set up). */
int register_session_setup_begin(struct reg *r, const struct digest *code, int64_t now_ns,
                                 struct err *err) MUST_USE;
/* *ret_left_ns: how long the code is still valid, when SETUP_OPEN. */
int register_session_setup_state(struct reg *r, int64_t now_ns, enum register_setup *ret,
                                 int64_t *ret_left_ns, struct err *err) MUST_USE;
/* Compare in constant time; a wrong one is counted. */
int register_session_setup_try(struct reg *r, const struct digest *code, int64_t now_ns, bool *ret_ok,
                               struct err *err) MUST_USE;
/* Use the code up; ERR_CONFLICT where it is not open any more. */
int register_session_setup_use(struct reg *r, const struct digest *code, int64_t now_ns,
                               struct err *err) MUST_USE;

#endif
