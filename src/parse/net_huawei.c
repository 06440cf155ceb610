#include "parse/body.h"
#include "parse/net.h"
#include "parse/pattern.h"

/*
 * Huawei VRP and USG ("%%01MODULE/5/NAME(l)[7]:text (Key=value, …)") and H3C Comware ("%%10MODULE/5/NAME:
 * text", "Key(1003)=value;…"). Sources: Huawei and H3C log references.
 */
static const struct pattern_row rows[] = {
    {"%u logged in from %{source}.", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"%u logged out from %{source}.", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"%u failed to log in from %{source}.", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"User %u(IP:%{source}) login succeeded%*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"User %u(IP:%{source}) login failed%*", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"User %u(IP:%{source} %*) logged in%*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Physical state on the interface %I changed to up.", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Physical state on the interface %I changed to down.", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"Line protocol state on the interface %I changed to up.", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Line protocol state on the interface %I changed to down.", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"The line protocol %* on the interface %I has entered the UP state.%*", ACTION_LINK_UP, OUTCOME_NONE,
     NULL},
    {"The line protocol %* on the interface %I has entered the DOWN state.%*", ACTION_LINK_DOWN, OUTCOME_NONE,
     NULL},
    {"-Line=%w-IPAddr=%{source}-User=%{user.name}; Command is %c", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS,
     NULL},
};

/* Words in the name of a message that say what its values are about. */
static const struct {
    struct str word;
    enum parse_action action;
    enum parse_outcome outcome;
} names[] = {
    {{"SSH_FAIL", 8}, ACTION_DEVICE_LOGIN, OUTCOME_FAILURE},
    {{"LOGIN_FAIL", 10}, ACTION_DEVICE_LOGIN, OUTCOME_FAILURE},
    {{"LOGINFAIL", 9}, ACTION_DEVICE_LOGIN, OUTCOME_FAILURE},
    {{"TELNETFAILED", 12}, ACTION_DEVICE_LOGIN, OUTCOME_FAILURE},
    {{"LOGOUT", 6}, ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS},
    {{"LOGIN", 5}, ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS},
    {{"CMDRECORD", 9}, ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS},
    {{"POLICYPERMIT", 12}, ACTION_FIREWALL_ALLOWED, OUTCOME_NONE},
    {{"POLICYDENY", 10}, ACTION_FIREWALL_BLOCKED, OUTCOME_NONE},
    {{"PACKET_DENY", 11}, ACTION_FIREWALL_BLOCKED, OUTCOME_NONE},
    {{"SESSION_TEARDOWN", 16}, ACTION_NETWORK_FLOW, OUTCOME_NONE},
    {{"SESSION_BUILT", 13}, ACTION_FIREWALL_ALLOWED, OUTCOME_NONE},
    {{"URL/4/FILTER", 12}, ACTION_WEB_BLOCKED, OUTCOME_FAILURE},
    {{"IPS/4/DETECT", 12}, ACTION_IDS_ALERT, OUTCOME_NONE},
    {{"AV/4/VIRUS", 10}, ACTION_MALWARE_FOUND, OUTCOME_NONE},
};

/* "Name(1003)=value": the number is Comware's and says nothing beside the name. */
static bool next(struct str *in, struct str *name, struct str *value)
{
    size_t eq = str_find_char(*in, '='), from;
    if (eq == SIZE_MAX)
        return false;
    size_t end = eq;
    if (end > 0 && in->p[end - 1] == ')') {
        while (end > 0 && in->p[end - 1] != '(')
            end--;
        end -= end > 0;
    }
    for (from = end; from > 0 && (ascii_is_alnum(in->p[from - 1]) || in->p[from - 1] == '-'); from--)
        ;
    *name = str_sub(*in, from, end - from);
    struct str rest = str_from(*in, eq + 1);
    bool quote = rest.n > 0 && rest.p[0] == '"';
    if (quote)
        rest = str_from(rest, 1);
    size_t n = 0;
    while (n < rest.n &&
           (quote ? rest.p[n] != '"' : rest.p[n] != ',' && rest.p[n] != ';' && rest.p[n] != ')'))
        n++;
    *value = str_sub(rest, 0, n);
    *in = str_from(rest, n);
    return true;
}

static struct str trimmed(struct str value)
{
    value = str_trim(value);
    return str_ends(value, S(".")) && !parse_ip_is(value) ? str_sub(value, 0, value.n - 1) : value;
}

bool net_huawei(struct parse_out *out, struct str code, struct str msg)
{
    struct str name, value, rest = msg;
    bool h3c = str_starts(code, S("10"));
    parse_out_observer(out, h3c ? S("h3c") : S("huawei"), h3c ? S("comware") : S("vrp"));
    parse_out_known(out, h3c ? S("h3c.comware") : S("huawei.vrp"));
    if (pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return true;
    while (out->n < EVENT_FIELDS_MAX && next(&rest, &name, &value)) {
        if (name.n > 0)
            fieldmap_put(out, MAP_HUAWEI, name, trimmed(value), name);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_find(code, names[i].word) != SIZE_MAX) {
            parse_out_act(out, names[i].action, names[i].outcome, (struct str){NULL, 0});
            return true;
        }
    }
    for (uint16_t i = 0; i < out->n; i++) {
        if (out->fields[i].id == FIELD_EVENT_TYPE) {
            net_traffic(out, out->fields[i].value);
            break;
        }
    }
    return true;
}
