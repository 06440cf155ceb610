/*
 * Random trees against random events: the compiled matcher agrees with a slow obvious one; tokens and time
 * bounds never exclude a match; what the language can say is read back as the same tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "query/addr.h"
#include "query/fold.h"
#include "query/num.h"
#include "query/query.h"
/* last: its macros are global */
#include <cmocka.h>

#define NOW INT64_C(1795309200000000000)
#define ROUNDS 10000
#define EVENTS 8

static uint64_t seed;

static size_t pick(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (size_t)((seed >> 33) % n);
}

static const char *const atoms[] = {
    "a",        "b",      "Đặng", "dang", "đặng",     "Da\xCC\xA3\xCC\x86ng",
    "web",      "web-01", "WEB",  "10",   "10.0.0.1", "2001:db8::5",
    "9",        "-1",     "07",   "10.5", "x y",      "a-b",
    "_",        "-",      " ",    ".",    "\\",       "\"",
    "error",    "Huế",    "ế",    "AND",  "/x/",      "[",
    "\xCC\x81", "z*",
};

/* No UTF-8: together they make characters, and more when they are folded twice. */
static const char *const odd[] = {"\xCC", "\xCC\x85", "\x9E", "\xE1\xBA"};

static struct str atom(struct arena *a, size_t most)
{
    struct buf b;
    buf_init(&b, 4096);
    for (size_t k = pick(most); k > 0; k--)
        buf_put(&b, str_of(pick(8) == 0 ? odd[pick(COUNT_OF(odd))] : atoms[pick(COUNT_OF(atoms))]));
    struct str s = arena_str(a, buf_str(&b));
    buf_done(&b);
    assert_non_null(s.p);
    return s;
}

static const char *const names[] = {"host.name", "user.name", "process.pid", "source.ip", "x.y",
                                    "x.z",       "message",   "raw",         "severity",  "@timestamp",
                                    "event.id",  "source.id", "*",           "x.*",       "*name"};
#define N_STORED 6 /* the first ones occur in events */

/* Values are views into raw, cut anywhere or at words, or texts of their own. */
static struct str random_value(struct arena *a, struct str raw)
{
    if (raw.n == 0 || pick(3) == 0)
        return atom(a, 3);
    size_t from = pick(raw.n + 1), n = pick(raw.n - from + 1);
    return str_sub(raw, from, n);
}

static struct event random_event(struct arena *a)
{
    struct event e = {.id = pick(20), .source = (uint32_t)pick(3), .severity = (uint8_t)pick(8)};
    e.time_ns = NOW + (int64_t)pick(9) * WHEN_DAY_NS / 2 - 2 * WHEN_DAY_NS;
    e.raw = atom(a, 8);
    e.message = random_value(a, e.raw);
    e.n_fields = (uint16_t)pick(5);
    e.fields = ARENA_NEW(a, struct event_field, 5);
    for (uint16_t i = 0; i < e.n_fields; i++) {
        struct pred_field f = pred_field_find(str_of(names[pick(N_STORED)]));
        e.fields[i].id = f.id;
        if (f.id == FIELD_OTHER)
            e.fields[i].name = f.name;
        e.fields[i].value = random_value(a, e.raw);
    }
    return e;
}

static struct str time_text(struct arena *a)
{
    struct buf b;
    buf_init(&b, 64);
    when_put_rfc3339(&b, NOW + (int64_t)pick(9) * WHEN_DAY_NS / 2 - 2 * WHEN_DAY_NS);
    struct str s = arena_str(a, buf_str(&b));
    buf_done(&b);
    return s;
}

static const char *const severities[] = {"debug", "info", "notice", "warning", "error", "high", "alert", "0"};
static const char *const numbers[] = {"0", "1", "9", "10", "10.5", "-1", "15"};
static const char *const addrs[] = {"10.0.0.1", "10.0.0.0", "2001:db8::5", "::", "255.0.0.0"};

static struct str typed_value(struct arena *a, const struct pred_field *f)
{
    switch (f->id) {
    case PRED_FIELD_TIME:
        return time_text(a);
    case PRED_FIELD_SEVERITY:
        return str_of(severities[pick(COUNT_OF(severities))]);
    case PRED_FIELD_EVENT_ID:
    case PRED_FIELD_SOURCE_ID:
    case FIELD_PROCESS_PID:
        return str_of(numbers[pick(COUNT_OF(numbers))]);
    case FIELD_SOURCE_IP:
        return str_of(addrs[pick(COUNT_OF(addrs))]);
    default:
        return atom(a, 3);
    }
}

static struct str wild_text(struct arena *a)
{
    static const char *const parts[] = {"*", "?", "\\*", "\\\\", "\\?"};
    struct buf b;
    buf_init(&b, 4096);
    size_t n = 1 + pick(5), at = pick(n);
    for (size_t i = 0; i < n; i++) {
        struct str s = i == at ? str_of(parts[pick(2)]) : str_of(parts[pick(COUNT_OF(parts))]);
        if (i != at && pick(3) > 0) {
            s = str_of(atoms[pick(COUNT_OF(atoms) - 1)]);
            s = str_eq(s, S("\\")) ? S("\\\\") : s;
        }
        buf_put(&b, s);
    }
    struct str s = arena_str(a, buf_str(&b));
    buf_done(&b);
    return s.p[strspn(s.p, "*")] == '\0' ? S("?*") : s; /* stars alone ask whether the field exists */
}

static void random_leaf(struct arena *a, struct pred *p, bool sayable)
{
    static const enum pred_kind kinds[] = {
        PRED_WORD, PRED_WORD,   PRED_WORD, PRED_PHRASE, PRED_EQ,   PRED_EQ,       PRED_WILD,   PRED_RANGE,
        PRED_CIDR, PRED_EXISTS, PRED_TRUE, PRED_REGEX,  PRED_NULL, PRED_CONTAINS, PRED_STARTS, PRED_ENDS};
    static const char *const regexes[] = {"a", "^web", "[0-9]+$", "đ.ng", "/x", "a|b", "^$"};
    static const char *const nets[] = {"10.0.0.0/8", "2001:db8::/32", "::/0", "10.0.0.1/32", "0.0.0.0/0"};
    p->kind = kinds[pick(sayable ? 12 : COUNT_OF(kinds))];
    p->cased = !sayable && pick(4) == 0;
    if (p->kind == PRED_TRUE)
        return;
    if (p->kind == PRED_WORD || p->kind == PRED_PHRASE) {
        while (p->text.n == 0 || (p->kind == PRED_WORD && str_eq(p->text, S("*"))))
            p->text = atom(a, p->kind == PRED_WORD ? 3 : 4);
        return;
    }
    p->field = pred_field_find(str_of(names[pick(COUNT_OF(names))]));
    bool is_time = p->field.id == PRED_FIELD_TIME;
    if (p->kind == PRED_WILD && is_time && sayable)
        p->kind = PRED_EXISTS;
    if (p->kind == PRED_EQ || p->kind == PRED_CONTAINS || p->kind == PRED_STARTS || p->kind == PRED_ENDS)
        p->text = p->kind == PRED_EQ && (pick(2) == 0 || p->field.id >= PRED_FIELD_TIME)
                      ? typed_value(a, &p->field)
                      : atom(a, 3);
    else if (p->kind == PRED_WILD)
        p->text = wild_text(a);
    else if (p->kind == PRED_REGEX)
        p->text = str_of(regexes[pick(COUNT_OF(regexes))]);
    else if (p->kind == PRED_CIDR)
        p->text = str_of(nets[pick(COUNT_OF(nets))]);
    if (p->kind == PRED_RANGE) {
        size_t open = pick(3);
        p->low_open = open == 1;
        p->high_open = open == 2;
        p->low = p->low_open ? p->low : typed_value(a, &p->field);
        p->high = p->high_open ? p->high : typed_value(a, &p->field);
        p->low_incl = !p->low_open && pick(2) == 0;
        p->high_incl = !p->high_open && pick(2) == 0;
    }
}

static struct pred *random_tree(struct arena *a, unsigned depth, bool sayable)
{
    struct pred *p = ARENA_NEW(a, struct pred, 1);
    assert_non_null(p);
    size_t kind = depth == 0 ? 9 : pick(10);
    if (kind > 5) {
        random_leaf(a, p, sayable);
        return p;
    }
    p->kind = kind < 2 ? PRED_AND : kind < 4 ? PRED_OR : PRED_NOT;
    p->n_children = p->kind == PRED_NOT ? 1 : 2 + pick(3);
    p->children = ARENA_NEW(a, struct pred *, p->n_children);
    for (size_t i = 0; i < p->n_children; i++)
        p->children[i] = random_tree(a, depth - 1, sayable);
    return p;
}

/* -- the slow matcher ------------------------------------------------------------------------------------ */

static struct str lower(struct arena *a, const struct pred *p, struct str s)
{
    char *out = ARENA_NEW(a, char, s.n + 1);
    if (p->cased)
        return arena_str(a, s);
    return (struct str){out, fold_case(s, out)};
}

static bool slow_wild(struct str p, struct str t)
{
    if (p.n == 0)
        return t.n == 0;
    if (p.p[0] == '*')
        return slow_wild(str_from(p, 1), t) || (t.n > 0 && slow_wild(p, str_from(t, 1)));
    if (t.n == 0)
        return false;
    if (p.p[0] == '?') {
        size_t k = 1;
        if (((unsigned char)t.p[0] & 0xC0) == 0x80)
            return false;
        while (k < t.n && ((unsigned char)t.p[k] & 0xC0) == 0x80)
            k++;
        return slow_wild(str_from(p, 1), str_from(t, k));
    }
    if (p.p[0] == '\\' && p.n > 1 && memchr("*?\\", p.p[1], 3) != NULL)
        p = str_from(p, 1);
    return p.p[0] == t.p[0] && slow_wild(str_from(p, 1), str_from(t, 1));
}

static bool word_at(struct str s, size_t i)
{
    return i < s.n && text_is_word_byte((unsigned char)s.p[i]);
}

/* The word pattern w matches t from `at` on, where '*' takes bytes that are not blanks. */
static bool slow_word_here(struct str w, size_t i, struct str t, size_t at)
{
    if (i == w.n)
        return w.p[w.n - 1] == '*' || !word_at(w, w.n - 1) || !word_at(t, at);
    if (w.p[i] == '*')
        return slow_word_here(w, i + 1, t, at) ||
               (at < t.n && !ascii_is_space(t.p[at]) && slow_word_here(w, i, t, at + 1));
    return at < t.n && t.p[at] == w.p[i] && slow_word_here(w, i + 1, t, at + 1);
}

static bool slow_word(struct arena *a, struct str word, struct str text)
{
    char *wm = ARENA_NEW(a, char, word.n + 1), *tm = ARENA_NEW(a, char, text.n + 1);
    struct str w = {wm, text_fold(word, wm)}, t = {tm, text_fold(text, tm)};
    if (w.n == 0)
        return true;
    for (size_t at = 0; at <= t.n; at++) {
        if (w.p[0] != '*' && word_at(w, 0) && at > 0 && word_at(t, at - 1))
            continue;
        if (slow_word_here(w, 0, t, at))
            return true;
    }
    return false;
}

static int severity_rank(struct str s)
{
    uint64_t n;
    return 7 - (str_to_u64(s, 7, &n) ? (int)n : event_severity_find(s));
}

static int64_t time_of(struct str s)
{
    struct cur c = cur_of(s);
    int64_t ns = 0;
    assert_true(when_parse_rfc3339(&c, &ns));
    return ns;
}

/* Compare as numbers, addresses or texts; false where the value is not of the type. */
static bool slow_cmp(struct arena *a, const struct pred *p, enum field_type type, struct str v, struct str b,
                     int *c)
{
    struct num x, y;
    struct addr m, n;
    if (type == FIELD_LONG) {
        assert_true(num_parse(b, &y));
        *c = num_parse(v, &x) ? num_cmp(&x, &y) : 9;
        return *c != 9;
    }
    if (type == FIELD_IP) {
        assert_true(addr_parse(b, &n));
        bool ok = addr_parse(v, &m);
        *c = ok ? memcmp(&m, &n, sizeof(m)) : 9;
        return ok;
    }
    *c = str_cmp(lower(a, p, v), lower(a, p, b));
    return true;
}

static enum field_type type_of(const struct pred_field *f)
{
    if (f->id == PRED_FIELD_EVENT_ID || f->id == PRED_FIELD_SOURCE_ID)
        return FIELD_LONG;
    return f->id < FIELD_COUNT ? field_row(f->id)->type : FIELD_KEYWORD;
}

static bool slow_range(struct arena *a, const struct pred *p, struct str v)
{
    enum field_type type = type_of(&p->field);
    struct num n;
    struct addr d;
    int c;
    bool nums = (p->low_open || num_parse(p->low, &n)) && (p->high_open || num_parse(p->high, &n));
    bool ips = (p->low_open || addr_parse(p->low, &d)) && (p->high_open || addr_parse(p->high, &d));
    if (type != FIELD_LONG && type != FIELD_IP)
        type = nums ? FIELD_LONG : ips ? FIELD_IP : FIELD_KEYWORD;
    if (!p->low_open && (!slow_cmp(a, p, type, v, p->low, &c) || (p->low_incl ? c < 0 : c <= 0)))
        return false;
    return p->high_open || (slow_cmp(a, p, type, v, p->high, &c) && (p->high_incl ? c <= 0 : c < 0));
}

static bool slow_eq(struct arena *a, const struct pred *p, struct str v)
{
    enum field_type type = type_of(&p->field);
    struct num n;
    struct addr d;
    int c;
    bool is_typed =
        (type == FIELD_LONG && num_parse(p->text, &n)) || (type == FIELD_IP && addr_parse(p->text, &d));
    return slow_cmp(a, p, is_typed ? type : FIELD_KEYWORD, v, p->text, &c) && c == 0;
}

/* The few expressions of random_leaf by hand. */
static bool slow_regex(const struct pred *p, struct str raw_value, struct arena *a)
{
    char *low = ARENA_NEW(a, char, raw_value.n + 1);
    struct str v = {low, raw_value.n};
    for (size_t i = 0; i < v.n; i++)
        low[i] = p->cased ? raw_value.p[i] : ascii_lower(raw_value.p[i]);
    if (str_eq(p->text, S("đ.ng")))
        return str_find(v, S("đặng")) != SIZE_MAX || (!p->cased && str_find(v, S("Đặng")) != SIZE_MAX);
    if (str_eq(p->text, S("a")))
        return str_find(v, S("a")) != SIZE_MAX;
    if (str_eq(p->text, S("^web")))
        return str_starts(v, S("web"));
    if (str_eq(p->text, S("[0-9]+$")))
        return v.n > 0 && ascii_is_digit(v.p[v.n - 1]);
    if (str_eq(p->text, S("/x")))
        return str_find(v, S("/x")) != SIZE_MAX;
    if (str_eq(p->text, S("a|b")))
        return str_find(v, S("a")) != SIZE_MAX || str_find(v, S("b")) != SIZE_MAX;
    return v.n == 0;
}

static bool slow_value(struct arena *a, const struct pred *p, struct str v)
{
    struct addr d, net;
    unsigned bits;
    struct str t = lower(a, p, v), lit = lower(a, p, p->text);
    switch (p->kind) {
    case PRED_EQ:
        return slow_eq(a, p, v);
    case PRED_RANGE:
        return slow_range(a, p, v);
    case PRED_WILD:
        return slow_wild(lit, t);
    case PRED_CONTAINS:
        return str_find(t, lit) != SIZE_MAX;
    case PRED_STARTS:
        return str_starts(t, lit);
    case PRED_ENDS:
        return str_ends(t, lit);
    case PRED_REGEX:
        return slow_regex(p, v, a);
    case PRED_CIDR:
        assert_true(addr_parse_net(p->text, &net, &bits));
        return addr_parse(v, &d) && addr_in_net(&d, &net, bits);
    case PRED_NULL:
        return v.n > 0;
    default:
        return true;
    }
}

static bool slow_pseudo(struct arena *a, const struct pred *p, const struct event *e)
{
    bool is_time = p->field.id == PRED_FIELD_TIME;
    int64_t v = is_time ? e->time_ns : 7 - e->severity, lo = 0, hi = 0;
    if (p->field.id == PRED_FIELD_EVENT_ID || p->field.id == PRED_FIELD_SOURCE_ID) {
        uint64_t n = p->field.id == PRED_FIELD_EVENT_ID ? e->id : e->source;
        return n > 0 && slow_value(a, p, arena_printf(a, "%llu", (unsigned long long)n));
    }
    if (p->kind == PRED_EQ)
        return v == (is_time ? time_of(p->text) : severity_rank(p->text));
    if (p->kind == PRED_RANGE) {
        if (!p->low_open)
            lo = is_time ? time_of(p->low) : severity_rank(p->low);
        if (!p->high_open)
            hi = is_time ? time_of(p->high) : severity_rank(p->high);
        return (p->low_open || v > lo || (p->low_incl && v == lo)) &&
               (p->high_open || v < hi || (p->high_incl && v == hi));
    }
    struct buf b;
    buf_init(&b, 64);
    when_put_rfc3339(&b, e->time_ns);
    bool hit = slow_value(a, p, is_time ? buf_str(&b) : event_severity_name(e->severity));
    buf_done(&b);
    return hit;
}

static bool slow_field(struct arena *a, const struct pred *p, const struct event *e)
{
    uint16_t id = p->field.id;
    bool any = id == PRED_FIELD_ANY;
    if ((any || id == PRED_FIELD_RAW) && slow_value(a, p, e->raw))
        return true;
    if ((any || id == PRED_FIELD_MESSAGE) && slow_value(a, p, e->message))
        return true;
    if (id >= PRED_FIELD_TIME && !any && id != PRED_FIELD_RAW && id != PRED_FIELD_MESSAGE)
        return slow_pseudo(a, p, e);
    for (uint16_t i = 0; i < e->n_fields; i++) {
        struct str name =
            e->fields[i].id == FIELD_OTHER ? e->fields[i].name : field_row(e->fields[i].id)->name;
        bool named = any || (p->field.wild ? slow_wild(p->field.name, name) : str_eq(p->field.name, name));
        if (named && slow_value(a, p, e->fields[i].value))
            return true;
    }
    return false;
}

static bool slow_match(struct arena *a, const struct pred *p, const struct event *e)
{
    bool hit = p->kind == PRED_AND;
    char *rm, *tm;
    switch (p->kind) {
    case PRED_TRUE:
        return true;
    case PRED_AND:
    case PRED_OR:
        for (size_t i = 0; i < p->n_children; i++) {
            bool child = slow_match(a, p->children[i], e);
            hit = p->kind == PRED_AND ? hit && child : hit || child;
        }
        return hit;
    case PRED_NOT:
        return !slow_match(a, p->children[0], e);
    case PRED_WORD:
        hit = slow_word(a, p->text, e->raw) || slow_word(a, p->text, e->message);
        for (uint16_t i = 0; i < e->n_fields; i++)
            hit = hit || slow_word(a, p->text, e->fields[i].value);
        return hit;
    case PRED_PHRASE:
        rm = ARENA_NEW(a, char, e->raw.n + 1);
        tm = ARENA_NEW(a, char, p->text.n + 1);
        return str_find((struct str){rm, text_fold(e->raw, rm)}, (struct str){tm, text_fold(p->text, tm)}) !=
               SIZE_MAX;
    case PRED_NULL:
        return !slow_field(a, p, e);
    default:
        return slow_field(a, p, e);
    }
}

/* -- the properties -------------------------------------------------------------------------------------- */

/* Refused only for a value of the wrong type; such a tree is made anew. */
static struct pred *compiled_tree(struct arena *a, bool sayable, struct pred_prog **ret)
{
    for (;;) {
        struct err err = {0};
        struct pred *p = random_tree(a, (unsigned)pick(4), sayable);
        if (pred_compile(p, a, ret, &err) == 0)
            return p;
        assert_int_equal(err.code, ERR_PARSE);
    }
}

static char *text_of(const struct pred *p)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    query_put_pred(&b, p);
    char *text = buf_take(&b);
    buf_done(&b);
    assert_non_null(text);
    return text;
}

struct token_set {
    uint64_t hash[4096];
    size_t n;
};

static void add_hash(void *arg, uint64_t hash)
{
    struct token_set *s = arg;
    assert_true(s->n < COUNT_OF(s->hash));
    s->hash[s->n++] = hash;
}

static void check_needed(const struct pred_prog *prog, const struct pred *p, const struct event *e)
{
    static struct token_set have;
    uint64_t need[64];
    int64_t from, to;
    have.n = 0;
    pred_tokenise_event(e, add_hash, &have);
    size_t n = pred_tokens_needed(prog, need, COUNT_OF(need));
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < have.n && have.hash[k] != need[i])
            k++;
        if (k == have.n)
            fail_msg("%s needs a token that the event has not: '%.*s'", text_of(p), STR_ARG(e->raw));
    }
    pred_time_bounds(prog, &from, &to);
    assert_true(e->time_ns >= from && (e->time_ns < to || to == INT64_MAX));
}

static void test_match(void **state)
{
    (void)state;
    struct pred_scratch *s;
    struct err err = {0};
    size_t hits = 0, needing = 0;
    seed = 1;
    assert_int_equal(pred_scratch_new(&s, &err), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a, slow;
        struct pred_prog *prog;
        arena_init(&a, 8u << 20);
        struct pred *p = compiled_tree(&a, false, &prog);
        uint64_t need;
        needing += pred_tokens_needed(prog, &need, 1);
        for (int i = 0; i < EVENTS; i++) {
            struct event e = random_event(&a);
            arena_init(&slow, 32u << 20);
            bool want = slow_match(&slow, p, &e);
            arena_done(&slow);
            hits += want;
            if (pred_match(prog, &e, s) != want)
                fail_msg("round %d: %s on '%.*s': not %d", round, text_of(p), STR_ARG(e.raw), want);
            if (want)
                check_needed(prog, p, &e);
        }
        pred_free(prog);
        arena_done(&a);
    }
    pred_scratch_free(s);
    assert_true(hits > ROUNDS && hits < ROUNDS * EVENTS - ROUNDS && needing > ROUNDS / 20);
}

static bool same_tree(const struct pred *x, const struct pred *y)
{
    bool same = x->kind == y->kind && str_eq(x->text, y->text) && x->n_children == y->n_children &&
                x->field.id == y->field.id && str_eq(x->field.name, y->field.name) &&
                x->low_open == y->low_open && x->high_open == y->high_open && x->low_incl == y->low_incl &&
                x->high_incl == y->high_incl && str_eq(x->low, y->low) && str_eq(x->high, y->high);
    for (size_t i = 0; same && i < x->n_children; i++)
        same = same_tree(x->children[i], y->children[i]);
    return same;
}

/*
 * A word with a literal '*' cannot be told from a pattern, and inside NOT a single child stands alone: the
 * generator avoids both, everything else comes back as it was.
 */
static void test_round_trip(void **state)
{
    (void)state;
    seed = 2;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a;
        struct pred_prog *prog;
        struct query *q;
        struct err err = {0};
        arena_init(&a, 16u << 20);
        struct pred *p = compiled_tree(&a, true, &prog);
        char *text = text_of(p);
        if (query_parse(str_of(text), NOW, &a, &q, &err) != 0)
            fail_msg("round %d: '%s': %s at %zu", round, text, err.msg, err.at);
        if (!same_tree(p, q->where)) {
            char *again = text_of(q->where);
            fail_msg("round %d: '%s' came back as '%s'", round, text, again);
        }
        free(text);
        pred_free(prog);
        arena_done(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_match), cmocka_unit_test(test_round_trip)};
    return cmocka_run_group_tests_name("query random", tests, NULL, NULL);
}
