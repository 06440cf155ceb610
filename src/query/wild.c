#include "query/wild.h"

#include "query/find.h"

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Masks of a piece with '?', for find_any. */
static int build_masks(struct wild_piece *p, struct arena *a, struct err *err)
{
    if (p->bytes.n > WILD_PIECE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a part of a pattern with '?' is longer than %u bytes",
                       WILD_PIECE_BYTES_MAX);
    p->words = (p->bytes.n + 63) / 64;
    uint64_t *mask = ARENA_NEW(a, uint64_t, 256 * p->words);
    uint64_t *loop = ARENA_NEW(a, uint64_t, p->words);
    if (mask == NULL || loop == NULL)
        return err_set(err, ERR_NOMEM, "pattern");
    for (size_t i = 0; i < p->bytes.n; i++) {
        uint64_t bit = UINT64_C(1) << (i % 64);
        if (p->any[i] == 0) {
            mask[(unsigned char)p->bytes.p[i] * p->words + i / 64] |= bit;
            continue;
        }
        loop[i / 64] |= bit;
        for (size_t c = 0; c < 256; c++) {
            if (!is_tail((char)c))
                mask[c * p->words + i / 64] |= bit;
        }
    }
    p->mask = mask;
    p->loop = loop;
    return 0;
}

/* Split at '*'; the bytes of all pieces lie one behind the other in `bytes`. */
static void split(struct str pattern, struct wild *w, char *bytes, uint8_t *any)
{
    size_t n = 0, from = 0;
    bool has_any = false;
    for (size_t i = 0; i <= pattern.n; i++) {
        bool star = i < pattern.n && pattern.p[i] == '*';
        if (star || i == pattern.n) {
            if (n > from)
                w->pieces[w->n_pieces++] = (struct wild_piece){.bytes = {bytes + from, n - from},
                                                               .any = has_any ? any + from : NULL};
            from = n;
            has_any = false;
            w->has_star |= star;
            w->open_start |= star && i == 0;
            w->open_end |= star && i == pattern.n - 1;
            continue;
        }
        char c = pattern.p[i];
        bool escape = c == '\\' && i + 1 < pattern.n && memchr("*?\\", pattern.p[i + 1], 3) != NULL;
        if (escape)
            c = pattern.p[++i];
        any[n] = !escape && c == '?';
        has_any |= any[n] != 0;
        bytes[n++] = c;
    }
}

int wild_compile(struct str pattern, struct arena *a, struct wild **ret, struct err *err)
{
    struct wild *w = ARENA_NEW(a, struct wild, 1);
    char *bytes = ARENA_NEW(a, char, pattern.n + 1);
    uint8_t *any = ARENA_NEW(a, uint8_t, pattern.n + 1);
    struct wild_piece *pieces = ARENA_NEW(a, struct wild_piece, pattern.n / 2 + 1);
    if (w == NULL || bytes == NULL || any == NULL || pieces == NULL)
        return err_set(err, ERR_NOMEM, "pattern");
    w->pieces = pieces;
    split(pattern, w, bytes, any);
    for (size_t i = 0; i < w->n_pieces; i++) {
        if (pieces[i].any != NULL && build_masks(&pieces[i], a, err) != 0)
            return -1;
    }
    *ret = w;
    return 0;
}

/* The piece stands at *at: move behind it. */
static bool match_at(const struct wild_piece *p, struct str text, size_t *at)
{
    size_t k = *at;
    if (p->any == NULL) {
        if (p->bytes.n > text.n - k || memcmp(text.p + k, p->bytes.p, p->bytes.n) != 0)
            return false;
        *at = k + p->bytes.n;
        return true;
    }
    for (size_t i = 0; i < p->bytes.n; i++) {
        if (k == text.n || (p->any[i] ? is_tail(text.p[k]) : text.p[k] != p->bytes.p[i]))
            return false;
        k++;
        while (p->any[i] && k < text.n && is_tail(text.p[k]))
            k++;
    }
    *at = k;
    return true;
}

/* The piece ends the text: ret_at is where it starts. */
static bool match_end(const struct wild_piece *p, struct str text, size_t *ret_at)
{
    size_t k = text.n;
    if (p->any == NULL) {
        *ret_at = str_ends(text, p->bytes) ? text.n - p->bytes.n : 0;
        return str_ends(text, p->bytes);
    }
    for (size_t i = p->bytes.n; i > 0; i--) {
        while (p->any[i - 1] && k > 0 && is_tail(text.p[k - 1]))
            k--;
        if (k == 0 || (!p->any[i - 1] && text.p[k - 1] != p->bytes.p[i - 1]))
            return false;
        k--;
    }
    *ret_at = k;
    return true;
}

/* First end of the piece in the text, SIZE_MAX where it is not in it. Shift-And with loops. */
static size_t find_any(const struct wild_piece *p, struct str text)
{
    uint64_t state[WILD_PIECE_BYTES_MAX / 64] = {0};
    size_t last = p->bytes.n - 1;
    assert(p->words <= COUNT_OF(state));
    for (size_t k = 0; k < text.n; k++) {
        const uint64_t *mask = p->mask + (unsigned char)text.p[k] * p->words;
        bool tail = is_tail(text.p[k]);
        uint64_t carry = 1;
        for (size_t w = 0; w < p->words; w++) {
            uint64_t old = state[w];
            state[w] = ((old << 1 | carry) & mask[w]) | (tail ? old & p->loop[w] : 0);
            carry = old >> 63;
        }
        if ((state[last / 64] >> (last % 64) & 1) != 0)
            return k + 1;
    }
    return SIZE_MAX;
}

bool wild_match(const struct wild *w, struct str text)
{
    size_t first = 0, last = w->n_pieces, at = 0, end = text.n;
    if (w->n_pieces == 0)
        return w->has_star || text.n == 0;
    if (!w->open_start && !match_at(&w->pieces[first++], text, &at))
        return false;
    if (!w->has_star)
        return at == text.n;
    if (!w->open_end && (!match_end(&w->pieces[--last], text, &end) || end < at))
        return false;
    for (; first < last; first++) {
        struct str rest = str_sub(text, at, end - at);
        const struct wild_piece *p = &w->pieces[first];
        size_t k = p->any != NULL ? find_any(p, rest) : find_bytes(rest, p->bytes);
        if (k == SIZE_MAX)
            return false;
        at += k + (p->any != NULL ? 0 : p->bytes.n);
    }
    return true;
}
