#include "parse/linux.h"

/*
 * Netfilter LOG lines (nf_log_syslog.c) of iptables, nftables and UFW:
 * "[UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.1 DST=192.0.2.2 LEN=60 … PROTO=TCP SPT=1 DPT=22 …".
 * An ICMP error carries the packet it speaks of in brackets; the outer address counts, so the first of each
 * key wins.
 */
enum key { KEY_IN, KEY_OUT, KEY_MAC, KEY_SRC, KEY_DST, KEY_PROTO, KEY_SPT, KEY_DPT, KEY_COUNT };

static const struct str keys[KEY_COUNT] = {{"IN", 2},  {"OUT", 3},   {"MAC", 3}, {"SRC", 3},
                                           {"DST", 3}, {"PROTO", 5}, {"SPT", 3}, {"DPT", 3}};

static const struct {
    struct str word;
    enum parse_action action;
} verdicts[] = {
    {{"BLOCK", 5}, ACTION_FIREWALL_BLOCKED},  {{"DROP", 4}, ACTION_FIREWALL_BLOCKED},
    {{"REJECT", 6}, ACTION_FIREWALL_BLOCKED}, {{"DENY", 4}, ACTION_FIREWALL_BLOCKED},
    {{"DENIED", 6}, ACTION_FIREWALL_BLOCKED}, {{"ALLOW", 5}, ACTION_FIREWALL_ALLOWED},
    {{"ACCEPT", 6}, ACTION_FIREWALL_ALLOWED}, {{"PASS", 4}, ACTION_FIREWALL_ALLOWED},
};

static const struct {
    struct str said, transport;
} protocols[] = {
    {{"TCP", 3}, {"tcp", 3}},          {{"UDP", 3}, {"udp", 3}},   {{"ICMP", 4}, {"icmp", 4}},
    {{"ICMPv6", 6}, {"ipv6-icmp", 9}}, {{"SCTP", 4}, {"sctp", 4}}, {{"UDPLITE", 7}, {"udp-lite", 8}},
    {{"ESP", 3}, {"esp", 3}},          {{"AH", 2}, {"ah", 2}},
};

#define PREFIX_BYTES_MAX 128u /* the kernel ends a LOG prefix at 127 bytes */

/* `word` is upper case. */
static bool find_nocase(struct str s, struct str word)
{
    for (size_t i = 0; i + word.n <= s.n; i++) {
        if ((s.p[i] & ~0x20) == word.p[0] && str_eq_nocase(str_sub(s, i, word.n), word))
            return true;
    }
    return false;
}

static enum parse_action verdict(struct str prefix)
{
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        if (find_nocase(prefix, verdicts[i].word))
            return verdicts[i].action;
    }
    return ACTION_FIREWALL_LOGGED;
}

/* The LOG prefix without brackets, colons and blanks around it. */
static struct str rule_name(struct str prefix)
{
    const char *around = " []:\t";
    while (prefix.n > 0 && prefix.p[0] != '\0' && strchr(around, prefix.p[0]) != NULL)
        prefix = str_from(prefix, 1);
    while (prefix.n > 0 && prefix.p[prefix.n - 1] != '\0' && strchr(around, prefix.p[prefix.n - 1]) != NULL)
        prefix.n--;
    return prefix;
}

static void read_items(struct str s, struct str value[KEY_COUNT])
{
    for (struct str item, rest; s.n > 0; s = rest) {
        struct str key, v;
        (void)str_cut(s, ' ', &item, &rest);
        if (item.n < 3 || !ascii_is_upper(item.p[0]) || !str_cut(item, '=', &key, &v))
            continue;
        for (size_t k = 0; k < KEY_COUNT; k++) {
            if (key.p[0] == keys[k].p[0] && value[k].p == NULL && str_eq(key, keys[k]))
                value[k] = v;
        }
    }
}

/* An Ethernet header: six bytes destination, six bytes source, two bytes type. */
static struct str source_mac(struct str mac)
{
    return mac.n >= 41 ? str_sub(mac, 18, 17) : (struct str){NULL, 0};
}

bool linux_firewall(struct parse_out *out, struct str msg)
{
    struct str value[KEY_COUNT] = {{NULL, 0}}, in = S("IN=");
    size_t at = str_find(msg, in);
    if (at == SIZE_MAX || at > PREFIX_BYTES_MAX || str_find(msg, S(" SRC=")) == SIZE_MAX)
        return false;
    struct str prefix = str_sub(msg, 0, at);
    read_items(str_from(msg, at), value);
    if (value[KEY_OUT].p == NULL || value[KEY_DST].n == 0)
        return false;
    struct str proto = value[KEY_PROTO];
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        if (str_eq(proto, protocols[i].said))
            proto = protocols[i].transport;
    }
    out->dataset = S("linux.firewall");
    parse_out_act(out, verdict(prefix), OUTCOME_NONE, (struct str){NULL, 0});
    parse_out_put(out, FIELD_RULE_NAME, rule_name(prefix));
    parse_out_put(out, FIELD_NETWORK_INTERFACE_IN, value[KEY_IN]);
    parse_out_put(out, FIELD_NETWORK_INTERFACE_OUT, value[KEY_OUT]);
    parse_out_put(out, FIELD_SOURCE_MAC, source_mac(value[KEY_MAC]));
    parse_out_put(out, FIELD_SOURCE_IP, value[KEY_SRC]);
    parse_out_put(out, FIELD_DESTINATION_IP, value[KEY_DST]);
    parse_out_put(out, FIELD_NETWORK_TRANSPORT, proto);
    parse_out_put(out, FIELD_SOURCE_PORT, value[KEY_SPT]);
    parse_out_put(out, FIELD_DESTINATION_PORT, value[KEY_DPT]);
    return true;
}
