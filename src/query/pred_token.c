/* Words of a text as the block filters index them: folded, cut at bytes that are not part of a word. */
#include "base/hash.h"
#include "base/text.h"
#include "query/pred.h"

#define TOKEN_BYTES_MAX 64u

/* The limit counts folded bytes, so that a word is kept or skipped alike however its letters were written. */
static void put_token(struct str word, bool ascii, pred_token_fn *fn, void *arg)
{
    char folded[TOKEN_BYTES_MAX];
    size_t n = 0, len = 1;
    if (ascii && word.n > TOKEN_BYTES_MAX)
        return;
    for (size_t i = 0; i < word.n; i += len) {
        if ((unsigned char)word.p[i] < 0x80) { /* nearly all bytes: no need to decode */
            len = 1;
            if (n == TOKEN_BYTES_MAX)
                return;
            folded[n++] = ascii_lower(word.p[i]);
            continue;
        }
        char one[4];
        (void)text_decode(str_from(word, i), &len);
        size_t k = text_fold(str_sub(word, i, len), one);
        if (k > TOKEN_BYTES_MAX - n)
            return;
        memcpy(folded + n, one, k);
        n += k;
    }
    if (n > 0)
        fn(arg, hash_bytes((struct str){folded, n}, PRED_TOKEN_SEED));
}

void pred_tokenise(struct str text, void (*fn)(void *arg, uint64_t hash), void *arg)
{
    static const uint8_t kinds[256] = {
        /* 1 = ASCII word byte as folded, 4 = capital, 2 = byte of a longer character */
        ['0' ... '9'] = 1,
        ['A' ... 'Z'] = 4,
        ['a' ... 'z'] = 1,
        ['_'] = 1,
        [0x80 ... 0xFF] = 2};
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        uint8_t seen = 0, kind;
        while (i < text.n && (kind = kinds[(unsigned char)text.p[i]]) != 0) {
            seen |= kind;
            i++;
        }
        if (seen == 1 && i - from <= TOKEN_BYTES_MAX)
            fn(arg, hash_bytes(str_sub(text, from, i - from), PRED_TOKEN_SEED));
        else if (i > from)
            put_token(str_sub(text, from, i - from), (seen & 2) == 0, fn, arg);
        i += i == from;
    }
}
