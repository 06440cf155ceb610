#include "parse/net.h"

#include "parse/pattern.h"

#define CODE_AT_MAX 64u /* where a mnemonic may begin */
#define CODE_BYTES_MAX 96u

/* Words of firewalls, in lower case; matched as the start of what the device says. */
static const struct {
    struct str word;
    enum parse_action action;
} verdicts[] = {
    {{"den", 3}, ACTION_FIREWALL_BLOCKED},         {{"drop", 4}, ACTION_FIREWALL_BLOCKED},
    {{"block", 5}, ACTION_FIREWALL_BLOCKED},       {{"reject", 6}, ACTION_FIREWALL_BLOCKED},
    {{"reset", 5}, ACTION_FIREWALL_BLOCKED},       {{"discard", 7}, ACTION_FIREWALL_BLOCKED},
    {{"prevent", 7}, ACTION_FIREWALL_BLOCKED},     {{"allow", 5}, ACTION_FIREWALL_ALLOWED},
    {{"accept", 6}, ACTION_FIREWALL_ALLOWED},      {{"permit", 6}, ACTION_FIREWALL_ALLOWED},
    {{"pass", 4}, ACTION_FIREWALL_ALLOWED},        {{"close", 5}, ACTION_FIREWALL_ALLOWED},
    {{"start", 5}, ACTION_FIREWALL_ALLOWED},       {{"timeout", 7}, ACTION_FIREWALL_ALLOWED},
    {{"client-rst", 10}, ACTION_FIREWALL_ALLOWED}, {{"server-rst", 10}, ACTION_FIREWALL_ALLOWED},
    {{"built", 5}, ACTION_FIREWALL_ALLOWED},       {{"teardown", 8}, ACTION_FIREWALL_ALLOWED},
};

void net_traffic(struct parse_out *out, struct str verdict)
{
    enum parse_action action = ACTION_FIREWALL_LOGGED;
    if (parse_out_has(out, FIELD_EVENT_ACTION) || !parse_out_has(out, FIELD_SOURCE_IP) ||
        !parse_out_has(out, FIELD_DESTINATION_IP) || verdict.n == 0)
        return;
    for (size_t i = 0; i < COUNT_OF(verdicts) && action == ACTION_FIREWALL_LOGGED; i++) {
        if (verdict.n >= verdicts[i].word.n &&
            str_eq_nocase(str_sub(verdict, 0, verdicts[i].word.n), verdicts[i].word))
            action = verdicts[i].action;
    }
    parse_out_act(out, action, OUTCOME_NONE, (struct str){NULL, 0});
    parse_out_add(out, FIELD_EVENT_TYPE, verdict);
}

/* "10SHELL/5/…" of H3C and "01SHELL/5/…" of Huawei; anything else with "-5-" is Cisco's or writes as it does.
 */
bool net_mnemonic(struct parse_out *out, struct str code, struct str msg)
{
    if (code.n > 4 && ascii_is_digit(code.p[0]) && str_find_char(code, '/') != SIZE_MAX)
        return net_huawei(out, code, msg);
    return str_find_char(code, '-') != SIZE_MAX && net_cisco(out, code, msg);
}

/* "%FAC-5-NAME: text", "ASA-6-302013: text" in the middle of a message that began otherwise. */
static bool embedded(struct parse_out *out, struct str msg)
{
    struct str code, rest;
    size_t at = str_find_char(str_sub(msg, 0, msg.n < CODE_AT_MAX ? msg.n : CODE_AT_MAX), '%');
    if (at == SIZE_MAX && !str_starts(msg, S("ASA-")))
        return false;
    msg = at == SIZE_MAX ? msg : str_from(msg, at);
    while (msg.n > 0 && msg.p[0] == '%')
        msg = str_from(msg, 1);
    if (!str_cut(msg, ':', &code, &rest) || code.n > CODE_BYTES_MAX ||
        str_find_char(str_trim(code), ' ') != SIZE_MAX)
        return false;
    code = str_trim(code);
    size_t dash = str_find_char(code, '-'), slash = str_find_char(code, '/');
    if (dash == SIZE_MAX && slash == SIZE_MAX)
        return false;
    if (slash == SIZE_MAX && str_find_char(str_from(code, dash + 1), '-') == SIZE_MAX)
        return false;
    parse_out_add(out, FIELD_EVENT_CODE, code);
    return net_mnemonic(out, code, str_trim(rest));
}

/* "Local User (MAC=00-1D-AA-01-02-03): 192.0.2.10:50022 -> 198.51.100.1:443 (TCP)Web" */
static bool draytek(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Local User (MAC=%{source.mac}): %{source} -> %{destination} (%{transport})%*",
         ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"Local User (MAC=%{source.mac}): %{source} DNS -> %{destination} inquire %{dns.question.name}",
         ACTION_DNS_QUERY, OUTCOME_NONE, NULL},
        {"Local User: %{source} -> %{destination} (%{transport})%*", ACTION_CONNECTION_OPENED, OUTCOME_NONE,
         NULL},
        {"Local User: %{source} DNS -> %{destination} inquire %{dns.question.name}", ACTION_DNS_QUERY,
         OUTCOME_NONE, NULL},
    };
    out->dataset = S("draytek.vigor");
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows)))
        return false;
    parse_out_observer(out, S("draytek"), S("vigor"));
    return true;
}

bool net_any(struct parse_out *out, struct str msg)
{
    char c = msg.p[0];
    if (ascii_is_digit(c) && net_panos(out, msg))
        return true;
    if (c == '<' && net_aruba(out, msg))
        return true;
    if ((c == 'd' || c == 'i' || c == 'l' || c == 't' || c == 'e') && net_fortinet(out, msg))
        return true;
    if (ascii_is_lower(c) && net_mikrotik(out, msg))
        return true;
    if (c == '[' && (msg.p[1] == '*' || (ascii_is_digit(msg.p[1]) && msg.p[2] == ':')) && net_fast(out, msg))
        return true;
    if (c == 'L' && draytek(out, msg))
        return true;
    return embedded(out, msg);
}
