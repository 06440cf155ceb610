/*
 * find.h - substring search for the matcher: quick on the short texts of events (no table is built per call),
 * and still linear in the worst case.
 */
#ifndef KHIEN_QUERY_FIND_H
#define KHIEN_QUERY_FIND_H

#include "base/str.h"

/* Offset of the first place of the needle, SIZE_MAX where there is none; 0 for an empty needle. As str_find.
 */
size_t find_bytes(struct str s, struct str needle);

#endif
