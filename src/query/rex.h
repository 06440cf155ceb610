/*
 * rex.h - regular expressions by PCRE2 with limits: unanchored, JIT where the machine allows it, invalid
 * UTF-8 in the text allowed. Compiled expressions are constant and shared by threads; each thread has its own
 * struct rex_room.
 */
#ifndef KHIEN_QUERY_REX_H
#define KHIEN_QUERY_REX_H

#include "base/str.h"

struct rex;
struct rex_room;

/* Errors: ERR_PARSE with `at` = offset in the pattern and PCRE2's own words; ERR_NOMEM. */
int rex_compile(struct str pattern, bool cased, struct rex **ret, struct err *err) MUST_USE;
void rex_free(struct rex *r); /* NULL allowed */
/* Matching memory of one thread; steps_max bounds each match. */
int rex_room_new(uint32_t steps_max, struct rex_room **ret, struct err *err) MUST_USE;
void rex_room_free(struct rex_room *m); /* NULL allowed */
/* ret_gave_up is set where a limit ended the match (the answer is then false); never cleared. */
bool rex_match(const struct rex *r, struct str text, struct rex_room *m, bool *ret_gave_up);

#endif
