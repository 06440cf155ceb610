#include "flow/node_obs.h"

#include <math.h>

#include "base/when.h"
#include "crypt/password.h"
#include "flow/node_priv.h"
#include "register/register_count.h"
#include "register/register_held.h"
#include "register/register_person.h"
#include "register/register_session.h"
#include "register/register_setting.h"

#define DAY_NS (86400 * NS_PER_S)
#define HOUR_NS (3600 * NS_PER_S)
#define KEYS_MAX 16
#define PASSWORD_PROBE_CHARS 17
#define AUDIT_LATE_NS (60 * NS_PER_S) /* a record reaches the store within seconds */

/*
 * What the password rule in force takes, found by asking it as the API does: the fewest characters, and how
 * many classes it insists on.
 */
static void probe_passwords(uint32_t *ret_length, uint32_t *ret_classes)
{
    static const struct {
        char text[PASSWORD_PROBE_CHARS + 1];
        enum password_reason missing;
    } rows[] = {{"khienkhienkhien7-", PASSWORD_UPPER},
                {"KHIENKHIENKHIEN7-", PASSWORD_LOWER},
                {"KhienKhienKhien--", PASSWORD_DIGIT},
                {"KhienKhienKhien77", PASSWORD_SPECIAL}};
    static const char all[] = "Kh7-Kh7-Kh7-Kh7-Kh7-Kh7-Kh7-Kh7-";
    *ret_length = *ret_classes = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        *ret_classes += (password_check(str_of(rows[i].text), S("")) >> rows[i].missing & 1u) != 0;
    for (size_t n = 1; n < sizeof(all) && *ret_length == 0; n++) {
        if ((password_check((struct str){all, n}, S("")) >> PASSWORD_LENGTH & 1u) == 0)
            *ret_length = (uint32_t)n;
    }
}

static void fill_accounts(struct node *n, const struct register_counts *c, struct check_accounts *a)
{
    int64_t lock = 0, captcha = 0, idle = 0;
    struct err err = {0};
    if (c->accounts == 0 || register_setting_get(n->reg, SETTING_LOCK_AFTER, &lock, &err) != 0 ||
        register_setting_get(n->reg, SETTING_CAPTCHA_AFTER, &captcha, &err) != 0 ||
        register_setting_get(n->reg, SETTING_IDLE_S, &idle, &err) != 0)
        return;
    uint32_t length, classes;
    probe_passwords(&length, &classes);
    *a = (struct check_accounts){
        .read = true,
        .accounts = (uint32_t)c->accounts,
        .passwords_old = (uint32_t)c->accounts_old,
        .oldest_set_ns = c->oldest_set_ns,
        .initial_given = (uint32_t)c->initial_given,
        .initial_unchanged = (uint32_t)c->initial_used,
        .lockout_after = (uint32_t)lock,
        .delay_s = (uint32_t)(register_session_lock_ns(1) / NS_PER_S),
        .captcha_after = (uint32_t)captcha,
        .length_min = length,
        .classes_min = classes,
        .session_single = c->sessions_most <= 1,
        .sessions_most = (uint32_t)c->sessions_most,
        .idle_s = (uint32_t)idle,
    };
}

/* Classes of D14.0.5 stand in the rules' tags: khien.class.access, … */
static void count_rules(const struct node *n, struct check_logs *l)
{
    static const struct str prefix = {"khien.class.", 12};
    if (n->plan == NULL)
        return;
    l->rules_read = true;
    for (size_t i = 0; i < detect_rule_count(n->plan); i++) {
        const struct rule_info *r = detect_rule_get(n->plan, i);
        for (size_t k = 0; k < r->tags.n; k++) {
            int c = str_starts(r->tags.items[k], prefix)
                        ? check_class_find(str_from(r->tags.items[k], prefix.n))
                        : -1;
            if (c >= 0)
                l->rules[c]++;
        }
    }
}

/* Sums of the last 24 hours. */
static struct node_hour day_of(const struct node_hour hours[NODE_HOURS], int64_t now_ns)
{
    struct node_hour sum = {0};
    int64_t hour = now_ns / HOUR_NS;
    for (size_t i = 0; i < NODE_HOURS; i++) {
        if (hours[i].hour > hour - NODE_HOURS && hours[i].hour <= hour) {
            sum.stored += hours[i].stored;
            sum.malformed += hours[i].malformed;
            sum.dropped += hours[i].dropped;
        }
    }
    return sum;
}

static void fill_logs(struct node *n, const struct register_counts *c, int64_t now_ns, struct check_logs *l)
{
    struct store_stats stats;
    const struct node_source *self = node_source_find(n, n->self);
    store_stats(n->store, &stats);
    *l = (struct check_logs){
        .read = true,
        .lag_p95_ms = node_watch_lag_p95_ms(n),
        .oldest_ns = stats.first_ns,
        .since_ns = self == NULL ? n->started_ns : self->created_ns, /* the first start ever */
        .retention_months = (uint32_t)(config_number(n->config, CONFIG_RETENTION_DAYS) * 12 / 365),
        .reviewed_ns = c->reviewed_ns,
    };
    for (size_t i = 0; i < n->n_sources; i++) {
        const struct node_source *s = n->sources[i];
        bool import = str_eq(str_of(s->kind), S("import"));
        if (s->id == n->self || import)
            continue;
        l->sources++;
        l->sources_24h += s->last_seen_ns > now_ns - DAY_NS;
        if (node_source_silent(n, s, now_ns)) {
            l->sources_silent++;
            l->silent_name = str_of(s->name);
        }
        struct node_hour day = day_of(s->hours, now_ns);
        l->records_24h += day.stored;
        l->malformed_24h += day.malformed;
        for (size_t k = 0; k < NODE_LAYERS; k++)
            l->layers[k] += s->layer_ns[k] > now_ns - DAY_NS;
    }
    /* What a layer has sent is known since the start: an absent one is one only after a whole day. */
    l->layers_read = n->started_ns <= now_ns - DAY_NS;
    bool all = true;
    for (size_t k = 0; k < NODE_LAYERS; k++)
        all = all && l->layers[k] > 0;
    l->layers_read = l->layers_read || all;
    count_rules(n, l);
}

static void fill_host(struct node *n, int64_t now_ns, struct check_host *h)
{
    const struct host_sample *s = n->series == NULL ? NULL : series_last(n->series);
    if (s == NULL)
        return;
    int64_t from = now_ns - HOUR_NS;
    *h = (struct check_host){
        .read = true,
        .sampled_ns = isnan(s->v[HOST_CPU]) ? 0 : s->at_ns,
        .net_sampled_ns = isnan(s->v[HOST_NET_RX]) ? 0 : s->at_ns,
        .coverage_pct = series_coverage(n->series, HOST_RAM, from, now_ns),
        .net_coverage_pct = series_coverage(n->series, HOST_NET_RX, from, now_ns),
        .cpu_pct = s->v[HOST_CPU],
        .ram_pct = s->v[HOST_RAM],
        .thresholds = (uint32_t)n->n_thresholds,
        .evaluated_ns = n->evaluated_ns,
        .heartbeat_ns = s->at_ns,
    };
    h->queue_dropped_24h = (uint32_t)day_of(n->kernel_hours, now_ns).dropped;
    for (size_t i = 0; i < n->n_sources; i++)
        h->queue_dropped_24h += (uint32_t)day_of(n->sources[i]->hours, now_ns).dropped;
    for (size_t i = 0; i < COUNT_OF(n->restart_ns); i++)
        h->restarts_24h += n->restart_ns[i] > now_ns - DAY_NS;
}

static void fill_store(struct node *n, const struct register_counts *c, struct check_store *s)
{
    struct store_stats stats;
    struct store_key_info keys[KEYS_MAX];
    store_stats(n->store, &stats);
    size_t k = store_keys(n->store, keys, KEYS_MAX);
    /* Segments, write-ahead log and register: each opens only with its key, so what is open is encrypted. */
    *s = (struct check_store){
        .read = true,
        .parts = (uint32_t)stats.segments + 2,
        .parts_encrypted = (uint32_t)stats.segments + 2,
        .cipher = S("AES-256-GCM"),
        .verified_ns = n->verified_ns,
        .verified_ok = n->verified_ns != 0 && n->verified_bad == 0,
        .problems = (uint32_t)n->verified_bad,
        .sealing = stats.checkpoint_ns != 0,
        .access_audited =
            c->audit_access + (int64_t)register_held_count(n->reg) >= n->access_before + (int64_t)n->searches,
        .keys_read = k > 0,
        .audit_read = true,
        .config_changes = (uint64_t)c->audit_rows,
        .config_audited = (uint64_t)c->audit_handed,
    };
    for (size_t i = 0; i < k; i++) {
        if (str_eq(str_of(keys[i].kind), S("seal")))
            continue; /* signs, does not encrypt */
        s->keys++;
        if (s->key_bits_min == 0 || keys[i].bits < s->key_bits_min)
            s->key_bits_min = keys[i].bits;
    }
}

int node_obs_fill(struct node *n, int64_t now_ns, struct check_obs *ret, struct err *err)
{
    struct register_counts c;
    /* Three calendar months back: whoever is older must have changed by now. */
    struct civil v = when_from_ns(now_ns, WHEN_VN_OFFSET_S);
    v.month -= CHECK_PASSWORD_MONTHS_MAX;
    if (v.month < 1) {
        v.month += 12;
        v.year--;
    }
    if (v.day > when_month_days(v.year, v.month))
        v.day = when_month_days(v.year, v.month);
    int64_t old_before = now_ns;
    if (!when_to_ns(&v, &old_before))
        return err_set(err, ERR_LIMIT, "the clock is out of range");
    if (register_count_all(n->reg, old_before, now_ns - AUDIT_LATE_NS, &c, err) != 0)
        return -1;
    *ret = (struct check_obs){.now_ns = now_ns};
    if (n->access_before < 0)
        n->access_before = c.audit_access - (int64_t)n->searches;
    fill_accounts(n, &c, &ret->accounts);
    fill_logs(n, &c, now_ns, &ret->logs);
    fill_host(n, now_ns, &ret->host);
    fill_store(n, &c, &ret->store);
    ret->clock.sync = n->sync.state == TIMESYNC_YES  ? CHECK_SYNC_YES
                      : n->sync.state == TIMESYNC_NO ? CHECK_SYNC_NO
                                                     : CHECK_SYNC_UNREADABLE;
    ret->clock.offset_known = n->sync.offset_known;
    ret->clock.offset_ms = (double)n->sync.offset_ns / (double)NS_PER_MS;
    return 0;
}
