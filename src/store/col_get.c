#include <stdlib.h>

#include "base/cur.h"
#include "store/col_dec.h"

#define CHUNK_BYTES (1u << 20)

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "columns do not check: %s", what);
}

/* Room for `more` bytes behind the `done` ones that are not yet counted; they move along. NULL: no memory. */
static char *room(struct col_dec *d, size_t done, size_t more)
{
    struct text_chunk *c = d->chunks;
    if (c != NULL && c->cap - c->used >= done + more)
        return c->bytes + c->used;
    size_t cap = (done + more) * 2 > CHUNK_BYTES ? (done + more) * 2 : CHUNK_BYTES;
    struct text_chunk *fresh = malloc(sizeof(*fresh) + cap);
    if (fresh == NULL)
        return NULL;
    *fresh = (struct text_chunk){.next = c, .cap = cap};
    if (done > 0)
        memcpy(fresh->bytes, c->bytes + c->used, done);
    d->chunks = fresh;
    return fresh->bytes;
}

/* Value of a variable of the row; what a reference means is known, for it points back. */
static bool value_of(struct col_dec *d, uint32_t t, uint32_t ord, uint32_t var, const struct event *e,
                     const char *raw, char *out, struct str *ret)
{
    const struct tmpl *tm = &d->tmpls[t];
    const struct plan_slice *s = &d->plan.slices[d->plan_tmpls[t].first_var + var];
    const struct var_get *c = &d->cols[s->col];
    if (c->type != VAR_REF)
        return var_value(c, s->base + ord, e, out, ret);
    if (c->ref < tm->n_raw_vars) {
        uint32_t from = d->pos[d->piece_of[c->ref]];
        *ret = (struct str){raw + from, d->pos[d->piece_of[c->ref] + 1] - from};
    } else {
        *ret = d->val[c->ref];
    }
    return true;
}

/* The same where texts are long or a variable is not as long as its column says. */
static int put_raw_long(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err)
{
    const struct tmpl *tm = &d->tmpls[t];
    const char *text = tm->text;
    uint32_t var = 0;
    size_t n = 0;
    char *raw = room(d, 0, 1);
    for (uint32_t i = 0; i < tm->n_pieces && raw != NULL; i++) {
        uint16_t v = col_u16(tm->key + 2 * (size_t)i);
        char out[VAR_OUT_BYTES];
        struct str s = {text, v};
        d->pos[i] = (uint32_t)n;
        if ((v & COL_PIECE_VAR) != 0) {
            d->piece_of[var] = (uint16_t)i;
            if (!value_of(d, t, ord, var++, e, raw, out, &s))
                return damaged(err, "variable");
        } else {
            text += v;
        }
        bool own = s.p >= raw && s.p < raw + n;
        size_t at = own ? (size_t)(s.p - raw) : 0;
        raw = room(d, n, s.n + 1);
        if (raw != NULL && s.n > 0)
            memcpy(raw + n, own ? raw + at : s.p, s.n);
        n += s.n;
        if (n > EVENT_RAW_BYTES_MAX)
            return damaged(err, "raw text too long");
    }
    if (raw == NULL)
        return err_set(err, ERR_NOMEM, "texts of a block");
    d->pos[tm->n_pieces] = (uint32_t)n;
    d->chunks->used += n;
    e->raw = (struct str){raw, n};
    return 0;
}

#define FAST_BYTES_MAX 65536u

/* Upper bound of the length of a row; SIZE_MAX where it is too long to make room for each. */
static size_t row_max(struct col_dec *d, uint32_t t)
{
    struct tmpl *tm = &d->tmpls[t];
    const struct plan_slice *s = &d->plan.slices[d->plan_tmpls[t].first_var];
    if (tm->max != 0)
        return tm->max;
    tm->max = tm->text_n + 1;
    for (uint32_t i = 0; i < tm->n_raw_vars; i++) {
        const struct var_get *c = &d->cols[s[i].col];
        while (c->type == VAR_REF)
            c = &d->cols[s[c->ref].col];
        tm->max += c->max;
        if (tm->max > FAST_BYTES_MAX) {
            tm->max = SIZE_MAX;
            break;
        }
    }
    return tm->max;
}

/* Put the raw text together; d->pos gets the places of the pieces. */
static int put_raw(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err)
{
    const struct tmpl *tm = &d->tmpls[t];
    const struct plan_slice *s = &d->plan.slices[d->plan_tmpls[t].first_var];
    const char *text = tm->text, *key = tm->key;
    size_t n = 0, max = row_max(d, t);
    if (max == SIZE_MAX)
        return put_raw_long(d, t, ord, e, err);
    char *raw = room(d, 0, max);
    if (raw == NULL)
        return err_set(err, ERR_NOMEM, "texts of a block");
    for (uint32_t i = 0, var = 0; i < tm->n_pieces; i++) {
        uint16_t v = col_u16(key + 2 * (size_t)i);
        d->pos[i] = (uint32_t)n;
        if ((v & COL_PIECE_VAR) == 0) {
            memcpy(raw + n, text, v);
            text += v;
            n += v;
            continue;
        }
        const struct var_get *c = &d->cols[s[var].col];
        d->piece_of[var] = (uint16_t)i;
        size_t len;
        if (c->type == VAR_REF && c->ref < tm->n_raw_vars) {
            uint32_t from = d->pos[d->piece_of[c->ref]];
            len = d->pos[d->piece_of[c->ref] + 1] - from;
            memcpy(raw + n, raw + from, len);
        } else {
            len = c->type == VAR_REF ? SIZE_MAX : var_write(c, s[var].base + ord, e, raw + n);
        }
        if (len == SIZE_MAX)
            return damaged(err, "variable");
        n += len;
        var++;
    }
    d->pos[tm->n_pieces] = (uint32_t)n;
    d->chunks->used += n;
    e->raw = (struct str){raw, n};
    return 0;
}

/* Values outside raw that have columns; what is not a view is kept in the texts. */
static int put_values(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err)
{
    char out[VAR_OUT_BYTES];
    for (uint32_t v = d->tmpls[t].n_raw_vars; v < d->plan_tmpls[t].n_vars; v++) {
        if (!value_of(d, t, ord, v, e, e->raw.p, out, &d->val[v]))
            return damaged(err, "field value");
        if (d->val[v].p == out) {
            char *to = room(d, 0, VAR_OUT_BYTES);
            if (to == NULL)
                return err_set(err, ERR_NOMEM, "texts of a block");
            memcpy(to, out, d->val[v].n);
            d->chunks->used += d->val[v].n;
            d->val[v].p = to;
        }
    }
    return 0;
}

static struct str span_of(const struct col_dec *d, const char *p, const struct event *e, uint32_t *var)
{
    uint16_t from = col_u16(p), to = col_u16(p + 2);
    if (from != CUT_OUTSIDE)
        return str_sub(e->raw, d->pos[from], d->pos[to] - d->pos[from]);
    return to == COL_VARYING ? d->val[(*var)++] : d->consts[to];
}

int col_get_row(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err)
{
    const struct tmpl *tm = &d->tmpls[t];
    const char *p = tm->key + 2 * (size_t)tm->n_pieces;
    uint32_t var = tm->n_raw_vars;
    if (put_raw(d, t, ord, e, err) != 0 ||
        (d->plan_tmpls[t].n_vars > var && put_values(d, t, ord, e, err) != 0))
        return -1;
    e->message = span_of(d, p, e, &var);
    p += 4;
    for (uint16_t i = 0; i < tm->n_fields; i++, p += 6) {
        struct event_field *f = &e->fields[i];
        uint16_t name = col_u16(p);
        f->id = d->name_id[name];
        f->name = f->id == FIELD_OTHER ? d->names[name] : (struct str){NULL, 0};
        f->value = span_of(d, p + 2, e, &var);
    }
    return 0;
}

/* Column and row in it of a variable, references followed. */
static const struct var_get *column_of(const struct col_dec *d, uint32_t t, uint32_t ord, uint32_t var,
                                       size_t *ret_i)
{
    const struct plan_slice *s = &d->plan.slices[d->plan_tmpls[t].first_var];
    const struct var_get *c = &d->cols[s[var].col];
    while (c->type == VAR_REF) {
        var = c->ref;
        c = &d->cols[s[var].col];
    }
    *ret_i = s[var].base + ord;
    return c;
}

/* A value that is one variable: a view where the column has one, else written to the texts. */
static int some_var(struct col_dec *d, uint32_t t, uint32_t ord, uint32_t var, const struct event *e,
                    struct str *ret, struct err *err)
{
    size_t i = 0;
    const struct var_get *c = column_of(d, t, ord, var, &i);
    char *to = room(d, 0, VAR_OUT_BYTES);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "texts of a block");
    if (!var_value(c, i, e, to, ret))
        return damaged(err, "field value");
    if (ret->p == to)
        d->chunks->used += ret->n;
    return 0;
}

/* A value of several pieces, put together. */
static int some_pieces(struct col_dec *d, uint32_t t, uint32_t ord, const struct some_field *f,
                       const struct event *e, struct str *ret, struct err *err)
{
    const struct tmpl *tm = &d->tmpls[t];
    const char *span = tm->key + 2 * (size_t)tm->n_pieces + 4 + 6 * (size_t)f->field + 2, *text = tm->text;
    uint16_t from = col_u16(span);
    uint32_t var = f->var;
    size_t n = 0;
    char *to = room(d, 0, 1);
    for (uint16_t i = 0; i < from; i++) {
        uint16_t v = col_u16(tm->key + 2 * (size_t)i);
        text += (v & COL_PIECE_VAR) == 0 ? v : 0;
    }
    for (uint16_t i = from; i < from + f->pieces && to != NULL; i++) {
        uint16_t v = col_u16(tm->key + 2 * (size_t)i);
        char out[VAR_OUT_BYTES];
        struct str s = {text, v};
        size_t at = 0;
        const struct var_get *c = (v & COL_PIECE_VAR) == 0 ? NULL : column_of(d, t, ord, var++, &at);
        if (c == NULL)
            text += v;
        else if (!var_value(c, at, e, out, &s))
            return damaged(err, "field value");
        if (n + s.n > EVENT_RAW_BYTES_MAX)
            return damaged(err, "field value too long");
        to = room(d, n, s.n + 1);
        if (to != NULL && s.n > 0)
            memcpy(to + n, s.p, s.n);
        n += s.n;
    }
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "texts of a block");
    d->chunks->used += n;
    *ret = (struct str){to, n};
    return 0;
}

int col_get_some(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err)
{
    const struct tmpl *tm = &d->tmpls[t];
    for (uint16_t i = 0; i < tm->n_some; i++) {
        const struct some_field *s = &tm->some[i];
        struct event_field *f = &e->fields[i];
        const char *p = tm->key + 2 * (size_t)tm->n_pieces + 4 + 6 * (size_t)s->field;
        uint16_t name = col_u16(p), from = col_u16(p + 2), to = col_u16(p + 4);
        f->id = d->name_id[name];
        f->name = f->id == FIELD_OTHER ? d->names[name] : (struct str){NULL, 0};
        if (from == CUT_OUTSIDE && to != COL_VARYING) {
            f->value = d->consts[to];
            continue;
        }
        bool one =
            s->pieces == 0 || (s->pieces == 1 && (col_u16(tm->key + 2 * (size_t)from) & COL_PIECE_VAR) != 0);
        if (from == to && from != CUT_OUTSIDE)
            f->value = S("");
        else if ((one ? some_var(d, t, ord, s->var, e, &f->value, err)
                      : some_pieces(d, t, ord, s, e, &f->value, err)) != 0)
            return -1;
    }
    return 0;
}

static bool plain_value(struct cur *c, struct str raw, struct str *ret)
{
    uint64_t off = cur_varint(c), n = cur_varint(c);
    if (off == 0) {
        *ret = cur_bytes(c, n);
        if (ret->p == NULL)
            ret->p = "";
        return !c->bad;
    }
    off--;
    if (c->bad || off > raw.n || n > raw.n - off)
        return false;
    *ret = str_sub(raw, off, n);
    return true;
}

int col_get_plain(struct col_dec *d, struct str bytes, struct event *e, struct err *err)
{
    struct cur c = cur_of(bytes);
    e->raw = cur_bytes(&c, cur_varint(&c));
    uint64_t n = cur_varint(&c);
    if (c.bad || e->raw.n > EVENT_RAW_BYTES_MAX || n > EVENT_FIELDS_MAX ||
        !plain_value(&c, e->raw, &e->message))
        return damaged(err, "row without template");
    if (e->raw.p == NULL)
        e->raw.p = "";
    e->n_fields = (uint16_t)n;
    e->fields = n == 0 ? NULL : ARENA_NEW(&d->mem, struct event_field, n);
    if (n > 0 && e->fields == NULL)
        return err_set(err, ERR_NOMEM, "fields of a row");
    for (uint64_t i = 0; i < n; i++) {
        struct event_field *f = &e->fields[i];
        struct str name = cur_bytes(&c, cur_varint(&c));
        f->id = c.bad ? FIELD_OTHER : field_find(name);
        f->name = f->id == FIELD_OTHER ? name : (struct str){NULL, 0};
        if (!plain_value(&c, e->raw, &f->value))
            return damaged(err, "field of a row without template");
    }
    return cur_done(&c) ? 0 : damaged(err, "row without template");
}
