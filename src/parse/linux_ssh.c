#include "parse/linux.h"
#include "parse/pattern.h"

/*
 * Messages of OpenSSH sshd 4 to 9 (auth.c, auth2.c, sshd.c, packet.c, servconf.c). "error: ", "fatal: " in
 * front and " [preauth]" behind are taken off before. %u is a text: a client may send any user name, also
 * "root from 10.0.0.1 port 22 ssh2".
 */
static const struct pattern_row rows[] = {
    {"Accepted %m for %u from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Accepted %m for %u from %a port %p ssh2: %*", ACTION_SSH_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Accepted %m for %u from %a port %p", ACTION_SSH_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Failed %m for invalid user %u from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "invalid_user"},
    {"Failed %m for illegal user %u from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "invalid_user"},
    {"Failed %m for <invalid username> from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_FAILURE,
     "invalid_user"},
    {"Failed %m for invalid user %u from %a port %p ssh2: %*", ACTION_SSH_LOGIN, OUTCOME_FAILURE,
     "invalid_user"},
    {"Failed %m for invalid user %u from %a port %p", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "invalid_user"},
    {"Failed %m for invalid user %u from %a", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "invalid_user"},
    {"Failed %m for user %u from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Failed %m for %u from %a port %p ssh2", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Failed %m for %u from %a port %p ssh%w: %*", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Failed %m for %u from %a port %p ssh1", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Failed %m for %u from %a port %p", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Failed %m for %u from %a", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"Invalid user %u from %a port %p", ACTION_SSH_INVALID_USER, OUTCOME_FAILURE, "invalid_user"},
    {"Invalid user %u from %a", ACTION_SSH_INVALID_USER, OUTCOME_FAILURE, "invalid_user"},
    {"Illegal user %u from %a", ACTION_SSH_INVALID_USER, OUTCOME_FAILURE, "invalid_user"},
    {"PAM: %r for illegal user %u from %a", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"PAM: %r for %u from %a via %w", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"PAM: %r for %u from %a", ACTION_SSH_LOGIN, OUTCOME_FAILURE, NULL},
    {"User %u from %a not allowed because %*", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"User %u not allowed because %*", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"ROOT LOGIN REFUSED FROM %a port %p", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"ROOT LOGIN REFUSED FROM %a", ACTION_SSH_LOGIN, OUTCOME_FAILURE, "not_allowed"},
    {"maximum authentication attempts exceeded for invalid user %u from %a port %p ssh2",
     ACTION_SSH_MAX_ATTEMPTS, OUTCOME_FAILURE, "invalid_user"},
    {"maximum authentication attempts exceeded for %u from %a port %p ssh2", ACTION_SSH_MAX_ATTEMPTS,
     OUTCOME_FAILURE, NULL},
    {"Disconnecting invalid user %u %a port %p: Too many authentication failures", ACTION_SSH_MAX_ATTEMPTS,
     OUTCOME_FAILURE, "invalid_user"},
    {"Disconnecting authenticating user %u %a port %p: Too many authentication failures",
     ACTION_SSH_MAX_ATTEMPTS, OUTCOME_FAILURE, NULL},
    {"Disconnecting: Too many authentication failures for %u", ACTION_SSH_MAX_ATTEMPTS, OUTCOME_FAILURE,
     NULL},
    {"Disconnecting: Too many authentication failures", ACTION_SSH_MAX_ATTEMPTS, OUTCOME_FAILURE, NULL},
    {"Disconnecting invalid user %u %a port %p: %*", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE, "invalid_user"},
    {"Disconnecting authenticating user %u %a port %p: %*", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "preauth"},
    {"Connection closed by invalid user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "invalid_user"},
    {"Connection closed by authenticating user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "preauth"},
    {"Connection reset by invalid user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "invalid_user"},
    {"Connection reset by authenticating user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "preauth"},
    {"Disconnected from invalid user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE, "invalid_user"},
    {"Disconnected from authenticating user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_FAILURE,
     "preauth"},
    {"Disconnected from user %u %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_SUCCESS, NULL},
    {"Disconnected from %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Disconnected from %a", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Connection closed by %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Connection closed by %a", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Connection reset by %a port %p", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Connection reset by %a", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Received disconnect from %a port %p:%*", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Received disconnect from %a: %*", ACTION_SSH_DISCONNECT, OUTCOME_NONE, NULL},
    {"Timeout before authentication for %a port %p", ACTION_SSH_PROBE, OUTCOME_FAILURE, "timeout"},
    {"Timeout before authentication for %a", ACTION_SSH_PROBE, OUTCOME_FAILURE, "timeout"},
    {"Timeout before authentication for connection from %a to %*", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "timeout"},
    {"Did not receive identification string from %a port %p", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "no_identification"},
    {"Did not receive identification string from %a", ACTION_SSH_PROBE, OUTCOME_FAILURE, "no_identification"},
    {"Bad protocol version identification %* from %a port %p", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "bad_protocol"},
    {"Bad protocol version identification %* from %a", ACTION_SSH_PROBE, OUTCOME_FAILURE, "bad_protocol"},
    {"Unable to negotiate with %a port %p: %*", ACTION_SSH_PROBE, OUTCOME_FAILURE, "no_common_algorithm"},
    {"Unable to negotiate with %a: %*", ACTION_SSH_PROBE, OUTCOME_FAILURE, "no_common_algorithm"},
    {"banner exchange: Connection from %a port %p: %*", ACTION_SSH_PROBE, OUTCOME_FAILURE, "bad_protocol"},
    {"banner line contains invalid characters", ACTION_SSH_PROBE, OUTCOME_FAILURE, "bad_protocol"},
    {"refused connect from %w (%a)", ACTION_SSH_PROBE, OUTCOME_FAILURE, "refused"},
    {"Magic value check failed (%d) on obfuscated handshake from %a port %p", ACTION_SSH_PROBE,
     OUTCOME_FAILURE, "bad_protocol"},
    {"ssh_dispatch_run_fatal: Connection from %a port %p: %*", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "bad_protocol"},
    {"reverse mapping checking getaddrinfo for %w [%a] failed%*", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "reverse_mapping"},
    {"Address %a maps to %w but this does not map back to the address%*", ACTION_SSH_PROBE, OUTCOME_FAILURE,
     "reverse_mapping"},
    {"subsystem request for %w by user %u", ACTION_NONE, OUTCOME_NONE, NULL},
    {"Server listening on %w port %d.", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    {"Received signal 15; terminating.", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
};

static struct str without(struct str s, struct str prefix)
{
    return str_starts(s, prefix) ? str_from(s, prefix.n) : s;
}

bool linux_ssh(struct parse_out *out, struct str msg)
{
    struct str preauth = S(" [preauth]"), count, rest;
    uint64_t n;
    while (msg.n > 0 && msg.p[msg.n - 1] == ' ')
        msg.n--;
    bool before = str_ends(msg, preauth);
    if (before)
        msg.n -= preauth.n;
    msg = without(without(msg, S("error: ")), S("fatal: "));
    if (str_starts(msg, S("PAM ")) && str_cut(str_from(msg, 4), ' ', &count, &rest) &&
        str_to_u64(count, UINT32_MAX, &n) && linux_pam_text(out, S("sshd"), str_from(msg, 4)))
        return true;
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    if (before && !parse_out_has(out, FIELD_EVENT_OUTCOME))
        parse_out_put(out, FIELD_EVENT_OUTCOME, S("failure"));
    if (before && !parse_out_has(out, FIELD_EVENT_REASON))
        parse_out_put(out, FIELD_EVENT_REASON, S("preauth"));
    return true;
}
