/*
 * fold.h - the two foldings of the predicate language: for words and phrases (case and marks away, as
 * text_fold) and for field values (case away, Vietnamese letters composed, marks kept). Neither result is
 * longer than its input.
 */
#ifndef KHIEN_QUERY_FOLD_H
#define KHIEN_QUERY_FOLD_H

#include "base/text.h"
#include "model/event.h"

#define FOLD_ONES UINT64_C(0x0101010101010101)
#define FOLD_HIGHS UINT64_C(0x8080808080808080)

/* Lower case of eight ASCII bytes at once. */
static inline uint64_t fold_lower8(uint64_t x)
{
    uint64_t from_a = x + (0x80 - 'A') * FOLD_ONES, behind_z = x + (0x80 - 'Z' - 1) * FOLD_ONES;
    return x | (from_a & ~behind_z & FOLD_HIGHS) >> 2;
}

/*
 * Copy ASCII in lower case, which is what both foldings make of it; stops before the first byte above ASCII.
 * Returns the bytes done. out has room for s.n bytes.
 */
size_t fold_ascii(struct str s, char *out);
/* text_fold, eight bytes at a time where the text is ASCII. out has room for s.n bytes. */
size_t fold_search(struct str s, char *out);
/* Lower case; letters and marks written apart (NFD) become one Vietnamese letter. out has room for s.n bytes.
 */
size_t fold_case(struct str s, char *out);

/* The bytes of a value that count in matching and in the filters. */
static inline struct str fold_clip(struct str s)
{
    return s.n > EVENT_RAW_BYTES_MAX ? str_sub(s, 0, EVENT_RAW_BYTES_MAX) : s;
}

/*
 * True where a value is a view into raw that neither begins nor ends inside a word: what it holds is then
 * found in raw as well.
 */
bool fold_is_in_raw(struct str raw, struct str value);

#endif
