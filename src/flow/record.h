/*
 * record.h - records of a file: a line, or the lines that belong to one record. Joined are lines that begin
 * with a blank, what follows a Python traceback or "Caused by:", event XML and JSON over several lines,
 * csvlog fields with line ends inside, and lines without a time behind one that begins with a date. Line ends
 * inside a record stay as LF. What is joined is a guess about text: only tools that store nothing use it.
 */
#ifndef KHIEN_FLOW_RECORD_H
#define KHIEN_FLOW_RECORD_H

#include "flow/lines.h"

struct record;

/* Reads from `l`, which stays the caller's. */
int record_new(struct lines *l, struct record **ret, struct err *err) MUST_USE;
void record_free(struct record *r);
/* 0 = a record (view, valid until the next call), 1 = the end, -1 = error. At most EVENT_RAW_BYTES_MAX bytes.
 */
int record_next(struct record *r, struct str *ret, uint8_t *ret_flags, struct err *err) MUST_USE;
/* The line goes on the record that is open; for tests and for record_next. */
bool record_joins(struct str open, struct str line);

#endif
