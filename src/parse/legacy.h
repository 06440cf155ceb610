/*
 * legacy.h - Vietnamese text before Unicode (TCVN3, VNI, code page 1258): recognised where the bytes are no
 * UTF-8 and the words of the message are Vietnamese syllables in one of the encodings and no other. Private
 * to src/parse.
 */
#ifndef KHIEN_PARSE_LEGACY_H
#define KHIEN_PARSE_LEGACY_H

#include "parse/parse_out.h"

/* Decode the message and the values into UTF-8 and say so (log.charset); raw stays as it is. Nothing without
 * strong evidence. */
void legacy_decode(struct parse_out *out);

#endif
