#include "register/sql.h"

#include <limits.h>

static const struct {
    int rc;
    enum err_code code;
    const char *what;
} sql_errors[] = {
    {SQLITE_NOMEM, ERR_NOMEM, "no memory"},
    {SQLITE_FULL, ERR_FULL, "the disk is full"},
    {SQLITE_READONLY, ERR_FULL, "the file is read-only"},
    {SQLITE_NOTADB, ERR_DENIED, "wrong key, or not a register"},
    {SQLITE_CORRUPT, ERR_CORRUPT, "stored bytes do not check"},
    {SQLITE_CONSTRAINT, ERR_CONFLICT, "a rule of the tables forbids it"},
    {SQLITE_BUSY, ERR_CONFLICT, "in use"},
    {SQLITE_LOCKED, ERR_CONFLICT, "in use"},
    {SQLITE_TOOBIG, ERR_LIMIT, "too big"},
    {SQLITE_PERM, ERR_DENIED, "no permission"},
    {SQLITE_AUTH, ERR_DENIED, "no permission"},
};

int sql_fail(struct reg *r, int rc, struct err *err)
{
    const char *text = r->db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(r->db);
    for (size_t i = 0; i < COUNT_OF(sql_errors); i++) {
        if (sql_errors[i].rc == (rc & 0xff))
            return err_set(err, sql_errors[i].code, "register: %s (%s)", sql_errors[i].what, text);
    }
    return err_set(err, ERR_IO, "register: %s", text);
}

int sql_exec(struct reg *r, const char *text, struct err *err)
{
    int rc = sqlite3_exec(r->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_fail(r, rc, err);
}

static int prepare(struct reg *r, const char *text, sqlite3_stmt **ret, struct err *err)
{
    int rc = sqlite3_prepare_v3(r->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return rc == SQLITE_OK ? 0 : sql_fail(r, rc, err);
}

/* The kept statement of this text, or a new one; q->home stays NULL where none can be kept. */
static int take_statement(struct reg *r, struct sql *q, const char *text, struct err *err)
{
    for (size_t i = 0; i < r->n_statements; i++) {
        struct register_statement *s = &r->statements[i];
        if (s->text == text && !s->busy) {
            s->busy = true;
            q->home = s;
            q->st = s->st;
            return 0;
        }
    }
    if (prepare(r, text, &q->st, err) != 0)
        return -1;
    if (r->n_statements < REGISTER_STATEMENTS_MAX) {
        q->home = &r->statements[r->n_statements++];
        *q->home = (struct register_statement){text, q->st, true};
    }
    return 0;
}

static int bind(struct sql *q, int at, const struct sql_val *v)
{
    if (v->kind == SQL_KIND_INT)
        return sqlite3_bind_int64(q->st, at, v->i);
    if (v->s.p == NULL)
        return sqlite3_bind_null(q->st, at);
    if (v->s.n > INT_MAX)
        return SQLITE_TOOBIG;
    return v->kind == SQL_KIND_TEXT ? sqlite3_bind_text(q->st, at, v->s.p, (int)v->s.n, SQLITE_STATIC)
                                    : sqlite3_bind_blob(q->st, at, v->s.p, (int)v->s.n, SQLITE_STATIC);
}

int sql_open(struct reg *r, struct sql *q, struct arena *a, const char *text, const struct sql_val *v,
             size_t n, struct err *err)
{
    assert(r->magic == REGISTER_MAGIC && n < 64);
    *q = (struct sql){.r = r, .a = a};
    if (take_statement(r, q, text, err) != 0)
        return -1;
    assert(sqlite3_bind_parameter_count(q->st) == (int)n);
    for (size_t i = 0; i < n; i++) {
        int rc = bind(q, (int)i + 1, &v[i]);
        if (rc != SQLITE_OK)
            return sql_fail(r, rc, err);
    }
    return 0;
}

int sql_step(struct sql *q, bool *ret_row, struct err *err)
{
    int rc = sqlite3_step(q->st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return sql_fail(q->r, rc, err);
    q->col = 0;
    *ret_row = rc == SQLITE_ROW;
    return 0;
}

int sql_check(struct sql *q, struct err *err)
{
    return q->nomem ? err_set(err, ERR_NOMEM, "register: answer too large for its memory") : 0;
}

void sql_close(struct sql *q)
{
    if (q->st == NULL)
        return;
    if (q->home == NULL) {
        (void)sqlite3_finalize(q->st);
    } else {
        (void)sqlite3_reset(q->st);
        (void)sqlite3_clear_bindings(q->st);
        q->home->busy = false;
    }
    *q = (struct sql){0};
}

int64_t sql_i64(struct sql *q)
{
    return sqlite3_column_int64(q->st, q->col++);
}

bool sql_bool(struct sql *q)
{
    return sql_i64(q) != 0;
}

struct str sql_str(struct sql *q)
{
    int col = q->col++;
    assert(q->a != NULL);
    const void *p = sqlite3_column_blob(q->st, col);
    int n = sqlite3_column_bytes(q->st, col);
    if (sqlite3_column_type(q->st, col) == SQLITE_NULL)
        return (struct str){NULL, 0};
    struct str copy = arena_str(q->a, (struct str){p == NULL ? "" : p, (size_t)n});
    if (copy.p == NULL)
        q->nomem = true;
    return copy;
}

size_t sql_blob(struct sql *q, void *out, size_t max)
{
    int col = q->col++;
    const void *p = sqlite3_column_blob(q->st, col);
    size_t n = (size_t)sqlite3_column_bytes(q->st, col);
    if (n > max)
        n = max;
    if (n > 0)
        memcpy(out, p, n);
    return n;
}

void sql_skip(struct sql *q)
{
    q->col++;
}

int sql_run(struct reg *r, const char *text, const struct sql_val *v, size_t n, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, text, v, n, err) != 0)
        return -1;
    return sql_step(&q, &row, err);
}

int sql_number(struct reg *r, const char *text, const struct sql_val *v, size_t n, int64_t *ret,
               struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, text, v, n, err) != 0 || sql_step(&q, &row, err) != 0)
        return -1;
    if (row)
        *ret = sql_i64(&q);
    return 0;
}

int64_t sql_last_id(struct reg *r)
{
    return sqlite3_last_insert_rowid(r->db);
}

int64_t sql_changes(struct reg *r)
{
    return sqlite3_changes64(r->db);
}

int sql_page(struct sql *q, void *items, size_t row_bytes, uint32_t limit,
             void (*read)(struct sql *q, void *row), size_t *ret_n, int64_t *ret_next, struct err *err)
{
    size_t n = 0;
    bool row = true;
    while (n < limit) {
        if (sql_step(q, &row, err) != 0)
            return -1;
        if (!row)
            break;
        read(q, (char *)items + row_bytes * n++);
    }
    if (sql_check(q, err) != 0)
        return -1;
    *ret_next = 0;
    if (n == limit) /* the one row more only tells that there is a next page */
        memcpy(ret_next, (char *)items + row_bytes * (--n - 1), sizeof(*ret_next));
    *ret_n = n;
    return 0;
}
