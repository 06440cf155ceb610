#include "register/register_setting.h"

#include "register/register_audit.h"
#include "register/sql.h"

#define HISTORY_ROWS_MAX 100u

#define TEXT(lit)                                                                                            \
    {                                                                                                        \
        (lit), sizeof(lit) - 1                                                                               \
    }
static const struct register_setting settings[SETTING_COUNT] = {
#define X(id, key, min, def, max, unit) [id] = {TEXT(key), TEXT(unit), min, def, max},
    REGISTER_SETTING_TABLE(X)
#undef X
};

const struct register_setting *register_setting_row(enum register_setting_id id)
{
    assert(id < SETTING_COUNT);
    return &settings[id];
}

bool register_setting_find(struct str key, enum register_setting_id *ret)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (str_eq(key, settings[i].key)) {
            *ret = (enum register_setting_id)i;
            return true;
        }
    }
    return false;
}

int register_setting_get(struct reg *r, enum register_setting_id id, int64_t *ret, struct err *err)
{
    const struct register_setting *s = register_setting_row(id);
    int64_t value = s->def;
    if (sql_number(r, "SELECT value FROM setting WHERE key = ?1", SQL_VALS(SQL_S(s->key)), &value, err) != 0)
        return -1;
    /* A later version of the program may have narrowed the range. */
    *ret = value < s->min ? s->min : value > s->max ? s->max : value;
    return 0;
}

int register_setting_set(struct reg *r, const struct register_by *by, enum register_setting_id id,
                         int64_t value, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    const struct register_setting *s = register_setting_row(id);
    int64_t old;
    if (value < s->min || value > s->max)
        return err_set(err, ERR_USAGE, "%.*s must be %lld to %lld %.*s", STR_ARG(s->key), (long long)s->min,
                       (long long)s->max, STR_ARG(s->unit));
    if (register_tx_begin(r, &tx, err) != 0 || register_setting_get(r, id, &old, err) != 0 ||
        sql_run(r,
                "INSERT INTO setting(key, value, version) VALUES(?1, ?2, 1)"
                " ON CONFLICT(key) DO UPDATE SET value = ?2, version = version + 1",
                SQL_VALS(SQL_S(s->key), SQL_I(value)), err) != 0 ||
        sql_run(r, "INSERT INTO setting_history(key, old, new, at, who) VALUES(?1, ?2, ?3, ?4, ?5)",
                SQL_VALS(SQL_S(s->key), SQL_I(old), SQL_I(value), SQL_I(by->now_ns), SQL_S(by->who)),
                err) != 0)
        return -1;
    struct register_audit row = {.action = S("setting_change"),
                                 .object_kind = S("setting"),
                                 .object_id = s->key,
                                 .outcome = S("success")};
    if (register_audit_add(r, by, &row, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_setting_history(struct reg *r, struct arena *a, enum register_setting_id id,
                             struct register_setting_changes *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_setting_changes list = {
        .items = ARENA_NEW(a, struct register_setting_change, HISTORY_ROWS_MAX)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "history of a setting");
    if (sql_open(r, &q, a,
                 "SELECT at, old, new, who FROM setting_history WHERE key = ?1 ORDER BY id DESC LIMIT ?2",
                 SQL_VALS(SQL_S(register_setting_row(id)->key), SQL_I(HISTORY_ROWS_MAX)), err) != 0)
        return -1;
    for (bool row = true; row && list.n < HISTORY_ROWS_MAX;) {
        if (sql_step(&q, &row, err) != 0)
            return -1;
        if (!row)
            break;
        struct register_setting_change *c = &list.items[list.n++];
        c->at_ns = sql_i64(&q);
        c->old = sql_i64(&q);
        c->now = sql_i64(&q);
        c->who = sql_str(&q);
    }
    if (sql_check(&q, err) != 0)
        return -1;
    *ret = list;
    return 0;
}
