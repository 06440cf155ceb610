#include "register/register.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/digest.h"
#include "register/register_held.h"
#include "register/sql.h"

/* SQLCipher takes a raw key as x'64 hex digits' and then derives nothing from it. */
#define KEY_TEXT_BYTES (3 + 2 * REGISTER_KEY_BYTES)

static int set_key(struct reg *r, const uint8_t *key, struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    char text[KEY_TEXT_BYTES + 1];
    text[0] = 'x';
    text[1] = '\'';
    for (size_t i = 0; i < REGISTER_KEY_BYTES; i++) {
        text[2 + 2 * i] = hex[key[i] >> 4];
        text[3 + 2 * i] = hex[key[i] & 15];
    }
    text[KEY_TEXT_BYTES - 1] = '\'';
    text[KEY_TEXT_BYTES] = '\0';
    int rc = sqlite3_key(r->db, text, (int)KEY_TEXT_BYTES);
    digest_wipe(text, sizeof(text));
    return rc == SQLITE_OK ? 0 : sql_fail(r, rc, err);
}

/* The first read tells whether the key fits; the log of SQLCipher would go to stderr. */
static int prepare_file(struct reg *r, struct err *err)
{
    static const char *const pragmas[] = {
        "PRAGMA cipher_log_level = NONE", "SELECT count(*) FROM sqlite_schema",
        "PRAGMA journal_mode = WAL",      "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",       "PRAGMA trusted_schema = OFF",
        "PRAGMA temp_store = MEMORY",     "PRAGMA busy_timeout = 5000",
        "PRAGMA cache_size = -65536",     "PRAGMA journal_size_limit = 16777216",
    };
    for (size_t i = 0; i < COUNT_OF(pragmas); i++) {
        if (sql_exec(r, pragmas[i], err) != 0)
            return -1;
    }
    return 0;
}

/* SQLite would make the file readable for the group; its journals inherit the mode of the file. */
static int make_file(const struct sys *sys, const char *path, struct err *err)
{
    struct sys_file *f = NULL;
    if (strcmp(path, ":memory:") == 0 || sys_exists(sys, path))
        return 0;
    if (sys_open(sys, path, SYS_READ | SYS_WRITE | SYS_CREATE, &f, err) != 0)
        return -1;
    sys_close(sys, f);
    return 0;
}

int register_open(const struct sys *sys, const char *path, const uint8_t *key, int64_t now_ns,
                  struct reg **ret, struct err *err)
{
    assert(sys != NULL && path != NULL && key != NULL);
    CLEANUP(register_closep) struct reg *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, ERR_NOMEM, "register handle");
    r->magic = REGISTER_MAGIC;
    if (make_file(sys, path, err) != 0)
        return -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &r->db, flags, NULL);
    if (rc != SQLITE_OK)
        return sql_fail(r, rc, err);
    if (set_key(r, key, err) != 0 || prepare_file(r, err) != 0 || register_schema_update(r, now_ns, err) != 0)
        return -1;
    *ret = TAKE(r);
    return 0;
}

void register_close(struct reg *r)
{
    if (r == NULL)
        return;
    assert(r->magic == REGISTER_MAGIC);
    for (size_t i = 0; i < r->n_statements; i++)
        (void)sqlite3_finalize(r->statements[i].st);
    (void)sqlite3_close(r->db);
    register_held_drop(r);
    r->magic = 0;
    free(r);
}

int register_version(struct reg *r, int *ret, struct err *err)
{
    int64_t version = 0;
    if (sql_number(r, "SELECT ifnull(max(version), 0) FROM migration", NULL, 0, &version, err) != 0)
        return -1;
    *ret = (int)version;
    return 0;
}

int register_copy(struct reg *r, const struct sys *sys, const char *path, struct err *err)
{
    if (sys_exists(sys, path))
        return err_set(err, ERR_CONFLICT, "'%s' exists", path);
    if (make_file(sys, path, err) != 0)
        return -1;
    return sql_run(r, "VACUUM INTO ?1", SQL_VALS(SQL_S(str_of(path))), err);
}

int register_tx_begin(struct reg *r, struct register_tx *tx, struct err *err)
{
    assert(r->magic == REGISTER_MAGIC && r->tx_depth < REGISTER_TX_DEPTH_MAX && tx->r == NULL);
    /* Savepoints nest; the outermost is the transaction. One name is enough: the newest is meant. */
    if (sql_run(r, "SAVEPOINT tx", NULL, 0, err) != 0)
        return -1;
    *tx = (struct register_tx){.r = r, .depth = ++r->tx_depth};
    return 0;
}

int register_tx_commit(struct register_tx *tx, struct err *err)
{
    struct reg *r = tx->r;
    assert(r != NULL && tx->depth == r->tx_depth);
    if (sql_run(r, "RELEASE tx", NULL, 0, err) != 0)
        return -1;
    r->tx_depth--;
    tx->r = NULL;
    return 0;
}

void register_tx_end(struct register_tx *tx)
{
    struct reg *r = tx->r;
    if (r == NULL)
        return;
    assert(tx->depth == r->tx_depth);
    /* Both may fail only where SQLite has rolled back by itself already. */
    struct err ignored = {0};
    if (sql_run(r, "ROLLBACK TO tx", NULL, 0, &ignored) != 0 ||
        sql_run(r, "RELEASE tx", NULL, 0, &ignored) != 0)
        (void)sqlite3_get_autocommit(r->db);
    r->tx_depth--;
    tx->r = NULL;
}
