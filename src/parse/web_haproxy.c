#include "parse/linux.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"
#include "parse/web.h"

/* Lines of HAProxy (configuration manual, section 8.2): "option httplog", "option tcplog" and the default. */

#define PARTS_MAX 5u

static struct str word(struct cur *c)
{
    struct str w = cur_word(c);
    (void)cur_skip(c, ' ');
    return w;
}

/* "1/2/+3" into names; a '+' or '-1' says more than a number and stays text. */
static size_t split(struct str s, struct str part[PARTS_MAX])
{
    size_t n = 0;
    while (n < PARTS_MAX && s.n > 0)
        (void)str_cut(s, '/', &part[n++], &s);
    return n;
}

static void put_parts(struct parse_out *out, struct str s, const struct str *names, size_t n)
{
    struct str part[PARTS_MAX];
    if (split(s, part) != n)
        return;
    for (size_t i = 0; i < n; i++) {
        if (names[i].n > 0)
            parse_out_put_named(out, names[i], part[i]);
    }
}

static void put_duration(struct parse_out *out, struct str ms)
{
    if (ms.n > 0 && ms.p[0] == '+')
        ms = str_from(ms, 1);
    if (ms.n > 0 && ms.n <= 12 && !str_eq(ms, S("0")))
        parse_out_put(out, FIELD_EVENT_DURATION, arena_printf(out->arena, "%.*s000000", STR_ARG(ms)));
    else
        parse_out_put(out, FIELD_EVENT_DURATION, ms);
}

/* "{a|b}" captured headers, up to two groups, then the request in quotes. */
static void put_request(struct parse_out *out, struct cur *c)
{
    static const struct str names[] = {{"haproxy.http.request.captured_headers", 37},
                                       {"haproxy.http.response.captured_headers", 38}};
    for (size_t i = 0; i < COUNT_OF(names) && cur_skip(c, '{'); i++) {
        parse_out_put_named(out, names[i], cur_until(c, '}'));
        (void)cur_skip(c, ' ');
    }
    if (!cur_skip(c, '"'))
        return;
    struct str line = str_from(c->in, c->at), method, rest, target, version, http = S("HTTP/");
    if (str_ends(line, S("\"")))
        line.n--;
    parse_out_put_named(out, S("haproxy.http.request.raw_request_line"), line);
    if (!str_cut(line, ' ', &method, &rest))
        return;
    (void)str_cut(rest, ' ', &target, &version);
    parse_out_put(out, FIELD_HTTP_METHOD, method);
    parse_out_url(out, target);
    if (str_starts(version, http))
        parse_out_put(out, FIELD_HTTP_VERSION, str_from(version, http.n));
}

static void put_names(struct parse_out *out, struct str frontend, struct str server)
{
    struct str backend, name;
    parse_out_put_named(out, S("haproxy.frontend_name"), frontend);
    (void)str_cut(server, '/', &backend, &name);
    parse_out_put_named(out, S("haproxy.backend_name"), backend);
    parse_out_put_named(out, S("haproxy.server_name"), name);
}

static void put_counts(struct parse_out *out, struct str connections, struct str queues)
{
    static const struct str five[] = {{"haproxy.connections.active", 26},
                                      {"haproxy.connections.frontend", 28},
                                      {"haproxy.connections.backend", 27},
                                      {"haproxy.connections.server", 26},
                                      {"haproxy.connections.retries", 27}};
    static const struct str two[] = {{"haproxy.server_queue", 20}, {"haproxy.backend_queue", 21}};
    put_parts(out, connections, five, COUNT_OF(five));
    put_parts(out, queues, two, COUNT_OF(two));
}

static void put_http(struct parse_out *out, struct cur *c, struct str times)
{
    static const struct str names[] = {{"haproxy.http.request.time_wait_ms", 33},
                                       {"haproxy.total_waiting_time_ms", 29},
                                       {"haproxy.connection_wait_time_ms", 31},
                                       {"haproxy.http.request.time_wait_without_data_ms", 46},
                                       {"", 0}};
    struct str part[PARTS_MAX], status = word(c), bytes = word(c);
    uint64_t code = 0;
    (void)str_to_u64(status, 999, &code);
    parse_out_act(out, ACTION_HTTP_REQUEST, code > 0 && code < 400 ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
                  (struct str){NULL, 0});
    put_parts(out, times, names, COUNT_OF(names));
    if (split(times, part) == 5)
        put_duration(out, part[4]);
    parse_out_put(out, FIELD_HTTP_STATUS, status);
    parse_out_put(out, FIELD_HTTP_BYTES, bytes);
    parse_out_put_named(out, S("haproxy.http.request.captured_cookie"), word(c));
    parse_out_put_named(out, S("haproxy.http.response.captured_cookie"), word(c));
    parse_out_put_named(out, S("haproxy.termination_state"), word(c));
    struct str connections = word(c), queues = word(c);
    put_counts(out, connections, queues);
    put_request(out, c);
}

static void put_tcp(struct parse_out *out, struct cur *c, struct str times)
{
    static const struct str names[] = {
        {"haproxy.total_waiting_time_ms", 29}, {"haproxy.connection_wait_time_ms", 31}, {"", 0}};
    struct str part[PARTS_MAX];
    parse_out_act(out, ACTION_CONNECTION_OPENED, OUTCOME_NONE, (struct str){NULL, 0});
    put_parts(out, times, names, COUNT_OF(names));
    if (split(times, part) == 3)
        put_duration(out, part[2]);
    parse_out_put_named(out, S("haproxy.bytes_read"), word(c));
    parse_out_put_named(out, S("haproxy.termination_state"), word(c));
    struct str connections = word(c), queues = word(c);
    put_counts(out, connections, queues);
}

bool web_haproxy(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Connect from %{source} to %{destination} (%{haproxy.frontend_name}/%{haproxy.mode})",
         ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"Server %{haproxy.server_name} is DOWN, reason: %r, %*", ACTION_SERVICE_FAILED, OUTCOME_FAILURE,
         NULL},
        {"Server %{haproxy.server_name} is DOWN%*", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
        {"Server %{haproxy.server_name} is UP%*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"Proxy %{haproxy.frontend_name} started.", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"%{source} [%{haproxy.accept_date}] %{haproxy.frontend_name}/%w: %r", ACTION_HTTP_ERROR,
         OUTCOME_FAILURE, NULL},
    };
    struct cur c = cur_of(msg);
    struct str client = word(&c), times, part[PARTS_MAX];
    if (!cur_skip(&c, '[') || client.n < 3)
        return pattern_apply(out, msg, rows, COUNT_OF(rows));
    struct str date = cur_until(&c, ']');
    (void)cur_skip(&c, ' ');
    struct str frontend = word(&c), server = word(&c);
    times = word(&c);
    size_t n = split(times, part);
    if (c.bad || str_find_char(server, '/') == SIZE_MAX || (n != 3 && n != 5))
        return pattern_apply(out, msg, rows, COUNT_OF(rows));
    parse_out_end(out, SIDE_SOURCE, client);
    put_names(out, frontend, server);
    parse_out_put_named(out, S("haproxy.accept_date"), date);
    if (n == 5)
        put_http(out, &c, times);
    else
        put_tcp(out, &c, times);
    return true;
}
