/* The contract of docs/api.md, route by route, with each error that people can meet. */
#include "fixture.h"
#include "register/register_evidence.h"
#include "register/register_held.h"
#include "register/register_source.h"
#include "register/sql.h"

#define V "/api/v1"

static void test_paths(void **state)
{
    struct node *n = *state;
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/nothing"));
    PROBLEM(n, 404, "not_found", fixture_get(n, "/api/v2/findings"));
    PROBLEM(n, 404, "not_found", fixture_get(n, "/findings"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/findings/"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/findings/1/2/3"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/healthz"));
    PROBLEM(n, 405, "method", fixture_post(n, V "/findings", "{}"));
    PROBLEM(n, 405, "method", fixture_call(n, API_OTHER, V "/findings", NULL));
}

/* Every route that is not open asks for a session. */
static void test_no_session(void **state)
{
    struct node *n = *state;
    static const char *const gets[] = {"/people",  "/today",  "/search",   "/histogram", "/events/7",
                                       "/tail",    "/fields", "/findings", "/duties",    "/evidence",
                                       "/sources", "/system", "/settings", "/audit",     "/exceptions"};
    n->browser = NULL;
    for (size_t i = 0; i < COUNT_OF(gets); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), V "%s", gets[i]);
        PROBLEM(n, 401, "no_session", fixture_get(n, path));
    }
    PROBLEM(n, 401, "no_session", fixture_post(n, V "/findings/1/close", "{\"note\":\"x\"}"));
}

static void test_body_forms(void **state)
{
    struct node *n = *state;
    static const struct {
        const char *path, *body;
        int status;
        const char *code, *field;
    } rows[] = {
        {V "/people", "{}", 400, "bad_request", "name"},
        {V "/people", "[]", 400, "bad_request", "body"},
        {V "/people", "{\"name\":1}", 400, "bad_request", "name"},
        {V "/people", "{\"name\":\"\"}", 400, "bad_request", "name"},
        {V "/people", "{\"name\":\"a\",\"name\":\"b\"}", 400, "bad_request", "body"},
        {V "/people", "{\"extra\":1}", 400, "bad_request", "body"},
        {V "/settings/session.idle_s", "{\"value\":\"120\"}", 400, "bad_request", "value"},
        {V "/settings/session.idle_s", "{\"value\":1}", 400, "bad_request", ""},
        {V "/settings/no.such", "{\"value\":1}", 404, "not_found", ""},
        {V "/duties/D14.0.3/not-applicable", "{\"reason\":\"x\",\"until\":\"20/11/2026\"}", 400,
         "bad_request", "until"},
        {V "/duties/D14.0.3/not-applicable", "{\"reason\":\"x\",\"until\":\"2026-02-30\"}", 400,
         "bad_request", "until"},
        {V "/duties/D14.0.3/not-applicable", "{\"reason\":\"x\",\"until\":\"2020-01-01\"}", 400,
         "bad_request", ""},
        {V "/duties/D9.9/not-applicable", "{\"reason\":\"x\",\"until\":\"2027-01-01\"}", 404, "not_found",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        PROBLEM(n, rows[i].status, rows[i].code, fixture_post(n, rows[i].path, rows[i].body));
        if (strcmp(fixture_text(n, "field"), rows[i].field) != 0)
            fail_msg("row %zu: %s", i, n->body);
    }
    PROBLEM(n, 400, "bad_request", fixture_post(n, V "/people", NULL));
    n->content_type = "text/plain"; /* what a form of another site may send */
    PROBLEM(n, 415, "media_type", fixture_post(n, V "/people", "{}"));
}

static void test_query_forms(void **state)
{
    struct node *n = *state;
    static const char *const refused[] = {
        "/findings?limit=0",      "/findings?limit=501",    "/findings?limit=x", "/findings?state=none",
        "/findings?unknown=1",    "/findings?severity=bad", "/findings?q=%zz",   "/findings?limit=%",
        "/search?order=sideways", "/search?limit=1001",     "/system/metrics",   "/audit?cursor=-1",
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), V "%s", refused[i]);
        PROBLEM(n, 400, "bad_request", fixture_get(n, path));
    }
    PROBLEM(n, 400, "bad_query", fixture_get(n, V "/search?from=soon"));
    PROBLEM(n, 400, "bad_query", fixture_get(n, V "/search?from=now&to=-1h"));
}

static void test_roles(void **state)
{
    struct node *n = *state;
    struct browser who[4];
    static const char *const roles[] = {"officer", "head", "operator", "auditor"};
    static const struct {
        enum api_method method;
        const char *path, *body;
        bool may[4]; /* as roles */
    } rows[] = {
        {API_GET, V "/findings", NULL, {true, true, true, true}},
        {API_GET, V "/search", NULL, {true, true, true, true}},
        {API_GET, V "/audit", NULL, {true, true, false, true}},
        {API_POST, V "/findings/99/ack", "{}", {true, true, true, false}},
        {API_POST, V "/evidence/99/approve", "{}", {true, true, false, false}},
        {API_POST, V "/exceptions/99/reject", "{}", {true, true, false, false}},
        {API_POST, V "/people/99/enable", "{}", {true, false, false, false}},
        {API_POST, V "/sources/99", "{}", {true, false, true, false}},
        {API_POST, V "/settings/none", "{\"value\":1}", {true, false, true, false}},
        {API_POST, V "/system/verify", "{}", {true, true, true, true}},
        {API_POST,
         V "/duties/D0/not-applicable",
         "{\"reason\":\"x\",\"until\":\"2027-01-01\"}",
         {true, true, true, false}},
    };
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        fixture_person(n, &who[i], roles[i], roles[i]);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t k = 0; k < COUNT_OF(roles); k++) {
            n->browser = &who[k];
            int status = fixture_call(n, rows[i].method, rows[i].path, rows[i].body);
            if ((status != 403) != rows[i].may[k])
                fail_msg("row %zu %s: %d", i, roles[k], status);
        }
    }
    n->browser = &n->admin;
    ASK(n, 200, fixture_get(n, V "/audit?action=person_enable"));
    assert_string_equal(fixture_text(n, "items.0.outcome"), "failure");
    assert_string_equal(fixture_text(n, "items.0.detail"), "forbidden");
}

static void test_search(void **state)
{
    struct node *n = *state;
    ASK(n, 200,
        fixture_get(n, V "/search?q=dang+nh%E1%BA%ADp%3A1&from=-15m&to=2026-11-22T09:00:00Z&limit=7&order="
                         "oldest&cursor=c1"));
    assert_string_equal(n->search_q, "dang nhập:1");
    assert_int_equal(n->search.from_ns, T0 - 15 * MINUTE);
    assert_int_equal(n->search.to_ns, T0);
    assert_int_equal(n->search.limit, 7);
    assert_true(n->search.oldest && n->search.cursor.n == 2);
    assert_string_equal(n->body, "{\"items\":[],\"next\":null}");
    ASK(n, 200, fixture_get(n, V "/search"));
    assert_true(n->search.from_ns == 0 && n->search.to_ns == INT64_MAX && n->search.limit == 100);
    ASK(n, 200, fixture_get(n, V "/histogram?buckets=30"));
    assert_int_equal(n->search.buckets, 30);
    ASK(n, 200, fixture_get(n, V "/events/7"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/events/8"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/events/abc"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/events/0"));
    ASK(n, 200, fixture_get(n, V "/events/7/around?before=3"));
    assert_int_equal(fixture_int(n, "before"), 3);
    assert_int_equal(fixture_int(n, "after"), 50);
    ASK(n, 200, fixture_get(n, V "/fields?q=sour"));
    assert_string_equal(fixture_text(n, "items.0.name"), "sour");
    /* Who searched for what is on record. */
    ASK(n, 200, fixture_get(n, V "/audit?action=search"));
    assert_int_equal(fixture_count(n, "items"), 2);
    assert_true(str_find(str_of(fixture_text(n, "items.1.detail")), S("from=-15m")) != SIZE_MAX);
}

static void test_late_answers(void **state)
{
    struct node *n = *state;
    n->hold = true;
    unsigned before = n->replies;
    ASK(n, 0, fixture_get(n, V "/search?q=a"));
    assert_int_equal(n->replies, before);
    api_complete(n->api, n->token + 1, 200, S("{}")); /* nobody's */
    assert_int_equal(n->replies, before);
    api_complete(n->api, n->token, 200, S("{\"late\":true}"));
    assert_int_equal(n->replies, before + 1);
    assert_string_equal(n->body, "{\"late\":true}");
    api_complete(n->api, n->token, 200, S("{}")); /* once */
    assert_int_equal(n->replies, before + 1);
    struct err err = {0};
    ASK(n, 0, fixture_get(n, V "/search?q=a"));
    (void)err_set(&err, ERR_LIMIT, "budget of memory");
    api_fail(n->api, n->token, &err);
    assert_int_equal(n->status, 429);
    assert_string_equal(fixture_text(n, "detail"), "budget of memory");
    ASK(n, 0, fixture_get(n, V "/search?q=a"));
    before = n->replies;
    api_cancel(n->api, n->token);
    api_complete(n->api, n->token, 200, S("{}"));
    assert_int_equal(n->replies, before);
    for (int i = 0; i < 256; i++)
        ASK(n, 0, fixture_get(n, V "/histogram"));
    PROBLEM(n, 503, "busy", fixture_get(n, V "/histogram"));
}

/* Errors of the node become problems; what failed inside is not told. */
static void test_faults(void **state)
{
    struct node *n = *state;
    static const struct {
        enum err_code fault;
        int status;
        const char *code;
        bool told;
    } rows[] = {
        {ERR_PARSE, 400, "bad_query", true},   {ERR_LIMIT, 429, "limit", true},
        {ERR_FULL, 507, "storage_full", true}, {ERR_NOT_FOUND, 404, "not_found", true},
        {ERR_CONFLICT, 409, "conflict", true}, {ERR_DENIED, 403, "forbidden", true},
        {ERR_IO, 500, "internal", false},      {ERR_CORRUPT, 500, "internal", false},
        {ERR_CRYPT, 500, "internal", false},   {ERR_NOMEM, 503, "busy", false},
        {ERR_USAGE, 400, "bad_request", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        n->fault = rows[i].fault;
        PROBLEM(n, rows[i].status, rows[i].code, fixture_get(n, V "/search?q=a"));
        assert_int_equal(strcmp(fixture_text(n, "detail"), "as the test wanted") == 0, rows[i].told);
        PROBLEM(n, rows[i].status, rows[i].code, fixture_get(n, V "/system"));
    }
    n->fault = ERR_CONFLICT;
    PROBLEM(n, 409, "conflict", fixture_post(n, V "/system/verify", "{}"));
}

static void test_tail(void **state)
{
    struct node *n = *state;
    ASK(n, 200, fixture_get(n, V "/tail?q=severity:error"));
    assert_true(n->stream);
    assert_string_equal(n->type, "text/event-stream");
    PROBLEM(n, 400, "bad_query", fixture_get(n, V "/tail?q=bad+("));
    assert_true(api_session_alive(n->api, 1));
    n->now_ns += 301 * SECOND;
    assert_false(api_session_alive(n->api, 1));
}

static void test_findings(void **state)
{
    struct node *n = *state;
    int64_t id = fixture_finding(n, "khien-ssh-bruteforce", 2);
    char path[64];
    (void)fixture_finding(n, "other", 0);
    ASK(n, 200, fixture_get(n, V "/findings?limit=1"));
    assert_int_equal(fixture_count(n, "items"), 1);
    assert_string_equal(fixture_text(n, "items.0.rule"), "other");
    (void)snprintf(path, sizeof(path), V "/findings?cursor=%s", fixture_text(n, "next"));
    ASK(n, 200, fixture_get(n, path));
    assert_string_equal(fixture_text(n, "items.0.rule"), "khien-ssh-bruteforce");
    assert_string_equal(fixture_text(n, "next"), "null");
    (void)snprintf(path, sizeof(path), V "/findings/%lld", (long long)id);
    ASK(n, 200, fixture_get(n, path));
    static const struct {
        const char *at, *want;
    } members[] = {{"id", "1"},
                   {"kind", "rule"},
                   {"title.vi", "Dò mật khẩu"},
                   {"severity", "high"},
                   {"state", "open"},
                   {"clause.0", "D20.2.c"},
                   {"first", "2026-11-22T09:00:00Z"},
                   {"count", "62"},
                   {"due", "2026-11-23T09:00:00Z"},
                   {"acknowledged_by", "null"},
                   {"events.0.id", "100"},
                   {"events.1.id", "101"},
                   {"history.0.what", "opened"},
                   {"explain.what.vi", "a"}};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        assert_string_equal(fixture_text(n, members[i].at), members[i].want);
    ASK(n, 200, fixture_get(n, V "/findings/2")); /* no events: the store is not asked */
    assert_int_equal(fixture_count(n, "events"), 0);
    ASK(n, 200, fixture_post(n, V "/findings/1/ack", "{\"note\":\"đang xem\"}"));
    assert_string_equal(fixture_text(n, "state"), "acknowledged");
    assert_string_equal(fixture_text(n, "acknowledged_by"), "Nguyễn Thị Huyền");
    PROBLEM(n, 409, "conflict", fixture_post(n, V "/findings/1/ack", "{}"));
    PROBLEM(n, 422, "note_needed", fixture_post(n, V "/findings/1/close", "{}"));
    PROBLEM(n, 422, "note_needed", fixture_post(n, V "/findings/1/close", "{\"note\":\"  \"}"));
    ASK(n, 200, fixture_post(n, V "/findings/1/close", "{\"note\":\"đã chặn\"}"));
    assert_string_equal(fixture_text(n, "state"), "closed");
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/findings/99"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/findings/abc"));
    PROBLEM(n, 404, "not_found", fixture_post(n, V "/findings/99/ack", "{}"));
    ASK(n, 200, fixture_get(n, V "/findings?state=closed&severity=high"));
    assert_int_equal(fixture_count(n, "items"), 1);
}

static void test_today(void **state)
{
    struct node *n = *state;
    (void)fixture_finding(n, "khien-ssh-bruteforce", 0);
    ASK(n, 200, fixture_get(n, V "/today"));
    assert_string_equal(fixture_text(n, "now"), "2026-11-22T09:00:00Z");
    assert_string_equal(fixture_text(n, "red.0.kind"), "finding");
    assert_string_equal(fixture_text(n, "red.0.href"), "/findings/1");
    assert_string_equal(fixture_text(n, "red.0.clause"), "D20.2.c");
    assert_int_equal(fixture_int(n, "red.1"), API_TODAY_RED); /* then what the node adds */
    assert_string_equal(fixture_text(n, "clocks.0.started"), "2026-11-22T09:00:00Z");
    assert_string_equal(fixture_text(n, "clocks.0.due_kind"), "elapsed");
    assert_string_equal(fixture_text(n, "checklist.0.id"), "second_person");
    assert_string_equal(fixture_text(n, "checklist.0.done"), "false");
    struct browser b;
    fixture_person(n, &b, "binh", "head");
    ASK(n, 200, fixture_get(n, V "/today"));
    assert_string_equal(fixture_text(n, "checklist.0.done"), "true");
}

#define DOCUMENT(dated, content)                                                                             \
    "{\"kind\":\"document\",\"title\":\"Quy chế\",\"dated\":\"" dated                                        \
    "\",\"file_name\":\"quy chế.pdf\",\"content\":\"" content "\",\"note\":\"bản ký\"}"

static void test_evidence(void **state)
{
    struct node *n = *state;
    struct browser head;
    fixture_person(n, &head, "binh", "head");
    ASK(n, 201, fixture_post(n, V "/duties/D14.0.3/evidence", DOCUMENT("2026-11-20", "YWJj")));
    assert_string_equal(fixture_text(n, "state"), "waiting");
    assert_string_equal(fixture_text(n, "dated"), "2026-11-20");
    assert_string_equal(fixture_text(n, "by"), "Nguyễn Thị Huyền");
    assert_string_equal(fixture_text(n, "digest"),
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(fixture_text(n, "mine"), "true");
    PROBLEM(n, 403, "same_person", fixture_post(n, V "/evidence/1/approve", "{}"));
    PROBLEM(n, 403, "same_person", fixture_post(n, V "/evidence/1/reject", "{}"));
    n->browser = &head;
    ASK(n, 200, fixture_get(n, V "/evidence/1/content"));
    assert_string_equal(n->type, "application/octet-stream");
    assert_string_equal(n->body, "abc");
    assert_string_equal(n->disposition, "attachment; filename*=UTF-8''quy%20ch%E1%BA%BF.pdf");
    ASK(n, 200, fixture_post(n, V "/evidence/1/approve", "{\"note\":\"đúng\"}"));
    assert_string_equal(fixture_text(n, "state"), "approved");
    assert_string_equal(fixture_text(n, "approved_by"), "binh");
    assert_string_equal(fixture_text(n, "expires"), "2027-11-19T17:00:00Z");
    PROBLEM(n, 409, "conflict", fixture_post(n, V "/evidence/1/reject", "{}"));
    ASK(n, 200, fixture_get(n, V "/duties/D14.0.3"));
    assert_string_equal(fixture_text(n, "id"), "D14.0.3");
    assert_string_equal(fixture_text(n, "evidence.0.state"), "approved");
    assert_string_equal(fixture_text(n, "evidence.0.mine"), "false");
    assert_int_equal(fixture_count(n, "history"), 0);
    ASK(n, 200, fixture_get(n, V "/evidence?state=waiting"));
    assert_int_equal(fixture_count(n, "items"), 0);
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/evidence/99/content"));
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/duties/D9"));
    PROBLEM(n, 404, "not_found", fixture_post(n, V "/duties/D9/evidence", DOCUMENT("2026-11-20", "YWJj")));
    PROBLEM(n, 400, "bad_request",
            fixture_post(n, V "/duties/D14.0.3/evidence", DOCUMENT("2026-11-20", "YWJ*")));
    PROBLEM(n, 400, "bad_request",
            fixture_post(n, V "/duties/D14.0.3/evidence", DOCUMENT("2026-11-24", "YWJj")));
    ASK(n, 200, fixture_get(n, V "/duties?status=overdue"));
    assert_string_equal(fixture_text(n, "status"), "overdue");
}

/* Results of checks: both languages, the reason as it was computed, nobody's own. */
static void test_check_evidence(void **state)
{
    struct node *n = *state;
    struct register_by by = {.now_ns = T0, .who = S("duty")};
    struct register_evidence_check c = {.org = 1,
                                        .duty = S("D14.0.3"),
                                        .check_id = S("log.complete"),
                                        .title = S("{\"vi\":\"Đủ nhật ký\",\"en\":\"Logs complete\"}"),
                                        .result = S("met"),
                                        .note = S("{\"code\":\"complete\"}")};
    struct err err = {0};
    int64_t id;
    assert_int_equal(register_evidence_note_check(n->reg, &by, &c, &id, &err), 0);
    ASK(n, 200, fixture_get(n, V "/evidence?duty=D14.0.3"));
    static const struct {
        const char *at, *want;
    } members[] = {{"items.0.kind", "auto"},      {"items.0.title.vi", "Đủ nhật ký"},
                   {"items.0.by", "Khiên"},       {"items.0.reason.code", "complete"},
                   {"items.0.note", "null"},      {"items.0.mine", "false"},
                   {"items.0.state", "approved"}, {"items.0.result", "met"}};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        assert_string_equal(fixture_text(n, members[i].at), members[i].want);
    PROBLEM(n, 404, "not_found", fixture_get(n, V "/evidence/1/content"));
    c.title = S("plain");
    c.result = S("failed");
    assert_int_equal(register_evidence_note_check(n->reg, &by, &c, &id, &err), 0);
    ASK(n, 200, fixture_get(n, V "/evidence"));
    assert_string_equal(fixture_text(n, "items.0.title.en"), "word.check.log.complete");
}

/* A document of exactly 8 MiB passes; a little more does not. */
static void test_large_evidence(void **state)
{
    struct node *n = *state;
    size_t text = (8u * 1024u * 1024u + 2) / 3 * 4;
    char *body = malloc(text + 512);
    assert_non_null(body);
    int head =
        snprintf(body, 256, "{\"title\":\"a\",\"dated\":\"2026-11-20\",\"file_name\":\"b\",\"content\":\"");
    memset(body + head, 'A', text);
    memcpy(body + head + text - 1, "=\"}", 4); /* 8 MiB leave a rest of two bytes: one '=' */
    ASK(n, 201, fixture_post(n, V "/duties/D14.0.3/evidence", body));
    assert_int_equal(fixture_int(n, "bytes"), 8 * 1024 * 1024);
    memset(body + head + text - 1, 'A', 5);
    memcpy(body + head + text, "AAAA\"}", 7);
    PROBLEM(n, 400, "bad_request", fixture_post(n, V "/duties/D14.0.3/evidence", body));
    assert_string_equal(fixture_text(n, "field"), "content");
    free(body);
}

static void test_exceptions(void **state)
{
    struct node *n = *state;
    struct browser head;
    fixture_person(n, &head, "binh", "head");
    const char *ask = "{\"reason\":\"không có Wi-Fi\",\"until\":\"2026-11-30\"}";
    ASK(n, 201, fixture_post(n, V "/duties/D14.0.3/not-applicable", ask));
    assert_string_equal(fixture_text(n, "state"), "waiting");
    assert_string_equal(fixture_text(n, "until"), "2026-11-30");
    PROBLEM(n, 403, "same_person", fixture_post(n, V "/exceptions/1/approve", "{}"));
    n->browser = &head;
    ASK(n, 200, fixture_post(n, V "/exceptions/1/approve", "{\"note\":\"đồng ý\"}"));
    assert_string_equal(fixture_text(n, "approved_by"), "binh");
    PROBLEM(n, 409, "conflict", fixture_post(n, V "/exceptions/1/reject", "{}"));
    PROBLEM(n, 404, "not_found", fixture_post(n, V "/exceptions/9/approve", "{}"));
    ASK(n, 200, fixture_get(n, V "/duties/D14.0.3"));
    assert_string_equal(fixture_text(n, "exceptions.0.state"), "approved");
    n->now_ns = T0 + 9 * DAY; /* after the last day; a new session */
    ASK(n, 200, fixture_sign_in(n, &head, "binh", PASSWORD));
    ASK(n, 200, fixture_get(n, V "/exceptions?state=ended"));
    assert_int_equal(fixture_count(n, "items"), 1);
}

static void test_sources(void **state)
{
    struct node *n = *state;
    struct register_by by = {.now_ns = T0, .who = S("source")};
    struct register_source s = {.org = 1, .kind = S("udp"), .address = S("10.0.0.1"), .name = S("10.0.0.1")};
    struct err err = {0};
    int64_t id;
    bool is_new;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(register_source_put(n->reg, &by, &s, &id, &is_new, &err), 0);
        s.address = S("10.0.0.2");
    }
    ASK(n, 200, fixture_get(n, V "/sources"));
    assert_string_equal(fixture_text(n, "items.1.dialect"), "rfc5424");
    assert_int_equal(fixture_int(n, "items.1.received"), 10);
    assert_string_equal(fixture_text(n, "items.0.silent"), "true"); /* nothing known of the second */
    assert_string_equal(fixture_text(n, "items.0.dialect"), "null");
    ASK(n, 200, fixture_post(n, V "/sources/1", "{\"name\":\"may-chu-01\",\"silent_after_s\":600}"));
    assert_string_equal(fixture_text(n, "name"), "may-chu-01");
    assert_int_equal(fixture_int(n, "silent_after_s"), 600);
    PROBLEM(n, 400, "bad_request", fixture_post(n, V "/sources/1", "{\"silent_after_s\":1}"));
    PROBLEM(n, 404, "not_found", fixture_post(n, V "/sources/99", "{\"name\":\"x\"}"));
}

static void test_system(void **state)
{
    struct node *n = *state;
    ASK(n, 200, fixture_get(n, V "/system"));
    ASK(n, 202, fixture_post(n, V "/system/verify", "{}"));
    ASK(n, 200, fixture_get(n, V "/system/verify"));
    ASK(n, 200, fixture_get(n, V "/system/metrics?name=cpu&from=-2h"));
    assert_int_equal(fixture_int(n, "span_s"), 7200);
    assert_int_equal(fixture_int(n, "step"), 60);
    ASK(n, 200, fixture_get(n, V "/settings"));
    assert_string_equal(fixture_text(n, "items.0.key"), "session.idle_s");
    ASK(n, 200, fixture_post(n, V "/settings/session.idle_s", "{\"value\":60}"));
    assert_int_equal(fixture_int(n, "value"), 60);
    assert_int_equal(fixture_int(n, "history.0.old"), 300);
    n->now_ns += 61 * SECOND;
    PROBLEM(n, 401, "idle", fixture_get(n, V "/system")); /* in force at once */
}

static void test_guarded_metrics(void **state)
{
    struct node *n = *state;
    static const struct {
        const char *authorization;
        bool loopback;
        int want;
    } rows[] = {{NULL, true, 401},
                {"Bearer metrics-token", true, 200},
                {"bearer metrics-token", true, 200},
                {"Bearer metrics-token", false, 401},
                {"Bearer metrics-tokeN", true, 401},
                {"Basic metrics-token", true, 401},
                {"Bearer", true, 401}};
    ASK(n, 200, fixture_get(n, "/metrics"));
    assert_string_equal(n->body, "khien_up 1\n");
    n->browser = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        n->authorization = rows[i].authorization;
        n->loopback = rows[i].loopback;
        ASK(n, rows[i].want, fixture_get(n, "/metrics"));
    }
    ASK(n, 200, fixture_get(n, "/healthz"));
    ASK(n, 200, fixture_get(n, "/readyz"));
    n->ready = false;
    PROBLEM(n, 503, "busy", fixture_get(n, "/readyz"));
}

/* Each change left a record, and told the node. */
static void test_audit(void **state)
{
    struct node *n = *state;
    unsigned before = n->changed;
    ASK(n, 200, fixture_post(n, V "/settings/session.idle_s", "{\"value\":120}"));
    assert_true(n->changed > before);
    ASK(n, 200, fixture_get(n, V "/audit?limit=500"));
    static const char *const actions[] = {"setting_change", "setup",      "sign_in",
                                          "totp_offer",     "person_add", "org_add"};
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "items.%zu.action", i);
        assert_string_equal(fixture_text(n, path), actions[i]);
    }
    assert_string_equal(fixture_text(n, "items.0.who"), "admin");
    assert_string_equal(fixture_text(n, "items.0.object.id"), "session.idle_s");
    assert_string_equal(fixture_text(n, "items.0.peer"), "10.0.0.9");
}

/* On a full disk an administrator can look, recorded later; nobody can change anything. */
static void test_full_disk(void **state)
{
    struct node *n = *state;
    struct err err = {0};
    struct browser head = {.cookie = ""};
    fixture_person(n, &head, "head", "head");
    n->browser = &n->admin;
    assert_int_equal(sql_exec(n->reg, "PRAGMA query_only = ON", &err), 0);
    n->now_ns += 10 * SECOND; /* the use of the session would be noted */
    ASK(n, 200, fixture_get(n, V "/search?q=x"));
    ASK(n, 200, fixture_get(n, V "/sources"));
    assert_int_equal(register_held_count(n->reg), 1);
    PROBLEM(n, 507, "storage_full", fixture_post(n, V "/people/2/unlock", "{}"));
    n->browser = &head;
    PROBLEM(n, 507, "storage_full", fixture_get(n, V "/search?q=y"));
    n->browser = &n->admin;
    for (unsigned i = 1; i < REGISTER_HELD_ROWS_MAX; i++)
        ASK(n, 200, fixture_get(n, V "/search?q=x"));
    PROBLEM(n, 507, "storage_full", fixture_get(n, V "/search?q=x"));
    assert_int_equal(sql_exec(n->reg, "PRAGMA query_only = OFF", &err), 0);
    assert_int_equal(register_held_release(n->reg, &err), 0);
    ASK(n, 200, fixture_get(n, V "/audit?action=search&limit=500"));
    assert_int_equal(fixture_count(n, "items"), 500);
    ASK(n, 200, fixture_get(n, V "/search?q=x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY(test_paths),          READY(test_no_session),     READY(test_body_forms),
        READY(test_query_forms),    READY(test_roles),          READY(test_search),
        READY(test_late_answers),   READY(test_faults),         READY(test_tail),
        READY(test_findings),       READY(test_today),          READY(test_evidence),
        READY(test_check_evidence), READY(test_large_evidence), READY(test_exceptions),
        READY(test_sources),        READY(test_system),         READY(test_guarded_metrics),
        READY(test_audit),          READY(test_full_disk),
    };
    return cmocka_run_group_tests_name("api_routes", tests, NULL, NULL);
}
