/* Evaluation of obligations: rows of evidence with fixed clocks, and properties over random evidence. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "base/when.h"
#include "duty/duty.h"

#define TEXTS                                                                                                \
    "  article: 1\n  clause: {vi: a, en: a}\n  title: {vi: a, en: a}\n  who: [agency]\n  scope: [org]\n"     \
    "  why: {vi: vì, en: why}\n  todo: {vi: làm, en: do}\n"
#define DUTY(id, rest) "- id: " id "\n" TEXTS rest

static const char duties[] = DUTY(
    "D1.1", "  trigger: continuous\n  verification: A\n  evidence: {auto: [c.one]}\n  freshness: PT1H\n")
    DUTY("D1.2",
         "  trigger: continuous\n  verification: A\n  evidence: {auto: [c.one, c.two]}\n  freshness: PT1H\n")
        DUTY("D1.3", "  trigger: continuous\n  verification: A\n  evidence: {auto: []}\n  freshness: PT1H\n")
            DUTY("D1.4",
                 "  trigger: continuous\n  verification: W\n  evidence: {form: plan}\n  freshness: P1Y\n")
                DUTY("D1.5", "  trigger: periodic\n  every: P3M\n  verification: W\n  evidence: {form: "
                             "report}\n  freshness: P3M\n")
                    DUTY("D1.6", "  trigger: event\n  event: {vi: a, en: a}\n  within: {n: 5, unit: "
                                 "working_day}\n  verification: W\n"
                                 "  evidence: {form: minutes}\n  freshness: P1Y\n")
                        DUTY("D1.7", "  trigger: event\n  event: {vi: a, en: a}\n  within: {n: 1, unit: "
                                     "day}\n  verification: A\n"
                                     "  evidence: {auto: []}\n  freshness: P1Y\n")
                            DUTY("D1.8", "  trigger: event\n  event: {vi: a, en: a}\n  verification: M\n  "
                                         "evidence: {form: other, approve: false}\n"
                                         "  freshness: P5Y\n")
                                DUTY("D1.9", "  trigger: once\n  verification: M\n  evidence: {form: "
                                             "decision, approve: false}\n  freshness: P5Y\n")
                                    DUTY("D1.10", "  trigger: periodic\n  every: P1W\n  verification: W\n  "
                                                  "evidence: {form: report, auto: [c.one]}\n"
                                                  "  freshness: P1W\n")
                                        DUTY("D1.11", "  trigger: event\n  event: {vi: a, en: a}\n  "
                                                      "verification: A\n  evidence: {auto: [c.two]}\n"
                                                      "  freshness: P1D\n");

static struct catalogue *cat;
static struct calendar *cal;

static int64_t at(const char *text)
{
    int64_t ns = 0;
    struct err err = {0};
    if (text == NULL)
        return 0;
    assert_int_equal(when_parse_human(str_of(text), 0, WHEN_VN_OFFSET_S, &ns, &err), 0);
    return ns;
}

static int setup(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(path, sizeof(path), "%s/catalogue/holidays.yaml", root == NULL ? "." : root);
    if (calendar_load(sys_linux(), path, &cal, &err) != 0 || catalogue_new(&cat, &err) != 0 ||
        catalogue_add(cat, S("catalogue.yaml"), S("version: \"1\"\ndate: 2026-01-01\n"), &err) != 0 ||
        catalogue_add(
            cat, S("articles.yaml"),
            S("chapters: [{id: I, title: {vi: a, en: a}}]\narticles: [{n: 1, chapter: I, title: {vi: a, "
              "en: a}}]\n"),
            &err) != 0 ||
        catalogue_add(cat, S("duties.yaml"), str_of(duties), &err) != 0 || catalogue_finish(cat, &err) != 0) {
        print_error("%s\n", err.msg);
        return 1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    calendar_free(cal);
    catalogue_free(cat);
    return 0;
}

static struct duty_fact machine(const char *check, const char *observed, enum duty_verdict v)
{
    struct duty_fact f = {
        .kind = DUTY_AUTO, .check = str_of(check), .observed_ns = at(observed), .verdict = v};
    static const struct str codes[] = {{"fact.yes", 8}, {"fact.no", 7}, {"fact.unreadable", 15}};
    f.reason = reason_of(codes[v]);
    return f;
}

static struct duty_fact paper(const char *duty, const char *dated, enum duty_state state)
{
    struct duty_fact f = {.kind = DUTY_DOCUMENT, .duty = str_of(duty), .state = state, .title = S("Giấy")};
    f.dated = (int32_t)calendar_day_of(at(dated));
    f.observed_ns = at(dated);
    return f;
}

static struct duty_outcome eval(const char *id, const char *now, const struct duty_fact *facts,
                                size_t n_facts, const struct duty_event *events, size_t n_events)
{
    struct duty_input in = {.catalogue = cat, .calendar = cal, .now_ns = at(now)};
    in.start_ns = at("2026-01-05 08:00");
    in.facts = facts;
    in.n_facts = n_facts;
    in.events = events;
    in.n_events = n_events;
    const struct catalogue_duty *d = catalogue_find(cat, str_of(id));
    assert_non_null(d);
    return duty_evaluate(&in, d);
}

static void want(const struct duty_outcome *o, enum duty_status status, const char *code, const char *due,
                 const char *next, int line)
{
    if (o->status != status || !str_eq(o->reason.code, str_of(code)) || o->due_ns != at(due) ||
        o->next_ns != at(next))
        fail_msg("line %d: %.*s, %.*s, due %lld (want %lld), next %lld (want %lld)", line,
                 STR_ARG(duty_status_name(o->status)), STR_ARG(o->reason.code), (long long)o->due_ns,
                 (long long)at(due), (long long)o->next_ns, (long long)at(next));
}
#define WANT(o, status, code, due, next) want(&(o), (status), (code), (due), (next), __LINE__)

static const struct {
    const char *id, *now;
    struct {
        const char *check, *observed;
        enum duty_verdict v;
    } facts[3];
    enum duty_status status;
    const char *code, *next;
} machine_rows[] = {
    {"D1.1", "2026-11-20 08:30", {{NULL, NULL, 0}}, DUTY_UNKNOWN, "unknown.never_checked", NULL},
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_MET,
     "fact.yes",
     "2026-11-20 09:00"},
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_NO}},
     DUTY_FAILED,
     "fact.no",
     "2026-11-20 09:00"},
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_UNREADABLE}},
     DUTY_UNKNOWN,
     "fact.unreadable",
     "2026-11-20 09:00"},
    /* evidence ages: from the instant of the end on it does not count, whatever it said */
    {"D1.1",
     "2026-11-20 08:59:59",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_MET,
     "fact.yes",
     "2026-11-20 09:00"},
    {"D1.1",
     "2026-11-20 09:00",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_UNKNOWN,
     "unknown.stale",
     NULL},
    {"D1.1",
     "2026-11-20 09:00",
     {{"c.one", "2026-11-20 08:00", DUTY_NO}},
     DUTY_UNKNOWN,
     "unknown.stale",
     NULL},
    /* the newest decides, also when it could not be read; the future is not seen */
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:10", DUTY_UNREADABLE}, {"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_UNKNOWN,
     "fact.unreadable",
     "2026-11-20 09:10"},
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:31", DUTY_YES}},
     DUTY_UNKNOWN,
     "unknown.never_checked",
     "2026-11-20 08:31"},
    {"D1.1",
     "2026-11-20 08:30",
     {{"c.two", "2026-11-20 08:00", DUTY_YES}},
     DUTY_UNKNOWN,
     "unknown.never_checked",
     NULL},
    /* two checks: one "not met" decides, one missing is enough to be unknown */
    {"D1.2",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}, {"c.two", "2026-11-20 08:20", DUTY_YES}},
     DUTY_MET,
     "fact.yes",
     "2026-11-20 09:00"},
    {"D1.2",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}, {"c.two", "2026-11-20 08:20", DUTY_NO}},
     DUTY_FAILED,
     "fact.no",
     "2026-11-20 09:00"},
    {"D1.2",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_UNREADABLE}, {"c.two", "2026-11-20 08:20", DUTY_NO}},
     DUTY_FAILED,
     "fact.no",
     "2026-11-20 09:00"},
    {"D1.2",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_UNKNOWN,
     "unknown.never_checked",
     "2026-11-20 09:00"},
    {"D1.3",
     "2026-11-20 08:30",
     {{"c.one", "2026-11-20 08:00", DUTY_YES}},
     DUTY_UNKNOWN,
     "unknown.no_check",
     NULL},
    {"D1.11",
     "2026-11-20 08:30",
     {{"c.two", "2026-11-20 08:00", DUTY_YES}},
     DUTY_MET,
     "fact.yes",
     "2026-11-21 08:00"},
};

static void test_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(machine_rows); i++) {
        struct duty_fact facts[3];
        size_t n = 0;
        for (; n < 3 && machine_rows[i].facts[n].check != NULL; n++)
            facts[n] = machine(machine_rows[i].facts[n].check, machine_rows[i].facts[n].observed,
                               machine_rows[i].facts[n].v);
        struct duty_outcome o = eval(machine_rows[i].id, machine_rows[i].now, facts, n, NULL, 0);
        want(&o, machine_rows[i].status, machine_rows[i].code, NULL, machine_rows[i].next, (int)i);
    }
    /* an earlier end of its own, and a fact for another duty only */
    struct duty_fact f = machine("c.one", "2026-11-20 08:00", DUTY_YES);
    f.expires_ns = at("2026-11-20 08:40");
    struct duty_outcome o = eval("D1.1", "2026-11-20 08:30", &f, 1, NULL, 0);
    WANT(o, DUTY_MET, "fact.yes", NULL, "2026-11-20 08:40");
    f.duty = S("D1.2");
    o = eval("D1.1", "2026-11-20 08:30", &f, 1, NULL, 0);
    WANT(o, DUTY_UNKNOWN, "unknown.never_checked", NULL, NULL);
}

static void test_papers(void **state)
{
    (void)state;
    static const struct {
        const char *id, *now;
        const char *dated; /* NULL: no document */
        enum duty_state st;
        enum duty_status status;
        const char *code, *due, *next;
        size_t waiting;
    } rows[] = {
        {"D1.4", "2026-11-20 08:30", NULL, 0, DUTY_UNKNOWN, "unknown.no_document", NULL, NULL, 0},
        {"D1.4", "2026-11-20 08:30", "2026-03-10", DUTY_APPROVED, DUTY_MET, "met.document", "2027-03-11",
         "2027-03-11", 0},
        {"D1.4", "2026-11-20 08:30", "2026-03-10", DUTY_WAITING, DUTY_UNKNOWN, "unknown.no_document", NULL,
         NULL, 1},
        {"D1.4", "2026-11-20 08:30", "2026-03-10", DUTY_REJECTED, DUTY_UNKNOWN, "unknown.no_document", NULL,
         NULL, 0},
        {"D1.4", "2027-03-10 23:59:59", "2026-03-10", DUTY_APPROVED, DUTY_MET, "met.document", "2027-03-11",
         "2027-03-11", 0},
        {"D1.4", "2027-03-11 00:00", "2026-03-10", DUTY_APPROVED, DUTY_UNKNOWN, "unknown.lapsed", NULL, NULL,
         0},
        /* a date in the future does not count before it comes */
        {"D1.4", "2026-11-20 08:30", "2026-11-25", DUTY_APPROVED, DUTY_UNKNOWN, "unknown.no_document", NULL,
         "2026-11-25", 0},
        /* no second person needed */
        {"D1.9", "2026-11-20 08:30", "2026-03-10", DUTY_WAITING, DUTY_MET, "met.document", "2031-03-11",
         "2031-03-11", 0},
        {"D1.9", "2026-11-20 08:30", "2026-03-10", DUTY_REJECTED, DUTY_UNKNOWN, "unknown.no_document", NULL,
         NULL, 0},
        {"D1.9", "2026-11-20 08:30", NULL, 0, DUTY_UNKNOWN, "unknown.no_document", NULL, NULL, 0},
        /* periodic: the first limit is start + 3 months, then last + 3 months, both at 24:00 */
        {"D1.5", "2026-04-05 23:59", NULL, 0, DUTY_UNKNOWN, "unknown.no_document", "2026-04-06", "2026-04-06",
         0},
        {"D1.5", "2026-04-06 00:00", NULL, 0, DUTY_OVERDUE, "overdue.first", "2026-04-06", NULL, 0},
        {"D1.5", "2026-04-06 00:00", "2026-04-01", DUTY_WAITING, DUTY_OVERDUE, "overdue.first", "2026-04-06",
         NULL, 1},
        {"D1.5", "2026-05-06 00:00", "2026-04-30", DUTY_APPROVED, DUTY_MET, "met.document", "2026-07-31",
         "2026-07-31", 0},
        {"D1.5", "2026-08-01 00:00", "2026-04-30", DUTY_APPROVED, DUTY_OVERDUE, "overdue.period",
         "2026-07-31", NULL, 0},
        /* an event duty: the document alone, no event */
        {"D1.6", "2026-05-06 00:00", NULL, 0, DUTY_UNKNOWN, "unknown.no_event", NULL, NULL, 0},
        {"D1.6", "2026-05-06 00:00", "2026-04-30", DUTY_APPROVED, DUTY_MET, "met.document", "2027-05-01",
         "2027-05-01", 0},
        /* a machine duty is not proved by paper */
        {"D1.1", "2026-05-06 00:00", "2026-04-30", DUTY_APPROVED, DUTY_UNKNOWN, "unknown.never_checked", NULL,
         NULL, 0},
        {"D1.7", "2026-05-06 00:00", "2026-04-30", DUTY_APPROVED, DUTY_UNKNOWN, "unknown.no_event", NULL,
         NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct duty_fact f = {0};
        if (rows[i].dated != NULL)
            f = paper(rows[i].id, rows[i].dated, rows[i].st);
        struct duty_outcome o = eval(rows[i].id, rows[i].now, &f, rows[i].dated != NULL, NULL, 0);
        if (rows[i].dated != NULL && strcmp(rows[i].dated, "2026-11-25") == 0)
            assert_int_equal(o.n_waiting, 0);
        /* next of a machine duty with paper: the end of the paper is announced too, which is harmless */
        if (strcmp(rows[i].id, "D1.1") == 0 || strcmp(rows[i].id, "D1.7") == 0)
            o.next_ns = 0;
        if (strcmp(rows[i].code, "overdue.period") == 0 || strcmp(rows[i].code, "unknown.lapsed") == 0)
            assert_int_equal(o.next_ns, 0);
        want(&o, rows[i].status, rows[i].code, rows[i].due, rows[i].next, (int)i);
        assert_int_equal(o.n_waiting, rows[i].waiting);
        assert_true((o.todo != NULL) ==
                    (o.status != DUTY_MET && strcmp(rows[i].code, "unknown.no_event") != 0));
    }
}

static void test_periodic_with_check(void **state)
{
    (void)state;
    struct duty_fact f[2] = {paper("D1.10", "2026-11-16", DUTY_APPROVED),
                             machine("c.one", "2026-11-18 08:00", DUTY_NO)};
    struct duty_outcome o = eval("D1.10", "2026-11-18 08:30", f, 2, NULL, 0);
    WANT(o, DUTY_FAILED, "fact.no", "2026-11-24", "2026-11-24"); /* a failing check speaks against paper */
    o = eval("D1.10", "2026-11-24 00:00", f, 2, NULL, 0);
    WANT(o, DUTY_OVERDUE, "overdue.period", "2026-11-24", "2026-11-26");
    f[1].verdict = DUTY_YES;
    o = eval("D1.10", "2026-11-18 08:30", f, 2, NULL, 0);
    WANT(o, DUTY_MET, "met.document", "2026-11-24", "2026-11-24");
    o = eval("D1.10", "2026-01-06 08:30", &f[1], 1, NULL, 0);
    WANT(o, DUTY_UNKNOWN, "unknown.no_document", "2026-01-13", "2026-01-13");
}

static void test_events(void **state)
{
    (void)state;
    struct duty_event v[2] = {{.duty = S("D1.6"), .key = S("việc 1"), .at_ns = at("2026-11-20 10:00")}};
    struct duty_fact f = paper("D1.6", "2026-11-27", DUTY_APPROVED);
    f.event = S("việc 1");
    f.observed_ns = at("2026-11-27 09:00");

    struct duty_outcome o = eval("D1.6", "2026-11-20 09:00", NULL, 0, v, 1);
    WANT(o, DUTY_UNKNOWN, "unknown.no_event", NULL, "2026-11-20 10:00");
    o = eval("D1.6", "2026-11-30 23:59", NULL, 0, v, 1);
    WANT(o, DUTY_UNKNOWN, "unknown.event_due", "2026-12-01", "2026-12-01");
    assert_non_null(o.todo);
    o = eval("D1.6", "2026-12-01 00:00", NULL, 0, v, 1);
    WANT(o, DUTY_OVERDUE, "overdue.event", "2026-12-01", NULL);
    /* answered by a document: while it waits the clock runs on */
    o = eval("D1.6", "2026-11-27 10:00", &f, 1, v, 1);
    WANT(o, DUTY_MET, "met.event", NULL, "2027-11-28");
    f.state = DUTY_WAITING;
    o = eval("D1.6", "2026-12-01 00:00", &f, 1, v, 1);
    assert_int_equal(o.status, DUTY_OVERDUE);
    assert_int_equal(o.n_waiting, 1);
    /* answered late */
    v[0].done_ns = at("2026-12-01 00:00");
    o = eval("D1.6", "2026-12-05 00:00", NULL, 0, v, 1);
    WANT(o, DUTY_FAILED, "failed.late", NULL, "2027-12-02");
    /* a newer one in time speaks instead; an open one goes before both */
    v[1] = (struct duty_event){.duty = S("D1.6"), .key = S("việc 2"), .at_ns = at("2026-12-02 10:00")};
    v[1].done_ns = at("2026-12-03 10:00");
    o = eval("D1.6", "2026-12-05 00:00", NULL, 0, v, 2);
    WANT(o, DUTY_MET, "met.event", NULL, "2027-12-04");
    v[1].done_ns = 0;
    o = eval("D1.6", "2026-12-05 00:00", NULL, 0, v, 2);
    WANT(o, DUTY_UNKNOWN, "unknown.event_due", "2026-12-10", "2026-12-10");

    /* T2: the strict clock makes it overdue, the legal latest is told */
    struct duty_event day = {.duty = S("D1.7"), .key = S("lỗ hổng 3"), .at_ns = at("2026-11-20 10:00")};
    o = eval("D1.7", "2026-11-21 09:59", NULL, 0, &day, 1);
    WANT(o, DUTY_UNKNOWN, "unknown.event_due", "2026-11-21 10:00", "2026-11-21 10:00");
    assert_int_equal(o.legal_ns, at("2026-11-22"));
    o = eval("D1.7", "2026-11-21 10:00", NULL, 0, &day, 1);
    WANT(o, DUTY_OVERDUE, "overdue.event", "2026-11-21 10:00", NULL);

    /* no limit: open until answered */
    struct duty_event any = {.duty = S("D1.8"), .key = S("việc 4"), .at_ns = at("2026-11-20 10:00")};
    o = eval("D1.8", "2028-11-21 09:59", NULL, 0, &any, 1);
    WANT(o, DUTY_UNKNOWN, "unknown.event_open", NULL, NULL);
    any.done_ns = at("2028-11-21 09:00");
    o = eval("D1.8", "2028-11-21 09:59", NULL, 0, &any, 1);
    WANT(o, DUTY_MET, "met.event", NULL, "2033-11-22");
}

static void test_not_applicable(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *approver, *from, *until;
        enum duty_state st;
        const char *now;
        enum duty_status status;
        const char *next;
    } rows[] = {
        {"không có Wi-Fi", "A", "2026-01-01", "2027-01-01", DUTY_APPROVED, "2026-11-20", DUTY_NA,
         "2027-01-01"},
        {"không có Wi-Fi", "A", "2026-01-01", "2027-01-01", DUTY_APPROVED, "2027-01-01", DUTY_UNKNOWN, NULL},
        {"không có Wi-Fi", "A", "2026-12-01", "2027-01-01", DUTY_APPROVED, "2026-11-20", DUTY_UNKNOWN,
         "2026-12-01"},
        {"không có Wi-Fi", "A", "2026-01-01", "2027-01-01", DUTY_WAITING, "2026-11-20", DUTY_UNKNOWN, NULL},
        {"không có Wi-Fi", "A", "2026-01-01", "2027-01-01", DUTY_REJECTED, "2026-11-20", DUTY_UNKNOWN, NULL},
        {"", "A", "2026-01-01", "2027-01-01", DUTY_APPROVED, "2026-11-20", DUTY_UNKNOWN, NULL},
        {"không có Wi-Fi", "", "2026-01-01", "2027-01-01", DUTY_APPROVED, "2026-11-20", DUTY_UNKNOWN, NULL},
        {"không có Wi-Fi", "A", "2026-01-01", NULL, DUTY_APPROVED, "2026-11-20", DUTY_UNKNOWN,
         NULL}, /* no end */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct duty_exception x = {.duty = S("D1.4"), .reason = str_of(rows[i].reason), .state = rows[i].st};
        x.approver = str_of(rows[i].approver);
        x.from_ns = at(rows[i].from);
        x.until_ns = at(rows[i].until);
        struct duty_input in = {.catalogue = cat, .calendar = cal, .now_ns = at(rows[i].now)};
        in.exceptions = &x;
        in.n_exceptions = 1;
        struct duty_outcome o = duty_evaluate(&in, catalogue_find(cat, S("D1.4")));
        assert_int_equal(o.status, rows[i].status);
        assert_int_equal(o.next_ns, at(rows[i].next));
    }
}

/* Random worlds. */

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

#define WORLD_FACTS 12
struct world {
    struct duty_fact facts[WORLD_FACTS];
    struct duty_event events[4];
    struct duty_exception exceptions[2];
    struct duty_input in;
};

static int64_t some_time(void)
{
    return at("2026-06-01") + (int64_t)rnd(90 * 24 * 60) * 60 * NS_PER_S;
}

static struct str some_duty(void)
{
    return catalogue_at(cat, (size_t)rnd(catalogue_count(cat)))->id;
}

static struct duty_fact some_fact(void)
{
    static const char *const checks[] = {"c.one", "c.two"};
    struct duty_fact f;
    if (rnd(2) == 0) {
        f = machine(checks[rnd(2)], "2026-06-01", (enum duty_verdict)rnd(DUTY_VERDICT_COUNT));
        f.observed_ns = some_time();
    } else {
        f = paper("D1.1", "2026-06-01", (enum duty_state)rnd(DUTY_STATE_COUNT));
        f.duty = some_duty();
        f.dated = (int32_t)calendar_day_of(some_time());
        f.observed_ns = some_time();
        f.event = rnd(2) == 0 ? S("k") : S("");
    }
    f.expires_ns = rnd(3) == 0 ? some_time() : 0;
    f.id = (int64_t)rnd(5);
    return f;
}

static void make_world(struct world *w)
{
    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < WORLD_FACTS; i++)
        w->facts[i] = some_fact();
    for (size_t i = 0; i < COUNT_OF(w->events); i++) {
        w->events[i] = (struct duty_event){.duty = some_duty(), .key = S("k"), .at_ns = some_time()};
        w->events[i].done_ns = rnd(2) == 0 ? some_time() : 0;
    }
    for (size_t i = 0; i < COUNT_OF(w->exceptions); i++) {
        w->exceptions[i] = (struct duty_exception){.duty = some_duty(), .reason = S("r"), .approver = S("a")};
        w->exceptions[i].state = DUTY_APPROVED;
        w->exceptions[i].from_ns = some_time();
        w->exceptions[i].until_ns = some_time();
    }
    w->in = (struct duty_input){.catalogue = cat, .calendar = cal, .start_ns = at("2026-05-01")};
    w->in.facts = w->facts;
    w->in.n_facts = WORLD_FACTS;
    w->in.events = w->events;
    w->in.n_events = COUNT_OF(w->events);
    w->in.exceptions = w->exceptions;
    w->in.n_exceptions = COUNT_OF(w->exceptions);
}

static void assert_same(const struct duty_outcome *a, const struct duty_outcome *b)
{
    struct buf x, y;
    struct jout j;
    buf_init(&x, 1 << 16);
    buf_init(&y, 1 << 16);
    jout_init(&j, &x);
    reason_put_json(&j, NULL, &a->reason);
    jout_init(&j, &y);
    reason_put_json(&j, NULL, &b->reason);
    if (a->status != b->status || a->due_ns != b->due_ns || a->next_ns != b->next_ns ||
        a->proof != b->proof || a->n_waiting != b->n_waiting || a->checked_ns != b->checked_ns ||
        !str_eq(buf_str(&x), buf_str(&y)))
        fail_msg("%.*s changed before it said so: %.*s → %.*s", STR_ARG(a->duty->id), STR_ARG(buf_str(&x)),
                 STR_ARG(buf_str(&y)));
    buf_done(&x);
    buf_done(&y);
}

/* Between now and the announced instant nothing changes, at no moment; and "met" needs fresh evidence. */
static void test_changes_only_when_announced(void **state)
{
    (void)state;
    static struct world w;
    size_t steps = 0, changes = 0;
    for (seed = 1; seed < 250 * 1000; seed += 1000) {
        uint64_t keep = seed;
        make_world(&w);
        for (size_t k = 0; k < catalogue_count(cat); k++) {
            const struct catalogue_duty *d = catalogue_at(cat, k);
            w.in.now_ns = at("2026-05-20");
            struct duty_outcome o = duty_evaluate(&w.in, d);
            for (int step = 0; step < 200 && o.next_ns != 0; step++) {
                int64_t next = o.next_ns, from = w.in.now_ns;
                assert_true(next > from);
                for (int i = 0; i < 4; i++) {
                    w.in.now_ns =
                        i == 0 ? next - 1 : from + (int64_t)(rnd(1000000)) * ((next - from) / 1000000);
                    struct duty_outcome same = duty_evaluate(&w.in, d);
                    assert_same(&o, &same);
                }
                w.in.now_ns = next;
                struct duty_outcome then = duty_evaluate(&w.in, d);
                changes += then.status != o.status || !str_eq(then.reason.code, o.reason.code);
                o = then;
                steps++;
                assert_true(o.status != DUTY_MET || o.proof != NULL || d->trigger == CATALOGUE_EVENT);
                assert_true(o.status != DUTY_MET || o.next_ns != 0); /* every proof ends */
            }
            assert_int_equal(o.next_ns, 0);
        }
        seed = keep;
    }
    assert_true(changes > 1000 && changes < steps);
}

static void test_pure(void **state)
{
    (void)state;
    static struct world w;
    struct duty_outcome out[16];
    for (seed = 7; seed < 7 + 100 * 1000; seed += 1000) {
        uint64_t keep = seed;
        make_world(&w);
        w.in.now_ns = some_time();
        int64_t next = duty_evaluate_all(&w.in, out);
        for (size_t i = 0; i < catalogue_count(cat); i++) {
            struct duty_outcome again = duty_evaluate(&w.in, out[i].duty);
            assert_same(&out[i], &again);
            assert_true(out[i].next_ns == 0 || out[i].next_ns >= next);
        }
        seed = keep;
    }
}

static void test_views(void **state)
{
    (void)state;
    struct duty_fact f[4] = {
        machine("c.one", "2026-11-20 08:00", DUTY_NO),
        paper("D1.4", "2025-11-22", DUTY_APPROVED), /* lapses in two days */
        paper("D1.9", "2026-11-01", DUTY_APPROVED),
        paper("D1.5", "2026-01-10", DUTY_APPROVED), /* overdue since 10 April */
    };
    struct duty_event v = {.duty = S("D1.6"), .key = S("k"), .at_ns = at("2026-11-02 10:00")};
    struct duty_input in = {.catalogue = cat, .calendar = cal, .now_ns = at("2026-11-20 08:30")};
    in.start_ns = at("2026-01-05");
    in.facts = f;
    in.n_facts = 4;
    in.events = &v;
    in.n_events = 1;
    struct duty_outcome out[16];
    size_t n = catalogue_count(cat);
    (void)duty_evaluate_all(&in, out);
    struct duty_counts c = duty_count(out, n);
    assert_int_equal(
        c.of[DUTY_MET] + c.of[DUTY_FAILED] + c.of[DUTY_OVERDUE] + c.of[DUTY_UNKNOWN] + c.of[DUTY_NA], n);
    assert_int_equal(c.of[DUTY_MET], 2);
    assert_int_equal(c.of[DUTY_OVERDUE], 3);
    assert_int_equal(c.of[DUTY_FAILED], 2);
    struct duty_score score[4];
    assert_int_equal(duty_score_articles(out, n, score, 4), 1);
    assert_int_equal(score[0].article, 1);
    assert_int_equal(score[0].met, 2);
    assert_int_equal(score[0].total, n);
    assert_int_equal(duty_score_chapters(out, n, score, 4), 1);
    assert_int_equal(duty_score_chapters(out, n, score, 0), 0);

    static const char *const order[] = {"D1.10", "D1.5", "D1.6", "D1.1", "D1.2", "D1.4", "D1.11"};
    const struct duty_outcome *today[16];
    size_t found = duty_today(out, n, in.now_ns, today, 16);
    assert_int_equal(found, COUNT_OF(order));
    for (size_t i = 0; i < found; i++)
        assert_true(str_eq(today[i]->duty->id, str_of(order[i])));
    assert_int_equal(duty_today(out, n, in.now_ns, today, 3), 3);
    assert_true(str_eq(today[2]->duty->id, S("D1.6")));
    assert_int_equal(duty_today(out, n, in.now_ns, today, 0), 0);
    for (int i = 0; i < DUTY_STATUS_COUNT; i++)
        assert_int_equal(duty_status_find(duty_status_name((enum duty_status)i)), i);
    assert_int_equal(duty_status_find(S("fine")), -1);
    assert_int_equal(duty_verdict_find(S("unreadable")), DUTY_UNREADABLE);
    assert_int_equal(duty_state_find(S("rejected")), DUTY_REJECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_papers),
        cmocka_unit_test(test_periodic_with_check),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_not_applicable),
        cmocka_unit_test(test_changes_only_when_announced),
        cmocka_unit_test(test_pure),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
