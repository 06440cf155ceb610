/*
 * linux.h - what Linux programs say: message text → ECS fields. A table of program names (linux.def) chooses
 * the parser; PAM lines are the same in every program. Vocabulary: docs/format/events.md. Private to
 * src/parse.
 */
#ifndef KHIEN_PARSE_LINUX_H
#define KHIEN_PARSE_LINUX_H

#include "parse/parse_out.h"

/* Read out->e.message after out->tag. Where nothing is known, nothing is put. */
void linux_content(struct parse_out *out);

/* A content parser: true where it knew the message. It puts fields only when it returns true. */
typedef bool linux_fn(struct parse_out *out, struct str msg);
#define PROGRAM(name, fn, dataset) linux_fn fn;
#include "parse/linux.def"
#undef PROGRAM

/* "pam_unix(sshd:auth): authentication failure; …"; the service stands in the text. */
linux_fn linux_pam;
/* Text of an old "sshd(pam_unix)[1]:" line, or of "PAM 2 more …" of sshd; service: whose PAM it is. */
bool linux_pam_text(struct parse_out *out, struct str service, struct str msg);
/* iptables, nftables or UFW line of any program: "… IN=eth0 OUT= … SRC=1.2.3.4 DST=…". */
linux_fn linux_firewall;

/* WireGuard in the kernel's log. */
linux_fn vpn_wireguard;

#endif
