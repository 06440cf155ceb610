/*
 * net.h - messages of network devices: firewalls, switches, routers, wireless, sensors. Private to src/parse.
 */
#ifndef KHIEN_PARSE_NET_H
#define KHIEN_PARSE_NET_H

#include "parse/fieldmap.h"
#include "parse/linux.h"

/* By the first bytes of the message, or by event.code of a "%FAC-SEV-NAME" head. */
linux_fn net_any;
linux_fn net_fortinet;

/*
 * Traffic between two addresses that a device reports: firewall_blocked, firewall_allowed or firewall_logged
 * after the device's own word ("deny", "Accept", "drop" …; kept as event.type). Nothing where the event has
 * not both addresses, or an action already.
 */
void net_traffic(struct parse_out *out, struct str verdict);

#endif
