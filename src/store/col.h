/*
 * col.h - the events of a block as columns and back. Pure: no files, no keys. Rows are stored by stream
 * (source and host), because like lines side by side compress best; the order of arrival comes back from the
 * runs of streams. The raw text of a row is a template, known by its number, and variables; a field is a run
 * of pieces of the template, or a column of its own where its value does not lie in raw.
 * docs/format/store.md, "Columns".
 */
#ifndef KHIEN_STORE_COL_H
#define KHIEN_STORE_COL_H

#include "model/event.h"
#include "store/filter.h"
#include "store/part.h"

#define COL_ROWS_MAX (1u << 20)
#define COL_NAMES_MAX 1024u /* field names of a block; rows with others are stored as they are */
#define COL_TMPLS_MAX 16384u
#define COL_TMPL_BYTES_MAX                                                                                   \
    (4u * 1024u * 1024u)            /* of all templates; behind that rows are stored as they are */
#define COL_VARS_MAX (768u * 1024u) /* variables of all rows, the same */
#define COL_CONSTS_MAX 2048u
#define COL_CONST_BYTES_MAX 64u
#define COL_STREAMS_MAX 65536u
#define COL_FIELDS_MAX (1u << 23) /* of all rows, when they are read */
#define COL_VERSION 1u

/* Template numbers of rows: 0 = stored as it is. */
#define COL_PLAIN 0u

struct col_enc;
int col_enc_new(uint64_t seed, struct col_enc **ret, struct err *err) MUST_USE;
void col_enc_free(struct col_enc *c); /* NULL allowed */
/*
 * Encode n (1..COL_ROWS_MAX) events with dense ids: the directory goes to out->dir, the rest as parts. All
 * words of the events (pred_tokenise_event) are added to words. Errors: ERR_NOMEM, ERR_LIMIT.
 */
int col_encode(struct col_enc *c, const struct event *e, size_t n, struct part_out *out,
               struct filter_set *words, struct err *err) MUST_USE;
/* Distinct sources of the last call, ascending. */
size_t col_enc_sources(const struct col_enc *c, const uint32_t **ret);
/* Give memory back that only an unusual block needed. */
void col_enc_trim(struct col_enc *c);
DEFINE_FREEP(col_enc)

struct col_dec;
int col_dec_new(struct col_dec **ret, struct err *err) MUST_USE;
void col_dec_free(struct col_dec *d); /* NULL allowed */
/*
 * Read the directory of a block of n rows whose first has the id first_id. dir and what `in` gives must live
 * as long as the block is used. Every number is checked: ERR_CORRUPT.
 */
int col_dec_open(struct col_dec *d, struct str dir, const struct part_in *in, size_t n_parts, size_t n,
                 uint64_t first_id, struct err *err) MUST_USE;
struct block_want;
/*
 * All rows, whole or (want not NULL) with the wanted fields only, as block_decode_some says. Views live until
 * the next col_dec_open, the array until the next call.
 */
int col_decode(struct col_dec *d, const struct block_want *want, const struct event **ret,
               struct err *err) MUST_USE;
DEFINE_FREEP(col_dec)

#endif
