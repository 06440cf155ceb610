/*
 * register_audit.h - what people and the node did: one row per change, written in the transaction of the
 * change. The rows wait in an outbox until the event store has them (at least once, in order of id).
 */
#ifndef KHIEN_REGISTER_REGISTER_AUDIT_H
#define KHIEN_REGISTER_REGISTER_AUDIT_H

#include "register/register.h"

struct register_audit {
    int64_t id;
    int64_t at_ns;
    int64_t person; /* 0: the node itself */
    struct str who, action, object_kind, object_id;
    struct str outcome; /* "success" or "failure" */
    struct str peer;
    struct str detail; /* JSON object, or empty */
};

struct register_audit_list {
    struct register_audit *items;
    size_t n;
    int64_t next; /* cursor of the next page; 0: none */
};

/* One record of something that changed no table, such as a failed sign-in or a search. */
int register_audit_add(struct reg *r, const struct register_by *by, const struct register_audit *row,
                       struct err *err) MUST_USE;
/* For the functions of the register: action on object id (number), successful. */
int register_audit_note(struct reg *r, const struct register_by *by, struct str action,
                        struct str object_kind, int64_t object_id, struct err *err) MUST_USE;

/* The oldest rows not yet handed over, at most n (1..REGISTER_PAGE_MAX), oldest first. */
int register_audit_take(struct reg *r, struct arena *a, uint32_t n, struct register_audit_list *ret,
                        struct err *err) MUST_USE;
/* All rows up to id are durable in the event store. */
int register_audit_done(struct reg *r, int64_t id, struct err *err) MUST_USE;
/*
 * Remove handed-over rows older than before_ns, of the oldest thousand: call again while *ret_removed is not
 * 0. The event store keeps them for as long as its own retention says.
 */
int register_audit_prune(struct reg *r, int64_t before_ns, int64_t *ret_removed, struct err *err) MUST_USE;

/* Newest first. action: only this one; .p == NULL: all. */
int register_audit_list(struct reg *r, struct arena *a, struct str action, struct register_page page,
                        struct register_audit_list *ret, struct err *err) MUST_USE;

#endif
