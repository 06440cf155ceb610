#include "query/pred_code.h"

bool pred_reads_field(const struct pred_field *f, bool *ret_field)
{
    *ret_field = f->id < PRED_FIELD_TIME;
    if (f->wild || f->id == PRED_FIELD_RAW || f->id == PRED_FIELD_MESSAGE || f->id == PRED_FIELD_ANY)
        return false;
    return true;
}

static bool add_node(const struct pred_code *k, struct pred_field *out, size_t out_max, size_t *n)
{
    bool is_field;
    for (size_t i = 0; i < k->n_children; i++) {
        if (!add_node(k->children[i], out, out_max, n))
            return false;
    }
    if (k->kind == PRED_TRUE || k->kind == PRED_AND || k->kind == PRED_OR || k->kind == PRED_NOT)
        return true;
    if (k->kind == PRED_WORD || k->kind == PRED_PHRASE || !pred_reads_field(&k->field, &is_field))
        return false;
    if (!is_field)
        return true;
    if (*n == out_max)
        return false;
    out[(*n)++] = k->field;
    return true;
}

bool pred_reads(const struct pred_prog *p, struct pred_field *out, size_t out_max, size_t *ret_n)
{
    *ret_n = 0;
    return add_node(p->root, out, out_max, ret_n);
}
