#include "parse/legacy.h"

#include "base/text.h"

/*
 * Vietnamese letters before Unicode: TCVN 5712 VN3 ("ABC"), VNI for Windows, Windows code page 1258. Sources:
 * TCVN 5712:1993, VNI's table of two-byte letters, Microsoft's table of code page 1258.
 */

#define WORDS_MIN 3u     /* words with such letters that the evidence needs … */
#define GOOD_PERCENT 85u /* … and how many of them must be Vietnamese syllables */
#define SAMPLE_BYTES_MAX 4096u
#define TEXT_BYTES_MAX 65536u /* longer messages stay as they are */
#define WORD_BYTES_MAX 32u

static const uint16_t tcvn3[96] = {/* from 0xA0; 0: no letter */
                                   0,      0x0102, 0x00C2, 0x00CA, 0x00D4, 0x01A0, 0x01AF, 0x0110, 0x0103,
                                   0x00E2, 0x00EA, 0x00F4, 0x01A1, 0x01B0, 0x0111, 0,      0,      0,
                                   0,      0,      0,      0x00E0, 0x1EA3, 0x00E3, 0x00E1, 0x1EA1, 0,
                                   0x1EB1, 0x1EB3, 0x1EB5, 0x1EAF, 0,      0,      0,      0,      0,
                                   0,      0,      0x1EB7, 0x1EA7, 0x1EA9, 0x1EAB, 0x1EA5, 0x1EAD, 0x00E8,
                                   0,      0x1EBB, 0x1EBD, 0x00E9, 0x1EB9, 0x1EC1, 0x1EC3, 0x1EC5, 0x1EBF,
                                   0x1EC7, 0x00EC, 0x1EC9, 0,      0,      0,      0x0129, 0x00ED, 0x1ECB,
                                   0x00F2, 0,      0x1ECF, 0x00F5, 0x00F3, 0x1ECD, 0x1ED3, 0x1ED5, 0x1ED7,
                                   0x1ED1, 0x1ED9, 0x1EDD, 0x1EDF, 0x1EE1, 0x1EDB, 0x1EE3, 0x00F9, 0,
                                   0x1EE7, 0x0169, 0x00FA, 0x1EE5, 0x1EEB, 0x1EED, 0x1EEF, 0x1EE9, 0x1EF1,
                                   0x1EF3, 0x1EF7, 0x1EF9, 0x00FD, 0x1EF5, 0};

static const struct {
    uint8_t base, mark; /* lower case; upper case is 0x20 below in both */
    uint16_t lower, upper;
} vni_pairs[] = {
    {0x61, 0xF8, 0x00E0, 0x00C0}, {0x61, 0xF9, 0x00E1, 0x00C1}, {0x61, 0xFB, 0x1EA3, 0x1EA2},
    {0x61, 0xF5, 0x00E3, 0x00C3}, {0x61, 0xEF, 0x1EA1, 0x1EA0}, {0x61, 0xE2, 0x00E2, 0x00C2},
    {0x61, 0xE1, 0x1EA5, 0x1EA4}, {0x61, 0xE0, 0x1EA7, 0x1EA6}, {0x61, 0xE5, 0x1EA9, 0x1EA8},
    {0x61, 0xE3, 0x1EAB, 0x1EAA}, {0x61, 0xE4, 0x1EAD, 0x1EAC}, {0x61, 0xEA, 0x0103, 0x0102},
    {0x61, 0xE9, 0x1EAF, 0x1EAE}, {0x61, 0xE8, 0x1EB1, 0x1EB0}, {0x61, 0xFA, 0x1EB3, 0x1EB2},
    {0x61, 0xFC, 0x1EB5, 0x1EB4}, {0x61, 0xEB, 0x1EB7, 0x1EB6}, {0x65, 0xF9, 0x00E9, 0x00C9},
    {0x65, 0xF8, 0x00E8, 0x00C8}, {0x65, 0xFB, 0x1EBB, 0x1EBA}, {0x65, 0xF5, 0x1EBD, 0x1EBC},
    {0x65, 0xEF, 0x1EB9, 0x1EB8}, {0x65, 0xE2, 0x00EA, 0x00CA}, {0x65, 0xE1, 0x1EBF, 0x1EBE},
    {0x65, 0xE0, 0x1EC1, 0x1EC0}, {0x65, 0xE5, 0x1EC3, 0x1EC2}, {0x65, 0xE3, 0x1EC5, 0x1EC4},
    {0x65, 0xE4, 0x1EC7, 0x1EC6}, {0x6F, 0xF9, 0x00F3, 0x00D3}, {0x6F, 0xF8, 0x00F2, 0x00D2},
    {0x6F, 0xFB, 0x1ECF, 0x1ECE}, {0x6F, 0xF5, 0x00F5, 0x00D5}, {0x6F, 0xEF, 0x1ECD, 0x1ECC},
    {0x6F, 0xE2, 0x00F4, 0x00D4}, {0x6F, 0xE1, 0x1ED1, 0x1ED0}, {0x6F, 0xE0, 0x1ED3, 0x1ED2},
    {0x6F, 0xE5, 0x1ED5, 0x1ED4}, {0x6F, 0xE3, 0x1ED7, 0x1ED6}, {0x6F, 0xE4, 0x1ED9, 0x1ED8},
    {0x75, 0xF9, 0x00FA, 0x00DA}, {0x75, 0xF8, 0x00F9, 0x00D9}, {0x75, 0xFB, 0x1EE7, 0x1EE6},
    {0x75, 0xF5, 0x0169, 0x0168}, {0x75, 0xEF, 0x1EE5, 0x1EE4}, {0x79, 0xF9, 0x00FD, 0x00DD},
    {0x79, 0xF8, 0x1EF3, 0x1EF2}, {0x79, 0xFB, 0x1EF7, 0x1EF6}, {0x79, 0xF5, 0x1EF9, 0x1EF8},
    {0xF4, 0xF9, 0x1EDB, 0x1EDA}, {0xF4, 0xF8, 0x1EDD, 0x1EDC}, {0xF4, 0xFB, 0x1EDF, 0x1EDE},
    {0xF4, 0xF5, 0x1EE1, 0x1EE0}, {0xF4, 0xEF, 0x1EE3, 0x1EE2}, {0xF6, 0xF9, 0x1EE9, 0x1EE8},
    {0xF6, 0xF8, 0x1EEB, 0x1EEA}, {0xF6, 0xFB, 0x1EED, 0x1EEC}, {0xF6, 0xF5, 0x1EEF, 0x1EEE},
    {0xF6, 0xEF, 0x1EF1, 0x1EF0},
};

static const struct {
    uint8_t byte;
    uint16_t lower, upper;
} vni_single[] = {
    {0xED, 0x00ED, 0x00CD}, {0xEC, 0x00EC, 0x00CC}, {0xE6, 0x1EC9, 0x1EC8},
    {0xF3, 0x0129, 0x0128}, {0xF2, 0x1ECB, 0x1ECA}, {0xF4, 0x01A1, 0x01A0},
    {0xF6, 0x01B0, 0x01AF}, {0xEE, 0x1EF5, 0x1EF4}, {0xF1, 0x0111, 0x0110},
};

static const struct {
    uint8_t byte;
    uint16_t cp;
} cp1258[] = {
    /* where it is not Latin-1 */
    {0xC3, 0x0102}, {0xCC, 0x0300}, {0xD0, 0x0110}, {0xD2, 0x0309}, {0xD5, 0x01A0},
    {0xDD, 0x01AF}, {0xDE, 0x0303}, {0xE3, 0x0103}, {0xEC, 0x0301}, {0xF0, 0x0111},
    {0xF2, 0x0323}, {0xF5, 0x01A1}, {0xFD, 0x01B0}, {0xFE, 0x20AB},
};

/* The letter at s[i]: its code point, and in *used its bytes; 0 where the byte means nothing. */
typedef uint32_t decode_fn(struct str s, size_t i, size_t *used);

static uint32_t decode_tcvn3(struct str s, size_t i, size_t *used)
{
    unsigned char c = (unsigned char)s.p[i];
    *used = 1;
    return c < 0x80 ? c : c < 0xA0 ? 0 : tcvn3[c - 0xA0];
}

static uint32_t decode_cp1258(struct str s, size_t i, size_t *used)
{
    unsigned char c = (unsigned char)s.p[i];
    *used = 1;
    if (c >= 0x80 && c < 0xA0)
        return 0;
    for (size_t k = 0; k < COUNT_OF(cp1258); k++) {
        if (cp1258[k].byte == c)
            return cp1258[k].cp;
    }
    return c;
}

static uint32_t decode_vni(struct str s, size_t i, size_t *used)
{
    unsigned char c = (unsigned char)s.p[i], next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
    bool upper = (c < 0x80 ? (c & 0x20) == 0 : c < 0xE0);
    *used = 1;
    for (size_t k = 0; next >= 0xC0 && k < COUNT_OF(vni_pairs); k++) {
        if (vni_pairs[k].base == (c | 0x20) && vni_pairs[k].mark == (next | 0x20)) {
            *used = 2;
            return upper ? vni_pairs[k].upper : vni_pairs[k].lower;
        }
    }
    for (size_t k = 0; c >= 0xC0 && k < COUNT_OF(vni_single); k++) {
        if (vni_single[k].byte == (c | 0x20))
            return upper ? vni_single[k].upper : vni_single[k].lower;
    }
    return c < 0x80 ? c : 0;
}

static const struct {
    struct str name;
    decode_fn *decode;
} encodings[] = {{{"tcvn3", 5}, decode_tcvn3}, {{"vni", 3}, decode_vni}, {{"cp1258", 6}, decode_cp1258}};

static bool any_of(struct str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s, str_of(list[i])))
            return true;
    }
    return false;
}

/* A folded word (small ASCII letters) is a Vietnamese syllable: consonants, one to three vowels, consonants.
 */
static bool syllable(struct str w)
{
    static const char *const initials[] = {"",   "b",  "c", "ch", "d", "g",  "gh",  "gi", "h",
                                           "k",  "kh", "l", "m",  "n", "ng", "ngh", "nh", "p",
                                           "ph", "q",  "r", "s",  "t", "th", "tr",  "v",  "x"};
    static const char *const finals[] = {"", "c", "ch", "m", "n", "ng", "nh", "p", "t"};
    static const char vowels[] = "aeiouy";
    size_t from = 0, to;
    while (from < w.n && memchr(vowels, w.p[from], sizeof(vowels) - 1) == NULL)
        from++;
    for (to = from; to < w.n && memchr(vowels, w.p[to], sizeof(vowels) - 1) != NULL; to++)
        ;
    return to > from && to - from <= 3 && any_of(str_sub(w, 0, from), initials, COUNT_OF(initials)) &&
           any_of(str_from(w, to), finals, COUNT_OF(finals));
}

struct evidence {
    size_t words, good; /* words with letters above ASCII; those that are syllables */
};

/* False where a byte means nothing in the encoding. */
static bool weigh(struct str s, decode_fn *decode, struct evidence *ret)
{
    char word[WORD_BYTES_MAX * 3], folded[WORD_BYTES_MAX * 3];
    size_t n = 0, used;
    bool high = false;
    *ret = (struct evidence){0};
    for (size_t i = 0; i <= s.n; i += used) {
        uint32_t cp = ' ';
        used = 1;
        if (i < s.n && (cp = decode(s, i, &used)) == 0)
            return false;
        bool letter = cp >= 0xC0 || (cp < 0x80 && ascii_is_alpha((char)cp));
        if (letter && n + 3 <= sizeof(word)) {
            n += text_encode(cp, word + n);
            high = high || cp >= 0x80;
            continue;
        }
        if (high) {
            size_t m = text_fold((struct str){word, n}, folded);
            ret->words++;
            ret->good += !letter && syllable((struct str){folded, m});
        }
        n = 0;
        high = false;
    }
    return true;
}

static struct str decoded(struct parse_out *out, struct str s, decode_fn *decode)
{
    size_t n = 0, used;
    if (s.n == 0 || s.n > TEXT_BYTES_MAX || text_is_utf8(s))
        return s;
    char *p = arena_alloc(out->arena, s.n, 3, 1);
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n; i += used) {
        uint32_t cp = decode(s, i, &used);
        n += text_encode(cp == 0 ? TEXT_REPLACEMENT : cp, p + n);
    }
    return (struct str){p, n};
}

void legacy_decode(struct parse_out *out)
{
    struct str message = out->e.message;
    struct str sample = str_sub(message, 0, message.n < SAMPLE_BYTES_MAX ? message.n : SAMPLE_BYTES_MAX);
    struct evidence best = {0}, second = {0}, e;
    size_t chosen = COUNT_OF(encodings);
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        if (!weigh(sample, encodings[i].decode, &e))
            continue;
        if (e.good > best.good) {
            second = best;
            best = e;
            chosen = i;
        } else if (e.good > second.good) {
            second = e;
        }
    }
    if (chosen == COUNT_OF(encodings) || best.words < WORDS_MIN ||
        best.good * 100 < best.words * GOOD_PERCENT || best.good == second.good)
        return;
    out->e.message = decoded(out, message, encodings[chosen].decode);
    for (uint16_t i = 0; i < out->n; i++) {
        struct event_field *f = &out->fields[i];
        f->value = decoded(out, f->value, encodings[chosen].decode);
    }
    parse_out_put_named(out, S("log.charset"), encodings[chosen].name);
}
