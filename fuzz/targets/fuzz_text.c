/* Any bytes: cleaning gives UTF-8, folding never grows and is stable, search agrees with a plain search. */
#include <stdlib.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* The first byte says how long the needle behind it is; the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str in = {(const char *)data + 1, size - 1};
    struct str needle = str_sub(in, 0, data[0] < in.n ? data[0] : in.n), text = str_from(in, needle.n);
    char *folded = malloc(size), *again = malloc(size), *wanted = malloc(size);
    check(folded != NULL && again != NULL && wanted != NULL);
    size_t n = text_fold(text, folded), k = text_fold(needle, wanted);
    check(n <= text.n && k <= needle.n);
    struct str f = {folded, n}, w = {wanted, k};
    struct str twice = {again, text_fold(f, again)};
    check(!text_is_utf8(text) || str_eq(f, twice));
    check(text_fold_contains(text, w) == (str_find(f, w) != SIZE_MAX));
    check(text_collate(text, text) == 0);
    check((text_collate(text, needle) < 0) == (text_collate(needle, text) > 0));
    struct buf b;
    buf_init(&b, 1 + 3 * size);
    text_put_clean(&b, text);
    check(!b.bad && text_is_utf8(buf_str(&b)) && text_is_utf8(text) == str_eq(text, buf_str(&b)));
    buf_done(&b);
    free(folded);
    free(again);
    free(wanted);
    return 0;
}
