#include "register/register_session.h"

#include "register/register_audit.h"
#include "register/sql.h"

#define TOUCH_EVERY_NS (INT64_C(5) * NS_PER_S)
#define SESSION_KEEP_NS                                                                                      \
    (INT64_C(7) * 86400 * NS_PER_S) /* how long an old token still learns why it ended                       \
                                     */
#define SIGN_IN_KEEP_NS (INT64_C(30) * 86400 * NS_PER_S)
#define SIGN_IN_ROWS_MAX 20000

static struct str digest_view(const struct digest *d)
{
    return (struct str){(const char *)d->b, DIGEST_BYTES};
}

static const struct {
    const char *reason;
    enum register_session_state state;
} end_reasons[] = {
    {"replaced", SESSION_REPLACED},
    {"idle", SESSION_IDLE},
};

static enum register_session_state state_of_reason(struct str reason)
{
    for (size_t i = 0; i < COUNT_OF(end_reasons); i++) {
        if (str_eq(reason, str_of(end_reasons[i].reason)))
            return end_reasons[i].state;
    }
    return SESSION_ENDED;
}

int register_session_end_all(struct reg *r, int64_t person, struct str reason, int64_t now_ns,
                             struct err *err)
{
    return sql_run(r, "UPDATE session SET ended_at = ?2, end_reason = ?3 WHERE person = ?1 AND ended_at = 0",
                   SQL_VALS(SQL_I(person), SQL_I(now_ns), SQL_S(reason)), err);
}

int register_session_new(struct reg *r, const struct register_by *by, const struct digest *token,
                         int64_t *ret_id, int64_t *ret_old, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    int64_t old = 0;
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_number(r, "SELECT id FROM session WHERE person = ?1 AND ended_at = 0",
                   SQL_VALS(SQL_I(by->person)), &old, err) != 0 ||
        register_session_end_all(r, by->person, S("replaced"), by->now_ns, err) != 0 ||
        sql_run(r, "DELETE FROM session WHERE ended_at <> 0 AND ended_at < ?1",
                SQL_VALS(SQL_I(by->now_ns - SESSION_KEEP_NS)), err) != 0 ||
        sql_run(r,
                "INSERT INTO session(token_hash, person, peer, created_at, seen_at)"
                " VALUES(?1, ?2, ifnull(?3, ''), ?4, ?4)",
                SQL_VALS(SQL_B(digest_view(token)), SQL_I(by->person), SQL_S(by->peer), SQL_I(by->now_ns)),
                err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (sql_run(r, "UPDATE person SET last_sign_in = ?2 WHERE id = ?1",
                SQL_VALS(SQL_I(by->person), SQL_I(by->now_ns)), err) != 0)
        return -1;
    if (register_audit_note(r, by, S("sign_in"), S("session"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    *ret_old = old;
    return 0;
}

/* When the disk is full a session must not end while it is used: its use is then noted in memory. */
static void note_seen(struct reg *r, int64_t session, int64_t now_ns)
{
    size_t i = 0;
    while (i < REGISTER_SEEN_MAX && r->seen[i].session != session)
        i++;
    if (i == REGISTER_SEEN_MAX)
        i = r->seen_next++ % REGISTER_SEEN_MAX;
    r->seen[i] = (struct register_seen){.session = session, .seen_ns = now_ns};
}

static int64_t noted_seen(const struct reg *r, int64_t session)
{
    for (size_t i = 0; i < REGISTER_SEEN_MAX; i++) {
        if (r->seen[i].session == session)
            return r->seen[i].seen_ns;
    }
    return 0;
}

/* Note that a live session was used, or that it ended by itself. */
static int touch_session(struct reg *r, const struct register_session *s, enum register_session_state state,
                         bool touch, int64_t now_ns, struct err *err)
{
    if (state == SESSION_IDLE)
        return sql_run(r,
                       "UPDATE session SET ended_at = ?2, end_reason = 'idle' WHERE id = ?1 AND ended_at = 0",
                       SQL_VALS(SQL_I(s->id), SQL_I(now_ns)), err);
    if (state == SESSION_LIVE && touch && now_ns - s->seen_ns >= TOUCH_EVERY_NS)
        return sql_run(r, "UPDATE session SET seen_at = ?2 WHERE id = ?1",
                       SQL_VALS(SQL_I(s->id), SQL_I(now_ns)), err);
    return 0;
}

static int find_session(struct reg *r, const struct digest *token, struct register_session *s,
                        enum register_session_state *state, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    CLEANUP(arena_done) struct arena a = {0};
    bool row;
    arena_init(&a, 4096);
    if (sql_open(
            r, &q, &a,
            "SELECT id, person, created_at, seen_at, ended_at, end_reason FROM session WHERE token_hash = ?1",
            SQL_VALS(SQL_B(digest_view(token))), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    *state = SESSION_NONE;
    if (!row)
        return 0;
    s->id = sql_i64(&q);
    s->person = sql_i64(&q);
    s->created_ns = sql_i64(&q);
    s->seen_ns = sql_i64(&q);
    bool ended = sql_i64(&q) != 0;
    *state = ended ? state_of_reason(sql_str(&q)) : SESSION_LIVE;
    return sql_check(&q, err);
}

int register_session_check(struct reg *r, const struct digest *token, int64_t now_ns, int64_t idle_ns,
                           bool touch, enum register_session_state *ret_state, struct register_session *ret,
                           struct err *err)
{
    struct register_session s = {0};
    enum register_session_state state;
    if (find_session(r, token, &s, &state, err) != 0)
        return -1;
    int64_t noted_ns = noted_seen(r, s.id);
    s.seen_ns = noted_ns > s.seen_ns ? noted_ns : s.seen_ns;
    if (state == SESSION_LIVE && now_ns - s.seen_ns > idle_ns)
        state = SESSION_IDLE;
    struct err why = {0};
    if (touch_session(r, &s, state, touch, now_ns, &why) != 0) {
        if (why.code != ERR_FULL)
            return err_set(err, why.code, "%s", why.msg);
        if (state == SESSION_LIVE)
            note_seen(r, s.id, now_ns);
    }
    *ret_state = state;
    *ret = s;
    return 0;
}

int register_session_end(struct reg *r, const struct register_by *by, int64_t id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE session SET ended_at = ?2, end_reason = 'signed_out' WHERE id = ?1 AND ended_at = 0",
                SQL_VALS(SQL_I(id), SQL_I(by->now_ns)), err) != 0 ||
        register_audit_note(r, by, S("sign_out"), S("session"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_session_alive(struct reg *r, int64_t id, int64_t now_ns, int64_t idle_ns, bool *ret,
                           struct err *err)
{
    int64_t n = 0, noted = noted_seen(r, id) >= now_ns - idle_ns;
    if (sql_number(r, "SELECT count(*) FROM session WHERE id = ?1 AND ended_at = 0 AND (seen_at >= ?2 OR ?3)",
                   SQL_VALS(SQL_I(id), SQL_I(now_ns - idle_ns), SQL_I(noted)), &n, err) != 0)
        return -1;
    *ret = n == 1;
    return 0;
}

int64_t register_session_lock_ns(int64_t n)
{
    int64_t span = REGISTER_LOCK_BASE_NS;
    for (int64_t i = 1; i < n && span < REGISTER_LOCK_MAX_NS; i++)
        span *= 2;
    return span > REGISTER_LOCK_MAX_NS ? REGISTER_LOCK_MAX_NS : span;
}

int register_session_sign_in(struct reg *r, const struct digest *login, struct register_sign_in *ret,
                             struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, "SELECT failed, locks, locked_until FROM sign_in WHERE login_hash = ?1",
                 SQL_VALS(SQL_B(digest_view(login))), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    *ret = (struct register_sign_in){0};
    if (row) {
        ret->failed = sql_i64(&q);
        ret->locks = sql_i64(&q);
        ret->locked_until_ns = sql_i64(&q);
    }
    return 0;
}

static int put_sign_in(struct reg *r, const struct digest *login, const struct register_sign_in *s,
                       int64_t now_ns, struct err *err)
{
    return sql_run(
        r,
        "INSERT INTO sign_in(login_hash, failed, locks, locked_until, last_at)"
        " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(login_hash) DO UPDATE SET failed = ?2, locks = ?3,"
        " locked_until = ?4, last_at = max(last_at, ?5)",
        SQL_VALS(SQL_B(digest_view(login)), SQL_I(s->failed), SQL_I(s->locks), SQL_I(s->locked_until_ns),
                 SQL_I(now_ns)),
        err);
}

/* Made-up logins must not fill the file: drop what is old, and above the maximum the oldest. */
static int prune_sign_ins(struct reg *r, int64_t now_ns, struct err *err)
{
    int64_t n = 0;
    if (sql_run(r, "DELETE FROM sign_in WHERE last_at < ?1", SQL_VALS(SQL_I(now_ns - SIGN_IN_KEEP_NS)),
                err) != 0 ||
        sql_number(r, "SELECT count(*) FROM sign_in", NULL, 0, &n, err) != 0)
        return -1;
    if (n <= SIGN_IN_ROWS_MAX)
        return 0;
    return sql_run(r,
                   "DELETE FROM sign_in WHERE login_hash IN (SELECT login_hash FROM sign_in"
                   " WHERE locked_until < ?1 ORDER BY last_at LIMIT ?2)",
                   SQL_VALS(SQL_I(now_ns), SQL_I(n - SIGN_IN_ROWS_MAX)), err);
}

int register_session_charge(struct reg *r, const struct digest *login, int64_t now_ns, int64_t lock_after,
                            struct register_sign_in *ret, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct register_sign_in s;
    assert(lock_after >= 1);
    if (register_tx_begin(r, &tx, err) != 0 || register_session_sign_in(r, login, &s, err) != 0)
        return -1;
    s.failed++;
    if (s.failed >= lock_after) {
        s.locks++;
        s.failed = 0;
        s.locked_until_ns = now_ns + register_session_lock_ns(s.locks);
    }
    if (put_sign_in(r, login, &s, now_ns, err) != 0 || prune_sign_ins(r, now_ns, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret = s;
    return 0;
}

int register_session_refund(struct reg *r, const struct digest *login, const struct register_sign_in *before,
                            const struct register_sign_in *charged, struct err *err)
{
    struct str hash = digest_view(login);
    /* Only this one try is taken back: others may have been counted meanwhile. */
    if (before->locks == charged->locks)
        return sql_run(r,
                       "UPDATE sign_in SET failed = max(failed - 1, 0) WHERE login_hash = ?1 AND locks = ?2",
                       SQL_VALS(SQL_B(hash), SQL_I(before->locks)), err);
    return sql_run(r,
                   "UPDATE sign_in SET failed = ?2, locks = ?3, locked_until = ?4"
                   " WHERE login_hash = ?1 AND locks = ?5",
                   SQL_VALS(SQL_B(hash), SQL_I(before->failed), SQL_I(before->locks),
                            SQL_I(before->locked_until_ns), SQL_I(charged->locks)),
                   err);
}

int register_session_forgive(struct reg *r, const struct digest *login, struct err *err)
{
    return sql_run(r, "DELETE FROM sign_in WHERE login_hash = ?1", SQL_VALS(SQL_B(digest_view(login))), err);
}
