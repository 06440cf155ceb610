#include <stdlib.h>

#include "base/cur.h"
#include "store/col_dec.h"

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, "columns of a block");
}

static int load(struct col_dec *d, uint32_t col, struct err *err)
{
    return d->cols[col].loaded ? 0 : var_load(&d->cols[col], &d->in, &d->mem, err);
}

/* Load the column of a variable and those that it refers to. */
static int load_var(struct col_dec *d, uint32_t t, uint32_t var, struct err *err)
{
    const struct plan_slice *s = &d->plan.slices[d->plan_tmpls[t].first_var];
    for (;;) {
        const struct var_get *c = &d->cols[s[var].col];
        if (load(d, s[var].col, err) != 0)
            return -1;
        if (c->type != VAR_REF)
            return 0;
        var = c->ref; /* always a lower one */
    }
}

static bool is_wanted(const struct col_dec *d, const struct block_want *want, uint16_t name)
{
    for (size_t i = 0; i < want->n; i++) {
        const struct pred_field *f = &want->fields[i];
        if (f->id == FIELD_OTHER ? str_eq(f->name, d->names[name]) : f->id == d->name_id[name])
            return true;
    }
    return false;
}

/* Wanted fields of a template; their columns are loaded. */
static int pick_fields(struct col_dec *d, uint32_t t, const bool *wanted, struct err *err)
{
    struct tmpl *tm = &d->tmpls[t];
    const char *p = tm->key + 2 * (size_t)tm->n_pieces + 4;
    uint32_t outside = tm->n_raw_vars;
    tm->n_some = 0;
    if (col_u16(p - 4) == CUT_OUTSIDE)
        outside++; /* the message */
    tm->some = ARENA_NEW(&d->mem, struct some_field, tm->n_fields + (size_t)1);
    if (tm->some == NULL)
        return no_memory(err);
    for (uint16_t i = 0; i < tm->n_fields; i++, p += 6) {
        uint16_t from = col_u16(p + 2), to = col_u16(p + 4);
        bool column = from == CUT_OUTSIDE && to == COL_VARYING;
        struct some_field s = {.field = i, .var = column ? outside : 0};
        outside += column;
        if (!wanted[col_u16(p)])
            continue;
        uint16_t end = from == CUT_OUTSIDE ? 0 : to;
        for (uint16_t k = 0, var = 0; k < end; k++) {
            bool is_var = (col_u16(tm->key + 2 * (size_t)k) & COL_PIECE_VAR) != 0;
            s.var = k == from ? var : s.var;
            if (is_var && k >= from && load_var(d, t, var, err) != 0)
                return -1;
            var = (uint16_t)(var + is_var);
        }
        if (column && load_var(d, t, s.var, err) != 0)
            return -1;
        s.pieces = from == CUT_OUTSIDE ? 0 : (uint16_t)(to - from);
        tm->some[tm->n_some++] = s;
    }
    return 0;
}

/* What is needed of each template; its columns. */
static int prepare(struct col_dec *d, const struct block_want *want, struct err *err)
{
    if (want == NULL) {
        for (uint32_t i = 0; i < d->plan.n_cols; i++) {
            if (load(d, i, err) != 0)
                return -1;
        }
        return 0;
    }
    bool *wanted = ARENA_NEW(&d->mem, bool, d->n_names + 1);
    if (wanted == NULL)
        return no_memory(err);
    for (size_t i = 0; i < d->n_names; i++)
        wanted[i] = is_wanted(d, want, (uint16_t)i);
    for (uint32_t t = 0; t < d->n_tmpls; t++) {
        if (d->plan_tmpls[t].rows > 0 && pick_fields(d, t, wanted, err) != 0)
            return -1;
    }
    return 0;
}

static int reserve_fields(struct col_dec *d, bool whole, struct err *err)
{
    size_t n = 0;
    for (size_t t = 0; t < d->n_tmpls; t++)
        n += (size_t)(whole ? d->tmpls[t].n_fields : d->tmpls[t].n_some) * d->plan_tmpls[t].rows;
    if (n > COL_FIELDS_MAX)
        return err_set(err, ERR_CORRUPT, "columns do not check: too many fields");
    if (n > d->fields_cap) {
        free(d->fields);
        d->fields_cap = 0;
        d->fields = malloc(n * sizeof(*d->fields));
        if (d->fields == NULL)
            return no_memory(err);
        d->fields_cap = n;
    }
    return 0;
}

int col_decode(struct col_dec *d, const struct block_want *want, const struct event **ret, struct err *err)
{
    size_t field = 0, plain = 0, plain_at = 0;
    uint32_t *seen = ARENA_NEW(&d->mem, uint32_t, d->n_tmpls + 1);
    if (seen == NULL)
        return no_memory(err);
    if (prepare(d, want, err) != 0 || reserve_fields(d, want == NULL, err) != 0)
        return -1;
    for (size_t k = 0; k < d->n; k++) {
        struct event *e = &d->ev[d->order[k]];
        uint32_t t = d->tmpl_of[k];
        if (t == COL_PLAIN) {
            struct str bytes = str_sub(d->plain, plain_at, (size_t)d->plain_len[plain]);
            plain_at += bytes.n;
            plain++;
            if (col_get_plain(d, bytes, e, err) != 0)
                return -1;
            continue;
        }
        t--;
        e->n_fields = want == NULL ? d->tmpls[t].n_fields : d->tmpls[t].n_some;
        e->fields = e->n_fields == 0 ? NULL : d->fields + field;
        field += e->n_fields;
        uint32_t ord = seen[t]++;
        if (want != NULL ? e->n_fields > 0 && col_get_some(d, t, ord, e, err) != 0
                         : col_get_row(d, t, ord, e, err) != 0)
            return -1;
    }
    *ret = d->ev;
    return 0;
}
