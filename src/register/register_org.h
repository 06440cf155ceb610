/*
 * register_org.h - agencies. The first org is this node's own; the tree grows under it.
 */
#ifndef KHIEN_REGISTER_REGISTER_ORG_H
#define KHIEN_REGISTER_REGISTER_ORG_H

#include "register/register.h"

struct register_org {
    int64_t id;
    int64_t parent; /* 0: none */
    struct str name, code, address;
    struct str role; /* "agency" or "city" */
    int64_t created_ns;
};

/* Add an org; name, code and role are compulsory. ERR_CONFLICT (code in use, unknown parent or role). */
int register_org_add(struct reg *r, const struct register_by *by, const struct register_org *org,
                     int64_t *ret_id, struct err *err) MUST_USE;
int register_org_find(struct reg *r, struct arena *a, int64_t id, struct register_org *ret, bool *ret_found,
                      struct err *err) MUST_USE;
/* The node's own org; *ret_found is false before set-up. */
int register_org_own(struct reg *r, struct arena *a, struct register_org *ret, bool *ret_found,
                     struct err *err) MUST_USE;

#endif
