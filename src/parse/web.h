/*
 * web.h - lines of web servers: access logs (NCSA common, combined, with a virtual host in front) and error
 * logs of nginx and Apache. Private to src/parse.
 */
#ifndef KHIEN_PARSE_WEB_H
#define KHIEN_PARSE_WEB_H

#include "parse/parse_out.h"

/* Both: false and nothing put where the line is none; *ret_time_ns is the time that stands in the line. */
bool web_access(struct parse_out *out, struct str line, int64_t *ret_time_ns);
bool web_error(struct parse_out *out, struct str line, int64_t *ret_time_ns);
/* Apache's error log by syslog: without the time. */
bool web_error_syslog(struct parse_out *out, struct str msg);

#endif
