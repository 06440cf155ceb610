#include "parse/pattern.h"

#define HITS_MAX 24u
#define RETRIES_MAX                                                                                          \
    16u /* places tried for a text capture, from its end; bounds the work on hostile lines                   \
         */

enum kind { KIND_NONE, KIND_WORD, KIND_NUMBER, KIND_TEXT, KIND_PEER, KIND_SHORTEST };

static const struct {
    uint16_t field;
    enum kind kind;
    const char *name; /* where the field is not in model/field.def */
} captures[128] = {
    ['a'] = {FIELD_SOURCE_IP, KIND_PEER, NULL},
    ['p'] = {FIELD_SOURCE_PORT, KIND_NUMBER, NULL},
    ['u'] = {FIELD_USER_NAME, KIND_TEXT, NULL},
    ['t'] = {FIELD_USER_TARGET_NAME, KIND_TEXT, NULL},
    ['e'] = {FIELD_USER_EFFECTIVE_NAME, KIND_TEXT, NULL},
    ['i'] = {FIELD_USER_ID, KIND_NUMBER, NULL},
    ['g'] = {FIELD_GROUP_NAME, KIND_TEXT, NULL},
    ['m'] = {FIELD_SSH_METHOD, KIND_WORD, NULL},
    ['r'] = {FIELD_EVENT_REASON, KIND_TEXT, NULL},
    ['c'] = {FIELD_PROCESS_CMD, KIND_TEXT, NULL},
    ['n'] = {FIELD_PROCESS_NAME, KIND_TEXT, NULL},
    ['k'] = {FIELD_PROCESS_PID, KIND_NUMBER, NULL},
    ['s'] = {FIELD_SERVICE_NAME, KIND_TEXT, NULL},
    ['U'] = {FIELD_SYSTEMD_UNIT, KIND_WORD, NULL},
    ['I'] = {FIELD_NETWORK_INTERFACE_IN, KIND_WORD, NULL},
    ['C'] = {FIELD_EVENT_CODE, KIND_WORD, NULL},
    ['S'] = {FIELD_OTHER, KIND_WORD, "session.id"},
    ['w'] = {FIELD_OTHER, KIND_WORD, NULL},   /* a word that says nothing */
    ['d'] = {FIELD_OTHER, KIND_NUMBER, NULL}, /* a number that says nothing */
};

/* One capture of a pattern: a letter of the table, or "{name}". */
struct spec {
    char letter; /* '\0' for a name */
    enum kind kind;
    struct str name; /* without braces and kind sign */
};

struct hit {
    struct spec spec;
    struct str value;
};

struct hits {
    struct hit hit[HITS_MAX];
    size_t n;
};

static bool fits(const char *p, struct str s, struct hits *hits);

static size_t literal_length(const char *p)
{
    return strcspn(p, "%");
}

static bool value_ok(enum kind kind, struct str v)
{
    if (kind == KIND_TEXT || kind == KIND_NONE || kind == KIND_SHORTEST)
        return true;
    if (v.n == 0)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        if (kind == KIND_NUMBER ? !ascii_is_digit(v.p[i]) : v.p[i] == ' ')
            return false;
    }
    return true;
}

static bool keep(struct hits *hits, const struct spec *spec, struct str value, const char *p, struct str rest)
{
    size_t n = hits->n;
    if (spec->letter != '*' && spec->letter != 'w' && spec->letter != 'd') {
        assert(hits->n < HITS_MAX);
        hits->hit[hits->n++] = (struct hit){*spec, value};
    }
    if (fits(p, rest, hits))
        return true;
    hits->n = n;
    return false;
}

static bool starts_at(struct str s, size_t at, struct str lit)
{
    return s.p[at] == lit.p[0] && s.n - at >= lit.n && memcmp(s.p + at, lit.p, lit.n) == 0;
}

/* A word, a number or %* ends at the first place where `lit` stands and the rest fits. */
static bool capture_first(const struct spec *spec, struct str lit, const char *p, struct str s,
                          struct hits *hits)
{
    enum kind kind = spec->kind;
    bool word = kind == KIND_WORD || kind == KIND_PEER, any = kind == KIND_NONE || kind == KIND_SHORTEST;
    unsigned tries = 0;
    for (size_t at = 0; at < s.n && tries < RETRIES_MAX; at++) {
        char c = s.p[at];
        if (c == lit.p[0] && (any || at > 0) && starts_at(s, at, lit)) {
            tries++;
            if (keep(hits, spec, str_sub(s, 0, at), p, str_from(s, at)))
                return true;
        }
        if ((word && c == ' ') || (kind == KIND_NUMBER && !ascii_is_digit(c)))
            return false;
    }
    return false;
}

/* A text ends at the last such place. */
static bool capture_last(const struct spec *spec, struct str lit, const char *p, struct str s,
                         struct hits *hits)
{
    unsigned tries = 0;
    for (size_t end = s.n; end >= lit.n && tries < RETRIES_MAX;) {
        const char *last = memrchr(s.p, lit.p[0], end - lit.n + 1);
        if (last == NULL)
            return false;
        size_t at = (size_t)(last - s.p);
        if (starts_at(s, at, lit)) {
            tries++;
            if (keep(hits, spec, str_sub(s, 0, at), p, str_from(s, at)))
                return true;
        }
        if (at == 0)
            return false;
        end = at - 1 + lit.n;
    }
    return false;
}

/* The capture behind a '%'; returns what follows it in the pattern. */
static const char *read_spec(const char *p, struct spec *ret)
{
    if (*p != '{') {
        unsigned char letter = (unsigned char)*p;
        assert(letter == '*' || captures[letter].kind != KIND_NONE);
        *ret = (struct spec){(char)letter, captures[letter].kind, str_of(captures[letter].name)};
        return p + 1;
    }
    size_t n = strcspn(p + 1, "}");
    char sign = p[n];
    enum kind kind = sign == '*'   ? KIND_TEXT
                     : sign == '~' ? KIND_SHORTEST
                     : sign == '#' ? KIND_NUMBER
                                   : KIND_WORD;
    *ret = (struct spec){'\0', kind, {p + 1, kind == KIND_WORD ? n : n - 1}};
    return p + n + 2;
}

/* Recursion is as deep as the pattern has captures: the patterns are constants with at most HITS_MAX. */
static bool fits(const char *p, struct str s, struct hits *hits)
{
    size_t i = 0;
    for (; p[i] != '%'; i++) {
        if (p[i] == '\0')
            return s.n == i;
        if (i == s.n || s.p[i] != p[i])
            return false;
    }
    p += i;
    s = str_from(s, i);
    struct spec spec;
    p = read_spec(p + 1, &spec);
    size_t n = literal_length(p);
    if (n == 0) { /* at the end of the pattern: captures never touch one another (a test reads the rows) */
        return *p == '\0' && value_ok(spec.kind, s) && keep(hits, &spec, s, p, (struct str){s.p, 0});
    }
    struct str lit = {p, n};
    return spec.kind == KIND_TEXT ? capture_last(&spec, lit, p, s, hits)
                                  : capture_first(&spec, lit, p, s, hits);
}

/* Names in braces that are no field, but something a value is taken apart into. */
static bool put_special(struct parse_out *out, struct str name, struct str value)
{
    if (str_eq(name, S("source")))
        parse_out_end(out, SIDE_SOURCE, value);
    else if (str_eq(name, S("destination")))
        parse_out_end(out, SIDE_DESTINATION, value);
    else if (str_eq(name, S("user")))
        parse_out_user(out, value);
    else if (str_eq(name, S("transport")))
        parse_out_transport(out, value);
    else if (str_eq(name, S("url")))
        parse_out_url(out, value);
    else
        return false;
    return true;
}

static void put_hit(struct parse_out *out, const struct hit *h)
{
    char letter = h->spec.letter;
    if (letter == '\0') {
        if (!put_special(out, h->spec.name, h->value))
            parse_out_put_named(out, h->spec.name, h->value);
        return;
    }
    uint16_t field = captures[(unsigned char)letter].field;
    if (h->spec.kind == KIND_PEER)
        parse_out_peer(out, h->value);
    else if (field == FIELD_OTHER)
        parse_out_put_named(out, h->spec.name, h->value);
    else if (letter == 'n' || letter == 'k')
        parse_out_set(out, field, h->value); /* the process that is spoken of, not the one that speaks */
    else
        parse_out_put(out, field, h->value);
}

bool pattern_apply(struct parse_out *out, struct str in, const struct pattern_row *rows, size_t n)
{
    struct hits hits;
    for (size_t i = 0; i < n; i++) {
        hits.n = 0;
        if (in.n > 0 && rows[i].text[0] != in.p[0] && rows[i].text[0] != '%')
            continue; /* most rows end here */
        if (!fits(rows[i].text, in, &hits))
            continue;
        if (rows[i].action == ACTION_NONE)
            parse_out_known(out, out->dataset);
        else
            parse_out_act(out, rows[i].action, rows[i].outcome, str_of(rows[i].reason));
        for (size_t k = 0; k < hits.n; k++)
            put_hit(out, &hits.hit[k]);
        return true;
    }
    return false;
}
