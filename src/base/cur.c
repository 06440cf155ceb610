#include "base/cur.h"

uint64_t cur_varint(struct cur *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t b = cur_u8(c);
        if (c->bad || (shift == 63 && b > 1))
            break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0)
            return v;
    }
    c->bad = true;
    return 0;
}

void cur_expect(struct cur *c, char want)
{
    if (!cur_skip(c, want))
        c->bad = true;
}

uint64_t cur_dec(struct cur *c, uint64_t max)
{
    uint64_t v = 0;
    size_t digits = 0;
    for (; cur_left(c) > 0 && ascii_is_digit(c->in.p[c->at]); digits++) {
        uint64_t d = (uint64_t)(c->in.p[c->at] - '0');
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v) || v > max) {
            c->bad = true;
            return 0;
        }
        c->at++;
    }
    if (digits == 0)
        c->bad = true;
    return c->bad ? 0 : v;
}

uint64_t cur_dec_width(struct cur *c, size_t digits)
{
    assert(digits <= 19);
    struct str s = cur_bytes(c, digits);
    uint64_t v = 0;
    if (c->bad)
        return 0;
    if (!str_to_u64(s, UINT64_MAX, &v)) {
        c->at -= digits;
        c->bad = true;
    }
    return v;
}

struct str cur_until(struct cur *c, char end)
{
    struct str rest = c->bad ? (struct str){NULL, 0} : str_from(c->in, c->at);
    size_t k = str_find_char(rest, end);
    if (k == SIZE_MAX) {
        c->bad = true;
        return (struct str){NULL, 0};
    }
    c->at += k + 1;
    return str_sub(rest, 0, k);
}

struct str cur_word(struct cur *c)
{
    size_t from = c->at;
    while (cur_left(c) > 0 && !ascii_is_space(c->in.p[c->at]))
        c->at++;
    return c->bad ? (struct str){NULL, 0} : str_sub(c->in, from, c->at - from);
}

void cur_spaces(struct cur *c)
{
    while (cur_left(c) > 0 && (c->in.p[c->at] == ' ' || c->in.p[c->at] == '\t'))
        c->at++;
}
