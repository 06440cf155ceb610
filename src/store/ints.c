#include "store/ints.h"

#define IS_DELTA 16u

static unsigned bits_of(uint64_t v)
{
    return v == 0 ? 0 : 64u - (unsigned)__builtin_clzll(v);
}

/* Are differences shorter? Half a bit per number must be won, for they look less alike. */
static bool delta_is_better(const uint64_t *v, size_t n, uint64_t min)
{
    uint64_t plain = 0, delta = 0;
    for (size_t i = 1; i < n; i++) {
        plain += bits_of(v[i] - min);
        delta += bits_of(zigzag((int64_t)(v[i] - v[i - 1])));
    }
    return n > 2 && delta + n / 2 < plain;
}

static void put_plane(struct part_out *o, const uint64_t *v, size_t n, unsigned shift, char *scratch)
{
    char differs = 0;
    for (size_t i = 0; i < n; i++)
        scratch[i] = (char)(v[i] >> shift);
    for (size_t i = 0; i < n; i++)
        differs = (char)(differs | (scratch[i] ^ scratch[0]));
    buf_put_u8(o->dir, differs == 0);
    if (differs == 0)
        buf_put_u8(o->dir, (uint8_t)scratch[0]);
    else
        part_put(o, (struct str){scratch, n}, PART_NUMBERS);
}

void ints_put(struct part_out *o, uint64_t *v, size_t n, char *scratch)
{
    uint64_t min = UINT64_MAX, max = 0;
    for (size_t i = 0; i < n; i++) {
        min = v[i] < min ? v[i] : min;
        max = v[i] > max ? v[i] : max;
    }
    min = n == 0 ? 0 : min;
    max = n == 0 ? 0 : max;
    bool delta = min != max && delta_is_better(v, n, min);
    uint64_t base = delta ? v[0] : min;
    if (delta) {
        for (size_t i = n - 1; i > 0; i--)
            v[i] = zigzag((int64_t)(v[i] - v[i - 1]));
        v[0] = v[1]; /* so that regular columns are constant ones */
        max = 0;
        for (size_t i = 0; i < n; i++)
            max = v[i] > max ? v[i] : max;
        base -= (uint64_t)unzigzag(v[0]);
    } else {
        for (size_t i = 0; i < n; i++)
            v[i] -= min;
        max -= min;
    }
    unsigned width = (bits_of(max) + 7) / 8;
    buf_put_u8(o->dir, (uint8_t)(width | (delta ? IS_DELTA : 0)));
    buf_put_varint(o->dir, base);
    for (unsigned k = 0; k < width; k++)
        put_plane(o, v, n, 8 * k, scratch);
}

void ints_read(struct cur *dir, size_t *part, struct ints *ret)
{
    uint8_t head = cur_u8(dir);
    *ret = (struct ints){.is_delta = (head & IS_DELTA) != 0, .width = head & 15, .first_part = *part};
    ret->base = cur_varint(dir);
    if (ret->width > INTS_PLANES_MAX || (head & ~(IS_DELTA | 15u)) != 0) {
        dir->bad = true;
        ret->width = 0;
    }
    for (unsigned k = 0; k < ret->width; k++) {
        uint8_t filled = cur_u8(dir);
        if (filled > 1)
            dir->bad = true;
        if (filled == 1) {
            ret->filled = (uint8_t)(ret->filled | 1u << k);
            ret->fill[k] = cur_u8(dir);
        } else {
            (*part)++;
        }
    }
}

int ints_load(const struct ints *c, const struct part_in *in, uint64_t *out, size_t n, struct err *err)
{
    size_t part = c->first_part;
    uint64_t add = c->is_delta ? 0 : c->base;
    for (unsigned k = 0; k < c->width; k++) {
        if ((c->filled >> k & 1) != 0)
            add += (uint64_t)c->fill[k] << (8 * k);
    }
    for (size_t i = 0; i < n; i++)
        out[i] = add;
    for (unsigned k = 0; k < c->width; k++) {
        struct str p;
        if ((c->filled >> k & 1) != 0)
            continue;
        if (in->get(in->arg, part++, &p, err) != 0)
            return -1;
        if (p.n != n)
            return err_set(err, ERR_CORRUPT, "columns do not check: a plane of %zu bytes for %zu rows", p.n,
                           n);
        const unsigned char *u = (const unsigned char *)p.p;
        for (size_t i = 0; i < n; i++)
            out[i] += (uint64_t)u[i] << (8 * k);
    }
    uint64_t last = c->base;
    for (size_t i = 0; c->is_delta && i < n; i++)
        out[i] = last += (uint64_t)unzigzag(out[i]);
    return 0;
}
