#include "parse/winlog.h"

/*
 * Event XML (schema http://schemas.microsoft.com/win/2004/08/events/event) in one pass: not a general XML
 * reader. Elements of System and their attributes are heads; leaves of EventData and UserData are values.
 */

#define DEPTH_MAX 8u

struct tag {
    struct str name, attributes;
    bool end, alone; /* "</x>", "<x/>" */
};

static bool next_tag(struct cur *c, struct str *text, struct tag *ret)
{
    size_t from = c->at, lt = str_find_char(str_from(c->in, from), '<');
    if (lt == SIZE_MAX)
        return false;
    *text = str_sub(c->in, from, lt);
    c->at = from + lt + 1;
    char quote = '\0';
    size_t i = c->at;
    for (; i < c->in.n && (quote != '\0' || c->in.p[i] != '>'); i++) {
        char ch = c->in.p[i];
        if (quote != '\0')
            quote = ch == quote ? '\0' : quote;
        else if (ch == '"' || ch == '\'')
            quote = ch;
    }
    if (i == c->in.n)
        return false;
    struct str body = str_sub(c->in, c->at, i - c->at), rest;
    c->at = i + 1;
    *ret = (struct tag){.end = body.n > 0 && body.p[0] == '/'};
    if (ret->end)
        body = str_from(body, 1);
    ret->alone = str_ends(body, S("/"));
    if (ret->alone)
        body.n--;
    size_t n = 0;
    while (n < body.n && !ascii_is_space(body.p[n]))
        n++;
    ret->name = str_sub(body, 0, n);
    rest = str_from(body, n);
    ret->attributes = rest;
    return true;
}

/* Value of an attribute "Name='…'"; empty where it is not there. */
static struct str attribute(struct str s, struct str name)
{
    for (size_t from = 0, at; (at = str_find(str_from(s, from), name)) != SIZE_MAX; from += at + name.n) {
        size_t eq = from + at + name.n;
        if (from + at == 0 || !ascii_is_space(s.p[from + at - 1]) || s.n - eq < 3 || s.p[eq] != '=')
            continue;
        struct str value = str_from(s, eq + 2);
        size_t end = str_find_char(value, s.p[eq + 1]);
        return end == SIZE_MAX ? (struct str){NULL, 0} : str_sub(value, 0, end);
    }
    return (struct str){NULL, 0};
}

static const struct {
    struct str entity;
    char byte;
} entities[] = {
    {{"lt;", 3}, '<'}, {{"gt;", 3}, '>'}, {{"amp;", 4}, '&'}, {{"quot;", 5}, '"'}, {{"apos;", 5}, '\''}};

/* "&#13;" and "&#xA;" below 128; others stay as they are. Bytes taken, or 0. */
static size_t numeric(struct str s, char *ret)
{
    unsigned v = 0;
    size_t end = str_find_char(str_sub(s, 0, s.n < 8 ? s.n : 8), ';');
    if (end == SIZE_MAX || end < 2 || s.p[0] != '#')
        return 0;
    bool hex = (s.p[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 1; i < end; i++) {
        char c = ascii_lower(s.p[i]);
        bool letter = hex && c >= 'a' && c <= 'f';
        if (!ascii_is_digit(c) && !letter)
            return 0;
        v = v * (hex ? 16 : 10) + (unsigned)(letter ? c - 'a' + 10 : c - '0');
    }
    *ret = (char)v;
    return v > 0 && v < 128 ? end + 1 : 0;
}

static struct str decode(struct parse_out *out, struct str s)
{
    char *p = str_find_char(s, '&') == SIZE_MAX ? NULL : arena_alloc(out->arena, s.n, 1, 1);
    size_t n = 0;
    if (p == NULL)
        return s;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i++];
        if (c == '&') {
            struct str rest = str_from(s, i);
            size_t used = numeric(rest, &c);
            for (size_t k = 0; k < COUNT_OF(entities) && used == 0; k++) {
                if (str_starts(rest, entities[k].entity)) {
                    c = entities[k].byte;
                    used = entities[k].entity.n;
                }
            }
            i += used;
        }
        p[n++] = c;
    }
    return (struct str){p, n};
}

static const struct {
    struct str element, attribute, head;
} heads[] = {
    {{"Provider", 8}, {"Name", 4}, {"Provider.#attributes.Name", 25}},
    {{"Provider", 8}, {"Guid", 4}, {"Provider.#attributes.Guid", 25}},
    {{"TimeCreated", 11}, {"SystemTime", 10}, {"TimeCreated.#attributes.SystemTime", 34}},
    {{"Execution", 9}, {"ProcessID", 9}, {"Execution.#attributes.ProcessID", 31}},
    {{"Execution", 9}, {"ThreadID", 8}, {"Execution.#attributes.ThreadID", 30}},
    {{"Security", 8}, {"UserID", 6}, {"Security.#attributes.UserID", 27}},
    {{"Correlation", 11}, {"ActivityID", 10}, {"Correlation.#attributes.ActivityID", 34}},
};

enum part { PART_NONE, PART_SYSTEM, PART_DATA, PART_USER, PART_RENDERING };

static enum part part_of(struct str name)
{
    return str_eq(name, S("System"))          ? PART_SYSTEM
           : str_eq(name, S("EventData"))     ? PART_DATA
           : str_eq(name, S("UserData"))      ? PART_USER
           : str_eq(name, S("RenderingInfo")) ? PART_RENDERING
                                              : PART_NONE;
}

static void opened(struct parse_out *out, struct winlog *w, const struct tag *t)
{
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        if (str_eq(t->name, heads[i].element)) {
            struct str v = attribute(t->attributes, heads[i].attribute);
            if (v.n > 0)
                (void)winlog_head(out, w, heads[i].head, decode(out, v));
        }
    }
}

/* A leaf that ended: its text in the part it stands in. */
static void leaf(struct parse_out *out, struct winlog *w, enum part part, const struct tag *open,
                 struct str text)
{
    text = decode(out, text);
    if (part == PART_SYSTEM) {
        (void)winlog_head(out, w, open->name, str_trim(text));
    } else if (part == PART_DATA) {
        struct str name = attribute(open->attributes, S("Name"));
        winlog_data(w, name.n > 0 ? decode(out, name) : open->name, text);
    } else if (part == PART_USER) {
        winlog_data(w, open->name, text);
    } else if (part == PART_RENDERING && str_eq(open->name, S("Message"))) {
        w->message = text;
    }
}

bool winlog_xml(struct parse_out *out, struct str msg)
{
    struct winlog w;
    struct tag t, open = {0};
    struct cur c = cur_of(msg);
    struct str text;
    enum part part = PART_NONE;
    size_t depth = 0;
    w.channel = w.provider = w.code = w.level = w.keywords = w.time = w.message = (struct str){NULL, 0};
    w.n = 0;
    while (next_tag(&c, &text, &t)) {
        if (t.end) {
            if (open.name.n > 0 && str_eq(open.name, t.name))
                leaf(out, &w, part, &open, text);
            open.name.n = 0;
            depth -= depth > 0;
            if (depth <= 1)
                part = PART_NONE;
            continue;
        }
        if (depth == 1)
            part = part_of(t.name);
        else if (part == PART_SYSTEM)
            opened(out, &w, &t);
        open = t;
        if (t.alone)
            open.name.n = 0;
        else if (++depth > DEPTH_MAX)
            break;
    }
    if (w.code.n == 0)
        return false;
    if (depth > 0)
        out->e.flags |= EVENT_MALFORMED;
    winlog_put(out, &w);
    return true;
}

bool winlog_xml_line(struct parse_out *out, struct str raw)
{
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    if (str_starts(raw, S("<?xml"))) {
        size_t at = str_find(raw, S("<Event"));
        if (at == SIZE_MAX)
            return false;
        raw = str_from(raw, at);
    }
    return str_starts(raw, S("<Event")) && winlog_xml(out, raw);
}
