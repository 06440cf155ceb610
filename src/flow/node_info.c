#include "flow/node_info.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "crypt/digest.h"
#include "flow/node_duty.h"
#include "flow/node_event.h"
#include "flow/node_priv.h"
#include "register/register_held.h"

#define DAY_NS (86400 * NS_PER_S)
#define KEYS_MAX 16
#define POINTS_MAX 1000u

void node_info_text(struct node *n, struct str code, struct jout *j)
{
    struct str vi = reason_text(n->texts, code, REASON_VI), en = reason_text(n->texts, code, REASON_EN);
    jout_vi_en(j, vi.p == NULL ? code : vi, en.p == NULL ? code : en);
}

void node_info_detail(struct node *n, struct str code, struct str detail, struct jout *j)
{
    struct buf vi, en;
    struct reason r = reason_of(code);
    reason_add_text(&r, S("detail"), detail);
    buf_init(&vi, 65536);
    buf_init(&en, 65536);
    reason_render(n->texts, &r, REASON_VI, &vi);
    reason_render(n->texts, &r, REASON_EN, &en);
    jout_vi_en(j, buf_str(&vi), buf_str(&en));
    buf_done(&vi);
    buf_done(&en);
}

uint64_t node_info_rate(const struct node_source *s, int64_t now_ns)
{
    int64_t now_s = now_ns / NS_PER_S;
    uint64_t sum = 0;
    for (int64_t k = 0; k < 60; k++) {
        int64_t at = now_s - k;
        if (at <= s->minute_s && at > s->minute_s - 60)
            sum += s->minute[(uint64_t)at % 60];
    }
    return sum;
}

static double bytes_per_day(struct node *n)
{
    struct store_stats st;
    store_stats(n->store, &st);
    const struct node_source *self = node_source_find(n, n->self);
    int64_t since = self == NULL ? n->started_ns : self->created_ns;
    double days = (double)(sys_now(n->sys) - since) / (double)DAY_NS;
    /* The first hours say little: below a day the pace is that of the day so far. */
    return (double)st.stored_bytes / fmax(days, 1.0);
}

double node_info_days_left(struct node *n)
{
    struct sys_space space;
    struct err err = {0};
    double pace = bytes_per_day(n);
    double reserve = (double)config_number(n->config, CONFIG_DISK_RESERVE) * 1048576.0;
    if (sys_space(n->sys, n->data_dir, &space, &err) != 0 || pace < 1)
        return NAN;
    return fmax(0, ((double)space.free_bytes - reserve) / pace);
}

void node_info_verified(struct node *n, int64_t at_ns, uint64_t bad, struct str place)
{
    node_event_note(n, &(struct node_event){.kind = bad == 0 ? NODE_VERIFIED : NODE_TAMPERED,
                                            .reason = bad == 0 ? S("") : place});
    n->verified_ns = at_ns;
    n->verified_bad = bad;
    n->duties_stale = true;
}

static void put_seal(struct node *n, const struct store_stats *st, struct jout *j)
{
    char words[64], hex[65], *rest = NULL;
    struct digest d;
    memcpy(d.b, st->root, sizeof(d.b));
    digest_hex(&d, hex);
    store_seal_words(n->store, words);
    jout_obj(j);
    JOUT_U64(j, "size", st->tree_size);
    JOUT_CSTR(j, "root", hex);
    JOUT_TIME(j, "time", st->checkpoint_ns);
    JOUT_CSTR(j, "signer", n->origin);
    jout_key(j, S("words"));
    jout_arr(j);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        jout_str(j, str_of(word));
    jout_arr_end(j);
    jout_key(j, S("ok"));
    if (n->verified_ns == 0)
        jout_null(j);
    else
        jout_bool(j, n->verified_bad == 0);
    JOUT_TIME(j, "verified", n->verified_ns);
    jout_obj_end(j);
}

static void put_keys(struct node *n, struct jout *j)
{
    struct store_key_info keys[KEYS_MAX];
    size_t k = store_keys(n->store, keys, KEYS_MAX);
    jout_arr(j);
    for (size_t i = 0; i < k; i++) {
        jout_obj(j);
        JOUT_CSTR(j, "id", keys[i].id);
        JOUT_CSTR(j, "kind", keys[i].kind);
        JOUT_CSTR(j, "algorithm", keys[i].algorithm);
        JOUT_U64(j, "bits", keys[i].bits);
        JOUT_TIME(j, "created", keys[i].created_ns);
        JOUT_CSTR(j, "location", keys[i].location);
        jout_key(j, S("warning"));
        if (keys[i].beside_data)
            node_info_text(n, S("system.key_beside_data"), j);
        else
            jout_null(j);
        jout_obj_end(j);
    }
    jout_obj(j);
    JOUT_CSTR(j, "id", n->listen.fingerprint);
    JOUT_CSTR(j, "kind", "tls");
    JOUT_CSTR(j, "algorithm", "ECDSA P-256");
    JOUT_U64(j, "bits", 256);
    JOUT_TIME(j, "created", 0);
    JOUT_TIME(j, "expires", n->listen.cert_not_after_ns);
    JOUT_CSTR(j, "location", "keys/tls.key");
    jout_key(j, S("warning"));
    jout_null(j);
    jout_obj_end(j);
    jout_arr_end(j);
}

/* Resident memory of this process; 0 unknown. The sandbox shows no other one: front tells its own. */
static uint64_t rss_of(uint32_t pid)
{
    char path[64];
    unsigned long long size = 0, pages = 0;
    (void)snprintf(path, sizeof(path), "/proc/%u/statm", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu %llu", &size, &pages) != 2)
        pages = 0;
    (void)fclose(f);
    return pages * 4096;
}

static void put_processes(struct node *n, struct jout *j)
{
    jout_key(j, S("processes"));
    jout_arr(j);
    for (size_t i = 0; i < COUNT_OF(n->processes); i++) {
        const struct node_process *p = &n->processes[i];
        jout_obj(j);
        JOUT_CSTR(j, "name", p->name);
        JOUT_U64(j, "pid", p->pid);
        JOUT_U64(j, "restarts", p->restarts);
        uint64_t rss = i == 0 ? n->front_rss : rss_of(p->pid);
        jout_key(j, S("rss_bytes"));
        if (rss == 0)
            jout_null(j);
        else
            jout_u64(j, rss);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    jout_key(j, S("sandbox"));
    jout_arr(j);
    for (size_t i = 0; i < COUNT_OF(n->processes); i++) {
        const struct node_process *p = &n->processes[i];
        char user[16];
        (void)snprintf(user, sizeof(user), "%u", p->uid);
        jout_obj(j);
        JOUT_CSTR(j, "process", p->name);
        JOUT_BOOL(j, "landlock", p->landlock);
        JOUT_BOOL(j, "seccomp", p->seccomp);
        JOUT_CSTR(j, "user", user);
        jout_obj_end(j);
    }
    jout_arr_end(j);
}

static void put_disk(struct node *n, const struct store_stats *st, struct jout *j)
{
    struct sys_space space = {0};
    struct err err = {0};
    if (sys_space(n->sys, n->data_dir, &space, &err) != 0)
        space = (struct sys_space){0};
    jout_key(j, S("disk"));
    jout_obj(j);
    JOUT_U64(j, "total", space.total_bytes);
    JOUT_U64(j, "free", space.free_bytes);
    JOUT_U64(j, "store", st->stored_bytes + st->wal_bytes);
    JOUT_DOUBLE(j, "per_day", bytes_per_day(n));
    JOUT_DOUBLE(j, "days_left", node_info_days_left(n));
    jout_obj_end(j);
}

static void put_metrics(struct node *n, struct jout *j)
{
    const struct host_sample *s = n->series == NULL ? NULL : series_last(n->series);
    static const struct {
        const char *key;
        enum host_metric metric;
    } rows[] = {{"cpu", HOST_CPU},
                {"ram_used", HOST_RAM_USED},
                {"ram_total", HOST_RAM_TOTAL},
                {"net_rx_bps", HOST_NET_RX},
                {"net_tx_bps", HOST_NET_TX}};
    jout_key(j, S("metrics"));
    jout_obj(j);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        jout_key(j, str_of(rows[i].key));
        jout_double(j, s == NULL ? NAN : s->v[rows[i].metric]);
    }
    jout_obj_end(j);
}

static void put_store(const struct store_stats *st, struct jout *j)
{
    jout_key(j, S("store"));
    jout_obj(j);
    JOUT_U64(j, "events", st->events);
    JOUT_TIME(j, "first", st->first_ns);
    JOUT_TIME(j, "last", st->last_ns);
    JOUT_U64(j, "segments", st->segments);
    JOUT_U64(j, "blocks", st->blocks);
    JOUT_U64(j, "raw_bytes", st->raw_bytes);
    JOUT_U64(j, "stored_bytes", st->stored_bytes);
    JOUT_U64(j, "wal_bytes", st->wal_bytes);
    JOUT_CSTR(j, "intake", st->intake_open ? "open" : "stopped");
    jout_obj_end(j);
}

int node_info_system(struct node *n, struct jout *j, struct err *err)
{
    struct store_stats st;
    (void)err;
    store_stats(n->store, &st);
    jout_obj(j);
    JOUT_CSTR(j, "version", KHIEN_VERSION);
    JOUT_TIME(j, "started", n->started_ns);
    JOUT_CSTR(j, "data_dir", n->data_dir);
    jout_key(j, S("listen"));
    jout_obj(j);
    JOUT_CSTR(j, "https", n->listen.https);
    JOUT_CSTR(j, "syslog", n->listen.syslog);
    JOUT_CSTR(j, "syslog_tls", n->listen.syslog_tls);
    jout_obj_end(j);
    put_disk(n, &st, j);
    put_store(&st, j);
    jout_key(j, S("seal"));
    put_seal(n, &st, j);
    jout_key(j, S("keys"));
    put_keys(n, j);
    put_processes(n, j);
    jout_key(j, S("config"));
    config_put(n->config, j);
    put_metrics(n, j);
    JOUT_U64(j, "sources_active", n->n_sources);
    JOUT_U64(j, "kernel_dropped", n->kernel_dropped);
    JOUT_U64(j, "audit_waiting", n->reg == NULL ? 0 : register_held_count(n->reg));
    JOUT_U64(j, "own_events_lost", n->own.lost);
    jout_key(j, S("rules"));
    jout_obj(j);
    JOUT_U64(j, "loaded", n->plan == NULL ? 0 : detect_rule_count(n->plan));
    JOUT_U64(j, "refused", n->plan == NULL ? 0 : detect_report_count(n->plan) - detect_rule_count(n->plan));
    JOUT_U64(j, "matches", n->matches);
    JOUT_U64(j, "matches_lost", n->matches_lost);
    jout_obj_end(j);
    jout_key(j, S("catalogue"));
    jout_obj(j);
    JOUT_STR(j, "version", node_duty_version(n));
    jout_obj_end(j);
    jout_obj_end(j);
    return 0;
}

void node_info_complete(struct node *n, struct jout *j)
{
    int64_t from = 0, to = 0;
    uint64_t gaps = n->kernel_gaps;
    for (size_t i = 0; i < n->n_sources; i++) {
        const struct node_source *s = n->sources[i];
        gaps += s->gaps;
        if (s->first_ns != 0 && (from == 0 || s->first_ns < from))
            from = s->first_ns;
        if (s->last_seen_ns > to)
            to = s->last_seen_ns;
    }
    if (from == 0) {
        jout_null(j); /* nothing came yet */
        return;
    }
    jout_obj(j);
    JOUT_TIME(j, "from", from);
    JOUT_TIME(j, "to", to);
    JOUT_U64(j, "gaps", gaps);
    jout_obj_end(j);
}

void node_info_health(struct node *n, struct jout *j)
{
    struct store_stats st;
    int64_t now = sys_now(n->sys), last = 0;
    uint64_t total = 0, silent = 0;
    store_stats(n->store, &st);
    for (size_t i = 0; i < n->n_sources; i++) {
        const struct node_source *s = n->sources[i];
        if (s->id == n->self || str_eq(str_of(s->kind), S("import")))
            continue;
        bool quiet = node_source_silent(n, s, now);
        if (s->last_seen_ns == 0 && !quiet)
            continue; /* opened, but nothing came yet */
        total++;
        silent += quiet;
        if (s->last_seen_ns > last)
            last = s->last_seen_ns;
    }
    jout_obj(j);
    jout_key(j, S("sources"));
    jout_obj(j);
    JOUT_U64(j, "total", total);
    JOUT_U64(j, "silent", silent);
    jout_obj_end(j);
    JOUT_DOUBLE(j, "disk_days_left", node_info_days_left(n));
    JOUT_TIME(j, "last_event", last);
    jout_key(j, S("clock_offset_ms"));
    jout_double(j, n->sync.offset_known ? (double)n->sync.offset_ns / (double)NS_PER_MS : NAN);
    JOUT_TIME(j, "last_checkpoint", st.checkpoint_ns);
    jout_key(j, S("cert_days"));
    if (n->listen.cert_not_after_ns == 0)
        jout_null(j);
    else
        jout_i64(j, (n->listen.cert_not_after_ns - now) / DAY_NS);
    jout_obj_end(j);
}

static void put_red(struct node *n, struct jout *j, const char *kind, const char *severity, const char *id,
                    const struct reason *title, const char *clause, const char *href)
{
    struct buf vi, en;
    buf_init(&vi, 65536);
    buf_init(&en, 65536);
    reason_render(n->texts, title, REASON_VI, &vi);
    reason_render(n->texts, title, REASON_EN, &en);
    jout_obj(j);
    JOUT_CSTR(j, "kind", kind);
    JOUT_CSTR(j, "severity", severity);
    JOUT_CSTR(j, "id", id);
    jout_key(j, S("title"));
    jout_vi_en(j, buf_str(&vi), buf_str(&en));
    JOUT_CSTR(j, "clause", clause);
    JOUT_TIME(j, "due", 0);
    JOUT_CSTR(j, "href", href);
    jout_obj_end(j);
    buf_done(&vi);
    buf_done(&en);
}

void node_info_red(struct node *n, struct jout *j)
{
    int64_t now = sys_now(n->sys);
    double days = node_info_days_left(n);
    if (!store_intake_open(n->store)) {
        struct reason r = reason_of(S("today.intake_stopped"));
        put_red(n, j, "system", "critical", "intake", &r, "D14.0.1", "/system");
    }
    if (n->verified_ns != 0 && n->verified_bad > 0) {
        struct reason r = reason_of(S("today.seal_broken"));
        reason_add_int(&r, S("count"), (int64_t)n->verified_bad);
        put_red(n, j, "system", "critical", "seal", &r, "D19.6.3", "/system");
    }
    if (!isnan(days) && days < 30) {
        struct reason r = reason_of(S("today.disk_low"));
        reason_add_int(&r, S("days"), (int64_t)days);
        put_red(n, j, "system", days < 7 ? "high" : "medium", "disk", &r, "D14.0.2", "/system");
    }
    for (size_t i = 0; i < n->n_sources; i++) {
        const struct node_source *s = n->sources[i];
        char id[16];
        if (!node_source_silent(n, s, now) || s->last_seen_ns == 0)
            continue;
        struct reason r = reason_of(S("finding.silent.title"));
        reason_add_text(&r, S("source"), str_of(s->name));
        reason_add_int(&r, S("hours"), (now - s->last_seen_ns) / (3600 * NS_PER_S));
        (void)snprintf(id, sizeof(id), "%u", s->id);
        put_red(n, j, "source", "high", id, &r, "D19.3.1", "/sources");
    }
}

static void put_check(struct node *n, struct jout *j, const char *id, bool done, const char *clause,
                      const char *href)
{
    char code[64];
    jout_obj(j);
    JOUT_CSTR(j, "id", id);
    JOUT_BOOL(j, "done", done);
    (void)snprintf(code, sizeof(code), "checklist.%s.title", id);
    jout_key(j, S("title"));
    node_info_text(n, str_of(code), j);
    (void)snprintf(code, sizeof(code), "checklist.%s.why", id);
    jout_key(j, S("why"));
    node_info_text(n, str_of(code), j);
    JOUT_CSTR(j, "clause", clause);
    JOUT_CSTR(j, "href", href);
    jout_obj_end(j);
}

void node_info_checklist(struct node *n, struct jout *j)
{
    bool first = false, beside = false;
    struct store_key_info keys[KEYS_MAX];
    size_t k = store_keys(n->store, keys, KEYS_MAX);
    for (size_t i = 0; i < n->n_sources; i++)
        first = first || (n->sources[i]->id != n->self && n->sources[i]->stored > 0);
    for (size_t i = 0; i < k; i++)
        beside = beside || keys[i].beside_data;
    put_check(n, j, "first_source", first, "D14.0.1", "/sources");
    put_check(n, j, "time_sync", n->sync.state == TIMESYNC_YES, "D19.7.1", "/duties/D19.7.1");
    put_check(n, j, "key_file", !beside, "D17.2.1", "/system");
}

int node_info_metric(struct node *n, struct str name, int64_t from_ns, int64_t to_ns, int64_t step_s,
                     struct jout *j, struct err *err)
{
    struct series_point points[POINTS_MAX];
    int metric = host_metric_find(name);
    if (metric < 0)
        return err_set(err, ERR_NOT_FOUND, "no metric '%.*s'", (int)(name.n > 40 ? 40 : name.n), name.p);
    if (step_s < 1 || step_s > 86400)
        return err_set(err, ERR_USAGE, "step must be 1 to 86400 seconds");
    size_t k = n->series == NULL ? 0
                                 : series_read(n->series, (enum host_metric)metric, from_ns, to_ns,
                                               step_s * NS_PER_S, points, POINTS_MAX);
    jout_obj(j);
    jout_key(j, S("points"));
    jout_arr(j);
    for (size_t i = 0; i < k; i++) {
        jout_arr(j);
        jout_time(j, points[i].at_ns);
        jout_double(j, points[i].value);
        jout_arr_end(j);
    }
    jout_arr_end(j);
    JOUT_STR(j, "unit", host_metric_unit((enum host_metric)metric));
    jout_obj_end(j);
    return 0;
}

static void put_label(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_put_char(b, '\\');
        if (*text == '\n')
            buf_put(b, S("\\n"));
        else
            buf_put_char(b, *text);
    }
}

void node_info_prometheus(struct node *n, struct buf *b)
{
    struct store_stats st;
    struct duty_counts counts = node_duty_counts(n);
    store_stats(n->store, &st);
    buf_put(b, S("# TYPE khien_source_events_total counter\n"));
    static const char *const names[] = {"received", "stored", "dropped", "malformed"};
    for (size_t i = 0; i < n->n_sources; i++) {
        const struct node_source *s = n->sources[i];
        const uint64_t values[] = {s->received, s->stored, s->dropped, s->malformed};
        for (size_t k = 0; k < COUNT_OF(values); k++) {
            buf_printf(b, "khien_source_events_total{source=\"%u\",kind=\"", s->id);
            put_label(b, s->kind);
            buf_printf(b, "\",result=\"%s\"} %llu\n", names[k], (unsigned long long)values[k]);
        }
    }
    buf_printf(b, "# TYPE khien_udp_kernel_dropped_total counter\nkhien_udp_kernel_dropped_total %llu\n",
               (unsigned long long)n->kernel_dropped);
    buf_printf(b, "# TYPE khien_store_events gauge\nkhien_store_events %llu\n",
               (unsigned long long)st.events);
    buf_printf(b, "# TYPE khien_store_bytes gauge\nkhien_store_bytes %llu\n",
               (unsigned long long)st.stored_bytes);
    buf_printf(b, "# TYPE khien_wal_bytes gauge\nkhien_wal_bytes %llu\n", (unsigned long long)st.wal_bytes);
    buf_printf(b, "# TYPE khien_intake_open gauge\nkhien_intake_open %d\n", st.intake_open);
    buf_printf(b, "# TYPE khien_disk_days_left gauge\nkhien_disk_days_left %g\n", node_info_days_left(n));
    buf_printf(b, "# TYPE khien_rule_matches_total counter\nkhien_rule_matches_total %llu\n",
               (unsigned long long)n->matches);
    buf_put(b, S("# TYPE khien_duty_status gauge\n"));
    for (int s = 0; s < DUTY_STATUS_COUNT; s++)
        buf_printf(b, "khien_duty_status{status=\"%.*s\"} %zu\n",
                   STR_ARG(duty_status_name((enum duty_status)s)), counts.of[s]);
    buf_printf(b, "# TYPE khien_process_restarts_total counter\n");
    for (size_t i = 0; i < COUNT_OF(n->processes); i++)
        buf_printf(b, "khien_process_restarts_total{process=\"%s\"} %u\n", n->processes[i].name,
                   n->processes[i].restarts);
}
