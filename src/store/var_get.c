#include "query/pred.h"
#include "store/var.h"

static struct str read_text(struct cur *dir)
{
    struct str s = cur_bytes(dir, cur_varint(dir));
    return s.p == NULL ? S("") : s;
}

/* dict: of its class, NULL where it has none. */
static void read_col(struct cur *dir, size_t *part, const struct var_get *dict, struct var_get *c)
{
    c->type = cur_u8(dir);
    switch (c->type) {
    case VAR_CONST:
        c->fixed = read_text(dir);
        c->max = c->fixed.n;
        c->loaded = true;
        break;
    case VAR_REF:
        c->ref = (uint32_t)cur_varint(dir);
        c->loaded = true;
        break;
    case VAR_TIME: {
        uint8_t unit = cur_u8(dir);
        int64_t zone = unzigzag(cur_varint(dir));
        dir->bad = dir->bad || unit >= VAR_UNITS || zone < -VAR_ZONE_S_MAX || zone > VAR_ZONE_S_MAX;
        c->unit = (enum var_unit)(unit < VAR_UNITS ? unit : 0);
        c->zone_s = dir->bad ? 0 : (int32_t)zone;
        c->max = VAR_OUT_BYTES;
        c->loaded = true;
        break;
    }
    case VAR_PRI:
        c->max = VAR_OUT_BYTES;
        c->loaded = true;
        break;
    case VAR_FIX:
    case VAR_HEX:
        c->width = cur_u8(dir);
        c->upper = c->type == VAR_HEX && c->width > 127;
        c->width &= c->type == VAR_HEX ? 127 : 255;
        dir->bad = dir->bad || c->width == 0 ||
                   c->width > (c->type == VAR_HEX ? VAR_HEX_DIGITS_MAX : VAR_INT_DIGITS_MAX);
        ints_read(dir, part, &c->ints);
        break;
    case VAR_DICT:
        dir->bad = dir->bad || dict == NULL;
        c->dict = dict;
        __attribute__((fallthrough));
    case VAR_INT:
    case VAR_IP4:
    case VAR_STAMP:
        ints_read(dir, part, &c->ints);
        break;
    case VAR_TEXT:
        c->fixed = read_text(dir);
        c->tail = read_text(dir);
        dir->bad = dir->bad || c->fixed.n > VAR_ENDS_MAX || c->tail.n > VAR_ENDS_MAX;
        ints_read(dir, part, &c->ints);
        c->text_part = (*part)++;
        break;
    default:
        dir->bad = true;
    }
}

void var_read_group(struct cur *dir, size_t *part, struct var_get *c, const uint32_t *n, size_t n_cols,
                    struct arena *a)
{
    struct var_get *dict = NULL;
    uint64_t entries = cur_varint(dir);
    if (entries > VAR_DICT_MAX)
        dir->bad = true;
    if (entries > 0 && !dir->bad) {
        dict = ARENA_NEW(a, struct var_get, 1);
        if (dict == NULL) {
            dir->bad = true;
            return;
        }
        *dict = (struct var_get){.n = (size_t)entries};
        read_col(dir, part, NULL, dict);
        if (dict->type == VAR_REF || dict->type == VAR_TIME || dict->type == VAR_PRI ||
            dict->type == VAR_STAMP)
            dir->bad = true; /* entries belong to no row */
    }
    for (size_t k = 0; k < n_cols && !dir->bad; k++) {
        c[k] = (struct var_get){.n = n[k]};
        read_col(dir, part, dict, &c[k]);
    }
}

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "columns do not check: %s", what);
}

/* Give each text its common head and tail back. */
static int join_texts(struct var_get *c, struct arena *a, uint32_t *at, struct err *err)
{
    size_t ends = c->fixed.n + c->tail.n, n = 0;
    if (ends == 0)
        return 0;
    char *to = ARENA_NEW(a, char, c->text.n + ends * c->n + 1);
    if (to == NULL || c->text.n + ends * c->n > UINT32_MAX)
        return err_set(err, ERR_NOMEM, "texts of a block");
    for (size_t i = 0; i < c->n; i++) {
        size_t mid = at[i + 1] - at[i], from = at[i];
        at[i] = (uint32_t)n;
        memcpy(to + n, c->fixed.p, c->fixed.n);
        memcpy(to + n + c->fixed.n, c->text.p + from, mid);
        memcpy(to + n + c->fixed.n + mid, c->tail.p, c->tail.n);
        n += ends + mid;
    }
    at[c->n] = (uint32_t)n;
    c->text = (struct str){to, n};
    return 0;
}

static int load_text(struct var_get *c, const struct part_in *in, struct arena *a, const uint64_t *nums,
                     struct err *err)
{
    uint32_t *at = ARENA_NEW(a, uint32_t, c->n + 1);
    uint64_t sum = 0;
    if (at == NULL)
        return err_set(err, ERR_NOMEM, "texts of a block");
    if (in->get(in->arg, c->text_part, &c->text, err) != 0)
        return -1;
    for (size_t i = 0; i < c->n; i++) {
        at[i] = (uint32_t)sum;
        if (nums[i] > c->text.n - sum)
            return damaged(err, "length of a text");
        sum += nums[i];
    }
    at[c->n] = (uint32_t)sum;
    c->at = at;
    if (sum != c->text.n)
        return damaged(err, "texts left over");
    return join_texts(c, a, at, err);
}

/* Entries of a dictionary as texts: each is read many times. */
static int list_entries(struct var_get *d, struct arena *a, struct err *err)
{
    struct str *strs = ARENA_NEW(a, struct str, d->n + 1);
    char *out =
        d->type == VAR_TEXT || d->type == VAR_CONST ? NULL : ARENA_NEW(a, char, d->n *VAR_OUT_BYTES + 1);
    if (strs == NULL || (out == NULL && d->type != VAR_TEXT && d->type != VAR_CONST))
        return err_set(err, ERR_NOMEM, "dictionary of a block");
    for (size_t i = 0; i < d->n; i++) {
        if (!var_value(d, i, NULL, out, &strs[i]))
            return damaged(err, "entry of a dictionary");
        out += out == NULL ? 0 : strs[i].n;
    }
    d->strs = strs;
    return 0;
}

static void find_max(struct var_get *c)
{
    c->max = VAR_OUT_BYTES;
    if (c->type == VAR_DICT)
        c->max = c->dict->max;
    for (size_t i = 0; c->type == VAR_TEXT && i < c->n; i++)
        c->max = c->at[i + 1] - c->at[i] > c->max ? c->at[i + 1] - c->at[i] : c->max;
}

int var_load(struct var_get *c, const struct part_in *in, struct arena *a, struct err *err)
{
    uint64_t *nums = ARENA_NEW(a, uint64_t, c->n + 1);
    if (nums == NULL)
        return err_set(err, ERR_NOMEM, "columns of a block");
    if (ints_load(&c->ints, in, nums, c->n, err) != 0)
        return -1;
    if (c->type == VAR_TEXT && load_text(c, in, a, nums, err) != 0)
        return -1;
    if (c->type == VAR_DICT) {
        struct var_get *dict = (struct var_get *)(uintptr_t)c->dict;
        if (!dict->loaded && var_load(dict, in, a, err) != 0)
            return -1;
        if (dict->strs == NULL && list_entries(dict, a, err) != 0)
            return -1;
        for (size_t i = 0; i < c->n; i++) {
            if (nums[i] >= dict->n)
                return damaged(err, "number in a dictionary");
        }
    }
    c->nums = nums;
    c->loaded = true;
    find_max(c);
    return 0;
}

static size_t put_int(uint64_t v, char *out)
{
    static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637"
                                "3839404142434445464748495051525354555657585960616263646566676869707172737475"
                                "767778798081828384858687888990919293949596979899";
    char tmp[20];
    size_t at = sizeof(tmp);
    while (v >= 100) {
        at -= 2;
        memcpy(tmp + at, pairs + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(tmp + at, pairs + 2 * v, 2);
    } else {
        tmp[--at] = (char)('0' + v);
    }
    memcpy(out, tmp + at, sizeof(tmp) - at);
    return sizeof(tmp) - at;
}

#define SECONDS_MAX (INT64_C(200000000000)) /* some 6000 years: what is behind is no stamp of ours */

static bool put_stamp(const struct var_get *c, size_t i, const struct event *e, char *out)
{
    int64_t diff = unzigzag(c->nums[i]), s = e->time_ns / NS_PER_S - (e->time_ns % NS_PER_S < 0);
    if (diff < -SECONDS_MAX || diff > SECONDS_MAX)
        return false;
    var_stamp_put(s + diff, out);
    return true;
}

static size_t put_ip4(uint64_t v, char *out)
{
    size_t n = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        n += put_int(v >> shift & 255, out + n);
        if (shift > 0)
            out[n++] = '.';
    }
    return n;
}

/* Fixed width; false where the number does not fit into it. */
static bool put_fixed(uint64_t v, unsigned width, unsigned base, bool upper, char *out)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (unsigned i = width; i > 0; i--) {
        out[i - 1] = digits[v % base];
        v /= base;
    }
    return v == 0;
}

/* Copy without a call: nearly all pieces are short. */
static inline size_t copy(char *to, const char *p, size_t n)
{
    if (n >= 16) {
        memcpy(to, p, n);
        return n;
    }
    if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
        return n;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = p[i];
    return n;
}

size_t var_write(const struct var_get *c, size_t i, const struct event *e, char *to)
{
    struct str s;
    switch (c->type) {
    case VAR_CONST:
        return copy(to, c->fixed.p, c->fixed.n);
    case VAR_DICT:
        s = c->dict->strs[c->nums[i]];
        return copy(to, s.p, s.n);
    case VAR_INT:
        return put_int(c->nums[i], to);
    case VAR_TEXT:
        return copy(to, c->text.p + c->at[i], c->at[i + 1] - c->at[i]);
    default:
        return var_value(c, i, e, to, &s) ? s.n : SIZE_MAX;
    }
}

bool var_value(const struct var_get *c, size_t i, const struct event *e, char *out, struct str *ret)
{
    *ret = (struct str){out, 0};
    switch (c->type) {
    case VAR_CONST:
        *ret = c->fixed;
        return true;
    case VAR_DICT:
        *ret = c->dict->strs[c->nums[i]];
        return true;
    case VAR_INT:
        ret->n = put_int(c->nums[i], out);
        return true;
    case VAR_FIX:
        ret->n = c->width;
        return put_fixed(c->nums[i], c->width, 10, false, out);
    case VAR_IP4:
        ret->n = put_ip4(c->nums[i], out);
        return c->nums[i] <= UINT32_MAX;
    case VAR_HEX:
        ret->n = c->width;
        return put_fixed(c->nums[i], c->width, 16, c->upper, out);
    case VAR_TIME:
        ret->n = 2;
        return put_fixed(var_time_part(e->time_ns, c->unit, c->zone_s), 2, 10, false, out);
    case VAR_STAMP:
        ret->n = VAR_STAMP_BYTES;
        return put_stamp(c, i, e, out);
    case VAR_PRI:
        ret->n = put_int((uint64_t)e->facility * 8 + e->severity, out);
        return true;
    default:
        *ret = (struct str){c->text.p + c->at[i], c->at[i + 1] - c->at[i]};
        return true;
    }
}
