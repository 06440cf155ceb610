#include "flow/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES (EVENT_RAW_BYTES_MAX + 2u)

struct lines {
    int fd;
    size_t from, to; /* unread bytes */
    bool end, in_long;
    char bytes[BUFFER_BYTES];
};

int lines_new(int fd, struct lines **ret, struct err *err)
{
    struct lines *l = malloc(sizeof(*l));
    if (l == NULL)
        return err_set(err, ERR_NOMEM, "line buffer");
    l->fd = fd;
    l->from = l->to = 0;
    l->end = l->in_long = false;
    *ret = l;
    return 0;
}

void lines_free(struct lines *l)
{
    free(l);
}

static int refill(struct lines *l, struct err *err)
{
    memmove(l->bytes, l->bytes + l->from, l->to - l->from);
    l->to -= l->from;
    l->from = 0;
    ssize_t n;
    do {
        n = read(l->fd, l->bytes + l->to, sizeof(l->bytes) - l->to);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, errno, "read");
    l->end = n == 0;
    l->to += (size_t)n;
    return 0;
}

static struct str take(struct lines *l, size_t n, size_t skip)
{
    struct str s = {l->bytes + l->from, n};
    l->from += n + skip;
    return s;
}

int lines_next(struct lines *l, struct str *ret, uint8_t *ret_flags, struct err *err)
{
    for (;;) {
        struct str have = {l->bytes + l->from, l->to - l->from};
        size_t k = str_find_char(have, '\n');
        bool too_long = k == SIZE_MAX && have.n >= EVENT_RAW_BYTES_MAX;
        if (k > EVENT_RAW_BYTES_MAX && k != SIZE_MAX)
            too_long = true;
        if (too_long) {
            *ret = take(l, EVENT_RAW_BYTES_MAX, 0);
            *ret_flags = EVENT_PART;
            l->in_long = true;
            return 0;
        }
        if (k == SIZE_MAX && !l->end) {
            if (refill(l, err) != 0)
                return -1;
            continue;
        }
        if (k == SIZE_MAX && have.n == 0)
            return 1;
        *ret = take(l, k == SIZE_MAX ? have.n : k, k != SIZE_MAX);
        if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
            ret->n--;
        *ret_flags = l->in_long ? EVENT_PART : 0;
        l->in_long = false;
        if (ret->n > 0)
            return 0;
    }
}
