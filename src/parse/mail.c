#include "parse/linux.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* Postfix, Dovecot and Exim. Sources: Postfix source tree (smtpd, qmgr, smtp, postscreen), Dovecot manual,
 * Logging; Exim specification, Log files. */

static const struct pattern_row smtpd[] = {
    {"connect from %{source.domain~}[%{source.ip}]:%{source.port}", ACTION_CONNECTION_OPENED, OUTCOME_NONE,
     NULL},
    {"connect from %{source.domain~}[%{source.ip}]", ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
    {"disconnect from %{source.domain~}[%{source.ip}]:%{source.port} %{postfix.counts*}", ACTION_NONE,
     OUTCOME_NONE, NULL},
    {"disconnect from %{source.domain~}[%{source.ip}] %{postfix.counts*}", ACTION_NONE, OUTCOME_NONE, NULL},
    {"disconnect from %{source.domain~}[%{source.ip}]", ACTION_NONE, OUTCOME_NONE, NULL},
    {"NOQUEUE: lost connection after %r from %{source.domain~}[%{source.ip}]", ACTION_NONE, OUTCOME_NONE,
     NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]:%{source.port}: "
     "%r; from=<%{email.from.address~}> "
     "to=<%{email.to.address~}> proto=%w helo=<%{postfix.helo}>",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r; "
     "from=<%{email.from.address~}> "
     "to=<%{email.to.address~}> proto=%w helo=<%{postfix.helo}>",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r; "
     "from=<%{email.from.address~}> "
     "to=<%{email.to.address~}> proto=%w",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from [%{source.ip}]:%{source.port}: %r; "
     "from=<%{email.from.address~}>%*",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r; proto=%*",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"NOQUEUE: %{postfix.verdict}: %{postfix.command} from %{source.domain~}[%{source.ip}]:%{source.port}: "
     "%r",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"warning: %{source.domain~}[%{source.ip}]: SASL %{postfix.sasl_method} authentication failed: %r",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"warning: %{source.domain~}[%{source.ip}]: SASL %{postfix.sasl_method} authentication failed",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"warning: %{source.domain~}[%{source.ip}]:%{source.port}: SASL %{postfix.sasl_method} authentication "
     "failed%*",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"warning: %{source.domain~}[%{source.ip}]: SASL %{postfix.sasl_method} authentication aborted%*",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, "aborted"},
    {"warning: %{source.domain~}[%{source.ip}]: SASL %{postfix.sasl_method} authentication failed:",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"COMMAND %r from [%{source.ip}]:%{source.port} after %*", ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"warning: hostname %{source.domain} does not resolve to address %{source.ip}: %*", ACTION_NONE,
     OUTCOME_NONE, NULL},
    {"warning: hostname %{source.domain} does not resolve to address %{source.ip}", ACTION_NONE, OUTCOME_NONE,
     NULL},
    {"warning: non-SMTP command from %{source.domain~}[%{source.ip}]: %r", ACTION_MAIL_REJECTED,
     OUTCOME_FAILURE, NULL},
    {"warning: %*from %{source.domain~}[%{source.ip}]%*", ACTION_NONE, OUTCOME_NONE, NULL},
    {"lost connection after %r from %{source.domain~}[%{source.ip}]:%{source.port}", ACTION_NONE,
     OUTCOME_NONE, NULL},
    {"lost connection after %r from %{source.domain~}[%{source.ip}]", ACTION_NONE, OUTCOME_NONE, NULL},
    {"timeout after %r from %{source.domain~}[%{source.ip}]", ACTION_NONE, OUTCOME_NONE, NULL},
    {"improper command pipelining after %r from %{source.domain~}[%{source.ip}]%*", ACTION_MAIL_REJECTED,
     OUTCOME_FAILURE, NULL},
    {"too many errors after %r from %{source.domain~}[%{source.ip}]", ACTION_MAIL_REJECTED, OUTCOME_FAILURE,
     NULL},
    {"SSL_accept error from %{source.domain~}[%{source.ip}]: %r", ACTION_NONE, OUTCOME_NONE, NULL},
    {"PREGREET %w after %w from [%{source.ip}]:%{source.port}: %r", ACTION_MAIL_REJECTED, OUTCOME_FAILURE,
     NULL},
    {"CONNECT from [%{source.ip}]:%{source.port} to [%{destination.ip}]:%{destination.port}",
     ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
    {"DISCONNECT [%{source.ip}]:%{source.port}", ACTION_NONE, OUTCOME_NONE, NULL},
    {"DNSBL rank %{postfix.rank} for [%{source.ip}]:%{source.port}", ACTION_MAIL_REJECTED, OUTCOME_FAILURE,
     "dnsbl"},
    {"HANGUP after %w from [%{source.ip}]:%{source.port} %*", ACTION_NONE, OUTCOME_NONE, NULL},
    {"PASS %w [%{source.ip}]:%{source.port}", ACTION_NONE, OUTCOME_NONE, NULL},
};

/* Behind "QUEUEID: ". */
static const struct pattern_row queue[] = {
    {"client=%{source.domain~}[%{source.ip}], sasl_method=%{postfix.sasl_method}, sasl_username=%u",
     ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"client=%{source.domain~}[%{source.ip}]%*", ACTION_MAIL_RECEIVED, OUTCOME_SUCCESS, NULL},
    {"message-id=<%{email.message_id*}>", ACTION_NONE, OUTCOME_NONE, NULL},
    {"from=<%{email.from.address*}>, size=%{email.size}, nrcpt=%*", ACTION_MAIL_RECEIVED, OUTCOME_SUCCESS,
     NULL},
    {"from=<%{email.from.address*}>, status=expired, %r", ACTION_MAIL_FAILED, OUTCOME_FAILURE, NULL},
    {"to=<%{email.to.address~}>, %*relay=%{postfix.relay~}, %*status=sent (%r)", ACTION_MAIL_SENT,
     OUTCOME_SUCCESS, NULL},
    {"to=<%{email.to.address~}>, %*relay=%{postfix.relay~}, %*status=%{event.type} (%r)", ACTION_MAIL_FAILED,
     OUTCOME_FAILURE, NULL},
    {"reject: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r; from=<%{email.from.address~}> "
     "to=<%{email.to.address~}> proto=%w helo=<%{postfix.helo}>",
     ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    {"reject: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r", ACTION_MAIL_REJECTED,
     OUTCOME_FAILURE, NULL},
    {"milter-reject: %{postfix.command} from %{source.domain~}[%{source.ip}]: %r; %*", ACTION_MAIL_REJECTED,
     OUTCOME_FAILURE, NULL},
    {"removed", ACTION_NONE, OUTCOME_NONE, NULL},
};

#define QUEUE_ID_BYTES_MAX 24u

bool mail_postfix(struct parse_out *out, struct str msg)
{
    struct str id, rest;
    size_t n = 0;
    while (n < msg.n && ascii_is_alnum(msg.p[n]))
        n++;
    if (n >= 6 && n <= QUEUE_ID_BYTES_MAX && n + 2 < msg.n && msg.p[n] == ':' && msg.p[n + 1] == ' ' &&
        str_cut(msg, ':', &id, &rest) && !str_eq(id, S("NOQUEUE")) && !str_eq(id, S("warning"))) {
        if (!pattern_apply(out, str_from(rest, 1), queue, COUNT_OF(queue)))
            parse_out_known(out, out->dataset);
        parse_out_put(out, FIELD_EMAIL_QUEUE_ID, id);
    } else if (!pattern_apply(out, msg, smtpd, COUNT_OF(smtpd))) {
        return false;
    }
    parse_out_put(out, FIELD_SERVICE_NAME, S("postfix"));
    return true;
}

/* "imap-login: Login: user=<an>, method=PLAIN, rip=192.0.2.1, lip=…, TLS": the words behind the text are
 * pairs. */
static const struct {
    struct str key;
    uint16_t field;
} dovecot_keys[] = {
    {{"user", 4}, FIELD_USER_NAME},         {{"rip", 3}, FIELD_SOURCE_IP},
    {{"lip", 3}, FIELD_DESTINATION_IP},     {{"mpid", 4}, FIELD_OTHER},
    {{"session", 7}, FIELD_SESSION_ID},     {{"rport", 5}, FIELD_SOURCE_PORT},
    {{"lport", 5}, FIELD_DESTINATION_PORT},
};

static void dovecot_pairs(struct parse_out *out, struct str s)
{
    while (s.n > 0) {
        struct str part, key, value;
        (void)str_cut(s, ',', &part, &s);
        if (!str_cut(str_trim(part), '=', &key, &value))
            continue;
        const char *blank = key.n == 0 ? NULL : memrchr(key.p, ' ', key.n);
        if (blank != NULL)
            key = str_from(key, (size_t)(blank - key.p) + 1);
        if (value.n > 1 && value.p[0] == '<' && value.p[value.n - 1] == '>')
            value = str_sub(value, 1, value.n - 2);
        for (size_t i = 0; i < COUNT_OF(dovecot_keys); i++) {
            if (str_eq(key, dovecot_keys[i].key) && dovecot_keys[i].field != FIELD_OTHER && value.n > 0)
                parse_out_add(out, dovecot_keys[i].field, value);
        }
        if (str_eq(key, S("method")))
            parse_out_put_named(out, S("dovecot.method"), value);
    }
}

bool mail_dovecot(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%{service.type~}(%{user.name~},%{source.ip},%*): %r", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{service.type~}(%{user.name~},%{source.ip}): %r", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    };
    static const struct {
        struct str text;
        enum parse_action action;
        enum parse_outcome outcome;
    } says[] = {
        {{"Login: ", 7}, ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS},
        {{"auth failed", 11}, ACTION_SERVICE_LOGIN, OUTCOME_FAILURE},
        {{"Aborted login", 13}, ACTION_SERVICE_LOGIN, OUTCOME_FAILURE},
        {{"no auth attempts", 16}, ACTION_CONNECTION_OPENED, OUTCOME_NONE},
        {{"Disconnected: Logged out", 24}, ACTION_SERVICE_LOGOUT, OUTCOME_SUCCESS},
        {{"stored mail into mailbox", 24}, ACTION_MAIL_SENT, OUTCOME_SUCCESS},
    };
    struct str service, text;
    if (!str_cut(msg, ':', &service, &text))
        return false;
    bool login = str_ends(service, S("-login"));
    if (!login && str_starts(service, S("auth")) && str_find(msg, S("):")) != SIZE_MAX) {
        /* "auth-worker(1): sql(an,192.0.2.1): Password mismatch", "auth: passwd-file(an,192.0.2.1): unknown
         * user" */
        text = str_trim(text);
        for (struct str head, rest; str_starts(text, S("Info")) && str_cut(text, ':', &head, &rest);)
            text = str_trim(rest);
        if (str_find(text, S("onnect")) != SIZE_MAX || !pattern_apply(out, text, rows, COUNT_OF(rows)))
            return false;
        parse_out_put(out, FIELD_SERVICE_NAME, S("dovecot"));
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(says); i++) {
        size_t at = str_find(text, says[i].text);
        if (at == SIZE_MAX || (i < 4 && !login))
            continue;
        parse_out_act(out, says[i].action, says[i].outcome, (struct str){NULL, 0});
        break;
    }
    if (!login && !parse_out_has(out, FIELD_EVENT_ACTION))
        return false;
    parse_out_known(out, out->dataset);
    parse_out_put(out, FIELD_SERVICE_NAME, S("dovecot"));
    parse_out_put(out, FIELD_SERVICE_TYPE, service);
    dovecot_pairs(out, text);
    return true;
}

bool mail_exim(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%{exim.authenticator} authenticator failed for %*[%{source.ip}]:%{source.port} I=%*: %r "
         "(set_id=%u)",
         ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{exim.authenticator} authenticator failed for %*[%{source.ip}]:%{source.port}: %r (set_id=%u)",
         ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{exim.authenticator} authenticator failed for %*[%{source.ip}]: %r", ACTION_SERVICE_LOGIN,
         OUTCOME_FAILURE, NULL},
        {"%{exim.authenticator} authenticator failed for %*[%{source.ip}]:%{source.port} %r",
         ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"%*rejected %*[%{source.ip}]%*", ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
        {"H=%*[%{source.ip}]%*rejected%*", ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
        {"%{email.queue_id} <= %{email.from.address} H=%*[%{source.ip}]%*", ACTION_MAIL_RECEIVED,
         OUTCOME_SUCCESS, NULL},
        {"%{email.queue_id} => %{email.to.address} %*", ACTION_MAIL_SENT, OUTCOME_SUCCESS, NULL},
        {"%{email.queue_id} ** %{email.to.address} %*", ACTION_MAIL_FAILED, OUTCOME_FAILURE, NULL},
        {"%{email.queue_id} == %{email.to.address} %*", ACTION_MAIL_FAILED, OUTCOME_FAILURE, "deferred"},
        {"%*[%{source.ip}]:%{source.port} sender verify fail for <%{email.from.address~}>: %r",
         ACTION_MAIL_REJECTED, OUTCOME_FAILURE, NULL},
    };
    out->dataset = S("exim.log");
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* "2026-11-22 07:59:58 1abcde-000001-AB <= an@cantho.example H=…" of mainlog. */
bool mail_exim_line(struct parse_out *out, struct str raw)
{
    struct parse_stamp st;
    struct cur c = cur_of(raw);
    if (raw.n < 40 || raw.p[10] != ' ' ||
        !parse_stamp_read(&c, out->ctx->recv_ns, out->ctx->zone_s, WHEN_DAY_NS, &st) || !cur_skip(&c, ' '))
        return false;
    struct str msg = str_from(raw, c.at), pid, rest;
    if (msg.p != NULL && msg.n > 0 && msg.p[0] == '[' && str_cut(msg, ']', &pid, &rest))
        msg = str_trim(rest);
    if (str_find(msg, S(" authenticator failed for ")) == SIZE_MAX && str_find(msg, S(" <= ")) == SIZE_MAX &&
        str_find(msg, S(" => ")) == SIZE_MAX && !str_starts(msg, S("H=")))
        return false;
    if (!mail_exim(out, msg))
        return false;
    out->content_done = true;
    parse_out_time(out, st.ns, st.zone_missing);
    out->e.message = msg;
    return true;
}
