#include "register/register_finding.h"

#include "register/register_audit.h"
#include "register/sql.h"

static const char *const severity_names[SEVERITY_COUNT] = {[SEVERITY_NONE] = "none",
#define X(id, word) [id] = word,
                                                           REGISTER_SEVERITY_TABLE(X)
#undef X
};

struct str register_finding_severity_name(enum register_severity s)
{
    assert(s < SEVERITY_COUNT);
    return str_of(severity_names[s]);
}

bool register_finding_severity_find(struct str word, enum register_severity *ret)
{
    for (size_t i = SEVERITY_LOW; i < SEVERITY_COUNT; i++) {
        if (str_eq(word, str_of(severity_names[i]))) {
            *ret = (enum register_severity)i;
            return true;
        }
    }
    return false;
}

static int add_step(struct reg *r, const struct register_by *by, int64_t id, struct str what, struct str note,
                    struct err *err)
{
    return sql_run(
        r, "INSERT INTO finding_history(finding, at, who, what, note) VALUES(?1, ?2, ?3, ?4, ifnull(?5, ''))",
        SQL_VALS(SQL_I(id), SQL_I(by->now_ns), SQL_S(by->who), SQL_S(what), SQL_S(note)), err);
}

static int add_events(struct reg *r, int64_t id, const uint64_t *events, size_t n, struct err *err)
{
    int64_t have = 0;
    if (sql_number(r, "SELECT count(*) FROM finding_event WHERE finding = ?1", SQL_VALS(SQL_I(id)), &have,
                   err) != 0)
        return -1;
    for (size_t i = 0; i < n && have < (int64_t)REGISTER_FINDING_EVENTS_MAX; i++, have++) {
        if (sql_run(r, "INSERT OR IGNORE INTO finding_event(finding, event) VALUES(?1, ?2)",
                    SQL_VALS(SQL_I(id), SQL_I(events[i])), err) != 0)
            return -1;
    }
    return 0;
}

static int insert_finding(struct reg *r, const struct register_by *by, const struct register_finding_new *f,
                          int64_t *ret_id, struct err *err)
{
    struct str explain = f->explain.n == 0 ? S("{}") : f->explain;
    struct str due_kind = f->due_kind.p == NULL ? S("elapsed") : f->due_kind;
    if (sql_run(
            r,
            "INSERT INTO finding(org, rule, kind, title_vi, title_en, severity, state, clauses, group_key,"
            " first_at, last_at, count, due_at, due_kind, explain, found_at)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            SQL_VALS(SQL_I(f->org), SQL_S(f->rule), SQL_S(f->kind), SQL_S(f->title_vi), SQL_S(f->title_en),
                     SQL_I(f->severity), SQL_S(f->clauses), SQL_S(f->group), SQL_I(f->first_ns),
                     SQL_I(f->last_ns), SQL_I(f->count), SQL_I(f->due_ns), SQL_S(due_kind), SQL_S(explain),
                     SQL_I(by->now_ns)),
            err) != 0)
        return -1;
    *ret_id = sql_last_id(r);
    if (add_step(r, by, *ret_id, S("opened"), S(""), err) != 0)
        return -1;
    return register_audit_note(r, by, S("finding_new"), S("finding"), *ret_id, err);
}

int register_finding_put(struct reg *r, const struct register_by *by, const struct register_finding_new *f,
                         int64_t *ret_id, bool *ret_new, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    int64_t id = 0;
    assert(f->severity > SEVERITY_NONE && f->severity < SEVERITY_COUNT && f->count >= 1 && f->window_ns >= 0);
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_number(
            r,
            "SELECT id FROM finding WHERE rule = ?1 AND group_key = ?2 AND state <> 'closed' AND org = ?3"
            " AND last_at >= ?4 ORDER BY last_at DESC LIMIT 1",
            SQL_VALS(SQL_S(f->rule), SQL_S(f->group), SQL_I(f->org), SQL_I(f->first_ns - f->window_ns)), &id,
            err) != 0)
        return -1;
    bool is_new = id == 0;
    if (is_new && insert_finding(r, by, f, &id, err) != 0)
        return -1;
    /* It may only get worse and the deadline only nearer: the first detection started the clock. */
    if (!is_new &&
        sql_run(r,
                "UPDATE finding SET first_at = min(first_at, ?2), last_at = max(last_at, ?3),"
                " count = count + ?4, severity = max(severity, ?5),"
                " due_at = CASE WHEN due_at = 0 THEN ?6 WHEN ?6 = 0 THEN due_at ELSE min(due_at, ?6) END,"
                " version = version + 1 WHERE id = ?1",
                SQL_VALS(SQL_I(id), SQL_I(f->first_ns), SQL_I(f->last_ns), SQL_I(f->count),
                         SQL_I(f->severity), SQL_I(f->due_ns)),
                err) != 0)
        return -1;
    if (add_events(r, id, f->events, f->n_events, err) != 0 || register_tx_commit(&tx, err) != 0)
        return -1;
    *ret_id = id;
    *ret_new = is_new;
    return 0;
}

#define FINDING_SELECT                                                                                       \
    "SELECT f.id, f.org, f.rule, f.kind, f.title_vi, f.title_en, f.severity, f.state, f.clauses, "           \
    "f.group_key,"                                                                                           \
    " f.first_at, f.last_at, f.count, f.due_at, f.due_kind, f.explain, f.found_at, p.name, "                 \
    "f.acknowledged_at,"                                                                                     \
    " f.closed_at FROM finding f LEFT JOIN person p ON p.id = f.acknowledged_by "

static void read_finding(struct sql *q, struct register_finding *f)
{
    *f = (struct register_finding){.id = sql_i64(q)};
    f->org = sql_i64(q);
    f->rule = sql_str(q);
    f->kind = sql_str(q);
    f->title_vi = sql_str(q);
    f->title_en = sql_str(q);
    f->severity = (enum register_severity)sql_i64(q);
    f->state = sql_str(q);
    f->clauses = sql_str(q);
    f->group = sql_str(q);
    f->first_ns = sql_i64(q);
    f->last_ns = sql_i64(q);
    f->count = sql_i64(q);
    f->due_ns = sql_i64(q);
    f->due_kind = sql_str(q);
    f->explain = sql_str(q);
    f->found_ns = sql_i64(q);
    f->acknowledged_by = sql_str(q);
    f->acknowledged_ns = sql_i64(q);
    f->closed_ns = sql_i64(q);
}

int register_finding_find(struct reg *r, struct arena *a, int64_t id, struct register_finding *ret,
                          bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_finding f;
    bool row;
    if (sql_open(r, &q, a, FINDING_SELECT "WHERE f.id = ?1", SQL_VALS(SQL_I(id)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        read_finding(&q, &f);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = f;
    }
    *ret_found = row;
    return 0;
}

static int read_findings(struct sql *q, uint32_t max, struct register_finding_list *ret, struct err *err)
{
    struct register_finding_list list = {.items = ARENA_NEW(q->a, struct register_finding, max)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "list of findings");
    for (bool row = true; row && list.n < max;) {
        if (sql_step(q, &row, err) != 0)
            return -1;
        if (row)
            read_finding(q, &list.items[list.n++]);
    }
    if (sql_check(q, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int register_finding_list(struct reg *r, struct arena *a, const struct register_finding_filter *f,
                          struct register_page page, struct register_finding_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    uint32_t limit = sql_limit(page);
    struct register_finding_list list;
    if (sql_open(r, &q, a,
                 FINDING_SELECT "WHERE f.org = ?1 AND f.id < ?2 AND (f.state = ?3 OR ?3 = 'all' OR"
                                " (?3 IS NULL AND f.state <> 'closed')) AND (?4 = 0 OR f.severity = ?4)"
                                " ORDER BY f.id DESC LIMIT ?5",
                 SQL_VALS(SQL_I(f->org), SQL_I(sql_cursor(page)), SQL_S(f->state), SQL_I(f->severity),
                          SQL_I(limit)),
                 err) != 0 ||
        read_findings(&q, limit, &list, err) != 0)
        return -1;
    if (list.n == limit)
        list.next = list.items[--list.n - 1].id;
    *ret = list;
    return 0;
}

int register_finding_urgent(struct reg *r, struct arena *a, int64_t org, uint32_t limit,
                            struct register_finding_list *ret, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    assert(limit > 0 && limit <= REGISTER_PAGE_MAX);
    if (sql_open(r, &q, a,
                 FINDING_SELECT "WHERE f.org = ?1 AND f.state <> 'closed' ORDER BY f.severity DESC,"
                                " f.due_at = 0, f.due_at, f.id DESC LIMIT ?2",
                 SQL_VALS(SQL_I(org), SQL_I(limit)), err) != 0)
        return -1;
    return read_findings(&q, limit, ret, err);
}

int register_finding_events(struct reg *r, int64_t id, uint64_t ret[REGISTER_FINDING_EVENTS_MAX],
                            size_t *ret_n, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    size_t n = 0;
    if (sql_open(r, &q, NULL, "SELECT event FROM finding_event WHERE finding = ?1 ORDER BY event LIMIT ?2",
                 SQL_VALS(SQL_I(id), SQL_I(REGISTER_FINDING_EVENTS_MAX)), err) != 0)
        return -1;
    for (bool row = true; row && n < REGISTER_FINDING_EVENTS_MAX;) {
        if (sql_step(&q, &row, err) != 0)
            return -1;
        if (row)
            ret[n++] = (uint64_t)sql_i64(&q);
    }
    *ret_n = n;
    return 0;
}

int register_finding_history(struct reg *r, struct arena *a, int64_t id, struct register_finding_history *ret,
                             struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_finding_history list = {
        .items = ARENA_NEW(a, struct register_finding_step, REGISTER_FINDING_HISTORY_MAX)};
    if (list.items == NULL)
        return err_set(err, ERR_NOMEM, "history of a finding");
    if (sql_open(
            r, &q, a,
            "SELECT at, who, what, note FROM finding_history WHERE finding = ?1 ORDER BY id DESC LIMIT ?2",
            SQL_VALS(SQL_I(id), SQL_I(REGISTER_FINDING_HISTORY_MAX)), err) != 0)
        return -1;
    for (bool row = true; row && list.n < REGISTER_FINDING_HISTORY_MAX;) {
        if (sql_step(&q, &row, err) != 0)
            return -1;
        if (!row)
            break;
        struct register_finding_step *s = &list.items[list.n++];
        s->at_ns = sql_i64(&q);
        s->who = sql_str(&q);
        s->what = sql_str(&q);
        s->note = sql_str(&q);
    }
    if (sql_check(&q, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

/* The last statement changed the finding, or tell why not. */
static int one_finding(struct reg *r, int64_t id, struct err *err)
{
    int64_t known = 0;
    if (sql_changes(r) == 1)
        return 0;
    if (sql_number(r, "SELECT count(*) FROM finding WHERE id = ?1", SQL_VALS(SQL_I(id)), &known, err) != 0)
        return -1;
    return known == 0 ? err_set(err, ERR_NOT_FOUND, "no finding %lld", (long long)id)
                      : err_set(err, ERR_CONFLICT, "finding %lld is in another state", (long long)id);
}

int register_finding_acknowledge(struct reg *r, const struct register_by *by, int64_t id, struct str note,
                                 struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE finding SET state = 'acknowledged', acknowledged_by = nullif(?2, 0), acknowledged_at "
                "= ?3,"
                " version = version + 1 WHERE id = ?1 AND state = 'open'",
                SQL_VALS(SQL_I(id), SQL_I(by->person), SQL_I(by->now_ns)), err) != 0 ||
        one_finding(r, id, err) != 0 || add_step(r, by, id, S("acknowledged"), note, err) != 0 ||
        register_audit_note(r, by, S("finding_acknowledge"), S("finding"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_finding_close(struct reg *r, const struct register_by *by, int64_t id, struct str note,
                           struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (str_trim(note).n == 0)
        return err_set(err, ERR_USAGE, "closing a finding needs a note");
    if (register_tx_begin(r, &tx, err) != 0 ||
        sql_run(r,
                "UPDATE finding SET state = 'closed', closed_at = ?2, version = version + 1"
                " WHERE id = ?1 AND state <> 'closed'",
                SQL_VALS(SQL_I(id), SQL_I(by->now_ns)), err) != 0 ||
        one_finding(r, id, err) != 0 || add_step(r, by, id, S("closed"), note, err) != 0 ||
        register_audit_note(r, by, S("finding_close"), S("finding"), id, err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}
