/*
 * register_duty.h - what people and the evaluation say about duties: exceptions ("not applicable", approved
 * by a second person, until a date) and the history of computed status. The status itself is never read back
 * as truth: it is computed.
 */
#ifndef KHIEN_REGISTER_REGISTER_DUTY_H
#define KHIEN_REGISTER_REGISTER_DUTY_H

#include "register/register.h"

struct register_exception {
    int64_t id, org;
    struct str duty, subject;
    struct str reason;
    int64_t until_ns;
    struct str state; /* waiting, approved, rejected; expired where until_ns has passed */
    int64_t by_id;
    struct str by;
    int64_t at_ns;
    struct str approved_by; /* name; .p == NULL: nobody */
    int64_t approved_ns;
    struct str note;
};

struct register_exception_list {
    struct register_exception *items;
    size_t n;
    int64_t next;
};

/* org, duty, subject, reason, until_ns are taken. ERR_USAGE (no reason, until not after now). */
int register_duty_except(struct reg *r, const struct register_by *by, const struct register_exception *x,
                         int64_t *ret_id, struct err *err) MUST_USE;
/* ERR_DENIED where the one who asked decides, ERR_CONFLICT where it does not wait, ERR_NOT_FOUND. */
int register_duty_decide(struct reg *r, const struct register_by *by, int64_t id, bool approve,
                         struct str note, struct err *err) MUST_USE;
int register_duty_exception(struct reg *r, struct arena *a, int64_t id, int64_t now_ns,
                            struct register_exception *ret, bool *ret_found, struct err *err) MUST_USE;
/* duty.p == NULL: all duties; state.p == NULL: all states. Newest first. */
int register_duty_exceptions(struct reg *r, struct arena *a, struct str duty, struct str state,
                             int64_t now_ns, struct register_page page, struct register_exception_list *ret,
                             struct err *err) MUST_USE;

struct register_duty_status {
    int64_t id;
    int64_t at_ns;
    struct str subject;
    struct str status;    /* met, failed, overdue, unknown, na */
    struct str reason;    /* JSON object */
    struct str brief;     /* the same for the audit record, without texts; .p == NULL in a history */
    struct str catalogue; /* version of the catalogue it was computed with */
};

struct register_duty_history {
    struct register_duty_status *items;
    size_t n;
    int64_t next;
};

/* Note the computed status; nothing is written where the last one had the same status and the same code of
 * reason: its numbers move with every look. */
int register_duty_note(struct reg *r, struct str duty, const struct register_duty_status *s,
                       bool *ret_changed, struct err *err) MUST_USE;
int register_duty_history(struct reg *r, struct arena *a, struct str duty, struct register_page page,
                          struct register_duty_history *ret, struct err *err) MUST_USE;

#endif
