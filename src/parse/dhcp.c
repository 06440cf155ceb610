#include "parse/linux.h"
#include "parse/net.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* ISC dhcpd, Kea, Windows DHCP. Sources: dhcpd(8); Kea messages manual; Microsoft, DHCP server audit log. */

#define COLUMNS_MIN 7u

bool dhcp_isc(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"DHCPACK on %{source.ip} to %{source.mac} (%{source.domain~}) via %I", ACTION_DHCP_ASSIGNED,
         OUTCOME_SUCCESS, NULL},
        {"DHCPACK on %{source.ip} to %{source.mac} via %I", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS, NULL},
        {"DHCPACK to %{source.ip} (%{source.mac}) via %I", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS, NULL},
        {"DHCPRELEASE of %{source.ip} from %{source.mac} (%{source.domain~}) via %I %*", ACTION_DHCP_RELEASED,
         OUTCOME_NONE, NULL},
        {"DHCPRELEASE of %{source.ip} from %{source.mac} via %I %*", ACTION_DHCP_RELEASED, OUTCOME_NONE,
         NULL},
        {"DHCPNAK on %{source.ip} to %{source.mac} via %I", ACTION_DHCP_DENIED, OUTCOME_FAILURE, NULL},
        {"DHCPDISCOVER from %{source.mac} (%{source.domain~}) via %I: %r", ACTION_DHCP_DENIED,
         OUTCOME_FAILURE, NULL},
        {"DHCPDISCOVER from %{source.mac} via %I: %r", ACTION_DHCP_DENIED, OUTCOME_FAILURE, NULL},
        {"DHCPREQUEST for %{source.ip} (%w) from %{source.mac} (%{source.domain~}) via %I",
         ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"DHCPREQUEST for %{source.ip} from %{source.mac} (%{source.domain~}) via %I: %r", ACTION_DHCP_DENIED,
         OUTCOME_FAILURE, NULL},
        {"DHCPREQUEST for %{source.ip} from %{source.mac} (%{source.domain~}) via %I", ACTION_DHCP_MESSAGE,
         OUTCOME_NONE, NULL},
        {"DHCPREQUEST for %{source.ip} from %{source.mac} via %I: %r", ACTION_DHCP_DENIED, OUTCOME_FAILURE,
         NULL},
        {"%{event.code} for %{source.ip} from %{source.mac} via %I", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"%{event.code} from %{source.mac} (%{source.domain~}) via %I", ACTION_DHCP_MESSAGE, OUTCOME_NONE,
         NULL},
        {"%{event.code} from %{source.mac} via %I", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"%{event.code} on %{source.ip} to %{source.mac} (%{source.domain~}) via %I", ACTION_DHCP_MESSAGE,
         OUTCOME_NONE, NULL},
        {"%{event.code} on %{source.ip} to %{source.mac} via %I", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
    };
    return str_starts(msg, S("DHCP")) && pattern_apply(out, msg, rows, COUNT_OF(rows));
}

/* "INFO  DHCP4_LEASE_ALLOC [hwtype=1 00:11:22:33:44:55], cid=[…], tid=0x1: lease 192.0.2.5 has been allocated
 * for 3600 seconds" */
bool dhcp_kea(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"DHCP4_LEASE_ALLOC [hwtype=%d %{source.mac}], %*: lease %{source.ip} has been allocated%*",
         ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS, NULL},
        {"DHCP4_RELEASE [hwtype=%d %{source.mac}], %*: address %{source.ip} belonging to client released%*",
         ACTION_DHCP_RELEASED, OUTCOME_NONE, NULL},
        {"DHCP6_LEASE_ALLOC %*: lease for address %{source.ip} %*", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS,
         NULL},
        {"ALLOC_ENGINE_V4_ALLOC_FAIL%*[hwtype=%d %{source.mac}]%*", ACTION_DHCP_DENIED, OUTCOME_FAILURE,
         "no_free_lease"},
        {"DHCP4_PACKET_NAK_%w [hwtype=%d %{source.mac}]%*", ACTION_DHCP_DENIED, OUTCOME_FAILURE, NULL},
        {"%{event.code} [hwtype=%d %{source.mac}]%*", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"DHCP4_STARTED %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"DHCP4_SHUTDOWN %*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    static const struct str marks[] = {{"DHCP4_", 6}, {"DHCP6_", 6}, {"ALLOC_ENGINE_", 13}};
    struct str head = str_sub(msg, 0, msg.n < 200 ? msg.n : 200);
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        size_t at = str_find(head, marks[i]);
        if (at != SIZE_MAX)
            return pattern_apply(out, str_from(msg, at), rows, COUNT_OF(rows));
    }
    return false;
}

/* "11,11/22/26,07:59:58,Renew,192.0.2.5,pc1.example,001122334455,,…" */
bool dhcp_windows_line(struct parse_out *out, struct str raw)
{
    struct str v[16];
    struct civil t = {.offset_s = out->ctx->zone_s};
    uint64_t id;
    int64_t ns;
    size_t comma = str_find_char(str_sub(raw, 0, raw.n < 8 ? raw.n : 8), ',');
    if (comma == SIZE_MAX || raw.n < 30 || net_csv(raw, v, COUNT_OF(v)) < COLUMNS_MIN ||
        !str_to_u64(v[0], 99, &id) || v[1].n != 8 || v[1].p[2] != '/' || v[2].n != 8 || v[2].p[2] != ':')
        return false;
    struct cur d = cur_of(v[1]), c = cur_of(v[2]);
    t.month = (int)cur_dec_width(&d, 2);
    cur_expect(&d, '/');
    t.day = (int)cur_dec_width(&d, 2);
    cur_expect(&d, '/');
    t.year = 2000 + (int32_t)cur_dec_width(&d, 2);
    parse_stamp_clock(&c, &t);
    if (d.bad || c.bad || !when_to_ns(&t, &ns))
        return false;
    bool given = id == 10 || id == 11, gone = id == 12 || (id >= 16 && id <= 18);
    bool denied = (id >= 13 && id <= 15) || id == 20 || id == 22;
    out->content_done = true;
    parse_out_time(out, ns, true);
    out->dataset = S("windows.dhcp");
    parse_out_act(out,
                  given    ? ACTION_DHCP_ASSIGNED
                  : gone   ? ACTION_DHCP_RELEASED
                  : denied ? ACTION_DHCP_DENIED
                           : ACTION_DHCP_MESSAGE,
                  given    ? OUTCOME_SUCCESS
                  : denied ? OUTCOME_FAILURE
                           : OUTCOME_NONE,
                  (struct str){NULL, 0});
    parse_out_put(out, FIELD_EVENT_CODE, v[0]);
    parse_out_put(out, FIELD_EVENT_REASON, v[3]);
    parse_out_put(out, FIELD_SOURCE_IP, v[4]);
    parse_out_put(out, FIELD_SOURCE_DOMAIN, v[5]);
    parse_out_put(out, FIELD_SOURCE_MAC, v[6]);
    return true;
}
