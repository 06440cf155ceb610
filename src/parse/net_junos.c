#include "parse/net.h"
#include "parse/pattern.h"

/* Juniper Junos: RT_FLOW in both forms, management daemon, interfaces (Junos System Log Explorer). */
static const struct pattern_row rows[] = {
    {"RT_FLOW_SESSION_CREATE: session created %{source}->%{destination} %*", ACTION_FIREWALL_ALLOWED,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CLOSE: session closed %r: %{source}->%{destination} %*", ACTION_NETWORK_FLOW,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_DENY: session denied %{source}->%{destination} %*", ACTION_FIREWALL_BLOCKED,
     OUTCOME_NONE, NULL},
    {"UI_COMMIT: User '%u' requested 'commit' operation%*", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"UI_COMMIT_COMPLETED: %*", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"UI_CMDLINE_READ_LINE: User '%u', command '%c'", ACTION_NONE, OUTCOME_NONE, NULL},
    {"UI_LOGIN_EVENT: User '%u' login, %* ssh-connection '%{source.ip} %{source.port} %*",
     ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"UI_LOGIN_EVENT: User '%u' login%*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"UI_LOGOUT_EVENT: User '%u' logout", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"UI_AUTH_EVENT: Authenticated user '%u'%*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"SSHD_LOGIN_FAILED: Login failed for user '%u' from host '%{source}'", ACTION_DEVICE_LOGIN,
     OUTCOME_FAILURE, NULL},
    {"LOGIN_FAILED: Login failed for user %u from host %{source}", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"SNMP_TRAP_LINK_DOWN: %* ifName %I", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"SNMP_TRAP_LINK_UP: %* ifName %I", ACTION_LINK_UP, OUTCOME_NONE, NULL},
};

static enum parse_action of_tag(struct str tag)
{
    return str_find(tag, S("SESSION_DENY")) != SIZE_MAX     ? ACTION_FIREWALL_BLOCKED
           : str_find(tag, S("SESSION_CREATE")) != SIZE_MAX ? ACTION_FIREWALL_ALLOWED
           : str_find(tag, S("SESSION_CLOSE")) != SIZE_MAX  ? ACTION_NETWORK_FLOW
           : str_starts(tag, S("RT_SCREEN"))                ? ACTION_IDS_ALERT
           : str_starts(tag, S("IDP_ATTACK"))               ? ACTION_IDS_ALERT
           : str_starts(tag, S("AV_VIRUS"))                 ? ACTION_MALWARE_FOUND
           : str_starts(tag, S("WEBFILTER_URL_BLOCKED"))    ? ACTION_WEB_BLOCKED
           : str_starts(tag, S("UI_COMMIT"))                ? ACTION_CONFIG_CHANGED
                                                            : ACTION_NONE;
}

/* [junos@2636.1.1.1.2.39 source-address="…" …] of RFC 5424: values that are fields already, under their own
 * names. */
static bool structured(struct parse_out *out)
{
    struct str prefix = S("sd.junos@"), tag = {NULL, 0};
    bool found = false;
    for (uint16_t i = 0, n = out->n; i < n; i++) {
        struct event_field f = out->fields[i];
        if (f.id == FIELD_SYSLOG_MSGID)
            tag = f.value;
        if (f.id != FIELD_OTHER || !str_starts(f.name, prefix))
            continue;
        const char *dot = memrchr(f.name.p, '.', f.name.n);
        fieldmap_put(out, MAP_JUNOS, str_from(f.name, (size_t)(dot - f.name.p) + 1), f.value,
                     (struct str){NULL, 0});
        found = true;
    }
    if (!found)
        return false;
    parse_out_observer(out, S("juniper"), S("junos"));
    enum parse_action action = of_tag(tag);
    if (action != ACTION_NONE)
        parse_out_act(out, action, OUTCOME_NONE, (struct str){NULL, 0});
    parse_out_known(out, out->dataset);
    return true;
}

bool net_junos(struct parse_out *out, struct str msg)
{
    if (!structured(out) && !pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    parse_out_observer(out, S("juniper"), S("junos"));
    return true;
}
