/*
 * sigma_list.h - lists of values for placeholders: "%admins%" in a value with the modifier expand stands for
 * every value of the list `admins`. Lists are documents of their own; docs/format/rules.md section 6.
 */
#ifndef KHIEN_DETECT_SIGMA_LIST_H
#define KHIEN_DETECT_SIGMA_LIST_H

#include "codec/yamltree.h"

#define SIGMA_LISTS_MAX 1024u
#define SIGMA_LIST_NAME_BYTES 64u

struct sigma_list {
    struct str name;
    const struct yamltree_node *values; /* a list of scalars, maybe empty */
};

struct sigma_lists {
    size_t n;
    struct sigma_list *items; /* SIGMA_LISTS_MAX, in an arena; NULL before the first */
};

/* The document is one of lists: its only key is "placeholders". */
bool sigma_list_is(const struct yamltree_node *doc);
/*
 * Take up the lists of a document. A list that is there already and empty is replaced. Errors: ERR_PARSE with
 * file and line (a name that stands twice, values that are no scalars), ERR_NOMEM.
 */
int sigma_list_add(struct sigma_lists *lists, const struct yamltree_node *doc, struct arena *a,
                   struct err *err) MUST_USE;
/*
 * All values that a value with placeholders stands for, as nodes at its place; itself where it has none.
 * Errors: ERR_PARSE (no such list, an empty list, more than max values), ERR_NOMEM.
 */
int sigma_list_expand(const struct sigma_lists *lists, const struct yamltree_node *value, size_t max,
                      struct arena *a, const struct yamltree_node ***ret, size_t *ret_n,
                      struct err *err) MUST_USE;

#endif
