/* The file: migrations, keys, what lies on the disk, transactions and the outbox. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fixture.h"
#include "register/register_held.h"
#include "register/register_session.h"
#include "register/register_source.h"
#include "register/sql.h"

#define SECRET_TEXT "Bí mật không được lộ ra 4711"

struct file_test {
    char dir[64];
    char path[80];
};

static int file_setup(void **state)
{
    struct file_test *t = calloc(1, sizeof(*t));
    (void)snprintf(t->dir, sizeof(t->dir), "/tmp/khien-register-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    (void)snprintf(t->path, sizeof(t->path), "%s/register.db", t->dir);
    *state = t;
    return 0;
}

static int file_teardown(void **state)
{
    static const char *const tails[] = {"", "-wal", "-shm", ".copy"};
    struct file_test *t = *state;
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s%s", t->path, tails[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(t->dir), 0);
    free(t);
    return 0;
}

static void test_fresh(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    struct stat st;
    int version = 0;
    fixture_open(&f, t->path);
    OK(&f, register_version(f.reg, &version, &f.err));
    assert_int_equal(version, register_schema_version());
    assert_int_equal(stat(t->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    fixture_close(&f);
    /* Opened again: nothing is migrated twice, the facts are there. */
    bool found;
    struct register_org org;
    f = (struct fixture){0};
    arena_init(&f.mem, 65536);
    OK(&f, register_open(sys_linux(), t->path, fixture_key, T0, &f.reg, &f.err));
    OK(&f, register_org_own(f.reg, &f.mem, &org, &found, &f.err));
    assert_true(found && str_eq(org.code, S("cai-khe")));
    int64_t rows = 0;
    OK(&f, sql_number(f.reg, "SELECT count(*) FROM migration", NULL, 0, &rows, &f.err));
    assert_int_equal(rows, register_schema_version());
    fixture_close(&f);
}

static void test_refuses_newer(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    fixture_open(&f, t->path);
    OK(&f, sql_exec(f.reg, "INSERT INTO migration VALUES(9999, 'of tomorrow', 1)", &f.err));
    fixture_close(&f);
    f = (struct fixture){0};
    REFUSED(&f, ERR_CONFLICT, register_open(sys_linux(), t->path, fixture_key, T0, &f.reg, &f.err));
    assert_null(f.reg);
}

/* A file of the oldest form becomes one of the newest; what it held stays. */
static void test_migrates_from_first(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    int version = 0;
    fixture_open(&f, t->path);
    /* Undo what the later migrations made. */
    OK(&f,
       sql_exec(f.reg,
                "DROP TABLE source_state; DROP TABLE node_state; ALTER TABLE person DROP COLUMN last_sign_in;"
                " ALTER TABLE person DROP COLUMN totp_offer; ALTER TABLE recovery_code DROP COLUMN offered;"
                " DELETE FROM migration WHERE version > 1",
                &f.err));
    fixture_close(&f);
    f = (struct fixture){0};
    arena_init(&f.mem, 65536);
    OK(&f, register_open(sys_linux(), t->path, fixture_key, T0, &f.reg, &f.err));
    OK(&f, register_version(f.reg, &version, &f.err));
    assert_int_equal(version, register_schema_version());
    int64_t people = 0;
    OK(&f, register_person_count(f.reg, 1, &people, &f.err));
    assert_int_equal(people, 2);
    fixture_close(&f);
}

/* No page more than the file has: what SQLite says on a full disk. */
static void set_full(struct fixture *f, bool full)
{
    int64_t pages = 0;
    OK(f, sql_number(f->reg, "PRAGMA page_count", NULL, 0, &pages, &f->err));
    char text[64];
    (void)snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld", full ? (long long)pages : 1000000LL);
    OK(f, sql_exec(f->reg, text, &f->err));
}

static void test_held_audit(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    struct register_audit row = {
        .action = S("search"), .object_kind = S("route"), .object_id = S("/search"), .outcome = S("success")};
    char *big = calloc(1, 2000);
    memset(big, 'x', 2000);
    row.detail = (struct str){big, 2000};
    fixture_open(&f, t->path);
    struct register_by by = fixture_by(f.author, T0);
    OK(&f, register_held_audit(f.reg, &by, &row, &f.err));
    assert_int_equal(register_held_count(f.reg), 0);
    set_full(&f, true);
    size_t n = 0;
    while (register_held_count(f.reg) == 0 && n++ < 1000) { /* the last page still has room */
        by.now_ns++;
        OK(&f, register_held_audit(f.reg, &by, &row, &f.err));
    }
    assert_int_equal(register_held_count(f.reg), 1);
    REFUSED(&f, ERR_FULL, register_audit_add(f.reg, &by, &row, &f.err)); /* changes stay refused */
    REFUSED(&f, ERR_FULL, register_held_release(f.reg, &f.err));
    /* Bounded by bytes, then by rows. */
    f.err = (struct err){0};
    while (register_held_audit(f.reg, &by, &row, &f.err) == 0)
        by.now_ns++;
    assert_int_equal(f.err.code, ERR_FULL);
    size_t held = register_held_count(f.reg);
    assert_true(held > 400 && held < REGISTER_HELD_BYTES_MAX / 2000);
    set_full(&f, false);
    OK(&f, register_held_release(f.reg, &f.err));
    assert_int_equal(register_held_count(f.reg), 0);
    /* All are there, in the order of their times. */
    int64_t rows = 0, wrong = 0;
    OK(&f, sql_number(f.reg, "SELECT count(*) FROM audit WHERE action = 'search'", NULL, 0, &rows, &f.err));
    assert_int_equal(rows, 1 + n + held - 1);
    OK(&f, sql_number(f.reg,
                      "SELECT count(*) FROM audit a, audit b WHERE a.action = 'search' AND b.action ="
                      " 'search' AND b.id = a.id + 1 AND b.at < a.at",
                      NULL, 0, &wrong, &f.err));
    assert_int_equal(wrong, 0);
    row.detail = S("");
    set_full(&f, true);
    f.err = (struct err){0};
    for (n = 0; register_held_audit(f.reg, &by, &row, &f.err) == 0; n++)
        by.now_ns++;
    assert_int_equal(register_held_count(f.reg), REGISTER_HELD_ROWS_MAX);
    fixture_close(&f); /* what waits is freed */
    free(big);
}

/* On a full disk a session that is used does not end, one that is not used does. */
static void test_session_on_full_disk(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    fixture_open(&f, t->path);
    struct register_by by = fixture_by(f.author, T0);
    struct digest token = digest_sha256(S("token"));
    struct register_session s;
    enum register_session_state live;
    struct register_audit row = {.action = S("fill"), .outcome = S("success")};
    int64_t id, old;
    bool alive;
    OK(&f, register_session_new(f.reg, &by, &token, &id, &old, &f.err));
    OK(&f, sql_exec(f.reg, "PRAGMA query_only = ON", &f.err)); /* refused as on a disk that is read-only */
    REFUSED(&f, ERR_FULL, register_audit_add(f.reg, &by, &row, &f.err));
    int64_t now = T0;
    for (int i = 0; i < 10; i++) {
        now += 4 * MINUTE;
        OK(&f, register_session_check(f.reg, &token, now, 5 * MINUTE, true, &live, &s, &f.err));
        assert_int_equal(live, SESSION_LIVE);
        OK(&f, register_session_alive(f.reg, id, now, 5 * MINUTE, &alive, &f.err));
        assert_true(alive);
    }
    now += 6 * MINUTE;
    OK(&f, register_session_check(f.reg, &token, now, 5 * MINUTE, true, &live, &s, &f.err));
    assert_int_equal(live, SESSION_IDLE);
    fixture_close(&f);
}

static void test_wrong_key(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    uint8_t key[REGISTER_KEY_BYTES];
    fixture_open(&f, t->path);
    fixture_close(&f);
    memcpy(key, fixture_key, sizeof(key));
    key[31] ^= 1;
    f = (struct fixture){0};
    REFUSED(&f, ERR_DENIED, register_open(sys_linux(), t->path, key, T0, &f.reg, &f.err));
    assert_null(f.reg);
}

static bool file_contains(const char *path, struct str needle)
{
    char *bytes = NULL;
    size_t n = 0;
    struct err err = {0};
    if (sys_read_file(sys_linux(), path, 64u * 1024u * 1024u, &bytes, &n, &err) != 0)
        return false;
    bool hit = str_find((struct str){bytes, n}, needle) != SIZE_MAX;
    free(bytes);
    return hit;
}

static void test_no_plaintext(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    char wal[96], copy[96];
    fixture_open(&f, t->path);
    struct register_by by = fixture_by(0, T0);
    struct register_org org = {.name = S(SECRET_TEXT), .code = S(SECRET_TEXT), .role = S("agency")};
    int64_t id;
    OK(&f, register_org_add(f.reg, &by, &org, &id, &f.err));
    (void)snprintf(wal, sizeof(wal), "%s-wal", t->path);
    (void)snprintf(copy, sizeof(copy), "%s.copy", t->path);
    OK(&f, register_copy(f.reg, sys_linux(), copy, &f.err));
    REFUSED(&f, ERR_CONFLICT, register_copy(f.reg, sys_linux(), copy, &f.err));
    const char *const files[] = {t->path, wal, copy};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_int_equal(access(files[i], R_OK), 0);
        assert_false(file_contains(files[i], S(SECRET_TEXT)));
        assert_false(file_contains(files[i], S("SQLite format 3")));
        assert_false(file_contains(files[i], S("CREATE TABLE")));
    }
    fixture_close(&f);
    assert_false(file_contains(t->path, S(SECRET_TEXT)));
    /* The copy opens with the same key and holds the same. */
    bool found;
    f = (struct fixture){0};
    arena_init(&f.mem, 65536);
    OK(&f, register_open(sys_linux(), copy, fixture_key, T0, &f.reg, &f.err));
    OK(&f, register_org_find(f.reg, &f.mem, id, &org, &found, &f.err));
    assert_true(found && str_eq(org.name, S(SECRET_TEXT)));
    fixture_close(&f);
    char tail[112];
    (void)snprintf(tail, sizeof(tail), "%s-wal", copy);
    (void)unlink(tail);
    (void)snprintf(tail, sizeof(tail), "%s-shm", copy);
    (void)unlink(tail);
}

static void test_changed_byte(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    fixture_open(&f, t->path);
    fixture_close(&f);
    FILE *file = fopen(t->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_not_equal(fputc(c ^ 1, file), EOF);
    assert_int_equal(fclose(file), 0);
    f = (struct fixture){0};
    assert_int_equal(register_open(sys_linux(), t->path, fixture_key, T0, &f.reg, &f.err), -1);
    assert_null(f.reg);
}

static struct register_source source_of(const char *name)
{
    return (struct register_source){
        .org = 1, .kind = S("udp"), .address = str_of(name), .name = str_of(name)};
}

/* A child commits some sources, is in the middle of the next one, and dies there. */
static void child_writes(const char *path, int committed, int tell)
{
    struct fixture f = {0};
    struct register_by by = fixture_by(0, T0);
    int64_t id;
    bool is_new;
    if (register_open(sys_linux(), path, fixture_key, T0, &f.reg, &f.err) != 0)
        _exit(2);
    for (int i = 0; i <= committed; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "10.0.0.%d", i);
        struct register_source s = source_of(name);
        struct register_tx tx = {0};
        if (i == committed && register_tx_begin(f.reg, &tx, &f.err) != 0)
            _exit(3);
        if (register_source_put(f.reg, &by, &s, &id, &is_new, &f.err) != 0)
            _exit(4);
    }
    if (write(tell, "x", 1) != 1)
        _exit(5);
    (void)pause();
}

static void test_killed_in_transaction(void **state)
{
    struct file_test *t = *state;
    struct fixture f;
    fixture_open(&f, t->path);
    fixture_close(&f);
    for (int committed = 0; committed < 4; committed++) {
        int tell[2];
        char c;
        assert_int_equal(pipe(tell), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child_writes(t->path, committed, tell[1]);
        assert_int_equal(read(tell[0], &c, 1), 1);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)close(tell[0]);
        (void)close(tell[1]);
        f = (struct fixture){0};
        int64_t sources = -1, audits = -1;
        OK(&f, register_open(sys_linux(), t->path, fixture_key, T0, &f.reg, &f.err));
        OK(&f, sql_number(f.reg, "SELECT count(*) FROM source", NULL, 0, &sources, &f.err));
        OK(&f, sql_number(f.reg, "SELECT count(*) FROM audit WHERE action = 'source_add'", NULL, 0, &audits,
                          &f.err));
        OK(&f, sql_exec(f.reg, "PRAGMA integrity_check", &f.err));
        assert_int_equal(sources, committed);
        assert_int_equal(audits, committed); /* the record and the fact, or neither */
        register_close(f.reg);
    }
}

static void test_transactions_nest(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(0, T0);
    struct register_tx outer = {0}, inner = {0};
    struct register_source s = source_of("a");
    int64_t id, n = -1;
    bool is_new;
    OK(f, register_tx_begin(f->reg, &outer, &f->err));
    OK(f, register_source_put(f->reg, &by, &s, &id, &is_new, &f->err));
    OK(f, register_tx_begin(f->reg, &inner, &f->err));
    s = source_of("b");
    OK(f, register_source_put(f->reg, &by, &s, &id, &is_new, &f->err));
    register_tx_end(&inner); /* takes back b only */
    OK(f, register_tx_commit(&outer, &f->err));
    OK(f, sql_number(f->reg, "SELECT count(*) FROM source", NULL, 0, &n, &f->err));
    assert_int_equal(n, 1);
    outer = (struct register_tx){0};
    OK(f, register_tx_begin(f->reg, &outer, &f->err));
    s = source_of("c");
    OK(f, register_source_put(f->reg, &by, &s, &id, &is_new, &f->err));
    register_tx_end(&outer);
    register_tx_end(&outer); /* harmless */
    OK(f, sql_number(f->reg, "SELECT count(*) FROM source", NULL, 0, &n, &f->err));
    assert_int_equal(n, 1);
}

/* A change whose audit row cannot be written does not happen. */
static void test_no_change_without_record(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(0, T0);
    struct register_source s = source_of("a");
    int64_t id, n = -1;
    bool is_new;
    OK(f,
       sql_exec(f->reg, "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END",
                &f->err));
    REFUSED(f, ERR_CONFLICT, register_source_put(f->reg, &by, &s, &id, &is_new, &f->err));
    OK(f, sql_number(f->reg, "SELECT count(*) FROM source", NULL, 0, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_outbox(void **state)
{
    struct fixture *f = *state;
    struct register_audit_list list;
    OK(f, register_audit_take(f->reg, &f->mem, 2, &list, &f->err));
    assert_int_equal(list.n, 2);
    assert_true(str_eq(list.items[0].action, S("org_add")));
    assert_true(str_eq(list.items[0].object_id, S("1")));
    assert_true(str_eq(list.items[0].peer, S("10.0.0.9")));
    assert_true(str_eq(list.items[1].action, S("person_add")));
    int64_t first = list.items[0].id;
    /* Not done: the same rows come again. */
    OK(f, register_audit_take(f->reg, &f->mem, 2, &list, &f->err));
    assert_int_equal(list.items[0].id, first);
    OK(f, register_audit_done(f->reg, first, &f->err));
    OK(f, register_audit_take(f->reg, &f->mem, 500, &list, &f->err));
    assert_int_equal(list.n, 2);
    assert_true(list.items[0].id > first);
    OK(f, register_audit_prune(f->reg, T0 + 1, &f->err));
    OK(f, register_audit_list(f->reg, &f->mem, (struct str){NULL, 0}, (struct register_page){0}, &list,
                              &f->err));
    assert_int_equal(list.n, 2); /* rows that were not handed over are never removed */
}

static void test_audit_pages(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(1, T0);
    for (int i = 0; i < 7; i++)
        OK(f, register_audit_note(f->reg, &by, S("ping"), S("test"), i, &f->err));
    struct register_page page = {.limit = 3};
    int64_t last = INT64_MAX;
    size_t seen = 0;
    for (int guard = 0; guard < 5; guard++) {
        struct register_audit_list list;
        OK(f, register_audit_list(f->reg, &f->mem, S("ping"), page, &list, &f->err));
        for (size_t i = 0; i < list.n; i++, seen++) {
            assert_true(list.items[i].id < last);
            last = list.items[i].id;
        }
        page.cursor = list.next;
        if (list.next == 0)
            break;
    }
    assert_int_equal(seen, 7);
}

#define FILE_TEST(fn) cmocka_unit_test_setup_teardown(fn, file_setup, file_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_fresh),
        FILE_TEST(test_refuses_newer),
        FILE_TEST(test_migrates_from_first),
        FILE_TEST(test_held_audit),
        FILE_TEST(test_session_on_full_disk),
        FILE_TEST(test_wrong_key),
        FILE_TEST(test_no_plaintext),
        FILE_TEST(test_changed_byte),
        FILE_TEST(test_killed_in_transaction),
        FIXTURE_TEST(test_transactions_nest),
        FIXTURE_TEST(test_no_change_without_record),
        FIXTURE_TEST(test_outbox),
        FIXTURE_TEST(test_audit_pages),
    };
    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
