#include "register/register_source.h"

#include "register/register_audit.h"
#include "register/sql.h"

static int add_source(struct reg *r, const struct register_by *by, const struct register_source *s,
                      int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    int64_t silent_s = s->silent_after_s == 0 ? REGISTER_SILENT_S_DEFAULT : s->silent_after_s;
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "INSERT INTO source(org, kind, address, name, silent_after_s, created_at)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                SQL_VALS(SQL_I(s->org), SQL_S(s->kind), SQL_S(s->address), SQL_S(s->name), SQL_I(silent_s),
                         SQL_I(by->now_ns)),
                err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (id > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "no source ids left");
    if (register_audit_note(r, by, S("source_add"), S("source"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

int register_source_put(struct reg *r, const struct register_by *by, const struct register_source *s,
                        int64_t *ret_id, bool *ret_new, struct err *err)
{
    int64_t id = 0;
    assert(s->kind.n > 0 && s->address.p != NULL && s->name.p != NULL);
    if (sql_number(r, "SELECT id FROM source WHERE kind = ?1 AND address = ?2",
                   SQL_VALS(SQL_S(s->kind), SQL_S(s->address)), &id, err) != 0)
        return -1;
    bool is_new = id == 0;
    if (is_new && add_source(r, by, s, &id, err) != 0)
        return -1;
    *ret_id = id;
    *ret_new = is_new;
    return 0;
}

#define SOURCE_COLUMNS "id, org, kind, address, name, silent_after_s, created_at"

static void read_source(struct sql *q, void *row)
{
    struct register_source *s = row;
    *s = (struct register_source){.id = sql_i64(q)};
    s->org = sql_i64(q);
    s->kind = sql_str(q);
    s->address = sql_str(q);
    s->name = sql_str(q);
    s->silent_after_s = sql_i64(q);
    s->created_ns = sql_i64(q);
}

int register_source_find(struct reg *r, struct arena *a, int64_t id, struct register_source *ret,
                         bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_source s;
    bool row;
    if (sql_open(r, &q, a, "SELECT " SOURCE_COLUMNS " FROM source WHERE id = ?1", SQL_VALS(SQL_I(id)), err) !=
            0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        read_source(&q, &s);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = s;
    }
    *ret_found = row;
    return 0;
}

int register_source_list(struct reg *r, struct arena *a, struct register_page page,
                         struct register_source_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_source_list list = {.items = ARENA_NEW(a, struct register_source, limit)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "list of sources");
    if (sql_open(r, &q, a, "SELECT " SOURCE_COLUMNS " FROM source WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                 SQL_VALS(SQL_I(sql_cursor(page)), SQL_I(limit)), err) != 0)
        return -1;
    if (sql_page(&q, list.items, sizeof(*list.items), limit, read_source, &list.n, &list.next, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_source_change(struct reg *r, const struct register_by *by, int64_t id, struct str name,
                           int64_t silent_after_s, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (name.p != NULL && name.n == 0)
        return err_set(err, ERR_USAGE, "a source needs a name");
    if (silent_after_s != 0 &&
        (silent_after_s < REGISTER_SILENT_S_MIN || silent_after_s > REGISTER_SILENT_S_MAX))
        return err_set(err, ERR_USAGE, "silent_after_s must be %d to %d", REGISTER_SILENT_S_MIN,
                       REGISTER_SILENT_S_MAX);
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE source SET name = ifnull(?2, name), silent_after_s = ifnull(nullif(?3, 0), "
                "silent_after_s),"
                " version = version + 1 WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_S(name), SQL_I(silent_after_s)), err) != 0)
        return -1;
    if (sql_changes(r) != 1)
        return err_set(err, ERR_NOT_FOUND, "no source %lld", (long long)id);
    if (register_audit_note(r, by, S("source_change"), S("source"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}
