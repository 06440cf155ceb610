/*
 * register_source.h - names of the senders of telemetry. Counters live in the store and in monitor/.
 */
#ifndef KHIEN_REGISTER_REGISTER_SOURCE_H
#define KHIEN_REGISTER_REGISTER_SOURCE_H

#include "register/register.h"

#define REGISTER_SILENT_S_MIN 60
#define REGISTER_SILENT_S_DEFAULT 86400 /* D19.3.1 */
#define REGISTER_SILENT_S_MAX (7 * 86400)

struct register_source {
    int64_t id; /* 1..UINT32_MAX, the source of events */
    int64_t org;
    struct str kind;    /* udp, tcp, tls, file, journal, import, self */
    struct str address; /* peer address, path; unique per kind */
    struct str name;
    int64_t silent_after_s; /* REGISTER_SILENT_S_MIN..MAX; 0 at the making: the default */
    int64_t created_ns;
};

struct register_source_list {
    struct register_source *items;
    size_t n;
    int64_t next;
};

/* The id of the source of this kind and address; made with the name given where it is new. */
int register_source_put(struct reg *r, const struct register_by *by, const struct register_source *s,
                        int64_t *ret_id, bool *ret_new, struct err *err) MUST_USE;
int register_source_find(struct reg *r, struct arena *a, int64_t id, struct register_source *ret,
                         bool *ret_found, struct err *err) MUST_USE;
int register_source_list(struct reg *r, struct arena *a, struct register_page page,
                         struct register_source_list *ret, struct err *err) MUST_USE;
/* name.p == NULL and silent_after_s == 0 leave them as they are. ERR_NOT_FOUND, ERR_USAGE (range). */
int register_source_change(struct reg *r, const struct register_by *by, int64_t id, struct str name,
                           int64_t silent_after_s, struct err *err) MUST_USE;

#endif
