/*
 * plan.h - which columns a block has. Writer and reader work it out from the templates and how often each is
 * used: a template of many rows has a column per variable; those of few rows share columns by class.
 */
#ifndef KHIEN_STORE_PLAN_H
#define KHIEN_STORE_PLAN_H

#include "base/base.h"
#include "base/err.h"

#define PLAN_OWN_ROWS_MIN 16u
#define PLAN_SHARED UINT32_MAX

struct plan_tmpl {
    uint32_t rows;
    uint32_t first_var; /* its classes in the list of classes */
    uint32_t n_vars;
};

struct plan_col {
    uint16_t cls;
    uint32_t n;         /* values */
    uint32_t tmpl, pos; /* PLAN_SHARED where it is shared */
};

/* Values of one variable of one template: n = rows of the template, from `base` on in the column. */
struct plan_slice {
    uint32_t col, base;
};

struct plan {
    struct plan_col *cols;     /* by class, then template and position, the shared one of a class last */
    struct plan_slice *slices; /* by variable, as the classes */
    size_t n_cols, cols_cap, slices_cap;
};

void plan_done(struct plan *p);
/* cls: class of each variable of each template, one behind the other, all below n_cls. ERR_NOMEM. */
int plan_make(struct plan *p, const struct plan_tmpl *t, size_t n_tmpl, const uint16_t *cls, size_t n_cls,
              struct err *err) MUST_USE;

#endif
