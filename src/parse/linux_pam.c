#include "parse/linux.h"
#include "parse/pattern.h"

/* Linux-PAM: pam_unix, pam_sss, pam_ldap, pam_winbind, pam_faillock, pam_tally2 of any service. */
static const struct pattern_row rows[] = {
    {"session opened for user %u by %e(uid=%i)", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"session opened for user %u by (uid=%d)", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"session opened for user %u by %e", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"session opened for user %u", ACTION_SESSION_OPENED, OUTCOME_SUCCESS, NULL},
    {"session closed for user %u", ACTION_SESSION_CLOSED, OUTCOME_SUCCESS, NULL},
    {"check pass; user unknown", ACTION_PAM_AUTH, OUTCOME_FAILURE, "invalid_user"},
    {"bad username [%u]", ACTION_PAM_AUTH, OUTCOME_FAILURE, "invalid_user"},
    {"user %u has failed authentication%*", ACTION_PAM_AUTH, OUTCOME_FAILURE, NULL},
    {"account %u has expired %*", ACTION_PAM_AUTH, OUTCOME_FAILURE, "account_expired"},
    {"expired password for user %u (%*", ACTION_PAM_AUTH, OUTCOME_FAILURE, "password_expired"},
    {"Consecutive login failures for user %u account temporarily locked", ACTION_ACCOUNT_LOCKED_OUT,
     OUTCOME_FAILURE, NULL},
    {"user %u (%d) tally %d, deny %d", ACTION_ACCOUNT_LOCKED_OUT, OUTCOME_FAILURE, NULL},
    {"password changed for %t", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
    {"changed password for %t", ACTION_PASSWORD_CHANGED, OUTCOME_SUCCESS, NULL},
};

/* Offset of the last `key`, or SIZE_MAX. */
static size_t find_last(struct str s, struct str key)
{
    size_t last = SIZE_MAX;
    for (size_t from = 0, at; (at = str_find(str_from(s, from), key)) != SIZE_MAX; from = last + 1)
        last = from + at;
    return last;
}

/* Value behind " key=" up to a blank. ruser stands before rhost and is what a client typed: the last one
 * counts. */
static struct str value_of(struct str msg, struct str key)
{
    size_t at = find_last(msg, key), n = 0;
    if (at == SIZE_MAX)
        return (struct str){NULL, 0};
    struct str v = str_from(msg, at + key.n);
    while (n < v.n && v.p[n] != ' ')
        n++;
    return str_sub(v, 0, n);
}

/* The user stands last, may hold blanks, and is cut off `msg`. */
static struct str cut_user(struct str *msg)
{
    struct str key = S(" user="), user;
    size_t at = find_last(*msg, key);
    if (at == SIZE_MAX)
        return (struct str){NULL, 0};
    user = str_trim(str_from(*msg, at + key.n));
    msg->n = at;
    return user;
}

static bool put_authentication(struct parse_out *out, struct str msg)
{
    struct str count, rest;
    uint64_t n;
    bool good = str_starts(msg, S("authentication success;"));
    if (!good && !str_starts(msg, S("authentication failure;"))) {
        if (!str_cut(msg, ' ', &count, &rest) || !str_to_u64(count, UINT32_MAX, &n) ||
            !str_starts(rest, S("more authentication failure")))
            return false;
        parse_out_put_named(out, S("event.repeat"), count);
    }
    parse_out_act(out, ACTION_PAM_AUTH, good ? OUTCOME_SUCCESS : OUTCOME_FAILURE, (struct str){NULL, 0});
    parse_out_put(out, FIELD_USER_NAME, cut_user(&msg));
    parse_out_put(out, FIELD_USER_ID, value_of(msg, S(" uid=")));
    struct str host = value_of(msg, S(" rhost="));
    if (host.n > 0)
        parse_out_peer(out, host);
    return true;
}

/* "alice(uid=1000)" of newer pam_unix: the name, and user.id where the line does not give another. */
static void trim_user(struct parse_out *out)
{
    for (uint16_t i = 0; i < out->n; i++) {
        struct event_field *f = &out->fields[i];
        size_t at = f->id == FIELD_USER_NAME && f->value.p[f->value.n - 1] == ')'
                        ? str_find(f->value, S("(uid="))
                        : SIZE_MAX;
        if (at != SIZE_MAX && at > 0) {
            f->value.n = at;
            return;
        }
    }
}

bool linux_pam_text(struct parse_out *out, struct str service, struct str msg)
{
    if (out->dataset.n == 0)
        out->dataset = S("linux.auth");
    while (msg.n > 0 && msg.p[msg.n - 1] == ' ')
        msg.n--;
    if (!put_authentication(out, msg)) {
        if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
            return false;
        trim_user(out);
    }
    parse_out_put(out, FIELD_SERVICE_NAME, service);
    return true;
}

bool linux_pam(struct parse_out *out, struct str msg)
{
    struct str module, rest, service, type;
    if (str_starts(msg, S("pam_unix: ")))
        return linux_pam_text(out, out->tag, str_from(msg, 10));
    if (!str_cut(msg, '(', &module, &rest) || module.n > 32 || !str_cut(rest, ')', &service, &rest) ||
        !str_starts(rest, S(": ")))
        return false;
    (void)str_cut(service, ':', &service, &type);
    struct str preauth = S(" [preauth]");
    rest = str_from(rest, 2);
    if (str_ends(rest, preauth))
        rest.n -= preauth.n;
    return linux_pam_text(out, service, rest);
}
