#include "parse/net.h"

/* PAN-OS logs as comma separated values (PAN-OS Administrator's Guide, Syslog Field Descriptions). */

#define COLUMNS_MAX 64u
#define NAME(s)                                                                                              \
    {                                                                                                        \
        (s), sizeof(s) - 1                                                                                   \
    }

struct column {
    uint8_t at; /* from 0 */
    uint16_t field;
};

/* The first columns of traffic and threat logs are the same. */
static const struct column flow[] = {
    {7, FIELD_SOURCE_IP},
    {8, FIELD_DESTINATION_IP},
    {9, FIELD_SOURCE_NAT_IP},
    {10, FIELD_DESTINATION_NAT_IP},
    {11, FIELD_RULE_NAME},
    {12, FIELD_USER_NAME},
    {14, FIELD_NETWORK_APPLICATION},
    {16, FIELD_OBSERVER_IN_ZONE},
    {17, FIELD_OBSERVER_OUT_ZONE},
    {18, FIELD_NETWORK_INTERFACE_IN},
    {19, FIELD_NETWORK_INTERFACE_OUT},
    {22, FIELD_SESSION_ID},
    {24, FIELD_SOURCE_PORT},
    {25, FIELD_DESTINATION_PORT},
    {26, FIELD_SOURCE_NAT_PORT},
    {27, FIELD_DESTINATION_NAT_PORT},
    {29, FIELD_NETWORK_TRANSPORT},
    {30, FIELD_EVENT_TYPE},
};
static const struct column traffic[] = {
    {31, FIELD_NETWORK_BYTES},   {32, FIELD_SOURCE_BYTES},   {33, FIELD_DESTINATION_BYTES},
    {34, FIELD_NETWORK_PACKETS}, {44, FIELD_SOURCE_PACKETS}, {45, FIELD_DESTINATION_PACKETS},
    {46, FIELD_EVENT_REASON},
};
static const struct column threat[] = {
    {33, FIELD_RULE_CATEGORY},
    {34, FIELD_LOG_LEVEL},
    {35, FIELD_NETWORK_DIRECTION},
};
static const struct column config[] = {
    {7, FIELD_SOURCE_IP},     {9, FIELD_PROCESS_CMD},   {10, FIELD_USER_NAME},
    {11, FIELD_SERVICE_NAME}, {12, FIELD_EVENT_REASON}, {13, FIELD_FILE_PATH},
};
static const struct column system_log[] = {{8, FIELD_EVENT_CODE}, {13, FIELD_LOG_LEVEL}};

static const struct kind {
    struct str type;
    const struct column *columns;
    size_t n;
    bool flow;
} kinds[] = {
    {NAME("TRAFFIC"), traffic, COUNT_OF(traffic), true},
    {NAME("THREAT"), threat, COUNT_OF(threat), true},
    {NAME("CONFIG"), config, COUNT_OF(config), false},
    {NAME("SYSTEM"), system_log, COUNT_OF(system_log), false},
};

size_t net_csv(struct str line, struct str *ret, size_t max)
{
    size_t n = 0;
    while (n < max && line.n > 0) {
        if (line.p[0] == '"') {
            size_t i = 1;
            while (i < line.n && (line.p[i] != '"' || (i + 1 < line.n && line.p[i + 1] == '"')))
                i += line.p[i] == '"' ? 2 : 1;
            ret[n++] = i > line.n ? str_from(line, 1) : str_sub(line, 1, (i < line.n ? i : line.n) - 1);
            line = i + 1 < line.n ? str_from(line, i + 1) : (struct str){line.p, 0};
            if (line.n > 0 && line.p[0] == ',')
                line = str_from(line, 1);
        } else {
            (void)str_cut(line, ',', &ret[n++], &line);
        }
    }
    return n;
}

static void put_columns(struct parse_out *out, const struct str *v, size_t n, const struct column *c,
                        size_t n_c)
{
    for (size_t i = 0; i < n_c; i++) {
        struct str value = c[i].at < n ? v[c[i].at] : (struct str){NULL, 0};
        if (value.n > 0 && !str_eq(value, S("0.0.0.0")))
            fieldmap_value(out, c[i].field, value);
    }
}

/* "Name(12345)" of a threat; the URL or file stands in column 31. */
static void put_threat(struct parse_out *out, const struct str *v, size_t n)
{
    struct str subtype = v[4], name = n > 32 ? v[32] : (struct str){NULL, 0}, rule, id;
    bool url = str_eq(subtype, S("url"));
    if (str_ends(name, S(")")) && str_cut(name, '(', &rule, &id) && rule.n > 0) {
        parse_out_put_named(out, S("threat.id"), str_sub(id, 0, id.n - 1));
        name = rule;
    }
    if (url) {
        parse_out_url(out, v[31]);
    } else {
        parse_out_add(out, FIELD_THREAT_NAME, name);
        parse_out_add(out, FIELD_FILE_NAME, n > 31 ? v[31] : (struct str){NULL, 0});
    }
    bool allowed = n > 30 && (str_eq(v[30], S("alert")) || str_eq(v[30], S("allow")));
    parse_out_act(out,
                  url ? allowed ? ACTION_HTTP_REQUEST : ACTION_WEB_BLOCKED
                  : str_eq(subtype, S("virus")) || str_eq(subtype, S("wildfire-virus")) ? ACTION_MALWARE_FOUND
                                                                                        : ACTION_IDS_ALERT,
                  url && !allowed ? OUTCOME_FAILURE : OUTCOME_NONE, (struct str){NULL, 0});
}

static void put_system(struct parse_out *out, const struct str *v, size_t n)
{
    static const struct {
        struct str word;
        enum parse_action action;
        enum parse_outcome outcome;
    } ids[] = {
        {NAME("auth-success"), ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS},
        {NAME("auth-fail"), ACTION_DEVICE_LOGIN, OUTCOME_FAILURE},
        {NAME("globalprotectgateway-auth-succ"), ACTION_VPN_LOGIN, OUTCOME_SUCCESS},
        {NAME("globalprotectgateway-auth-fail"), ACTION_VPN_LOGIN, OUTCOME_FAILURE},
        {NAME("globalprotectgateway-logout-succ"), ACTION_VPN_LOGOUT, OUTCOME_SUCCESS},
    };
    for (size_t i = 0; n > 8 && i < COUNT_OF(ids); i++) {
        if (str_eq(v[8], ids[i].word))
            parse_out_act(out, ids[i].action, ids[i].outcome, (struct str){NULL, 0});
    }
    if (n > 14)
        out->e.message = v[14];
}

bool net_panos(struct parse_out *out, struct str msg)
{
    struct str v[COLUMNS_MAX];
    if (msg.n < 30 || !ascii_is_digit(msg.p[0]) || str_find(str_sub(msg, 0, 8), S(",")) == SIZE_MAX)
        return false;
    size_t n = net_csv(msg, v, COLUMNS_MAX);
    if (n < 12 || v[1].n != 19 || v[1].p[4] != '/')
        return false;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!str_eq(v[3], kinds[i].type))
            continue;
        out->dataset = S("panw.panos");
        parse_out_observer(out, S("paloalto"), S("panos"));
        parse_out_put(out, FIELD_OBSERVER_SERIAL, v[2]);
        if (kinds[i].flow)
            put_columns(out, v, n, flow, COUNT_OF(flow));
        put_columns(out, v, n, kinds[i].columns, kinds[i].n);
        if (kinds[i].columns == traffic)
            net_traffic(out, n > 30 ? v[30] : S("none"));
        else if (kinds[i].columns == threat && n > 32)
            put_threat(out, v, n);
        else if (kinds[i].columns == config)
            parse_out_act(out, ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, (struct str){NULL, 0});
        else
            put_system(out, v, n);
        parse_out_known(out, out->dataset);
        return true;
    }
    return false;
}
