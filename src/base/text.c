#include "base/text.h"

#include <stdlib.h>

#define FOLD_A_FIRST 0xC0u
#define FOLD_A_LAST 0x24Fu
#define FOLD_B_FIRST 0x1E00u
#define FOLD_B_LAST 0x1EFFu

/* Base letter of each character of Latin-1, Latin Extended-A and -B; '.' = has none. Source: Unicode NFD. */
static const char fold_a[] = "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
                             "aaaaaaccccccccddddeeeeeeeeeegggggggghh..iiiiiiiiii..jjkk.llllll."
                             ".llnnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz."
                             "................................oo.............uu..............."
                             ".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa...."
                             "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
                             "................";

/* Latin Extended Additional, home of the Vietnamese letters with two marks. */
static const char fold_b[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
                             "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
                             "wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
                             "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

_Static_assert(sizeof(fold_a) == FOLD_A_LAST - FOLD_A_FIRST + 2, "one byte per character");
_Static_assert(sizeof(fold_b) == FOLD_B_LAST - FOLD_B_FIRST + 2, "one byte per character");

uint32_t text_decode(struct str s, size_t *ret_len)
{
    const unsigned char *p = (const unsigned char *)s.p;
    assert(s.n > 0);
    *ret_len = 1;
    if (p[0] < 0x80)
        return p[0];
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0xC2 || p[0] > 0xF4 || s.n < n)
        return TEXT_REPLACEMENT;
    uint32_t cp = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return TEXT_REPLACEMENT;
        cp = cp << 6 | (p[i] & 0x3Fu);
    }
    if (cp < least[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return TEXT_REPLACEMENT;
    *ret_len = n;
    return cp;
}

bool text_is_utf8(struct str s)
{
    size_t len;
    for (size_t i = 0; i < s.n; i += len) {
        if ((unsigned char)s.p[i] < 0x80) {
            len = 1;
            continue;
        }
        (void)text_decode(str_from(s, i), &len);
        if (len == 1)
            return false;
    }
    return true;
}

size_t text_encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

void text_put_utf8(struct buf *b, uint32_t cp)
{
    char raw[4];
    assert(cp <= 0x10FFFF);
    buf_put(b, (struct str){raw, text_encode(cp, raw)});
}

void text_put_clean(struct buf *b, struct str s)
{
    size_t from = 0, len;
    for (size_t i = 0; i < s.n; i += len) {
        if ((unsigned char)s.p[i] < 0x80) {
            len = 1;
            continue;
        }
        (void)text_decode(str_from(s, i), &len);
        if (len > 1)
            continue;
        buf_put(b, str_sub(s, from, i - from));
        text_put_utf8(b, TEXT_REPLACEMENT);
        from = i + 1;
    }
    buf_put(b, str_from(s, from));
}

uint32_t text_fold_char(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp | 0x20 : cp;
    if (cp >= 0x300 && cp <= 0x36F)
        return 0;
    char base = '.';
    if (cp >= FOLD_A_FIRST && cp <= FOLD_A_LAST)
        base = fold_a[cp - FOLD_A_FIRST];
    else if (cp >= FOLD_B_FIRST && cp <= FOLD_B_LAST)
        base = fold_b[cp - FOLD_B_FIRST];
    return base == '.' ? cp : (uint32_t)base;
}

size_t text_fold(struct str s, char *out)
{
    size_t n = 0, len;
    for (size_t i = 0; i < s.n; i += len) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80) {
            out[n++] = ascii_lower((char)c);
            len = 1;
            continue;
        }
        uint32_t cp = text_decode(str_from(s, i), &len);
        if (len == 1) {
            out[n++] = (char)c; /* an invalid byte stays itself, so that the result is not longer */
            continue;
        }
        uint32_t f = text_fold_char(cp);
        if (f != 0)
            n += text_encode(f, out + n);
    }
    return n;
}

/* A needle longer than a window: fold the whole text. */
static bool contains_long(struct str s, struct str folded_needle)
{
    char *out = s.n < folded_needle.n ? NULL : malloc(s.n);
    if (out == NULL)
        return false;
    bool hit = str_find((struct str){out, text_fold(s, out)}, folded_needle) != SIZE_MAX;
    free(out);
    return hit;
}

bool text_fold_contains(struct str s, struct str folded_needle)
{
    /* Windows overlap by more than the needle, so the stack buffer serves lines of any length. */
    char out[4096];
    enum { STEP = 2048 };
    if (folded_needle.n == 0)
        return true;
    if (folded_needle.n > sizeof(out) - STEP)
        return contains_long(s, folded_needle);
    size_t kept = 0;
    for (size_t i = 0; i < s.n;) {
        size_t n = s.n - i < STEP ? s.n - i : STEP;
        while (i + n < s.n && n > STEP - 4 && ((unsigned char)s.p[i + n] & 0xC0) == 0x80)
            n--; /* do not cut a character in two */
        size_t have = kept + text_fold(str_sub(s, i, n), out + kept);
        if (str_find((struct str){out, have}, folded_needle) != SIZE_MAX)
            return true;
        kept = have < folded_needle.n - 1 ? have : folded_needle.n - 1;
        memmove(out, out + have - kept, kept);
        i += n;
    }
    return false;
}

/* Sort key of a character: letter (24 bits) first, then tone, then case. */
struct key {
    uint32_t letter;
    uint8_t tone, upper;
};

/* Letters of the Vietnamese alphabet that a plain fold merges: their places behind the base letter. */
static const struct {
    uint32_t cp; /* lower case, without tone */
    char base;
    uint8_t place;
} alphabet[] = {
    {0x103, 'a', 1}, {0xE2, 'a', 2},  {0x111, 'd', 1}, {0xEA, 'e', 1},
    {0xF4, 'o', 1},  {0x1A1, 'o', 2}, {0x1B0, 'u', 1},
};

/* The Vietnamese vowels with tone, five tones each in dictionary order: grave, hook, tilde, acute, dot below.
 */
static const struct {
    uint32_t bare;
    uint32_t toned[5];
    uint32_t upper[5];
} tones[] = {
    {'a', {0xE0, 0x1EA3, 0xE3, 0xE1, 0x1EA1}, {0xC0, 0x1EA2, 0xC3, 0xC1, 0x1EA0}},
    {0x103, {0x1EB1, 0x1EB3, 0x1EB5, 0x1EAF, 0x1EB7}, {0x1EB0, 0x1EB2, 0x1EB4, 0x1EAE, 0x1EB6}},
    {0xE2, {0x1EA7, 0x1EA9, 0x1EAB, 0x1EA5, 0x1EAD}, {0x1EA6, 0x1EA8, 0x1EAA, 0x1EA4, 0x1EAC}},
    {'e', {0xE8, 0x1EBB, 0x1EBD, 0xE9, 0x1EB9}, {0xC8, 0x1EBA, 0x1EBC, 0xC9, 0x1EB8}},
    {0xEA, {0x1EC1, 0x1EC3, 0x1EC5, 0x1EBF, 0x1EC7}, {0x1EC0, 0x1EC2, 0x1EC4, 0x1EBE, 0x1EC6}},
    {'i', {0xEC, 0x1EC9, 0x129, 0xED, 0x1ECB}, {0xCC, 0x1EC8, 0x128, 0xCD, 0x1ECA}},
    {'o', {0xF2, 0x1ECF, 0xF5, 0xF3, 0x1ECD}, {0xD2, 0x1ECE, 0xD5, 0xD3, 0x1ECC}},
    {0xF4, {0x1ED3, 0x1ED5, 0x1ED7, 0x1ED1, 0x1ED9}, {0x1ED2, 0x1ED4, 0x1ED6, 0x1ED0, 0x1ED8}},
    {0x1A1, {0x1EDD, 0x1EDF, 0x1EE1, 0x1EDB, 0x1EE3}, {0x1EDC, 0x1EDE, 0x1EE0, 0x1EDA, 0x1EE2}},
    {'u', {0xF9, 0x1EE7, 0x169, 0xFA, 0x1EE5}, {0xD9, 0x1EE6, 0x168, 0xDA, 0x1EE4}},
    {0x1B0, {0x1EEB, 0x1EED, 0x1EEF, 0x1EE9, 0x1EF1}, {0x1EEA, 0x1EEC, 0x1EEE, 0x1EE8, 0x1EF0}},
    {'y', {0x1EF3, 0x1EF7, 0x1EF9, 0xFD, 0x1EF5}, {0x1EF2, 0x1EF6, 0x1EF8, 0xDD, 0x1EF4}},
};

static uint32_t lower_bare(uint32_t cp, struct key *k)
{
    static const uint32_t upper[][2] = {{0x102, 0x103}, {0xC2, 0xE2},   {0x110, 0x111}, {0xCA, 0xEA},
                                        {0xD4, 0xF4},   {0x1A0, 0x1A1}, {0x1AF, 0x1B0}};
    for (size_t i = 0; i < COUNT_OF(tones); i++) {
        for (uint8_t t = 0; t < 5; t++) {
            if (tones[i].toned[t] == cp || tones[i].upper[t] == cp) {
                k->tone = (uint8_t)(t + 1);
                k->upper = tones[i].upper[t] == cp;
                return tones[i].bare;
            }
        }
    }
    for (size_t i = 0; i < COUNT_OF(upper); i++) {
        if (upper[i][0] == cp) {
            k->upper = 1;
            return upper[i][1];
        }
    }
    if (cp >= 'A' && cp <= 'Z') {
        k->upper = 1;
        return cp | 0x20;
    }
    return cp;
}

static struct key key_of(uint32_t cp)
{
    struct key k = {0};
    uint32_t bare = lower_bare(cp, &k);
    k.letter = bare << 2;
    for (size_t i = 0; i < COUNT_OF(alphabet); i++) {
        if (alphabet[i].cp == bare)
            k.letter = (uint32_t)alphabet[i].base << 2 | alphabet[i].place;
    }
    return k;
}

int text_collate(struct str a, struct str b)
{
    int tone = 0, upper = 0;
    size_t i = 0, j = 0, len;
    while (i < a.n && j < b.n) {
        struct key ka = key_of(text_decode(str_from(a, i), &len));
        i += len;
        struct key kb = key_of(text_decode(str_from(b, j), &len));
        j += len;
        if (ka.letter != kb.letter)
            return ka.letter < kb.letter ? -1 : 1;
        if (tone == 0)
            tone = ka.tone - kb.tone;
        if (upper == 0)
            upper = ka.upper - kb.upper;
    }
    if (i < a.n || j < b.n)
        return i < a.n ? 1 : -1;
    return tone != 0 ? tone : upper;
}
