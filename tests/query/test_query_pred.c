/* Which query finds which event: the tables that say what the language means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/query.h"
/* last: its macros are global */
#include <cmocka.h>

#define NOW INT64_C(1795309200000000000)

static const char ssh_raw[] = "<38>Nov 22 08:14:05 web-01 sshd[4321]: Failed password for invalid user "
                              "\xC4\x90\xE1\xBA\xB7ng from 10.1.2.3 port 22022 ssh2";

#define F(id, v)                                                                                             \
    {                                                                                                        \
        FIELD_##id, {NULL, 0},                                                                               \
        {                                                                                                    \
            (v), sizeof(v) - 1                                                                               \
        }                                                                                                    \
    }
#define O(n, v)                                                                                              \
    {                                                                                                        \
        FIELD_OTHER, {(n), sizeof(n) - 1},                                                                   \
        {                                                                                                    \
            (v), sizeof(v) - 1                                                                               \
        }                                                                                                    \
    }

static struct event_field fields[] = {
    F(HOST_NAME, "web-01"),
    F(PROCESS_NAME, "sshd"),
    F(PROCESS_PID, "4321"),
    F(USER_NAME, "Đặng"),
    F(SOURCE_IP, "10.1.2.3"),
    F(SOURCE_PORT, "22022"),
    F(DESTINATION_IP, "2001:db8::5"),
    F(EVENT_OUTCOME, "failure"),
    F(FILE_PATH, "C:\\Windows\\System32\\cmd.exe"),
    F(URL_PATH, "/etc/passwd"),
    F(METRIC_VALUE, "97.5"),
    F(HOST_IP, "192.168.1.1"),
    F(HOST_IP, "192.168.2.2"),
    F(EVENT_REASON, ""),
    O("winlog.logon_type", "10"),
    O("winlog.target", "Nguye\xCC\x82\xCC\x83n Văn A"),
};

static struct event ssh_event(void)
{
    struct event e = {.id = 1234, .time_ns = INT64_C(1795310045000000000), .source = 7, .severity = 4};
    e.raw = S(ssh_raw);
    e.message = str_from(e.raw, 39);
    e.fields = fields;
    e.n_fields = COUNT_OF(fields);
    return e;
}

static struct str source_name(void *arg, uint32_t source)
{
    (void)arg;
    return source == 7 ? S("Máy chủ UBND") : (struct str){NULL, 0};
}

static bool find(const char *query, const struct event *e)
{
    struct arena a;
    struct query *q;
    struct pred_prog *p = NULL;
    struct pred_scratch *s;
    struct err err = {0};
    arena_init(&a, 8u << 20);
    if (query_parse(str_of(query), NOW, &a, &q, &err) != 0 || pred_compile(q->where, &a, &p, &err) != 0)
        fail_msg("%s: %s at %zu", query, err.msg, err.at);
    assert_int_equal(pred_scratch_new(&s, &err), 0);
    pred_scratch_sources(s, source_name, NULL);
    bool hit = pred_match(p, e, s);
    assert_int_equal(hit, pred_match_again(p, e, s));
    pred_scratch_free(s);
    pred_free(p);
    arena_done(&a);
    return hit;
}

static void check(const char *const *queries, bool want)
{
    struct event e = ssh_event();
    for (; *queries != NULL; queries++) {
        if (find(*queries, &e) != want)
            fail_msg("%s: %s", *queries, want ? "must find it" : "must not find it");
    }
}

static void test_found(void **state)
{
    (void)state;
    static const char *const queries[] = {"",
                                          "*",
                                          "failed",
                                          "FAILED PASSWORD",
                                          "password failed",
                                          "dang",
                                          "đặng",
                                          "ĐẶNG",
                                          "Đặng",
                                          "Đa\xCC\xA3\xCC\x86ng",
                                          "pass*",
                                          "*word",
                                          "*swo*",
                                          "f*ed",
                                          "10.1.2.3",
                                          "1.2",
                                          "10.1.2",
                                          "web-01",
                                          "web",
                                          "sshd[4321]:",
                                          "failure" /* only in a field */,
                                          "nguyen",
                                          "nguyễn van",
                                          "cmd.exe",
                                          "*.exe",
                                          "windows\\system32",
                                          "c:\\windows*",
                                          "\"Failed password\"",
                                          "\"ailed passw\"",
                                          "\"invalid user dang\"",
                                          "\"08:14:05\"",
                                          "\"[4321]\"",
                                          "host.name:web-01",
                                          "host.name:WEB-01",
                                          "host.name:web*",
                                          "host.name:*01",
                                          "host.name:w?b-0?",
                                          "host.name:*",
                                          "user.name:đặng",
                                          "user.name:ĐẶNG",
                                          "user.name:Đa\xCC\xA3\xCC\x86ng",
                                          "user.name:đ*g",
                                          "user.name:đ??g",
                                          "winlog.target:\"nguyễn văn a\"",
                                          "winlog.target:NGUYỄN*",
                                          "winlog.logon_type:10",
                                          "winlog.*:10",
                                          "*.ip:192.168.2.2",
                                          "*:failure",
                                          "host.ip:192.168.1.1",
                                          "host.ip:192.168.2.2",
                                          "process.pid:4321",
                                          "process.pid:04321",
                                          "process.pid:4321.0",
                                          "process.pid:43*",
                                          "process.pid:>4320",
                                          "process.pid:>=4321",
                                          "process.pid:<4322",
                                          "process.pid:[4321 TO 4321]",
                                          "process.pid:{4320 TO 4322}",
                                          "process.pid:>9",
                                          "metric.value:>97",
                                          "metric.value:97.50",
                                          "winlog.logon_type:>9",
                                          "source.ip:10.1.2.3",
                                          "source.ip:::ffff:10.1.2.3",
                                          "source.ip:10.0.0.0/8",
                                          "source.ip:10.1.2.3/32",
                                          "source.ip:[10.1.2.0 TO 10.1.2.9]",
                                          "source.ip:>10.1.1.255",
                                          "source.ip:10.1.*",
                                          "destination.ip:2001:DB8:0::5",
                                          "destination.ip:2001:db8::/32",
                                          "source.ip:::/0",
                                          "user.name:>c",
                                          "host.name:[web TO web-02]",
                                          "user.name:/^đ.+g$/",
                                          "user.name:/ĐẶNG/",
                                          "raw:/port \\d+ ssh2$/",
                                          "message:failed*",
                                          "message:/password/",
                                          "file.path:/system32\\\\cmd\\.exe/",
                                          "file.path:C:\\Windows\\System32\\cmd.exe",
                                          "file.path:*\\\\CMD.exe",
                                          "url.path:/etc/passwd",
                                          "url.path:/etc/*",
                                          "severity:warning",
                                          "severity:warn",
                                          "severity:medium",
                                          "severity:4",
                                          "severity:>=warning",
                                          "severity:>=info",
                                          "severity:<error",
                                          "severity:<=warning",
                                          "severity:[notice TO error]",
                                          "severity:>debug",
                                          "severity:w*",
                                          "event.id:1234",
                                          "event.id:>1000",
                                          "source.id:7",
                                          "source.name:\"máy chủ ubnd\"",
                                          "source.name:*UBND",
                                          "@timestamp:today",
                                          "@timestamp:2026-11-22",
                                          "@timestamp:>=2026-11-22T08:14:05+07:00",
                                          "@timestamp:<2026-11-22T08:14:06+07:00",
                                          "@timestamp:\"2026-11-22 08:14:05\"",
                                          "@timestamp:>yesterday",
                                          "event.reason:*",
                                          "event.reason:\"\"",
                                          "NOT nothere",
                                          "-user.name:root",
                                          "NOT http.version:*",
                                          "host.name:(db OR web*)",
                                          "failed (root OR dang)",
                                          "failed -root",
                                          "user.name:(đ* -root)",
                                          "root OR dang",
                                          "NOT (root OR admin)",
                                          "raw:*invalid?user*",
                                          "raw:\"*\" OR failed",
                                          "NOT severity:>=error",
                                          "for invalid",
                                          "port 22022",
                                          "ssh2",
                                          "\"ssh2\"",
                                          NULL};
    check(queries, true);
}

static void test_not_found(void **state)
{
    (void)state;
    static const char *const queries[] = {"NOT *",
                                          "fail",
                                          "ailed",
                                          "passwords",
                                          "fail password",
                                          "0.1.2.3",
                                          "dan",
                                          "ang",
                                          "*failedx",
                                          "f*zz",
                                          "*password*for",
                                          "\"password Failed\"",
                                          "\"failure\"" /* not in raw */,
                                          "\"Failed  password\"",
                                          "host.name:web",
                                          "host.name:web-0",
                                          "host.name:web?",
                                          "host.name:eb*",
                                          "user.name:dang" /* marks count here */,
                                          "user.name:đ?g",
                                          "winlog.other:*",
                                          "winlog.logon_type:1",
                                          "winlog.Logon_type:10",
                                          "process.pid:432",
                                          "process.pid:>4321",
                                          "process.pid:{4321 TO 5000}",
                                          "process.pid:4322",
                                          "process.name:>=a0 process.pid:0",
                                          "source.ip:10.1.2.4",
                                          "source.ip:11.0.0.0/8",
                                          "source.ip:2001:db8::/32",
                                          "source.ip:unknown",
                                          "destination.ip:10.0.0.0/8",
                                          "host.name:10.0.0.0/8",
                                          "host.name:[10.0.0.1 TO 10.0.0.9]",
                                          "host.name:>5" /* no number */,
                                          "user.name:/^dang$/",
                                          "raw:/Failed$/",
                                          "severity:error",
                                          "severity:>warning",
                                          "severity:>=high",
                                          "severity:<warning",
                                          "event.id:1235",
                                          "source.id:8",
                                          "source.name:khác",
                                          "@timestamp:yesterday",
                                          "@timestamp:2026-11-21",
                                          "@timestamp:>=2026-11-22T08:14:06+07:00",
                                          "@timestamp:<=2026-11-21",
                                          "@timestamp:>2026-11-22",
                                          "-failed",
                                          "NOT user.name:*",
                                          "failed root",
                                          "(root OR admin) failed",
                                          "http.version:*",
                                          "event.reason:?*",
                                          "for* *nothere*",
                                          "raw:failed",
                                          NULL};
    check(queries, false);
}

/* Kinds that only other hands build. */
static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        enum pred_kind kind;
        const char *field, *text;
        bool cased, want;
    } cases[] = {
        {PRED_CONTAINS, "file.path", "SYSTEM32\\", false, true},
        {PRED_CONTAINS, "file.path", "SYSTEM32", true, false},
        {PRED_CONTAINS, "file.path", "System32", true, true},
        {PRED_CONTAINS, "file.path", "", false, true},
        {PRED_CONTAINS, "http.version", "", false, false},
        {PRED_STARTS, "file.path", "c:\\w", false, true},
        {PRED_STARTS, "file.path", "windows", false, false},
        {PRED_ENDS, "file.path", "CMD.EXE", false, true},
        {PRED_ENDS, "file.path", "CMD.EXE", true, false},
        {PRED_ENDS, "user.name", "ẶNG", false, true},
        {PRED_EQ, "host.name", "WEB-01", true, false},
        {PRED_EQ, "host.name", "web-01", true, true},
        {PRED_REGEX, "host.name", "WEB", true, false},
        {PRED_REGEX, "host.name", "WEB", false, true},
        {PRED_REGEX, "host.name", "(?i)WEB", true, true},
        {PRED_REGEX, "host.name", "", false, true},
        {PRED_WILD, "host.name", "WEB*", true, false},
        {PRED_NULL, "http.version", "", false, true},
        {PRED_NULL, "event.reason", "", false, true},
        {PRED_NULL, "host.name", "", false, false},
        {PRED_EXISTS, "severity", "", false, true},
        {PRED_NULL, "severity", "", false, false},
        {PRED_CONTAINS, "*", "in a field no", false, false},
        {PRED_CONTAINS, "*", "passwd", false, true},
        {PRED_CONTAINS, "@timestamp", "2026-11-22T01:14", false, true},
        {PRED_ENDS, "event.id", "34", false, true},
        {PRED_WORD, "", "passw*", false, true},
        {PRED_WORD, "", "invalid user dang", false, true},
        {PRED_WORD, "", "nvalid user", false, false},
        {PRED_WORD, "", "", false, true},
        {PRED_PHRASE, "", "", false, true},
    };
    struct event e = ssh_event();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pred p = {.kind = cases[i].kind, .cased = cases[i].cased, .text = str_of(cases[i].text)};
        struct arena a;
        struct pred_prog *prog;
        struct pred_scratch *s;
        struct err err = {0};
        p.field = pred_field_find(str_of(cases[i].field));
        arena_init(&a, 1u << 20);
        assert_int_equal(pred_compile(&p, &a, &prog, &err), 0);
        assert_int_equal(pred_scratch_new(&s, &err), 0);
        if (pred_match(prog, &e, s) != cases[i].want)
            fail_msg("row %zu (%s)", i, cases[i].text);
        pred_scratch_free(s);
        pred_free(prog);
        arena_done(&a);
    }
}

static void test_compile_refused(void **state)
{
    (void)state;
    static const struct {
        struct pred p;
        enum err_code code;
    } cases[] = {
        {{.kind = PRED_REGEX, .text = {"(", 1}}, ERR_PARSE},
        {{.kind = PRED_REGEX, .text = {"\\C", 2}}, ERR_PARSE},
        {{.kind = PRED_REGEX, .text = {"\xFF", 1}}, ERR_PARSE},
        {{.kind = PRED_CIDR, .text = {"10.0.0.0", 8}}, ERR_PARSE},
        {{.kind = PRED_EQ, .field.id = PRED_FIELD_SEVERITY, .text = {"x", 1}}, ERR_PARSE},
        {{.kind = PRED_EQ, .field.id = PRED_FIELD_TIME, .text = {"x", 1}}, ERR_PARSE},
        {{.kind = PRED_RANGE, .field.id = FIELD_SOURCE_IP, .low = {"x", 1}, .high_open = true}, ERR_PARSE},
        {{.kind = PRED_NOT}, ERR_USAGE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pred p = cases[i].p;
        struct arena a;
        struct pred_prog *prog = NULL;
        struct err err = {0};
        arena_init(&a, 1u << 20);
        assert_int_equal(pred_compile(&p, &a, &prog, &err), -1);
        assert_int_equal(err.code, cases[i].code);
        assert_null(prog);
        arena_done(&a);
    }
}

static void test_too_deep(void **state)
{
    (void)state;
    struct pred nodes[PRED_DEPTH_MAX + 1] = {{.kind = PRED_TRUE}};
    struct pred *links[PRED_DEPTH_MAX + 1];
    struct arena a;
    struct pred_prog *prog;
    struct err err = {0};
    for (size_t i = 1; i < COUNT_OF(nodes); i++) {
        links[i] = &nodes[i - 1];
        nodes[i] = (struct pred){.kind = PRED_NOT, .n_children = 1, .children = &links[i]};
    }
    arena_init(&a, 1u << 20);
    assert_int_equal(pred_compile(&nodes[PRED_DEPTH_MAX - 1], &a, &prog, &err), 0);
    assert_int_equal(pred_compile(&nodes[PRED_DEPTH_MAX], &a, &prog, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    arena_done(&a);
}

/* An expression that explodes gives up, says so, and the event is not found. */
static void test_regex_limit(void **state)
{
    (void)state;
    char raw[64];
    struct event e = {.raw = {raw, sizeof(raw)}};
    struct pred p = {.kind = PRED_REGEX, .field = pred_field_find(S("raw")), .text = S("^(a+)+(a+)+(a+)+$")};
    struct arena a;
    struct pred_prog *prog;
    struct pred_scratch *s;
    struct err err = {0};
    memset(raw, 'a', sizeof(raw));
    raw[sizeof(raw) - 1] = 'b';
    arena_init(&a, 1u << 20);
    assert_int_equal(pred_compile(&p, &a, &prog, &err), 0);
    assert_int_equal(pred_scratch_new(&s, &err), 0);
    assert_false(pred_match(prog, &e, s));
    assert_int_equal(pred_scratch_gave_up(s), 1);
    pred_scratch_free(s);
    pred_free(prog);
    arena_done(&a);
}

/* Values that together are longer than the scratch, and one that alone is. */
static void test_long_values(void **state)
{
    (void)state;
    size_t n = EVENT_RAW_BYTES_MAX + 10;
    char *big = malloc(n);
    assert_non_null(big);
    memset(big, 'A', n);
    memcpy(big + n - 10, "-LAST WORD", 10);
    memcpy(big + 5, " inside ", 8);
    struct event_field f[] = {{FIELD_USER_NAME, {NULL, 0}, {big, n}},
                              {FIELD_HOST_NAME, {NULL, 0}, {big, EVENT_RAW_BYTES_MAX / 2}},
                              {FIELD_FILE_PATH, {NULL, 0}, {big + 1, EVENT_RAW_BYTES_MAX - 7}}};
    struct event e = {.raw = S("x"), .fields = f, .n_fields = 3};
    assert_true(
        find("user.name:*inside* host.name:*inside* file.path:*INSIDE* user.name:a* host.name:a*", &e));
    assert_true(find("inside", &e));
    assert_false(find("user.name:*word", &e)); /* behind EVENT_RAW_BYTES_MAX */
    assert_false(find("word", &e));
    free(big);
}

static void test_bounds(void **state)
{
    (void)state;
#define DAY(d) (INT64_C(1795280400000000000) + (d)*INT64_C(86400000000000)) /* 22 November +7 */
    static const struct {
        const char *query;
        int64_t from, to;
    } cases[] = {
        {"a", INT64_MIN, INT64_MAX},
        {"@timestamp:today", DAY(0), DAY(1)},
        {"@timestamp:>=today", DAY(0), INT64_MAX},
        {"@timestamp:<today a", INT64_MIN, DAY(0)},
        {"@timestamp:<=today", INT64_MIN, DAY(1)},
        {"@timestamp:>=today @timestamp:<2026-11-25", DAY(0), DAY(3)},
        {"@timestamp:today OR @timestamp:2026-11-25", DAY(0), DAY(4)},
        {"@timestamp:today OR a", INT64_MIN, INT64_MAX},
        {"NOT @timestamp:today", INT64_MIN, INT64_MAX},
        {"(@timestamp:today OR @timestamp:yesterday) (a @timestamp:<today)", DAY(-1), DAY(0)},
        {"@timestamp:>2026-11-22T00:00:00+07:00", DAY(0) + 1, INT64_MAX},
        {"@timestamp:2026-11-22T00:00:00+07:00", DAY(0), DAY(0) + 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct query *q;
        struct pred_prog *p;
        struct err err = {0};
        int64_t from, to;
        arena_init(&a, 1u << 20);
        assert_int_equal(query_parse(str_of(cases[i].query), NOW, &a, &q, &err), 0);
        assert_int_equal(pred_compile(q->where, &a, &p, &err), 0);
        pred_time_bounds(p, &from, &to);
        if (from != cases[i].from || to != cases[i].to)
            fail_msg("%s: %lld %lld", cases[i].query, (long long)from, (long long)to);
        pred_free(p);
        arena_done(&a);
    }
}

struct want {
    uint64_t hash[16];
    size_t n;
};

static void add_want(void *arg, uint64_t hash)
{
    struct want *w = arg;
    w->hash[w->n++] = hash;
}

static void test_needed(void **state)
{
    (void)state;
    static const struct {
        const char *query, *words;
    } cases[] = {
        {"*", ""},
        {"Failed", "failed"},
        {"Đăng nhập", "dang nhap"},
        {"10.0.0.7", "10 0 7"},
        {"pass*", ""},
        {"user.pass*", "user"},
        {"*.exe", "exe"},
        {"a*b-c", "c"},
        {"\"Failed password for\"", "password"},
        {"\"(Failed)\"", "failed"},
        {"host.name:Web-01", "web 01"},
        {"host.name:web-*", "web"},
        {"host.name:web*", ""},
        {"host.name:a.?b.c", "a c"},
        {"user.name:\"Đặng Văn\"", "dang van"},
        {"process.pid:22", ""},
        {"process.pid:abc", "abc"},
        {"source.ip:10.0.0.1", ""},
        {"severity:error", ""},
        {"source.name:abc", ""},
        {"event.id:12", ""},
        {"message:abc", "abc"},
        {"raw:*-abc-*", "abc"},
        {"NOT a", ""},
        {"a OR b", ""},
        {"(a x) OR (b x)", "x"},
        {"a (b OR c) d", "a d"},
        {"a a", "a"},
        {"user.name:/root/", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct query *q;
        struct pred_prog *p;
        struct err err = {0};
        uint64_t got[16];
        struct want want = {0};
        arena_init(&a, 1u << 20);
        assert_int_equal(query_parse(str_of(cases[i].query), NOW, &a, &q, &err), 0);
        assert_int_equal(pred_compile(q->where, &a, &p, &err), 0);
        size_t n = pred_tokens_needed(p, got, COUNT_OF(got));
        pred_tokenise(str_of(cases[i].words), add_want, &want);
        if (n != want.n)
            fail_msg("%s: %zu tokens", cases[i].query, n);
        for (size_t k = 0; k < want.n; k++) {
            bool found = false;
            for (size_t j = 0; j < n; j++)
                found |= got[j] == want.hash[k];
            if (!found)
                fail_msg("%s: token %zu is missing", cases[i].query, k);
        }
        assert_true(pred_tokens_needed(p, got, 1) <= 1);
        pred_free(p);
        arena_done(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),       cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_kinds),       cmocka_unit_test(test_compile_refused),
        cmocka_unit_test(test_too_deep),    cmocka_unit_test(test_regex_limit),
        cmocka_unit_test(test_long_values), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_needed),
    };
    return cmocka_run_group_tests_name("query pred", tests, NULL, NULL);
}
