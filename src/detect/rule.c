#include "detect/rule.h"

#include "base/text.h"
#include "base/when.h"

#define VALUE_BYTES_MAX 200u

static const struct str level_names[RULE_LEVEL_COUNT] = {[RULE_INFORMATIONAL] = S("informational"),
                                                         [RULE_LOW] = S("low"),
                                                         [RULE_MEDIUM] = S("medium"),
                                                         [RULE_HIGH] = S("high"),
                                                         [RULE_CRITICAL] = S("critical")};

static const struct {
    struct str name;
    int64_t days; /* 0: no limit in the regulation */
} severity_rows[RULE_SEVERITY_COUNT] = {[RULE_SEVERITY_LOW] = {S("low"), 0},
                                        [RULE_SEVERITY_MEDIUM] = {S("medium"), 3},
                                        [RULE_SEVERITY_HIGH] = {S("high"), 2},
                                        [RULE_SEVERITY_CRITICAL] = {S("critical"), 1}};

struct str rule_level_name(enum rule_level level)
{
    assert(level < RULE_LEVEL_COUNT);
    return level_names[level];
}

int rule_level_find(struct str name)
{
    for (int i = 0; i < RULE_LEVEL_COUNT; i++) {
        if (str_eq(level_names[i], name))
            return i;
    }
    return -1;
}

struct str rule_severity_name(enum rule_severity severity)
{
    assert(severity < RULE_SEVERITY_COUNT);
    return severity_rows[severity].name;
}

int rule_severity_find(struct str name)
{
    for (int i = 0; i < RULE_SEVERITY_COUNT; i++) {
        if (str_eq(severity_rows[i].name, name))
            return i;
    }
    return -1;
}

enum rule_severity rule_severity_of(enum rule_level level)
{
    static const enum rule_severity map[RULE_LEVEL_COUNT] = {
        [RULE_INFORMATIONAL] = RULE_SEVERITY_LOW, [RULE_LOW] = RULE_SEVERITY_LOW,
        [RULE_MEDIUM] = RULE_SEVERITY_MEDIUM,     [RULE_HIGH] = RULE_SEVERITY_HIGH,
        [RULE_CRITICAL] = RULE_SEVERITY_CRITICAL,
    };
    assert(level < RULE_LEVEL_COUNT);
    return map[level];
}

int64_t rule_deadline_ns(enum rule_severity severity)
{
    assert(severity < RULE_SEVERITY_COUNT);
    return severity_rows[severity].days * WHEN_DAY_NS;
}

static struct str value_of(const struct event *e, struct str name)
{
    if (str_eq(name, S("message")))
        return e->message;
    uint16_t id = field_find(name);
    return id == FIELD_OTHER ? event_get_named(e, name) : event_get(e, id);
}

static void put_value(struct buf *b, struct str value)
{
    size_t n = value.n;
    if (n > VALUE_BYTES_MAX) {
        n = VALUE_BYTES_MAX;
        while (n > 0 && ((unsigned char)value.p[n] & 0xC0u) == 0x80u)
            n--;
    }
    text_put_clean(b, str_sub(value, 0, n));
    if (n < value.n)
        buf_put(b, S("…"));
}

/* The next piece of a text: plain bytes up to a brace, or a reference. False at the end. */
struct piece {
    struct str plain; /* put as it is */
    struct str name;  /* .p != NULL: a reference behind it */
    bool open;        /* a brace that is never closed */
};

static bool next_piece(struct str *text, struct piece *ret)
{
    if (text->n == 0)
        return false;
    *ret = (struct piece){0};
    size_t at = str_find_char(*text, '{');
    if (at == SIZE_MAX) {
        ret->plain = *text;
        *text = str_from(*text, text->n);
        return true;
    }
    ret->plain = str_sub(*text, 0, at);
    struct str rest = str_from(*text, at + 1);
    if (rest.n > 0 && rest.p[0] == '{') {
        ret->plain.n++; /* the first of the two braces */
        *text = str_from(rest, 1);
        return true;
    }
    size_t end = str_find_char(rest, '}');
    ret->open = end == SIZE_MAX;
    ret->name = str_sub(rest, 0, ret->open ? rest.n : end);
    *text = str_from(rest, ret->open ? rest.n : end + 1);
    return true;
}

void rule_put_text(struct buf *b, struct str text, const struct event *e)
{
    struct piece p;
    while (next_piece(&text, &p)) {
        buf_put(b, p.plain);
        if (p.name.p == NULL)
            continue;
        struct str value = e == NULL ? (struct str){NULL, 0} : value_of(e, p.name);
        put_value(b, value.n == 0 ? S("?") : value);
    }
}

bool rule_text_is_sound(struct str text, struct str *ret_bad)
{
    struct piece p;
    while (next_piece(&text, &p)) {
        if (p.name.p == NULL)
            continue;
        bool good = !p.open && p.name.n > 0;
        for (size_t i = 0; good && i < p.name.n; i++)
            good =
                ascii_is_alnum(p.name.p[i]) || p.name.p[i] == '.' || p.name.p[i] == '_' || p.name.p[i] == '@';
        if (!good) {
            *ret_bad = p.name;
            return false;
        }
    }
    return true;
}
