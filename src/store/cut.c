#include "store/cut.h"

#include <stdlib.h>

#include "base/text.h"

static bool is_word(char c)
{
    static const uint8_t table[256] = {
        ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['_'] = 1, [0x80 ... 0xFF] = 1};
    return table[(unsigned char)c] != 0;
}

static bool is_hex(char c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* First digit in [i, end), eight bytes at a time; end where there is none. */
static size_t next_digit(const char *p, size_t i, size_t end)
{
    const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F), zero = UINT64_C(0x3030303030303030);
    for (; i + 8 <= end; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        v ^= zero; /* digits are 0..9 now: adding 118 reaches the high bit for all other bytes */
        uint64_t other = ((v & low) + UINT64_C(0x7676767676767676)) | v;
        uint64_t digits = ~other & ~low;
        if (digits != 0)
            return i + (size_t)__builtin_ctzll(digits) / 8; /* little endian, as the formats are */
    }
    while (i < end && !ascii_is_digit(p[i]))
        i++;
    return i;
}

static inline void put_piece(struct cut *c, size_t from, size_t to, uint16_t what)
{
    if (what == CUT_TEXT && from == to)
        return;
    if (what == CUT_TEXT && to - from > CUT_STATIC_BYTES_MAX)
        what = CUT_VAR;
    if (c->n < CUT_PIECES_MAX)
        c->piece[c->n] = (struct cut_piece){(uint32_t)from, (uint32_t)(to - from), what};
    c->n++; /* beyond the limit: counted, and refused at the end */
}

/* Four numbers with dots: end of the address that begins at i, or 0. */
static size_t ip_end(const char *p, size_t i, size_t end)
{
    for (int part = 0; part < 4; part++) {
        size_t from = i;
        while (i < end && i - from < 4 && ascii_is_digit(p[i]))
            i++;
        if (i == from || i - from > 3 || (part < 3 && (i == end || p[i] != '.')))
            return 0;
        i += part < 3;
    }
    return i < end && (is_word(p[i]) || p[i] == '.') ? 0 : i;
}

static bool is_pair(const char *p, size_t i, size_t end)
{
    return i + 2 <= end && is_hex(p[i]) && is_hex(p[i + 1]) && (i + 2 == end || !is_word(p[i + 2]));
}

/* "Nov 22 08:00:01" whose time of day ends at `end`, all of it in [begin, end)? Its fields are checked later.
 */
static bool is_stamp(const char *p, size_t begin, size_t end)
{
    static const char form[] = "Aaa _9 99:99:99";
    if (end - begin < sizeof(form) - 1)
        return false;
    p += end - (sizeof(form) - 1);
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        char f = form[i];
        bool fits = f == 'A'   ? ascii_is_upper(p[i])
                    : f == 'a' ? ascii_is_lower(p[i])
                    : f == '9' ? ascii_is_digit(p[i])
                    : f == '_' ? ascii_is_digit(p[i]) || p[i] == ' '
                               : p[i] == f;
        if (!fits)
            return false;
    }
    return true;
}

/*
 * A word with a digit may be part of something longer whose other parts need not have one: a time, an
 * address, a MAC (pairs with colons), a UUID (groups with hyphens). Cut through, each combination would be
 * another text.
 */
static void widen(const char *p, size_t begin, size_t end, size_t *from, size_t *to)
{
    size_t s = *from, e = *to, n = e - s, ip;
    if (n <= 2 && e + 9 <= end && p[e] == ' ' && p[e + 3] == ':' && is_stamp(p, begin, e + 9)) {
        *from = e + 9 - 15;
        *to = e + 9;
        return;
    }
    if (n <= 3 && e < end && p[e] == '.' && (ip = ip_end(p, s, end)) != 0) {
        *to = ip;
        return;
    }
    if (n == 2 && ((e < end && p[e] == ':') || (s > begin && p[s - 1] == ':')) && is_pair(p, s, end)) {
        size_t pairs = 1;
        while (s >= begin + 3 && p[s - 1] == ':' && is_pair(p, s - 3, end) &&
               (s - 3 == begin || !is_word(p[s - 4]))) {
            s -= 3;
            pairs++;
        }
        while (e < end && p[e] == ':' && is_pair(p, e + 1, end)) {
            e += 3;
            pairs++;
        }
        if (pairs >= 6) {
            *from = s;
            *to = e;
        }
        return;
    }
    while (n >= 4 && e < end && p[e] == '-') {
        size_t k = e + 1;
        while (k < end && is_hex(p[k]))
            k++;
        if (k - e - 1 < 4 || (k < end && is_word(p[k])))
            break;
        e = k;
    }
    *to = e;
}

/* Text that nobody has structured: words with a digit are variables. */
static void cut_digits(struct cut *c, const char *p, size_t begin, size_t end)
{
    size_t pos = begin;
    while (pos < end) {
        size_t from = next_digit(p, pos, end);
        if (from == end)
            break;
        size_t to = from + 1;
        while (from > pos && is_word(p[from - 1]))
            from--;
        while (to < end && is_word(p[to]))
            to++;
        widen(p, pos, end, &from, &to);
        put_piece(c, pos, from, CUT_TEXT);
        put_piece(c, from, to, CUT_VAR);
        pos = to;
    }
    put_piece(c, pos, end, CUT_TEXT);
}

/* A stretch between two bounds where the structure is known: text and values in turn. */
static void cut_values(struct cut *c, size_t *at, size_t begin, size_t end, uint16_t leaf)
{
    size_t pos = begin;
    while (*at < c->n_var && (c->var[*at].from < end || c->var[*at].from == begin)) {
        size_t from = c->var[*at].from, to = c->var[*at].to;
        from = from < pos ? pos : from;
        put_piece(c, pos, from, CUT_TEXT);
        if (to > end) { /* goes on behind the bound */
            put_piece(c, from, end, CUT_VAR);
            c->var[*at].from = (uint32_t)end;
            return;
        }
        bool whole = from == begin && to == end && leaf != CUT_TEXT;
        put_piece(c, from, to, whole ? leaf : CUT_VAR);
        pos = to;
        (*at)++;
    }
    if (pos == begin && leaf != CUT_TEXT)
        put_piece(c, begin, end, leaf);
    else
        put_piece(c, pos, end, CUT_TEXT);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort(uint64_t *v, size_t n)
{
    if (n > 40) {
        for (size_t i = 1; i < n; i++) {
            if (v[i] < v[i - 1]) {
                qsort(v, n, sizeof(*v), by_number);
                return;
            }
        }
        return;
    }
    for (size_t i = 1; i < n; i++) { /* fields mostly come in the order of the text */
        uint64_t x = v[i];
        size_t k = i;
        for (; k > 0 && v[k - 1] > x; k--)
            v[k] = v[k - 1];
        v[k] = x;
    }
}

/* Values that lie in raw: where they begin and end. */
static void find_spans(struct cut *c, const struct event *e)
{
    uintptr_t raw = (uintptr_t)e->raw.p;
    for (size_t i = 0; i <= e->n_fields; i++) {
        struct str v = i == 0 ? e->message : e->fields[i - 1].value;
        uintptr_t off = (uintptr_t)v.p - raw;
        bool inside = v.p != NULL && raw != 0 && off <= e->raw.n && v.n <= e->raw.n - off;
        c->from[i] = c->to[i] = inside ? 0 : CUT_OUTSIDE;
        c->span_from[i] = inside ? (uint32_t)off : 0;
        c->span_to[i] = inside ? (uint32_t)(off + v.n) : 0; /* place 0 is one in any case */
    }
}

/* Distinct places, ascending, from 0 to the end of raw; spans know theirs by index. By sorting. */
static size_t places_of_long(struct cut *c, size_t n_spans, size_t raw_n)
{
    size_t n = 0, places = 0;
    for (size_t i = 0; i < n_spans; i++) {
        c->bound[n++] = (uint64_t)c->span_from[i] << 16 | i << 1;
        c->bound[n++] = (uint64_t)c->span_to[i] << 16 | i << 1 | 1;
    }
    sort(c->bound, n);
    c->at[places++] = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t place = (uint32_t)(c->bound[i] >> 16);
        size_t span = c->bound[i] >> 1 & 0x7FFF;
        if (place != c->at[places - 1])
            c->at[places++] = place;
        if (c->from[span] != CUT_OUTSIDE)
            *((c->bound[i] & 1) != 0 ? &c->to[span] : &c->from[span]) = (uint16_t)(places - 1);
    }
    if (c->at[places - 1] != raw_n)
        c->at[places++] = (uint32_t)raw_n;
    return places;
}

/* The same for short texts, with a bit per place. */
static size_t find_places(struct cut *c, size_t n_spans, size_t raw_n)
{
    size_t words = raw_n / 64 + 1, places = 0;
    if (raw_n > CUT_MARKS_BYTES)
        return places_of_long(c, n_spans, raw_n);
    memset(c->marks, 0, words * sizeof(*c->marks));
    c->marks[0] = 1;
    c->marks[raw_n / 64] |= (uint64_t)1 << raw_n % 64;
    for (size_t i = 0; i < n_spans; i++) {
        c->marks[c->span_from[i] / 64] |= (uint64_t)1 << c->span_from[i] % 64;
        c->marks[c->span_to[i] / 64] |= (uint64_t)1 << c->span_to[i] % 64;
    }
    for (size_t w = 0; w < words; w++) {
        for (uint64_t m = c->marks[w]; m != 0; m &= m - 1) {
            size_t place = w * 64 + (size_t)__builtin_ctzll(m);
            c->index_of[place] = (uint16_t)places;
            c->at[places++] = (uint32_t)place;
        }
    }
    for (size_t i = 0; i < n_spans; i++) {
        if (c->from[i] != CUT_OUTSIDE) {
            c->from[i] = c->index_of[c->span_from[i]];
            c->to[i] = c->index_of[c->span_to[i]];
        }
    }
    return places;
}

/* Does JSON begin here? The place, or raw.n. */
static size_t json_start(const struct event *e)
{
    if (e->raw.n > 8 && e->raw.p[0] == '{')
        return 0;
    uintptr_t off = (uintptr_t)e->message.p - (uintptr_t)e->raw.p;
    if (e->message.n > 8 && off < e->raw.n && e->message.p[0] == '{')
        return off;
    return e->raw.n;
}

bool cut_row(struct cut *c, const struct event *e, const uint16_t *names)
{
    if (e->raw.n > EVENT_RAW_BYTES_MAX)
        return false;
    find_spans(c, e);
    size_t places = find_places(c, (size_t)e->n_fields + 1, e->raw.n), json = json_start(e), value = 0;
    c->n = c->n_var = 0;
    if (json < e->raw.n)
        cut_json_values(c, e->raw, json);
    for (size_t k = 0; k < places; k++)
        c->leaf[k] = CUT_TEXT;
    for (uint16_t i = e->n_fields; i > 0; i--) { /* the first of equal spans names the variable */
        if (c->from[i] != CUT_OUTSIDE && c->to[i] == c->from[i] + 1)
            c->leaf[c->from[i]] = (uint16_t)(CUT_FIELD + names[i - 1]);
    }
    for (size_t k = 0; k + 1 < places; k++) {
        size_t begin = c->at[k], end = c->at[k + 1];
        c->at[k] = (uint32_t)c->n; /* from here on: the piece that begins there */
        if (begin >= json)
            cut_values(c, &value, begin, end, c->leaf[k]);
        else if (c->leaf[k] != CUT_TEXT)
            put_piece(c, begin, end, c->leaf[k]);
        else
            cut_digits(c, e->raw.p, begin, end);
    }
    c->at[places - 1] = (uint32_t)c->n;
    for (size_t i = 0; i <= e->n_fields && c->n <= CUT_PIECES_MAX; i++) {
        if (c->from[i] != CUT_OUTSIDE) {
            c->from[i] = (uint16_t)c->at[c->from[i]];
            c->to[i] = (uint16_t)c->at[c->to[i]];
        }
    }
    return c->n <= CUT_PIECES_MAX;
}
