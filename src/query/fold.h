/*
 * fold.h - the two foldings of the predicate language: for words and phrases (case and marks away, as
 * text_fold) and for field values (case away, Vietnamese letters composed, marks kept). Neither result is
 * longer than its input.
 */
#ifndef KHIEN_QUERY_FOLD_H
#define KHIEN_QUERY_FOLD_H

#include "base/text.h"
#include "model/event.h"

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
