#include "parse/net.h"

#include "parse/body.h"

/* Firewalls that write key=value: FortiOS, Sophos, SonicWall. */

static const struct product {
    struct str vendor, product, dataset;
    enum fieldmap_space space;
} fortios = {{"fortinet", 8}, {"fortios", 7}, {"fortinet.fortios", 16}, MAP_FORTI},
  sophos = {{"sophos", 6}, {"firewall", 8}, {"sophos.firewall", 15}, MAP_SOPHOS},
  sonicwall = {{"sonicwall", 9}, {"sonicos", 7}, {"sonicwall.sonicos", 17}, MAP_SONICWALL};

/* Values that say what kind of record it is. */
struct seen {
    struct str type, subtype, action, status, desc, date, time, tz, eventtime, message;
};

static void note(struct seen *s, struct str key, struct str value)
{
    static const struct {
        struct str key;
        size_t at;
    } keys[] = {
        {{"type", 4}, offsetof(struct seen, type)},
        {{"subtype", 7}, offsetof(struct seen, subtype)},
        {{"log_type", 8}, offsetof(struct seen, type)},
        {{"log_subtype", 11}, offsetof(struct seen, action)},
        {{"action", 6}, offsetof(struct seen, action)},
        {{"status", 6}, offsetof(struct seen, status)},
        {{"logdesc", 7}, offsetof(struct seen, desc)},
        {{"date", 4}, offsetof(struct seen, date)},
        {{"time", 4}, offsetof(struct seen, time)},
        {{"tz", 2}, offsetof(struct seen, tz)},
        {{"eventtime", 9}, offsetof(struct seen, eventtime)},
        {{"msg", 3}, offsetof(struct seen, message)},
        {{"log_component", 13}, offsetof(struct seen, desc)},
        {{"fw_action", 9}, offsetof(struct seen, action)},
        {{"message", 7}, offsetof(struct seen, message)},
    };
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (str_eq(key, keys[i].key))
            *(struct str *)(void *)((char *)s + keys[i].at) = value;
    }
}

static bool is(struct str s, const char *word)
{
    return str_eq_nocase(s, str_of(word));
}

static bool holds(struct str s, const char *word)
{
    return str_find(s, str_of(word)) != SIZE_MAX;
}

static void act(struct parse_out *out, enum parse_action action, bool good, bool bad)
{
    parse_out_act(out, action,
                  bad    ? OUTCOME_FAILURE
                  : good ? OUTCOME_SUCCESS
                         : OUTCOME_NONE,
                  (struct str){NULL, 0});
}

static void fortios_event(struct parse_out *out, const struct seen *s)
{
    bool bad = is(s->status, "failed") || is(s->status, "failure") || is(s->status, "fail");
    if (is(s->action, "login") && (is(s->subtype, "system") || holds(s->desc, "Admin")))
        act(out, ACTION_DEVICE_LOGIN, true, bad);
    else if (is(s->action, "logout") && (is(s->subtype, "system") || holds(s->desc, "Admin")))
        act(out, ACTION_DEVICE_LOGOUT, true, false);
    else if (is(s->action, "ssl-login-fail") || is(s->action, "ssl-exit-fail"))
        act(out, ACTION_VPN_LOGIN, false, true);
    else if (is(s->action, "tunnel-up") && holds(s->desc, "SSL"))
        act(out, ACTION_VPN_LOGIN, true, false);
    else if (is(s->action, "tunnel-down") && holds(s->desc, "SSL"))
        act(out, ACTION_VPN_LOGOUT, true, false);
    else if (is(s->subtype, "vpn"))
        act(out, ACTION_VPN_TUNNEL, !bad, bad);
    else if (is(s->subtype, "user") && holds(s->action, "auth"))
        act(out, ACTION_SERVICE_LOGIN, is(s->status, "success"), bad);
    else if (holds(s->desc, "configured") || is(s->action, "Edit") || is(s->action, "Add") ||
             is(s->action, "Delete"))
        act(out, ACTION_CONFIG_CHANGED, true, false);
}

static void put_kind(struct parse_out *out, const struct seen *s)
{
    bool stopped = holds(s->action, "block") || holds(s->action, "den") || holds(s->action, "drop") ||
                   holds(s->action, "Den") || holds(s->action, "clear") || holds(s->action, "reset");
    if (is(s->type, "event"))
        fortios_event(out, s);
    else if (is(s->subtype, "virus") || is(s->type, "Anti-Virus"))
        act(out, ACTION_MALWARE_FOUND, stopped, false);
    else if (is(s->subtype, "ips") || is(s->subtype, "anomaly") || is(s->type, "IDP"))
        act(out, ACTION_IDS_ALERT, false, false);
    else if (is(s->subtype, "webfilter") || is(s->type, "Content Filtering"))
        act(out, stopped ? ACTION_WEB_BLOCKED : ACTION_HTTP_REQUEST, !stopped, stopped);
    else if (is(s->subtype, "dns"))
        act(out, ACTION_DNS_QUERY, false, false);
    else if (is(s->type, "Event") && is(s->desc, "GUI"))
        act(out, ACTION_DEVICE_LOGIN, is(s->status, "Successful"), is(s->status, "Failed"));
    else
        net_traffic(out, s->action);
}

/* "2026-11-22" and "07:59:58" of one line, with "+0700" where it stands. */
static void put_time(struct parse_out *out, const struct seen *s)
{
    struct str whole;
    if ((out->e.flags & EVENT_NO_TIME) == 0 || s->time.n < 8)
        return;
    if (s->date.n == 0) {
        (void)body_time(out, s->time);
        return;
    }
    whole = arena_printf(out->arena, "%.*s %.*s%.*s", STR_ARG(s->date), STR_ARG(s->time), STR_ARG(s->tz));
    if (whole.p == NULL || !body_time(out, whole))
        (void)body_time(out, s->eventtime);
}

/* SonicOS: "192.0.2.55:51000:X0" is address, port and interface, "tcp/443" transport and service. */
static struct str sonic_value(struct parse_out *out, struct str key, struct str value)
{
    struct str ip, port, rest, transport, service;
    bool src = is(key, "src");
    if ((src || is(key, "dst")) && str_cut(value, ':', &ip, &rest) && parse_ip_is(ip)) {
        struct str face;
        (void)str_cut(rest, ':', &port, &face);
        (void)str_cut(face, ':', &face, &rest);
        parse_out_put(out, src ? FIELD_NETWORK_INTERFACE_IN : FIELD_NETWORK_INTERFACE_OUT, face);
        return str_sub(value, 0, ip.n + (port.n > 0 ? port.n + 1 : 0));
    }
    if (is(key, "proto") && str_cut(value, '/', &transport, &service)) {
        if (service.n > 0 && !ascii_is_digit(service.p[0]))
            parse_out_add(out, FIELD_NETWORK_PROTOCOL, parse_out_lower(out, service));
        return transport;
    }
    return value;
}

/* Always at least one byte, whatever it is. */
static void skip_word(struct cur *c)
{
    if (cur_word(c).n == 0 && cur_left(c) > 0)
        c->at++;
}

static bool read_pairs(struct parse_out *out, const struct product *p, struct cur *c)
{
    struct body_pair pair;
    struct seen seen = {0};
    out->dataset = p->dataset;
    parse_out_observer(out, p->vendor, p->product);
    while (out->n < EVENT_FIELDS_MAX && cur_left(c) > 0) {
        if (!body_next_pair(c, ",", &pair)) {
            skip_word(c); /* a word without '=': the value before it was not quoted */
            continue;
        }
        struct str value = pair.escaped ? body_unescape(out, pair.value) : pair.value;
        note(&seen, pair.key, value);
        if (p == &sonicwall)
            value = sonic_value(out, pair.key, value);
        if (!is(pair.key, "date") && !is(pair.key, "time") && !is(pair.key, "msg"))
            fieldmap_put(out, p->space, pair.key, value, pair.key);
    }
    put_kind(out, &seen);
    parse_out_known(out, out->dataset);
    put_time(out, &seen);
    if (seen.message.n > 0)
        out->e.message = seen.message;
    return true;
}

bool net_fortinet(struct parse_out *out, struct str msg)
{
    struct cur c = cur_of(msg);
    struct str head = str_sub(msg, 0, msg.n < 400 ? msg.n : 400);
    if (str_starts(msg, S("id=")) && holds(head, " sn=") && holds(head, " fw="))
        return read_pairs(out, &sonicwall, &c);
    if (str_starts(msg, S("device=\"S")) || str_starts(msg, S("device_name=\"S")) ||
        (str_starts(msg, S("id=\"")) && holds(head, " sys=\"") && holds(head, " sub=\"")))
        return read_pairs(out, &sophos, &c);
    if (holds(head, "logid=") &&
        (str_starts(msg, S("date=")) || str_starts(msg, S("logver=")) || str_starts(msg, S("timestamp=")) ||
         str_starts(msg, S("eventtime=")) || str_starts(msg, S("devname=")) || str_starts(msg, S("time="))))
        return read_pairs(out, &fortios, &c);
    return false;
}
