#include "query/fold.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* Sixteen at once; false where one is above ASCII. */
static bool lower16(const char *p, char *out)
{
    __m128i x = _mm_loadu_si128((const __m128i_u *)p);
    if (_mm_movemask_epi8(x) != 0)
        return false;
    __m128i upper =
        _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(x, _mm_set1_epi8('Z' + 1)));
    _mm_storeu_si128((__m128i_u *)out, _mm_or_si128(x, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
    return true;
}
#endif

static bool lower_word(const char *p, char *out)
{
    uint64_t x;
    memcpy(&x, p, 8);
    if ((x & FOLD_HIGHS) != 0)
        return false;
    x = fold_lower8(x);
    memcpy(out, &x, 8);
    return true;
}

size_t fold_ascii(struct str s, char *out)
{
    size_t i = 0;
    bool ascii = true;
#ifdef __SSE2__
    while (i + 16 <= s.n && (ascii = lower16(s.p + i, out + i)))
        i += 16;
#endif
    while (ascii && i + 8 <= s.n && (ascii = lower_word(s.p + i, out + i)))
        i += 8;
    /* The rest together with bytes that are done. */
    if (ascii && i < s.n && s.n >= 8 && lower_word(s.p + s.n - 8, out + s.n - 8))
        return s.n;
    for (; i < s.n && (unsigned char)s.p[i] < 0x80; i++)
        out[i] = ascii_lower(s.p[i]);
    return i;
}

/* Bytes above ASCII at the start of s: characters never reach over an ASCII byte. */
static size_t high_run(struct str s)
{
    size_t i = 0;
    while (i < s.n && (unsigned char)s.p[i] >= 0x80)
        i++;
    return i;
}

size_t fold_search(struct str s, char *out)
{
    size_t n = 0;
    while (s.n > 0) {
        size_t k = fold_ascii(s, out + n);
        n += k;
        s = str_from(s, k);
        k = high_run(s);
        if (k > 0)
            n += text_fold(str_sub(s, 0, k), out + n);
        s = str_from(s, k);
    }
    return n;
}

/* Vietnamese vowels: bare, then grave, hook, tilde, acute, dot below. */
static const uint32_t vowels[][6] = {
    {'a', 0xE0, 0x1EA3, 0xE3, 0xE1, 0x1EA1},         {0x103, 0x1EB1, 0x1EB3, 0x1EB5, 0x1EAF, 0x1EB7},
    {0xE2, 0x1EA7, 0x1EA9, 0x1EAB, 0x1EA5, 0x1EAD},  {'e', 0xE8, 0x1EBB, 0x1EBD, 0xE9, 0x1EB9},
    {0xEA, 0x1EC1, 0x1EC3, 0x1EC5, 0x1EBF, 0x1EC7},  {'i', 0xEC, 0x1EC9, 0x129, 0xED, 0x1ECB},
    {'o', 0xF2, 0x1ECF, 0xF5, 0xF3, 0x1ECD},         {0xF4, 0x1ED3, 0x1ED5, 0x1ED7, 0x1ED1, 0x1ED9},
    {0x1A1, 0x1EDD, 0x1EDF, 0x1EE1, 0x1EDB, 0x1EE3}, {'u', 0xF9, 0x1EE7, 0x169, 0xFA, 0x1EE5},
    {0x1B0, 0x1EEB, 0x1EED, 0x1EEF, 0x1EE9, 0x1EF1}, {'y', 0x1EF3, 0x1EF7, 0x1EF9, 0xFD, 0x1EF5},
};

/* Combining tone marks in the order of the columns above. */
static const uint32_t tone_marks[] = {0, 0x300, 0x309, 0x303, 0x301, 0x323};

/* Marks that make another letter: circumflex, breve, horn. Rows are indexes of `vowels`. */
static const struct {
    uint32_t mark;
    uint8_t from, to;
} shapes[] = {{0x302, 0, 2}, {0x306, 0, 1}, {0x302, 3, 4}, {0x302, 6, 7}, {0x31B, 6, 8}, {0x31B, 9, 10}};

/* The letter of (row, tone) with a mark put on it; 0 where there is none. */
static uint32_t marked(size_t row, size_t tone, uint32_t mark)
{
    for (size_t t = 1; t < COUNT_OF(tone_marks); t++) {
        if (tone_marks[t] == mark)
            return tone == 0 ? vowels[row][t] : 0;
    }
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        if (shapes[i].mark == mark && shapes[i].from == row)
            return vowels[shapes[i].to][tone];
    }
    return 0;
}

static uint32_t compose(uint32_t cp, uint32_t mark)
{
    for (size_t row = 0; row < COUNT_OF(vowels); row++) {
        for (size_t tone = 0; tone < COUNT_OF(tone_marks); tone++) {
            if (vowels[row][tone] == cp)
                return marked(row, tone, mark);
        }
    }
    return 0;
}

/* Lower case of the Latin letters that fold to a plain letter, so that both foldings agree. */
static uint32_t lower_char(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
        uint32_t parity; /* upper case = this last bit */
    } pairs[] = {{0x100, 0x12F, 0}, {0x132, 0x137, 0},   {0x139, 0x148, 1},
                 {0x14A, 0x177, 0}, {0x179, 0x17E, 1},   {0x1A0, 0x1A1, 0},
                 {0x1AF, 0x1B0, 1}, {0x1E00, 0x1E95, 0}, {0x1EA0, 0x1EF9, 0}};
    if (text_fold_char(cp) >= 0x80)
        return cp;
    if (cp >= 0xC0 && cp <= 0xDE)
        return cp + 0x20;
    if (cp == 0x178)
        return 0xFF;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (cp >= pairs[i].first && cp <= pairs[i].last)
            return (cp & 1) == pairs[i].parity ? cp + 1 : cp;
    }
    return cp;
}

/* Two and three byte characters are all that is ever changed. */
static size_t put_char(uint32_t cp, char *out)
{
    assert(cp >= 0x80 && cp < 0x10000);
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | cp >> 12);
    out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[2] = (char)(0x80 | (cp & 0x3F));
    return 3;
}

/* Put a mark on the last character of out[0, n); SIZE_MAX where the two make no letter. */
static size_t put_mark(char *out, size_t n, uint32_t mark)
{
    size_t from = n, len;
    while (from > 0 && n - from < 3) {
        from--;
        if (((unsigned char)out[from] & 0xC0) != 0x80)
            break;
    }
    if (from == n)
        return SIZE_MAX;
    uint32_t last = text_decode((struct str){out + from, n - from}, &len);
    uint32_t cp = len == n - from ? compose(last, mark) : 0;
    return cp == 0 ? SIZE_MAX : from + put_char(cp, out + from);
}

size_t fold_case(struct str s, char *out)
{
    size_t n = 0, len;
    while (s.n > 0) {
        size_t k = fold_ascii(s, out + n);
        n += k;
        s = str_from(s, k);
        if (s.n == 0)
            break;
        uint32_t cp = text_decode(s, &len);
        bool is_mark = len == 2 && cp >= 0x300 && cp <= 0x36F;
        size_t end = is_mark ? put_mark(out, n, cp) : SIZE_MAX;
        uint32_t low = len == 1 ? cp : lower_char(cp);
        if (end != SIZE_MAX) {
            n = end;
        } else if (low != cp) {
            n += put_char(low, out + n);
        } else {
            memmove(out + n, s.p, len);
            n += len;
        }
        s = str_from(s, len);
    }
    return n;
}

static bool is_cut(struct str raw, size_t at)
{
    return at > 0 && at < raw.n && text_is_word_byte((unsigned char)raw.p[at - 1]) &&
           text_is_word_byte((unsigned char)raw.p[at]);
}

bool fold_is_in_raw(struct str raw, struct str value)
{
    uintptr_t r = (uintptr_t)raw.p, p = (uintptr_t)value.p;
    if (value.n == 0)
        return true;
    if (raw.p == NULL || p < r || p - r > raw.n || value.n > raw.n - (p - r))
        return false;
    return !is_cut(raw, p - r) && !is_cut(raw, p - r + value.n);
}
