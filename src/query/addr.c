#include "query/addr.h"

#include "base/cur.h"

static bool parse_v4(struct cur *c, uint8_t out[4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            cur_expect(c, '.');
        size_t from = c->at;
        out[i] = (uint8_t)cur_dec(c, 255);
        if (c->at - from > 3)
            c->bad = true;
    }
    return !c->bad;
}

static int hex_of(int ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    int low = ch | 0x20;
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* One to four hexadecimal digits. */
static bool parse_group(struct cur *c, uint8_t out[2])
{
    unsigned v = 0, digits = 0;
    for (int d; digits < 5 && (d = hex_of(cur_peek(c))) >= 0; digits++, c->at++)
        v = v << 4 | (unsigned)d;
    if (digits == 0 || digits > 4)
        return false;
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
    return true;
}

static bool ends_in_v4(struct cur c)
{
    size_t digits = 0;
    for (; digits < 4 && cur_peek(&c) >= '0' && cur_peek(&c) <= '9'; digits++)
        c.at++;
    return digits > 0 && cur_peek(&c) == '.';
}

static bool parse_v6(struct cur *c, struct addr *ret)
{
    size_t n = 0, gap = SIZE_MAX;
    if (cur_skip(c, ':')) {
        if (cur_peek(c) != ':')
            return false;
    }
    while (n < 16 && !cur_done(c)) {
        if (gap == SIZE_MAX && n % 2 == 0 && cur_peek(c) == ':') {
            c->at++;
            gap = n;
            continue;
        }
        if (n <= 12 && ends_in_v4(*c)) {
            if (!parse_v4(c, ret->b + n))
                return false;
            n += 4;
            break;
        }
        if (!parse_group(c, ret->b + n))
            return false;
        n += 2;
        if (!cur_done(c) && (!cur_skip(c, ':') || cur_done(c)))
            return false;
    }
    if (!cur_done(c) || (gap == SIZE_MAX) != (n == 16))
        return false;
    if (gap != SIZE_MAX) {
        memmove(ret->b + 16 - (n - gap), ret->b + gap, n - gap);
        memset(ret->b + gap, 0, 16 - n);
    }
    return true;
}

static bool parse_any(struct str s, struct addr *ret, bool *ret_v4)
{
    struct addr a = {{0}};
    struct cur c = cur_of(s);
    *ret_v4 = str_find_char(s, ':') == SIZE_MAX;
    if (s.n < 2 || s.n > 45)
        return false;
    if (*ret_v4) {
        a.b[10] = a.b[11] = 0xFF;
        if (!parse_v4(&c, a.b + 12) || !cur_done(&c))
            return false;
    } else if (!parse_v6(&c, &a)) {
        return false;
    }
    *ret = a;
    return true;
}

bool addr_parse(struct str s, struct addr *ret)
{
    struct str head, zone;
    bool v4;
    if (str_cut(s, '%', &head, &zone) && (zone.n == 0 || str_find_char(head, ':') == SIZE_MAX))
        return false;
    return parse_any(head, ret, &v4);
}

bool addr_parse_net(struct str s, struct addr *ret, unsigned *ret_bits)
{
    struct str head, len;
    struct addr a;
    bool v4;
    uint64_t bits;
    if (!str_cut(s, '/', &head, &len) || len.n > 3 || !parse_any(head, &a, &v4) ||
        !str_to_u64(len, v4 ? 32 : 128, &bits))
        return false;
    *ret = a;
    *ret_bits = (unsigned)bits + (v4 ? 96 : 0);
    return true;
}

bool addr_in_net(const struct addr *a, const struct addr *net, unsigned bits)
{
    assert(bits <= 128);
    size_t whole = bits / 8;
    if (memcmp(a->b, net->b, whole) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || (a->b[whole] ^ net->b[whole]) >> (8 - rest) == 0;
}
