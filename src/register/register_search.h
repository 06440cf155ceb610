/*
 * register_search.h - searches that a person saved under a name. They belong to that person alone: every
 * function takes the person, and nobody sees or removes those of another.
 */
#ifndef KHIEN_REGISTER_REGISTER_SEARCH_H
#define KHIEN_REGISTER_REGISTER_SEARCH_H

#include "register/register.h"

#define REGISTER_SEARCHES_MAX 100u /* of one person */
#define REGISTER_SEARCH_NAME_MAX 128u
#define REGISTER_SEARCH_QUERY_MAX 4096u
#define REGISTER_SEARCH_TIME_MAX 64u

struct register_search {
    int64_t id;
    struct str name, query;
    struct str from, to; /* as typed: "-7d", RFC 3339; empty: none */
    int64_t created_ns;
};

struct register_search_list {
    struct register_search *items;
    size_t n;
};

/* Save for by->person; the same name again replaces. ERR_USAGE (no name, too long), ERR_LIMIT. */
int register_search_put(struct reg *r, const struct register_by *by, const struct register_search *s,
                        int64_t *ret_id, struct err *err) MUST_USE;
/* ERR_NOT_FOUND where by->person has no such search. */
int register_search_remove(struct reg *r, const struct register_by *by, int64_t id, struct err *err) MUST_USE;
/* In the order of saving. */
int register_search_list(struct reg *r, struct arena *a, int64_t person, struct register_search_list *ret,
                         struct err *err) MUST_USE;

#endif
