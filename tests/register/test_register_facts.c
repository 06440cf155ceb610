/* Findings, evidence, exceptions, history of duties, sources, settings. */
#include "fixture.h"
#include "register/register_count.h"
#include "register/register_duty.h"
#include "register/register_evidence.h"
#include "register/register_finding.h"
#include "register/register_setting.h"
#include "register/register_source.h"
#include "register/sql.h"

static const struct str nothing = {NULL, 0};

static struct register_finding_new finding_of(struct fixture *f, int64_t at_ns)
{
    return (struct register_finding_new){.org = f->org,
                                         .rule = S("khien-ssh-bruteforce"),
                                         .kind = S("rule"),
                                         .title_vi = S("Dò mật khẩu SSH"),
                                         .title_en = S("SSH brute force"),
                                         .severity = SEVERITY_MEDIUM,
                                         .clauses = S("[\"D20.2.c\"]"),
                                         .group = S("{\"source.ip\":\"10.0.0.1\"}"),
                                         .first_ns = at_ns,
                                         .last_ns = at_ns,
                                         .count = 1,
                                         .window_ns = HOUR,
                                         .due_ns = at_ns + DAY};
}

static int64_t put(struct fixture *f, const struct register_finding_new *n, bool *ret_new)
{
    struct register_by by = {.now_ns = n->last_ns, .who = S("detect")};
    int64_t id = 0;
    OK(f, register_finding_put(f->reg, &by, n, &id, ret_new, &f->err));
    return id;
}

static void test_folding(void **state)
{
    struct fixture *f = *state;
    /* The first one, then what changes: whether it folds into it. */
    struct register_finding_new base = finding_of(f, T0);
    bool is_new;
    int64_t first = put(f, &base, &is_new);
    assert_true(is_new);
    struct register_finding_new later = finding_of(f, T0 + HOUR), other_group = later, other_rule = later,
                                too_late = finding_of(f, T0 + 2 * HOUR + 1);
    other_group.group = S("{\"source.ip\":\"10.0.0.2\"}");
    other_rule.rule = S("other");
    later.severity = SEVERITY_CRITICAL;
    later.count = 61;
    later.due_ns = T0 + HOUR;
    const struct {
        const struct register_finding_new *n;
        bool folds;
    } rows[] = {{&later, true}, {&other_group, false}, {&other_rule, false}, {&too_late, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t id = put(f, rows[i].n, &is_new);
        assert_int_equal(is_new, !rows[i].folds);
        assert_int_equal(id == first, rows[i].folds);
    }
    struct register_finding got;
    bool found;
    OK(f, register_finding_find(f->reg, &f->mem, first, &got, &found, &f->err));
    assert_true(found && got.count == 62 && got.severity == SEVERITY_CRITICAL);
    assert_int_equal(got.first_ns, T0);
    assert_int_equal(got.last_ns, T0 + HOUR);
    assert_int_equal(got.due_ns, T0 + HOUR); /* nearer, never farther */
    int64_t audits = -1;
    OK(f, sql_number(f->reg, "SELECT count(*) FROM audit WHERE action = 'finding_new'", NULL, 0, &audits,
                     &f->err));
    assert_int_equal(audits, 4);
}

static void test_closed_does_not_fold(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    struct register_finding_new n = finding_of(f, T0);
    bool is_new;
    int64_t id = put(f, &n, &is_new);
    OK(f, register_finding_acknowledge(f->reg, &by, id, S("đang xem"), &f->err));
    assert_int_equal(put(f, &n, &is_new), id);
    assert_false(is_new);
    OK(f, register_finding_close(f->reg, &by, id, S("đã chặn"), &f->err));
    assert_int_not_equal(put(f, &n, &is_new), id);
    assert_true(is_new);
}

static void test_sample_events(void **state)
{
    struct fixture *f = *state;
    uint64_t events[80], got[REGISTER_FINDING_EVENTS_MAX];
    struct register_finding_new n = finding_of(f, T0);
    bool is_new;
    size_t count;
    for (size_t i = 0; i < COUNT_OF(events); i++)
        events[i] = 1000 + i;
    n.events = events;
    n.n_events = 30;
    int64_t id = put(f, &n, &is_new);
    n.events = events + 30;
    n.n_events = 50;
    (void)put(f, &n, &is_new);
    OK(f, register_finding_events(f->reg, id, got, &count, &f->err));
    assert_int_equal(count, REGISTER_FINDING_EVENTS_MAX);
    assert_memory_equal(got, events, sizeof(got));
}

static void test_finding_states(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0 + MINUTE);
    struct register_finding_new n = finding_of(f, T0);
    struct register_finding got;
    struct register_finding_history history;
    bool is_new, found;
    int64_t id = put(f, &n, &is_new);
    REFUSED(f, ERR_USAGE, register_finding_close(f->reg, &by, id, S("  "), &f->err));
    OK(f, register_finding_acknowledge(f->reg, &by, id, nothing, &f->err));
    REFUSED(f, ERR_CONFLICT, register_finding_acknowledge(f->reg, &by, id, nothing, &f->err));
    OK(f, register_finding_find(f->reg, &f->mem, id, &got, &found, &f->err));
    assert_true(str_eq(got.acknowledged_by, S("huyen")) && got.acknowledged_ns == T0 + MINUTE);
    OK(f, register_finding_close(f->reg, &by, id, S("xong"), &f->err));
    REFUSED(f, ERR_CONFLICT, register_finding_close(f->reg, &by, id, S("xong"), &f->err));
    REFUSED(f, ERR_NOT_FOUND, register_finding_close(f->reg, &by, 999, S("xong"), &f->err));
    OK(f, register_finding_history(f->reg, &f->mem, id, &history, &f->err));
    assert_int_equal(history.n, 3);
    assert_true(str_eq(history.items[0].what, S("closed")) && str_eq(history.items[0].note, S("xong")));
}

static void test_finding_lists(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    static const enum register_severity severities[] = {SEVERITY_LOW, SEVERITY_CRITICAL, SEVERITY_HIGH,
                                                        SEVERITY_LOW};
    static const char *const rules[] = {"a", "b", "c", "d"};
    bool is_new;
    int64_t ids[4];
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        struct register_finding_new n = finding_of(f, T0);
        n.rule = str_of(rules[i]);
        n.severity = severities[i];
        n.due_ns = i == 3 ? T0 : 0;
        ids[i] = put(f, &n, &is_new);
    }
    OK(f, register_finding_close(f->reg, &by, ids[2], S("xong"), &f->err));
    const struct {
        struct register_finding_filter filter;
        size_t want;
    } rows[] = {
        {{f->org, nothing, SEVERITY_NONE}, 3},      {{f->org, S("all"), SEVERITY_NONE}, 4},
        {{f->org, S("closed"), SEVERITY_NONE}, 1},  {{f->org, S("open"), SEVERITY_LOW}, 2},
        {{f->org + 1, S("all"), SEVERITY_NONE}, 0},
    };
    struct register_finding_list list;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OK(f, register_finding_list(f->reg, &f->mem, &rows[i].filter, (struct register_page){0}, &list,
                                    &f->err));
        assert_int_equal(list.n, rows[i].want);
    }
    OK(f, register_finding_urgent(f->reg, &f->mem, f->org, 10, &list, &f->err));
    assert_int_equal(list.n, 3);
    assert_int_equal(list.items[0].id, ids[1]); /* critical first */
    assert_int_equal(list.items[1].id, ids[3]); /* then what has a deadline */
    struct register_page page = {.limit = 2};
    OK(f, register_finding_list(f->reg, &f->mem, &rows[1].filter, page, &list, &f->err));
    assert_int_equal(list.n, 2);
    page.cursor = list.next;
    OK(f, register_finding_list(f->reg, &f->mem, &rows[1].filter, page, &list, &f->err));
    assert_int_equal(list.n, 2);
    assert_int_equal(list.next, 0);
}

static struct register_evidence_document document_of(struct fixture *f)
{
    return (struct register_evidence_document){.org = f->org,
                                               .duty = S("D14.0.3"),
                                               .title = S("Quy chế"),
                                               .file_name = S("quy-che.pdf"),
                                               .content = S("abc"),
                                               .dated_ns = T0};
}

static void test_four_eyes(void **state)
{
    struct fixture *f = *state;
    struct register_by author = fixture_by(f->author, T0), approver = fixture_by(f->approver, T0 + HOUR);
    struct register_evidence_document d = document_of(f);
    struct register_evidence e;
    int64_t id;
    bool found;
    OK(f, register_evidence_attach(f->reg, &author, &d, &id, &f->err));
    OK(f, register_evidence_find(f->reg, &f->mem, id, T0, &e, &found, &f->err));
    assert_true(str_eq(e.state, S("waiting")) && str_eq(e.by, S("huyen")) && e.approved_by.p == NULL);
    assert_true(
        str_eq(e.digest, S("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
    REFUSED(f, ERR_DENIED, register_evidence_decide(f->reg, &author, id, true, 0, nothing, &f->err));
    REFUSED(f, ERR_NOT_FOUND, register_evidence_decide(f->reg, &approver, 99, true, 0, nothing, &f->err));
    OK(f, register_evidence_decide(f->reg, &approver, id, true, T0 + DAY, S("đúng"), &f->err));
    REFUSED(f, ERR_CONFLICT, register_evidence_decide(f->reg, &approver, id, false, 0, nothing, &f->err));
    OK(f, register_evidence_find(f->reg, &f->mem, id, T0 + DAY - 1, &e, &found, &f->err));
    assert_true(str_eq(e.state, S("approved")) && str_eq(e.approved_by, S("binh")) &&
                str_eq(e.note, S("đúng")));
    OK(f, register_evidence_find(f->reg, &f->mem, id, T0 + DAY, &e, &found, &f->err));
    assert_true(str_eq(e.state, S("expired"))); /* by the clock alone */
    /* The tables refuse it, too. */
    assert_int_equal(sql_exec(f->reg, "UPDATE evidence SET decided_by = created_by", &f->err), -1);
}

static void test_evidence_content(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    struct register_evidence_document d = document_of(f);
    struct str content;
    int64_t id;
    bool found;
    size_t n = REGISTER_EVIDENCE_BYTES_MAX + 1;
    char *big = calloc(1, n);
    assert_non_null(big);
    d.content = (struct str){big, n};
    REFUSED(f, ERR_LIMIT, register_evidence_attach(f->reg, &by, &d, &id, &f->err));
    big[77] = 'x';
    d.content.n--;
    OK(f, register_evidence_attach(f->reg, &by, &d, &id, &f->err));
    OK(f, register_evidence_content(f->reg, &f->mem, id, &content, &found, &f->err));
    assert_true(found && content.n == REGISTER_EVIDENCE_BYTES_MAX && memcmp(content.p, big, content.n) == 0);
    free(big);
    d.content = S("");
    REFUSED(f, ERR_USAGE, register_evidence_attach(f->reg, &by, &d, &id, &f->err));
    OK(f, register_evidence_content(f->reg, &f->mem, 999, &content, &found, &f->err));
    assert_false(found);
}

static void test_check_evidence(void **state)
{
    struct fixture *f = *state;
    struct register_evidence_check c = {.org = f->org,
                                        .duty = S("D13.6.3"),
                                        .check_id = S("password.lockout"),
                                        .title = S("khóa"),
                                        .result = S("met")};
    struct register_evidence e;
    int64_t ids[4];
    bool found;
    for (int i = 0; i < 4; i++) {
        struct register_by by = {.now_ns = T0 + i * HOUR, .who = S("check")};
        c.result = i == 2 ? S("failed") : S("met");
        c.expires_ns = by.now_ns + 90 * MINUTE;
        OK(f, register_evidence_note_check(f->reg, &by, &c, &ids[i], &f->err));
    }
    assert_int_equal(ids[0], ids[1]); /* the same result is the same row, seen later */
    assert_int_not_equal(ids[1], ids[2]);
    assert_int_not_equal(ids[2], ids[3]);
    OK(f, register_evidence_find(f->reg, &f->mem, ids[0], T0 + HOUR, &e, &found, &f->err));
    assert_true(e.dated_ns == T0 && e.seen_ns == T0 + HOUR && e.expires_ns == T0 + 150 * MINUTE);
    struct register_evidence_list list;
    const struct {
        struct str duty, state;
        int64_t now_ns;
        size_t want;
    } rows[] = {{S("D13.6.3"), nothing, T0, 3},
                {nothing, nothing, T0, 3},
                {S("D1"), nothing, T0, 0},
                {nothing, S("approved"), T0 + 3 * HOUR, 2},
                {nothing, S("expired"), T0 + 3 * HOUR, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OK(f, register_evidence_list(f->reg, &f->mem, rows[i].duty, rows[i].state, rows[i].now_ns,
                                     (struct register_page){0}, &list, &f->err));
        assert_int_equal(list.n, rows[i].want);
    }
}

static void test_exceptions(void **state)
{
    struct fixture *f = *state;
    struct register_by author = fixture_by(f->author, T0), approver = fixture_by(f->approver, T0);
    struct register_exception x = {.org = f->org, .duty = S("D12.3.b.1"), .reason = S("không có Wi-Fi")}, got;
    int64_t id;
    bool found;
    REFUSED(f, ERR_USAGE, register_duty_except(f->reg, &author, &x, &id, &f->err)); /* no end */
    x.until_ns = T0 + DAY;
    x.reason = S(" ");
    REFUSED(f, ERR_USAGE, register_duty_except(f->reg, &author, &x, &id, &f->err));
    x.reason = S("không có Wi-Fi");
    OK(f, register_duty_except(f->reg, &author, &x, &id, &f->err));
    REFUSED(f, ERR_DENIED, register_duty_decide(f->reg, &author, id, true, nothing, &f->err));
    OK(f, register_duty_decide(f->reg, &approver, id, true, S("đồng ý"), &f->err));
    REFUSED(f, ERR_CONFLICT, register_duty_decide(f->reg, &approver, id, true, nothing, &f->err));
    REFUSED(f, ERR_NOT_FOUND, register_duty_decide(f->reg, &approver, 99, true, nothing, &f->err));
    OK(f, register_duty_exception(f->reg, &f->mem, id, T0 + DAY - 1, &got, &found, &f->err));
    assert_true(str_eq(got.state, S("approved")) && str_eq(got.approved_by, S("binh")));
    OK(f, register_duty_exception(f->reg, &f->mem, id, T0 + DAY, &got, &found, &f->err));
    assert_true(str_eq(got.state, S("expired")));
    struct register_exception_list list;
    OK(f, register_duty_exceptions(f->reg, &f->mem, nothing, S("approved"), T0, (struct register_page){0},
                                   &list, &f->err));
    assert_int_equal(list.n, 1);
}

static void test_duty_history(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *status, *reason;
        bool changed;
    } rows[] = {{"unknown", "{}", true},
                {"unknown", "{}", false},
                {"met", "{\"code\":\"ok\"}", true},
                {"met", "{\"code\":\"ok2\"}", true},
                {"met", "{\"code\":\"ok2\",\"args\":{\"n\":7}}", false},
                {"unknown", "{}", true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct register_duty_status s = {.at_ns = T0 + (int64_t)i * HOUR,
                                         .status = str_of(rows[i].status),
                                         .reason = str_of(rows[i].reason),
                                         .catalogue = S("2026.11.1")};
        bool changed;
        OK(f, register_duty_note(f->reg, S("D1"), &s, &changed, &f->err));
        assert_int_equal(changed, rows[i].changed);
    }
    struct register_duty_history list;
    OK(f, register_duty_history(f->reg, &f->mem, S("D1"), (struct register_page){0}, &list, &f->err));
    assert_int_equal(list.n, 4);
    assert_int_equal(list.items[0].at_ns, T0 + 5 * HOUR);
    struct register_duty_status bad = {.at_ns = T0, .status = S("fine"), .reason = S("{}")};
    bool changed;
    REFUSED(f, ERR_CONFLICT, register_duty_note(f->reg, S("D1"), &bad, &changed, &f->err));
}

static void test_sources(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    struct register_source s = {
        .org = f->org, .kind = S("udp"), .address = S("10.0.0.1"), .name = S("10.0.0.1")};
    int64_t id, again;
    bool is_new, found;
    OK(f, register_source_put(f->reg, &by, &s, &id, &is_new, &f->err));
    assert_true(is_new);
    OK(f, register_source_put(f->reg, &by, &s, &again, &is_new, &f->err));
    assert_true(!is_new && id == again);
    OK(f, register_source_change(f->reg, &by, id, S("may-chu-01"), 0, &f->err));
    OK(f, register_source_find(f->reg, &f->mem, id, &s, &found, &f->err));
    assert_true(str_eq(s.name, S("may-chu-01")) && s.silent_after_s == 900);
    OK(f, register_source_change(f->reg, &by, id, nothing, 60, &f->err));
    OK(f, register_source_find(f->reg, &f->mem, id, &s, &found, &f->err));
    assert_true(str_eq(s.name, S("may-chu-01")) && s.silent_after_s == 60);
    REFUSED(f, ERR_USAGE, register_source_change(f->reg, &by, id, nothing, 59, &f->err));
    REFUSED(f, ERR_USAGE, register_source_change(f->reg, &by, id, S(""), 0, &f->err));
    REFUSED(f, ERR_NOT_FOUND, register_source_change(f->reg, &by, 99, S("x"), 0, &f->err));
}

static void test_settings(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    struct register_setting_changes changes;
    enum register_setting_id id;
    int64_t value;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct register_setting *s = register_setting_row((enum register_setting_id)i);
        assert_true(register_setting_find(s->key, &id) && id == i);
        assert_true(s->min <= s->def && s->def <= s->max);
        OK(f, register_setting_get(f->reg, id, &value, &f->err));
        assert_int_equal(value, s->def);
        REFUSED(f, ERR_USAGE, register_setting_set(f->reg, &by, id, s->max + 1, &f->err));
        REFUSED(f, ERR_USAGE, register_setting_set(f->reg, &by, id, s->min - 1, &f->err));
    }
    assert_false(register_setting_find(S("no.such"), &id));
    OK(f, register_setting_set(f->reg, &by, SETTING_IDLE_S, 120, &f->err));
    OK(f, register_setting_set(f->reg, &by, SETTING_IDLE_S, 180, &f->err));
    OK(f, register_setting_get(f->reg, SETTING_IDLE_S, &value, &f->err));
    assert_int_equal(value, 180);
    OK(f, register_setting_history(f->reg, &f->mem, SETTING_IDLE_S, &changes, &f->err));
    assert_true(changes.n == 2 && changes.items[0].old == 120 && changes.items[0].now == 180);
    assert_true(changes.items[1].old == 300 && str_eq(changes.items[1].who, S("tester")));
}

/* Whether initial passwords are changed is seen in the accounts, not supposed. */
static void test_count_initial(void **state)
{
    struct fixture *f = *state;
    struct register_by by = fixture_by(f->author, T0);
    struct register_person p = {.org = f->org,
                                .name = S("An"),
                                .login = S("an"),
                                .role = ROLE_OFFICER,
                                .hash = S("$argon2id$first"),
                                .must_change = true};
    struct register_counts c;
    int64_t must = 0, may = 0;
    OK(f, register_count_all(f->reg, T0, T0, &c, &f->err));
    assert_true(c.accounts == 2 && c.initial_given == 0 && c.initial_used == 0);
    OK(f, register_person_add(f->reg, &by, &p, &must, &f->err));
    p.login = S("em");
    p.must_change = false;
    OK(f, register_person_add(f->reg, &by, &p, &may, &f->err));
    OK(f, register_count_all(f->reg, T0, T0, &c, &f->err));
    assert_true(c.accounts == 4 && c.initial_given == 2 && c.initial_used == 1);
    OK(f, register_person_set_password(f->reg, &by, must, S("$argon2id$own"), false, &f->err));
    OK(f, register_count_all(f->reg, T0, T0, &c, &f->err));
    assert_true(c.initial_given == 2 && c.initial_used == 1);
    OK(f, register_person_disable(f->reg, &by, may, true, &f->err));
    OK(f, register_count_all(f->reg, T0, T0, &c, &f->err));
    assert_true(c.accounts == 3 && c.initial_given == 1 && c.initial_used == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_folding),          FIXTURE_TEST(test_closed_does_not_fold),
        FIXTURE_TEST(test_sample_events),    FIXTURE_TEST(test_finding_states),
        FIXTURE_TEST(test_finding_lists),    FIXTURE_TEST(test_four_eyes),
        FIXTURE_TEST(test_evidence_content), FIXTURE_TEST(test_check_evidence),
        FIXTURE_TEST(test_exceptions),       FIXTURE_TEST(test_duty_history),
        FIXTURE_TEST(test_sources),          FIXTURE_TEST(test_settings),
        FIXTURE_TEST(test_count_initial),
    };
    return cmocka_run_group_tests_name("register_facts", tests, NULL, NULL);
}
