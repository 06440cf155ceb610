#include "parse/body.h"
#include "parse/net.h"
#include "parse/pattern.h"

/* Wireless: hostapd (UniFi, OpenWrt and devices built on it) and ArubaOS controllers. Sources: hostapd's
 * hostapd_logger texts; ArubaOS Syslog Messages Guide. */

bool net_hostapd(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%I: STA %{source.mac} IEEE 802.11: associated%*", ACTION_WIFI_JOINED, OUTCOME_SUCCESS, NULL},
        {"%I: STA %{source.mac} IEEE 802.11: disassociated%*", ACTION_WIFI_LEFT, OUTCOME_NONE, NULL},
        {"%I: STA %{source.mac} IEEE 802.11: deauthenticated%*", ACTION_WIFI_LEFT, OUTCOME_NONE, NULL},
        {"%I: STA %{source.mac} IEEE 802.1X: authentication failed%*", ACTION_WIFI_JOINED, OUTCOME_FAILURE,
         "802.1x"},
        {"%I: AP-STA-CONNECTED %{source.mac}", ACTION_WIFI_JOINED, OUTCOME_SUCCESS, NULL},
        {"%I: AP-STA-DISCONNECTED %{source.mac}", ACTION_WIFI_LEFT, OUTCOME_NONE, NULL},
        {"%I: AP-STA-POSSIBLE-PSK-MISMATCH %{source.mac}", ACTION_WIFI_JOINED, OUTCOME_FAILURE, "bad_key"},
        {"%I: STA %{source.mac} %r", ACTION_NONE, OUTCOME_NONE, NULL},
    };
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* Names of the pairs in messages of authmgr. */
static const struct {
    struct str key;
    uint16_t field;
} keys[] = {
    {{"username", 8}, FIELD_USER_NAME},   {{"userip", 6}, FIELD_SOURCE_IP},
    {{"IP", 2}, FIELD_SOURCE_IP},         {{"MAC", 3}, FIELD_SOURCE_MAC},
    {{"usermac", 7}, FIELD_SOURCE_MAC},   {{"SSID", 4}, FIELD_NETWORK_NAME},
    {{"VLAN", 4}, FIELD_NETWORK_VLAN_ID}, {{"role", 4}, FIELD_GROUP_NAME},
};

static void put_pairs(struct parse_out *out, struct str text)
{
    struct cur c = cur_of(text);
    struct body_pair p;
    while (cur_left(&c) > 0 && out->n < EVENT_FIELDS_MAX) {
        size_t at = c.at;
        if (!body_next_pair(&c, ",;", &p)) {
            c.at = at;
            if (cur_word(&c).n == 0 && cur_left(&c) > 0)
                c.at++;
            continue;
        }
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            if (str_eq(p.key, keys[i].key))
                fieldmap_value(out, keys[i].field, p.value);
        }
    }
}

/* "<522008> <4130> <NOTI> <ctl1 192.0.2.1> text", "<199802> <WARN> |fpapps| text" */
bool net_aruba(struct parse_out *out, struct str msg)
{
    struct str part, code = {NULL, 0}, level = {NULL, 0}, rest = msg;
    uint64_t number;
    while (rest.n > 1 && rest.p[0] == '<' && str_cut(str_from(rest, 1), '>', &part, &rest)) {
        rest = str_trim(rest);
        if (code.n == 0 && part.n == 6 && str_to_u64(part, 999999, &number))
            code = part;
        else if (part.n == 4 && ascii_is_upper(part.p[0]) && ascii_is_upper(part.p[3]))
            level = part;
    }
    if (code.n == 0 || level.n == 0)
        return false;
    if (rest.n > 1 && rest.p[0] == '|' && str_cut(str_from(rest, 1), '|', &part, &rest)) {
        parse_out_put(out, FIELD_LOG_LOGGER, part);
        rest = str_trim(rest);
    }
    out->dataset = S("aruba.os");
    parse_out_observer(out, S("aruba"), S("arubaos"));
    parse_out_put(out, FIELD_EVENT_CODE, code);
    if (str_starts(rest, S("User Authentication Successful")))
        parse_out_act(out, ACTION_WIFI_JOINED, OUTCOME_SUCCESS, (struct str){NULL, 0});
    else if (str_starts(rest, S("User Authentication Failed")))
        parse_out_act(out, ACTION_WIFI_JOINED, OUTCOME_FAILURE, (struct str){NULL, 0});
    parse_out_known(out, out->dataset);
    put_pairs(out, rest);
    out->e.message = rest;
    return true;
}
