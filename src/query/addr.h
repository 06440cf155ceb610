/*
 * addr.h - IP addresses and networks as 16 bytes; IPv4 is kept as ::ffff:a.b.c.d, so that both families
 * compare. RFC 4291, RFC 5952 (reading side).
 */
#ifndef KHIEN_QUERY_ADDR_H
#define KHIEN_QUERY_ADDR_H

#include "base/str.h"

struct addr {
    uint8_t b[16];
};

/* Whole text as an address; a zone ("%eth0") behind an IPv6 address is left out. */
bool addr_parse(struct str s, struct addr *ret);
/* "10.0.0.0/8", "2001:db8::/32": ret_bits counts from the front of the 16 bytes (IPv4: length + 96). */
bool addr_parse_net(struct str s, struct addr *ret, unsigned *ret_bits);
bool addr_in_net(const struct addr *a, const struct addr *net, unsigned bits);

#endif
