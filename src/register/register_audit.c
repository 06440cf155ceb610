#include "register/register_audit.h"

#include <stdio.h>

#include "register/sql.h"

int register_audit_add(struct reg *r, const struct register_by *by, const struct register_audit *row,
                       struct err *err)
{
    assert(row->action.n > 0 && row->outcome.n > 0);
    struct str none = S("");
    return sql_run(r,
                   "INSERT INTO audit(at, person, who, action, object_kind, object_id, outcome, peer, detail)"
                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                   SQL_VALS(SQL_I(by->now_ns), SQL_I(by->person), SQL_S(by->who.p == NULL ? none : by->who),
                            SQL_S(row->action), SQL_S(row->object_kind.p == NULL ? none : row->object_kind),
                            SQL_S(row->object_id.p == NULL ? none : row->object_id), SQL_S(row->outcome),
                            SQL_S(by->peer.p == NULL ? none : by->peer),
                            SQL_S(row->detail.p == NULL ? none : row->detail)),
                   err);
}

int register_audit_note(struct reg *r, const struct register_by *by, struct str action,
                        struct str object_kind, int64_t object_id, struct err *err)
{
    char id[24];
    int n = snprintf(id, sizeof(id), "%lld", (long long)object_id);
    struct register_audit row = {
        .action = action, .object_kind = object_kind, .object_id = {id, (size_t)n}, .outcome = S("success")};
    return register_audit_add(r, by, &row, err);
}

static void read_row(struct sql *q, struct register_audit *row)
{
    *row = (struct register_audit){.id = sql_i64(q)};
    row->at_ns = sql_i64(q);
    row->person = sql_i64(q);
    row->who = sql_str(q);
    row->action = sql_str(q);
    row->object_kind = sql_str(q);
    row->object_id = sql_str(q);
    row->outcome = sql_str(q);
    row->peer = sql_str(q);
    row->detail = sql_str(q);
}

#define AUDIT_COLUMNS "id, at, person, who, action, object_kind, object_id, outcome, peer, detail"

/* Rows of an open query into `ret`; max is the number of rows that the query may give. */
static int read_rows(struct sql *q, uint32_t max, struct register_audit_list *ret, struct err *err)
{
    struct register_audit_list list = {.items = ARENA_NEW(q->a, struct register_audit, max)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "audit list");
    for (bool row = true; row && list.n < max;) {
        if (sql_step(q, &row, err) != 0)
            return -1;
        if (row)
            read_row(q, &list.items[list.n++]);
    }
    if (sql_check(q, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_audit_take(struct reg *r, struct arena *a, uint32_t n, struct register_audit_list *ret,
                        struct err *err)
{
    assert(n > 0 && n <= REGISTER_PAGE_MAX);
    CLEANUP(sql_close) struct sql q = {0};
    if (sql_open(r, &q, a, "SELECT " AUDIT_COLUMNS " FROM audit WHERE handed = 0 ORDER BY id LIMIT ?1",
                 SQL_VALS(SQL_I(n)), err) != 0)
        return -1;
    return read_rows(&q, n, ret, err);
}

int register_audit_done(struct reg *r, int64_t id, struct err *err)
{
    return sql_run(r, "UPDATE audit SET handed = 1 WHERE handed = 0 AND id <= ?1", SQL_VALS(SQL_I(id)), err);
}

int register_audit_prune(struct reg *r, int64_t before_ns, int64_t *ret_removed, struct err *err)
{
    /* Ids grow with time: looking at the oldest is enough, and costs the same whatever the size. */
    if (sql_run(r,
                "DELETE FROM audit WHERE id < (SELECT min(id) FROM audit) + 1000 AND handed = 1 AND at < ?1",
                SQL_VALS(SQL_I(before_ns)), err) != 0)
        return -1;
    *ret_removed = sql_changes(r);
    return 0;
}

int register_audit_list(struct reg *r, struct arena *a, struct str action, struct register_page page,
                        struct register_audit_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_audit_list list;
    if (sql_open(r, &q, a,
                 "SELECT " AUDIT_COLUMNS " FROM audit WHERE id < ?1 AND (?2 IS NULL OR action = ?2)"
                 " ORDER BY id DESC LIMIT ?3",
                 SQL_VALS(SQL_I(sql_cursor(page)), SQL_S(action), SQL_I(limit)), err) != 0 ||
        read_rows(&q, limit, &list, err) != 0)
        return -1;
    if (list.n == limit)
        list.next = list.items[--list.n - 1].id;
    *ret = list;
    return 0;
}
