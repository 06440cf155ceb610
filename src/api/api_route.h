/*
 * api_route.h - one row per method and path. The row gives permission, form of body and query, and the text
 * of the OpenAPI document; nothing about a route stands elsewhere.
 */
#ifndef KHIEN_API_API_ROUTE_H
#define KHIEN_API_API_ROUTE_H

#include "api/api.h"
#include "register/register_person.h"

struct api_ctx;
typedef int api_handler(struct api_ctx *c, struct err *err);

#define ROLE_BIT(role) (1u << (role))
#define ROLES_ALL ((1u << ROLE_COUNT) - 1u)

/*      id                words for the document                        who */
#define API_PERMISSION_TABLE(X)                                                                              \
    X(PERMIT_OPEN, "open", 0)                                                                                \
    X(PERMIT_SELF, "everybody who signed in", ROLES_ALL)                                                     \
    X(PERMIT_READ, "read facts and logs", ROLES_ALL)                                                         \
    X(PERMIT_ACT, "work on findings",                                                                        \
      ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_OPERATOR) | ROLE_BIT(ROLE_HEAD) | ROLE_BIT(ROLE_ADMIN))         \
    X(PERMIT_ATTACH, "attach evidence, ask for exceptions",                                                  \
      ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_OPERATOR) | ROLE_BIT(ROLE_HEAD) | ROLE_BIT(ROLE_ADMIN))         \
    X(PERMIT_APPROVE, "decide about evidence and exceptions",                                                \
      ROLE_BIT(ROLE_HEAD) | ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_ADMIN))                                   \
    X(PERMIT_PEOPLE, "manage people", ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_OFFICER))                         \
    X(PERMIT_AUDIT, "read the audit record",                                                                 \
      ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_HEAD) | ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_ADMIN))          \
    X(PERMIT_SYSTEM, "change sources and settings",                                                          \
      ROLE_BIT(ROLE_OPERATOR) | ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_ADMIN))                               \
    X(PERMIT_VERIFY, "run the seal check",                                                                   \
      ROLE_BIT(ROLE_OPERATOR) | ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_HEAD) |      \
          ROLE_BIT(ROLE_ADMIN))

enum api_permission {
#define X(id, doc, roles) id,
    API_PERMISSION_TABLE(X)
#undef X
        PERMIT_COUNT
};

enum api_type { TYPE_END, TYPE_STRING, TYPE_INT, TYPE_DATE, TYPE_OBJECT, TYPE_WORD };

/* A member of a body, or a parameter of a query. A list ends with TYPE_END. */
struct api_member {
    const char *name;
    enum api_type type;
    bool required;
    bool secret;                      /* wiped after the request, never written anywhere */
    int64_t min, max;                 /* STRING: bytes; INT: value; 0, 0: 0..4096 bytes, any value */
    const char *words;                /* WORD: allowed values, "a|b" */
    const struct api_member *members; /* OBJECT */
    const char *doc;
};

enum api_route_flag {
    ROUTE_NO_CSRF = 1,     /* there is no session yet */
    ROUTE_MUST_CHANGE = 2, /* allowed while the password must be changed */
    ROUTE_AUDIT_READ = 4,  /* a read that is recorded */
    ROUTE_NO_TOUCH = 8,    /* does not keep a session alive */
    ROUTE_STREAM = 16,     /* answers with server-sent events */
    ROUTE_FILE = 32,       /* answers with a file */
    ROUTE_ROOT = 64,       /* stands beside /api/v1, not below it */
};

struct api_route {
    enum api_method method;
    const char *path; /* "/findings/{id}"; at most one {…} */
    enum api_permission permission;
    unsigned flags;
    api_handler *handler;
    const char *action; /* name in the audit record */
    const struct api_member *query, *body;
    int status; /* of success */
    const char *doc;
};

extern const struct api_route api_routes[];
extern const size_t api_routes_count;

unsigned api_route_roles(enum api_permission p);
const char *api_route_permission_doc(enum api_permission p);

/*
 * The route of a request; the part of the path under {…} goes to *ret_id. NULL where there is none;
 * *ret_other is then true where another method has one, and *ret_allow says which.
 */
const struct api_route *api_route_find(enum api_method method, struct str path, struct str *ret_id,
                                       unsigned *ret_allow);
const char *api_route_method_name(enum api_method m);

#endif
