/*
 * register_count.h - numbers about the register itself, for the checks of the console's own accounts and of
 * the audit trail.
 */
#ifndef KHIEN_REGISTER_REGISTER_COUNT_H
#define KHIEN_REGISTER_REGISTER_COUNT_H

#include "register/register.h"

struct register_counts {
    int64_t accounts;      /* that may sign in */
    int64_t accounts_old;  /* of them with a password set before `old_before_ns` */
    int64_t oldest_set_ns; /* oldest password of them, 0 none */
    int64_t initial_given; /* accounts whose first password another person chose */
    int64_t initial_used;  /* of them: it was never changed, and need not be changed */
    int64_t sessions_most; /* live sessions of one account, the largest number */
    int64_t audit_rows;    /* written so far */
    int64_t audit_handed;  /* of them in the event store, or so young that they are on their way */
    int64_t audit_access;  /* of them about reading: searches, exports, downloads */
    int64_t reviewed_ns;   /* date of the newest approved document for D14.0.3, 0 none */
};

/* old_before_ns: passwords set before it are old; late_before_ns: audit rows from before it should have been
 * handed over. */
int register_count_all(struct reg *r, int64_t old_before_ns, int64_t late_before_ns,
                       struct register_counts *ret, struct err *err) MUST_USE;

#endif
