#include "base/hash.h"
#include "query/fold.h"
#include "query/pred.h"

enum { WINDOW = 1024 };

static void put_words(struct str folded, pred_token_fn *fn, void *arg)
{
    for (size_t i = 0; i < folded.n; i++) {
        size_t from = i;
        while (i < folded.n && text_is_word_byte((unsigned char)folded.p[i]))
            i++;
        if (i > from && i - from <= PRED_TOKEN_BYTES_MAX)
            fn(arg, hash_bytes(str_sub(folded, from, i - from), PRED_TOKEN_SEED));
    }
}

/* End of the window that starts at 0: at most WINDOW bytes, not inside a word unless the word fills it. */
static size_t window_end(struct str text, bool *ret_cut)
{
    size_t n = text.n < WINDOW ? text.n : WINDOW;
    *ret_cut = false;
    if (n == text.n)
        return n;
    while (n > 0 && text_is_word_byte((unsigned char)text.p[n - 1]))
        n--;
    *ret_cut = n == 0;
    return n;
}

/* A word that fills a window may still fold to few bytes (combining marks vanish), so it is folded in parts.
 */
static size_t put_long_word(struct str text, pred_token_fn *fn, void *arg)
{
    char word[PRED_TOKEN_BYTES_MAX];
    size_t n = 0, i = 0, len;
    for (; i < text.n && text_is_word_byte((unsigned char)text.p[i]); i += len) {
        char one[4];
        (void)text_decode(str_from(text, i), &len);
        size_t k = text_fold(str_sub(text, i, len), one);
        if (n <= PRED_TOKEN_BYTES_MAX && k <= PRED_TOKEN_BYTES_MAX - n)
            memcpy(word + n, one, k);
        n = n > PRED_TOKEN_BYTES_MAX ? n : n + k;
    }
    if (n > 0 && n <= PRED_TOKEN_BYTES_MAX)
        fn(arg, hash_bytes((struct str){word, n}, PRED_TOKEN_SEED));
    return i;
}

void pred_tokenise(struct str text, pred_token_fn *fn, void *arg)
{
    char folded[WINDOW];
    while (text.n > 0) {
        bool cut;
        size_t n = window_end(text, &cut);
        if (cut) {
            n = put_long_word(text, fn, arg);
        } else {
            size_t k = fold_search(str_sub(text, 0, n), folded);
            put_words((struct str){folded, k}, fn, arg);
        }
        text = str_from(text, n);
    }
}
