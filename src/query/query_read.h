/*
 * query_read.h - the parser's state, shared by the files query*.c only. Functions return -1 with `err` filled
 * and stand at the first byte they did not take.
 */
#ifndef KHIEN_QUERY_QUERY_READ_H
#define KHIEN_QUERY_QUERY_READ_H

#include "query/query.h"

struct query_read {
    struct str in;
    size_t at;
    int64_t now_ns;
    struct arena *a;
    struct arena check; /* each leaf is compiled here once, to find its errors with their place */
    struct err *err;
    unsigned nest;
    const struct pred_field *group; /* inside field:( … ): every term is a value of this field */
};

/* Text without quotes around it: up to a blank, bracket, quote or '|'. */
struct query_bare {
    struct str raw;  /* as written */
    struct str text; /* escapes resolved; an unescaped '*' stays '*' */
    struct str wild; /* as a PRED_WILD pattern */
    bool has_star, has_any, has_literal_star;
};

int query_read_fail(struct query_read *r, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
int query_read_full(struct query_read *r);
int query_read_peek(const struct query_read *r); /* next byte or -1 */
void query_read_blanks(struct query_read *r);
/* A keyword (AND, OR, NOT, TO) as a whole word: taken if it is next. */
bool query_read_keyword(struct query_read *r, const char *word);
bool query_read_at_keyword(const struct query_read *r, const char *word);
int query_read_quoted(struct query_read *r, struct str *ret);
int query_read_bare(struct query_read *r, struct query_bare *ret);
/* A field name (letters of any script, digits, . _ @ * -); empty where none is next. */
struct str query_read_name(struct query_read *r);
/* What may stand behind "field:". */
int query_value_read(struct query_read *r, const struct pred_field *f, struct pred **ret);
int query_stage_read(struct query_read *r, struct query *q);

/* Bytes that '\' makes literal; every other '\' stands for itself. */
bool query_is_escapable(char c);

#endif
