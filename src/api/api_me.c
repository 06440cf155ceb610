/*
 * What people do with their own account.
 */
#include "api/api_handlers.h"
#include "api/api_job.h"
#include "crypt/totp.h"

int api_me_weak(struct api_ctx *c, const char *field, unsigned reasons)
{
    api_ctx_problem_open(c, PROBLEM_PASSWORD_WEAK, S("see missing"));
    JOUT_CSTR(&c->j, "field", field);
    jout_key(&c->j, S("missing"));
    jout_arr(&c->j);
    for (unsigned i = 0; i < PASSWORD_REASON_COUNT; i++) {
        if ((reasons & 1u << i) != 0)
            jout_str(&c->j, str_of(password_reason_word((enum password_reason)i)));
    }
    jout_arr_end(&c->j);
    return api_ctx_problem_end(c, PROBLEM_PASSWORD_WEAK);
}

/* The old password was compared with the first hash, the new one with all former ones. */
static int change_password(struct api_job *job, struct api_ctx *c, struct err *err)
{
    if (!job->check[0].matches) {
        if (api_ctx_audit(c, S("password_change"), S("person"), S(""), false, S(""), err) != 0)
            return -1;
        if (job->charged.locked_until_ns > c->now_ns &&
            register_session_end_all(c->api->reg, job->person, S("locked"), c->now_ns, err) != 0)
            return -1;
        return api_ctx_problem(c, PROBLEM_BAD_PASSWORD, S("the old password is wrong"));
    }
    bool reused = false;
    for (size_t i = 1; i < job->n_checks; i++)
        reused = reused || job->check[i].matches;
    if (register_session_forgive(c->api->reg, &job->login, err) != 0)
        return -1;
    if (reused)
        return api_me_weak(c, "new", 1u << PASSWORD_REUSED);
    if (register_person_set_password(c->api->reg, &c->by, job->person, str_of(job->made), false, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_empty(c);
}

int api_me_password(struct api_ctx *c, struct err *err)
{
    CLEANUP(api_job_freep) struct api_job *job = NULL;
    struct str old = api_ctx_text(c, "old"), fresh = api_ctx_text(c, "new");
    struct str hashes[REGISTER_PASSWORD_HISTORY];
    struct register_sign_in state;
    int64_t lock_after;
    size_t n;
    struct digest login = api_session_login_digest(c->person.login);
    if (register_session_sign_in(c->api->reg, &login, &state, err) != 0)
        return -1;
    if (state.locked_until_ns > c->now_ns) {
        api_ctx_problem_open(c, PROBLEM_LOCKED, S("wait, or ask an administrator to unlock"));
        JOUT_I64(&c->j, "retry_after", (state.locked_until_ns - c->now_ns) / NS_PER_S + 1);
        return api_ctx_problem_end(c, PROBLEM_LOCKED);
    }
    unsigned reasons = password_check(fresh, c->person.login);
    if (reasons != 0)
        return api_me_weak(c, "new", reasons);
    if (api_job_new(c, change_password, &job, err) != 0 ||
        register_person_hashes(c->api->reg, &c->mem, c->person.id, hashes, &n, err) != 0 ||
        register_setting_get(c->api->reg, SETTING_LOCK_AFTER, &lock_after, err) != 0 ||
        register_session_charge(c->api->reg, &login, c->now_ns, lock_after, &job->charged, err) != 0)
        return -1;
    job->login = login;
    api_job_check(job, old, c->person.hash);
    for (size_t i = 0; i < n; i++)
        api_job_check(job, fresh, hashes[i]);
    job->fresh = fresh;
    api_job_start(c, TAKE(job));
    return 0;
}

int api_me_totp_write(struct api_ctx *c, struct err *err)
{
    CLEANUP(buf_done) struct buf uri = {0};
    uint8_t secret[TOTP_SECRET_BYTES], random[TOTP_RECOVERY_COUNT][TOTP_RECOVERY_RANDOM];
    char texts[TOTP_RECOVERY_COUNT][TOTP_RECOVERY_TEXT], secret_text[TOTP_SECRET_TEXT];
    struct digest codes[TOTP_RECOVERY_COUNT];
    bool ok = true;
    _Static_assert(TOTP_SECRET_BYTES == REGISTER_TOTP_SECRET_BYTES, "the column fits the secret");
    if (sys_random(c->api->sys, secret, sizeof(secret), err) != 0 ||
        sys_random(c->api->sys, random, sizeof(random), err) != 0)
        return -1;
    for (size_t i = 0; i < TOTP_RECOVERY_COUNT; i++) {
        totp_recovery_text(random[i], texts[i]);
        codes[i] = totp_recovery_digest(str_of(texts[i]), &ok);
        assert(ok);
    }
    if (register_person_offer_totp(c->api->reg, &c->by, c->person.id, secret, codes, TOTP_RECOVERY_COUNT,
                                   err) != 0)
        return -1;
    buf_init(&uri, 4096);
    totp_put_uri(&uri, S("Khiên"), c->person.login, secret);
    totp_secret_text(secret, secret_text);
    jout_obj(&c->j);
    JOUT_CSTR(&c->j, "secret", secret_text);
    JOUT_STR(&c->j, "uri", buf_str(&uri));
    jout_key(&c->j, S("recovery"));
    jout_arr(&c->j);
    for (size_t i = 0; i < TOTP_RECOVERY_COUNT; i++)
        jout_str(&c->j, str_of(texts[i]));
    jout_arr_end(&c->j);
    jout_obj_end(&c->j);
    digest_wipe(secret, sizeof(secret));
    digest_wipe(secret_text, sizeof(secret_text));
    digest_wipe(texts, sizeof(texts));
    digest_wipe(random, sizeof(random));
    return 0;
}

int api_me_totp_offer(struct api_ctx *c, struct err *err)
{
    if (api_me_totp_write(c, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_ok(c, 201);
}

int api_me_totp_confirm(struct api_ctx *c, struct err *err)
{
    int64_t step;
    if (!c->person.has_totp_offer)
        return api_ctx_problem(c, PROBLEM_CONFLICT, S("no secret waits to be confirmed"));
    if (!totp_check(c->person.totp_offer, api_ctx_text(c, "code"), c->now_ns, 0, &step)) {
        if (api_ctx_audit(c, S("totp_on"), S("person"), S(""), false, S(""), err) != 0)
            return -1;
        return api_ctx_problem(c, PROBLEM_BAD_CODE, S("look at the clock of the telephone"));
    }
    if (register_person_confirm_totp(c->api->reg, &c->by, c->person.id, step, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_empty(c);
}
