/* The query language: what is read, what is refused and where, and the canonical text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "query/query.h"
/* last: its macros are global */
#include <cmocka.h>

/* 2026-11-22T08:00:00+07:00 */
#define NOW INT64_C(1795309200000000000)

struct parsed {
    struct arena a;
    struct query *q;
    struct err err;
    int rc;
};

static struct parsed parse(const char *text)
{
    struct parsed p = {0};
    arena_init(&p.a, 8u << 20);
    p.rc = query_parse(str_of(text), NOW, &p.a, &p.q, &p.err);
    return p;
}

static char *canonical(const struct query *q)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    query_put(&b, q);
    char *text = buf_take(&b);
    assert_non_null(text);
    buf_done(&b);
    return text;
}

static void test_read(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", "*"},
        {"   ", "*"},
        {"*", "*"},
        {"***", "*"},
        {"sai", "sai"},
        {"dang nhap sai", "dang nhap sai"},
        {"đăng nhập", "đăng nhập"},
        {"  a\tb\n c ", "a b c"},
        {"a AND b", "a b"},
        {"a OR b", "a OR b"},
        {"a b OR c d", "a b OR c d"},
        {"(a b) OR c", "a b OR c"},
        {"a (b OR c)", "a (b OR c)"},
        {"a (b c)", "a (b c)"},
        {"((a))", "a"},
        {"a OR (b OR c)", "a OR (b OR c)"},
        {"NOT a", "NOT a"},
        {"NOT NOT a", "NOT NOT a"},
        {"-a", "NOT a"},
        {"-(a b)", "NOT (a b)"},
        {"-\"a b\"", "NOT \"a b\""},
        {"a -b", "a NOT b"},
        {"a - b", "a \\- b"},
        {"web-01", "web-01"},
        {"\\-a", "\\-a"},
        {"web*", "web*"},
        {"*.exe", "*.exe"},
        {"a\\*", "\"a*\""},
        {"\\AND", "\\AND"},
        {"and", "and"},
        {"ANDx", "ANDx"},
        {"12:30:45", "12\\:30\\:45"},
        {"http://a/b", "http\\://a/b"},
        {"fe80::1", "fe80\\:\\:1"},
        {"C:\\Windows", "C\\:\\\\Windows"},
        {"a?b", "a\\?b"},
        {"\"Failed password\"", "\"Failed password\""},
        {"\"a\\\"b\\\\c\\d\"", "\"a\\\"b\\\\c\\\\d\""},
        {"\"a | b\"", "\"a | b\""},
        {"host.name:web", "host.name:web"},
        {"host.name:web*", "host.name:web*"},
        {"host.name:w?b", "host.name:w?b"},
        {"host.name:w\\*b", "host.name:\"w*b\""},
        {"host.name:\"a b\"", "host.name:\"a b\""},
        {"host.name:\"\"", "host.name:\"\""},
        {"host.name:\"w*\"", "host.name:\"w*\""},
        {"host.name:a:b", "host.name:a:b"},
        {"host.name:*", "host.name:*"},
        {"host.name:[* TO *]", "host.name:*"},
        {"file.path:/etc/passwd", "file.path:\"/etc/passwd\""},
        {"file.path:/etc/*", "file.path:\\/etc/*"},
        {"user.name:/adm.*/", "user.name:/adm.*/"},
        {"user.name:/a b|c(d)/ x", "user.name:/a b|c(d)/ x"},
        {"url.path:/a\\/b/", "url.path:/a\\/b/"},
        {"url.path:/a\\\\/", "url.path:/a\\\\/"},
        {"(user.name:/a/)", "user.name:/a/"},
        {"user.name:/a/|limit 1", "user.name:/a/ | limit 1"},
        {"source.ip:10.0.0.0/8", "source.ip:10.0.0.0/8"},
        {"source.ip:2001:db8::/32", "source.ip:2001:db8::/32"},
        {"source.ip:::1", "source.ip:\"::1\""},
        {"source.ip:::/0", "source.ip:::/0"},
        {"source.ip:\"10.0.0.0/8\"", "source.ip:\"10.0.0.0/8\""},
        {"process.pid:[100 TO 200]", "process.pid:[100 TO 200]"},
        {"process.pid:{100 TO 200}", "process.pid:{100 TO 200}"},
        {"process.pid:[100 TO 200}", "process.pid:[100 TO 200}"},
        {"process.pid:[* TO 200]", "process.pid:<=200"},
        {"process.pid:[100 TO *}", "process.pid:>=100"},
        {"process.pid:{100 TO *]", "process.pid:>100"},
        {"process.pid:[ -5   TO  +0 ]", NULL},
        {"process.pid:[-5 TO 0]", "process.pid:[\"-5\" TO 0]"},
        {"process.pid:>5", "process.pid:>5"},
        {"process.pid:<-5", "process.pid:<\"-5\""},
        {"user.name:[aTO TO TOb]", "user.name:[aTO TO TOb]"},
        {"user.name:[a TO \"b c\"]", "user.name:[a TO \"b c\"]"},
        {"user.name:[\"*\" TO b]", "user.name:[\"*\" TO b]"},
        {"severity:>=high", "severity:>=high"},
        {"severity:warning", "severity:warning"},
        {"severity:3", "severity:3"},
        {"user.name:(a OR b)", "user.name:a OR user.name:b"},
        {"user.name:(a -b* \"c d\") x", "(user.name:a NOT user.name:b* user.name:\"c d\") x"},
        {"process.pid:(1 OR [5 TO 9])", "process.pid:1 OR process.pid:[5 TO 9]"},
        {"user.*:root", "user.*:root"},
        {"nhãn:(huế OR x)", "nhãn:huế OR nhãn:x"},
        {"* | stats count() by nhãn", "* | stats count() by nhãn"},
        {"*:root", "*:root"},
        {"@timestamp:>=2026-11-22T08:00:00+07:00", "@timestamp:>=2026-11-22T01:00:00Z"},
        {"@timestamp:>-15m", "@timestamp:>2026-11-22T00:45:00Z"},
        {"@timestamp:2026-11-22", "@timestamp:[2026-11-21T17:00:00Z TO 2026-11-22T17:00:00Z}"},
        {"@timestamp:today", "@timestamp:[2026-11-21T17:00:00Z TO 2026-11-22T17:00:00Z}"},
        {"@timestamp:<=2026-11-22", "@timestamp:<2026-11-22T17:00:00Z"},
        {"@timestamp:>22/11/2026", "@timestamp:>=2026-11-22T17:00:00Z"},
        {"@timestamp:[2026-11-22 08:14 TO now]", "@timestamp:[2026-11-22T01:14:00Z TO 2026-11-22T01:00:00Z]"},
        {"@timestamp:\"2026-11-22 08:14:05\"", "@timestamp:2026-11-22T01:14:05Z"},
        {"a|stats count()", "a | stats count()"},
        {"| stats count", "* | stats count()"},
        {"* | stats count(user.name), sum(http.response.body.bytes) as b by host.name , user.name",
         "* | stats count(user.name), sum(http.response.body.bytes) as b by host.name, user.name"},
        {"* | stats uniq(source.ip) as \"số máy\" | sort -\"số máy\"",
         "* | stats uniq(source.ip) as \"số máy\" | sort -\"số máy\""},
        {"* | stats p95(x) by y | sort -p95(x) | head 5",
         "* | stats p95(x) by y | sort -\"p95(x)\" | limit 5"},
        {"* | stats avg(x), min(x), max(x) | fields max(x)",
         "* | stats avg(x), min(x), max(x) | fields \"max(x)\""},
        {"* | top 10 source.ip", "* | stats count() by source.ip | sort -count | limit 10"},
        {"* | histogram(5m)", "* | histogram(300s)"},
        {"* | histogram( 1h ) by host.name", "* | histogram(3600s) by host.name"},
        {"* | limit 100 | stats count()", "* | limit 100 | stats count()"},
        {"* | sort host.name | limit 3 | fields host.name, @timestamp",
         "* | sort host.name | limit 3 | fields host.name, @timestamp"},
        {"* | limit 100000", "* | limit 100000"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parsed p = parse(cases[i].in);
        if (cases[i].out == NULL) {
            assert_int_equal(p.rc, -1);
            arena_done(&p.a);
            continue;
        }
        if (p.rc != 0)
            fail_msg("'%s': %s at %zu", cases[i].in, p.err.msg, p.err.at);
        char *text = canonical(p.q);
        assert_string_equal(text, cases[i].out);
        struct parsed again = parse(text);
        if (again.rc != 0)
            fail_msg("'%s' → '%s': %s at %zu", cases[i].in, text, again.err.msg, again.err.at);
        char *second = canonical(again.q);
        assert_string_equal(second, text);
        free(second);
        free(text);
        arena_done(&again.a);
        arena_done(&p.a);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t at;
        const char *msg; /* part of it */
    } cases[] = {
        {"(", 1, "missing"},
        {"()", 0, "nothing between"},
        {"(a", 0, "never closed"},
        {"a)", 1, "closes nothing"},
        {"a (b))", 5, "closes nothing"},
        {"\"abc", 0, "quote"},
        {"a \"b\\\"", 2, "quote"},
        {"\"\"", 0, "empty"},
        {"AND a", 0, "in front of AND"},
        {"a OR", 4, "missing"},
        {"a OR OR b", 5, "in front of OR"},
        {"NOT", 3, "missing"},
        {"a AND )", 6, "missing"},
        {"host.name:", 10, "value is missing"},
        {"source.ip:10.0.0.0/33", 10, "no network"},
        {"host.name: a", 10, "value is missing"},
        {"host.name:|limit 1", 10, "value is missing"},
        {"host.name:()", 10, "nothing between"},
        {"host.name:(a", 10, "never closed"},
        {"host.name:>", 11, "value is missing"},
        {"host.name:>= 5", 12, "value is missing"},
        {"process.pid:>abc", 13, "not a number"},
        {"process.pid:[1 TO x]", 13, "not a number"},
        {"source.ip:>=abc", 12, "not an IP address"},
        {"severity:hgih", 9, "not a severity"},
        {"severity:>=9", 11, "not a severity"},
        {"@timestamp:2026-13-01", 11, "not a time"},
        {"@timestamp:2026-11*", 11, "wildcards"},
        {"@timestamp:>=x", 13, "not a time"},
        {"process.pid:[1 200]", 18, "TO is missing"},
        {"process.pid:[1 TO 200", 12, "never closed"},
        {"process.pid:[ TO 200]", 14, "end of the range"},
        {"process.pid:[1 TO ]", 18, "end of the range"},
        {"user.name:[\"a\" b]", 15, "TO is missing"},
        {"user.name:/a(/", 13, "regular expression"},
        {"x user.name:/[/", 14, "regular expression"},
        {"user.name://", 11, "empty"},
        {"a*\\*", 0, "wildcards"},
        {"a |", 3, "unknown stage"},
        {"a | frobnicate", 4, "unknown stage"},
        {"a | stats", 9, "unknown function"},
        {"a | stats median(x)", 10, "unknown function"},
        {"a | stats sum()", 10, "needs a field"},
        {"a | stats sum(x", 15, "')'"},
        {"a | stats count() count()", 18, "expected"},
        {"a | stats count(), count()", 19, "two columns"},
        {"a | stats count() as x by x", 26, "two columns"},
        {"a | stats count() by", 20, "field is missing"},
        {"a | stats count() by x, x", 24, "two columns"},
        {"a | stats count() by x*", 21, "pattern"},
        {"a | stats count() as", 20, "column is missing"},
        {"a | stats count() | sort nope", 25, "no column"},
        {"a | stats count() | fields count, nope", 34, "no column"},
        {"a | stats count() | stats count()", 20, "only one"},
        {"a | sort x | stats count()", 13, "behind stats"},
        {"a | limit", 9, "number"},
        {"a | limit 0", 10, "number"},
        {"a | limit 100001", 10, "number"},
        {"a | limit -1", 10, "number"},
        {"a | limit 5 5", 12, "expected"},
        {"a | sort x | sort y", 18, "once only"},
        {"a | sort", 8, "column is missing"},
        {"a | histogram", 13, "step"},
        {"a | histogram(x)", 14, "step"},
        {"a | histogram(0s)", 14, "step"},
        {"a | histogram(5m", 16, "')'"},
        {"a | histogram(5m) by count", 21, "two columns"},
        {"a | top x", 8, "number"},
        {"a | top 5", 9, "field is missing"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parsed p = parse(cases[i].in);
        if (p.rc == 0)
            fail_msg("'%s' was accepted", cases[i].in);
        assert_int_equal(p.err.code, ERR_PARSE);
        if (strstr(p.err.msg, cases[i].msg) == NULL || p.err.at != cases[i].at)
            fail_msg("'%s': got '%s' at %zu, want '%s' at %zu", cases[i].in, p.err.msg, p.err.at,
                     cases[i].msg, cases[i].at);
        arena_done(&p.a);
    }
}

static char *repeat(const char *unit, size_t n, const char *tail)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    for (size_t i = 0; i < n; i++)
        buf_put(&b, str_of(unit));
    buf_put(&b, str_of(tail));
    char *text = buf_take(&b);
    assert_non_null(text);
    buf_done(&b);
    return text;
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t n;
        const char *tail;
        enum err_code code;
    } cases[] = {
        {"a", QUERY_BYTES_MAX / 8, "", ERR_NONE},
        {"a", PRED_TEXT_BYTES_MAX, "", ERR_NONE},
        {"a", PRED_TEXT_BYTES_MAX + 1, "", ERR_LIMIT},
        {"x ", QUERY_BYTES_MAX / 2, "", ERR_NONE},
        {"x ", QUERY_BYTES_MAX / 2, "y", ERR_LIMIT},
        {"NOT ", QUERY_NEST_MAX, "a", ERR_NONE},
        {"NOT ", QUERY_NEST_MAX + 1, "a", ERR_LIMIT},
        {"-", QUERY_NEST_MAX + 1, "a", ERR_LIMIT},
        {"(", QUERY_NEST_MAX + 1, "a", ERR_LIMIT},
        {"(", QUERY_NEST_MAX, "a", ERR_PARSE},
        {"f:(", QUERY_NEST_MAX, "a", ERR_PARSE},
        {"(a OR b ", QUERY_NEST_MAX, "c", ERR_PARSE},
        {"f:?*", 1500, "", ERR_LIMIT},
        {"a|limit 1", 1,
         "|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1"
         "|limit 1|limit 1|limit 1|limit 1",
         ERR_NONE},
        {"a|limit 1", 1,
         "|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1|limit 1"
         "|limit 1|limit 1|limit 1|limit 1|limit 1",
         ERR_PARSE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = repeat(cases[i].unit, cases[i].n, cases[i].tail);
        struct parsed p = parse(text);
        if (p.err.code != cases[i].code)
            fail_msg("row %zu: %s", i, p.err.msg);
        arena_done(&p.a);
        free(text);
    }
}

/* The deepest query that is read can also be compiled. */
static void test_deepest(void **state)
{
    (void)state;
    char *open = repeat("(a OR b ", QUERY_NEST_MAX, "c");
    struct buf b;
    buf_init(&b, 1u << 16);
    buf_put(&b, str_of(open));
    for (size_t i = 0; i < QUERY_NEST_MAX; i++)
        buf_put_char(&b, ')');
    char *text = buf_take(&b);
    struct parsed p = parse(text);
    struct pred_prog *prog = NULL;
    assert_int_equal(p.rc, 0);
    assert_int_equal(pred_compile(p.q->where, &p.a, &prog, &p.err), 0);
    pred_free(prog);
    arena_done(&p.a);
    buf_done(&b);
    free(open);
    free(text);
}

/* Too little memory is an error like any other, wherever it runs out. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] =
        "a (b* OR c:/x/) d:[1 TO 2] -\"e f\" g:h? | stats count(), p95(x) as y by z | sort -y";
    size_t refused = 0;
    for (size_t max = 1; max < 1u << 16; max += 16) {
        struct arena a;
        struct query *q;
        struct err err = {0};
        arena_init(&a, max);
        if (query_parse(S(text), NOW, &a, &q, &err) != 0) {
            assert_int_equal(err.code, ERR_NOMEM);
            refused++;
        }
        arena_done(&a);
    }
    assert_true(refused > 100 && refused < 4000);
}

/* Trees by other hands: forms that the language writes in its own way. */
static void test_put_foreign(void **state)
{
    (void)state;
    static const struct {
        struct pred p;
        const char *out;
    } cases[] = {
        {{.kind = PRED_CONTAINS, .field.name = {"f", 1}, .text = {"a*b", 3}}, "f:(*a\\*b*)"},
        {{.kind = PRED_STARTS, .field.name = {"ff", 2}, .text = {"/a", 2}}, "ff:\\/a*"},
        {{.kind = PRED_ENDS, .field.name = {"ff", 2}, .text = {"\\b", 2}}, "ff:*\\\\b"},
        {{.kind = PRED_NULL, .field.name = {"ff", 2}}, "NOT ff:?*"},
        {{.kind = PRED_AND}, "*"},
        {{.kind = PRED_OR}, "NOT *"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;
        buf_init(&b, 4096);
        query_put_pred(&b, &cases[i].p);
        char *text = buf_take(&b);
        assert_string_equal(text, cases[i].out);
        struct parsed p = parse(text);
        assert_int_equal(p.rc, 0);
        arena_done(&p.a);
        free(text);
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),    cmocka_unit_test(test_refused),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_deepest), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_put_foreign),
    };
    return cmocka_run_group_tests_name("query parse", tests, NULL, NULL);
}
