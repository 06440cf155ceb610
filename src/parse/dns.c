#include "parse/linux.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* BIND 9, Unbound, dnsmasq. Sources: BIND 9 Administrator Reference Manual, logging; unbound.conf(5)
 * log-queries; dnsmasq(8) --log-queries. */

static const struct pattern_row bind_rows[] = {
    {"query: %{dns.question.name} %{dns.question.class} %{dns.question.type} %*", ACTION_DNS_QUERY,
     OUTCOME_NONE, NULL},
    {"query (cache) '%{dns.question.name}/%{dns.question.type}/%{dns.question.class}' denied%*",
     ACTION_DNS_REFUSED, OUTCOME_FAILURE, "denied"},
    {"query '%{dns.question.name}/%{dns.question.type}/%{dns.question.class}' denied%*", ACTION_DNS_REFUSED,
     OUTCOME_FAILURE, "denied"},
    {"query (cache) denied%*", ACTION_DNS_REFUSED, OUTCOME_FAILURE, "denied"},
    {"query (cache)%*", ACTION_DNS_REFUSED, OUTCOME_FAILURE, "denied"},
    {"query failed (%r) for %{dns.question.name}/%{dns.question.class}/%{dns.question.type} at %*",
     ACTION_DNS_QUERY, OUTCOME_FAILURE, NULL},
    {"zone transfer '%{dns.question.name}/%{dns.question.type}/%w denied", ACTION_DNS_REFUSED,
     OUTCOME_FAILURE, "denied"},
    {"zone transfer '%{dns.question.name}/%{dns.question.class}' denied", ACTION_DNS_REFUSED, OUTCOME_FAILURE,
     "denied"},
    {"update '%{dns.question.name}/%{dns.question.class}' denied", ACTION_DNS_REFUSED, OUTCOME_FAILURE,
     "denied"},
    {"bad zone transfer request: '%{dns.question.name}/%{dns.question.class}': %r", ACTION_DNS_REFUSED,
     OUTCOME_FAILURE, NULL},
    {"transfer of '%{dns.question.name}/%{dns.question.class}': AXFR started%*", ACTION_DNS_QUERY,
     OUTCOME_SUCCESS, "transfer"},
    {"rate limit drop %*", ACTION_DNS_REFUSED, OUTCOME_FAILURE, "rate_limit"},
};

/* "client @0x7f… 192.0.2.1#5353 (name): view internal: query: …": the client in front, in all forms since
 * BIND 8. */
static bool bind_client(struct parse_out *out, struct str msg)
{
    struct str word, rest = msg, name, view = S("view ");
    if (!str_starts(msg, S("client ")))
        return false;
    rest = str_from(msg, 7);
    if (rest.n > 0 && rest.p[0] == '@' && !str_cut(rest, ' ', &word, &rest))
        return false;
    size_t end = 0;
    while (end < rest.n && rest.p[end] != ' ')
        end++;
    word = str_sub(rest, 0, end);
    if (str_ends(word, S(":")))
        word.n--;
    rest = end < rest.n ? str_from(rest, end + 1) : (struct str){rest.p, 0};
    if (rest.n > 0 && rest.p[0] == '(' && str_cut(rest, ')', &name, &rest))
        rest = str_starts(rest, S(": ")) ? str_from(rest, 2) : rest;
    if (str_starts(rest, view) && str_cut(rest, ':', &name, &rest))
        rest = str_trim(rest);
    size_t hash = str_find_char(word, '#');
    if (hash == SIZE_MAX || !parse_ip_is(str_sub(word, 0, hash)))
        return false;
    if (!pattern_apply(out, str_trim(rest), bind_rows, COUNT_OF(bind_rows)))
        parse_out_known(out, out->dataset);
    parse_out_end(out, SIDE_SOURCE, word);
    return true;
}

/* Categories and levels stand in front where they are printed: "queries: info: client …". */
bool dns_bind(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"running", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"exiting", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
        {"zone %{dns.question.name}/%{dns.question.class}: loaded serial %d", ACTION_SERVICE_RELOADED,
         OUTCOME_SUCCESS, NULL},
        {"denied %{event.type} from [%{source.ip}].%{source.port} for \"%{dns.question.name}\" "
         "%{dns.question.class}",
         ACTION_DNS_REFUSED, OUTCOME_FAILURE, "denied"},
    };
    size_t at = str_find(str_sub(msg, 0, msg.n < 64 ? msg.n : 64), S("client "));
    out->dataset = S("bind.log");
    if (at != SIZE_MAX && (at == 0 || msg.p[at - 1] == ' ') && bind_client(out, str_from(msg, at)))
        return true;
    at = str_find(str_sub(msg, 0, msg.n < 64 ? msg.n : 64), S("denied "));
    return pattern_apply(out, at == SIZE_MAX ? msg : str_from(msg, at), rows, COUNT_OF(rows));
}

/* "22-Nov-2026 07:59:58.123 queries: info: client …" of a file channel. */
bool dns_bind_line(struct parse_out *out, struct str raw)
{
    struct cur c = cur_of(raw);
    struct civil v = {.offset_s = out->ctx->zone_s};
    int64_t ns;
    if (raw.n < 30 || raw.p[2] != '-' || raw.p[6] != '-' || raw.p[11] != ' ' || raw.p[20] != '.')
        return false;
    v.day = (int)cur_dec_width(&c, 2);
    cur_expect(&c, '-');
    if (!parse_stamp_month(&c, &v))
        return false;
    cur_expect(&c, '-');
    v.year = (int32_t)cur_dec_width(&c, 4);
    cur_expect(&c, ' ');
    parse_stamp_clock(&c, &v);
    if (c.bad || c.at != 24 || !cur_skip(&c, ' ') || !when_to_ns(&v, &ns))
        return false;
    out->content_done = true;
    parse_out_time(out, ns, true);
    out->e.message = str_from(raw, c.at);
    if (!dns_bind(out, out->e.message))
        parse_out_known(out, out->dataset);
    return true;
}

bool dns_unbound(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"info: %{source.ip} %{dns.question.name} %{dns.question.type} %{dns.question.class}",
         ACTION_DNS_QUERY, OUTCOME_NONE, NULL},
        {"info: %{source.ip} %{dns.question.name} %{dns.question.type} %{dns.question.class} REFUSED %*",
         ACTION_DNS_REFUSED, OUTCOME_FAILURE, "refused"},
        {"info: %{source.ip} %{dns.question.name} %{dns.question.type} %{dns.question.class} "
         "%{dns.response_code} %*",
         ACTION_DNS_QUERY, OUTCOME_NONE, NULL},
        {"query: %{source.ip} %{dns.question.name} %{dns.question.type} %{dns.question.class}",
         ACTION_DNS_QUERY, OUTCOME_NONE, NULL},
        {"info: start of service (%*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"info: service stopped (%*", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    struct str number, rest;
    if (msg.n > 0 && msg.p[0] == '[' && str_cut(msg, ' ', &number, &rest))
        msg = rest;
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}

bool dns_dnsmasq(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"query[%{dns.question.type}] %{dns.question.name} from %{source.ip}", ACTION_DNS_QUERY, OUTCOME_NONE,
         NULL},
        {"forwarded %{dns.question.name} to %{destination.ip}", ACTION_NONE, OUTCOME_NONE, NULL},
        {"reply %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_ANSWER, OUTCOME_NONE, NULL},
        {"cached %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_ANSWER, OUTCOME_NONE, NULL},
        {"config %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_ANSWER, OUTCOME_NONE, NULL},
        {"gravity blocked %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_REFUSED, OUTCOME_FAILURE,
         "blocked"},
        {"exactly blacklisted %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_REFUSED,
         OUTCOME_FAILURE, "blocked"},
        {"regex blacklisted %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_REFUSED,
         OUTCOME_FAILURE, "blocked"},
        {"/%{file.path} %{dns.question.name} is %{dns.answers.data*}", ACTION_DNS_ANSWER, OUTCOME_NONE, NULL},
        {"DHCPACK(%I) %{source.ip} %{source.mac} %{source.domain}", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS,
         NULL},
        {"DHCPACK(%I) %{source.ip} %{source.mac}", ACTION_DHCP_ASSIGNED, OUTCOME_SUCCESS, NULL},
        {"DHCPRELEASE(%I) %{source.ip} %{source.mac} %*", ACTION_DHCP_RELEASED, OUTCOME_NONE, NULL},
        {"DHCPRELEASE(%I) %{source.ip} %{source.mac}", ACTION_DHCP_RELEASED, OUTCOME_NONE, NULL},
        {"DHCPNAK(%I) %{source.ip} %{source.mac} %r", ACTION_DHCP_DENIED, OUTCOME_FAILURE, NULL},
        {"%{event.code}(%I) %{source.ip} %{source.mac}", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"%{event.code}(%I) %{source.mac}", ACTION_DHCP_MESSAGE, OUTCOME_NONE, NULL},
        {"started, version %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"exiting on receipt of SIGTERM", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    struct str id, from, rest;
    /* "17 192.0.2.1/5353 query[A] …" where queries are numbered (--log-queries=extra) */
    if (msg.n > 0 && ascii_is_digit(msg.p[0]) && str_cut(msg, ' ', &id, &rest)) {
        if (str_cut(rest, ' ', &from, &rest) && str_find_char(from, '/') != SIZE_MAX)
            msg = rest;
        else
            msg = str_from(msg, id.n + 1);
    }
    return pattern_apply(out, msg, rows, COUNT_OF(rows));
}
