#include "register/register_session.h"
#include "register/sql.h"

int register_session_setup_begin(struct reg *r, const struct digest *code, int64_t now_ns, struct err *err)
{
    struct str hash = {(const char *)code->b, DIGEST_BYTES};
    return sql_run(r,
                   "INSERT INTO setup_code(id, hash, made_at, expires_at, wrong, used_at)"
                   " VALUES(1, ?1, ?2, ?3, 0, 0) ON CONFLICT(id) DO UPDATE SET hash = ?1, made_at = ?2,"
                   " expires_at = ?3, wrong = 0, used_at = 0",
                   SQL_VALS(SQL_B(hash), SQL_I(now_ns), SQL_I(now_ns + REGISTER_SETUP_SPAN_NS)), err);
}

struct setup_row {
    struct digest hash;
    int64_t expires_ns, wrong, used_ns;
    bool found;
};

static int read_row(struct reg *r, struct setup_row *row, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    *row = (struct setup_row){0};
    if (sql_open(r, &q, NULL, "SELECT hash, expires_at, wrong, used_at FROM setup_code", NULL, 0, err) != 0 ||
        sql_step(&q, &row->found, err) != 0)
        return -1;
    if (row->found) {
        (void)sql_blob(&q, row->hash.b, DIGEST_BYTES);
        row->expires_ns = sql_i64(&q);
        row->wrong = sql_i64(&q);
        row->used_ns = sql_i64(&q);
    }
    return 0;
}

static enum register_setup state_of(const struct setup_row *row, int64_t now_ns)
{
    if (!row->found || row->used_ns != 0)
        return SETUP_NONE;
    return row->wrong >= REGISTER_SETUP_TRIES || now_ns >= row->expires_ns ? SETUP_ENDED : SETUP_OPEN;
}

int register_session_setup_state(struct reg *r, int64_t now_ns, enum register_setup *ret,
                                 int64_t *ret_left_ns, struct err *err)
{
    struct setup_row row;
    if (read_row(r, &row, err) != 0)
        return -1;
    *ret = state_of(&row, now_ns);
    *ret_left_ns = *ret == SETUP_OPEN ? row.expires_ns - now_ns : 0;
    return 0;
}

int register_session_setup_try(struct reg *r, const struct digest *code, int64_t now_ns, bool *ret_ok,
                               struct err *err)
{
    struct setup_row row;
    if (read_row(r, &row, err) != 0)
        return -1;
    bool open = state_of(&row, now_ns) == SETUP_OPEN;
    bool ok = digest_eq(code, &row.hash) && open;
    if (open && !ok && sql_run(r, "UPDATE setup_code SET wrong = wrong + 1", NULL, 0, err) != 0)
        return -1;
    *ret_ok = ok;
    return 0;
}

int register_session_setup_use(struct reg *r, const struct digest *code, int64_t now_ns, struct err *err)
{
    struct str hash = {(const char *)code->b, DIGEST_BYTES};
    if (sql_run(r,
                "UPDATE setup_code SET used_at = ?1 WHERE hash = ?2 AND used_at = 0 AND wrong < ?3"
                " AND expires_at > ?1",
                SQL_VALS(SQL_I(now_ns), SQL_B(hash), SQL_I(REGISTER_SETUP_TRIES)), err) != 0)
        return -1;
    return sql_changes(r) == 1 ? 0 : err_set(err, ERR_CONFLICT, "the set-up code is not valid any more");
}
