#include "register/register_duty.h"

#include "register/register_audit.h"
#include "register/sql.h"

int register_duty_except(struct reg *r, const struct register_by *by, const struct register_exception *x,
                         int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (x->duty.n == 0 || str_trim(x->reason).n == 0)
        return err_set(err, ERR_USAGE, "an exception needs a duty and a reason");
    if (x->until_ns <= by->now_ns)
        return err_set(err, ERR_USAGE, "an exception must end in the future");
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "INSERT INTO exception(org, duty, subject, reason, until, state, created_by, created_at)"
                " VALUES(?1, ?2, ifnull(?3, ''), ?4, ?5, 'waiting', ?6, ?7)",
                SQL_VALS(SQL_I(x->org), SQL_S(x->duty), SQL_S(x->subject), SQL_S(x->reason),
                         SQL_I(x->until_ns), SQL_I(by->person), SQL_I(by->now_ns)),
                err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (register_audit_note(r, by, S("exception_request"), S("exception"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

static int may_decide(struct reg *r, const struct register_by *by, int64_t id, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, "SELECT created_by, state = 'waiting' FROM exception WHERE id = ?1",
                 SQL_VALS(SQL_I(id)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no exception %lld", (long long)id);
    if (sql_i64(&q) == by->person)
        return err_set(err, ERR_DENIED, "who asked for the exception does not decide about it");
    if (!sql_bool(&q))
        return err_set(err, ERR_CONFLICT, "exception %lld does not wait for a decision", (long long)id);
    return 0;
}

int register_duty_decide(struct reg *r, const struct register_by *by, int64_t id, bool approve,
                         struct str note, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    assert(by->person != 0);
    if (register_tx_begin(r, &tx, err) != 0 || may_decide(r, by, id, err) != 0 ||
        sql_run(r,
                "UPDATE exception SET state = ?2, decided_by = ?3, decided_at = ?4, note = ifnull(?5, '')"
                " WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_S(approve ? S("approved") : S("rejected")), SQL_I(by->person),
                         SQL_I(by->now_ns), SQL_S(note)),
                err) != 0 ||
        register_audit_note(r, by, approve ? S("exception_approve") : S("exception_reject"), S("exception"),
                            id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

#define STATE_NOW "CASE WHEN x.state = 'approved' AND x.until <= ?1 THEN 'expired' ELSE x.state END"
#define EXCEPTION_SELECT                                                                                     \
    "SELECT x.id, x.org, x.duty, x.subject, x.reason, x.until, " STATE_NOW ", x.created_by, p.name,"         \
    " x.created_at, d.name, x.decided_at, x.note FROM exception x JOIN person p ON p.id = x.created_by"      \
    " LEFT JOIN person d ON d.id = x.decided_by "

static void read_exception(struct sql *q, void *row)
{
    struct register_exception *x = row;
    *x = (struct register_exception){.id = sql_i64(q)};
    x->org = sql_i64(q);
    x->duty = sql_str(q);
    x->subject = sql_str(q);
    x->reason = sql_str(q);
    x->until_ns = sql_i64(q);
    x->state = sql_str(q);
    x->by_id = sql_i64(q);
    x->by = sql_str(q);
    x->at_ns = sql_i64(q);
    x->approved_by = sql_str(q);
    x->approved_ns = sql_i64(q);
    x->note = sql_str(q);
}

int register_duty_exception(struct reg *r, struct arena *a, int64_t id, int64_t now_ns,
                            struct register_exception *ret, bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_exception x;
    bool row;
    if (sql_open(r, &q, a, EXCEPTION_SELECT "WHERE x.id = ?2", SQL_VALS(SQL_I(now_ns), SQL_I(id)), err) !=
            0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        read_exception(&q, &x);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = x;
    }
    *ret_found = row;
    return 0;
}

int register_duty_exceptions(struct reg *r, struct arena *a, struct str duty, struct str state,
                             int64_t now_ns, struct register_page page, struct register_exception_list *ret,
                             struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_exception_list list = {.items = ARENA_NEW(a, struct register_exception, limit)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "list of exceptions");
    if (sql_open(r, &q, a,
                 EXCEPTION_SELECT
                 "WHERE x.id < ?2 AND (?3 IS NULL OR x.duty = ?3) AND (?4 IS NULL OR ?4 = " STATE_NOW
                 ") ORDER BY x.id DESC LIMIT ?5",
                 SQL_VALS(SQL_I(now_ns), SQL_I(sql_cursor(page)), SQL_S(duty), SQL_S(state), SQL_I(limit)),
                 err) != 0)
        return -1;
    if (sql_page(&q, list.items, sizeof(*list.items), limit, read_exception, &list.n, &list.next, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_duty_note(struct reg *r, struct str duty, const struct register_duty_status *s,
                       bool *ret_changed, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct str subject = s->subject.p == NULL ? S("") : s->subject;
    struct str catalogue = s->catalogue.p == NULL ? S("") : s->catalogue;
    int64_t same = 0;
    if (sql_number(r,
                   "SELECT status = ?3 AND json_extract(reason, '$.code') IS json_extract(?4, '$.code')"
                   " FROM duty_history WHERE duty = ?1 AND subject = ?2"
                   " ORDER BY id DESC LIMIT 1",
                   SQL_VALS(SQL_S(duty), SQL_S(subject), SQL_S(s->status), SQL_S(s->reason)), &same,
                   err) != 0)
        return -1;
    if (same != 0) {
        *ret_changed = false;
        return 0;
    }
    struct register_by by = {.now_ns = s->at_ns, .who = S("duty")};
    struct register_audit row = {.action = S("duty_status"),
                                 .object_kind = S("duty"),
                                 .object_id = duty,
                                 .outcome = S("success"),
                                 .detail = s->brief.p == NULL ? s->reason : s->brief};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "INSERT INTO duty_history(duty, subject, at, status, reason, catalogue)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                SQL_VALS(SQL_S(duty), SQL_S(subject), SQL_I(s->at_ns), SQL_S(s->status), SQL_S(s->reason),
                         SQL_S(catalogue)),
                err) != 0 ||
        register_audit_add(r, &by, &row, err) != 0 || register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_changed = true;
    return 0;
}

static void read_status(struct sql *q, void *row)
{
    struct register_duty_status *s = row;
    *s = (struct register_duty_status){.id = sql_i64(q)};
    s->at_ns = sql_i64(q);
    s->subject = sql_str(q);
    s->status = sql_str(q);
    s->reason = sql_str(q);
    s->catalogue = sql_str(q);
}

int register_duty_history(struct reg *r, struct arena *a, struct str duty, struct register_page page,
                          struct register_duty_history *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_duty_history list = {.items = ARENA_NEW(a, struct register_duty_status, limit)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "history of a duty");
    if (sql_open(
            r, &q, a,
            "SELECT id, at, subject, status, reason, catalogue FROM duty_history WHERE duty = ?1 AND id < ?2"
            " ORDER BY id DESC LIMIT ?3",
            SQL_VALS(SQL_S(duty), SQL_I(sql_cursor(page)), SQL_I(limit)), err) != 0)
        return -1;
    if (sql_page(&q, list.items, sizeof(*list.items), limit, read_status, &list.n, &list.next, err) != 0)
        return -1;
    *ret = list;
    return 0;
}
