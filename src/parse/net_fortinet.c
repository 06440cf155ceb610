#include "parse/net.h"

#include "parse/body.h"

bool net_fortinet(struct parse_out *out, struct str msg)
{
    (void)out;
    (void)msg;
    return false;
}
bool net_suricata_json(struct parse_out *out, const struct json_items *items)
{
    (void)out;
    (void)items;
    return false;
}
bool net_zeek_json(struct parse_out *out, const struct json_items *items)
{
    (void)out;
    (void)items;
    return false;
}
