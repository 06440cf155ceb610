#include "parse/parse_stamp.h"
#include "parse/web.h"

/* Levels of Apache (AP_LOG…) and nginx (ngx_log.c) beside the syslog names: "warn", "crit", "emerg". */
static bool put_severity(struct parse_out *out, struct str level)
{
    struct str module, name;
    if (!str_cut(level, ':', &module, &name))
        name = level;
    int severity = event_severity_find(name);
    if (severity < 0) {
        if (!str_starts(name, S("trace")))
            return false;
        severity = 7;
    }
    if (out->e.facility == EVENT_NO_FACILITY)
        out->e.severity = (uint8_t)severity;
    return true;
}

/* "1.2.3.4:5678", "[::1]:5678" or an address alone. */
static void put_client(struct parse_out *out, struct str client)
{
    struct str ip = client, port = {NULL, 0};
    const char *colon = client.n == 0 ? NULL : memrchr(client.p, ':', client.n);
    if (colon != NULL && !parse_ip_is(client)) {
        size_t at = (size_t)(colon - client.p);
        ip = str_sub(client, 0, at);
        port = str_from(client, at + 1);
        if (!parse_ip_is(ip) && ip.n > 2 && ip.p[0] == '[')
            ip = str_sub(ip, 1, ip.n - 2);
    }
    parse_out_peer(out, ip);
    parse_out_put(out, FIELD_SOURCE_PORT, port);
}

/* Text in brackets at the cursor, and the blank behind it; "[client [::1]:5]" holds brackets of its own. */
static bool bracket(struct cur *c, struct str *ret)
{
    struct cur k = *c;
    if (!cur_skip(&k, '['))
        return false;
    size_t from = k.at;
    struct str inside = cur_until(&k, ']');
    if (!k.bad && str_find_char(inside, '[') != SIZE_MAX)
        (void)cur_until(&k, ']');
    if (k.bad)
        return false;
    *ret = str_sub(k.in, from, k.at - from - 1);
    (void)cur_skip(&k, ' ');
    *c = k;
    return true;
}

/* "[core:error] [pid 1:tid 2] [client 1.2.3.4:5] AH00126: text": what follows the time, or all of it in
 * syslog. */
static bool apache_tail(struct parse_out *out, struct cur c)
{
    struct str level, part, client = {NULL, 0}, pid = {NULL, 0}, tid = {NULL, 0}, rest, module, name;
    if (!bracket(&c, &level) || !put_severity(out, level))
        return false;
    for (struct cur k = c; bracket(&k, &part); c = k) {
        if (str_starts(part, S("pid ")))
            (void)str_cut(str_from(part, 4), ':', &pid, &tid);
        else if (str_starts(part, S("client ")) || str_starts(part, S("remote ")))
            client = str_from(part, 7);
        else
            break;
    }
    struct str text = str_from(c.in, c.at), code;
    parse_out_act(out, ACTION_HTTP_ERROR, OUTCOME_NONE, (struct str){NULL, 0});
    if (client.n > 0)
        put_client(out, client);
    parse_out_set(out, FIELD_PROCESS_PID, pid);
    if (str_starts(tid, S("tid ")))
        parse_out_put(out, FIELD_PROCESS_THREAD_ID, str_from(tid, 4));
    if (str_cut(level, ':', &module, &name))
        parse_out_put(out, FIELD_LOG_LOGGER, module);
    if (str_starts(text, S("AH")) && str_cut(text, ':', &code, &rest) && code.n == 7)
        parse_out_put(out, FIELD_EVENT_CODE, code);
    out->e.message = text;
    return true;
}

/* "[Sun Dec 04 04:47:44 2005] …" */
static bool apache(struct parse_out *out, struct str line, int64_t *ret_ns)
{
    struct cur c = cur_of(line);
    return cur_skip(&c, '[') && parse_stamp_web_error(&c, out->ctx->zone_s, ret_ns) && cur_skip(&c, ']') &&
           cur_skip(&c, ' ') && apache_tail(out, c);
}

/* Value behind ", key: " up to the next ", " or, where it is quoted, to the quote. */
static struct str item(struct str text, struct str key)
{
    size_t at = str_find(text, key);
    if (at == SIZE_MAX)
        return (struct str){NULL, 0};
    struct str v = str_from(text, at + key.n);
    bool quote = v.n > 0 && v.p[0] == '"';
    if (quote)
        v = str_from(v, 1);
    size_t end = quote ? str_find_char(v, '"') : str_find(v, S(", "));
    return end == SIZE_MAX ? v : str_sub(v, 0, end);
}

/* "2026/11/22 13:04:05 [error] 12#34: *5 text, client: 1.2.3.4, server: s, request: "GET / HTTP/1.1", host:
 * "h"" */
static bool nginx(struct parse_out *out, struct str line, int64_t *ret_ns)
{
    struct cur c = cur_of(line);
    struct str level, method, rest, target, version;
    uint64_t number;
    if (!parse_stamp_web_error(&c, out->ctx->zone_s, ret_ns) || !cur_skip(&c, ' ') || !bracket(&c, &level) ||
        !put_severity(out, level))
        return false;
    struct str pid = cur_until(&c, '#'), tid, id;
    size_t from = c.at;
    (void)cur_dec(&c, UINT32_MAX);
    tid = str_sub(line, from, c.at - from);
    cur_expect(&c, ':');
    cur_expect(&c, ' ');
    if (c.bad)
        return false;
    struct str text = str_from(line, c.at);
    parse_out_act(out, ACTION_HTTP_ERROR, OUTCOME_NONE, (struct str){NULL, 0});
    if (text.n > 1 && text.p[0] == '*' && str_cut(str_from(text, 1), ' ', &id, &rest) &&
        str_to_u64(id, UINT64_MAX, &number)) {
        parse_out_put_named(out, S("nginx.error.connection_id"), id);
        text = rest;
    }
    parse_out_put(out, FIELD_PROCESS_THREAD_ID, tid);
    struct str client = item(text, S(", client: "));
    if (client.n > 0)
        put_client(out, client);
    parse_out_set(out, FIELD_PROCESS_PID, pid);
    if (str_cut(item(text, S(", request: ")), ' ', &method, &rest)) {
        (void)str_cut(rest, ' ', &target, &version);
        parse_out_put(out, FIELD_HTTP_METHOD, method);
        parse_out_url(out, target);
        if (str_starts(version, S("HTTP/")))
            parse_out_put(out, FIELD_HTTP_VERSION, str_from(version, 5));
    }
    parse_out_put(out, FIELD_HTTP_REFERRER, item(text, S(", referrer: ")));
    parse_out_add(out, FIELD_URL_DOMAIN, item(text, S(", host: ")));
    out->e.message = text;
    return true;
}

bool web_error(struct parse_out *out, struct str line, int64_t *ret_time_ns)
{
    if (line.n < 20)
        return false;
    struct str dataset = out->dataset;
    out->dataset = S("web.error");
    if (line.p[0] == '[' ? apache(out, line, ret_time_ns)
                         : ascii_is_digit(line.p[0]) && nginx(out, line, ret_time_ns))
        return true;
    out->dataset = dataset;
    return false;
}

bool web_error_syslog(struct parse_out *out, struct str msg)
{
    struct str dataset = out->dataset;
    out->dataset = S("web.error");
    if (msg.n > 0 && msg.p[0] == '[' && apache_tail(out, cur_of(msg)))
        return true;
    out->dataset = dataset;
    return false;
}

bool web_error_line(struct parse_out *out, struct str raw)
{
    int64_t ns;
    if (!web_error(out, raw, &ns))
        return false;
    out->e.time_ns = ns;
    out->e.flags |= EVENT_GUESSED; /* neither server writes a zone */
    out->zone_missing = true;
    out->content_done = true;
    return true;
}
