#include "parse/net.h"
#include "parse/pattern.h"

/* MikroTik RouterOS: "topic,topic text" (RouterOS documentation, Log), with or without the topics. */
static const struct pattern_row rows[] = {
    {"login failure for user %u from %{source} via %{service.name}", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"user %u logged in from %{source} via %{service.name}", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"user %u logged out from %{source} via %{service.name}", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"user %u logged in via %{service.name}", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"user %u logged out via %{service.name}", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"%{service.name~} assigned %{source} to %{source.mac} %{source.domain}", ACTION_DHCP_ASSIGNED,
     OUTCOME_SUCCESS, NULL},
    {"%{service.name~} assigned %{source} to %{source.mac}", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS, NULL},
    {"%{service.name~} assigned %{source} for %{source.mac} %{source.domain*}", ACTION_DHCP_ASSIGNED,
     OUTCOME_SUCCESS, NULL},
    {"%{service.name~} deassigned %{source} from %{source.mac}", ACTION_DHCP_RELEASED, OUTCOME_NONE, NULL},
    {"%{service.name~} deassigned %{source} for %{source.mac} %*", ACTION_DHCP_RELEASED, OUTCOME_NONE, NULL},
    {"%I link up%*", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"%I link down", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"%{source.mac}@%I: connected%*", ACTION_WIFI_JOINED, OUTCOME_SUCCESS, NULL},
    {"%{source.mac}@%I: disconnected, %r", ACTION_WIFI_LEFT, OUTCOME_NONE, NULL},
    {"%u logged in, %{source.nat.ip} from %{source}", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
    {"%u logged in, %{source.nat.ip}", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
    {"%u logged out, %*", ACTION_VPN_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"router rebooted%*", ACTION_SYSTEM_STARTED, OUTCOME_SUCCESS, NULL},
    {"%r added by %u", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"%r changed by %u", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"%r removed by %u", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
};

/* "in:ether1 out:bridge, … src-mac 26:5a:…, proto TCP (SYN), 192.0.2.1:62583->198.51.100.1:8000, len 64" */
static bool firewall(struct parse_out *out, struct str msg)
{
    struct str in = S("in:"), o = S(" out:"), part, rest, prefix = {NULL, 0}, source, destination;
    size_t at = str_find(msg, in), end = at == SIZE_MAX ? SIZE_MAX : str_find(str_from(msg, at), o);
    if (end == SIZE_MAX || at > 128 || str_find(msg, S("->")) == SIZE_MAX)
        return false;
    prefix = str_trim(str_sub(msg, 0, at));
    out->dataset = S("mikrotik.firewall");
    parse_out_put(out, FIELD_NETWORK_INTERFACE_IN, str_sub(msg, at + in.n, end - in.n));
    rest = str_from(msg, at + end + o.n);
    for (bool first = true; rest.n > 0; first = false) {
        (void)str_cut(rest, ',', &part, &rest);
        part = str_trim(part);
        size_t arrow = str_find(part, S("->"));
        if (first) {
            (void)str_cut(part, ' ', &part, &source);
            parse_out_put(out, FIELD_NETWORK_INTERFACE_OUT, part);
        } else if (str_find(part, S("src-mac ")) != SIZE_MAX) {
            parse_out_put(out, FIELD_SOURCE_MAC, str_from(part, str_find(part, S("src-mac ")) + 8));
        } else if (str_starts(part, S("proto "))) {
            (void)str_cut(str_from(part, 6), ' ', &part, &source);
            parse_out_transport(out, part);
        } else if (arrow != SIZE_MAX && !parse_out_has(out, FIELD_SOURCE_IP)) {
            destination = str_from(part, arrow + 2);
            parse_out_end(out, SIDE_SOURCE, str_sub(part, 0, arrow));
            parse_out_end(out, SIDE_DESTINATION, destination);
        }
    }
    struct str word = prefix;
    if (str_ends(word, S(":")))
        word.n--;
    parse_out_put(out, FIELD_RULE_NAME, word);
    net_traffic(out, word.n > 0 ? word : S("logged"));
    return true;
}

/* Topics: words of small letters with commas between. */
static struct str without_topics(struct str msg, struct str *topics)
{
    size_t n = 0;
    while (n < msg.n &&
           (ascii_is_lower(msg.p[n]) || ascii_is_digit(msg.p[n]) || msg.p[n] == ',' || msg.p[n] == '-'))
        n++;
    *topics = str_sub(msg, 0, n);
    if (n == 0 || n == msg.n || msg.p[n] != ' ' || str_find_char(*topics, ',') == SIZE_MAX)
        return (struct str){NULL, 0};
    return str_from(msg, n + 1);
}

bool net_mikrotik(struct parse_out *out, struct str msg)
{
    struct str topics, text = without_topics(msg, &topics), prefix;
    if (text.p == NULL) {
        text = msg;
        if (str_starts(msg, S("login failure for user ")))
            topics = S("system,error,critical");
        else if (!str_starts(msg, S("in:")) || str_find(msg, S(", proto ")) == SIZE_MAX)
            return false;
    }
    while (str_ends(text, S("\r")))
        text.n--;
    /* "gw: " of a log prefix */
    out->dataset = S("mikrotik.routeros");
    if (!firewall(out, text) && !pattern_apply(out, text, rows, COUNT_OF(rows)) &&
        !(str_cut(text, ':', &prefix, &text) && pattern_apply(out, str_trim(text), rows, COUNT_OF(rows))))
        return false;
    parse_out_observer(out, S("mikrotik"), S("routeros"));
    parse_out_put_named(out, S("log.topics"), topics);
    return true;
}
