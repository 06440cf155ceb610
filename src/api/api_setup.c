#include "api/api_handlers.h"
#include "api/api_job.h"

int api_setup_get(struct api_ctx *c, struct err *err)
{
    struct register_org org;
    enum register_setup state;
    int64_t left_ns;
    bool found;
    if (register_org_own(c->api->reg, &c->mem, &org, &found, err) != 0 ||
        register_session_setup_state(c->api->reg, c->now_ns, &state, &left_ns, err) != 0)
        return -1;
    jout_obj(&c->j);
    JOUT_BOOL(&c->j, "needed", !found);
    jout_key(&c->j, S("expires_in"));
    if (!found && state == SETUP_OPEN)
        jout_i64(&c->j, left_ns / NS_PER_S);
    else
        jout_null(&c->j);
    JOUT_CSTR(&c->j, "fingerprint", c->api->fingerprint);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

static struct str org_text(const struct api_ctx *c, const char *name)
{
    const json_t *v = json_object_get(json_object_get(c->body, "org"), name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
                             : (struct str){NULL, 0};
}

/* Agency, first person and use of the code in one transaction; then the session. */
static int make_node(struct api_job *job, struct api_ctx *c, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    struct digest code = api_setup_digest(api_ctx_text(c, "code"));
    struct str role = api_ctx_text(c, "role");
    struct register_org org = {.name = org_text(c, "name"),
                               .code = org_text(c, "code"),
                               .address = org_text(c, "address"),
                               .role = role.p == NULL ? S("agency") : role};
    struct register_person p = {.name = api_ctx_text(c, "name"),
                                .phone = api_ctx_text(c, "phone"),
                                .login = api_ctx_text(c, "login"),
                                .role = ROLE_ADMIN,
                                .hash = str_of(job->made)};
    struct register_org own;
    bool taken, found;
    int64_t id;
    if (register_tx_begin(c->api->reg, &tx, err) != 0 ||
        register_org_own(c->api->reg, &c->mem, &own, &taken, err) != 0)
        return -1;
    if (taken)
        return api_ctx_problem(c, PROBLEM_SETUP_DONE, S("another browser was faster"));
    c->by.who = p.login;
    if (register_session_setup_use(c->api->reg, &code, c->now_ns, err) != 0 ||
        register_org_add(c->api->reg, &c->by, &org, &p.org, err) != 0 ||
        register_person_add(c->api->reg, &c->by, &p, &id, err) != 0 ||
        register_person_find(c->api->reg, &c->mem, id, &c->person, &found, err) != 0)
        return -1;
    c->by.person = id;
    c->by.who = c->person.login;
    jout_obj(&c->j);
    jout_key(&c->j, S("totp"));
    if (api_me_totp_write(c, err) != 0 || api_session_begin(c, err) != 0 ||
        api_ctx_audit(c, S("setup"), S("org"), org.code, true, S(""), err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 201);
}

/* The code is judged before anything else is told; *ret_ok is false after a refusal was sent. */
static int check_code(struct api_ctx *c, bool *ret_ok, struct err *err)
{
    struct digest code = api_setup_digest(api_ctx_text(c, "code"));
    bool ok;
    *ret_ok = false;
    if (register_session_setup_try(c->api->reg, &code, c->now_ns, &ok, err) != 0)
        return -1;
    if (!ok) {
        if (api_ctx_audit(c, S("setup"), S("org"), S(""), false, S("{\"reason\":\"bad_code\"}"), err) != 0)
            return -1;
        api_ctx_problem_open(c, PROBLEM_BAD_CODE, S("the code stands on the console of the machine"));
        JOUT_CSTR(&c->j, "field", "code");
        return api_ctx_problem_end(c, PROBLEM_BAD_CODE);
    }
    *ret_ok = true;
    return 0;
}

int api_setup_post(struct api_ctx *c, struct err *err)
{
    CLEANUP(api_job_freep) struct api_job *job = NULL;
    char folded[REGISTER_LOGIN_BYTES_MAX];
    struct register_org org;
    struct str login = api_ctx_text(c, "login"), password = api_ctx_text(c, "password");
    bool found, ok;
    if (register_org_own(c->api->reg, &c->mem, &org, &found, err) != 0)
        return -1;
    if (found)
        return api_ctx_problem(c, PROBLEM_SETUP_DONE, S("sign in instead"));
    if (check_code(c, &ok, err) != 0)
        return -1;
    if (!ok)
        return 0;
    if (!register_person_login_fold(login, folded, &login))
        return api_ctx_bad_field(c, "login", S("letters, digits, '.', '-' and '_' only"));
    unsigned reasons = password_check(password, login);
    if (reasons != 0)
        return api_me_weak(c, "password", reasons);
    if (api_job_new(c, make_node, &job, err) != 0)
        return -1;
    job->fresh = password;
    api_job_start(c, TAKE(job));
    return 0;
}
