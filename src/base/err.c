#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    int http;
    int exit_code;
} err_table[ERR_COUNT] = {
#define X(code, word, http, exit_code) [code] = {word, http, exit_code},
    ERR_TABLE(X)
#undef X
};

void base_freep(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof(p));
    free(p);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    assert(code != ERR_NONE && code < ERR_COUNT);
    if (err == NULL)
        return -1;
    err->code = code;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (err == NULL)
        return -1;
    char old[sizeof(err->msg)];
    memcpy(old, err->msg, sizeof(old));
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->msg)) {
        size_t left = sizeof(err->msg) - (size_t)n;
        (void)snprintf(err->msg + n, left, ": %.*s", (int)left, old);
    }
    return -1;
}

int err_errno(struct err *err, int errno_value, const char *fmt, ...)
{
    if (err == NULL)
        return -1;
    bool full = errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EROFS;
    err->code = full                                            ? ERR_FULL
                : errno_value == ENOMEM                         ? ERR_NOMEM
                : errno_value == EACCES || errno_value == EPERM ? ERR_DENIED
                                                                : ERR_IO;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->msg)) {
        char text[128];
        /* GNU strerror_r may return a static string instead of filling the buffer. */
        const char *s = strerror_r(errno_value, text, sizeof(text));
        (void)snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %s", s);
    }
    return -1;
}

const char *err_word(enum err_code code)
{
    assert(code < ERR_COUNT);
    return err_table[code].word;
}

int err_http_status(enum err_code code)
{
    assert(code < ERR_COUNT);
    return err_table[code].http;
}

int err_exit_code(enum err_code code)
{
    assert(code < ERR_COUNT);
    return err_table[code].exit_code;
}
