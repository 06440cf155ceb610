#include "store/plan.h"

#include <stdlib.h>

void plan_done(struct plan *p)
{
    free(p->cols);
    free(p->slices);
    *p = (struct plan){.cols = NULL};
}

struct room {
    uint32_t next;   /* next own column of the class */
    uint32_t shared; /* values in its shared column */
    uint32_t at;     /* its shared column */
};

static int reserve(struct plan *p, size_t n_vars, size_t n_cls, struct err *err)
{
    if (n_vars + n_cls > p->cols_cap) {
        free(p->cols);
        p->cols_cap = 0;
        p->cols = malloc((n_vars + n_cls) * sizeof(*p->cols));
        if (p->cols == NULL)
            return err_set(err, ERR_NOMEM, "plan of a block");
        p->cols_cap = n_vars + n_cls;
    }
    if (n_vars > p->slices_cap || p->slices == NULL) {
        free(p->slices);
        p->slices_cap = 0;
        p->slices = malloc((n_vars + 1) * sizeof(*p->slices));
        if (p->slices == NULL)
            return err_set(err, ERR_NOMEM, "plan of a block");
        p->slices_cap = n_vars;
    }
    return 0;
}

/* Count, then number the columns of each class. */
static void number(struct plan *p, const struct plan_tmpl *t, size_t n_tmpl, const uint16_t *cls,
                   struct room *room, size_t n_cls)
{
    for (size_t i = 0; i < n_tmpl; i++) {
        for (uint32_t k = 0; k < t[i].n_vars; k++) {
            struct room *r = &room[cls[t[i].first_var + k]];
            if (t[i].rows >= PLAN_OWN_ROWS_MIN)
                r->next++;
            else
                r->shared += t[i].rows;
        }
    }
    uint32_t at = 0;
    for (size_t c = 0; c < n_cls; c++) {
        struct room *r = &room[c];
        uint32_t own = r->next;
        r->next = at;
        at += own;
        r->at = at;
        if (r->shared > 0)
            p->cols[at++] = (struct plan_col){
                .cls = (uint16_t)c, .n = r->shared, .tmpl = PLAN_SHARED, .pos = PLAN_SHARED};
        r->shared = 0;
    }
    p->n_cols = at;
}

int plan_make(struct plan *p, const struct plan_tmpl *t, size_t n_tmpl, const uint16_t *cls, size_t n_cls,
              struct err *err)
{
    size_t n_vars = n_tmpl == 0 ? 0 : t[n_tmpl - 1].first_var + t[n_tmpl - 1].n_vars;
    if (reserve(p, n_vars, n_cls, err) != 0)
        return -1;
    struct room *room = calloc(n_cls, sizeof(*room));
    if (room == NULL)
        return err_set(err, ERR_NOMEM, "plan of a block");
    number(p, t, n_tmpl, cls, room, n_cls);
    for (uint32_t i = 0; i < n_tmpl; i++) {
        for (uint32_t k = 0; k < t[i].n_vars; k++) {
            uint32_t v = t[i].first_var + k;
            struct room *r = &room[cls[v]];
            if (t[i].rows >= PLAN_OWN_ROWS_MIN) {
                p->cols[r->next] = (struct plan_col){.cls = cls[v], .n = t[i].rows, .tmpl = i, .pos = k};
                p->slices[v] = (struct plan_slice){.col = r->next++};
            } else {
                p->slices[v] = (struct plan_slice){.col = r->at, .base = r->shared};
                r->shared += t[i].rows;
            }
        }
    }
    free(room);
    return 0;
}
