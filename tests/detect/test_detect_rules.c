/*
 * The rules of the catalogue over their samples: beside each X.yml stand X.fire.log, on which exactly its
 * rule fires (and those named in X.also), and X.quiet.log, a near miss on which it does not. Sample lines are
 * raw log lines; lines that begin with "@timestamp=" are events of Khiên itself, written as tab-separated
 * field=value.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "base/text.h"
#include "detect/detect.h"
#include "parse/parse.h"

#define EVENTS_MAX 256u
#define HITS_MAX 64u

struct hits {
    size_t n;
    const struct rule_info *rules[HITS_MAX];
};

static struct detect_plan *plan;

static int setup(void **state)
{
    (void)state;
    char rules[4096], maps[4096];
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT"), *path = rules;
    (void)snprintf(rules, sizeof(rules), "%s/catalogue/rules", root == NULL ? "." : root);
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", root == NULL ? "." : root);
    if (detect_load(sys_linux(), &path, 1, maps, &plan, &err) == 0)
        return 0;
    print_message("# %s\n", err.msg);
    return -1;
}

static int teardown(void **state)
{
    (void)state;
    detect_free(plan);
    return 0;
}

static void on_match(void *arg, const struct detect_match *m)
{
    struct hits *h = arg;
    assert_true(m->count > 0 && m->first_ns <= m->last_ns && m->n_group <= DETECT_GROUP_MAX);
    assert_false(m->rule->silent);
    for (size_t i = 0; i < h->n; i++) {
        if (h->rules[i] == m->rule)
            return;
    }
    assert_true(h->n < HITS_MAX);
    h->rules[h->n++] = m->rule;
}

/* An event of Khiên itself: field=value, tab between. */
static void read_fields(struct str line, struct arena *a, struct event *e)
{
    *e = (struct event){.raw = line, .message = line, .facility = EVENT_NO_FACILITY, .severity = 6};
    e->fields = ARENA_NEW(a, struct event_field, 32);
    assert_non_null(e->fields);
    for (bool more = true; more;) {
        struct str one, name, value;
        more = str_cut(line, '\t', &one, &line);
        assert_true(str_cut(one, '=', &name, &value));
        if (str_eq(name, S("@timestamp"))) {
            struct cur c = cur_of(value);
            assert_true(when_parse_rfc3339(&c, &e->time_ns));
            continue;
        }
        assert_true(e->n_fields < 32);
        e->fields[e->n_fields++] = (struct event_field){.id = field_find(name), .name = name, .value = value};
    }
}

static size_t read_events(struct str text, struct arena *a, struct event *out)
{
    struct parse_hint hint = {0};
    struct parse_ctx ctx = {
        .recv_ns = INT64_C(1795359600) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    size_t n = 0;
    while (text.n > 0) {
        struct str line;
        (void)str_cut(text, '\n', &line, &text);
        if (line.n == 0)
            continue;
        assert_true(n < EVENTS_MAX);
        if (str_starts(line, S("@timestamp=")))
            read_fields(line, a, &out[n]);
        else
            parse_line(&ctx, &hint, line, a, &out[n]);
        out[n].id = n + 1;
        n++;
    }
    return n;
}

static struct str read_file(const char *path, char **ret_mem)
{
    size_t n = 0;
    struct err err = {0};
    if (sys_read_file(sys_linux(), path, 1 << 20, ret_mem, &n, &err) != 0)
        return (struct str){NULL, 0};
    return (struct str){*ret_mem, n};
}

/* The rules that fire on a file; false where there is no such file. */
static bool run_file(const char *path, struct hits *ret)
{
    static struct event events[EVENTS_MAX];
    CLEANUP(base_freep) char *mem = NULL;
    struct str text = read_file(path, &mem);
    struct detect_state *s = NULL;
    struct detect_options options = {.seed = 1};
    struct arena a;
    *ret = (struct hits){0};
    if (text.p == NULL)
        return false;
    arena_init(&a, 4 << 20);
    assert_int_equal(detect_state_new(plan, &options, &s, NULL), 0);
    size_t n = read_events(text, &a, events);
    assert_true(n > 0);
    detect_run(s, events, n, on_match, ret);
    detect_state_free(s);
    arena_done(&a);
    return true;
}

static bool has_line(struct str text, struct str want)
{
    while (text.n > 0) {
        struct str line;
        (void)str_cut(text, '\n', &line, &text);
        if (str_eq(line, want))
            return true;
    }
    return false;
}

static size_t check_rule(const struct rule_info *r)
{
    char path[4096];
    size_t bad = 0;
    bool fired = false;
    struct hits hits;
    int stem = (int)(r->file.n - 4);
    assert_true(str_ends(r->file, S(".yml")));
    CLEANUP(base_freep) char *also_mem = NULL;
    (void)snprintf(path, sizeof(path), "%.*s.also", stem, r->file.p);
    struct str also = read_file(path, &also_mem);
    (void)snprintf(path, sizeof(path), "%.*s.fire.log", stem, r->file.p);
    bool there = run_file(path, &hits);
    for (size_t i = 0; there && i < hits.n; i++) {
        fired = fired || hits.rules[i] == r;
        if (hits.rules[i] != r && !has_line(also, hits.rules[i]->id)) {
            print_message("# %s: %.*s fires too\n", path, STR_ARG(hits.rules[i]->id));
            bad++;
        }
    }
    if (!fired) {
        print_message("# %s: %.*s does not fire\n", path, STR_ARG(r->id));
        bad++;
    }
    (void)snprintf(path, sizeof(path), "%.*s.quiet.log", stem, r->file.p);
    there = run_file(path, &hits);
    for (size_t i = 0; i < hits.n; i++) {
        if (hits.rules[i] == r) {
            print_message("# %s: %.*s fires\n", path, STR_ARG(r->id));
            bad++;
        }
    }
    return bad + !there;
}

static void test_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < detect_report_count(plan); i++) {
        const struct detect_report *row = detect_report_get(plan, i);
        if (!row->accepted)
            print_message("# %.*s\n", STR_ARG(row->reason));
        assert_true(row->accepted);
    }
}

static void test_samples(void **state)
{
    (void)state;
    size_t n = 0, bad = 0;
    for (size_t i = 0; i < detect_rule_count(plan); i++) {
        const struct rule_info *r = detect_rule_get(plan, i);
        if (r->silent)
            continue;
        n++;
        bad += check_rule(r);
    }
    print_message("# %zu rules with samples\n", n);
    assert_int_equal(bad, 0);
    assert_true(n >= 24);
}

/* What the console shows of each rule is there in both languages and names its clause. */
static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < detect_rule_count(plan); i++) {
        const struct rule_info *r = detect_rule_get(plan, i);
        if (r->silent)
            continue;
        const struct rule_text *texts[] = {&r->title, &r->what, &r->why, &r->now};
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            assert_true(texts[k]->vi.n > 0 && texts[k]->en.n > 0);
            assert_false(str_eq(texts[k]->vi, texts[k]->en));
            assert_true(text_is_utf8(texts[k]->vi));
        }
        assert_true(str_starts(r->id, S("khien-")));
        assert_true(r->clauses.n > 0);
        for (size_t k = 0; k < r->clauses.n; k++)
            assert_true(str_starts(r->clauses.items[k], S("D")));
        assert_true(r->group_by.n > 0 || r->correlation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load), cmocka_unit_test(test_samples),
                                       cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
