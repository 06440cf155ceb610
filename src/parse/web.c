#include "parse/web.h"

#include "parse/parse_stamp.h"

#define BRACKETS_MAX 4u /* places where the time may begin; a user name may hold a bracket too */

/* host, ident and user before the time, perhaps a virtual host in front of them. */
struct client {
    struct str vhost, host, user;
};

static struct str cut_word(struct str *s)
{
    struct str word, rest;
    (void)str_cut(*s, ' ', &word, &rest);
    *s = rest;
    return word;
}

static struct str no_dash(struct str s)
{
    return str_eq(s, S("-")) ? (struct str){s.p, 0} : s;
}

/* Apache writes %v:%p: the port is cut. */
static struct str no_port(struct str host)
{
    const char *colon = host.n == 0 ? NULL : memrchr(host.p, ':', host.n);
    return colon == NULL || parse_ip_is(host) ? host : str_sub(host, 0, (size_t)(colon - host.p));
}

static bool is_private(struct str ip)
{
    return str_starts(ip, S("10.")) || str_starts(ip, S("192.168.")) || str_starts(ip, S("127.")) ||
           (str_starts(ip, S("172.")) && ip.n > 6 && ip.p[6] == '.' &&
            (ip.p[4] == '2' || ip.p[4] == '1' || ip.p[4] == '3')) ||
           str_starts(ip, S("::1")) || str_starts(ip, S("fd")) || str_starts(ip, S("fe80"));
}

/* "a, b, c": addresses of proxies in front of the server. The first public one is the client, else the first.
 */
static struct str first_client(struct str first, struct str *rest)
{
    struct str word = first, found = {NULL, 0};
    for (bool more = true; more; word = cut_word(rest)) {
        more = str_ends(word, S(","));
        word.n -= more;
        if (found.n == 0 && !is_private(word))
            found = word;
        if (!more)
            break;
    }
    return found.n > 0 ? found : str_sub(first, 0, first.n - 1);
}

static bool read_client(struct str s, struct client *ret)
{
    *ret = (struct client){0};
    ret->host = cut_word(&s);
    if (str_ends(ret->host, S(",")))
        ret->host = first_client(ret->host, &s);
    bool address = parse_ip_is(ret->host);
    if (!address) {
        struct str rest = s, second = cut_word(&rest);
        if (parse_ip_is(second)) {
            ret->vhost = no_port(ret->host);
            ret->host = second;
            s = rest;
            address = true;
        }
    }
    struct str ident = cut_word(&s);
    ret->user = no_dash(s);
    /* Only behind an address a user name may hold blanks: else every line with a time in brackets would fit.
     */
    return ret->host.n > 0 && ident.n > 0 && s.n > 0 && (address || str_find_char(s, ' ') == SIZE_MAX);
}

/* Text between quotes; a backslash keeps the next byte (Apache writes \" , nginx \x22). */
static bool quoted(struct cur *c, struct str *ret)
{
    if (!cur_skip(c, '"'))
        return false;
    struct str rest = str_from(c->in, c->at);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '"')
        n += rest.p[n] == '\\' && n + 1 < rest.n ? 2 : 1;
    if (n >= rest.n)
        return false;
    *ret = str_sub(rest, 0, n);
    c->at += n + 1;
    return true;
}

/* "GET /path HTTP/1.1"; what is no request (a TLS hello, "-") stays whole in url.original. */
static void put_request(struct parse_out *out, struct str request)
{
    size_t n = 0;
    while (n < request.n && (ascii_is_upper(request.p[n]) || request.p[n] == '_' || request.p[n] == '-'))
        n++;
    const char *last = request.n == 0 ? NULL : memrchr(request.p, ' ', request.n);
    if (n == 0 || n == request.n || request.p[n] != ' ') {
        parse_out_put(out, FIELD_URL_ORIGINAL, no_dash(request));
        return;
    }
    struct str target = str_from(request, n + 1), version = S(" HTTP/");
    size_t end = (size_t)(last - request.p);
    parse_out_put(out, FIELD_HTTP_METHOD, str_sub(request, 0, n));
    if (end > n && str_starts(str_from(request, end), version)) {
        parse_out_put(out, FIELD_HTTP_VERSION, str_from(request, end + version.n));
        target = str_sub(request, n + 1, end - n - 1);
    }
    parse_out_url(out, target);
}

/* Time in brackets: the first bracket behind which a time stands. */
static bool find_time(struct str line, struct str *client, struct cur *c, int64_t *ret_ns)
{
    size_t from = 0;
    for (unsigned tries = 0; tries < BRACKETS_MAX; tries++) {
        size_t at = str_find(str_from(line, from), S(" ["));
        if (at == SIZE_MAX)
            return false;
        *client = str_sub(line, 0, from + at);
        *c = cur_of(line);
        c->at = from + at + 2;
        if (parse_stamp_clf(c, ret_ns) && cur_skip(c, ']') && cur_skip(c, ' '))
            return true;
        from += at + 2;
    }
    return false;
}

bool web_access(struct parse_out *out, struct str line, int64_t *ret_time_ns)
{
    struct str head, request, referrer = {NULL, 0}, agent = {NULL, 0};
    struct client client;
    struct cur c;
    if (!find_time(line, &head, &c, ret_time_ns) || !read_client(head, &client) || !quoted(&c, &request) ||
        !cur_skip(&c, ' '))
        return false;
    struct str status = cur_word(&c);
    uint64_t code;
    if (status.n != 3 || !str_to_u64(status, 999, &code) || !cur_skip(&c, ' '))
        return false;
    struct str bytes = cur_word(&c);
    if (cur_skip(&c, ' ') && quoted(&c, &referrer) && cur_skip(&c, ' '))
        (void)quoted(&c, &agent);
    out->dataset = S("web.access");
    parse_out_act(out, ACTION_HTTP_REQUEST, code < 400 ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
                  (struct str){NULL, 0});
    parse_out_peer(out, client.host);
    parse_out_put(out, FIELD_USER_NAME, client.user);
    parse_out_put(out, FIELD_URL_DOMAIN, client.vhost);
    put_request(out, request);
    parse_out_put(out, FIELD_HTTP_STATUS, status);
    parse_out_put(out, FIELD_HTTP_BYTES, bytes);
    parse_out_put(out, FIELD_HTTP_REFERRER, no_dash(referrer));
    parse_out_put(out, FIELD_USER_AGENT, no_dash(agent));
    return true;
}

bool web_access_line(struct parse_out *out, struct str raw)
{
    int64_t ns;
    if (raw.n > 0 && raw.p[0] == '<')
        return false; /* a syslog head comes first */
    if (!web_access(out, raw, &ns))
        return false;
    out->e.time_ns = ns;
    out->content_done = true;
    return true;
}
