#include <stdio.h>

#include "api/api_handlers.h"

#define COOKIE_ATTRIBUTES "; Path=/; HttpOnly; Secure; SameSite=Strict"

/* The CSRF value belongs to the token and needs no place of its own: HMAC of a fixed text under the token. */
void api_session_csrf(const char *token_text, char ret[65])
{
    struct digest d = digest_hmac_sha256(str_of(token_text), S("khien csrf"));
    digest_hex(&d, ret);
}

struct digest api_session_login_digest(struct str folded_login)
{
    struct str parts[] = {S("khien login "), folded_login};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

/* Value of the session cookie; .p == NULL where there is none. */
static struct str cookie_value(struct str cookies)
{
    struct str pair, name, value, rest = cookies;
    bool more = cookies.n > 0;
    while (more) {
        more = str_cut(rest, ';', &pair, &rest);
        (void)str_cut(str_trim(pair), '=', &name, &value);
        if (str_eq(name, S(API_COOKIE)))
            return value;
    }
    return (struct str){NULL, 0};
}

static const struct {
    enum api_problem problem;
    const char *detail;
} refusals[] = {
    [SESSION_NONE] = {PROBLEM_NO_SESSION, "no such session"},
    [SESSION_IDLE] = {PROBLEM_IDLE, "sign in again"},
    [SESSION_REPLACED] = {PROBLEM_REPLACED, "one account has one session (D15.6.c.1)"},
    [SESSION_ENDED] = {PROBLEM_NO_SESSION, "the session was ended"},
};

/* The person of a live session into the request. */
static int load_person(struct api_ctx *c, bool *ret_live, struct err *err)
{
    bool found;
    if (register_person_find(c->api->reg, &c->mem, c->session.person, &c->person, &found, err) != 0)
        return -1;
    *ret_live = found && c->person.disabled_ns == 0;
    c->by.person = c->session.person;
    c->by.who = c->person.login;
    return 0;
}

static int open_session(struct api_ctx *c, enum register_session_state *state, struct err *err)
{
    struct str token = cookie_value(c->req->cookie);
    bool live = false, touch = !c->req->background && (c->route->flags & ROUTE_NO_TOUCH) == 0;
    *state = SESSION_NONE;
    if (register_setting_get(c->api->reg, SETTING_IDLE_S, &c->idle_s, err) != 0)
        return -1;
    if (token.n != API_TOKEN_TEXT - 1)
        return 0;
    struct digest digest = digest_sha256(token);
    if (register_session_check(c->api->reg, &digest, c->now_ns, c->idle_s * NS_PER_S, touch, state,
                               &c->session, err) != 0)
        return -1;
    if (*state == SESSION_IDLE || *state == SESSION_REPLACED)
        c->api->deps->tail_stop(c->api->deps->self, c->session.id);
    if (*state != SESSION_LIVE)
        return 0;
    if (load_person(c, &live, err) != 0)
        return -1;
    if (!live)
        *state = SESSION_ENDED;
    memcpy(c->token_text, token.p, token.n);
    c->token_text[token.n] = '\0';
    c->signed_in = live;
    return 0;
}

bool api_session_open(struct api_ctx *c)
{
    enum register_session_state state;
    struct err err = {0};
    if (open_session(c, &state, &err) != 0) {
        api_ctx_error(c, &err);
        return false;
    }
    if (c->signed_in || c->route->permission == PERMIT_OPEN)
        return true;
    (void)api_ctx_problem(c, refusals[state].problem, str_of(refusals[state].detail));
    return false;
}

int api_session_begin(struct api_ctx *c, struct err *err)
{
    int64_t id, old;
    if (api_ctx_random_text(c->api, API_TOKEN_BYTES, c->token_text, err) != 0)
        return -1;
    struct digest digest = digest_sha256(str_of(c->token_text));
    if (register_session_new(c->api->reg, &c->by, &digest, &id, &old, err) != 0)
        return -1;
    if (old != 0)
        c->api->deps->tail_stop(c->api->deps->self, old);
    struct str cookie = arena_printf(&c->mem, "%s=%s%s", API_COOKIE, c->token_text, COOKIE_ATTRIBUTES);
    if (cookie.p == NULL)
        return err_set(err, ERR_NOMEM, "cookie");
    api_ctx_header(c, "Set-Cookie", cookie);
    c->session.id = id;
    c->signed_in = true;
    return 0;
}

int api_session_answer(struct api_ctx *c, int status, struct err *err)
{
    struct register_org org;
    struct jout *j = &c->j;
    char csrf[65];
    bool found;
    if (register_org_find(c->api->reg, &c->mem, c->person.org, &org, &found, err) != 0)
        return -1;
    assert(found);
    int64_t due = register_person_password_due(c->person.password_ns);
    api_session_csrf(c->token_text, csrf);
    jout_obj(j);
    JOUT_BOOL(j, "signed_in", true);
    jout_key(j, S("person"));
    jout_obj(j);
    JOUT_I64(j, "id", c->person.id);
    JOUT_STR(j, "name", c->person.name);
    JOUT_STR(j, "login", c->person.login);
    JOUT_STR(j, "role", register_person_role_name(c->person.role));
    jout_obj_end(j);
    jout_key(j, S("org"));
    jout_obj(j);
    JOUT_I64(j, "id", org.id);
    JOUT_STR(j, "name", org.name);
    jout_obj_end(j);
    JOUT_CSTR(j, "csrf", csrf);
    JOUT_I64(j, "idle_s", c->idle_s);
    JOUT_BOOL(j, "must_change", c->person.must_change || c->now_ns >= due);
    JOUT_BOOL(j, "totp", c->person.totp_on);
    JOUT_TIME(j, "password_due", due);
    JOUT_STR(j, "lang", c->person.lang);
    jout_obj_end(j);
    return api_ctx_ok(c, status);
}

int api_session_get(struct api_ctx *c, struct err *err)
{
    if (c->signed_in)
        return api_session_answer(c, 200, err);
    jout_obj(&c->j);
    JOUT_BOOL(&c->j, "signed_in", false);
    jout_key(&c->j, S("captcha"));
    /* Whether one is needed depends on the login; POST /session tells. */
    jout_null(&c->j);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

int api_session_delete(struct api_ctx *c, struct err *err)
{
    if (register_session_end(c->api->reg, &c->by, c->session.id, err) != 0)
        return -1;
    c->api->deps->tail_stop(c->api->deps->self, c->session.id);
    api_ctx_changed(c);
    api_ctx_header(c, "Set-Cookie", S(API_COOKIE "=; Max-Age=0" COOKIE_ATTRIBUTES));
    return api_ctx_empty(c);
}
