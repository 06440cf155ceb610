/*
 * register_held.h - what must not be lost when the disk is full: audit rows about reading wait in memory
 * until there is room, so that looking stays possible while nothing can be written. Bounded; what waits is
 * lost when the process ends (docs/adr/0011).
 */
#ifndef KHIEN_REGISTER_REGISTER_HELD_H
#define KHIEN_REGISTER_REGISTER_HELD_H

#include "register/register_audit.h"

#define REGISTER_HELD_ROWS_MAX 1000u
#define REGISTER_HELD_BYTES_MAX (1024u * 1024u)

/* As register_audit_add; where the disk is full the row is kept in memory. ERR_FULL: no room there either. */
int register_held_audit(struct reg *r, const struct register_by *by, const struct register_audit *row,
                        struct err *err) MUST_USE;
size_t register_held_count(const struct reg *r); /* rows that wait */
/* Write what waits, in its order; ERR_FULL: still no room, it stays. */
int register_held_release(struct reg *r, struct err *err) MUST_USE;

void register_held_drop(struct reg *r); /* forget it; called by register_close */

#endif
