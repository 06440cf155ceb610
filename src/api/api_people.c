#include "api/api_handlers.h"
#include "api/api_job.h"

static void write_person(struct jout *j, const struct register_person *p)
{
    jout_obj(j);
    JOUT_I64(j, "id", p->id);
    JOUT_STR(j, "name", p->name);
    JOUT_STR(j, "login", p->login);
    JOUT_STR(j, "phone", p->phone);
    JOUT_STR(j, "role", register_person_role_name(p->role));
    JOUT_BOOL(j, "must_change", p->must_change);
    JOUT_BOOL(j, "totp", p->totp_on);
    JOUT_TIME(j, "last_sign_in", p->last_sign_in_ns);
    JOUT_TIME(j, "password_due", register_person_password_due(p->password_ns));
    JOUT_TIME(j, "last_sign_in", p->last_sign_in_ns);
    JOUT_TIME(j, "disabled", p->disabled_ns);
    JOUT_TIME(j, "created", p->created_ns);
    jout_obj_end(j);
}

int api_people_list(struct api_ctx *c, struct err *err)
{
    struct register_person_list list;
    if (register_person_list(c->api->reg, &c->mem, c->person.org, api_ctx_page(c), &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        write_person(&c->j, &list.items[i]);
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

static int login_in_use(struct api_ctx *c)
{
    api_ctx_problem_open(c, PROBLEM_CONFLICT, S("the login is in use"));
    JOUT_CSTR(&c->j, "field", "login");
    return api_ctx_problem_end(c, PROBLEM_CONFLICT);
}

static int add_person(struct api_job *job, struct api_ctx *c, struct err *err)
{
    struct register_person p = {.name = api_ctx_text(c, "name"),
                                .phone = api_ctx_text(c, "phone"),
                                .login = api_ctx_text(c, "login"),
                                .hash = str_of(job->made),
                                .must_change = true};
    struct register_org org;
    bool found;
    int64_t id;
    if (!register_person_role_find(api_ctx_text(c, "role"), &p.role) ||
        register_org_own(c->api->reg, &c->mem, &org, &found, err) != 0)
        return -1;
    p.org = org.id;
    if (register_person_add(c->api->reg, &c->by, &p, &id, err) != 0)
        return err->code == ERR_CONFLICT ? login_in_use(c) : -1;
    api_ctx_changed(c);
    if (register_person_find(c->api->reg, &c->mem, id, &p, &found, err) != 0)
        return -1;
    write_person(&c->j, &p);
    return api_ctx_ok(c, 201);
}

/* A password given by another: judged by the rules, hashed, then `then`. */
static int start_hash(struct api_ctx *c, struct str login, int64_t object, api_job_then *then,
                      struct err *err)
{
    CLEANUP(api_job_freep) struct api_job *job = NULL;
    struct str password = api_ctx_text(c, "password");
    unsigned reasons = password_check(password, login);
    if (reasons != 0)
        return api_me_weak(c, "password", reasons);
    if (api_job_new(c, then, &job, err) != 0)
        return -1;
    job->fresh = password;
    job->object = object;
    api_job_start(c, TAKE(job));
    return 0;
}

int api_people_add(struct api_ctx *c, struct err *err)
{
    char folded[REGISTER_LOGIN_BYTES_MAX];
    struct register_person other;
    struct str login;
    bool found;
    if (!register_person_login_fold(api_ctx_text(c, "login"), folded, &login))
        return api_ctx_bad_field(c, "login", S("letters, digits, '.', '-' and '_' only"));
    if (register_person_find_login(c->api->reg, &c->mem, login, &other, &found, err) != 0)
        return -1;
    if (found)
        return login_in_use(c);
    return start_hash(c, login, 0, add_person, err);
}

/*
 * The person of the path. Nobody works on the own account here, and only an administrator on that of an
 * administrator. *ret_ok is false after a refusal was sent.
 */
static int find_other(struct api_ctx *c, struct register_person *p, bool *ret_ok, struct err *err)
{
    bool found;
    *ret_ok = false;
    if (register_person_find(c->api->reg, &c->mem, c->id, p, &found, err) != 0)
        return -1;
    if (!found || p->org != c->person.org)
        return api_ctx_problem(c, PROBLEM_NOT_FOUND, S("no such person"));
    if (p->id == c->person.id)
        return api_ctx_problem(c, PROBLEM_SAME_PERSON, S("not on the own account"));
    if (p->role == ROLE_ADMIN && c->person.role != ROLE_ADMIN)
        return api_ctx_problem(c, PROBLEM_FORBIDDEN, S("only an administrator may do this"));
    *ret_ok = true;
    return 0;
}

static int set_disabled(struct api_ctx *c, bool disable, struct err *err)
{
    struct register_person p;
    bool ok;
    if (find_other(c, &p, &ok, err) != 0)
        return -1;
    if (!ok)
        return 0;
    if (register_person_disable(c->api->reg, &c->by, p.id, disable, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_empty(c);
}

int api_people_disable(struct api_ctx *c, struct err *err)
{
    return set_disabled(c, true, err);
}

int api_people_enable(struct api_ctx *c, struct err *err)
{
    return set_disabled(c, false, err);
}

int api_people_unlock(struct api_ctx *c, struct err *err)
{
    struct register_person p;
    bool ok;
    if (find_other(c, &p, &ok, err) != 0)
        return -1;
    if (!ok)
        return 0;
    struct digest login = api_session_login_digest(p.login);
    if (register_session_forgive(c->api->reg, &login, err) != 0 ||
        api_ctx_audit(c, S("person_unlock"), S("person"), c->id_text, true, S(""), err) != 0)
        return -1;
    return api_ctx_empty(c);
}

static int reset_password(struct api_job *job, struct api_ctx *c, struct err *err)
{
    CLEANUP(register_tx_end) struct register_tx tx = {0};
    if (register_tx_begin(c->api->reg, &tx, err) != 0 ||
        register_person_set_password(c->api->reg, &c->by, job->object, str_of(job->made), true, err) != 0 ||
        register_person_clear_totp(c->api->reg, job->object, err) != 0 ||
        register_session_end_all(c->api->reg, job->object, S("password_reset"), c->now_ns, err) != 0 ||
        register_tx_commit(&tx, err) != 0)
        return -1;
    api_ctx_changed(c);
    return api_ctx_empty(c);
}

int api_people_password(struct api_ctx *c, struct err *err)
{
    struct register_person p;
    bool ok;
    if (find_other(c, &p, &ok, err) != 0)
        return -1;
    return ok ? start_hash(c, p.login, p.id, reset_password, err) : 0;
}
