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

static bool type_ok(uint16_t id, struct str value)
{
    switch (field_row(id)->type) {
    case FIELD_LONG:
        return long_ok(value);
    case FIELD_IP:
        return parse_ip_is(value);
    case FIELD_KEYWORD:
    case FIELD_TEXT:
        break;
    }
    return true;
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
    parse_out_put(out, FIELD_EVENT_DATASET, out->dataset);
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
        parse_out_put(out, FIELD_URL_DOMAIN, str_sub(rest, 0, slash));
        target = str_from(rest, slash);
    }
    if (target.n == 0 || (target.p[0] != '/' && target.p[0] != '?'))
        return;
    (void)str_cut(target, '?', &path, &query);
    parse_out_put(out, FIELD_URL_PATH, path);
    parse_out_put(out, FIELD_URL_QUERY, query);
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
