#include "register/register_held.h"

#include <stdlib.h>

#include "register/sql.h"

/* The texts lie behind the struct, in the order of texts_of(). */
struct register_held {
    struct register_held *next;
    size_t bytes;
    struct register_by by;
    struct register_audit row;
};

#define TEXTS 7

static void texts_of(struct register_held *h, struct str *ret[TEXTS])
{
    struct str *const all[TEXTS] = {&h->by.who,        &h->by.peer,     &h->row.action, &h->row.object_kind,
                                    &h->row.object_id, &h->row.outcome, &h->row.detail};
    memcpy(ret, all, sizeof(all));
}

static int hold(struct reg *r, const struct register_by *by, const struct register_audit *row,
                struct err *err)
{
    struct register_held copy = {.by = *by, .row = *row}, *h;
    struct str *from[TEXTS], *to[TEXTS];
    size_t bytes = sizeof(copy);
    texts_of(&copy, from);
    for (size_t i = 0; i < TEXTS; i++)
        bytes += from[i]->n;
    if (r->n_held == REGISTER_HELD_ROWS_MAX || bytes > REGISTER_HELD_BYTES_MAX - r->held_bytes)
        return err_set(err, ERR_FULL, "the disk is full, and %zu audit records wait for room", r->n_held);
    h = malloc(bytes);
    if (h == NULL)
        return err_set(err, ERR_NOMEM, "audit record");
    *h = copy;
    h->next = NULL;
    h->bytes = bytes;
    texts_of(h, to);
    char *at = (char *)(h + 1);
    for (size_t i = 0; i < TEXTS; i++) {
        if (from[i]->n > 0)
            memcpy(at, from[i]->p, from[i]->n);
        *to[i] = (struct str){at, from[i]->n};
        at += from[i]->n;
    }
    struct register_held **end = &r->held;
    while (*end != NULL)
        end = &(*end)->next;
    *end = h;
    r->n_held++;
    r->held_bytes += bytes;
    return 0;
}

int register_held_audit(struct reg *r, const struct register_by *by, const struct register_audit *row,
                        struct err *err)
{
    struct err why = {0};
    /* Rows keep their order: while some wait, a new one waits behind them. */
    if (r->n_held == 0 && register_audit_add(r, by, row, &why) == 0)
        return 0;
    if (r->n_held == 0 && why.code != ERR_FULL)
        return err_set(err, why.code, "%s", why.msg);
    return hold(r, by, row, err);
}

size_t register_held_count(const struct reg *r)
{
    return r->n_held;
}

static void drop_first(struct reg *r)
{
    struct register_held *h = r->held;
    r->held = h->next;
    r->held_bytes -= h->bytes;
    r->n_held--;
    free(h);
}

int register_held_release(struct reg *r, struct err *err)
{
    while (r->held != NULL) {
        if (register_audit_add(r, &r->held->by, &r->held->row, err) != 0)
            return -1;
        drop_first(r);
    }
    return 0;
}

void register_held_drop(struct reg *r)
{
    while (r->held != NULL)
        drop_first(r);
}
