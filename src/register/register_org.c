#include "register/register_org.h"

#include "register/register_audit.h"
#include "register/sql.h"

int register_org_add(struct reg *r, const struct register_by *by, const struct register_org *org,
                     int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (org->name.n == 0 || org->code.n == 0)
        return err_set(err, ERR_USAGE, "an org needs a name and a code");
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "INSERT INTO org(parent, name, code, address, role, created_at, created_by)"
                " VALUES(nullif(?1, 0), ?2, ?3, ifnull(?4, ''), ?5, ?6, ?7)",
                SQL_VALS(SQL_I(org->parent), SQL_S(org->name), SQL_S(org->code), SQL_S(org->address),
                         SQL_S(org->role), SQL_I(by->now_ns), SQL_I(by->person)),
                err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (register_audit_note(r, by, S("org_add"), S("org"), id, err) != 0 || register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

int register_org_find(struct reg *r, struct arena *a, int64_t id, struct register_org *ret, bool *ret_found,
                      struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, a, "SELECT id, parent, name, code, address, role, created_at FROM org WHERE id = ?1",
                 SQL_VALS(SQL_I(id)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        struct register_org org = {.id = sql_i64(&q)};
        org.parent = sql_i64(&q);
        org.name = sql_str(&q);
        org.code = sql_str(&q);
        org.address = sql_str(&q);
        org.role = sql_str(&q);
        org.created_ns = sql_i64(&q);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = org;
    }
    *ret_found = row;
    return 0;
}

int register_org_own(struct reg *r, struct arena *a, struct register_org *ret, bool *ret_found,
                     struct err *err)
{
    int64_t id = 0;
    if (sql_number(r, "SELECT id FROM org ORDER BY id LIMIT 1", NULL, 0, &id, err) != 0)
        return -1;
    return register_org_find(r, a, id, ret, ret_found, err);
}
