/* Words of a text as the block filters index them: folded, cut at bytes that are not part of a word. */
#include "base/hash.h"
#include "query/fold.h"
#include "query/pred.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK 64u

/*
 * The limit counts folded bytes, so that a word is kept or skipped alike however its letters were written.
 */
static void put_slowly(struct str word, pred_token_fn *fn, void *arg)
{
    char folded[PRED_TOKEN_BYTES_MAX];
    size_t n = 0, len = 1;
    for (size_t i = 0; i < word.n; i += len) {
        if ((unsigned char)word.p[i] < 0x80) {
            len = 1;
            if (n == PRED_TOKEN_BYTES_MAX)
                return;
            folded[n++] = ascii_lower(word.p[i]);
            continue;
        }
        char one[4];
        (void)text_decode(str_from(word, i), &len);
        size_t k = text_fold(str_sub(word, i, len), one);
        if (k > PRED_TOKEN_BYTES_MAX - n)
            return;
        memcpy(folded + n, one, k);
        n += k;
    }
    if (n > 0)
        fn(arg, hash_bytes((struct str){folded, n}, PRED_TOKEN_SEED));
}

/* hash_bytes of the word in lower case without writing it down: nearly all words are short and ASCII. */
static void put_token(const char *p, size_t n, pred_token_fn *fn, void *arg)
{
    uint64_t h = hash_mix(PRED_TOKEN_SEED, n), all = 0, x;
    const char *end = p + n;
    if (n > PRED_TOKEN_BYTES_MAX) {
        put_slowly((struct str){p, n}, fn, arg);
        return;
    }
    for (; end - p > 8; p += 8) {
        x = hash_load(p);
        all |= x;
        h = hash_mix(h, fold_lower8(x));
    }
    x = hash_load_tail(p, (size_t)(end - p));
    all |= x;
    if ((all & FOLD_HIGHS) != 0)
        put_slowly((struct str){end - n, n}, fn, arg);
    else
        fn(arg, hash_mix(h, fold_lower8(x)));
}

/* Bit k: byte k is an ASCII word byte or part of a longer character. */
#ifdef __SSE2__
static uint64_t word_bits(const char *p)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i_u *)(p + i));
        __m128i low = _mm_or_si128(x, _mm_set1_epi8(0x20));
        __m128i alpha = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)),
                                      _mm_cmplt_epi8(low, _mm_set1_epi8('z' + 1)));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('0' - 1)),
                                      _mm_cmplt_epi8(x, _mm_set1_epi8('9' + 1)));
        __m128i word = _mm_or_si128(_mm_or_si128(alpha, digit), _mm_cmpeq_epi8(x, _mm_set1_epi8('_')));
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(word, x))
                << i; /* above ASCII: top bit set */
    }
    return bits;
}
#else
static uint64_t word_bits(const char *p)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < BLOCK; i++) {
        bool word = (unsigned char)p[i] >= 0x80 || ascii_is_alnum(p[i]) || p[i] == '_';
        bits |= (uint64_t)word << i;
    }
    return bits;
}
#endif

void pred_tokenise(struct str text, pred_token_fn *fn, void *arg)
{
    char last[BLOCK];
    uint64_t before = 0; /* the byte in front of the block is of a word */
    size_t start = 0;
    for (size_t at = 0; at < text.n; at += BLOCK) {
        size_t n = text.n - at < BLOCK ? text.n - at : BLOCK;
        const char *p = text.p + at;
        if (n < BLOCK) {
            memset(last, 0, sizeof(last));
            memcpy(last, p, n);
            p = last;
        }
        uint64_t bits = word_bits(p), edges = bits ^ (bits << 1 | before);
        for (; edges != 0; edges &= edges - 1) {
            unsigned k = (unsigned)__builtin_ctzll(edges);
            if ((bits >> k & 1) != 0)
                start = at + k;
            else
                put_token(text.p + start, at + k - start, fn, arg);
        }
        before = bits >> (BLOCK - 1);
    }
    if (before != 0)
        put_token(text.p + start, text.n - start, fn, arg);
}
