#include "register/register_person.h"

#include "base/when.h"
#include "register/register_audit.h"
#include "register/register_session.h"
#include "register/sql.h"

static const char *const role_names[ROLE_COUNT] = {
#define X(id, word) [id] = word,
    REGISTER_ROLE_TABLE(X)
#undef X
};

struct str register_person_role_name(enum register_role role)
{
    assert(role < ROLE_COUNT);
    return str_of(role_names[role]);
}

bool register_person_role_find(struct str word, enum register_role *ret)
{
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (str_eq(word, str_of(role_names[i]))) {
            *ret = (enum register_role)i;
            return true;
        }
    }
    return false;
}

bool register_person_login_fold(struct str login, char out[REGISTER_LOGIN_BYTES_MAX], struct str *ret)
{
    if (login.n < 2 || login.n > REGISTER_LOGIN_BYTES_MAX)
        return false;
    for (size_t i = 0; i < login.n; i++) {
        char c = login.p[i];
        if (!ascii_is_alnum(c) && c != '.' && c != '-' && c != '_')
            return false;
        out[i] = ascii_lower(c);
    }
    *ret = (struct str){out, login.n};
    return true;
}

static int add_history(struct reg *r, int64_t id, struct str hash, int64_t now_ns, struct err *err)
{
    if (sql_run(r, "INSERT INTO password_history(person, hash, at) VALUES(?1, ?2, ?3)",
                SQL_VALS(SQL_I(id), SQL_S(hash), SQL_I(now_ns)), err) != 0)
        return -1;
    return sql_run(r,
                   "DELETE FROM password_history WHERE person = ?1 AND id NOT IN"
                   " (SELECT id FROM password_history WHERE person = ?1 ORDER BY id DESC LIMIT ?2)",
                   SQL_VALS(SQL_I(id), SQL_I(REGISTER_PASSWORD_HISTORY)), err);
}

int register_person_add(struct reg *r, const struct register_by *by, const struct register_person *p,
                        int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    char folded[REGISTER_LOGIN_BYTES_MAX];
    struct str login;
    if (!register_person_login_fold(p->login, folded, &login) || p->name.n == 0 || p->hash.n == 0)
        return err_set(err, ERR_USAGE,
                       "a person needs a name, a login of letters and digits, and a password");
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(
            r,
            "INSERT INTO person(org, name, phone, login, role, hash, must_change, password_at, created_at,"
            " created_by) VALUES(?1, ?2, ifnull(?3, ''), ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
            SQL_VALS(SQL_I(p->org), SQL_S(p->name), SQL_S(p->phone), SQL_S(login),
                     SQL_S(register_person_role_name(p->role)), SQL_S(p->hash), SQL_I(p->must_change),
                     SQL_I(by->now_ns), SQL_I(by->person)),
            err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (add_history(r, id, p->hash, by->now_ns, err) != 0 ||
        register_audit_note(r, by, S("person_add"), S("person"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

#define PERSON_COLUMNS                                                                                       \
    "id, org, name, phone, login, role, hash, must_change, password_at, totp_on, totp_step, totp_secret,"    \
    " totp_offer, lang, disabled_at, created_at, last_sign_in"

static void read_person(struct sql *q, void *row)
{
    struct register_person *p = row;
    *p = (struct register_person){.id = sql_i64(q)};
    p->org = sql_i64(q);
    p->name = sql_str(q);
    p->phone = sql_str(q);
    p->login = sql_str(q);
    /* The table allows no other word than those of the enum. */
    (void)register_person_role_find(sql_str(q), &p->role);
    p->hash = sql_str(q);
    p->must_change = sql_bool(q);
    p->password_ns = sql_i64(q);
    p->totp_on = sql_bool(q);
    p->totp_step = sql_i64(q);
    (void)sql_blob(q, p->totp_secret, sizeof(p->totp_secret));
    p->has_totp_offer = sql_blob(q, p->totp_offer, sizeof(p->totp_offer)) == sizeof(p->totp_offer);
    p->lang = sql_str(q);
    p->disabled_ns = sql_i64(q);
    p->created_ns = sql_i64(q);
    p->last_sign_in_ns = sql_i64(q);
}

static int read_one(struct sql *q, struct register_person *ret, bool *ret_found, struct err *err)
{
    bool row;
    struct register_person p;
    if (sql_step(q, &row, err) != 0)
        return -1;
    if (row) {
        read_person(q, &p);
        if (sql_check(q, err) != 0)
            return -1;
        *ret = p;
    }
    *ret_found = row;
    return 0;
}

int register_person_find(struct reg *r, struct arena *a, int64_t id, struct register_person *ret,
                         bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    if (sql_open(r, &q, a, "SELECT " PERSON_COLUMNS " FROM person WHERE id = ?1", SQL_VALS(SQL_I(id)), err) !=
        0)
        return -1;
    return read_one(&q, ret, ret_found, err);
}

int register_person_find_login(struct reg *r, struct arena *a, struct str login, struct register_person *ret,
                               bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    if (sql_open(r, &q, a, "SELECT " PERSON_COLUMNS " FROM person WHERE login = ?1", SQL_VALS(SQL_S(login)),
                 err) != 0)
        return -1;
    return read_one(&q, ret, ret_found, err);
}

int register_person_list(struct reg *r, struct arena *a, int64_t org, struct register_page page,
                         struct register_person_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_person_list list = {.items = ARENA_NEW(a, struct register_person, limit)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "list of people");
    if (sql_open(r, &q, a,
                 "SELECT " PERSON_COLUMNS " FROM person WHERE org = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                 SQL_VALS(SQL_I(org), SQL_I(sql_cursor(page)), SQL_I(limit)), err) != 0)
        return -1;
    if (sql_page(&q, list.items, sizeof(*list.items), limit, read_person, &list.n, &list.next, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_person_count(struct reg *r, int64_t org, int64_t *ret, struct err *err)
{
    return sql_number(r, "SELECT count(*) FROM person WHERE org = ?1 AND disabled_at = 0",
                      SQL_VALS(SQL_I(org)), ret, err);
}

int register_person_hashes(struct reg *r, struct arena *a, int64_t id,
                           struct str ret[REGISTER_PASSWORD_HISTORY], size_t *ret_n, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    size_t n = 0;
    if (sql_open(r, &q, a, "SELECT hash FROM password_history WHERE person = ?1 ORDER BY id DESC LIMIT ?2",
                 SQL_VALS(SQL_I(id), SQL_I(REGISTER_PASSWORD_HISTORY)), err) != 0)
        return -1;
    for (bool row = true; row && n < REGISTER_PASSWORD_HISTORY;) {
        if (sql_step(&q, &row, err) != 0)
            return -1;
        if (row)
            ret[n++] = sql_str(&q);
    }
    *ret_n = n;
    return sql_check(&q, err);
}

/* Exactly one person was touched by the last statement. */
static int one_person(struct reg *r, int64_t id, struct err *err)
{
    return sql_changes(r) == 1 ? 0 : err_set(err, ERR_NOT_FOUND, "no person %lld", (long long)id);
}

int register_person_set_password(struct reg *r, const struct register_by *by, int64_t id, struct str hash,
                                 bool must_change, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE person SET hash = ?2, must_change = ?3, password_at = ?4, version = version + 1"
                " WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_S(hash), SQL_I(must_change), SQL_I(by->now_ns)), err) != 0 ||
        one_person(r, id, err) != 0 || add_history(r, id, hash, by->now_ns, err) != 0 ||
        register_audit_note(r, by, must_change ? S("password_reset") : S("password_change"), S("person"), id,
                            err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int64_t register_person_password_due(int64_t password_ns)
{
    struct civil c = when_from_ns(password_ns, WHEN_VN_OFFSET_S);
    int64_t due;
    c.month += REGISTER_PASSWORD_MONTHS;
    if (c.month > 12) {
        c.month -= 12;
        c.year++;
    }
    int last = when_month_days(c.year, c.month);
    c.day = c.day > last ? last : c.day;
    return when_to_ns(&c, &due) ? due : INT64_MAX;
}

int register_person_offer_totp(struct reg *r, const struct register_by *by, int64_t id,
                               const uint8_t secret[REGISTER_TOTP_SECRET_BYTES], const struct digest *codes,
                               size_t n_codes, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct str bytes = {(const char *)secret, REGISTER_TOTP_SECRET_BYTES};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r, "UPDATE person SET totp_offer = ?2, version = version + 1 WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_B(bytes)), err) != 0 ||
        one_person(r, id, err) != 0 ||
        sql_run(r, "DELETE FROM recovery_code WHERE person = ?1 AND offered = 1", SQL_VALS(SQL_I(id)), err) !=
            0)
        return -1;
    for (size_t i = 0; i < n_codes; i++) {
        struct str code = {(const char *)codes[i].b, DIGEST_BYTES};
        if (sql_run(r, "INSERT INTO recovery_code(person, hash, offered) VALUES(?1, ?2, 1)",
                    SQL_VALS(SQL_I(id), SQL_B(code)), err) != 0)
            return -1;
    }
    if (register_audit_note(r, by, S("totp_offer"), S("person"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_person_confirm_totp(struct reg *r, const struct register_by *by, int64_t id, int64_t step,
                                 struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE person SET totp_secret = totp_offer, totp_offer = NULL, totp_on = 1, totp_step = ?2,"
                " version = version + 1 WHERE id = ?1 AND totp_offer IS NOT NULL",
                SQL_VALS(SQL_I(id), SQL_I(step)), err) != 0 ||
        one_person(r, id, err) != 0 ||
        sql_run(r, "DELETE FROM recovery_code WHERE person = ?1 AND offered = 0", SQL_VALS(SQL_I(id)), err) !=
            0 ||
        sql_run(r, "UPDATE recovery_code SET offered = 0 WHERE person = ?1", SQL_VALS(SQL_I(id)), err) != 0 ||
        register_audit_note(r, by, S("totp_on"), S("person"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_person_clear_totp(struct reg *r, int64_t id, struct err *err)
{
    if (sql_run(r, "DELETE FROM recovery_code WHERE person = ?1", SQL_VALS(SQL_I(id)), err) != 0)
        return -1;
    return sql_run(
        r,
        "UPDATE person SET totp_secret = NULL, totp_offer = NULL, totp_on = 0, totp_step = 0 WHERE id = ?1",
        SQL_VALS(SQL_I(id)), err);
}

int register_person_use_totp(struct reg *r, int64_t id, int64_t step, bool *ret_fresh, struct err *err)
{
    if (sql_run(r, "UPDATE person SET totp_step = ?2 WHERE id = ?1 AND totp_step < ?2",
                SQL_VALS(SQL_I(id), SQL_I(step)), err) != 0)
        return -1;
    *ret_fresh = sql_changes(r) == 1;
    return 0;
}

int register_person_use_recovery(struct reg *r, const struct register_by *by, int64_t id,
                                 const struct digest *code, bool *ret_ok, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct str hash = {(const char *)code->b, DIGEST_BYTES};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE recovery_code SET used_at = ?3 WHERE person = ?1 AND hash = ?2 AND used_at = 0 AND "
                "offered = 0",
                SQL_VALS(SQL_I(id), SQL_B(hash), SQL_I(by->now_ns)), err) != 0)
        return -1;
    bool ok = sql_changes(r) == 1;
    if (ok && register_audit_note(r, by, S("recovery_code_used"), S("person"), id, err) != 0)
        return -1;
    if (register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_ok = ok;
    return 0;
}

int register_person_disable(struct reg *r, const struct register_by *by, int64_t id, bool disable,
                            struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r, "UPDATE person SET disabled_at = ?2, version = version + 1 WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_I(disable ? by->now_ns : 0)), err) != 0 ||
        one_person(r, id, err) != 0 ||
        (disable && register_session_end_all(r, id, S("disabled"), by->now_ns, err) != 0) ||
        register_audit_note(r, by, disable ? S("person_disable") : S("person_enable"), S("person"), id,
                            err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}
