/*
 * source_frame.h - lines out of a byte stream (RFC 6587, RFC 5425): octet counting "123 <34>…" or one line
 * per LF, found out at the first bytes of a connection. Pure: the caller keeps the bytes, and any split of
 * the stream gives the same lines. CR, LF and NUL at the end of a line are taken off, empty lines are
 * skipped, a line above the limit comes in parts.
 */
#ifndef KHIEN_SOURCE_SOURCE_FRAME_H
#define KHIEN_SOURCE_SOURCE_FRAME_H

#include "base/str.h"

enum source_frame_mode { FRAME_UNKNOWN, FRAME_LF, FRAME_OCTETS };

/* All zero at first, or with mode FRAME_LF where the stream is a file. */
struct source_frame {
    enum source_frame_mode mode;
    bool counted;   /* OCTETS: the count is read, `left` is what remains */
    bool in_part;   /* the line was begun: what follows is a part too */
    size_t left;    /* OCTETS: bytes of the message not yet given */
    size_t scanned; /* LF: bytes of the input that hold no line end */
    uint64_t bad;   /* counts that were none */
};

struct source_frame_line {
    struct str text; /* view into the input; n == 0: nothing to emit, only bytes to skip */
    bool part;       /* piece of a line longer than line_max */
};

/*
 * Cut the next line off `in`. Returns the bytes consumed; 0: more bytes are needed. line_max: bytes, at
 * least 1. final: no more bytes will come, what is left is a line too.
 */
size_t source_frame_cut(struct source_frame *f, struct str in, size_t line_max, bool final,
                        struct source_frame_line *ret);

#endif
