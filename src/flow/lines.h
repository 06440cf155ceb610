/*
 * lines.h - the lines of a file or pipe, for the tool's import, parse and detect. LF ends a line, a CR before
 * it is dropped; a line longer than EVENT_RAW_BYTES_MAX comes in parts with EVENT_PART; the last line needs
 * no LF; empty lines are skipped.
 */
#ifndef KHIEN_FLOW_LINES_H
#define KHIEN_FLOW_LINES_H

#include "model/event.h"

struct lines;

/* Reads from fd, which stays the caller's. */
int lines_new(int fd, struct lines **ret, struct err *err) MUST_USE;
void lines_free(struct lines *l);
/* 0 = a line (view, valid until the next call), 1 = the end, -1 = error. */
int lines_next(struct lines *l, struct str *ret, uint8_t *ret_flags, struct err *err) MUST_USE;

#endif
