/*
 * Tables of the register. A migration is never changed once it is released: append a new one. Times are
 * nanoseconds UTC; 0 means never. Texts of fixed sets (role, state) are words, so that the file explains
 * itself.
 */
#include "register/sql.h"

static const char schema_1_people[] =
    "CREATE TABLE org(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES org(id), name TEXT NOT NULL,"
    " code TEXT NOT NULL UNIQUE, address TEXT NOT NULL,"
    " role TEXT NOT NULL CHECK(role IN ('agency','city')),"
    " created_at INTEGER NOT NULL, created_by INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1) STRICT;"

    "CREATE TABLE person(id INTEGER PRIMARY KEY, org INTEGER NOT NULL REFERENCES org(id), name TEXT NOT NULL,"
    " phone TEXT NOT NULL, login TEXT NOT NULL UNIQUE,"
    " role TEXT NOT NULL CHECK(role IN ('officer','head','operator','auditor','admin')),"
    " hash TEXT NOT NULL, must_change INTEGER NOT NULL, password_at INTEGER NOT NULL,"
    " totp_secret BLOB, totp_on INTEGER NOT NULL DEFAULT 0, totp_step INTEGER NOT NULL DEFAULT 0,"
    " lang TEXT NOT NULL DEFAULT 'vi' CHECK(lang IN ('vi','en')), disabled_at INTEGER NOT NULL DEFAULT 0,"
    " created_at INTEGER NOT NULL, created_by INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1) STRICT;"

    "CREATE TABLE password_history(id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id),"
    " hash TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX password_history_person ON password_history(person, id);"

    "CREATE TABLE recovery_code(person INTEGER NOT NULL REFERENCES person(id), hash BLOB NOT NULL,"
    " used_at INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(person, hash)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE sign_in(login_hash BLOB PRIMARY KEY, failed INTEGER NOT NULL, locks INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL, last_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX sign_in_last ON sign_in(last_at);"

    "CREATE TABLE session(id INTEGER PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"
    " person INTEGER NOT NULL REFERENCES person(id), peer TEXT NOT NULL, created_at INTEGER NOT NULL,"
    " seen_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0,"
    " end_reason TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE UNIQUE INDEX session_one ON session(person) WHERE ended_at = 0;"

    "CREATE TABLE setup_code(id INTEGER PRIMARY KEY CHECK(id = 1), hash BLOB NOT NULL, made_at INTEGER NOT "
    "NULL,"
    " expires_at INTEGER NOT NULL, wrong INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;";

static const char schema_1_facts[] =
    "CREATE TABLE source(id INTEGER PRIMARY KEY, org INTEGER NOT NULL, kind TEXT NOT NULL,"
    " address TEXT NOT NULL, name TEXT NOT NULL, silent_after_s INTEGER NOT NULL, created_at INTEGER NOT "
    "NULL,"
    " version INTEGER NOT NULL DEFAULT 1, UNIQUE(kind, address)) STRICT;"

    "CREATE TABLE finding(id INTEGER PRIMARY KEY, org INTEGER NOT NULL, rule TEXT NOT NULL, kind TEXT NOT "
    "NULL,"
    " title_vi TEXT NOT NULL, title_en TEXT NOT NULL, severity INTEGER NOT NULL CHECK(severity BETWEEN 1 AND "
    "4),"
    " state TEXT NOT NULL CHECK(state IN ('open','acknowledged','closed')),"
    " clauses TEXT NOT NULL CHECK(json_valid(clauses)), group_key TEXT NOT NULL CHECK(json_valid(group_key)),"
    " first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, count INTEGER NOT NULL, due_at INTEGER NOT NULL,"
    " due_kind TEXT NOT NULL, explain TEXT NOT NULL CHECK(json_valid(explain)),"
    " found_at INTEGER NOT NULL, acknowledged_by INTEGER, acknowledged_at INTEGER NOT NULL DEFAULT 0,"
    " closed_at INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1) STRICT;"
    "CREATE INDEX finding_fold ON finding(rule, group_key, last_at) WHERE state <> 'closed';"
    "CREATE INDEX finding_state ON finding(state, id);"

    "CREATE TABLE finding_event(finding INTEGER NOT NULL REFERENCES finding(id), event INTEGER NOT NULL,"
    " PRIMARY KEY(finding, event)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE finding_history(id INTEGER PRIMARY KEY, finding INTEGER NOT NULL REFERENCES finding(id),"
    " at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, note TEXT NOT NULL) STRICT;"
    "CREATE INDEX finding_history_finding ON finding_history(finding, id);"

    "CREATE TABLE evidence(id INTEGER PRIMARY KEY, org INTEGER NOT NULL, duty TEXT NOT NULL, subject TEXT "
    "NOT NULL,"
    " kind TEXT NOT NULL CHECK(kind IN ('auto','document')), title TEXT NOT NULL, check_id TEXT NOT NULL,"
    " result TEXT NOT NULL, dated INTEGER NOT NULL, digest TEXT NOT NULL, file_name TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, note TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN ('waiting','approved','rejected')),"
    " created_by INTEGER, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, decided_by INTEGER,"
    " decided_at INTEGER NOT NULL DEFAULT 0, expires_at INTEGER NOT NULL,"
    " CHECK(decided_by IS NULL OR decided_by <> created_by)) STRICT;"
    "CREATE INDEX evidence_duty ON evidence(duty, id);"
    "CREATE INDEX evidence_check ON evidence(check_id, subject, duty, id) WHERE kind = 'auto';"
    "CREATE TABLE evidence_content(evidence INTEGER PRIMARY KEY REFERENCES evidence(id),"
    " content BLOB NOT NULL) STRICT;"

    "CREATE TABLE exception(id INTEGER PRIMARY KEY, org INTEGER NOT NULL, duty TEXT NOT NULL, subject TEXT "
    "NOT NULL,"
    " reason TEXT NOT NULL, until INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN ('waiting','approved','rejected')),"
    " created_by INTEGER NOT NULL, created_at INTEGER NOT NULL, decided_by INTEGER,"
    " decided_at INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',"
    " CHECK(decided_by IS NULL OR decided_by <> created_by)) STRICT;"
    "CREATE INDEX exception_duty ON exception(duty, id);";

static const char schema_1_records[] =
    "CREATE TABLE duty_history(id INTEGER PRIMARY KEY, duty TEXT NOT NULL, subject TEXT NOT NULL,"
    " at INTEGER NOT NULL, status TEXT NOT NULL CHECK(status IN ('met','failed','overdue','unknown','na')),"
    " reason TEXT NOT NULL CHECK(json_valid(reason)), catalogue TEXT NOT NULL) STRICT;"
    "CREATE INDEX duty_history_duty ON duty_history(duty, subject, id);"

    "CREATE TABLE setting(key TEXT PRIMARY KEY, value INTEGER NOT NULL, version INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE setting_history(id INTEGER PRIMARY KEY, key TEXT NOT NULL, old INTEGER, new INTEGER NOT "
    "NULL,"
    " at INTEGER NOT NULL, who TEXT NOT NULL) STRICT;"
    "CREATE INDEX setting_history_key ON setting_history(key, id);"

    "CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, person INTEGER NOT NULL,"
    " who TEXT NOT NULL, action TEXT NOT NULL, object_kind TEXT NOT NULL, object_id TEXT NOT NULL,"
    " outcome TEXT NOT NULL CHECK(outcome IN ('success','failure')), peer TEXT NOT NULL,"
    " detail TEXT NOT NULL, handed INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX audit_waiting ON audit(id) WHERE handed = 0;";

#define MIGRATION_PARTS_MAX 3u

/* Counters of a source as core last wrote them; the store's newest events tell what came after. */
static const char schema_2_source_state[] =
    "CREATE TABLE source_state(source INTEGER PRIMARY KEY REFERENCES source(id), received INTEGER NOT NULL,"
    " stored INTEGER NOT NULL, dropped INTEGER NOT NULL, malformed INTEGER NOT NULL, last_seq INTEGER NOT "
    "NULL,"
    " gaps INTEGER NOT NULL, missing INTEGER NOT NULL, first_at INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    " position TEXT NOT NULL, dialect TEXT NOT NULL) STRICT;";

/* A new secret stays beside the one in force until a code confirms it. */
static const char schema_3_offer[] =
    "ALTER TABLE person ADD COLUMN last_sign_in INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN totp_offer BLOB;"
    "ALTER TABLE recovery_code ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;";

/* What the node itself must know after a restart. */
static const char schema_4_state[] =
    "CREATE TABLE node_state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "ALTER TABLE source_state ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;";

static const struct {
    const char *name;
    const char *parts[MIGRATION_PARTS_MAX];
} migrations[] = {
    {"first tables", {schema_1_people, schema_1_facts, schema_1_records}},
    {"counters of sources", {schema_2_source_state}},
    {"offered second factor", {schema_3_offer}},
    {"state of the node", {schema_4_state}},
};

int register_schema_version(void)
{
    return (int)COUNT_OF(migrations);
}

static int migrate(struct reg *r, size_t i, int64_t now_ns, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(r, &tx, err) != 0)
        return -1;
    for (size_t k = 0; k < MIGRATION_PARTS_MAX && migrations[i].parts[k] != NULL; k++) {
        if (sql_exec(r, migrations[i].parts[k], err) != 0)
            return err_wrap(err, "migration %zu", i + 1);
    }
    if (sql_run(r, "INSERT INTO migration(version, name, at) VALUES(?1, ?2, ?3)",
                SQL_VALS(SQL_I(i + 1), SQL_S(str_of(migrations[i].name)), SQL_I(now_ns)), err) != 0)
        return -1;
    return register_tx_commit(&tx, err);
}

int register_schema_update(struct reg *r, int64_t now_ns, struct err *err)
{
    int version = 0;
    if (sql_exec(r,
                 "CREATE TABLE IF NOT EXISTS migration(version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                 " at INTEGER NOT NULL) STRICT",
                 err) != 0 ||
        register_version(r, &version, err) != 0)
        return -1;
    if (version > register_schema_version())
        return err_set(err, ERR_CONFLICT, "the register has form %d, this program knows up to %d", version,
                       register_schema_version());
    for (size_t i = (size_t)version; i < COUNT_OF(migrations); i++) {
        if (migrate(r, i, now_ns, err) != 0)
            return -1;
    }
    return 0;
}
