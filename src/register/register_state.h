/*
 * register_state.h - numbers that the node itself keeps over restarts, by name. Never audited: they are
 * measurements or accidents of the program, not decisions.
 */
#ifndef KHIEN_REGISTER_REGISTER_STATE_H
#define KHIEN_REGISTER_REGISTER_STATE_H

#include "register/register.h"

/* *ret stays as it is where there is no such number; *ret_found may be NULL. */
int register_state_find(struct reg *r, struct str name, int64_t *ret, bool *ret_found,
                        struct err *err) MUST_USE;
int register_state_put(struct reg *r, struct str name, int64_t value, struct err *err) MUST_USE;

#endif
