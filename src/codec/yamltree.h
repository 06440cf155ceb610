/*
 * yamltree.h - YAML text → constant tree in an arena, on libyaml. A small, strict part of YAML 1.1: maps with
 * scalar keys, lists, scalars. Refused: anchors and aliases, tags, duplicate keys, other keys than scalars,
 * nesting above YAMLTREE_DEPTH_MAX, texts and trees above the limits below. Every node knows its file and
 * line, so that whoever reads the tree can say where a value is wrong. Nodes and texts live in the arena
 * given to the parser; nothing is freed one by one.
 */
#ifndef KHIEN_CODEC_YAMLTREE_H
#define KHIEN_CODEC_YAMLTREE_H

#include "base/arena.h"

#define YAMLTREE_DEPTH_MAX 64u
#define YAMLTREE_BYTES_MAX (8u * 1024u * 1024u) /* text of one file */
#define YAMLTREE_NODES_MAX (512u * 1024u)       /* nodes of one file */

enum yamltree_kind { YAMLTREE_SCALAR, YAMLTREE_LIST, YAMLTREE_MAP };

struct yamltree_node {
    enum yamltree_kind kind;
    bool quoted;                        /* SCALAR: '…', "…", | or >; "1" is a text, 1 may be a number */
    struct str file;                    /* as given to the parser */
    size_t line, column;                /* of the first byte, from 1 */
    struct str text;                    /* SCALAR; NUL behind it */
    size_t n;                           /* LIST: items; MAP: entries */
    const struct yamltree_node **keys;  /* MAP: n scalars, in the order of the text */
    const struct yamltree_node **items; /* LIST: n items; MAP: the n values */
};

/*
 * Parse one document. A text without a document (empty, comments only) gives a null scalar.
 *
 * file     how errors name the text; copied
 * Errors   ERR_PARSE "file:line: why", err->line set; ERR_LIMIT; ERR_NOMEM (arena full)
 * Source   YAML 1.1 as libyaml reads it; docs/format/rules.md section 1
 */
int yamltree_parse(struct str text, struct str file, struct arena *a, const struct yamltree_node **ret,
                   struct err *err) MUST_USE;
/* As yamltree_parse for several documents; *ret_n may be 0. */
int yamltree_parse_all(struct str text, struct str file, struct arena *a,
                       const struct yamltree_node ***ret_docs, size_t *ret_n, struct err *err) MUST_USE;

/* Value of a key; NULL where there is none, where the node is NULL or not a map. */
const struct yamltree_node *yamltree_get(const struct yamltree_node *map, struct str key);
/* A plain scalar that is empty, ~ or null; NULL counts as null too. */
bool yamltree_is_null(const struct yamltree_node *node);

/* Set ERR_PARSE with "file:line: " in front and err->line; returns -1. node may be NULL (no place known). */
int yamltree_fail(const struct yamltree_node *node, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Values. Each refuses a node of another kind (and NULL) with file and line; a scalar's text is returned
 * whether quoted or not, numbers and truth values only from plain scalars.
 */
int yamltree_str(const struct yamltree_node *node, struct str *ret, struct err *err) MUST_USE;
int yamltree_i64(const struct yamltree_node *node, int64_t min, int64_t max, int64_t *ret,
                 struct err *err) MUST_USE;
int yamltree_double(const struct yamltree_node *node, double *ret, struct err *err) MUST_USE;
int yamltree_bool(const struct yamltree_node *node, bool *ret, struct err *err) MUST_USE; /* true, false */

/*
 * Values by key. need_*: a missing key is an error that names the map's file and line. opt_*: a missing or
 * null value leaves *ret as it is, so the caller sets the default first.
 */
int yamltree_need(const struct yamltree_node *map, struct str key, enum yamltree_kind kind,
                  const struct yamltree_node **ret, struct err *err) MUST_USE;
int yamltree_opt(const struct yamltree_node *map, struct str key, enum yamltree_kind kind,
                 const struct yamltree_node **ret, struct err *err) MUST_USE; /* *ret = NULL where absent */
int yamltree_need_str(const struct yamltree_node *map, struct str key, struct str *ret,
                      struct err *err) MUST_USE;
int yamltree_opt_str(const struct yamltree_node *map, struct str key, struct str *ret,
                     struct err *err) MUST_USE;
int yamltree_opt_i64(const struct yamltree_node *map, struct str key, int64_t min, int64_t max, int64_t *ret,
                     struct err *err) MUST_USE;
int yamltree_opt_bool(const struct yamltree_node *map, struct str key, bool *ret, struct err *err) MUST_USE;

/* The node is a map (or null) and has no other keys than these; the error names the first unknown one. */
int yamltree_only_keys(const struct yamltree_node *map, const struct str *keys, size_t n,
                       struct err *err) MUST_USE;

#endif
