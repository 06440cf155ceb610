#include <stdlib.h>

#include "base/cur.h"
#include "base/hash.h"
#include "base/when.h"
#include "query/pred.h"
#include "store/var.h"

#define DICT_VALUES_MIN 8u
#define DICT_LOOK 1024u /* values after which a dictionary that holds nearly all of them is given up */
#define DICT_TEXT_MAX 1024u

#define SLOTS_MIN 256u

int var_put_init(struct var_put *w, uint64_t seed, struct err *err)
{
    w->seed = seed;
    w->dict = malloc(VAR_DICT_MAX * sizeof(*w->dict));
    w->slots = malloc(2 * (size_t)VAR_DICT_MAX * sizeof(*w->slots));
    buf_init(&w->text, 1u << 30);
    return w->dict != NULL && w->slots != NULL ? 0 : err_set(err, ERR_NOMEM, "dictionary of a block");
}

void var_put_done(struct var_put *w)
{
    free(w->dict);
    free(w->slots);
    free(w->nums);
    free(w->bytes);
    buf_done(&w->text);
}

static void dict_clear(struct var_put *w)
{
    w->n_dict = 0;
    w->n_slots = SLOTS_MIN;
    memset(w->slots, 0, w->n_slots * sizeof(*w->slots));
}

static void dict_grow(struct var_put *w)
{
    w->n_slots *= 2;
    memset(w->slots, 0, w->n_slots * sizeof(*w->slots));
    for (uint32_t i = 0; i < w->n_dict; i++) {
        uint32_t k = (uint32_t)val_hash(&w->dict[i], w->seed) & (w->n_slots - 1);
        while (w->slots[k] != 0)
            k = (k + 1) & (w->n_slots - 1);
        w->slots[k] = i + 1;
    }
}

/* Number of the value, in order of first appearance; VAR_DICT_MAX where there are too many. */
static uint32_t dict_add(struct var_put *w, const struct val *v)
{
    uint32_t k = (uint32_t)val_hash(v, w->seed) & (w->n_slots - 1);
    for (; w->slots[k] != 0; k = (k + 1) & (w->n_slots - 1)) {
        if (val_eq(&w->dict[w->slots[k] - 1], v))
            return w->slots[k] - 1;
    }
    if (w->n_dict == VAR_DICT_MAX)
        return VAR_DICT_MAX;
    w->dict[w->n_dict++] = *v;
    w->slots[k] = w->n_dict;
    if (w->n_dict * 2 > w->n_slots && w->n_slots < 2 * VAR_DICT_MAX)
        dict_grow(w);
    return w->n_dict - 1;
}

/* Up to eight digits at once: first byte most significant. */
static bool parse_eight(const struct val *v, size_t n, uint64_t *ret)
{
    uint64_t x = v->lo << (8 * (8 - n)) | (n == 8 ? 0 : UINT64_C(0x3030303030303030) >> (8 * n));
    if (((x & UINT64_C(0xF0F0F0F0F0F0F0F0)) | (((x + UINT64_C(0x0606060606060606)) >> 4) &
                                               UINT64_C(0x0F0F0F0F0F0F0F0F))) != UINT64_C(0x3333333333333333))
        return false;
    x &= UINT64_C(0x0F0F0F0F0F0F0F0F);
    x = x * 10 + (x >> 8);
    *ret = (((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064)) +
            (((x >> 16) & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001))) >>
           32;
    return true;
}

static bool parse_digits(const struct val *c, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = val_len(c);
    if (n == 0 || n > VAR_INT_DIGITS_MAX)
        return false;
    if (n <= 8)
        return parse_eight(c, n, ret);
    struct str s = val_str(c);
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

static bool parse_as(const struct var_col *c, uint8_t type, const struct val *v, uint64_t *ret)
{
    switch (type) {
    case VAR_INT:
        return parse_digits(v, ret) && (val_len(v) == 1 || *val_str(v).p != '0');
    case VAR_FIX:
        return val_len(v) == c->width && parse_digits(v, ret);
    case VAR_IP4:
        return parse_ip4(val_str(v), ret);
    default:
        return val_len(v) == (c->width & 127u) && parse_hex(val_str(v), c->width > 127, ret);
    }
}

static bool all_parse(struct var_put *w, struct var_col *c, uint8_t type)
{
    w->parsed = NULL;
    for (size_t i = 0; i < c->n; i++) {
        if (!parse_as(c, type, &c->v[i], &w->nums[i]))
            return false;
    }
    c->type = type;
    w->parsed = c;
    return true;
}

static bool is_const(const struct var_col *c)
{
    for (size_t i = 1; i < c->n; i++) {
        if (!val_eq(&c->v[i], &c->v[0]))
            return false;
    }
    return true;
}

bool var_same(const struct var_col *a, const struct var_col *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!val_eq(&a->v[i], &b->v[i]))
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
    bool two = c->n > 0 && val_len(&c->v[0]) == 2;
    c->width = (uint8_t)val_len(&c->v[0]);
    c->type = VAR_TEXT;
    if (two && c->row != NULL && all_parse(w, c, VAR_FIX) && find_time(c, w->nums))
        return;
    if (all_parse(w, c, VAR_INT)) {
        if (c->row != NULL && val_len(&c->v[0]) <= 3 && is_pri(c, w->nums))
            c->type = VAR_PRI;
        return;
    }
    (void)all_parse(w, c, VAR_FIX);
}

/* Seconds since 1970, rounded down. */
static int64_t seconds_of(int64_t time_ns)
{
    return time_ns / NS_PER_S - (time_ns % NS_PER_S < 0);
}

static bool all_stamps(struct var_put *w, struct var_col *c)
{
    struct var_day last = {0};
    w->parsed = NULL;
    for (size_t i = 0; i < c->n; i++) {
        int64_t s, t = seconds_of(c->e[c->row[i]].time_ns);
        if (val_len(&c->v[i]) != VAR_STAMP_BYTES || !var_stamp_read(val_str(&c->v[i]).p, t, &last, &s))
            return false;
        w->nums[i] = zigzag(s - t);
    }
    c->type = VAR_STAMP;
    w->parsed = c;
    return true;
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
    struct str first = val_str(&c->v[0]);
    if (first.n == VAR_STAMP_BYTES && c->row != NULL && all_stamps(w, c))
        return;
    if (parse_digits(&c->v[0], &x)) {
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
static uint64_t cost_of(const struct var_col *c, const struct val *v)
{
    return c->type == VAR_IP4 ? 48 : c->type == VAR_HEX ? val_len(v) * 8 : 8 + val_len(v) * 7;
}

/* Fill w->dict with the values of the group. False where that does not pay. */
static bool make_dict(struct var_put *w, const struct var_col *c, size_t n_cols)
{
    uint64_t plain = 0, entries = 0, n = 0, bits = 0;
    dict_clear(w);
    for (size_t k = 0; k < n_cols; k++) {
        for (size_t i = 0; may_dict(&c[k]) && i < c[k].n; i++) {
            uint64_t cost = cost_of(&c[k], &c[k].v[i]);
            uint32_t before = w->n_dict;
            if (val_len(&c[k].v[i]) > DICT_TEXT_MAX || dict_add(w, &c[k].v[i]) == VAR_DICT_MAX)
                return false;
            plain += cost;
            entries += w->n_dict != before ? cost : 0;
            n++;
            if (n == DICT_LOOK && w->n_dict > DICT_LOOK * 15 / 16)
                return false;
        }
    }
    while (w->n_dict >> bits > 0)
        bits++;
    return n >= DICT_VALUES_MIN && entries + n * bits * 2 < plain;
}

/* The words of stamps are few: each day, and each number of a time of day once. */
static void put_stamp_words(struct var_put *w, const struct var_col *c)
{
    bool seen[100] = {false};
    const char *day = "";
    for (size_t i = 0; i < c->n; i++) {
        const char *p = val_str(&c->v[i]).p;
        if (i == 0 || memcmp(day, p, 6) != 0)
            pred_tokenise((struct str){p, 6}, filter_set_add_fn, w->words);
        day = p;
        for (size_t k = 7; k < VAR_STAMP_BYTES; k += 3) {
            bool *known = &seen[(p[k] - '0') * 10 + p[k + 1] - '0'];
            if (!*known)
                pred_tokenise((struct str){p + k, 2}, filter_set_add_fn, w->words);
            *known = true;
        }
    }
}

static void put_words(struct var_put *w, const struct var_col *c)
{
    bool plain = c->type == VAR_INT || c->type == VAR_FIX;
    size_t n = c->type == VAR_CONST && c->n > 0 ? 1 : c->n;
    if (c->type == VAR_STAMP)
        put_stamp_words(w, c);
    if (c->type == VAR_REF || c->type == VAR_STAMP)
        return;
    for (size_t i = 0; i < n; i++) {
        if (plain) /* one word without letters: nothing to fold */
            filter_set_add(w->words, val_hash(&c->v[i], PRED_TOKEN_SEED));
        else if (i == 0 || !val_eq(&c->v[i], &c->v[i - 1]))
            pred_tokenise(val_str(&c->v[i]), filter_set_add_fn, w->words);
    }
}

static size_t common_head(const struct var_col *c)
{
    struct str first = val_str(&c->v[0]);
    size_t n = first.n < VAR_ENDS_MAX ? first.n : VAR_ENDS_MAX;
    for (size_t i = 1; i < c->n && n > 0; i++) {
        struct str s = val_str(&c->v[i]);
        size_t k = 0, max = s.n < n ? s.n : n;
        while (k < max && s.p[k] == first.p[k])
            k++;
        n = k;
    }
    return n;
}

static size_t common_tail(const struct var_col *c, size_t head)
{
    struct str first = val_str(&c->v[0]);
    size_t n = first.n - head < VAR_ENDS_MAX ? first.n - head : VAR_ENDS_MAX;
    for (size_t i = 1; i < c->n && n > 0; i++) {
        struct str s = val_str(&c->v[i]);
        size_t k = 0, max = s.n - head < n ? s.n - head : n;
        while (k < max && s.p[s.n - 1 - k] == first.p[first.n - 1 - k])
            k++;
        n = k;
    }
    return n;
}

static void put_text(struct var_put *w, const struct var_col *c)
{
    size_t head = common_head(c), tail = common_tail(c, head);
    struct str first = val_str(&c->v[0]);
    buf_put_varint(w->out->dir, head);
    buf_put(w->out->dir, str_sub(first, 0, head));
    buf_put_varint(w->out->dir, tail);
    buf_put(w->out->dir, str_from(first, first.n - tail));
    buf_clear(&w->text);
    for (size_t i = 0; i < c->n; i++) {
        struct str s = val_str(&c->v[i]), mid = str_sub(s, head, s.n - head - tail);
        buf_put(&w->text, mid);
        w->nums[i] = mid.n;
    }
    w->parsed = NULL;
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
        buf_put_varint(d, c->n == 0 ? 0 : val_len(&c->v[0]));
        if (c->n > 0)
            buf_put(d, val_str(&c->v[0]));
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
    case VAR_STAMP:
        if (w->parsed != c)
            (void)(c->type == VAR_STAMP ? all_stamps(w, c) : all_parse(w, c, c->type));
        w->parsed = NULL;
        ints_put(w->out, w->nums, c->n, w->bytes);
        break;
    default:
        put_text(w, c);
    }
}

/* Entries of the dictionary as a column of their own, in order of first appearance. */
static void put_entries(struct var_put *w)
{
    struct var_col c = {.v = w->dict, .n = w->n_dict, .ref = UINT32_MAX};
    decide(w, &c);
    put_words(w, &c);
    put_col(w, &c);
}

void var_put_group(struct var_put *w, struct var_col *c, size_t n_cols)
{
    w->parsed = NULL;
    for (size_t k = 0; k < n_cols; k++)
        decide(w, &c[k]);
    bool dict = make_dict(w, c, n_cols);
    buf_put_varint(w->out->dir, dict ? w->n_dict : 0);
    if (dict)
        put_entries(w);
    for (size_t k = 0; k < n_cols && !w->out->bad; k++) {
        if (!dict || !may_dict(&c[k])) {
            put_words(w, &c[k]);
            put_col(w, &c[k]);
            continue;
        }
        buf_put_u8(w->out->dir, VAR_DICT);
        w->parsed = NULL;
        for (size_t i = 0; i < c[k].n; i++)
            w->nums[i] = dict_add(w, &c[k].v[i]);
        ints_put(w->out, w->nums, c[k].n, w->bytes);
    }
}
