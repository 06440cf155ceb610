#include "register/register_state.h"

#include "register/sql.h"

int register_state_find(struct reg *r, struct str name, int64_t *ret, bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, "SELECT value FROM node_state WHERE name = ?1", SQL_VALS(SQL_S(name)), err) !=
            0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row)
        *ret = sql_i64(&q);
    if (ret_found != NULL)
        *ret_found = row;
    return 0;
}

int register_state_put(struct reg *r, struct str name, int64_t value, struct err *err)
{
    assert(name.n > 0);
    return sql_run(r,
                   "INSERT INTO node_state(name, value) VALUES(?1, ?2)"
                   " ON CONFLICT(name) DO UPDATE SET value = ?2",
                   SQL_VALS(SQL_S(name), SQL_I(value)), err);
}
