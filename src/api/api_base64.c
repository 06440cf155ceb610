#include "api/api_base64.h"

/* Value of a letter, or -1. */
static int value_of(char c)
{
    return ascii_is_upper(c)   ? c - 'A'
           : ascii_is_lower(c) ? c - 'a' + 26
           : ascii_is_digit(c) ? c - '0' + 52
           : c == '+'          ? 62
           : c == '/'          ? 63
                               : -1;
}

int api_base64_decode(struct str text, struct arena *a, struct str *ret, struct err *err)
{
    size_t n = text.n;
    if (n % 4 != 0)
        return err_set(err, ERR_PARSE, "base64 must have a multiple of four characters");
    size_t pad = n == 0 || text.p[n - 1] != '=' ? 0 : text.p[n - 2] == '=' ? 2 : 1;
    char *out = ARENA_NEW(a, char, n / 4 * 3 + 1);
    if (out == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the content");
    size_t at = 0;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t bits = 0;
        size_t last = i + 4 == n ? 4 - pad : 4;
        for (size_t k = 0; k < 4; k++) {
            int v = k < last ? value_of(text.p[i + k]) : 0;
            if (v < 0) {
                if (err != NULL)
                    err->at = i + k;
                return err_set(err, ERR_PARSE, "not base64 at byte %zu", i + k);
            }
            bits = bits << 6 | (uint32_t)v;
        }
        for (size_t k = 0; k + 1 < last; k++)
            out[at++] = (char)(bits >> (16 - 8 * k) & 0xffu);
    }
    *ret = (struct str){out, at};
    return 0;
}
