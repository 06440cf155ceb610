/*
 * pattern.h - what programs write, as a table: a text with captures, and what it means. Private to src/parse.
 *
 *   Failed %m for invalid user %u from %a port %p ssh2
 *
 * Outside captures every byte must be equal. A capture letter (pattern.c, table `captures`) has a kind:
 *   word    one or more bytes without blank, ends where the next literal begins
 *   number  digits
 *   text    any bytes, also none; ends at the LAST place where the rest of the pattern still fits, because
 *           user names and commands come from an attacker and may hold the words that follow
 *   %*      any bytes, ends at the first place where the rest fits; not captured
 *
 *   %{name}   a word, put under the name of a field; %{name#} a number; %{name*} a text;
 *   %{name~}  any bytes, ends at the first place where the rest fits. Names that are no field but taken
 * apart: source, destination (address or name, and port), user (DOMAIN\name), transport, url
 */
#ifndef KHIEN_PARSE_PATTERN_H
#define KHIEN_PARSE_PATTERN_H

#include "parse/parse_out.h"

struct pattern_row {
    const char *text;
    enum parse_action action; /* ACTION_NONE: fields alone */
    enum parse_outcome outcome;
    const char *reason; /* event.reason, NULL: none (or captured by %r) */
};

/* Try the rows in order; the first that fits puts its fields. False where none fits: `out` is unchanged. */
bool pattern_apply(struct parse_out *out, struct str in, const struct pattern_row *rows, size_t n);

#endif
