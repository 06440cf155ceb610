#include <stdlib.h>

#include "base/hash.h"
#include "base/when.h"
#include "query/pred.h"
#include "store/var.h"

#define DICT_VALUES_MIN 8u
#define DICT_LOOK 1024u /* values after which a dictionary that holds nearly all of them is given up */
#define DICT_TEXT_MAX 1024u

static bool parse_digits(struct str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > VAR_INT_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(unsigned char)s.p[i] - '0';
        if (d > 9)
            return false;
        v = v * 10 + d;
    }
    *ret = v;
    return true;
}

static bool parse_ip4(struct str s, uint64_t *ret)
{
    uint64_t v = 0;
    size_t i = 0;
    if (s.n < 7 || s.n > 15)
        return false;
    for (int part = 0; part < 4; part++) {
        unsigned x = 0;
        size_t from = i;
        while (i < s.n && i - from < 4 && ascii_is_digit(s.p[i]))
            x = x * 10 + (unsigned)(s.p[i++] - '0');
        if (i == from || x > 255 || (s.p[from] == '0' && i - from > 1) ||
            (part < 3 && (i == s.n || s.p[i++] != '.')))
            return false;
        v = v << 8 | x;
    }
    *ret = v;
    return i == s.n;
}

/* Hex digits of one case (letters of the other are refused). */
static bool parse_hex(struct str s, bool upper, uint64_t *ret)
{
    uint64_t v = 0;
    char a = upper ? 'A' : 'a';
    if (s.n == 0 || s.n > VAR_HEX_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(unsigned char)s.p[i] - '0', x = (unsigned)((unsigned char)s.p[i] - a);
        if (d > 9 && x > 5)
            return false;
        v = v << 4 | (d <= 9 ? d : x + 10);
    }
    *ret = v;
    return true;
}

static bool parse_as(const struct var_col *c, uint8_t type, struct str s, uint64_t *ret)
{
    switch (type) {
    case VAR_INT:
        return parse_digits(s, ret) && (s.n == 1 || s.p[0] != '0');
    case VAR_FIX:
        return s.n == c->width && parse_digits(s, ret);
    case VAR_IP4:
        return parse_ip4(s, ret);
    default:
        return s.n == (c->width & 127u) && parse_hex(s, c->width > 127, ret);
    }
}

static bool all_parse(struct var_put *w, struct var_col *c, uint8_t type)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!parse_as(c, type, c->v[i], &w->nums[i]))
            return false;
    }
    c->type = type;
    return true;
}

static bool is_const(const struct var_col *c)
{
    for (size_t i = 1; i < c->n; i++) {
        if (!str_eq(c->v[i], c->v[0]))
            return false;
    }
    return true;
}

bool var_same(const struct var_col *a, const struct var_col *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!str_eq(a->v[i], b->v[i]))
            return false;
    }
    return true;
}

unsigned var_time_part(int64_t time_ns, enum var_unit unit, int32_t zone_s)
{
    int64_t s = time_ns / NS_PER_S - (time_ns % NS_PER_S < 0) + zone_s;
    int64_t day = s / 86400 - (s % 86400 < 0), in_day = s - day * 86400;
    int32_t year;
    int month, mday;
    switch (unit) {
    case VAR_SECOND:
        return (unsigned)(in_day % 60);
    case VAR_MINUTE:
        return (unsigned)(in_day / 60 % 60);
    case VAR_HOUR:
        return (unsigned)(in_day / 3600);
    default:
        when_from_days(day, &year, &month, &mday);
        return (unsigned)(unit == VAR_DAY ? mday : month);
    }
}

static bool is_time(const struct var_col *c, const uint64_t *nums, enum var_unit unit, int32_t zone_s)
{
    for (size_t i = 0; i < c->n; i++) {
        if (nums[i] != var_time_part(c->e[c->row[i]].time_ns, unit, zone_s))
            return false;
    }
    return true;
}

/* Two digits, all read into nums: a part of the time of the event in some zone? */
static bool find_time(struct var_col *c, const uint64_t *nums)
{
    for (int unit = 0; unit < VAR_UNITS; unit++) {
        for (int hour = -12; hour <= 14; hour++) {
            int32_t zone = hour * 3600;
            if (is_time(c, nums, (enum var_unit)unit, zone)) {
                c->type = VAR_TIME;
                c->unit = (uint8_t)unit;
                c->zone_s = zone;
                return true;
            }
            if (unit < VAR_HOUR)
                break; /* full hours change nothing */
        }
    }
    return false;
}

static bool is_pri(const struct var_col *c, const uint64_t *nums)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct event *e = &c->e[c->row[i]];
        if (e->facility > 23 || nums[i] != (uint64_t)e->facility * 8 + (e->severity & 7))
            return false;
    }
    return true;
}

static void decide_digits(struct var_put *w, struct var_col *c)
{
    bool two = c->n > 0 && c->v[0].n == 2;
    c->width = (uint8_t)c->v[0].n;
    c->type = VAR_TEXT;
    if (two && c->row != NULL && all_parse(w, c, VAR_FIX) && find_time(c, w->nums))
        return;
    if (all_parse(w, c, VAR_INT)) {
        if (c->row != NULL && c->v[0].n <= 3 && is_pri(c, w->nums))
            c->type = VAR_PRI;
        return;
    }
    (void)all_parse(w, c, VAR_FIX);
}

static void decide(struct var_put *w, struct var_col *c)
{
    uint64_t x;
    c->type = VAR_TEXT;
    if (c->ref != UINT32_MAX) {
        c->type = VAR_REF;
        return;
    }
    if (c->n == 0 || is_const(c)) {
        c->type = VAR_CONST;
        return;
    }
    struct str first = c->v[0];
    if (parse_digits(first, &x)) {
        decide_digits(w, c);
        if (c->type != VAR_TEXT)
            return;
    }
    if (parse_ip4(first, &x) && all_parse(w, c, VAR_IP4))
        return;
    if (first.n >= 2 && first.n <= VAR_HEX_DIGITS_MAX) {
        c->width = (uint8_t)first.n;
        if (parse_hex(first, false, &x) && all_parse(w, c, VAR_HEX))
            return;
        c->width = (uint8_t)(first.n | 128u);
        if (parse_hex(first, true, &x) && all_parse(w, c, VAR_HEX))
            return;
    }
    c->type = VAR_TEXT;
}

static bool may_dict(const struct var_col *c)
{
    return c->type == VAR_TEXT || c->type == VAR_IP4 || (c->type == VAR_HEX && (c->width & 127) > 4);
}

/* Bytes that a value takes without a dictionary, in sixteenths. */
static uint64_t cost_of(const struct var_col *c, struct str v)
{
    return c->type == VAR_IP4 ? 48 : c->type == VAR_HEX ? v.n * 8 : 8 + v.n * 7;
}

/* Fill w->dict with the values of the group. False where that does not pay. */
static bool make_dict(struct var_put *w, const struct var_col *c, size_t n_cols)
{
    uint64_t plain = 0, entries = 0, n = 0, bits = 0;
    bool is_new;
    intern_clear(&w->dict);
    for (size_t k = 0; k < n_cols; k++) {
        for (size_t i = 0; may_dict(&c[k]) && i < c[k].n; i++) {
            uint64_t cost = cost_of(&c[k], c[k].v[i]);
            if (c[k].v[i].n > DICT_TEXT_MAX || intern_add(&w->dict, c[k].v[i], &is_new) == INTERN_FULL)
                return false;
            plain += cost;
            entries += is_new ? cost : 0;
            n++;
            if (n == DICT_LOOK && w->dict.n > DICT_LOOK * 15 / 16)
                return false;
        }
    }
    while (w->dict.n >> bits > 0)
        bits++;
    return n >= DICT_VALUES_MIN && entries + n * bits * 2 < plain;
}

static void put_words(struct var_put *w, const struct var_col *c)
{
    bool plain = c->type == VAR_INT || c->type == VAR_FIX;
    size_t n = c->type == VAR_CONST && c->n > 0 ? 1 : c->n;
    if (c->type == VAR_REF)
        return;
    for (size_t i = 0; i < n; i++) {
        if (plain) /* one word without letters: nothing to fold */
            filter_set_add(w->words, hash_bytes(c->v[i], PRED_TOKEN_SEED));
        else if (i == 0 || !str_eq(c->v[i], c->v[i - 1]))
            pred_tokenise(c->v[i], filter_set_add_fn, w->words);
    }
}

static size_t common_head(const struct var_col *c)
{
    size_t n = c->v[0].n < VAR_ENDS_MAX ? c->v[0].n : VAR_ENDS_MAX;
    for (size_t i = 1; i < c->n && n > 0; i++) {
        size_t k = 0, max = c->v[i].n < n ? c->v[i].n : n;
        while (k < max && c->v[i].p[k] == c->v[0].p[k])
            k++;
        n = k;
    }
    return n;
}

static size_t common_tail(const struct var_col *c, size_t head)
{
    const struct str *v = c->v;
    size_t n = v[0].n - head < VAR_ENDS_MAX ? v[0].n - head : VAR_ENDS_MAX;
    for (size_t i = 1; i < c->n && n > 0; i++) {
        size_t k = 0, max = v[i].n - head < n ? v[i].n - head : n;
        while (k < max && v[i].p[v[i].n - 1 - k] == v[0].p[v[0].n - 1 - k])
            k++;
        n = k;
    }
    return n;
}

static void put_text(struct var_put *w, const struct var_col *c)
{
    size_t head = common_head(c), tail = common_tail(c, head);
    buf_put_varint(w->out->dir, head);
    buf_put(w->out->dir, str_sub(c->v[0], 0, head));
    buf_put_varint(w->out->dir, tail);
    buf_put(w->out->dir, str_from(c->v[0], c->v[0].n - tail));
    buf_clear(&w->text);
    for (size_t i = 0; i < c->n; i++) {
        struct str mid = str_sub(c->v[i], head, c->v[i].n - head - tail);
        buf_put(&w->text, mid);
        w->nums[i] = mid.n;
    }
    if (w->text.bad && !w->out->bad)
        w->out->bad = err_set(w->out->err, ERR_NOMEM, "texts of a block") != 0;
    ints_put(w->out, w->nums, c->n, w->bytes);
    part_put(w->out, buf_str(&w->text), PART_TEXT);
}

static void put_col(struct var_put *w, struct var_col *c)
{
    struct buf *d = w->out->dir;
    buf_put_u8(d, c->type);
    switch (c->type) {
    case VAR_CONST:
        buf_put_varint(d, c->n == 0 ? 0 : c->v[0].n);
        if (c->n > 0)
            buf_put(d, c->v[0]);
        break;
    case VAR_REF:
        buf_put_varint(d, c->ref);
        break;
    case VAR_TIME:
        buf_put_u8(d, c->unit);
        buf_put_varint(d, zigzag(c->zone_s));
        break;
    case VAR_PRI:
        break;
    case VAR_FIX:
    case VAR_HEX:
        buf_put_u8(d, c->width);
        __attribute__((fallthrough));
    case VAR_INT:
    case VAR_IP4:
        (void)all_parse(w, c, c->type);
        ints_put(w->out, w->nums, c->n, w->bytes);
        break;
    default:
        put_text(w, c);
    }
}

/* Entries of the dictionary as a column of their own, in order of first appearance. */
static void put_entries(struct var_put *w)
{
    uint32_t n = w->dict.n;
    if (n > w->entries_cap) {
        free(w->entries);
        w->entries = malloc(n * sizeof(*w->entries));
        w->entries_cap = w->entries == NULL ? 0 : n;
    }
    if (w->entries == NULL) {
        w->out->bad = w->out->bad || err_set(w->out->err, ERR_NOMEM, "dictionary of a block") != 0;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        w->entries[i] = intern_get(&w->dict, i);
    struct var_col c = {.v = w->entries, .n = n, .ref = UINT32_MAX};
    decide(w, &c);
    put_words(w, &c);
    put_col(w, &c);
}

void var_put_group(struct var_put *w, struct var_col *c, size_t n_cols)
{
    bool is_new;
    for (size_t k = 0; k < n_cols; k++)
        decide(w, &c[k]);
    bool dict = make_dict(w, c, n_cols);
    buf_put_varint(w->out->dir, dict ? w->dict.n : 0);
    if (dict)
        put_entries(w);
    for (size_t k = 0; k < n_cols && !w->out->bad; k++) {
        if (!dict || !may_dict(&c[k])) {
            put_words(w, &c[k]);
            put_col(w, &c[k]);
            continue;
        }
        buf_put_u8(w->out->dir, VAR_DICT);
        for (size_t i = 0; i < c[k].n; i++)
            w->nums[i] = intern_add(&w->dict, c[k].v[i], &is_new);
        ints_put(w->out, w->nums, c[k].n, w->bytes);
    }
}
