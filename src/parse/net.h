/*
 * net.h - messages of network devices: firewalls, switches, routers, wireless, sensors. Private to src/parse.
 */
#ifndef KHIEN_PARSE_NET_H
#define KHIEN_PARSE_NET_H

#include "parse/fieldmap.h"
#include "parse/linux.h"

/* By the first bytes of a message that no program's name chose. */
linux_fn net_any;
linux_fn net_fortinet; /* FortiOS, Sophos, SonicWall: key=value */
linux_fn net_panos;
linux_fn net_mikrotik;
linux_fn net_fast;
linux_fn net_aruba;
linux_fn net_pf_gui; /* sign-ins to the console of pfSense and OPNsense */

/* The message of "%FACILITY-SEVERITY-MNEMONIC:"; `code` is what stands between '%' and ':'. */
bool net_mnemonic(struct parse_out *out, struct str code, struct str msg);
bool net_cisco(struct parse_out *out, struct str code, struct str msg);
bool net_huawei(struct parse_out *out, struct str code, struct str msg);

/* Comma separated values, some in quotes (doubled quotes stay as written); at most `max`. */
size_t net_csv(struct str line, struct str *ret, size_t max);

/*
 * Traffic between two addresses that a device reports: firewall_blocked, firewall_allowed or firewall_logged
 * after the device's own word ("deny", "Accept", "drop" …; kept as event.type). Nothing where the event has
 * not both addresses, or an action already.
 */
void net_traffic(struct parse_out *out, struct str verdict);

#endif
