#include "parse/parse_out.h"

static const struct {
    struct str word, category;
} actions[ACTION_COUNT] = {
#define ACTION(id, word_, category_)                                                                         \
    [ACTION_##id] = {{(word_), sizeof(word_) - 1}, {(category_), sizeof(category_) - 1}},
#include "parse/action.def"
#undef ACTION
};

#define LONG_DIGITS_MAX 18u

static bool long_ok(struct str s)
{
    size_t i = s.n > 1 && s.p[0] == '-';
    if (s.n - i > LONG_DIGITS_MAX)
        return false;
    for (; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]))
            return false;
    }
    return true;
}

/* The types alone, side by side: every value of every line asks for one. */
static const uint8_t types[FIELD_COUNT] = {
#define FIELD(id, name, type, vi, en) [FIELD_##id] = FIELD_##type,
#include "model/field.def"
#undef FIELD
};

static bool type_ok(uint16_t id, struct str value)
{
    assert(id < FIELD_COUNT);
    if (types[id] == FIELD_LONG)
        return long_ok(value);
    return types[id] != FIELD_IP || parse_ip_is(value);
}

void parse_out_put(struct parse_out *out, uint16_t id, struct str value)
{
    assert(id != FIELD_OTHER);
    if (value.n > 0 && out->n < EVENT_FIELDS_MAX && type_ok(id, value))
        out->fields[out->n++] = (struct event_field){.id = id, .value = value};
}

void parse_out_set(struct parse_out *out, uint16_t id, struct str value)
{
    for (uint16_t i = 0; i < out->n && value.n > 0 && type_ok(id, value); i++) {
        if (out->fields[i].id == id) {
            out->fields[i].value = value;
            return;
        }
    }
    parse_out_put(out, id, value);
}

void parse_out_add(struct parse_out *out, uint16_t id, struct str value)
{
    if (value.n > 0 && !parse_out_has(out, id))
        parse_out_put(out, id, value);
}

void parse_out_known(struct parse_out *out, struct str dataset)
{
    out->dataset = dataset;
    parse_out_add(out, FIELD_EVENT_DATASET, dataset);
}

void parse_out_observer(struct parse_out *out, struct str vendor, struct str product)
{
    parse_out_add(out, FIELD_OBSERVER_VENDOR, vendor);
    parse_out_add(out, FIELD_OBSERVER_PRODUCT, product);
}

/* A known name is carried by its id, so that a field has one form only. */
void parse_out_put_named(struct parse_out *out, struct str name, struct str value)
{
    uint16_t id = field_find(name);
    if (id != FIELD_OTHER)
        parse_out_put(out, id, value);
    else if (value.n > 0 && name.n > 0 && name.n <= UINT16_MAX && out->n < EVENT_FIELDS_MAX)
        out->fields[out->n++] = (struct event_field){FIELD_OTHER, name, value};
}

void parse_out_act(struct parse_out *out, enum parse_action action, enum parse_outcome outcome,
                   struct str reason)
{
    assert(action < ACTION_COUNT);
    parse_out_put(out, FIELD_EVENT_ACTION, actions[action].word);
    parse_out_put(out, FIELD_EVENT_CATEGORY, actions[action].category);
    if (outcome != OUTCOME_NONE)
        parse_out_put(out, FIELD_EVENT_OUTCOME, outcome == OUTCOME_SUCCESS ? S("success") : S("failure"));
    parse_out_add(out, FIELD_EVENT_DATASET, out->dataset);
    parse_out_put(out, FIELD_EVENT_REASON, reason);
}

void parse_out_peer(struct parse_out *out, struct str value)
{
    struct str ip = value, zone;
    if (value.n > 0 && str_find_char(value, ':') != SIZE_MAX)
        (void)str_cut(value, '%', &ip, &zone);
    struct str mapped = S("::ffff:"); /* IPv4 inside IPv6: one sender, one address */
    if (str_starts(ip, mapped) && str_find_char(ip, '.') != SIZE_MAX)
        ip = str_from(ip, mapped.n);
    if (parse_ip_is(ip))
        parse_out_put(out, FIELD_SOURCE_IP, ip);
    else
        parse_out_put_named(out, S("source.domain"), value);
}

#define PORT_DIGITS_MAX 5u
#define EXTENSION_BYTES_MAX 8u

static bool is_port(struct str s)
{
    uint64_t v;
    return s.n > 0 && s.n <= PORT_DIGITS_MAX && str_to_u64(s, UINT16_MAX, &v);
}

/* Cut ":53", "/53", "#53" or "(53)" off an end; an IPv6 address without brackets keeps its colons. */
static struct str cut_port(struct str *end)
{
    struct str s = *end, port = {NULL, 0};
    if (s.n > 2 && s.p[s.n - 1] == ')') {
        size_t open = str_find_char(s, '(');
        if (open != SIZE_MAX && is_port(str_sub(s, open + 1, s.n - open - 2))) {
            port = str_sub(s, open + 1, s.n - open - 2);
            end->n = open;
        }
        return port;
    }
    size_t i = s.n;
    while (i > 0 && s.n - i <= PORT_DIGITS_MAX && ascii_is_digit(s.p[i - 1]))
        i--;
    if (i < 2 || i == s.n || strchr(":/#", s.p[i - 1]) == NULL || s.p[i - 1] == '\0' ||
        !is_port(str_from(s, i)))
        return port;
    if (s.p[i - 1] == ':' && s.p[0] != '[' && str_find_char(str_sub(s, 0, i - 1), ':') != SIZE_MAX &&
        (parse_ip_is(s) || !parse_ip_is(str_sub(s, 0, i - 1))))
        return port; /* without brackets a last group of five digits is a port, one of four a part of the
                        address */
    end->n = i - 1;
    return str_from(s, i);
}

void parse_out_end(struct parse_out *out, enum parse_side side, struct str value)
{
    struct str port = cut_port(&value), zone;
    bool src = side == SIDE_SOURCE;
    if (value.n > 2 && value.p[0] == '[' && value.p[value.n - 1] == ']')
        value = str_sub(value, 1, value.n - 2);
    if (value.n == 0 || (value.n == 1 && value.p[0] == '-'))
        return;
    if (str_find_char(value, ':') != SIZE_MAX)
        (void)str_cut(value, '%', &value, &zone);
    struct str mapped = S("::ffff:");
    if (str_starts(value, mapped) && str_find_char(value, '.') != SIZE_MAX)
        value = str_from(value, mapped.n);
    if (parse_ip_is(value))
        parse_out_add(out, src ? FIELD_SOURCE_IP : FIELD_DESTINATION_IP, value);
    else
        parse_out_add(out, src ? FIELD_SOURCE_DOMAIN : FIELD_DESTINATION_DOMAIN, value);
    parse_out_add(out, src ? FIELD_SOURCE_PORT : FIELD_DESTINATION_PORT, port);
}

/* IANA protocol numbers that firewalls write; the names are those of /etc/protocols. */
static const struct {
    struct str number, name;
} transports[] = {
    {{"1", 1}, {"icmp", 4}},  {{"2", 1}, {"igmp", 4}},   {{"6", 1}, {"tcp", 3}},
    {{"17", 2}, {"udp", 3}},  {{"41", 2}, {"ipv6", 4}},  {{"47", 2}, {"gre", 3}},
    {{"50", 2}, {"esp", 3}},  {{"51", 2}, {"ah", 2}},    {{"58", 2}, {"ipv6-icmp", 9}},
    {{"89", 2}, {"ospf", 4}}, {{"132", 3}, {"sctp", 4}},
};

void parse_out_transport(struct parse_out *out, struct str value)
{
    for (size_t i = 0; i < COUNT_OF(transports); i++) {
        if (str_eq(value, transports[i].number))
            value = transports[i].name;
    }
    value = parse_out_lower(out, value);
    parse_out_add(out, FIELD_NETWORK_TRANSPORT,
                  str_eq(value, S("icmpv6")) || str_eq(value, S("icmp6")) ? S("ipv6-icmp") : value);
}

struct str parse_out_lower(struct parse_out *out, struct str s)
{
    size_t i = 0;
    while (i < s.n && !ascii_is_upper(s.p[i]))
        i++;
    if (i == s.n)
        return s;
    char *p = arena_alloc(out->arena, s.n, 1, 1);
    if (p == NULL)
        return s;
    for (i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    return (struct str){p, s.n};
}

struct str parse_out_basename(struct str path)
{
    size_t i = path.n;
    while (i > 0 && path.p[i - 1] != '/' && path.p[i - 1] != '\\')
        i--;
    return i == path.n ? path : str_from(path, i);
}

void parse_out_executable(struct parse_out *out, struct str path)
{
    parse_out_set(out, FIELD_PROCESS_EXECUTABLE, path);
    parse_out_set(out, FIELD_PROCESS_NAME, parse_out_basename(path));
}

void parse_out_user(struct parse_out *out, struct str user)
{
    struct str domain, name;
    if (str_cut(user, '\\', &domain, &name) && name.n > 0) {
        while (name.n > 1 && name.p[0] == '\\')
            name = str_from(name, 1);
        parse_out_add(out, FIELD_USER_DOMAIN, domain);
        user = name;
    }
    if (!str_eq(user, S("-")))
        parse_out_add(out, FIELD_USER_NAME, user);
}

void parse_out_level(struct parse_out *out, struct str level)
{
    int severity = event_severity_find(level);
    if (severity >= 0 && out->e.facility == EVENT_NO_FACILITY)
        out->e.severity = (uint8_t)severity;
    parse_out_add(out, FIELD_LOG_LEVEL, level);
}

void parse_out_time(struct parse_out *out, int64_t ns, bool zone_missing)
{
    out->e.time_ns = ns;
    out->e.flags &= (uint8_t)~EVENT_NO_TIME;
    if (zone_missing) {
        out->e.flags |= EVENT_GUESSED;
        out->zone_missing = true;
    }
}

void parse_out_url(struct parse_out *out, struct str target)
{
    struct str path, query, scheme = S("://");
    parse_out_put(out, FIELD_URL_ORIGINAL, target);
    size_t at = target.n > 0 && target.p[0] != '/' ? str_find(target, scheme) : SIZE_MAX;
    if (at != SIZE_MAX && at <= 16) {
        struct str rest = str_from(target, at + scheme.n);
        size_t slash = 0;
        while (slash < rest.n && rest.p[slash] != '/' && rest.p[slash] != '?')
            slash++;
        struct str domain = str_sub(rest, 0, slash), port = cut_port(&domain);
        parse_out_put(out, FIELD_URL_DOMAIN, domain);
        parse_out_put(out, FIELD_URL_PORT, port);
        target = str_from(rest, slash);
    }
    if (target.n == 0 || (target.p[0] != '/' && target.p[0] != '?'))
        return;
    (void)str_cut(target, '?', &path, &query);
    parse_out_put(out, FIELD_URL_PATH, path);
    parse_out_put(out, FIELD_URL_QUERY, query);
    const char *dot = path.n < 2 ? NULL : memrchr(path.p, '.', path.n);
    size_t from = dot == NULL ? path.n : (size_t)(dot - path.p) + 1;
    if (path.n - from <= EXTENSION_BYTES_MAX && from < path.n && memchr(dot, '/', path.n - from) == NULL)
        parse_out_put(out, FIELD_URL_EXTENSION, str_from(path, from));
}

bool parse_out_has(const struct parse_out *out, uint16_t id)
{
    for (uint16_t i = 0; i < out->n; i++) {
        if (out->fields[i].id == id)
            return true;
    }
    return false;
}

struct str parse_out_action_word(enum parse_action action)
{
    assert(action < ACTION_COUNT);
    return actions[action].word;
}

struct str parse_out_action_category(enum parse_action action)
{
    assert(action < ACTION_COUNT);
    return actions[action].category;
}
