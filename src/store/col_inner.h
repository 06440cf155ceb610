/*
 * col_inner.h - the column encoder's own struct, shared by col_enc.c and col_put.c only, and what both
 * directions know of templates.
 */
#ifndef KHIEN_STORE_COL_INNER_H
#define KHIEN_STORE_COL_INNER_H

#include "store/col.h"
#include "store/cut.h"
#include "store/intern.h"
#include "store/plan.h"
#include "store/var.h"

/*
 * A template in the directory, 16-bit numbers: pieces, fields; per piece the length of its text, or
 * COL_PIECE_VAR and its class; for the message two numbers, for each field its name and two numbers: pieces
 * [from, to), or CUT_OUTSIDE and the number of a constant or COL_VARYING. Then the texts.
 */
#define COL_PIECE_VAR 0x8000u
#define COL_VARYING UINT16_MAX
#define COL_CLASSES (COL_NAMES_MAX + 1 + CUT_FIELD) /* the last one: messages outside raw */

static const int64_t col_scales[] = {NS_PER_S, NS_PER_MS, NS_PER_US, 1}; /* of times */

struct tmpl_info {
    struct plan_tmpl plan;
    bool crossed; /* words may go across bounds of its pieces */
};

/* A constant of a name, so that the table need not be asked for each row. */
struct known_const {
    struct val v;
    uint16_t name, number; /* number + 1, 0 free */
};
#define COL_KNOWN 1024u

struct stream_info {
    uint32_t source, rows, at; /* at: place in the sorted order */
    uint64_t last_seq;         /* of the source: kept at its first stream */
    uint32_t first;            /* first stream of the source */
};

struct col_enc {
    struct intern streams, names, consts, tmpls;
    struct cut cut;
    struct buf key;
    struct buf plain; /* rows stored as they are */
    uint64_t *plain_len;
    size_t n_plain;
    uint16_t id_name[FIELD_COUNT]; /* 1 + number of a known field's name */
    uint8_t name_consts[COL_NAMES_MAX];
    struct known_const known[COL_KNOWN]; /* constants found last, by hash */
    uint16_t row_names[EVENT_FIELDS_MAX];
    struct tmpl_info *info;
    uint16_t *cls; /* of all variables of all templates */
    size_t n_cls, cls_cap;
    struct val *vars; /* of all rows, one behind the other */
    size_t n_vars, vars_cap;
    struct val *values; /* the same by column */
    size_t values_cap;
    uint32_t *rows;    /* in stored order: place in the order of arrival */
    uint16_t *tmpl_of; /* in order of arrival: number + 1, or COL_PLAIN */
    size_t rows_cap, nums_cap;
    struct stream_info *streams_info;
    size_t streams_cap;
    uint32_t *sources;
    size_t n_sources;
    struct plan plan;
    struct var_put put;
};

/* col_put.c */
/* Number the streams and put the rows into stored order; list the sources. */
int col_order(struct col_enc *c, const struct event *e, size_t n, struct err *err) MUST_USE;
/* Write the directory and all columns. */
int col_put(struct col_enc *c, const struct event *e, size_t n, struct err *err) MUST_USE;

#endif
