/* Correlations in time, memory bounds, reload, and the plan against plain evaluation of all rules. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "base/hash.h"
#include "detect_kit.h"

#define BASE(name, field)                                                                                    \
    "title: " name "\nname: " name "\nlogsource: {product: test}\ndetection:\n  s: {kind: " field            \
    "}\n  condition: s\n"

/* What came out of a run: for each match "id:count" or "id+" where it goes on, at the time of the event. */
static void note(void *arg, const struct detect_match *m)
{
    struct buf *b = arg;
    buf_printf(b, "%s%lld=%.*s", b->n > 0 ? " " : "", (long long)(m->event->time_ns / NS_PER_S),
               STR_ARG(m->rule->id));
    if (m->again)
        buf_printf(b, "+");
    else
        buf_printf(b, ":%llu", (unsigned long long)m->count);
    assert_true(m->again == (m->rule->correlation && m->count == 1));
    assert_true(m->n_ids <= DETECT_IDS_MAX);
}

static void run_events(struct detect_state *s, const char *text, struct buf *out)
{
    struct str rest = str_of(text);
    while (rest.n > 0) {
        struct str one;
        char line[256];
        struct event_field fields[KIT_FIELDS_MAX];
        (void)str_cut(rest, '\n', &one, &rest);
        assert_true(one.n < sizeof(line));
        memcpy(line, one.p, one.n);
        line[one.n] = '\0';
        struct event e = kit_event(line, fields);
        detect_run(s, &e, 1, note, out);
    }
}

static const struct {
    const char *rules;
    const char *events; /* one a line */
    const char *want;
} windows[] = {
    /* event_count: at the threshold, then going on, then quiet for a span, then again from the start */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, group-by: [source.ip], timespan: 10s, "
     "condition: "
     "{gte: 3}}\n---\n" BASE("b", "x"),
     "time=1|kind=x|source.ip=1.1.1.1\ntime=2|kind=x|source.ip=1.1.1.1\ntime=3|kind=x|source.ip=1.1.1.1\n"
     "time=4|kind=x|source.ip=1.1.1.1\ntime=20|kind=x|source.ip=1.1.1.1\ntime=21|kind=x|source.ip=1.1.1.1\n"
     "time=22|kind=x|source.ip=1.1.1.1\n",
     "3=c:3 4=c+ 22=c:3"},
    /* too slow; other groups; hits without a group value */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, group-by: [source.ip], timespan: 10s, "
     "condition: "
     "{gte: 3}}\n---\n" BASE("b", "x"),
     "time=1|kind=x|source.ip=1.1.1.1\ntime=2|kind=x|source.ip=1.1.1.2\ntime=3|kind=x|source.ip=1.1.1.3\n"
     "time=6|kind=x|source.ip=1.1.1.1\ntime=12|kind=x|source.ip=1.1.1.1\ntime=13|kind=x\ntime=13|kind=x\n"
     "time=13|kind=x\n",
     ""},
    /* exactly the span still counts */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {gt: "
     "1}}\n---\n" BASE("b", "x"),
     "time=1|kind=x\ntime=11|kind=x\n", "11=c:2"},
    /* order does not matter within the span */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {gte: "
     "3}}\n---\n" BASE("b", "x"),
     "time=105|kind=x\ntime=103|kind=x\ntime=104|kind=x\n", "104=c:3"},
    /* a clock far ahead does not stop the counting of the others */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {gte: "
     "3}}\n---\n" BASE("b", "x"),
     "time=4000000000|kind=x\ntime=101|kind=x\ntime=102|kind=x\ntime=103|kind=x\n", "103=c:3"},
    /* one record that stands for several */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {gte: "
     "5}}\n---\n" BASE("b", "x"),
     "time=1|kind=x\ntime=2|kind=x|event.repeat=4\n", "2=c:5"},
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {gte: "
     "5}}\n---\n" BASE("b", "x"),
     "time=2|kind=x|event.repeat=400\n", "2=c:400"},
    /* ranges: the count when the event comes */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: b, timespan: 10s, condition: {eq: "
     "2}}\n---\n" BASE("b", "x"),
     "time=1|kind=x\ntime=2|kind=x\ntime=3|kind=x\ntime=30|kind=x\ntime=31|kind=x\n", "2=c:2 31=c:2"},
    /* several rules feed one count; generate lets them match too */
    {"title: C\nid: c\ncorrelation: {type: event_count, rules: [b, d], timespan: 10s, condition: {gte: "
     "2}}\ngenerate: true\n---\n" BASE("b", "x") "---\n" BASE("d", "y"),
     "time=1|kind=x\ntime=2|kind=y\n", "1=b:1 2=d:1 2=c:2"},
    /* value_count: distinct values */
    {"title: C\nid: c\ncorrelation: {type: value_count, rules: b, group-by: [source.ip], timespan: 10s, "
     "condition: "
     "{field: user.name, gte: 3}}\n---\n" BASE("b", "x"),
     "time=1|kind=x|source.ip=1.1.1.1|user.name=a\ntime=2|kind=x|source.ip=1.1.1.1|user.name=b\n"
     "time=3|kind=x|source.ip=1.1.1.1|user.name=a\ntime=4|kind=x|source.ip=1.1.1.1\n"
     "time=5|kind=x|source.ip=1.1.1.1|user.name=c\ntime=6|kind=x|source.ip=1.1.1.1|user.name=c\n",
     "5=c:3 6=c+"},
    {"title: C\nid: c\ncorrelation: {type: value_count, rules: b, timespan: 10s, condition: {field: "
     "user.name, gte: "
     "2}}\n---\n" BASE("b", "x"),
     "time=1|kind=x|user.name=a\ntime=20|kind=x|user.name=b\n", ""},
    /* temporal: any order */
    {"title: C\nid: c\ncorrelation: {type: temporal, rules: [b, d], group-by: [user.name], timespan: "
     "10s}\n---\n" BASE("b", "x") "---\n" BASE("d", "y"),
     "time=1|kind=y|user.name=a\ntime=2|kind=y|user.name=a\ntime=3|kind=x|user.name=b\ntime=4|kind=x|user."
     "name=a\n",
     "4=c:2"},
    /* temporal_ordered */
    {"title: C\nid: c\ncorrelation: {type: temporal_ordered, rules: [b, d], timespan: 10s}\n---\n" BASE(
         "b", "x") "---\n" BASE("d", "y"),
     "time=1|kind=y\ntime=2|kind=x\ntime=3|kind=x\ntime=20|kind=y\ntime=21|kind=x\ntime=25|kind=y\n",
     "25=c:2"},
    /* … where the first comes late */
    {"title: C\nid: c\ncorrelation: {type: temporal_ordered, rules: [b, d], timespan: 10s}\n---\n" BASE(
         "b", "x") "---\n" BASE("d", "y"),
     "time=5|kind=y\ntime=3|kind=x\n", "3=c:2"},
    /* a chain: many failures, then success */
    {"title: C\nid: c\ncorrelation: {type: temporal_ordered, rules: [many, ok], group-by: [user.name], "
     "timespan: "
     "60s}\n---\ntitle: M\nname: many\ncorrelation: {type: event_count, rules: bad, group-by: [user.name], "
     "timespan: "
     "10s, condition: {gte: 3}}\n---\n" BASE("bad", "f") "---\n" BASE("ok", "s"),
     "time=1|kind=f|user.name=a\ntime=2|kind=f|user.name=a\ntime=3|kind=s|user.name=a\ntime=4|kind=f|user."
     "name=a\n"
     "time=5|kind=s|user.name=b\ntime=6|kind=s|user.name=a\n",
     "6=c:2"},
    /* aliases */
    {"title: C\nid: c\ncorrelation:\n  type: temporal\n  rules: [b, d]\n  group-by: [who]\n  timespan: 10s\n"
     "  aliases: {who: {b: user.name, d: user.target.name}}\n---\n" BASE("b", "x") "---\n" BASE("d", "y"),
     "time=1|kind=x|user.name=a\ntime=2|kind=y|user.name=a|user.target.name=z\ntime=3|kind=y|user.target."
     "name=a\n",
     "3=c:2"},
};

static void test_windows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        struct buf out;
        struct detect_plan *plan = kit_plan(windows[i].rules);
        assert_non_null(plan);
        for (size_t k = 0; k < detect_report_count(plan); k++) {
            if (!detect_report_get(plan, k)->accepted)
                print_message("# row %zu: %.*s\n", i, STR_ARG(detect_report_get(plan, k)->reason));
            assert_true(detect_report_get(plan, k)->accepted);
        }
        struct detect_state *s = kit_state(plan, 0);
        buf_init(&out, 1 << 16);
        run_events(s, windows[i].events, &out);
        struct str want = str_of(windows[i].want);
        if (!str_eq(buf_str(&out), want))
            print_message("# row %zu: want '%.*s', got '%.*s'\n", i, STR_ARG(want), STR_ARG(buf_str(&out)));
        assert_true(str_eq(buf_str(&out), want));
        buf_done(&out);
        detect_state_free(s);
        detect_free(plan);
    }
}

static const char count_rule[] = "title: C\nid: c\ncorrelation: {type: event_count, rules: b, group-by: "
                                 "[source.ip], timespan: 1h, condition: "
                                 "{gte: 3}}\n---\n" BASE("b", "x");

struct last {
    struct detect_match m;
    char value[64];
    size_t n;
};

static void keep(void *arg, const struct detect_match *m)
{
    struct last *l = arg;
    l->m = *m;
    l->n++;
    (void)snprintf(l->value, sizeof(l->value), "%.*s", STR_ARG(m->group_values[0]));
}

static void test_match(void **state)
{
    (void)state;
    struct detect_plan *plan = kit_plan(count_rule);
    struct detect_state *s = kit_state(plan, 0);
    struct last last = {0};
    uint64_t keys[2];
    for (unsigned group = 0; group < 2; group++) {
        for (unsigned i = 0; i < 3; i++) {
            char text[128];
            struct event_field fields[KIT_FIELDS_MAX];
            (void)snprintf(text, sizeof(text), "time=%u|id=%u|kind=x|source.ip=10.0.0.%u", 100 + i,
                           10 * group + i + 1, group);
            struct event e = kit_event(text, fields);
            detect_run(s, &e, 1, keep, &last);
        }
        assert_int_equal(last.n, group + 1);
        assert_int_equal(last.m.first_ns, 100 * NS_PER_S);
        assert_int_equal(last.m.last_ns, 102 * NS_PER_S);
        assert_int_equal(last.m.n_ids, 3);
        assert_int_equal(last.m.ids[0], 10 * group + 1);
        assert_int_equal(last.m.ids[2], 10 * group + 3);
        assert_int_equal(last.m.n_group, 1);
        assert_true(str_eq(last.m.group_names[0], S("source.ip")));
        assert_string_equal(last.value, group == 0 ? "10.0.0.0" : "10.0.0.1");
        keys[group] = last.m.group_key;
    }
    assert_true(keys[0] != keys[1]);
    detect_state_free(s);
    detect_free(plan);
}

static void feed_groups(struct detect_state *s, unsigned n, unsigned times, struct last *last)
{
    for (unsigned i = 0; i < n; i++) {
        char text[128];
        struct event_field fields[KIT_FIELDS_MAX];
        (void)snprintf(text, sizeof(text), "time=%u|kind=x|source.ip=10.%u.%u.%u", 1000 + i, i >> 16,
                       i >> 8 & 255, i & 255);
        struct event e = kit_event(text, fields);
        for (unsigned k = 0; k < times; k++)
            detect_run(s, &e, 1, keep, last);
    }
}

static void test_eviction(void **state)
{
    (void)state;
    struct detect_plan *plan = kit_plan(count_rule);
    struct detect_state *s = kit_state(plan, 64 << 10);
    struct last last = {0};
    struct detect_stats stats;
    feed_groups(s, 10000, 2, &last);
    detect_state_stats(s, &stats);
    assert_true(stats.window_bytes <= 64 << 10);
    assert_true(stats.windows > 100 && stats.windows < 1000);
    assert_int_equal(stats.evicted + stats.windows, 10000);
    assert_int_equal(last.n, 0);
    feed_groups(s, 1, 1, &last); /* its window was given up: this is the first again */
    assert_int_equal(last.n, 0);
    feed_groups(s, 1, 2, &last);
    assert_int_equal(last.n, 1);
    detect_state_free(s);
    s = kit_state(plan, 1); /* not even one window fits: counted, nothing breaks */
    feed_groups(s, 10, 5, &last);
    detect_state_stats(s, &stats);
    assert_int_equal(last.n, 1);
    assert_int_equal(stats.windows, 0);
    assert_int_equal(stats.evicted, 50);
    detect_state_free(s);
    detect_free(plan);
}

static void test_reload(void **state)
{
    (void)state;
    static const char other[] =
        "title: N\nid: n\nlogsource: {product: test}\ndetection:\n  s: {y: 1}\n  condition: "
        "s\n---\ntitle: C\nid: c\ncorrelation: {type: event_count, rules: b, group-by: "
        "[source.ip], timespan: 1h, condition: {gte: 4}}\n---\n" BASE("b", "x");
    char longer[2048];
    (void)snprintf(
        longer, sizeof(longer),
        "title: N\nid: n\nlogsource: {product: test}\ndetection:\n  s: {y: 1}\n  condition: s\n---\n%s",
        count_rule);
    struct detect_plan *a = kit_plan(count_rule), *b = kit_plan(longer), *c = kit_plan(other);
    struct detect_state *s = kit_state(a, 0);
    struct last last = {0};
    struct detect_stats stats;
    feed_groups(s, 5, 2, &last);
    assert_int_equal(detect_state_move(s, b, NULL), 0); /* the same correlation: windows stay */
    detect_free(a);
    detect_state_stats(s, &stats);
    assert_int_equal(stats.windows, 5);
    feed_groups(s, 5, 1, &last);
    assert_int_equal(last.n, 5);
    assert_int_equal(detect_state_move(s, c, NULL), 0); /* another threshold: another correlation */
    detect_free(b);
    detect_state_stats(s, &stats);
    assert_int_equal(stats.windows, 0);
    feed_groups(s, 1, 4, &last);
    assert_int_equal(last.n, 6);
    detect_state_free(s);
    detect_free(c);
}

/* A stream of pseudo-random numbers. */
static uint64_t next(uint64_t *seed, uint64_t below)
{
    *seed = hash_mix(*seed, UINT64_C(0x5eed));
    return *seed % below;
}

static const char *const words[] = {
    "login",     "Failed",  "root",   "Đặng",   "đặng",  "dang",    "a\\b",
    "abc",       "ab",      "union",  "SELECT", "x*y",   "10.0",    "ssh",
    "ssh_login", "/etc",    "passwd", "ba",     "bab.x", "n\u0323", "C:\\b\\cmd.exe",
    "\\cmd.exe", "/bin/sh", "443",    "0443",   "web"};
/* As rules name fields, and as events do. */
static const char *const names[] = {"event.action", "process.name", "user.name", "x",     "url.original",
                                    "message",      "event.code",   "source.ip", "raw",   "event.dataset",
                                    "Image",        "Image",        "c-uri",     "other", "destination.port"};
static const char *const event_names[] = {
    "event.action",  "process.name",       "user.name",  "x",     "url.original",
    "message",       "event.code",         "source.ip",  "raw",   "event.dataset",
    "image",         "process.executable", "data.other", "other", "destination.port",
    "event.category"};

static void put_words(struct buf *b, uint64_t *seed, unsigned max)
{
    uint64_t n = 1 + next(seed, max);
    for (uint64_t i = 0; i < n; i++)
        buf_printf(b, "%s%s", i > 0 ? (next(seed, 2) == 0 ? " " : "") : "",
                   words[next(seed, COUNT_OF(words))]);
}

static void put_regex(struct buf *b, uint64_t *seed)
{
    static const char *const atoms[] = {
        "a",  "b",     "ab",    "root",     "(ab|ba)", "(?:x|ab)+",   "[ab]",   "[^]a]",  "a?",
        "b*", "a+",    "\\.",   "(a|b){2}", "(ab)?",   "(root|ssh)",  "x{0,2}", "b{1,3}", "$",
        "^",  "(?=a)", "(?!b)", "\\bab",    "\\w",     "(a(b|c)|ss)", "."};
    buf_printf(b, "'%s", next(seed, 3) == 0 ? "(?i)" : "");
    uint64_t n = 1 + next(seed, 4);
    for (uint64_t i = 0; i < n; i++)
        buf_printf(b, "%s%s", i > 0 && next(seed, 5) == 0 ? "|" : "", atoms[next(seed, COUNT_OF(atoms))]);
    buf_put(b, S("'"));
}

static void put_item(struct buf *b, uint64_t *seed)
{
    static const char *const modifiers[] = {"",          "",
                                            "",          "|contains",
                                            "|contains", "|startswith",
                                            "|endswith", "|re",
                                            "|re",       "|cased",
                                            "|re",       "|exists",
                                            "|neq",      "|contains|windash",
                                            "|endswith", "|endswith|windash"};
    const char *modifier = modifiers[next(seed, COUNT_OF(modifiers))];
    buf_printf(b, "'%s%s': ", names[next(seed, COUNT_OF(names))], modifier);
    if (strcmp(modifier, "|exists") == 0) {
        buf_put(b, next(seed, 2) == 0 ? S("true") : S("false"));
    } else if (strcmp(modifier, "|re") == 0) {
        put_regex(b, seed);
    } else if (next(seed, 8) == 0) {
        buf_put(b, modifier[0] == '\0' ? S("null") : S("'*a?'"));
    } else {
        buf_put(b, S("['"));
        put_words(b, seed, 2);
        buf_put(b, S("', '"));
        put_words(b, seed, 2);
        buf_put(b, S("']"));
    }
}

static void put_rule(struct buf *b, uint64_t *seed, unsigned number)
{
    static const char *const conditions[] = {"a",
                                             "a or b",
                                             "a and b",
                                             "a and not b",
                                             "1 of them",
                                             "all of them",
                                             "not a",
                                             "a and (b or not k)",
                                             "k",
                                             "k or a",
                                             "k and not (a or b)"};
    static const char *const services[] = {"", ", service: web", ", service: two", ", service: ssh"};
    buf_printf(b, "---\ntitle: R%u\nlogsource: {product: test%s}\ndetection:\n", number,
               services[next(seed, COUNT_OF(services))]);
    for (char name = 'a'; name <= 'b'; name++) {
        buf_printf(b, "  %c:\n", name);
        uint64_t n = 1 + next(seed, 2);
        for (uint64_t i = 0; i < n; i++) {
            buf_put(b, S("  - {"));
            put_item(b, seed);
            buf_put(b, S("}\n"));
        }
    }
    buf_put(b, S("  k: ['"));
    put_words(b, seed, 2);
    buf_printf(b, "']\n  condition: %s\n", conditions[next(seed, COUNT_OF(conditions))]);
}

struct bits {
    bool on[1024];
};

static void set_plain(void *arg, size_t rule)
{
    ((struct bits *)arg)->on[rule] = true;
}

static const struct detect_plan *current;

static void set_match(void *arg, const struct detect_match *m)
{
    for (size_t i = 0; i < detect_rule_count(current); i++) {
        if (detect_rule_get(current, i) == m->rule)
            ((struct bits *)arg)->on[i] = true;
    }
}

/* Fields as views into raw, as views elsewhere, and not at all. */
static struct event random_event(uint64_t *seed, struct buf *b, struct event_field *fields)
{
    struct event e = {.fields = fields, .facility = EVENT_NO_FACILITY};
    buf_clear(b);
    (void)buf_reserve(b, 4096); /* views stay where they are */
    put_words(b, seed, 8);
    e.raw = e.message = buf_str(b);
    uint64_t n = next(seed, 9);
    for (uint64_t i = 0; i < n; i++) {
        struct str name = str_of(event_names[next(seed, COUNT_OF(event_names))]), value;
        if (next(seed, 3) == 0) {
            size_t from = next(seed, e.raw.n), len = 1 + next(seed, e.raw.n - from);
            value = str_sub(e.raw, from, len);
        } else {
            size_t from = b->n;
            put_words(b, seed, 2);
            value = (struct str){b->p + from, b->n - from};
        }
        fields[e.n_fields++] = (struct event_field){.id = field_find(name), .name = name, .value = value};
    }
    return e;
}

static void test_plan_is_sound(void **state)
{
    (void)state;
    uint64_t seed = 20261122, n_hits = 0;
    for (unsigned round = 0; round < 20; round++) {
        struct buf text, raw;
        buf_init(&text, 1 << 20);
        buf_init(&raw, 1 << 16);
        for (unsigned i = 0; i < 60; i++)
            put_rule(&text, &seed, i);
        buf_put_char(&text, '\0');
        assert_false(text.bad);
        struct detect_plan *plan = kit_plan(text.p);
        assert_non_null(plan);
        for (size_t i = 0; i < detect_report_count(plan); i++) {
            if (!detect_report_get(plan, i)->accepted)
                print_message("# %.*s\n", STR_ARG(detect_report_get(plan, i)->reason));
            assert_true(detect_report_get(plan, i)->accepted);
        }
        struct detect_state *s = kit_state(plan, 0);
        current = plan;
        for (unsigned i = 0; i < 400; i++) {
            struct event_field fields[KIT_FIELDS_MAX];
            struct bits plain = {0}, planned = {0};
            struct event e = random_event(&seed, &raw, fields);
            assert_int_equal(detect_run_plain(s, &e, set_plain, &plain, NULL), 0);
            detect_run(s, &e, 1, set_match, &planned);
            for (size_t k = 0; k < detect_rule_count(plan); k++) {
                n_hits += plain.on[k];
                if (plain.on[k] != planned.on[k])
                    print_message("# round %u, rule %zu, raw '%.*s'\n%s\n", round, k, STR_ARG(e.raw), text.p);
                assert_true(plain.on[k] == planned.on[k]);
            }
        }
        detect_state_free(s);
        detect_free(plan);
        buf_done(&text);
        buf_done(&raw);
    }
    print_message("# %llu hits compared\n", (unsigned long long)n_hits);
    assert_true(n_hits > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows), cmocka_unit_test(test_match),
                                       cmocka_unit_test(test_eviction), cmocka_unit_test(test_reload),
                                       cmocka_unit_test(test_plan_is_sound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
