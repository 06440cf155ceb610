/* parse_syslog.h - parts of a syslog head that several grammars share. Private to src/parse. */
#ifndef KHIEN_PARSE_PARSE_SYSLOG_H
#define KHIEN_PARSE_PARSE_SYSLOG_H

#include "parse/parse_out.h"

/*
 * "<0>" to "<191>" at the cursor: facility and severity into out->e, true. Unmoved and false where there is
 * none. strict: no leading zero (RFC 5424 6.2.1); devices do write "<013>".
 */
bool parse_syslog_pri(struct parse_out *out, struct cur *c, bool strict);
/* host.name, and host.ip where it is an address. */
void parse_syslog_put_host(struct parse_out *out, struct str host);
/* process.name (path and aliases taken off), process.executable, out->tag. */
void parse_syslog_put_program(struct parse_out *out, struct str program);
/* process.pid where it is a number, else log.syslog.procid. */
void parse_syslog_put_pid(struct parse_out *out, struct str pid);

#endif
