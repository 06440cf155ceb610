/*
 * api_base64.h - base64 of request bodies. Source: RFC 4648 section 4.
 */
#ifndef KHIEN_API_API_BASE64_H
#define KHIEN_API_API_BASE64_H

#include "base/arena.h"

/* Decode; padding is compulsory, blanks and line ends are not allowed. ERR_PARSE (at), ERR_NOMEM. */
int api_base64_decode(struct str text, struct arena *a, struct str *ret, struct err *err) MUST_USE;

#endif
