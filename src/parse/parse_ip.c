#include "parse/parse_out.h"

#define GROUP_COUNT 8u

static bool is_v4(struct str s)
{
    unsigned parts = 0, value = 0, digits = 0;
    if (s.n < 7 || s.n > 15)
        return false;
    for (size_t i = 0; i <= s.n; i++) {
        if (i == s.n || s.p[i] == '.') {
            if (digits == 0 || value > 255 || ++parts > 4)
                return false;
            value = digits = 0;
        } else if (ascii_is_digit(s.p[i]) && digits < 3) {
            value = value * 10 + (unsigned)(s.p[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    return parts == 4;
}

static bool is_hex(char c)
{
    char l = ascii_lower(c);
    return ascii_is_digit(c) || (l >= 'a' && l <= 'f');
}

/* RFC 4291 2.2: eight groups of one to four hex digits, one "::" for at least one group, perhaps an IPv4
 * tail. */
static bool is_v6(struct str s)
{
    unsigned groups = 0;
    bool gap = false;
    size_t i = 0;
    if (s.n < 2 || s.n > 45)
        return false;
    if (s.p[0] == ':') {
        if (s.p[1] != ':')
            return false;
        gap = true;
        i = 2;
    }
    while (i < s.n) {
        size_t from = i;
        while (i < s.n && is_hex(s.p[i]) && i - from < 5)
            i++;
        if (i < s.n && s.p[i] == '.')
            return is_v4(str_from(s, from)) && (gap ? groups + 2 < GROUP_COUNT : groups + 2 == GROUP_COUNT);
        if (i == from || i - from > 4 || ++groups > GROUP_COUNT)
            return false;
        if (i == s.n)
            break;
        if (s.p[i++] != ':' || i == s.n)
            return false;
        if (s.p[i] == ':') {
            if (gap)
                return false;
            gap = true;
            i++;
        }
    }
    return gap ? groups < GROUP_COUNT : groups == GROUP_COUNT;
}

bool parse_ip_is(struct str s)
{
    return is_v4(s) || (s.n >= 2 && is_v6(s));
}
