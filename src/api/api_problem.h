/*
 * api_problem.h - the errors of the interface: stable words that the console translates.
 * Source: RFC 9457 (application/problem+json), docs/api.md.
 */
#ifndef KHIEN_API_API_PROBLEM_H
#define KHIEN_API_API_PROBLEM_H

#include "base/err.h"

/*      id                        word               status title */
#define API_PROBLEM_TABLE(X)                                                                                 \
    X(PROBLEM_BAD_REQUEST, "bad_request", 400, "The request does not follow its form")                       \
    X(PROBLEM_BAD_QUERY, "bad_query", 400, "The question cannot be understood")                              \
    X(PROBLEM_NO_SESSION, "no_session", 401, "Sign in first")                                                \
    X(PROBLEM_IDLE, "idle", 401, "The session ended because nothing was done for too long")                  \
    X(PROBLEM_REPLACED, "replaced", 401, "The same account signed in elsewhere")                             \
    X(PROBLEM_BAD_PASSWORD, "bad_password", 401, "Login or password is wrong")                               \
    X(PROBLEM_TOTP_NEEDED, "totp_needed", 401, "A one-time code is needed")                                  \
    X(PROBLEM_CAPTCHA_NEEDED, "captcha_needed", 401, "The characters of the image are needed")               \
    X(PROBLEM_BAD_CODE, "bad_code", 401, "The code is wrong or no longer valid")                             \
    X(PROBLEM_FORBIDDEN, "forbidden", 403, "The role does not allow this")                                   \
    X(PROBLEM_CSRF, "csrf", 403, "The header X-Khien-CSRF is missing or wrong")                              \
    X(PROBLEM_SAME_PERSON, "same_person", 403, "Another person has to decide")                               \
    X(PROBLEM_PASSWORD_EXPIRED, "password_expired", 403, "The password must be changed first")               \
    X(PROBLEM_NOT_FOUND, "not_found", 404, "There is no such thing")                                         \
    X(PROBLEM_METHOD, "method", 405, "The method is not allowed here")                                       \
    X(PROBLEM_CONFLICT, "conflict", 409, "The state of the thing does not allow this")                       \
    X(PROBLEM_SETUP_DONE, "setup_done", 409, "The node is set up already")                                   \
    X(PROBLEM_TOO_LARGE, "too_large", 413, "Too large")                                                      \
    X(PROBLEM_MEDIA_TYPE, "media_type", 415, "The body must be application/json")                            \
    X(PROBLEM_NOTE_NEEDED, "note_needed", 422, "A note is needed")                                           \
    X(PROBLEM_PASSWORD_WEAK, "password_weak", 422, "The password does not follow the rules")                 \
    X(PROBLEM_LOCKED, "locked", 423, "Too many wrong tries: locked for a while")                             \
    X(PROBLEM_LIMIT, "limit", 429, "Too many requests, or a limit was reached")                              \
    X(PROBLEM_INTERNAL, "internal", 500, "Something failed inside")                                          \
    X(PROBLEM_BUSY, "busy", 503, "Too much is under way: try again")                                         \
    X(PROBLEM_STORAGE_FULL, "storage_full", 507, "The disk is full")

enum api_problem {
#define X(id, word, status, title) id,
    API_PROBLEM_TABLE(X)
#undef X
        PROBLEM_COUNT
};

struct api_problem_row {
    const char *word;
    int status;
    const char *title;
};

const struct api_problem_row *api_problem_row(enum api_problem p);
/* The problem that an error of a lower floor becomes. */
enum api_problem api_problem_of(enum err_code code);

#endif
