#include "parse/net.h"
#include "parse/pattern.h"

/*
 * pfSense and OPNsense filterlog: "rule,sub,anchor,tracker,interface,reason,action,direction,version,…".
 * Source: Netgate documentation, Raw Filter Log Format.
 */
#define COLUMNS_MAX 32u

bool net_filterlog(struct parse_out *out, struct str msg)
{
    struct str v[COLUMNS_MAX];
    size_t n = net_csv(msg, v, COLUMNS_MAX);
    if (n < 9 || (v[8].n != 1))
        return false;
    bool six = v[8].p[0] == '6';
    size_t ends = six ? 15 : 18, proto = six ? 12 : 16;
    if (n < ends + 2)
        return false;
    parse_out_observer(out, S("netgate"), S("pf"));
    parse_out_put(out, FIELD_RULE_ID, v[0]);
    parse_out_put_named(out, S("rule.uuid"), v[3]);
    parse_out_put(out, FIELD_NETWORK_INTERFACE_IN, v[4]);
    parse_out_put(out, FIELD_EVENT_REASON, v[5]);
    parse_out_put(out, FIELD_NETWORK_DIRECTION, v[7]);
    parse_out_transport(out, v[proto]);
    parse_out_put(out, FIELD_NETWORK_BYTES, v[ends - 1]);
    fieldmap_value(out, FIELD_SOURCE_IP, v[ends]);
    fieldmap_value(out, FIELD_DESTINATION_IP, v[ends + 1]);
    if (n > ends + 3 && (str_eq_nocase(v[proto], S("tcp")) || str_eq_nocase(v[proto], S("udp")))) {
        parse_out_put(out, FIELD_SOURCE_PORT, v[ends + 2]);
        parse_out_put(out, FIELD_DESTINATION_PORT, v[ends + 3]);
        if (n > ends + 5)
            parse_out_put_named(out, S("tcp.flags"), v[ends + 5]);
    }
    net_traffic(out, v[6]);
    parse_out_known(out, out->dataset);
    return true;
}

/* "/index.php: Web GUI authentication error for 'an' from 192.0.2.1", "… Successful login for user 'an' from:
 * 192.0.2.1 (…)" */
bool net_pf_gui(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Web GUI authentication error for '%u' from %{source}", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"user '%u' could not authenticate for WebGui. %*", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
        {"user %u authenticated successfully for WebGui %*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"Successful login for user '%u' from: %{source}", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"Successful login for user '%u' from: %{source} (%*", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
        {"webConfigurator authentication error for user '%u' from: %{source}", ACTION_DEVICE_LOGIN,
         OUTCOME_FAILURE, NULL},
        {"User logged out for user '%u' from: %{source} (%*", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    };
    struct str page, text;
    if (!str_cut(msg, ':', &page, &text))
        return false;
    out->dataset = S("pfsense.audit");
    if (!pattern_apply(out, str_trim(text), rows, COUNT_OF(rows)))
        return false;
    parse_out_put(out, FIELD_SERVICE_NAME, S("https"));
    return true;
}
