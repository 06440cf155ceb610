#include "duty/check.h"

#include "base/when.h"

/*
 * One function per row of CHECK_TABLE. `r` comes with the code of the verdict "unreadable"; a function that
 * decides calls met() or not_met(), which set the code "<check>.met" or "<check>.<what>", and adds arguments.
 */
struct judge {
    const struct check_obs *obs;
    struct reason *r;
    struct str met_code;
};

static enum duty_verdict met(struct judge *j)
{
    j->r->code = j->met_code;
    return DUTY_YES;
}

static enum duty_verdict met_as(struct judge *j, struct str code)
{
    j->r->code = code;
    return DUTY_YES;
}

static enum duty_verdict not_met(struct judge *j, struct str code)
{
    j->r->code = code;
    return DUTY_NO;
}

static enum duty_verdict unreadable(struct judge *j, struct str code)
{
    j->r->code = code;
    return DUTY_UNREADABLE;
}

static double pct(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 100.0 : 100.0 * (double)part / (double)whole;
}

static bool older_than_s(const struct check_obs *o, int64_t at_ns, int64_t seconds)
{
    int64_t age;
    return __builtin_sub_overflow(o->now_ns, at_ns, &age) || age > seconds * NS_PER_S;
}

/* Accounts of Khiên. */

static enum duty_verdict password_age(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("accounts"), a->accounts);
    reason_add_int(j->r, S("months"), CHECK_PASSWORD_MONTHS_MAX);
    if (a->accounts == 0)
        return unreadable(j, S("password.age.no_account"));
    if (a->oldest_set_ns != 0)
        reason_add_time(j->r, S("oldest"), a->oldest_set_ns);
    reason_add_int(j->r, S("old"), a->passwords_old);
    return a->passwords_old == 0 ? met(j) : not_met(j, S("password.age.not_met"));
}

static enum duty_verdict password_initial(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (a->initial_given == 0)
        return unreadable(j, S("password.initial.no_account"));
    reason_add_int(j->r, S("given"), a->initial_given);
    reason_add_int(j->r, S("unchanged"), a->initial_unchanged);
    return a->initial_unchanged == 0 ? met(j) : not_met(j, S("password.initial.not_met"));
}

static enum duty_verdict password_lockout(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (a->lockout_after == 0)
        return not_met(j, S("password.lockout.off"));
    reason_add_int(j->r, S("after"), a->lockout_after);
    return a->lockout_after >= CHECK_LOCKOUT_MIN && a->lockout_after <= CHECK_LOCKOUT_MAX
               ? met(j)
               : not_met(j, S("password.lockout.not_met"));
}

static enum duty_verdict password_bruteforce(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (!a->rate_limited && a->delay_s == 0)
        return not_met(j, S("password.bruteforce.not_met"));
    reason_add_int(j->r, S("delay_s"), a->delay_s);
    return met(j);
}

static enum duty_verdict password_captcha(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (a->captcha_after == 0)
        return met_as(j, S("password.captcha.always"));
    reason_add_int(j->r, S("after"), a->captcha_after);
    /* A login that is locked first meets no captcha. */
    return a->lockout_after == 0 || a->captcha_after < a->lockout_after
               ? met(j)
               : not_met(j, S("password.captcha.not_met"));
}

static enum duty_verdict password_length(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("length"), a->length_min);
    reason_add_int(j->r, S("min"), CHECK_PASSWORD_LENGTH_MIN);
    return a->length_min >= CHECK_PASSWORD_LENGTH_MIN ? met(j) : not_met(j, S("password.length.not_met"));
}

static enum duty_verdict password_classes(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("classes"), a->classes_min);
    return a->classes_min >= CHECK_PASSWORD_CLASSES ? met(j) : not_met(j, S("password.classes.not_met"));
}

static enum duty_verdict session_single(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (!a->session_single)
        return not_met(j, S("session.single.off"));
    reason_add_int(j->r, S("most"), a->sessions_most);
    return a->sessions_most <= 1 ? met(j) : not_met(j, S("session.single.not_met"));
}

static enum duty_verdict session_idle(struct judge *j)
{
    const struct check_accounts *a = &j->obs->accounts;
    if (!a->read)
        return DUTY_UNREADABLE;
    if (a->idle_s == 0)
        return not_met(j, S("session.idle.off"));
    reason_add_int(j->r, S("idle_s"), a->idle_s);
    reason_add_int(j->r, S("max_s"), CHECK_IDLE_S_MAX);
    return a->idle_s <= CHECK_IDLE_S_MAX ? met(j) : not_met(j, S("session.idle.not_met"));
}

/* Logs. */

static enum duty_verdict log_recorded(struct judge *j)
{
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    if (l->sources == 0)
        return not_met(j, S("log.recorded.no_source"));
    uint64_t parsed = l->malformed_24h > l->records_24h ? 0 : l->records_24h - l->malformed_24h;
    reason_add_int(j->r, S("sources"), l->sources);
    reason_add_int(j->r, S("alive"), l->sources_24h);
    reason_add_real(j->r, S("parsed"), pct(parsed, l->records_24h));
    if (l->sources_24h < l->sources)
        return not_met(j, S("log.recorded.not_met"));
    return pct(parsed, l->records_24h) >= CHECK_PARSED_PCT_MIN ? met(j)
                                                               : not_met(j, S("log.recorded.not_parsed"));
}

/* The retention floor: a shorter setting fails at once; a younger store must hold all since its start. */
static enum duty_verdict log_kept(struct judge *j)
{
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("floor"), CHECK_KEPT_MONTHS_MIN);
    if (l->retention_months != 0)
        reason_add_int(j->r, S("setting"), l->retention_months);
    if (l->retention_months != 0 && l->retention_months < CHECK_KEPT_MONTHS_MIN)
        return not_met(j, S("log.kept.setting"));
    if (l->oldest_ns == 0)
        return unreadable(j, S("log.kept.empty"));
    reason_add_time(j->r, S("oldest"), l->oldest_ns);
    reason_add_time(j->r, S("since"), l->since_ns);
    struct civil floor = when_from_ns(j->obs->now_ns, WHEN_VN_OFFSET_S);
    floor.year -= CHECK_KEPT_MONTHS_MIN / 12;
    if (floor.day > when_month_days(floor.year, floor.month))
        floor.day = when_month_days(floor.year, floor.month);
    int64_t floor_ns;
    if (!when_to_ns(&floor, &floor_ns))
        return DUTY_UNREADABLE;
    int64_t needed = l->since_ns > floor_ns ? l->since_ns : floor_ns;
    /* A day of slack: the first record may come a while after the start. */
    int64_t latest;
    if (__builtin_add_overflow(needed, WHEN_DAY_NS, &latest))
        return DUTY_UNREADABLE;
    if (l->oldest_ns > latest)
        return not_met(j, S("log.kept.not_met"));
    return l->retention_months == 0 ? met_as(j, S("log.kept.for_ever")) : met(j);
}

static enum duty_verdict log_reviewed(struct judge *j)
{
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("days"), CHECK_REVIEW_DAYS_MAX);
    if (l->reviewed_ns == 0) {
        reason_add_time(j->r, S("since"), l->since_ns);
        return older_than_s(j->obs, l->since_ns, CHECK_REVIEW_DAYS_MAX * 86400)
                   ? not_met(j, S("log.reviewed.never"))
                   : unreadable(j, S("log.reviewed.not_yet"));
    }
    reason_add_time(j->r, S("at"), l->reviewed_ns);
    return older_than_s(j->obs, l->reviewed_ns, CHECK_REVIEW_DAYS_MAX * 86400)
               ? not_met(j, S("log.reviewed.not_met"))
               : met(j);
}

static enum duty_verdict log_detection(struct judge *j)
{
    static const struct str words[] = {
#define X(name, word) {"word.class." word, sizeof("word.class." word) - 1},
        CHECK_CLASS_TABLE(X)
#undef X
    };
    const struct check_logs *l = &j->obs->logs;
    int64_t rules = 0;
    if (!l->rules_read)
        return DUTY_UNREADABLE;
    for (size_t i = 0; i < CHECK_CLASS_COUNT; i++) {
        if (l->rules[i] == 0) {
            reason_add_word(j->r, S("class"), words[i]);
            return not_met(j, S("log.detection.not_met"));
        }
        rules += l->rules[i];
    }
    reason_add_int(j->r, S("rules"), rules);
    return met(j);
}

static enum duty_verdict source_silent(struct judge *j)
{
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    if (l->sources == 0)
        return not_met(j, S("log.recorded.no_source"));
    reason_add_int(j->r, S("sources"), l->sources);
    reason_add_int(j->r, S("silent"), l->sources_silent);
    if (l->sources_silent == 0)
        return met(j);
    reason_add_text(j->r, S("name"), l->silent_name);
    return not_met(j, S("source.silent.not_met"));
}

static enum duty_verdict log_central(struct judge *j)
{
    static const struct str words[] = {
#define X(name, word) {"word.layer." word, sizeof("word.layer." word) - 1},
        CHECK_LAYER_TABLE(X)
#undef X
    };
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("sources"), l->sources);
    reason_add_int(j->r, S("alive"), l->sources_24h);
    if (l->sources == 0)
        return not_met(j, S("log.recorded.no_source"));
    if (l->sources_24h < l->sources)
        return not_met(j, S("log.central.not_met"));
    if (!l->layers_read)
        return unreadable(j, S("log.central.no_layers"));
    for (size_t i = 0; i < CHECK_LAYER_COUNT; i++) {
        if (l->layers[i] == 0) {
            reason_add_word(j->r, S("layer"), words[i]);
            return not_met(j, S("log.central.layer"));
        }
    }
    return met(j);
}

static enum duty_verdict log_realtime(struct judge *j)
{
    const struct check_logs *l = &j->obs->logs;
    if (!l->read)
        return DUTY_UNREADABLE;
    if (l->lag_p95_ms < 0)
        return unreadable(j, S("log.realtime.no_record"));
    reason_add_real(j->r, S("lag_s"), (double)l->lag_p95_ms / 1000.0);
    reason_add_int(j->r, S("max_s"), CHECK_LAG_MS_MAX / 1000);
    return l->lag_p95_ms <= CHECK_LAG_MS_MAX ? met(j) : not_met(j, S("log.realtime.not_met"));
}

/* Host. */

/* The sample is fresh and few are missing. */
static enum duty_verdict sampled(struct judge *j, int64_t at_ns, double coverage_pct, struct str late,
                                 struct str gaps)
{
    if (!j->obs->host.read || at_ns == 0)
        return DUTY_UNREADABLE;
    reason_add_time(j->r, S("at"), at_ns);
    reason_add_real(j->r, S("coverage"), coverage_pct);
    if (older_than_s(j->obs, at_ns, CHECK_SAMPLE_AGE_S_MAX))
        return not_met(j, late);
    return coverage_pct >= CHECK_COVERAGE_PCT_MIN ? met(j) : not_met(j, gaps);
}

/* D16.1.c asks for all devices: this machine is one of them, alone where there is no register yet. */
static enum duty_verdict all_devices(struct judge *j, enum duty_verdict v, struct str code)
{
    const struct check_host *h = &j->obs->host;
    if (v != DUTY_YES)
        return v;
    reason_add_int(j->r, S("devices"), h->devices == 0 ? 1 : h->devices);
    reason_add_int(j->r, S("watched"), h->devices == 0 ? 1 : h->devices_watched);
    return h->devices_watched < h->devices ? not_met(j, code) : v;
}

static enum duty_verdict host_up(struct judge *j)
{
    const struct check_host *h = &j->obs->host;
    enum duty_verdict v =
        sampled(j, h->heartbeat_ns, h->coverage_pct, S("host.up.not_met"), S("host.up.gaps"));
    return all_devices(j, v, S("host.up.devices"));
}

static enum duty_verdict host_load(struct judge *j)
{
    const struct check_host *h = &j->obs->host;
    if (h->read && h->sampled_ns != 0) {
        reason_add_real(j->r, S("cpu"), h->cpu_pct);
        reason_add_real(j->r, S("ram"), h->ram_pct);
    }
    enum duty_verdict v =
        sampled(j, h->sampled_ns, h->coverage_pct, S("host.load.not_met"), S("host.load.gaps"));
    return all_devices(j, v, S("host.load.devices"));
}

static enum duty_verdict host_traffic(struct judge *j)
{
    const struct check_host *h = &j->obs->host;
    enum duty_verdict v =
        sampled(j, h->net_sampled_ns, h->net_coverage_pct, S("host.traffic.not_met"), S("host.traffic.gaps"));
    return all_devices(j, v, S("host.traffic.devices"));
}

static enum duty_verdict host_overload_alarm(struct judge *j)
{
    const struct check_host *h = &j->obs->host;
    if (!h->read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("thresholds"), h->thresholds);
    if (h->thresholds == 0)
        return not_met(j, S("host.overload_alarm.no_threshold"));
    if (h->evaluated_ns == 0)
        return unreadable(j, S("host.overload_alarm.never"));
    reason_add_time(j->r, S("at"), h->evaluated_ns);
    return older_than_s(j->obs, h->evaluated_ns, CHECK_EVALUATED_AGE_S_MAX)
               ? not_met(j, S("host.overload_alarm.not_met"))
               : met(j);
}

/* The monitoring system watches itself: sampled, alive, and drops nothing. */
static enum duty_verdict monitor_self(struct judge *j)
{
    const struct check_host *h = &j->obs->host;
    enum duty_verdict v =
        sampled(j, h->sampled_ns, h->coverage_pct, S("monitor.self.not_met"), S("monitor.self.gaps"));
    if (v != DUTY_YES)
        return v;
    reason_add_int(j->r, S("dropped"), h->queue_dropped_24h);
    reason_add_int(j->r, S("restarts"), h->restarts_24h);
    return h->queue_dropped_24h == 0 ? v : not_met(j, S("monitor.self.dropped"));
}

/* Store, keys, audit. */

static enum duty_verdict config_audited(struct judge *j)
{
    const struct check_store *s = &j->obs->store;
    if (!s->audit_read)
        return DUTY_UNREADABLE;
    reason_add_int(j->r, S("changes"), (int64_t)(s->config_changes & INT64_MAX));
    reason_add_int(j->r, S("audited"), (int64_t)(s->config_audited & INT64_MAX));
    return s->config_changes == s->config_audited ? met(j) : not_met(j, S("config.audited.not_met"));
}

static enum duty_verdict store_encrypted(struct judge *j)
{
    const struct check_store *s = &j->obs->store;
    if (!s->read)
        return DUTY_UNREADABLE;
    if (s->parts == 0)
        return unreadable(j, S("store.encrypted.empty"));
    reason_add_int(j->r, S("parts"), s->parts);
    reason_add_int(j->r, S("encrypted"), s->parts_encrypted);
    reason_add_text(j->r, S("cipher"), s->cipher);
    return s->parts_encrypted == s->parts ? met(j) : not_met(j, S("store.encrypted.not_met"));
}

/* Shared by integrity and protection: the last full verification is good and recent. */
static enum duty_verdict verified(struct judge *j, struct str bad, struct str old, struct str never)
{
    const struct check_store *s = &j->obs->store;
    if (s->verified_ns == 0)
        return unreadable(j, never);
    reason_add_time(j->r, S("at"), s->verified_ns);
    reason_add_int(j->r, S("problems"), s->problems);
    if (!s->verified_ok)
        return not_met(j, bad);
    return older_than_s(j->obs, s->verified_ns, CHECK_VERIFY_AGE_S_MAX) ? unreadable(j, old) : met(j);
}

static enum duty_verdict store_integrity(struct judge *j)
{
    if (!j->obs->store.read)
        return DUTY_UNREADABLE;
    return verified(j, S("store.integrity.not_met"), S("store.integrity.old"), S("store.integrity.never"));
}

static enum duty_verdict log_protected(struct judge *j)
{
    const struct check_store *s = &j->obs->store;
    if (!s->read)
        return DUTY_UNREADABLE;
    if (!s->sealing)
        return not_met(j, S("log.protected.not_sealed"));
    if (!s->access_audited)
        return not_met(j, S("log.protected.not_audited"));
    return verified(j, S("log.protected.not_met"), S("log.protected.old"), S("log.protected.never"));
}

static enum duty_verdict key_length(struct judge *j)
{
    const struct check_store *s = &j->obs->store;
    if (!s->keys_read)
        return DUTY_UNREADABLE;
    if (s->keys == 0)
        return unreadable(j, S("key.length.no_key"));
    reason_add_int(j->r, S("keys"), s->keys);
    reason_add_int(j->r, S("bits"), s->key_bits_min);
    reason_add_int(j->r, S("min"), CHECK_KEY_BITS_MIN);
    return s->key_bits_min >= CHECK_KEY_BITS_MIN ? met(j) : not_met(j, S("key.length.not_met"));
}

/* An offset that is known decides only while a reference stands behind it. */
static enum duty_verdict clock_offset(struct judge *j)
{
    const struct check_clock *c = &j->obs->clock;
    if (c->sync == CHECK_SYNC_UNREADABLE)
        return DUTY_UNREADABLE;
    if (c->offset_known) {
        double size = c->offset_ms < 0 ? -c->offset_ms : c->offset_ms;
        reason_add_real(j->r, S("offset_ms"), c->offset_ms);
        reason_add_int(j->r, S("max_ms"), CHECK_OFFSET_MS_MAX);
        if (size > CHECK_OFFSET_ALARM_MS)
            return not_met(j, S("clock.offset.alarm"));
        if (size > CHECK_OFFSET_MS_MAX)
            return not_met(j, S("clock.offset.not_met"));
    }
    if (c->sync == CHECK_SYNC_NO)
        return not_met(j, S("clock.offset.unsynchronised"));
    if (!c->offset_known)
        return unreadable(j, S("clock.offset.no_offset"));
    reason_add_int(j->r, S("skewed"), c->sources_skewed);
    return c->sources_skewed == 0 ? met(j) : not_met(j, S("clock.offset.skewed"));
}

static const struct {
    struct str id, duty, doc, met_code, unreadable_code;
    int64_t freshness_s;
    enum duty_verdict (*run)(struct judge *j);
} table[] = {
#define LIT(text)                                                                                            \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
#define X(id, duty, freshness_s, fn, doc)                                                                    \
    {LIT(id), LIT(duty), LIT(doc), LIT(id ".met"), LIT(id ".unreadable"), freshness_s, fn},
    CHECK_TABLE(X)
#undef X
};
_Static_assert(COUNT_OF(table) == CHECK_COUNT, "one row per check");

enum duty_verdict check_run(enum check_id id, const struct check_obs *obs, struct reason *ret)
{
    assert(id < CHECK_COUNT);
    *ret = reason_of(table[id].unreadable_code);
    struct judge j = {.obs = obs, .r = ret, .met_code = table[id].met_code};
    return table[id].run(&j);
}

struct duty_fact check_fact(enum check_id id, const struct check_obs *obs)
{
    struct duty_fact f = {.kind = DUTY_AUTO, .check = table[id].id, .observed_ns = obs->now_ns};
    f.verdict = check_run(id, obs, &f.reason);
    if (__builtin_add_overflow(obs->now_ns, check_freshness_ns(id), &f.expires_ns))
        f.expires_ns = INT64_MAX;
    return f;
}

struct str check_name(enum check_id id)
{
    assert(id < CHECK_COUNT);
    return table[id].id;
}

struct str check_duty(enum check_id id)
{
    assert(id < CHECK_COUNT);
    return table[id].duty;
}

struct str check_doc(enum check_id id)
{
    assert(id < CHECK_COUNT);
    return table[id].doc;
}

int64_t check_freshness_ns(enum check_id id)
{
    assert(id < CHECK_COUNT);
    return table[id].freshness_s * NS_PER_S;
}

int check_find(struct str name)
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        if (str_eq(table[i].id, name))
            return (int)i;
    }
    return -1;
}

static const struct str class_words[] = {
#define X(name, word) LIT(word),
    CHECK_CLASS_TABLE(X)
#undef X
};

static const struct str layer_words[] = {
#define X(name, word) LIT(word),
    CHECK_LAYER_TABLE(X)
#undef X
};

static int find_word(const struct str *words, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i], word))
            return (int)i;
    }
    return -1;
}

struct str check_class_name(enum check_class c)
{
    assert(c < CHECK_CLASS_COUNT);
    return class_words[c];
}

int check_class_find(struct str word)
{
    return find_word(class_words, COUNT_OF(class_words), word);
}

struct str check_layer_name(enum check_layer l)
{
    assert(l < CHECK_LAYER_COUNT);
    return layer_words[l];
}

int check_layer_find(struct str word)
{
    return find_word(layer_words, COUNT_OF(layer_words), word);
}
