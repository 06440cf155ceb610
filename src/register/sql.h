/*
 * sql.h - prepared statements by name-less literals, bound by value and read column after column. Included by
 * src/register/ alone: no SQL leaves this folder.
 *
 * The text of a statement is a string literal; it is prepared once and kept. Values are bound in the order
 * ?1, ?2, … and must live until the statement is closed.
 */
#ifndef KHIEN_REGISTER_SQL_H
#define KHIEN_REGISTER_SQL_H

#include "register/register_db.h"

enum sql_kind { SQL_KIND_INT, SQL_KIND_TEXT, SQL_KIND_BLOB };

struct sql_val {
    enum sql_kind kind;
    int64_t i;
    struct str s;
};

#define SQL_I(v) ((struct sql_val){.kind = SQL_KIND_INT, .i = (int64_t)(v)})
#define SQL_S(v) ((struct sql_val){.kind = SQL_KIND_TEXT, .s = (v)}) /* .p == NULL binds NULL */
#define SQL_B(v) ((struct sql_val){.kind = SQL_KIND_BLOB, .s = (v)})
#define SQL_VALS(...) (struct sql_val[]){__VA_ARGS__}, COUNT_OF(((struct sql_val[]){__VA_ARGS__}))

struct sql {
    struct reg *r;
    sqlite3_stmt *st;
    struct register_statement *home; /* NULL: prepared for this use alone */
    struct arena *a;                 /* where texts are copied */
    int col;
    bool nomem;
};

/* Prepare and bind; a may be NULL where no text is read. Close with sql_close(), also after a failure. */
int sql_open(struct reg *r, struct sql *q, struct arena *a, const char *text, const struct sql_val *v,
             size_t n, struct err *err) MUST_USE;
/* Next row. *ret_row is false at the end. */
int sql_step(struct sql *q, bool *ret_row, struct err *err) MUST_USE;
/* ERR_NOMEM where a copy failed while the row was read. */
int sql_check(struct sql *q, struct err *err) MUST_USE;
void sql_close(struct sql *q); /* for CLEANUP; safe on a zeroed struct */

/* Columns of the current row, left to right. */
int64_t sql_i64(struct sql *q);
bool sql_bool(struct sql *q);
struct str sql_str(struct sql *q);                     /* copied; NULL gives .p == NULL */
size_t sql_blob(struct sql *q, void *out, size_t max); /* bytes written; longer blobs are cut */
void sql_skip(struct sql *q);

/* One statement that returns no row. */
int sql_run(struct reg *r, const char *text, const struct sql_val *v, size_t n, struct err *err) MUST_USE;
/* One statement that returns one number; *ret stays as it is where there is no row. */
int sql_number(struct reg *r, const char *text, const struct sql_val *v, size_t n, int64_t *ret,
               struct err *err) MUST_USE;
int64_t sql_last_id(struct reg *r);
int64_t sql_changes(struct reg *r); /* rows that the last statement touched */
/* Fill err from the result of SQLite; returns -1. */
int sql_fail(struct reg *r, int rc, struct err *err);
/* Several statements without values (schema). */
int sql_exec(struct reg *r, const char *text, struct err *err) MUST_USE;

/*
 * The rows of a page, newest first, into `items` of `limit` rows (sql_limit), each read by `read`. A row
 * begins with its int64_t id: the last one is the cursor of the next page. *ret_next: 0 where there is none.
 */
int sql_page(struct sql *q, void *items, size_t row_bytes, uint32_t limit,
             void (*read)(struct sql *q, void *row), size_t *ret_n, int64_t *ret_next,
             struct err *err) MUST_USE;

/* Limit of a page plus the one row that tells whether there is a next page. */
static inline uint32_t sql_limit(struct register_page page)
{
    uint32_t limit = page.limit == 0 ? 100 : page.limit;
    return (limit > REGISTER_PAGE_MAX ? REGISTER_PAGE_MAX : limit) + 1;
}
static inline int64_t sql_cursor(struct register_page page)
{
    return page.cursor <= 0 ? INT64_MAX : page.cursor;
}

#endif
