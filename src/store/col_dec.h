/*
 * col_dec.h - the column decoder's own struct, shared by col_dec.c (directory, arrival) and col_get.c (rows)
 * only.
 */
#ifndef KHIEN_STORE_COL_DEC_H
#define KHIEN_STORE_COL_DEC_H

#include "base/arena.h"
#include "store/block.h"
#include "store/col_inner.h"

struct tmpl {
    const char *key;  /* its 16-bit numbers in the directory, pieces first */
    const char *text; /* static texts */
    uint16_t n_pieces, n_fields;
    uint32_t n_raw_vars;     /* the first of its variables are pieces, the others values outside raw */
    struct some_field *some; /* what col_decode wants of it */
    uint16_t n_some;
    size_t text_n, max; /* static bytes; bytes of the longest row, 0 not known yet */
};

/* A wanted field of a template: which one, and the variable that is it or that comes first in it. */
struct some_field {
    uint16_t field, pieces; /* pieces: 0 = a value outside raw */
    uint32_t var;
};

struct stream {
    uint32_t source, rows, at, first;
    uint64_t last_seq;
};

struct text_chunk {
    struct text_chunk *next;
    size_t used, cap;
    char bytes[];
};

struct col_dec {
    struct arena mem; /* lives as long as the block */
    struct part_in in;
    size_t n, n_parts;
    uint64_t first_id;
    struct str *names;
    uint16_t *name_id;
    size_t n_names;
    struct str *consts;
    size_t n_consts;
    struct tmpl *tmpls;
    struct plan_tmpl *plan_tmpls;
    size_t n_tmpls, n_vars;
    uint16_t *cls;
    struct plan plan;
    struct stream *streams;
    size_t n_streams;
    uint32_t *order;      /* by stored place: place in the order of arrival */
    uint16_t *tmpl_of;    /* by stored place: template + 1 or COL_PLAIN */
    struct var_get *cols; /* as plan.cols */
    struct str plain;     /* rows stored as they are */
    uint64_t *plain_len;
    size_t n_plain;
    struct event *ev;
    struct event_field *fields;
    size_t ev_cap, fields_cap;
    struct text_chunk *chunks; /* texts that were put together; the newest first */
    uint32_t pos[CUT_PIECES_MAX + 1];
    struct str val[CUT_PIECES_MAX + CUT_SPANS_MAX]; /* variables of the row outside raw */
    uint16_t piece_of[CUT_PIECES_MAX + 1];          /* piece of each variable in raw */
};

static inline uint16_t col_u16(const char *p)
{
    uint16_t v; /* little endian, as the formats are */
    memcpy(&v, p, 2);
    return v;
}

/* col_get.c: fill row `e`, stored at k, whose template is t and which is its row `ord`. */
int col_get_row(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err) MUST_USE;
/* The same with the wanted fields only, whose columns are loaded. */
int col_get_some(struct col_dec *d, uint32_t t, uint32_t ord, struct event *e, struct err *err) MUST_USE;
/* Row stored as it is, from its bytes. */
int col_get_plain(struct col_dec *d, struct str bytes, struct event *e, struct err *err) MUST_USE;

#endif
