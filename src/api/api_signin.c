/*
 * Sign-in. An unknown login takes the same way and the same time as a known one: its failures are counted, it
 * is locked, it meets the captcha, and its password is compared with the hash of a password nobody has.
 */
#include <stdio.h>

#include "api/api_handlers.h"
#include "api/api_job.h"
#include "crypt/totp.h"

/* Members of the problem: a captcha to solve before the next try. */
static int write_captcha(struct api_ctx *c, struct err *err)
{
    CLEANUP(buf_done) struct buf svg = {0};
    char id[API_CAPTCHA_ID_TEXT];
    buf_init(&svg, 65536);
    if (api_captcha_new(&c->api->captcha, c->api->sys, c->now_ns, id, &svg, err) != 0)
        return -1;
    if (svg.bad)
        return err_set(err, ERR_NOMEM, "captcha");
    jout_obj(&c->j);
    JOUT_CSTR(&c->j, "id", id);
    JOUT_STR(&c->j, "svg", buf_str(&svg));
    jout_obj_end(&c->j);
    return 0;
}

static bool is_rate_ok(struct api_ctx *c)
{
    int64_t wait_s;
    if (api_peer_use(&c->api->peers, c->req->peer, c->now_ns, &wait_s))
        return true;
    api_ctx_problem_open(c, PROBLEM_LIMIT, S("too many tries from this address"));
    JOUT_I64(&c->j, "retry_after", wait_s);
    (void)api_ctx_problem_end(c, PROBLEM_LIMIT);
    return false;
}

int api_signin_captcha(struct api_ctx *c, struct err *err)
{
    if (!is_rate_ok(c))
        return 0;
    if (write_captcha(c, err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}

static int answer_locked(struct api_ctx *c, const struct register_sign_in *s)
{
    int64_t left_s = (s->locked_until_ns - c->now_ns + NS_PER_S - 1) / NS_PER_S;
    api_ctx_problem_open(c, PROBLEM_LOCKED, S("wait, or ask an administrator to unlock"));
    JOUT_I64(&c->j, "retry_after", left_s);
    return api_ctx_problem_end(c, PROBLEM_LOCKED);
}

static int is_captcha_due(struct api_ctx *c, const struct register_sign_in *s, bool *ret, struct err *err)
{
    int64_t after;
    if (register_setting_get(c->api->reg, SETTING_CAPTCHA_AFTER, &after, err) != 0)
        return -1;
    *ret = s->failed >= after || s->locks > 0;
    return 0;
}

/* A refusal, with a captcha where the next try needs one. */
static int answer_refused(struct api_ctx *c, enum api_problem p, struct str detail,
                          const struct register_sign_in *s, struct err *err)
{
    bool due;
    if (is_captcha_due(c, s, &due, err) != 0)
        return -1;
    api_ctx_problem_open(c, p, detail);
    if (due) {
        jout_key(&c->j, S("captcha"));
        if (write_captcha(c, err) != 0)
            return -1;
    }
    return api_ctx_problem_end(c, p);
}

/* Record a failed try; the login is what was typed, as far as it is a login at all. */
static int audit_failure(struct api_ctx *c, const char *why, struct err *err)
{
    char folded[REGISTER_LOGIN_BYTES_MAX], detail[64];
    struct str login;
    if (register_person_login_fold(api_ctx_text(c, "login"), folded, &login))
        c->by.who = login;
    int n = snprintf(detail, sizeof(detail), "{\"reason\":\"%s\"}", why);
    return api_ctx_audit(c, S("sign_in"), S("session"), S(""), false, (struct str){detail, (size_t)n}, err);
}

static int fail_try(struct api_job *job, struct api_ctx *c, enum api_problem p, struct err *err)
{
    if (audit_failure(c, api_problem_row(p)->word, err) != 0)
        return -1;
    if (job->charged.locked_until_ns > c->now_ns)
        return answer_locked(c, &job->charged);
    return answer_refused(c, p, S("check login, password and code"), &job->charged, err);
}

/* The second factor: a one-time code that was not used yet, or a recovery code. */
static int check_factor(struct api_ctx *c, struct str code, bool *ret_ok, struct err *err)
{
    int64_t step;
    bool is_recovery;
    *ret_ok = false;
    if (totp_check(c->person.totp_secret, code, c->now_ns, c->person.totp_step, &step))
        return register_person_use_totp(c->api->reg, c->person.id, step, ret_ok, err);
    struct digest recovery = totp_recovery_digest(code, &is_recovery);
    if (!is_recovery)
        return 0;
    return register_person_use_recovery(c->api->reg, &c->by, c->person.id, &recovery, ret_ok, err);
}

static int enter(struct api_job *job, struct api_ctx *c, struct err *err)
{
    if (register_session_forgive(c->api->reg, &job->login, err) != 0 || api_session_begin(c, err) != 0 ||
        register_setting_get(c->api->reg, SETTING_IDLE_S, &c->idle_s, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_session_answer(c, 200, err);
}

static int after_hash(struct api_job *job, struct api_ctx *c, struct err *err)
{
    bool found = false, factor;
    if (job->object != 0 &&
        register_person_find(c->api->reg, &c->mem, job->object, &c->person, &found, err) != 0)
        return -1;
    /* The password may have changed while the hash was computed. */
    bool ok = found && job->check[0].matches && c->person.disabled_ns == 0 &&
              str_eq(c->person.hash, str_of(job->check[0].hash));
    if (!ok)
        return fail_try(job, c, PROBLEM_BAD_PASSWORD, err);
    c->by.person = c->person.id;
    c->by.who = c->person.login;
    if (!c->person.totp_on)
        return enter(job, c, err);
    struct str code = api_ctx_text(c, "totp");
    if (code.n == 0) {
        if (register_session_refund(c->api->reg, &job->login, &job->before, &job->charged, err) != 0)
            return -1;
        return answer_refused(c, PROBLEM_TOTP_NEEDED, S("send totp with login and password"), &job->before,
                              err);
    }
    if (check_factor(c, code, &factor, err) != 0)
        return -1;
    return factor ? enter(job, c, err) : fail_try(job, c, PROBLEM_BAD_CODE, err);
}

/* Lock and captcha before any password is looked at; *ret_go is false after a refusal was sent. */
static int check_gates(struct api_ctx *c, const struct register_sign_in *s, bool *ret_go, struct err *err)
{
    bool due;
    *ret_go = false;
    if (s->locked_until_ns > c->now_ns) {
        if (audit_failure(c, "locked", err) != 0)
            return -1;
        return answer_locked(c, s);
    }
    if (is_captcha_due(c, s, &due, err) != 0)
        return -1;
    const json_t *captcha = json_object_get(c->body, "captcha");
    const json_t *id = json_object_get(captcha, "id"), *answer = json_object_get(captcha, "answer");
    bool solved = json_is_string(id) && json_is_string(answer) &&
                  api_captcha_check(&c->api->captcha, str_of(json_string_value(id)),
                                    str_of(json_string_value(answer)), c->now_ns);
    if (due && !solved)
        return answer_refused(c, PROBLEM_CAPTCHA_NEEDED, S("send captcha with login and password"), s, err);
    *ret_go = true;
    return 0;
}

/* The account that a login stands for, and the hash to compare with: the one of nobody where there is none.
 */
static int find_account(struct api_ctx *c, struct api_job *job, struct str typed, struct err *err)
{
    char folded[REGISTER_LOGIN_BYTES_MAX];
    struct str login;
    bool found = false;
    if (register_person_login_fold(typed, folded, &login) &&
        register_person_find_login(c->api->reg, &c->mem, login, &c->person, &found, err) != 0)
        return -1;
    bool usable = found && c->person.disabled_ns == 0;
    job->object = usable ? c->person.id : 0;
    api_job_check(job, api_ctx_text(c, "password"), usable ? c->person.hash : str_of(c->api->dummy_hash));
    return 0;
}

/* Failures of a text that cannot be a login are counted, too. */
static struct digest login_digest(struct str typed)
{
    char folded[REGISTER_LOGIN_BYTES_MAX];
    struct str login;
    return api_session_login_digest(register_person_login_fold(typed, folded, &login) ? login : typed);
}

int api_signin_post(struct api_ctx *c, struct err *err)
{
    struct str typed = api_ctx_text(c, "login");
    struct digest login = login_digest(typed);
    struct register_sign_in state;
    CLEANUP(api_job_freep) struct api_job *job = NULL;
    int64_t lock_after;
    bool go;
    if (!is_rate_ok(c))
        return 0;
    /* Whoever was signed in on this browser before does not take part. */
    c->by.person = 0;
    c->by.who = S("");
    if (register_session_sign_in(c->api->reg, &login, &state, err) != 0 ||
        check_gates(c, &state, &go, err) != 0)
        return -1;
    if (!go)
        return 0;
    if (api_job_new(c, after_hash, &job, err) != 0 || find_account(c, job, typed, err) != 0 ||
        register_setting_get(c->api->reg, SETTING_LOCK_AFTER, &lock_after, err) != 0 ||
        register_session_charge(c->api->reg, &login, c->now_ns, lock_after, &job->charged, err) != 0)
        return -1;
    job->login = login;
    job->before = state;
    api_job_start(c, TAKE(job));
    return 0;
}
