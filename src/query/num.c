#include "query/num.h"

#include <math.h>

bool num_parse(struct str s, struct num *ret)
{
    int64_t i;
    double d;
    if (str_to_i64(s, INT64_MIN, INT64_MAX, &i)) {
        *ret = num_of(i);
        return true;
    }
    bool digit = false;
    for (size_t k = 0; k < s.n; k++) {
        digit |= ascii_is_digit(s.p[k]);
        if (!ascii_is_digit(s.p[k]) && memchr(".-+eE", s.p[k], 5) == NULL)
            return false;
    }
    if (!digit || s.p[0] == '+' || !str_to_double(s, &d) || !isfinite(d))
        return false;
    *ret = (struct num){false, 0, d};
    return true;
}

int num_cmp(const struct num *a, const struct num *b)
{
    if (a->is_int && b->is_int)
        return (a->i > b->i) - (a->i < b->i);
    return (a->d > b->d) - (a->d < b->d);
}
