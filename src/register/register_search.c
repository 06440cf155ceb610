#include "register/register_search.h"

#include "register/register_audit.h"
#include "register/sql.h"

static struct str text_of(struct str s)
{
    return s.p == NULL ? S("") : s;
}

int register_search_put(struct reg *r, const struct register_by *by, const struct register_search *s,
                        int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    int64_t n = 0, id = 0;
    if (s->name.n == 0 || s->name.n > REGISTER_SEARCH_NAME_MAX || s->query.n > REGISTER_SEARCH_QUERY_MAX ||
        s->from.n > REGISTER_SEARCH_TIME_MAX || s->to.n > REGISTER_SEARCH_TIME_MAX)
        return err_set(err, ERR_USAGE, "a saved search needs a name of at most %u bytes",
                       REGISTER_SEARCH_NAME_MAX);
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "INSERT INTO saved_search(person, name, query, time_from, time_to, created_at)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(person, name)"
                " DO UPDATE SET query = ?3, time_from = ?4, time_to = ?5",
                SQL_VALS(SQL_I(by->person), SQL_S(s->name), SQL_S(text_of(s->query)), SQL_S(text_of(s->from)),
                         SQL_S(text_of(s->to)), SQL_I(by->now_ns)),
                err) != 0 ||
        sql_number(r, "SELECT count(*) FROM saved_search WHERE person = ?1", SQL_VALS(SQL_I(by->person)), &n,
                   err) != 0 ||
        sql_number(r, "SELECT id FROM saved_search WHERE person = ?1 AND name = ?2",
                   SQL_VALS(SQL_I(by->person), SQL_S(s->name)), &id, err) != 0)
        return -1;
    if (n > REGISTER_SEARCHES_MAX)
        return err_set(err, ERR_LIMIT, "at most %u saved searches", REGISTER_SEARCHES_MAX);
    if (register_audit_note(r, by, S("search_save"), S("saved_search"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

int register_search_remove(struct reg *r, const struct register_by *by, int64_t id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r, "DELETE FROM saved_search WHERE id = ?1 AND person = ?2",
                SQL_VALS(SQL_I(id), SQL_I(by->person)), err) != 0)
        return -1;
    if (sql_changes(r) != 1)
        return err_set(err, ERR_NOT_FOUND, "no such saved search");
    if (register_audit_note(r, by, S("search_remove"), S("saved_search"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_search_list(struct reg *r, struct arena *a, int64_t person, struct register_search_list *ret,
                         struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_search_list list = {.items = ARENA_NEW(a, struct register_search, REGISTER_SEARCHES_MAX)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "saved searches");
    if (sql_open(r, &q, a,
                 "SELECT id, name, query, time_from, time_to, created_at FROM saved_search WHERE person = ?1"
                 " ORDER BY id",
                 SQL_VALS(SQL_I(person)), err) != 0)
        return -1;
    for (bool row = true; row && list.n < REGISTER_SEARCHES_MAX;) {
        if (sql_step(&q, &row, err) != 0)
            return -1;
        if (!row)
            break;
        struct register_search *s = &list.items[list.n++];
        s->id = sql_i64(&q);
        s->name = sql_str(&q);
        s->query = sql_str(&q);
        s->from = sql_str(&q);
        s->to = sql_str(&q);
        s->created_ns = sql_i64(&q);
    }
    if (sql_check(&q, err) != 0)
        return -1;
    *ret = list;
    return 0;
}
