#include "parse/body.h"
#include "parse/net.h"
#include "parse/pattern.h"

/* Juniper Junos: RT_FLOW in both forms, management daemon, interfaces (Junos System Log Explorer). */
#define NAT "%{source.nat.ip}/%{source.nat.port}->%{destination.nat.ip}/%{destination.nat.port}"
#define POLICY "%{rule.name} %{observer.ingress.zone} %{observer.egress.zone}"

static const struct pattern_row rows[] = {
    {"RT_FLOW_SESSION_CLOSE: session closed %r: %{source}->%{destination} %{network.protocol} " NAT
     " %w %w %{transport} " POLICY
     " %{session.id} %{source.packets}(%{source.bytes}) %{destination.packets}(%{destination.bytes}) %*",
     ACTION_NETWORK_FLOW, OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CREATE: session created %{source}->%{destination} %{network.protocol} " NAT
     " %w %w %{transport} " POLICY " %{session.id} %*",
     ACTION_FIREWALL_ALLOWED, OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_DENY: session denied %{source}->%{destination} %{network.protocol} "
     "%{transport}(%d) " POLICY " %*",
     ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CREATE: session created %{source}->%{destination} %*", ACTION_FIREWALL_ALLOWED,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CLOSE: session closed %r: %{source}->%{destination} %*", ACTION_NETWORK_FLOW,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_DENY: session denied %{source}->%{destination} %*", ACTION_FIREWALL_BLOCKED,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CREATE: session created %{source}->%{destination}", ACTION_FIREWALL_ALLOWED,
     OUTCOME_NONE, NULL},
    {"RT_FLOW_SESSION_CLOSE: session closed %r: %{source}->%{destination}", ACTION_NETWORK_FLOW, OUTCOME_NONE,
     NULL},
    {"RT_FLOW_SESSION_DENY: session denied %{source}->%{destination}", ACTION_FIREWALL_BLOCKED, OUTCOME_NONE,
     NULL},
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
        if (f.id != FIELD_OTHER || f.name.p == NULL || !str_starts(f.name, prefix))
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

/* "2026-…Z srx RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.… source-address="…" …]" inside another head. */
static bool relayed(struct parse_out *out, struct str msg)
{
    size_t at = str_find(msg, S(" [junos@"));
    struct body_pair p;
    if (at == SIZE_MAX)
        return false;
    const char *blank = memrchr(msg.p, ' ', at);
    struct str tag = blank == NULL
                         ? str_sub(msg, 0, at)
                         : str_sub(msg, (size_t)(blank - msg.p) + 1, at - (size_t)(blank - msg.p) - 1);
    struct cur c = cur_of(str_from(msg, at + 2));
    (void)cur_word(&c);
    while (body_next_pair(&c, "]", &p))
        fieldmap_put(out, MAP_JUNOS, p.key, p.value, (struct str){NULL, 0});
    enum parse_action action = of_tag(tag);
    parse_out_add(out, FIELD_SYSLOG_MSGID, tag);
    if (action != ACTION_NONE)
        parse_out_act(out, action, OUTCOME_NONE, (struct str){NULL, 0});
    parse_out_known(out, out->dataset);
    return true;
}

bool net_junos(struct parse_out *out, struct str msg)
{
    if (!structured(out) && !relayed(out, msg) && !pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    parse_out_observer(out, S("juniper"), S("junos"));
    return true;
}
