/*
 * wild.h - wildcard patterns: '*' any bytes, '?' one character (UTF-8), '\' in front of '*', '?' or '\' takes
 * the meaning away; any other '\' stands for itself. Matching takes time linear in the text.
 */
#ifndef KHIEN_QUERY_WILD_H
#define KHIEN_QUERY_WILD_H

#include "base/arena.h"

#define WILD_PIECE_BYTES_MAX 512u /* between two '*', where '?' is in it */

struct wild_piece {
    struct str bytes;
    const uint8_t *any; /* per byte: 1 = '?'; NULL where there is none */
    /* Bit-parallel automaton of a piece with '?' that may stand anywhere: words 64-bit masks per byte. */
    size_t words;
    const uint64_t *mask; /* [256][words]: positions that take the byte */
    const uint64_t *loop; /* [words]: positions of '?', which also take the rest of the character */
};

struct wild {
    bool open_start, open_end; /* begins, ends with '*' */
    bool has_star;
    size_t n_pieces;
    struct wild_piece *pieces; /* not empty, in order */
};

/* Everything lives in the arena. Errors: ERR_LIMIT (WILD_PIECE_BYTES_MAX), ERR_NOMEM. */
int wild_compile(struct str pattern, struct arena *a, struct wild **ret, struct err *err) MUST_USE;
bool wild_match(const struct wild *w, struct str text);

#endif
