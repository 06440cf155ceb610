/* Set-up, sign-in, sessions, passwords, one-time codes: what stands between the world and the node. */
#include "crypt/totp.h"
#include "fixture.h"
#include "register/register_person.h"
#include "register/register_session.h"

#define SETUP_BODY(code, password)                                                                           \
    "{\"code\":\"" code                                                                                      \
    "\",\"org\":{\"name\":\"A\",\"code\":\"a\"},\"name\":\"B\",\"login\":\"admin\",\"password\":\"" password \
    "\"}"

static void with_code(char *out, size_t room, const char *code)
{
    (void)snprintf(
        out, room,
        "{\"code\":\"%s\",\"org\":{\"name\":\"A\",\"code\":\"a\"},\"name\":\"B\",\"login\":\"Admin\","
        "\"password\":\"" PASSWORD "\",\"role\":\"agency\"}",
        code);
}

static void test_setup(void **state)
{
    struct node *n = *state;
    struct err err = {0};
    char code[API_SETUP_CODE_TEXT], body[512];
    bool needed;
    ASK(n, 200, fixture_get(n, "/api/v1/setup"));
    assert_string_equal(fixture_text(n, "needed"), "true");
    assert_string_equal(fixture_text(n, "expires_in"), "null");
    assert_int_equal(api_setup_begin(n->api, code, &needed, &err), 0);
    assert_true(needed);
    ASK(n, 200, fixture_get(n, "/api/v1/setup"));
    assert_int_equal(fixture_int(n, "expires_in"), 1800);
    assert_string_equal(fixture_text(n, "fingerprint"), "AB:CD");
    PROBLEM(n, 401, "bad_code", fixture_post(n, "/api/v1/setup", SETUP_BODY("2222-2222-2222", PASSWORD)));
    /* As people type it: small letters, no dashes. */
    char typed[API_SETUP_CODE_TEXT] = {0};
    for (size_t i = 0, k = 0; code[i] != '\0'; i++) {
        if (code[i] != '-')
            typed[k++] = ascii_lower(code[i]);
    }
    with_code(body, sizeof(body), typed);
    ASK(n, 201, fixture_post(n, "/api/v1/setup", body));
    assert_int_equal(strlen(fixture_text(n, "totp.secret")), 32);
    assert_int_equal(fixture_count(n, "totp.recovery"), 8);
    assert_true(
        str_starts(str_of(fixture_text(n, "totp.uri")), S("otpauth://totp/Khi%C3%AAn:admin?secret=")));
    assert_true(str_find(str_of(n->set_cookie), S("; Path=/; HttpOnly; Secure; SameSite=Strict")) !=
                SIZE_MAX);
    ASK(n, 200, fixture_get(n, "/api/v1/setup"));
    assert_string_equal(fixture_text(n, "needed"), "false");
    PROBLEM(n, 409, "setup_done", fixture_post(n, "/api/v1/setup", body));
    assert_int_equal(api_setup_begin(n->api, code, &needed, &err), 0);
    assert_false(needed);
}

static void test_setup_ends(void **state)
{
    struct node *n = *state;
    struct err err = {0};
    char code[API_SETUP_CODE_TEXT], body[512];
    bool needed;
    assert_int_equal(api_setup_begin(n->api, code, &needed, &err), 0);
    with_code(body, sizeof(body), code);
    n->now_ns += 30 * MINUTE;
    PROBLEM(n, 401, "bad_code", fixture_post(n, "/api/v1/setup", body)); /* expired */
    assert_int_equal(api_setup_begin(n->api, code, &needed, &err), 0);
    with_code(body, sizeof(body), code);
    for (int i = 0; i < 5; i++)
        PROBLEM(n, 401, "bad_code", fixture_post(n, "/api/v1/setup", SETUP_BODY("2222-2222-2222", PASSWORD)));
    PROBLEM(n, 401, "bad_code", fixture_post(n, "/api/v1/setup", body)); /* five tries are over */
    ASK(n, 200, fixture_get(n, "/api/v1/setup"));
    assert_string_equal(fixture_text(n, "expires_in"), "null");
}

static void test_setup_weak(void **state)
{
    struct node *n = *state;
    struct err err = {0};
    char code[API_SETUP_CODE_TEXT], body[512];
    bool needed;
    assert_int_equal(api_setup_begin(n->api, code, &needed, &err), 0);
    (void)snprintf(
        body, sizeof(body),
        "{\"code\":\"%s\",\"org\":{\"name\":\"A\",\"code\":\"a\"},\"name\":\"B\",\"login\":\"admin\","
        "\"password\":\"admin\"}",
        code);
    PROBLEM(n, 422, "password_weak", fixture_post(n, "/api/v1/setup", body));
    assert_string_equal(fixture_text(n, "field"), "password");
    static const char *const missing[] = {"length", "upper", "digit", "special", "login"};
    assert_int_equal(fixture_count(n, "missing"), COUNT_OF(missing));
    for (size_t i = 0; i < COUNT_OF(missing); i++) {
        char path[16];
        (void)snprintf(path, sizeof(path), "missing.%zu", i);
        assert_string_equal(fixture_text(n, path), missing[i]);
    }
    with_code(body, sizeof(body), code); /* a weak password uses nothing up */
    ASK(n, 201, fixture_post(n, "/api/v1/setup", body));
}

static void test_session(void **state)
{
    struct node *n = *state;
    ASK(n, 200, fixture_get(n, "/api/v1/session"));
    assert_string_equal(fixture_text(n, "signed_in"), "true");
    assert_string_equal(fixture_text(n, "person.login"), "admin");
    assert_string_equal(fixture_text(n, "person.role"), "admin");
    assert_string_equal(fixture_text(n, "org.name"), "UBND phường Cái Khế");
    assert_string_equal(fixture_text(n, "must_change"), "false");
    assert_string_equal(fixture_text(n, "totp"), "false");
    assert_string_equal(fixture_text(n, "lang"), "vi");
    assert_string_equal(fixture_text(n, "password_due"), "2027-02-22T09:00:00Z");
    assert_int_equal(fixture_int(n, "idle_s"), 300);
    assert_int_equal(strlen(fixture_text(n, "csrf")), 64);
    ASK(n, 204, fixture_call(n, API_DELETE, "/api/v1/session", NULL));
    assert_true(str_starts(str_of(n->set_cookie), S("khien_session=; Max-Age=0")));
    assert_true(n->tail_stopped != 0);
    PROBLEM(n, 401, "no_session", fixture_get(n, "/api/v1/findings"));
    ASK(n, 200, fixture_get(n, "/api/v1/session"));
    assert_string_equal(fixture_text(n, "signed_in"), "false");
}

static void test_replaced(void **state)
{
    struct node *n = *state;
    struct browser *first = n->browser, second;
    ASK(n, 200, fixture_get(n, "/api/v1/findings"));
    ASK(n, 200, fixture_sign_in(n, &second, "ADMIN", PASSWORD));
    assert_true(n->tail_stopped != 0);
    ASK(n, 200, fixture_get(n, "/api/v1/findings"));
    n->browser = first;
    PROBLEM(n, 401, "replaced", fixture_get(n, "/api/v1/findings"));
}

static void test_idle(void **state)
{
    struct node *n = *state;
    n->now_ns += 300 * SECOND;
    ASK(n, 200, fixture_get(n, "/api/v1/findings"));
    n->now_ns += 200 * SECOND;
    n->background = true; /* the page refreshes itself */
    ASK(n, 200, fixture_get(n, "/api/v1/findings"));
    n->background = false;
    n->now_ns += 101 * SECOND;
    PROBLEM(n, 401, "idle", fixture_get(n, "/api/v1/findings"));
    PROBLEM(n, 401, "idle", fixture_get(n, "/api/v1/findings"));
}

static void test_csrf(void **state)
{
    struct node *n = *state;
    struct browser good = *n->browser;
    static const char *const wrong[] = {"", "x",
                                        "0000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        (void)snprintf(n->browser->csrf, sizeof(n->browser->csrf), "%s", wrong[i]);
        PROBLEM(n, 403, "csrf", fixture_post(n, "/api/v1/settings/session.idle_s", "{\"value\":120}"));
        PROBLEM(n, 403, "csrf", fixture_call(n, API_DELETE, "/api/v1/session", NULL));
        ASK(n, 200, fixture_get(n, "/api/v1/findings")); /* reading needs none */
    }
    *n->browser = good;
    ASK(n, 200, fixture_post(n, "/api/v1/settings/session.idle_s", "{\"value\":120}"));
    ASK(n, 200, fixture_get(n, "/api/v1/audit?action=setting_change"));
    assert_string_equal(fixture_text(n, "items.0.outcome"), "success");
    assert_string_equal(fixture_text(n, "items.1.outcome"), "failure");
    assert_string_equal(fixture_text(n, "items.1.who"), "admin");
}

/* Known and unknown logins meet the same answers in the same order. */
static void test_lock(void **state)
{
    struct node *n = *state;
    static const char *const logins[] = {"admin", "nobody", "không phải login"};
    for (size_t k = 0; k < COUNT_OF(logins); k++) {
        char wrong[128], with_captcha[256];
        (void)snprintf(wrong, sizeof(wrong), "{\"login\":\"%s\",\"password\":\"x\"}", logins[k]);
        for (int i = 1; i <= 3; i++) {
            PROBLEM(n, 401, "bad_password", fixture_post(n, "/api/v1/session", wrong));
            assert_int_equal(fixture_text(n, "captcha.id")[0] != '\0', i == 3); /* needed from now on */
        }
        unsigned hashed = n->offloaded;
        PROBLEM(n, 401, "captcha_needed", fixture_post(n, "/api/v1/session", wrong));
        assert_int_equal(n->offloaded, hashed); /* no password was looked at */
        for (int i = 4; i <= 5; i++) {
            n->random_zero = true;
            ASK(n, 200, fixture_get(n, "/api/v1/captcha"));
            n->random_zero = false;
            (void)snprintf(
                with_captcha, sizeof(with_captcha),
                "{\"login\":\"%s\",\"password\":\"x\",\"captcha\":{\"id\":\"%s\",\"answer\":\"aaaaa\"}}",
                logins[k], fixture_text(n, "id"));
            int status = fixture_post(n, "/api/v1/session", with_captcha);
            assert_int_equal(status, i == 4 ? 401 : 423);
            assert_string_equal(fixture_text(n, "code"), i == 4 ? "bad_password" : "locked");
        }
        assert_int_equal(fixture_int(n, "retry_after"), 300);
        n->now_ns += MINUTE;
        PROBLEM(n, 423, "locked", fixture_post(n, "/api/v1/session", wrong));
        assert_int_equal(fixture_int(n, "retry_after"), 240);
    }
    /* Locked for the right password, too; then open again, with a captcha. */
    const char *right = "{\"login\":\"admin\",\"password\":\"" PASSWORD "\"}";
    n->now_ns = T0 + MINUTE;
    PROBLEM(n, 423, "locked", fixture_post(n, "/api/v1/session", right));
    n->now_ns = T0 + 5 * MINUTE;
    PROBLEM(n, 401, "captcha_needed", fixture_post(n, "/api/v1/session", right));
    n->random_zero = true;
    ASK(n, 200, fixture_get(n, "/api/v1/captcha"));
    n->random_zero = false;
    char body[256];
    (void)snprintf(body, sizeof(body),
                   "{\"login\":\"admin\",\"password\":\"" PASSWORD
                   "\",\"captcha\":{\"id\":\"%s\",\"answer\":\"AAAAA\"}}",
                   fixture_text(n, "id"));
    ASK(n, 200, fixture_post(n, "/api/v1/session", body));
    PROBLEM(n, 401, "bad_password",
            fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"x\"}"));
}

static void test_failures_recorded(void **state)
{
    struct node *n = *state;
    PROBLEM(n, 401, "bad_password",
            fixture_post(n, "/api/v1/session", "{\"login\":\"Who\",\"password\":\"topsecret\"}"));
    ASK(n, 200, fixture_get(n, "/api/v1/audit?action=sign_in"));
    assert_string_equal(fixture_text(n, "items.0.outcome"), "failure");
    assert_string_equal(fixture_text(n, "items.0.who"), "who");
    assert_string_equal(fixture_text(n, "items.0.peer"), "10.0.0.9");
    assert_true(str_find(str_of(n->body), S("topsecret")) == SIZE_MAX);
}

static void test_rate(void **state)
{
    struct node *n = *state;
    int status = 200, tries = 0;
    n->peer = "10.0.0.77";
    while (status == 200 && tries++ < 100)
        status = fixture_get(n, "/api/v1/captcha");
    PROBLEM(n, 429, "limit", fixture_get(n, "/api/v1/captcha"));
    assert_int_equal(tries, 61);
    PROBLEM(n, 429, "limit", fixture_post(n, "/api/v1/session", "{\"login\":\"a1\",\"password\":\"b\"}"));
    n->peer = "10.0.0.78";
    ASK(n, 200, fixture_get(n, "/api/v1/captcha"));
    n->peer = "10.0.0.77";
    n->now_ns += MINUTE;
    ASK(n, 200, fixture_get(n, "/api/v1/captcha"));
}

static void test_one_time_codes(void **state)
{
    struct node *n = *state;
    uint8_t secret[TOTP_SECRET_BYTES];
    struct register_person p;
    struct arena mem;
    struct err err = {0};
    bool found;
    char body[256], recovery[32], last_cookie[96] = "";
    ASK(n, 201, fixture_post(n, "/api/v1/me/totp/offer", "{}"));
    (void)snprintf(recovery, sizeof(recovery), "%s", fixture_text(n, "recovery.0"));
    arena_init(&mem, 65536);
    assert_int_equal(register_person_find(n->reg, &mem, 1, &p, &found, &err), 0);
    memcpy(secret, p.totp_offer, sizeof(secret));
    arena_done(&mem);
    PROBLEM(n, 401, "bad_code", fixture_post(n, "/api/v1/me/totp", "{\"code\":\"000000\"}"));
    (void)snprintf(body, sizeof(body), "{\"code\":\"%06u\"}", totp_code(secret, totp_step_of(n->now_ns)));
    ASK(n, 204, fixture_post(n, "/api/v1/me/totp", body));
    PROBLEM(n, 409, "conflict", fixture_post(n, "/api/v1/me/totp", body));
    /* Another offer changes nothing until it is confirmed. */
    ASK(n, 201, fixture_post(n, "/api/v1/me/totp/offer", NULL));
    /* The password alone is not enough; asking does not count as a failure. */
    for (int i = 0; i < 10; i++)
        PROBLEM(n, 401, "totp_needed",
                fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"" PASSWORD "\"}"));
    const struct {
        int64_t step;
        int want;
    } rows[] = {{0, 401}, {1, 200}, {1, 401}}; /* used by the confirmation; next; replay */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t code = totp_code(secret, totp_step_of(T0) + rows[i].step);
        (void)snprintf(body, sizeof(body),
                       "{\"login\":\"admin\",\"password\":\"" PASSWORD "\",\"totp\":\"%06u\"}", code);
        ASK(n, rows[i].want, fixture_post(n, "/api/v1/session", body));
    }
    assert_string_equal(fixture_text(n, "code"), "bad_code");
    /* The second offer waits; the first secret is in force. */
    uint8_t second[TOTP_SECRET_BYTES];
    arena_init(&mem, 65536);
    assert_int_equal(register_person_find(n->reg, &mem, 1, &p, &found, &err), 0);
    memcpy(second, p.totp_offer, sizeof(second));
    arena_done(&mem);
    assert_true(p.totp_on && memcmp(p.totp_secret, secret, sizeof(secret)) == 0);
    for (int i = 0; i < 2; i++) { /* a recovery code helps once */
        (void)snprintf(body, sizeof(body),
                       "{\"login\":\"admin\",\"password\":\"" PASSWORD "\",\"totp\":\"%s\"}", recovery);
        ASK(n, i == 0 ? 200 : 401, fixture_post(n, "/api/v1/session", body));
        if (i == 0)
            (void)snprintf(last_cookie, sizeof(last_cookie), "%.78s", n->set_cookie);
    }
    /* Confirmed: it takes the place of the first. */
    struct browser b;
    n->now_ns += 2 * MINUTE;
    (void)snprintf(body, sizeof(body), "{\"code\":\"%06u\"}", totp_code(second, totp_step_of(n->now_ns)));
    n->browser = &b;
    (void)snprintf(b.cookie, sizeof(b.cookie), "%s", last_cookie);
    ASK(n, 200, fixture_get(n, "/api/v1/session"));
    (void)snprintf(b.csrf, sizeof(b.csrf), "%s", fixture_text(n, "csrf"));
    ASK(n, 204, fixture_post(n, "/api/v1/me/totp", body));
    n->now_ns += MINUTE;
    const uint8_t *const secrets[] = {secret, second};
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        (void)snprintf(body, sizeof(body),
                       "{\"login\":\"admin\",\"password\":\"" PASSWORD "\",\"totp\":\"%06u\"}",
                       totp_code(secrets[i], totp_step_of(n->now_ns)));
        ASK(n, i == 0 ? 401 : 200, fixture_post(n, "/api/v1/session", body));
    }
}

static void test_password(void **state)
{
    struct node *n = *state;
    PROBLEM(n, 401, "bad_password",
            fixture_post(n, "/api/v1/me/password", "{\"old\":\"x\",\"new\":\"Moi-khau-2\"}"));
    PROBLEM(n, 422, "password_weak",
            fixture_post(n, "/api/v1/me/password", "{\"old\":\"" PASSWORD "\",\"new\":\"short\"}"));
    assert_string_equal(fixture_text(n, "field"), "new");
    PROBLEM(n, 422, "password_weak",
            fixture_post(n, "/api/v1/me/password", "{\"old\":\"" PASSWORD "\",\"new\":\"" PASSWORD "\"}"));
    assert_string_equal(fixture_text(n, "missing.0"), "reused");
    /* The first one is forgotten after five others. */
    char body[128], old[16] = PASSWORD, fresh[16];
    for (int i = 2; i <= 6; i++) {
        (void)snprintf(fresh, sizeof(fresh), "Mat-khau-%d", i);
        (void)snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", old, fresh);
        ASK(n, 204, fixture_post(n, "/api/v1/me/password", body));
        (void)snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"" PASSWORD "\"}", fresh);
        ASK(n, i < 6 ? 422 : 204, fixture_post(n, "/api/v1/me/password", body));
        memcpy(old, fresh, sizeof(old));
    }
}

/* Guessing the old password from an open session locks the login and ends the session. */
static void test_password_guessing(void **state)
{
    struct node *n = *state;
    const char *guess = "{\"old\":\"x\",\"new\":\"Moi-khau-2\"}";
    for (int i = 0; i < 5; i++)
        PROBLEM(n, 401, "bad_password", fixture_post(n, "/api/v1/me/password", guess));
    PROBLEM(n, 401, "no_session", fixture_post(n, "/api/v1/me/password", guess));
    PROBLEM(n, 423, "locked",
            fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"" PASSWORD "\"}"));
}

static void test_must_change(void **state)
{
    struct node *n = *state;
    struct browser b;
    ASK(n, 201,
        fixture_post(n, "/api/v1/people",
                     "{\"name\":\"Bình\",\"login\":\"binh\",\"password\":\"Given-by-1\",\"role\":\"head\"}"));
    ASK(n, 200, fixture_sign_in(n, &b, "binh", "Given-by-1"));
    ASK(n, 200, fixture_get(n, "/api/v1/session"));
    assert_string_equal(fixture_text(n, "must_change"), "true");
    PROBLEM(n, 403, "password_expired", fixture_get(n, "/api/v1/today"));
    PROBLEM(n, 422, "password_weak",
            fixture_post(n, "/api/v1/me/password", "{\"old\":\"Given-by-1\",\"new\":\"Given-by-1\"}"));
    ASK(n, 204, fixture_post(n, "/api/v1/me/password", "{\"old\":\"Given-by-1\",\"new\":\"Own-pass-1\"}"));
    ASK(n, 200, fixture_get(n, "/api/v1/today"));
}

static void test_password_age(void **state)
{
    struct node *n = *state;
    struct browser b;
    n->now_ns = T0 + 92 * DAY - SECOND; /* 22 November to 22 February */
    ASK(n, 200, fixture_sign_in(n, &b, "admin", PASSWORD));
    ASK(n, 200, fixture_get(n, "/api/v1/today"));
    n->now_ns += SECOND;
    PROBLEM(n, 403, "password_expired", fixture_get(n, "/api/v1/today"));
    ASK(n, 204, fixture_post(n, "/api/v1/me/password", "{\"old\":\"" PASSWORD "\",\"new\":\"Moi-khau-2\"}"));
    ASK(n, 200, fixture_get(n, "/api/v1/today"));
}

static void test_people(void **state)
{
    struct node *n = *state;
    struct browser officer, operator_;
    fixture_person(n, &officer, "officer", "officer");
    fixture_person(n, &operator_, "operator", "operator");
    const char *again =
        "{\"name\":\"x\",\"login\":\"Officer\",\"password\":\"Given-by-1\",\"role\":\"head\"}";
    PROBLEM(n, 409, "conflict", fixture_post(n, "/api/v1/people", again));
    assert_string_equal(fixture_text(n, "field"), "login");
    PROBLEM(n, 400, "bad_request",
            fixture_post(n, "/api/v1/people",
                         "{\"name\":\"x\",\"login\":\"y1\",\"password\":\"Given-by-1\",\"role\":\"admin\"}"));
    ASK(n, 200, fixture_get(n, "/api/v1/people"));
    assert_int_equal(fixture_count(n, "items"), 3);
    assert_true(str_find(str_of(n->body), S("argon2")) == SIZE_MAX);
    PROBLEM(n, 403, "same_person", fixture_post(n, "/api/v1/people/1/disable", "{}"));
    PROBLEM(n, 404, "not_found", fixture_post(n, "/api/v1/people/99/disable", "{}"));
    n->browser = &officer;
    PROBLEM(n, 403, "forbidden", fixture_post(n, "/api/v1/people/1/disable", "{}")); /* an administrator */
    ASK(n, 204, fixture_post(n, "/api/v1/people/3/disable", "{}"));
    n->browser = &operator_;
    PROBLEM(n, 401, "no_session", fixture_get(n, "/api/v1/today"));
    PROBLEM(n, 401, "bad_password",
            fixture_post(n, "/api/v1/session", "{\"login\":\"operator\",\"password\":\"" PASSWORD "\"}"));
    n->browser = &officer;
    ASK(n, 204, fixture_post(n, "/api/v1/people/3/enable", "{}"));
    ASK(n, 204, fixture_post(n, "/api/v1/people/3/unlock", "{}"));
    ASK(n, 204, fixture_post(n, "/api/v1/people/3/password", "{\"password\":\"Fresh-one-1\"}"));
    ASK(n, 200, fixture_sign_in(n, &operator_, "operator", "Fresh-one-1"));
    PROBLEM(n, 403, "password_expired", fixture_get(n, "/api/v1/today"));
}

/* A connection that goes while the password is hashed: nobody is answered, the state is right. */
static void test_cancelled_job(void **state)
{
    struct node *n = *state;
    n->keep_job = true;
    unsigned before = n->replies;
    assert_int_equal(fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"x\"}"), 0);
    api_cancel(n->api, n->token);
    n->job_done(n->job);
    assert_int_equal(n->replies, before);
    n->keep_job = false;
    for (int i = 2; i <= 3; i++)
        PROBLEM(n, 401, "bad_password",
                fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"x\"}"));
    PROBLEM(n, 401, "captcha_needed",
            fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"x\"}"));
}

/* The password changes while an old one is being compared. */
static void test_job_overtaken(void **state)
{
    struct node *n = *state;
    struct browser *b = n->browser;
    n->keep_job = true;
    n->browser = NULL;
    assert_int_equal(
        fixture_post(n, "/api/v1/session", "{\"login\":\"admin\",\"password\":\"" PASSWORD "\"}"), 0);
    uint64_t token = n->token;
    void *job = n->job;
    n->keep_job = false;
    n->browser = b;
    ASK(n, 204, fixture_post(n, "/api/v1/me/password", "{\"old\":\"" PASSWORD "\",\"new\":\"Moi-khau-2\"}"));
    n->token = token;
    n->job_done(job);
    assert_int_equal(n->status, 401);
    assert_string_equal(fixture_text(n, "code"), "bad_password");
    n->token += 10;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_setup),
        FRESH(test_setup_ends),
        FRESH(test_setup_weak),
        READY(test_session),
        READY(test_replaced),
        READY(test_idle),
        READY(test_csrf),
        READY(test_lock),
        READY(test_failures_recorded),
        READY(test_rate),
        READY(test_one_time_codes),
        READY(test_password),
        READY(test_password_guessing),
        READY(test_must_change),
        READY(test_password_age),
        READY(test_people),
        READY(test_cancelled_job),
        READY(test_job_overtaken),
    };
    return cmocka_run_group_tests_name("api_signin", tests, NULL, NULL);
}
