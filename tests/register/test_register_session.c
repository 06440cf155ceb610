/* Accounts: people, sessions, failures and locks, the set-up code. */
#include "base/when.h"
#include "fixture.h"
#include "register/register_session.h"
#include "register/register_setting.h"
#include "register/sql.h"

#define IDLE (300 * SECOND)

static struct digest token_of(const char *text)
{
    return digest_sha256(str_of(text));
}

static enum register_session_state look(struct fixture *f, const char *token, int64_t now_ns, bool touch)
{
    struct digest d = token_of(token);
    enum register_session_state state = SESSION_NONE;
    struct register_session s;
    OK(f, register_session_check(f->reg, &d, now_ns, IDLE, touch, &state, &s, &f->err));
    return state;
}

static int64_t begin(struct fixture *f, int64_t person, const char *token, int64_t now_ns, int64_t *ret_old)
{
    struct register_by by = fixture_by(person, now_ns);
    struct digest d = token_of(token);
    int64_t id = 0;
    OK(f, register_session_new(f->reg, &by, &d, &id, ret_old, &f->err));
    return id;
}

static void test_one_session(void **state)
{
    struct fixture *f = *state;
    int64_t old = -1;
    int64_t first = begin(f, f->author, "a", T0, &old);
    assert_int_equal(old, 0);
    assert_int_equal(look(f, "a", T0 + SECOND, true), SESSION_LIVE);
    (void)begin(f, f->approver, "c", T0, &old); /* another account has its own */
    assert_int_equal(old, 0);
    (void)begin(f, f->author, "b", T0 + MINUTE, &old);
    assert_int_equal(old, first);
    assert_int_equal(look(f, "a", T0 + MINUTE, true), SESSION_REPLACED);
    assert_int_equal(look(f, "b", T0 + MINUTE, true), SESSION_LIVE);
    assert_int_equal(look(f, "c", T0 + MINUTE, true), SESSION_LIVE);
    assert_int_equal(look(f, "d", T0 + MINUTE, true), SESSION_NONE);
}

static void test_idle(void **state)
{
    struct fixture *f = *state;
    int64_t old;
    (void)begin(f, f->author, "a", T0, &old);
    assert_int_equal(look(f, "a", T0 + IDLE, true), SESSION_LIVE);
    assert_int_equal(look(f, "a", T0 + IDLE + IDLE, true), SESSION_LIVE);
    assert_int_equal(look(f, "a", T0 + 3 * IDLE, false), SESSION_LIVE);    /* a look in the background … */
    assert_int_equal(look(f, "a", T0 + 3 * IDLE + 1, true), SESSION_IDLE); /* … kept nothing alive */
    assert_int_equal(look(f, "a", T0 + 3 * IDLE, true), SESSION_IDLE);     /* ended for good */
}

static void test_alive_and_end(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    int64_t old;
    bool alive;
    int64_t id = begin(f, f->author, "a", T0, &old);
    OK(f, register_session_alive(f->reg, id, T0 + IDLE, IDLE, &alive, &f->err));
    assert_true(alive);
    OK(f, register_session_alive(f->reg, id, T0 + IDLE + 1, IDLE, &alive, &f->err));
    assert_false(alive);
    OK(f, register_session_end(f->reg, &by, id, &f->err));
    OK(f, register_session_alive(f->reg, id, T0, IDLE, &alive, &f->err));
    assert_false(alive);
    assert_int_equal(look(f, "a", T0, true), SESSION_ENDED);
}

static void test_disable_ends(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->approver, T0);
    int64_t old;
    (void)begin(f, f->author, "a", T0, &old);
    OK(f, register_person_disable(f->reg, &by, f->author, true, &f->err));
    assert_int_equal(look(f, "a", T0, true), SESSION_ENDED);
    REFUSED(f, ERR_NOT_FOUND, register_person_disable(f->reg, &by, 999, true, &f->err));
}

/* The token stands in no column: only its digest does. */
static void test_token_hashed(void **state)
{
    struct fixture *f = *state;
    int64_t old, n = -1;
    (void)begin(f, f->author, "plain-token", T0, &old);
    OK(f,
       sql_number(f->reg, "SELECT count(*) FROM session WHERE CAST(token_hash AS TEXT) LIKE '%plain-token%'",
                  NULL, 0, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_lock_growth(void **state)
{
    (void)state;
    static const int64_t minutes[] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440};
    for (size_t i = 0; i < COUNT_OF(minutes); i++)
        assert_int_equal(register_session_lock_ns((int64_t)i + 1), minutes[i] * MINUTE);
    assert_int_equal(register_session_lock_ns(1000000), DAY);
}

static void test_charge(void **state)
{
    struct fixture *f = *state;
    struct digest login = token_of("nobody");
    struct register_sign_in s;
    int64_t now = T0;
    for (int64_t lock = 1; lock <= 3; lock++) {
        for (int64_t i = 1; i <= 5; i++) {
            OK(f, register_session_charge(f->reg, &login, now, 5, &s, &f->err));
            assert_int_equal(s.failed, i == 5 ? 0 : i);
            assert_int_equal(s.locks, i == 5 ? lock : lock - 1);
        }
        assert_int_equal(s.locked_until_ns, now + register_session_lock_ns(lock));
        now = s.locked_until_ns + 1;
    }
    OK(f, register_session_forgive(f->reg, &login, &f->err));
    OK(f, register_session_sign_in(f->reg, &login, &s, &f->err));
    assert_true(s.failed == 0 && s.locks == 0 && s.locked_until_ns == 0);
}

static void test_refund(void **state)
{
    struct fixture *f = *state;
    struct digest login = token_of("huyen");
    struct register_sign_in before, charged, other, s;
    /* One try is taken back, the other one stays. */
    OK(f, register_session_sign_in(f->reg, &login, &before, &f->err));
    OK(f, register_session_charge(f->reg, &login, T0, 3, &charged, &f->err));
    OK(f, register_session_charge(f->reg, &login, T0, 3, &other, &f->err));
    OK(f, register_session_refund(f->reg, &login, &before, &charged, &f->err));
    OK(f, register_session_sign_in(f->reg, &login, &s, &f->err));
    assert_int_equal(s.failed, 1);
    /* The try that locked: the lock goes with it. */
    OK(f, register_session_charge(f->reg, &login, T0, 3, &s, &f->err));
    before = s;
    OK(f, register_session_charge(f->reg, &login, T0, 3, &charged, &f->err));
    assert_int_equal(charged.locks, 1);
    OK(f, register_session_refund(f->reg, &login, &before, &charged, &f->err));
    OK(f, register_session_sign_in(f->reg, &login, &s, &f->err));
    assert_memory_equal(&s, &before, sizeof(s));
}

static void test_setup_code(void **state)
{
    struct fixture *f = *state;
    struct digest code = token_of("code"), wrong = token_of("wrong");
    enum register_setup is;
    int64_t left;
    bool ok;
    OK(f, register_session_setup_state(f->reg, T0, &is, &left, &f->err));
    assert_int_equal(is, SETUP_NONE);
    OK(f, register_session_setup_begin(f->reg, &code, T0, &f->err));
    OK(f, register_session_setup_state(f->reg, T0 + MINUTE, &is, &left, &f->err));
    assert_int_equal(is, SETUP_OPEN);
    assert_int_equal(left, 29 * MINUTE);
    OK(f, register_session_setup_try(f->reg, &code, T0 + 30 * MINUTE - 1, &ok, &f->err));
    assert_true(ok);
    OK(f, register_session_setup_try(f->reg, &code, T0 + 30 * MINUTE, &ok, &f->err));
    assert_false(ok); /* expired */
    /* Five wrong tries end it; the right one does not help any more; a new one does. */
    OK(f, register_session_setup_begin(f->reg, &code, T0, &f->err));
    for (int i = 0; i < REGISTER_SETUP_TRIES; i++) {
        OK(f, register_session_setup_try(f->reg, &wrong, T0, &ok, &f->err));
        assert_false(ok);
    }
    OK(f, register_session_setup_state(f->reg, T0, &is, &left, &f->err));
    assert_int_equal(is, SETUP_ENDED);
    OK(f, register_session_setup_try(f->reg, &code, T0, &ok, &f->err));
    assert_false(ok);
    REFUSED(f, ERR_CONFLICT, register_session_setup_use(f->reg, &code, T0, &f->err));
    OK(f, register_session_setup_begin(f->reg, &code, T0, &f->err));
    OK(f, register_session_setup_use(f->reg, &code, T0, &f->err));
    REFUSED(f, ERR_CONFLICT, register_session_setup_use(f->reg, &code, T0, &f->err)); /* once */
    OK(f, register_session_setup_try(f->reg, &code, T0, &ok, &f->err));
    assert_false(ok);
}

static void test_login_fold(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } rows[] = {{"Huyen.NT", "huyen.nt"},
                {"a-b_c9", "a-b_c9"},
                {"a", NULL},
                {"", NULL},
                {"a b", NULL},
                {"huyền", NULL},
                {"a/b", NULL},
                {"0123456789012345678901234567890123456789012345678901234567890123456789", NULL}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[REGISTER_LOGIN_BYTES_MAX];
        struct str got = {NULL, 0};
        bool ok = register_person_login_fold(str_of(rows[i].in), out, &got);
        assert_int_equal(ok, rows[i].want != NULL);
        assert_true(!ok || str_eq(got, str_of(rows[i].want)));
    }
}

static void test_person(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(0, T0);
    struct register_person p = {.org = f->org, .name = S("Khác"), .login = S("HUYEN"), .hash = S("x")}, got;
    int64_t id;
    bool found;
    REFUSED(f, ERR_CONFLICT, register_person_add(f->reg, &by, &p, &id, &f->err)); /* logins fold */
    p.login = S("has blank ");
    REFUSED(f, ERR_USAGE, register_person_add(f->reg, &by, &p, &id, &f->err));
    OK(f, register_person_find_login(f->reg, &f->mem, S("huyen"), &got, &found, &f->err));
    assert_true(found && got.id == f->author && got.role == ROLE_OFFICER && !got.has_totp_offer);
    OK(f, register_person_find(f->reg, &f->mem, 999, &got, &found, &f->err));
    assert_false(found);
}

static void test_password_history(void **state)
{
    struct fixture *f = *state;
    struct str hashes[REGISTER_PASSWORD_HISTORY];
    struct register_person p;
    size_t n;
    bool found;
    for (int i = 0; i < 7; i++) {
        struct register_by by = fixture_by(f->author, T0 + i * DAY);
        char hash[8] = {'h', (char)('0' + i), '\0'};
        OK(f, register_person_set_password(f->reg, &by, f->author, str_of(hash), i % 2 == 1, &f->err));
    }
    OK(f, register_person_hashes(f->reg, &f->mem, f->author, hashes, &n, &f->err));
    assert_int_equal(n, REGISTER_PASSWORD_HISTORY);
    assert_true(str_eq(hashes[0], S("h6")) && str_eq(hashes[4], S("h2")));
    OK(f, register_person_find(f->reg, &f->mem, f->author, &p, &found, &f->err));
    assert_true(str_eq(p.hash, S("h6")) && !p.must_change && p.password_ns == T0 + 6 * DAY);
}

/* Three calendar months in Việt Nam. */
static void test_password_due(void **state)
{
    (void)state;
    static const struct {
        const char *from, *want;
    } rows[] = {{"2026-11-22T09:00:00+07:00", "2027-02-22T09:00:00+07:00"},
                {"2026-11-30T09:00:00+07:00", "2027-02-28T09:00:00+07:00"},
                {"2027-11-30T09:00:00+07:00", "2028-02-29T09:00:00+07:00"},
                {"2026-12-31T23:30:00+07:00", "2027-03-31T23:30:00+07:00"},
                {"2026-03-31T00:30:00+07:00", "2026-06-30T00:30:00+07:00"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct cur from = cur_of(str_of(rows[i].from)), want = cur_of(str_of(rows[i].want));
        int64_t from_ns = 0, want_ns = 0;
        assert_true(when_parse_rfc3339(&from, &from_ns) && when_parse_rfc3339(&want, &want_ns));
        assert_int_equal(register_person_password_due(from_ns), want_ns);
    }
}

static void test_totp(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    static const uint8_t secret[REGISTER_TOTP_SECRET_BYTES] = "abcdefghijklmnopqrst";
    struct digest codes[2] = {token_of("one"), token_of("two")}, wrong = token_of("three");
    struct register_person p;
    bool found, ok;
    REFUSED(f, ERR_NOT_FOUND, register_person_confirm_totp(f->reg, &by, f->author, 5, &f->err));
    OK(f, register_person_offer_totp(f->reg, &by, f->author, secret, codes, 2, &f->err));
    OK(f, register_person_find(f->reg, &f->mem, f->author, &p, &found, &f->err));
    assert_true(p.has_totp_offer && !p.totp_on);
    OK(f, register_person_confirm_totp(f->reg, &by, f->author, 5, &f->err));
    static const struct {
        int64_t step;
        bool fresh;
    } steps[] = {{5, false}, {4, false}, {6, true}, {6, false}, {7, true}};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        OK(f, register_person_use_totp(f->reg, f->author, steps[i].step, &ok, &f->err));
        assert_int_equal(ok, steps[i].fresh);
    }
    OK(f, register_person_use_recovery(f->reg, &by, f->author, &codes[0], &ok, &f->err));
    assert_true(ok);
    OK(f, register_person_use_recovery(f->reg, &by, f->author, &codes[0], &ok, &f->err));
    assert_false(ok); /* once */
    OK(f, register_person_use_recovery(f->reg, &by, f->approver, &codes[1], &ok, &f->err));
    assert_false(ok); /* of another person */
    OK(f, register_person_use_recovery(f->reg, &by, f->author, &wrong, &ok, &f->err));
    assert_false(ok);
    OK(f, register_person_clear_totp(f->reg, f->author, &f->err));
    OK(f, register_person_find(f->reg, &f->mem, f->author, &p, &found, &f->err));
    assert_true(!p.has_totp_offer && !p.totp_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_one_session),      FIXTURE_TEST(test_idle),
        FIXTURE_TEST(test_alive_and_end),    FIXTURE_TEST(test_disable_ends),
        FIXTURE_TEST(test_token_hashed),     cmocka_unit_test(test_lock_growth),
        FIXTURE_TEST(test_charge),           FIXTURE_TEST(test_refund),
        FIXTURE_TEST(test_setup_code),       cmocka_unit_test(test_login_fold),
        FIXTURE_TEST(test_person),           FIXTURE_TEST(test_password_history),
        cmocka_unit_test(test_password_due), FIXTURE_TEST(test_totp),
    };
    return cmocka_run_group_tests_name("register_session", tests, NULL, NULL);
}
