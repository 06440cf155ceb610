#include "register/register_count.h"

#include "register/sql.h"

int register_count_all(struct reg *r, int64_t old_before_ns, int64_t late_before_ns,
                       struct register_counts *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(
            r, &q, NULL,
            "SELECT (SELECT count(*) FROM person WHERE disabled_at = 0),"
            " (SELECT count(*) FROM person WHERE disabled_at = 0 AND password_at < ?1),"
            " (SELECT coalesce(min(password_at), 0) FROM person WHERE disabled_at = 0),"
            " (SELECT count(*) FROM person WHERE disabled_at = 0 AND created_by <> 0),"
            " (SELECT count(*) FROM person p WHERE disabled_at = 0 AND created_by <> 0 AND must_change = 0"
            " AND (SELECT count(*) FROM password_history h WHERE h.person = p.id) <= 1),"
            " (SELECT coalesce(max(c), 0) FROM (SELECT count(*) AS c FROM session WHERE ended_at = 0 GROUP "
            "BY person)),"
            " (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'),"
            " (SELECT count(*) FROM audit WHERE handed = 0 AND at < ?2),"
            " (SELECT count(*) FROM audit WHERE action IN ('search', 'export', 'evidence_read')),"
            " (SELECT coalesce(max(dated), 0) FROM evidence WHERE duty = 'D14.0.3' AND kind = 'document'"
            " AND state = 'approved')",
            SQL_VALS(SQL_I(old_before_ns), SQL_I(late_before_ns)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    assert(row);
    struct register_counts c = {0};
    c.accounts = sql_i64(&q);
    c.accounts_old = sql_i64(&q);
    c.oldest_set_ns = sql_i64(&q);
    c.initial_given = sql_i64(&q);
    c.initial_used = sql_i64(&q);
    c.sessions_most = sql_i64(&q);
    c.audit_rows = sql_i64(&q);
    c.audit_handed = c.audit_rows - sql_i64(&q);
    c.audit_access = sql_i64(&q);
    c.reviewed_ns = sql_i64(&q);
    *ret = c;
    return 0;
}
