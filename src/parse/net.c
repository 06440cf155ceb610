#include "parse/net.h"

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

bool net_any(struct parse_out *out, struct str msg)
{
    return net_fortinet(out, msg);
}
