/*
 * err.h - the one error type. A function that can fail returns 0 or -1, is MUST_USE and fills struct err.
 * Outputs (ret_*) are touched only on success. Library code never logs and never exits. A result that is
 * expected (not found, would block) is a value, not an error.
 */
#ifndef KHIEN_BASE_ERR_H
#define KHIEN_BASE_ERR_H

#include "base/base.h"

/*        code           word         HTTP exit  meaning */
#define ERR_TABLE(X)                                                                                         \
    X(ERR_NONE, "none", 200, 0)       /* nothing failed */                                                   \
    X(ERR_NOMEM, "nomem", 503, 3)     /* memory or an arena is used up */                                    \
    X(ERR_IO, "io", 500, 3)           /* a file, socket or process failed */                                 \
    X(ERR_PARSE, "parse", 400, 2)     /* input does not follow its grammar; `at` tells where */              \
    X(ERR_USAGE, "usage", 400, 2)     /* arguments do not make sense */                                      \
    X(ERR_LIMIT, "limit", 413, 3)     /* a named limit was reached */                                        \
    X(ERR_DENIED, "denied", 403, 3)   /* not allowed */                                                      \
    X(ERR_CORRUPT, "corrupt", 500, 1) /* stored bytes do not check */                                        \
    X(ERR_NOT_FOUND, "not_found", 404, 1)                                                                    \
    X(ERR_CONFLICT, "conflict", 409, 3) /* in use, or newer than this program */                             \
    X(ERR_FULL, "full", 507, 3)         /* the disk is full or read-only */                                  \
    X(ERR_CRYPT, "crypt", 500, 3)       /* a cryptographic primitive failed */

enum err_code {
#define X(code, word, http, exit_code) code,
    ERR_TABLE(X)
#undef X
        ERR_COUNT
};

struct err {
    enum err_code code;
    size_t at;   /* byte offset in the input; parsers only */
    size_t line; /* line from 1 where the input has lines, else 0 */
    char msg[256];
};

/* Fill `err` (NULL allowed) and return -1, so that callers write: return err_set(...). */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Put "what: " in front of the message already in `err`; returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As err_set, with ": " and the text of errno_value behind; ENOSPC, EDQUOT and EROFS become ERR_FULL. */
int err_errno(struct err *err, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);

const char *err_word(enum err_code code);
int err_http_status(enum err_code code);
int err_exit_code(enum err_code code);

#endif
