/*
 * text.h - UTF-8 and Vietnamese text: decoding, folding for search (case and marks away, đ = d, NFC and NFD
 * alike), and the Vietnamese sort order.
 */
#ifndef KHIEN_BASE_TEXT_H
#define KHIEN_BASE_TEXT_H

#include "base/buf.h"
#include "base/str.h"

#define TEXT_REPLACEMENT 0xFFFDu

/* Decode the character at s.p[0] (s.n > 0): its code point and its length; an invalid byte gives U+FFFD,
 * length 1. */
uint32_t text_decode(struct str s, size_t *ret_len);
bool text_is_utf8(struct str s);
/* UTF-8 of a code point up to U+10FFFF; returns its 1..4 bytes. */
size_t text_encode(uint32_t cp, char *out);
void text_put_utf8(struct buf *b, uint32_t cp);
/* Append s with each invalid byte replaced by U+FFFD. */
void text_put_clean(struct buf *b, struct str s);

/*
 * Fold for search: ASCII lower case; Vietnamese and Latin letters lose their marks (ế→e, Đ→d, ơ→o, ü→u),
 * combining marks (NFD) vanish, other characters stay as they are. The result is never longer than the input.
 * out has room for s.n bytes; returns the number written. Plain ASCII costs one pass.
 */
size_t text_fold(struct str s, char *out);
/* Fold one code point: 0 where it vanishes. */
uint32_t text_fold_char(uint32_t cp);
/* fold(s) contains the already folded needle. Allocates only for needles above 2 KiB; false without memory.
 */
bool text_fold_contains(struct str s, struct str folded_needle);
/* true where the byte belongs to a word: letter, digit, '_' or part of a character above ASCII. */
static inline bool text_is_word_byte(unsigned char c)
{
    return c >= 0x80 || ascii_is_alnum((char)c) || c == '_';
}

/*
 * Compare in Vietnamese dictionary order: base letters a ă â b c d đ e ê … first, then tone (none, grave,
 * hook, tilde, acute, dot), then lower before upper case. <0, 0, >0. Source: TCVN 6909 letters, order of
 * school dictionaries.
 */
int text_collate(struct str a, struct str b);

#endif
