/* Checks: one table of observations per check, three values each; every reason has its sentence in both
 * languages. */
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
#include "duty/check.h"

static struct reason_texts *texts;
static struct catalogue *shipped;

static int64_t at(const char *text)
{
    int64_t ns = 0;
    struct err err = {0};
    assert_int_equal(when_parse_human(str_of(text), 0, WHEN_VN_OFFSET_S, &ns, &err), 0);
    return ns;
}

static int setup(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    const char *root = getenv("KHIEN_SOURCE_ROOT");
    (void)snprintf(path, sizeof(path), "%s/catalogue", root == NULL ? "." : root);
    if (catalogue_load(sys_linux(), path, &shipped, &err) != 0)
        print_error("%s\n", err.msg);
    (void)snprintf(path, sizeof(path), "%s/catalogue/texts/reasons.yaml", root == NULL ? "." : root);
    if (shipped != NULL && reason_load(sys_linux(), path, &texts, &err) != 0)
        print_error("%s\n", err.msg);
    return texts == NULL;
}

static int teardown(void **state)
{
    (void)state;
    reason_texts_free(texts);
    catalogue_free(shipped);
    return 0;
}

/* Everything as it should be at 08:30 on 20 November. */
static struct check_obs good(void)
{
    struct check_obs o = {.now_ns = at("2026-11-20 08:30")};
    o.accounts =
        (struct check_accounts){.read = true, .accounts = 3, .oldest_set_ns = at("2026-10-01 08:00")};
    o.accounts.rate_limited = o.accounts.session_single = true;
    o.accounts.initial_given = 2;
    o.accounts.captcha_after = 3;
    o.accounts.lockout_after = 5;
    o.accounts.delay_s = 900;
    o.accounts.length_min = 12;
    o.accounts.classes_min = 4;
    o.accounts.sessions_most = 1;
    o.accounts.idle_s = 300;
    o.logs = (struct check_logs){.read = true, .sources = 3, .sources_24h = 3, .records_24h = 1000};
    o.logs.malformed_24h = 50;
    o.logs.lag_p95_ms = 60000;
    o.logs.oldest_ns = at("2026-01-05 10:00");
    o.logs.since_ns = at("2026-01-05 09:00");
    o.logs.retention_months = 12;
    o.logs.reviewed_ns = at("2026-11-13 08:30");
    o.logs.rules_read = true;
    for (size_t i = 0; i < CHECK_CLASS_COUNT; i++)
        o.logs.rules[i] = 1;
    o.logs.layers_read = true;
    for (size_t i = 0; i < CHECK_LAYER_COUNT; i++)
        o.logs.layers[i] = 1;
    o.host =
        (struct check_host){.read = true, .coverage_pct = 95.0, .net_coverage_pct = 100.0, .thresholds = 3};
    o.host.sampled_ns = o.host.net_sampled_ns = o.host.heartbeat_ns = at("2026-11-20 08:29:00");
    o.host.evaluated_ns = at("2026-11-20 08:28:00");
    o.store =
        (struct check_store){.read = true, .parts = 4, .parts_encrypted = 4, .cipher = S("AES-256-GCM")};
    o.store.verified_ns = at("2026-11-19 08:30");
    o.store.verified_ok = o.store.sealing = o.store.access_audited = o.store.keys_read = o.store.audit_read =
        true;
    o.store.keys = 2;
    o.store.key_bits_min = 128;
    o.store.config_changes = o.store.config_audited = 7;
    o.clock = (struct check_clock){.sync = CHECK_SYNC_YES, .offset_known = true, .offset_ms = -1000.0};
    return o;
}

/* The sentence exists, has no argument left open, and is UTF-8 in both languages. */
static void assert_told(const struct reason *r)
{
    for (int lang = REASON_VI; lang <= REASON_EN; lang++) {
        struct buf b;
        buf_init(&b, 1 << 14);
        if (reason_text(texts, r->code, (enum reason_lang)lang).p == NULL)
            fail_msg("no text for %.*s", STR_ARG(r->code));
        reason_render(texts, r, (enum reason_lang)lang, &b);
        if (str_find_char(buf_str(&b), '{') != SIZE_MAX || b.n < 5)
            fail_msg("%.*s: %.*s", STR_ARG(r->code), STR_ARG(buf_str(&b)));
        buf_done(&b);
    }
}

#define CASES(X)                                                                                             \
    X(password_age, o->accounts.passwords_old = 1, DUTY_NO, "password.age.not_met")                          \
    X(password_age, o->accounts.accounts = 0, DUTY_UNREADABLE, "password.age.no_account")                    \
    X(password_initial, o->accounts.initial_given = 0, DUTY_UNREADABLE, "password.initial.no_account")       \
    X(password_initial, o->accounts.initial_unchanged = 2, DUTY_NO, "password.initial.not_met")              \
    X(password_lockout, o->accounts.lockout_after = 0, DUTY_NO, "password.lockout.off")                      \
    X(password_lockout, o->accounts.lockout_after = 2, DUTY_NO, "password.lockout.not_met")                  \
    X(password_lockout, o->accounts.lockout_after = 3, DUTY_YES, "password.lockout.met")                     \
    X(password_lockout, o->accounts.lockout_after = 6, DUTY_NO, "password.lockout.not_met")                  \
    X(password_bruteforce, (o->accounts.rate_limited = false, o->accounts.delay_s = 0), DUTY_NO,             \
      "password.bruteforce.not_met")                                                                         \
    X(password_bruteforce, o->accounts.rate_limited = false, DUTY_YES, "password.bruteforce.met")            \
    X(password_captcha, o->accounts.captcha_after = 0, DUTY_YES, "password.captcha.always")                  \
    X(password_captcha, o->accounts.lockout_after = 3, DUTY_NO, "password.captcha.not_met")                  \
    X(password_captcha, o->accounts.lockout_after = 0, DUTY_YES, "password.captcha.met")                     \
    X(password_length, o->accounts.length_min = 8, DUTY_YES, "password.length.met")                          \
    X(password_length, o->accounts.length_min = 7, DUTY_NO, "password.length.not_met")                       \
    X(password_classes, o->accounts.classes_min = 3, DUTY_NO, "password.classes.not_met")                    \
    X(session_single, o->accounts.session_single = false, DUTY_NO, "session.single.off")                     \
    X(session_single, o->accounts.sessions_most = 2, DUTY_NO, "session.single.not_met")                      \
    X(session_single, o->accounts.sessions_most = 0, DUTY_YES, "session.single.met")                         \
    X(session_idle, o->accounts.idle_s = 0, DUTY_NO, "session.idle.off")                                     \
    X(session_idle, o->accounts.idle_s = 301, DUTY_NO, "session.idle.not_met")                               \
    X(log_recorded, o->logs.sources = 0, DUTY_NO, "log.recorded.no_source")                                  \
    X(log_recorded, o->logs.sources_24h = 2, DUTY_NO, "log.recorded.not_met")                                \
    X(log_recorded, o->logs.malformed_24h = 51, DUTY_NO, "log.recorded.not_parsed")                          \
    X(log_recorded, o->logs.malformed_24h = 5000, DUTY_NO, "log.recorded.not_parsed")                        \
    X(log_kept, o->logs.retention_months = 11, DUTY_NO, "log.kept.setting")                                  \
    X(log_kept, o->logs.retention_months = 0, DUTY_YES, "log.kept.for_ever")                                 \
    X(log_kept, o->logs.oldest_ns = 0, DUTY_UNREADABLE, "log.kept.empty")                                    \
    X(log_kept, o->logs.oldest_ns = at("2026-02-05"), DUTY_NO, "log.kept.not_met")                           \
    X(log_kept, (o->logs.since_ns = at("2020-01-01"), o->logs.oldest_ns = at("2025-11-20")), DUTY_YES,       \
      "log.kept.met")                                                                                        \
    X(log_kept, (o->logs.since_ns = at("2020-01-01"), o->logs.oldest_ns = at("2025-12-01")), DUTY_NO,        \
      "log.kept.not_met")                                                                                    \
    X(log_reviewed, o->logs.reviewed_ns = at("2026-11-13 08:29:59"), DUTY_NO, "log.reviewed.not_met")        \
    X(log_reviewed, o->logs.reviewed_ns = 0, DUTY_NO, "log.reviewed.never")                                  \
    X(log_reviewed, (o->logs.reviewed_ns = 0, o->logs.since_ns = at("2026-11-14")), DUTY_UNREADABLE,         \
      "log.reviewed.not_yet")                                                                                \
    X(log_detection, o->logs.rules[CHECK_DESTROY] = 0, DUTY_NO, "log.detection.not_met")                     \
    X(log_detection, o->logs.rules_read = false, DUTY_UNREADABLE, "log.detection.unreadable")                \
    X(source_silent, (o->logs.sources_silent = 1, o->logs.silent_name = S("tường lửa")), DUTY_NO,            \
      "source.silent.not_met")                                                                               \
    X(source_silent, o->logs.sources = 0, DUTY_NO, "log.recorded.no_source")                                 \
    X(log_central, o->logs.sources_24h = 1, DUTY_NO, "log.central.not_met")                                  \
    X(log_central, o->logs.layers[CHECK_DATABASE] = 0, DUTY_NO, "log.central.layer")                         \
    X(log_central, o->logs.layers_read = false, DUTY_UNREADABLE, "log.central.no_layers")                    \
    X(host_up, (o->host.devices = 5, o->host.devices_watched = 4), DUTY_NO, "host.up.devices")               \
    X(host_up, (o->host.devices = 5, o->host.devices_watched = 5), DUTY_YES, "host.up.met")                  \
    X(host_load, (o->host.devices = 5, o->host.devices_watched = 4), DUTY_NO, "host.load.devices")           \
    X(host_traffic, (o->host.devices = 5, o->host.devices_watched = 4), DUTY_NO, "host.traffic.devices")     \
    X(log_central, o->logs.sources = 0, DUTY_NO, "log.recorded.no_source")                                   \
    X(log_realtime, o->logs.lag_p95_ms = 60001, DUTY_NO, "log.realtime.not_met")                             \
    X(log_realtime, o->logs.lag_p95_ms = -1, DUTY_UNREADABLE, "log.realtime.no_record")                      \
    X(host_up, o->host.heartbeat_ns = at("2026-11-20 08:28:59"), DUTY_NO, "host.up.not_met")                 \
    X(host_up, o->host.coverage_pct = 94.9, DUTY_NO, "host.up.gaps")                                         \
    X(host_load, o->host.sampled_ns = at("2026-11-20 08:28:59"), DUTY_NO, "host.load.not_met")               \
    X(host_load, o->host.coverage_pct = 94.9, DUTY_NO, "host.load.gaps")                                     \
    X(host_load, o->host.sampled_ns = 0, DUTY_UNREADABLE, "host.load.unreadable")                            \
    X(host_traffic, o->host.net_sampled_ns = at("2026-11-20 08:28:59"), DUTY_NO, "host.traffic.not_met")     \
    X(host_traffic, o->host.net_coverage_pct = 94.9, DUTY_NO, "host.traffic.gaps")                           \
    X(host_overload_alarm, o->host.thresholds = 0, DUTY_NO, "host.overload_alarm.no_threshold")              \
    X(host_overload_alarm, o->host.evaluated_ns = 0, DUTY_UNREADABLE, "host.overload_alarm.never")           \
    X(host_overload_alarm, o->host.evaluated_ns = at("2026-11-20 08:27:59"), DUTY_NO,                        \
      "host.overload_alarm.not_met")                                                                         \
    X(monitor_self, o->host.queue_dropped_24h = 1, DUTY_NO, "monitor.self.dropped")                          \
    X(monitor_self, o->host.sampled_ns = at("2026-11-20 08:20"), DUTY_NO, "monitor.self.not_met")            \
    X(monitor_self, o->host.coverage_pct = 50, DUTY_NO, "monitor.self.gaps")                                 \
    X(config_audited, o->store.config_audited = 6, DUTY_NO, "config.audited.not_met")                        \
    X(config_audited, o->store.config_audited = 8, DUTY_NO, "config.audited.not_met")                        \
    X(config_audited, o->store.audit_read = false, DUTY_UNREADABLE, "config.audited.unreadable")             \
    X(store_encrypted, o->store.parts_encrypted = 3, DUTY_NO, "store.encrypted.not_met")                     \
    X(store_encrypted, o->store.parts = 0, DUTY_UNREADABLE, "store.encrypted.empty")                         \
    X(store_integrity, (o->store.verified_ok = false, o->store.problems = 2), DUTY_NO,                       \
      "store.integrity.not_met")                                                                             \
    X(store_integrity, o->store.verified_ns = 0, DUTY_UNREADABLE, "store.integrity.never")                   \
    X(store_integrity, o->store.verified_ns = at("2026-11-19 08:29:59"), DUTY_UNREADABLE,                    \
      "store.integrity.old")                                                                                 \
    X(log_protected, o->store.sealing = false, DUTY_NO, "log.protected.not_sealed")                          \
    X(log_protected, o->store.access_audited = false, DUTY_NO, "log.protected.not_audited")                  \
    X(log_protected, o->store.verified_ok = false, DUTY_NO, "log.protected.not_met")                         \
    X(log_protected, o->store.verified_ns = 0, DUTY_UNREADABLE, "log.protected.never")                       \
    X(log_protected, o->store.verified_ns = at("2026-11-18"), DUTY_UNREADABLE, "log.protected.old")          \
    X(key_length, o->store.key_bits_min = 127, DUTY_NO, "key.length.not_met")                                \
    X(key_length, o->store.keys = 0, DUTY_UNREADABLE, "key.length.no_key")                                   \
    X(key_length, o->store.keys_read = false, DUTY_UNREADABLE, "key.length.unreadable")                      \
    X(clock_offset, o->clock.offset_ms = 1000.5, DUTY_NO, "clock.offset.not_met")                            \
    X(clock_offset, o->clock.offset_ms = -5000.5, DUTY_NO, "clock.offset.alarm")                             \
    X(clock_offset, o->clock.sync = CHECK_SYNC_NO, DUTY_NO, "clock.offset.unsynchronised")                   \
    X(clock_offset, o->clock.sync = CHECK_SYNC_UNREADABLE, DUTY_UNREADABLE, "clock.offset.unreadable")       \
    X(clock_offset, o->clock.offset_known = false, DUTY_UNREADABLE, "clock.offset.no_offset")                \
    X(clock_offset, o->clock.sources_skewed = 1, DUTY_NO, "clock.offset.skewed")

static void test_rows(void **state)
{
    (void)state;
    struct check_obs obs, *o = &obs;
    struct reason r;
    enum duty_verdict v;
#define X(fn, change, verdict, want)                                                                         \
    obs = good();                                                                                            \
    (void)(change);                                                                                          \
    v = check_run(CHECK_##fn, &obs, &r);                                                                     \
    if (v != (verdict) || !str_eq(r.code, S(want)))                                                          \
        fail_msg("%s with %s: %.*s", #fn, #change, STR_ARG(r.code));                                         \
    assert_told(&r);
    CASES(X)
#undef X
}

static void test_good_and_unread(void **state)
{
    (void)state;
    struct check_obs all = good(), none = {.now_ns = all.now_ns};
    for (int i = 0; i < CHECK_COUNT; i++) {
        enum check_id id = (enum check_id)i;
        struct reason r;
        enum duty_verdict v = check_run(id, &all, &r);
        if (v != DUTY_YES)
            fail_msg("%.*s: %.*s", STR_ARG(check_name(id)), STR_ARG(r.code));
        assert_true(str_starts(r.code, check_name(id)) && str_ends(r.code, S(".met")));
        assert_told(&r);
        assert_int_equal(check_run(id, &none, &r), DUTY_UNREADABLE); /* nothing read is never "met" */
        assert_true(str_ends(r.code, S(".unreadable")));
        assert_told(&r);
        assert_int_equal(check_find(check_name(id)), i);

        struct duty_fact f = check_fact(id, &all);
        assert_int_equal(f.kind, DUTY_AUTO);
        assert_int_equal(f.observed_ns, all.now_ns);
        assert_int_equal(f.expires_ns, all.now_ns + check_freshness_ns(id));
    }
    assert_int_equal(check_find(S("no.such")), -1);
    assert_int_equal(check_class_find(S("destroy")), CHECK_DESTROY);
    assert_int_equal(check_class_find(S("burn")), -1);
    assert_int_equal(check_layer_find(check_layer_name(CHECK_ENDPOINT)), CHECK_ENDPOINT);
}

/* The password and session checks say that they speak of Khiên alone. */
static void test_honest(void **state)
{
    (void)state;
    for (size_t i = 0; i < reason_count(texts); i++) {
        struct str code = reason_code_at(texts, i);
        if (!str_starts(code, S("password.")) && !str_starts(code, S("session.")))
            continue;
        assert_true(str_find(reason_text(texts, code, REASON_VI), S("Khiên")) != SIZE_MAX);
        assert_true(str_find(reason_text(texts, code, REASON_EN), S("Khiên")) != SIZE_MAX);
    }
}

/* Catalogue and table name the same checks for the same duties. */
static void test_catalogue_agrees(void **state)
{
    (void)state;
    size_t listed = 0;
    for (size_t i = 0; i < catalogue_count(shipped); i++) {
        const struct catalogue_duty *d = catalogue_at(shipped, i);
        for (size_t k = 0; k < d->n_checks; k++, listed++) {
            int id = check_find(d->checks[k]);
            if (id < 0)
                fail_msg("%.*s: no check %.*s", STR_ARG(d->id), STR_ARG(d->checks[k]));
            assert_true(str_eq(check_duty((enum check_id)id), d->id));
            assert_non_null(reason_text(texts, d->check_words[k], REASON_VI).p);
        }
    }
    assert_int_equal(listed, CHECK_COUNT);
}

/* With a node in good order the 25 machine duties are met; an hour without checks later none is. */
static void test_whole_catalogue(void **state)
{
    (void)state;
    struct check_obs obs = good();
    struct duty_fact facts[CHECK_COUNT];
    struct calendar *cal = NULL;
    struct err err = {0};
    static struct duty_outcome out[CATALOGUE_DUTIES_MAX];
    assert_int_equal(calendar_new(NULL, 0, &cal, &err), 0);
    for (int i = 0; i < CHECK_COUNT; i++)
        facts[i] = check_fact((enum check_id)i, &obs);
    struct duty_input in = {
        .catalogue = shipped, .calendar = cal, .now_ns = obs.now_ns, .start_ns = obs.now_ns};
    in.facts = facts;
    in.n_facts = CHECK_COUNT;
    assert_int_equal(duty_evaluate_all(&in, out), obs.now_ns + 3600 * NS_PER_S);
    size_t n = catalogue_count(shipped);
    assert_int_equal(duty_count(out, n).of[DUTY_MET],
                     CHECK_COUNT - 2); /* D13.6.5 and D14.0.3 need a document */
    assert_int_equal(duty_count(out, n).of[DUTY_UNKNOWN], n - (CHECK_COUNT - 2));
    struct buf b;
    struct jout j;
    buf_init(&b, 4 << 20);
    for (size_t i = 0; i < n; i++) {
        assert_told(&out[i].reason);
        jout_init(&j, &b);
        duty_put_json(&j, texts, &out[i]);
        jout_init(&j, &b);
        duty_put_explain(&j, texts, &out[i]);
        duty_explain(texts, &out[i], REASON_VI, &b);
    }
    assert_false(b.bad);
    buf_done(&b);
    in.now_ns += WHEN_DAY_NS;
    (void)duty_evaluate_all(&in, out);
    assert_int_equal(duty_count(out, n).of[DUTY_MET], 0);
    calendar_free(cal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_good_and_unread),
        cmocka_unit_test(test_honest),
        cmocka_unit_test(test_catalogue_agrees),
        cmocka_unit_test(test_whole_catalogue),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
