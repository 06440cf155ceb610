#include "register/register_evidence.h"

#include <stdio.h>

#include "crypt/digest.h"
#include "register/register_audit.h"
#include "register/sql.h"

static int insert_document(struct reg *r, const struct register_by *by,
                           const struct register_evidence_document *d, struct err *err)
{
    char digest[8 + 64] = "sha256:";
    struct digest sum = digest_sha256(d->content);
    digest_hex(&sum, digest + 7);
    struct str none = S("");
    return sql_run(
        r,
        "INSERT INTO evidence(org, duty, subject, kind, title, check_id, result, dated, digest, file_name,"
        " bytes, note, state, created_by, created_at, seen_at, expires_at)"
        " VALUES(?1, ?2, ?3, 'document', ?4, '', '', ?5, ?6, ?7, ?8, ?9, 'waiting', nullif(?10, 0), ?11,"
        " ?11, ?12)",
        SQL_VALS(SQL_I(d->org), SQL_S(d->duty), SQL_S(d->subject.p == NULL ? none : d->subject),
                 SQL_S(d->title), SQL_I(d->dated_ns), SQL_S(str_of(digest)),
                 SQL_S(d->file_name.p == NULL ? none : d->file_name), SQL_I(d->content.n),
                 SQL_S(d->note.p == NULL ? none : d->note), SQL_I(by->person), SQL_I(by->now_ns),
                 SQL_I(d->expires_ns)),
        err);
}

int register_evidence_attach(struct reg *r, const struct register_by *by,
                             const struct register_evidence_document *d, int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (d->duty.n == 0 || d->title.n == 0 || d->content.n == 0)
        return err_set(err, ERR_USAGE, "evidence needs a duty, a title and content");
    if (d->content.n > REGISTER_EVIDENCE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a document may have at most %u bytes", REGISTER_EVIDENCE_BYTES_MAX);
    if (register_tx_begin(r, &tx, err) != 0 || insert_document(r, by, d, err) != 0)
        return -1;
    int64_t id = sql_last_id(r);
    if (sql_run(r, "INSERT INTO evidence_content(evidence, content) VALUES(?1, ?2)",
                SQL_VALS(SQL_I(id), SQL_B(d->content)), err) != 0 ||
        register_audit_note(r, by, S("evidence_attach"), S("evidence"), id, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

/*
 * Newest row of this check for this duty and subject, if it says the same and did not expire meanwhile: a gap
 * in the proof begins another row. Else 0.
 */
static int same_result(struct reg *r, const struct register_evidence_check *c, struct str subject,
                       int64_t now_ns, int64_t *ret_id, struct err *err)
{
    return sql_number(
        r,
        "SELECT CASE WHEN result = ?4 AND (expires_at = 0 OR expires_at >= ?5) THEN id ELSE 0 END"
        " FROM evidence WHERE kind = 'auto' AND check_id = ?1 AND subject = ?2 AND duty = ?3"
        " ORDER BY id DESC LIMIT 1",
        SQL_VALS(SQL_S(c->check_id), SQL_S(subject), SQL_S(c->duty), SQL_S(c->result), SQL_I(now_ns)), ret_id,
        err);
}

static int insert_check(struct reg *r, const struct register_by *by, const struct register_evidence_check *c,
                        struct str subject, int64_t *ret_id, struct err *err)
{
    struct str none = S("");
    if (sql_run(r,
                "INSERT INTO evidence(org, duty, subject, kind, title, check_id, result, dated, digest, "
                "file_name,"
                " bytes, note, state, created_at, seen_at, expires_at)"
                " VALUES(?1, ?2, ?3, 'auto', ?4, ?5, ?6, ?7, ?8, '', 0, ?9, 'approved', ?7, ?7, ?10)",
                SQL_VALS(SQL_I(c->org), SQL_S(c->duty), SQL_S(subject), SQL_S(c->title), SQL_S(c->check_id),
                         SQL_S(c->result), SQL_I(by->now_ns), SQL_S(c->digest.p == NULL ? none : c->digest),
                         SQL_S(c->note.p == NULL ? none : c->note), SQL_I(c->expires_ns)),
                err) != 0)
        return -1;
    *ret_id = sql_last_id(r);
    return register_audit_note(r, by, S("evidence_check"), S("evidence"), *ret_id, err);
}

int register_evidence_note_check(struct reg *r, const struct register_by *by,
                                 const struct register_evidence_check *c, int64_t *ret_id, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct str subject = c->subject.p == NULL ? S("") : c->subject;
    int64_t id = 0;
    assert(c->duty.n > 0 && c->check_id.n > 0 && c->result.n > 0);
    if (register_tx_begin(r, &tx, err) != 0 || same_result(r, c, subject, by->now_ns, &id, err) != 0)
        return -1;
    if (id == 0 && insert_check(r, by, c, subject, &id, err) != 0)
        return -1;
    if (sql_run(
            r,
            "UPDATE evidence SET seen_at = ?2, expires_at = ?3, note = ifnull(?4, ''), digest = ifnull(?5, "
            "'')"
            " WHERE id = ?1",
            SQL_VALS(SQL_I(id), SQL_I(by->now_ns), SQL_I(c->expires_ns), SQL_S(c->note), SQL_S(c->digest)),
            err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    return 0;
}

/* ?1 is the present time: evidence ages by itself, nobody has to mark it. */
#define STATE_NOW                                                                                            \
    "CASE WHEN e.state = 'approved' AND e.expires_at <> 0 AND e.expires_at <= ?1 THEN 'expired' ELSE "       \
    "e.state END"
#define EVIDENCE_SELECT                                                                                      \
    "SELECT e.id, e.org, e.duty, e.subject, e.kind, e.title, e.check_id, e.result, e.dated, e.digest,"       \
    " e.file_name, e.bytes, e.note, " STATE_NOW                                                              \
    ", ifnull(e.created_by, 0), p.name, e.created_at, e.seen_at, d.name,"                                    \
    " e.decided_at, e.expires_at FROM evidence e LEFT JOIN person p ON p.id = e.created_by"                  \
    " LEFT JOIN person d ON d.id = e.decided_by "

static void read_evidence(struct sql *q, void *row)
{
    struct register_evidence *e = row;
    *e = (struct register_evidence){.id = sql_i64(q)};
    e->org = sql_i64(q);
    e->duty = sql_str(q);
    e->subject = sql_str(q);
    e->kind = sql_str(q);
    e->title = sql_str(q);
    e->check_id = sql_str(q);
    e->result = sql_str(q);
    e->dated_ns = sql_i64(q);
    e->digest = sql_str(q);
    e->file_name = sql_str(q);
    e->bytes = sql_i64(q);
    e->note = sql_str(q);
    e->state = sql_str(q);
    e->by_id = sql_i64(q);
    e->by = sql_str(q);
    e->at_ns = sql_i64(q);
    e->seen_ns = sql_i64(q);
    e->approved_by = sql_str(q);
    e->approved_ns = sql_i64(q);
    e->expires_ns = sql_i64(q);
}

int register_evidence_find(struct reg *r, struct arena *a, int64_t id, int64_t now_ns,
                           struct register_evidence *ret, bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_evidence e;
    bool row;
    if (sql_open(r, &q, a, EVIDENCE_SELECT "WHERE e.id = ?2", SQL_VALS(SQL_I(now_ns), SQL_I(id)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        read_evidence(&q, &e);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = e;
    }
    *ret_found = row;
    return 0;
}

int register_evidence_list(struct reg *r, struct arena *a, struct str duty, struct str state, int64_t now_ns,
                           struct register_page page, struct register_evidence_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_evidence_list list = {.items = ARENA_NEW(a, struct register_evidence, limit)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "list of evidence");
    if (sql_open(r, &q, a,
                 EVIDENCE_SELECT
                 "WHERE e.id < ?2 AND (?3 IS NULL OR e.duty = ?3) AND (?4 IS NULL OR ?4 = " STATE_NOW
                 ") ORDER BY e.id DESC LIMIT ?5",
                 SQL_VALS(SQL_I(now_ns), SQL_I(sql_cursor(page)), SQL_S(duty), SQL_S(state), SQL_I(limit)),
                 err) != 0)
        return -1;
    if (sql_page(&q, list.items, sizeof(*list.items), limit, read_evidence, &list.n, &list.next, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_evidence_content(struct reg *r, struct arena *a, int64_t id, struct str *ret, bool *ret_found,
                              struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, a, "SELECT content FROM evidence_content WHERE evidence = ?1", SQL_VALS(SQL_I(id)),
                 err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        struct str content = sql_str(&q);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = content;
    }
    *ret_found = row;
    return 0;
}

/* Why a decision is refused; 0 where it is allowed. */
static int may_decide(struct reg *r, const struct register_by *by, int64_t id, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    bool row;
    if (sql_open(r, &q, NULL, "SELECT ifnull(created_by, 0), state = 'waiting' FROM evidence WHERE id = ?1",
                 SQL_VALS(SQL_I(id)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no evidence %lld", (long long)id);
    if (sql_i64(&q) == by->person)
        return err_set(err, ERR_DENIED, "who attached the evidence does not decide about it");
    if (!sql_bool(&q))
        return err_set(err, ERR_CONFLICT, "evidence %lld does not wait for a decision", (long long)id);
    return 0;
}

int register_evidence_decide(struct reg *r, const struct register_by *by, int64_t id, bool approve,
                             int64_t expires_ns, struct str note, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    assert(by->person != 0);
    if (register_tx_begin(r, &tx, err) != 0 || may_decide(r, by, id, err) != 0 ||
        sql_run(r,
                "UPDATE evidence SET state = ?2, decided_by = ?3, decided_at = ?4, expires_at = ?5,"
                " note = CASE WHEN ?6 IS NULL OR ?6 = '' THEN note WHEN note = '' THEN ?6 ELSE note || "
                "char(10) || ?6 END"
                " WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_S(approve ? S("approved") : S("rejected")), SQL_I(by->person),
                         SQL_I(by->now_ns), SQL_I(expires_ns), SQL_S(note)),
                err) != 0 ||
        register_audit_note(r, by, approve ? S("evidence_approve") : S("evidence_reject"), S("evidence"), id,
                            err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}
