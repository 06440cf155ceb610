/*
 * col.h - the events of a block as columns and back. Pure: no files, no keys. Rows are stored by stream
 * (source and program), because like lines side by side compress best; the order of arrival comes back from
 * the stream numbers, which are kept in that order. docs/format/store.md, "Columns".
 */
#ifndef KHIEN_STORE_COL_H
#define KHIEN_STORE_COL_H

#include "model/event.h"

#define COL_ROWS_MAX (1u << 20)
#define COL_NAMES_MAX 1024u /* field names with columns of their own; more share one */
#define COL_COUNT_MAX (COL_KINDS + (COL_NAMES_MAX + 2) * 5)
#define COL_FIELDS_MAX (1u << 23) /* in all rows of a block */
#define COL_PLAIN_BYTES_MAX (256u * 1024u * 1024u)

/* The number is the code on disk. Kinds from COL_OFF on exist once per name. */
enum col_kind {
    COL_FILTER = 0, /* made and read by block.c */
    COL_TIME = 1,   /* scale, then differences of the time of each row, order of arrival */
    COL_RECV,       /* the same for the time of receipt */
    COL_STREAMS,    /* source of each stream */
    COL_STREAM,     /* stream of each row, order of arrival */
    COL_SEQ,        /* sequence number against the last one of the source */
    COL_PRI,        /* facility, severity, flags: three rows of bytes; from here on in stream order */
    COL_RAW_LEN,
    COL_RAW,
    COL_SHAPES, /* distinct lists of field names */
    COL_SHAPE,  /* list of each row */
    COL_OFF,    /* place of a value in raw, or 0: in the dictionary */
    COL_LEN,
    COL_INDEX, /* value in the dictionary; a new one takes the next number */
    COL_DICT_LEN,
    COL_DICT,
    COL_KINDS
};

/* Numbers of names; from COL_NAME_FIRST on they index the list of names. */
enum { COL_NAME_MESSAGE = 0, COL_NAME_REST = 1, COL_NAME_FIRST = 2 };

struct col {
    uint8_t kind;
    uint16_t name; /* 0 for kinds below COL_OFF */
    struct str bytes;
};

struct col_table {
    const struct col *cols;
    size_t n_cols;
    const struct str *names; /* behind COL_NAME_FIRST */
    size_t n_names;
};

struct col_enc;
int col_enc_new(uint64_t seed, struct col_enc **ret, struct err *err) MUST_USE;
void col_enc_free(struct col_enc *c); /* NULL allowed */
/*
 * Encode n (1..COL_ROWS_MAX) events with dense ids. The columns (empty ones left out) live until the next
 * call. Errors: ERR_NOMEM, ERR_LIMIT.
 */
int col_encode(struct col_enc *c, const struct event *e, size_t n, struct col_table *ret,
               struct err *err) MUST_USE;
/* Distinct sources of the last call, ascending. */
size_t col_enc_sources(const struct col_enc *c, const uint32_t **ret);
DEFINE_FREEP(col_enc)

struct col_dec;
int col_dec_new(struct col_dec **ret, struct err *err) MUST_USE;
void col_dec_free(struct col_dec *d); /* NULL allowed */
/*
 * Decode n rows whose first has the id first_id. Views point into the columns and names; the array belongs to
 * d and lives until the next call. Every length is checked: ERR_CORRUPT.
 */
int col_decode(struct col_dec *d, const struct col_table *t, size_t n, uint64_t first_id,
               const struct event **ret, struct err *err) MUST_USE;
DEFINE_FREEP(col_dec)

#endif
