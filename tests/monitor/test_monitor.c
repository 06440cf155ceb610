/* The monitor of this machine over a made /proc: rates, wraps, resets, missing files; gaps, thresholds,
 * silence, clock. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "monitor/host.h"
#include "monitor/series.h"
#include "monitor/silence.h"
#include "monitor/threshold.h"
#include "monitor/timesync.h"

#define SEC NS_PER_S

static char root[64];
static int64_t wall = INT64_C(1795000000) * SEC, mono;
static struct sys_ops ops;
static struct sys world = {.ops = &ops};

static int64_t fake_now(void *self)
{
    (void)self;
    return wall;
}

static int64_t fake_mono(void *self)
{
    (void)self;
    return mono;
}

static int fake_space(void *self, const char *path, struct sys_space *ret, struct err *err)
{
    (void)self;
    (void)err;
    assert_string_equal(path, "/data");
    *ret = (struct sys_space){.total_bytes = 1000, .free_bytes = 125};
    return 0;
}

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/proc/%s", root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void drop(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/proc/%s", root, name);
    (void)unlink(path);
}

static int setup(void **state)
{
    (void)state;
    char path[256];
    (void)snprintf(root, sizeof(root), "/tmp/khien-monitor-XXXXXX");
    if (mkdtemp(root) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/proc", root);
    if (mkdir(path, 0700) != 0)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/proc/net", root);
    if (mkdir(path, 0700) != 0)
        return 1;
    ops = *sys_linux()->ops;
    ops.now_ns = fake_now;
    ops.mono_ns = fake_mono;
    ops.space = fake_space;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"stat", "meminfo", "net/dev", "diskstats", "loadavg", "uptime"};
    char path[256];
    for (size_t i = 0; i < COUNT_OF(names); i++)
        drop(names[i]);
    (void)snprintf(path, sizeof(path), "%s/proc/net", root);
    (void)rmdir(path);
    (void)snprintf(path, sizeof(path), "%s/proc", root);
    (void)rmdir(path);
    return rmdir(root);
}

#define NET_HEAD                                                                                             \
    "Inter-|   Receive                                                |  Transmit\n face |bytes packets\n"

static void first_look(void)
{
    put("stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
    put("meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\nMemAvailable:     250 kB\nSwapTotal: 100 "
                   "kB\nSwapFree: 60 kB\n");
    put("net/dev", NET_HEAD "    lo: 999999 1 0 0 0 0 0 0 999999 1 0 0 0 0 0 0\n"
                            "  eth0: 1000 1 0 0 0 0 0 0 5000 1 0 0 0 0 0 0\n"
                            "docker0: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
    put("diskstats",
        "   8       0 sda 10 0 100 0 10 0 200 0 0 0 0\n   8       1 sda1 10 0 100 0 10 0 200 0 0 0 0\n"
        " 259       0 nvme0n1 10 0 100 0 10 0 200 0 0 0 0\n 259 1 nvme0n1p1 1 0 1 0 1 0 1 0 0 0 0\n"
        "   7       0 loop0 1 0 1 0 1 0 1 0 0 0 0\n");
    put("loadavg", "0.52 0.40 0.30 1/234 5678\n");
    put("uptime", "12345.67 1.0\n");
}

static void look(struct host *h, struct host_sample *s)
{
    struct err err = {0};
    assert_int_equal(host_sample(h, s, &err), 0);
    wall += 10 * SEC;
    mono += 10 * SEC;
}

static void test_rates(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *h = NULL;
    struct host_sample s;
    struct err err = {0};
    assert_int_equal(host_new(&world, root, "/data", &h, &err), 0);
    first_look();
    look(h, &s);
    assert_true(isnan(s.v[HOST_CPU]) && isnan(s.v[HOST_NET_RX]) &&
                isnan(s.v[HOST_DISK_READ])); /* no rate yet */
    assert_true(s.v[HOST_RAM] == 75.0 && s.v[HOST_RAM_USED] == 750.0 * 1024 &&
                s.v[HOST_RAM_TOTAL] == 1000.0 * 1024);
    assert_true(s.v[HOST_SWAP_USED] == 40.0 * 1024 && s.v[HOST_LOAD1] == 0.52 &&
                s.v[HOST_UPTIME] == 12345.67);
    assert_true(s.v[HOST_DISK] == 87.5 && s.v[HOST_DISK_FREE] == 125);

    put("stat", "cpu  125 0 100 865 10 0 0 0 0 0\n");
    put("net/dev", NET_HEAD "    lo: 9999999 1 0 0 0 0 0 0 9999999 1 0 0 0 0 0 0\n"
                            "  eth0: 11000 1 0 0 0 0 0 0 5000 1 0 0 0 0 0 0\n"
                            "  eth1: 77777 1 0 0 0 0 0 0 77777 1 0 0 0 0 0 0\n");
    put("diskstats",
        "   8       0 sda 10 0 200 0 10 0 200 0 0 0 0\n 259       0 nvme0n1 10 0 100 0 10 0 300 0 0 0 0\n");
    look(h, &s);
    assert_true(s.v[HOST_CPU] == 25.0 && s.v[HOST_IOWAIT] == 10.0);
    assert_true(s.v[HOST_NET_RX] == 8000.0 && s.v[HOST_NET_TX] == 0.0); /* eth1 is new: nothing yet */
    assert_true(s.v[HOST_DISK_READ] == 5120.0 && s.v[HOST_DISK_WRITE] == 5120.0);
}

/* A counter of 32 bits wraps; one that was reset is not known for one sample. */
static void test_wrap_and_reset(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *h = NULL;
    struct host_sample s;
    struct err err = {0};
    static const struct {
        const char *rx;
        double bps; /* NAN: not known */
    } rows[] = {
        {"4294967000", NAN}, {"704", 800.0}, /* 296 + 704 bytes in 10 s */
        {"100000", 79436.8}, {"0", NAN},
        {"1000", 800.0},     {"9000000000", 7199999200.0},
        {"5", NAN},          {"18446744073709551616", NAN},
        {"1005", NAN},       {"2005", 800.0},
    };
    assert_int_equal(host_new(&world, root, NULL, &h, &err), 0);
    first_look();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text), NET_HEAD "eth0:%s 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0\n", rows[i].rx);
        put("net/dev", text);
        look(h, &s);
        if (strcmp(rows[i].rx, "18446744073709551616") == 0) {
            assert_true(s.v[HOST_NET_RX] == 0.0 || isnan(s.v[HOST_NET_RX])); /* a line that is no counter */
            continue;
        }
        if (strcmp(rows[i].rx, "1005") == 0)
            continue;
        if (isnan(rows[i].bps) ? !isnan(s.v[HOST_NET_RX]) : fabs(s.v[HOST_NET_RX] - rows[i].bps) > 0.01)
            fail_msg("row %zu: %f", i, s.v[HOST_NET_RX]);
        assert_true(isnan(s.v[HOST_DISK])); /* no disk asked for */
    }
}

static void test_files_missing(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *h = NULL;
    struct host_sample s;
    struct err err = {0};
    assert_int_equal(host_new(&world, root, NULL, &h, &err), 0);
    first_look();
    drop("meminfo");
    put("stat", "cpu  x\n");
    put("loadavg", "none\n");
    look(h, &s);
    look(h, &s);
    assert_true(isnan(s.v[HOST_RAM]) && isnan(s.v[HOST_CPU]) && isnan(s.v[HOST_LOAD1]));
    assert_true(s.v[HOST_NET_RX] == 0.0 && s.v[HOST_UPTIME] > 0);
    put("meminfo", "MemTotal: 0 kB\n");
    look(h, &s);
    assert_true(isnan(s.v[HOST_RAM]));
    put("meminfo", "MemTotal: 10 kB\n"); /* an old kernel: no MemAvailable */
    look(h, &s);
    assert_true(isnan(s.v[HOST_RAM]) && s.v[HOST_RAM_TOTAL] == 10240.0);
    static const char *const all[] = {"stat", "meminfo", "net/dev", "diskstats", "loadavg", "uptime"};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        drop(all[i]);
    assert_int_equal(host_sample(h, &s, &err), -1);
    assert_int_equal(err.code, ERR_IO);
}

static void test_this_machine(void **state)
{
    (void)state;
    CLEANUP(host_freep) struct host *h = NULL;
    struct host_sample s;
    struct err err = {0};
    assert_int_equal(host_new(sys_linux(), "", "/", &h, &err), 0);
    assert_int_equal(host_sample(h, &s, &err), 0);
    assert_int_equal(host_sample(h, &s, &err), 0);
    assert_true(s.v[HOST_RAM] > 0 && s.v[HOST_RAM] <= 100.0 && s.v[HOST_UPTIME] > 0);
    struct timesync t = timesync_read(timesync_linux(), NULL, NULL, s.at_ns);
    assert_true(t.state == TIMESYNC_YES || t.state == TIMESYNC_NO || t.why.code != ERR_NONE);
}

static void test_event(void **state)
{
    (void)state;
    struct host_sample s = {.at_ns = 1000};
    struct arena a;
    struct event e;
    struct err err = {0};
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++)
        s.v[i] = NAN;
    s.v[HOST_CPU] = 12.46;
    s.v[HOST_RAM_USED] = 123456789.0;
    s.v[HOST_NET_RX] = 0;
    arena_init(&a, 1 << 16);
    assert_int_equal(host_event(&s, 4, &a, &e, &err), 0);
    assert_true(str_eq(e.raw, S("khien-monitor cpu=12.5 ram_used=123456789 net_rx_bps=0.0")));
    assert_int_equal(e.n_fields, 5);
    assert_int_equal(e.source, 4);
    assert_true(str_eq(event_get(&e, FIELD_EVENT_DATASET), S("khien.monitor")));
    assert_true(str_eq(event_get(&e, FIELD_PROCESS_NAME), S("khien-monitor")));
    assert_true(str_eq(event_get_named(&e, S("khien.metric.ram_used")), S("123456789")));
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++) {
        s.v[i] = -1.7e308;
        assert_int_equal(host_metric_find(host_metric_name((enum host_metric)i)), (int)i);
    }
    assert_int_equal(host_event(&s, 4, &a, &e, &err), 0); /* numbers that do not fit are left out */
    assert_int_equal(e.n_fields, 2);
    arena_done(&a);
    arena_init(&a, 8);
    assert_int_equal(host_event(&s, 4, &a, &e, &err), -1);
    arena_done(&a);
}

static struct host_sample cpu_at(int64_t seconds, double cpu)
{
    struct host_sample s = {.at_ns = seconds * SEC};
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++)
        s.v[i] = NAN;
    s.v[HOST_CPU] = cpu;
    return s;
}

static void test_series(void **state)
{
    (void)state;
    CLEANUP(series_freep) struct series *t = NULL;
    struct err err = {0};
    struct series_point p[16];
    struct series_gap g[4];
    assert_int_equal(series_new(0, &t, &err), -1);
    assert_int_equal(series_new(10, &t, &err), 0);
    assert_null(series_last(t));
    assert_true(series_coverage(t, HOST_CPU, 0, 100 * SEC) == 0.0);
    int64_t base = 1795000000;
    for (int64_t i = 0; i < 60; i++) {
        struct host_sample s = cpu_at(base + i * 10, (double)i);
        if (i < 20 || i >= 30)
            series_add(t, &s);
    }
    assert_true(series_last(t)->v[HOST_CPU] == 59.0);
    /* the gap is a gap: NAN, never zero; steps average what is there */
    assert_int_equal(series_read(t, HOST_CPU, base * SEC, (base + 600) * SEC, 100 * SEC, p, 16), 6);
    assert_true(p[0].value == 4.5 && p[0].max == 9.0 && isnan(p[2].value) && isnan(p[2].max) &&
                p[3].value == 34.5);
    assert_int_equal(p[1].at_ns, (base + 100) * SEC);
    /* more points than asked for: longer steps */
    assert_int_equal(series_read(t, HOST_CPU, base * SEC, (base + 600) * SEC, 1, p, 16), 15);
    assert_true(p[0].value == 1.5);
    assert_int_equal(series_read(t, HOST_RAM, base * SEC, (base + 600) * SEC, 100 * SEC, p, 16), 6);
    assert_true(isnan(p[0].value));
    assert_int_equal(series_read(t, HOST_CPU, (base + 600) * SEC, base * SEC, 1, p, 16), 0);
    assert_true(series_read(t, HOST_CPU, INT64_MIN, INT64_MAX, INT64_MAX, p, 16) <= 16);

    assert_true(fabs(series_coverage(t, HOST_CPU, base * SEC, (base + 600) * SEC) - 100.0 * 50 / 60) < 0.01);
    assert_true(series_coverage(t, HOST_CPU, (base - 3600) * SEC, (base + 200) * SEC) ==
                100.0);                                                                /* before the start */
    assert_true(series_coverage(t, HOST_CPU, base * SEC, (base + 1200) * SEC) < 50.0); /* it stopped */
    assert_true(series_coverage(t, HOST_RAM, base * SEC, (base + 600) * SEC) == 0.0);
    assert_int_equal(series_gaps(t, base * SEC, (base + 1200) * SEC, g, 4), 2);
    assert_int_equal(g[0].from_ns, (base + 200) * SEC);
    assert_int_equal(g[0].to_ns, (base + 300) * SEC);
    assert_int_equal(g[1].from_ns, (base + 600) * SEC);
    assert_int_equal(g[1].to_ns, (base + 1200) * SEC);
    assert_int_equal(series_gaps(t, base * SEC, (base + 200) * SEC, g, 4), 0);

    /* a day later the ring has turned: what is a day old is gone, and old samples do not come back */
    struct host_sample late = cpu_at(base + 86400 + 100, 7.0), old = cpu_at(base + 100, 3.0);
    series_add(t, &late);
    series_add(t, &old);
    assert_int_equal(series_read(t, HOST_CPU, base * SEC, (base + 200) * SEC, 100 * SEC, p, 16), 2);
    assert_true(p[0].value == 4.5 && fabs(p[1].value - 15.0) < 0.01);
    assert_true(series_last(t)->v[HOST_CPU] == 7.0);
}

static void test_thresholds(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        double v;
        enum threshold_step step;
    } rows[] = {
        {0, 95, THRESHOLD_SAME},     {200, 95, THRESHOLD_SAME},
        {250, 89, THRESHOLD_SAME}, /* dipped: starts again */
        {260, 95, THRESHOLD_SAME},   {300, NAN, THRESHOLD_SAME},
        {559, 99, THRESHOLD_SAME},   {560, 95, THRESHOLD_RAISED},
        {570, 95, THRESHOLD_SAME},   {580, 85, THRESHOLD_SAME}, /* between: stays */
        {590, 91, THRESHOLD_SAME},   {600, NAN, THRESHOLD_SAME},
        {610, 80, THRESHOLD_SAME},   {620, 79.9, THRESHOLD_CLEARED},
        {630, 50, THRESHOLD_SAME},   {640, 95, THRESHOLD_SAME},
        {940, 95, THRESHOLD_RAISED},
    };
    size_t n;
    const struct threshold_rule *r = threshold_defaults(&n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_true(threshold_rule_ok(&r[i]));
    static const struct threshold_rule bad[] = {
        {HOST_CPU, 80, 80, 0}, {HOST_CPU, NAN, 1, 0}, {HOST_CPU, 2, 1, -1}, {HOST_CPU, 2, 1, 86401}};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(threshold_rule_ok(&bad[i]));
    struct threshold_state st = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct host_sample s = cpu_at(1000000 + rows[i].at, rows[i].v);
        struct threshold_change c = {.step = THRESHOLD_SAME};
        bool changed = threshold_step(&r[0], &st, &s, &c);
        if (changed != (rows[i].step != THRESHOLD_SAME) || c.step != rows[i].step)
            fail_msg("row %zu: %d", i, c.step);
        if (rows[i].at == 560) {
            assert_true(c.peak == 99.0 && c.limit == 90.0);
            assert_int_equal(c.since_ns, 1000260 * SEC);
        }
    }
}

static void test_silence(void **state)
{
    (void)state;
    struct silence s;
    int64_t t = INT64_C(20000) * 86400 * SEC, hour = 3600 * SEC;
    silence_init(&s, t);
    assert_int_equal(silence_after_s(&s), SILENCE_DEFAULT_S);
    assert_int_equal(silence_tick(&s, t + 24 * hour - 1), SILENCE_SAME);
    assert_int_equal(silence_tick(&s, t + 24 * hour), SILENCE_STARTED); /* never sent anything */
    assert_int_equal(silence_tick(&s, t + 25 * hour), SILENCE_SAME);    /* told once */
    assert_int_equal(silence_seen(&s, t + 26 * hour), SILENCE_ENDED);
    assert_int_equal(silence_after_s(&s), SILENCE_DEFAULT_S); /* an outage is not learned from */
    t += 26 * hour;
    assert_int_equal(silence_seen(&s, t + 20 * hour), SILENCE_SAME);
    assert_int_equal(silence_after_s(&s), 40 * 3600); /* it speaks once a day: twice the longest distance */
    assert_int_equal(silence_tick(&s, t + 59 * hour), SILENCE_SAME);
    assert_int_equal(silence_at_ns(&s), t + 60 * hour);
    assert_int_equal(silence_tick(&s, t + 60 * hour), SILENCE_STARTED);
    /* after a week of talking the long distance is forgotten */
    for (int64_t i = 61; i < 61 + 9 * 24; i++)
        (void)silence_seen(&s, t + i * hour);
    assert_int_equal(silence_after_s(&s), SILENCE_DEFAULT_S);
    assert_true(silence_set(&s, 600));
    assert_int_equal(silence_after_s(&s), 600);
    assert_false(silence_set(&s, 59));
    assert_false(silence_set(&s, SILENCE_SET_S_MAX + 1));
    assert_int_equal(silence_after_s(&s), 600);
    assert_true(silence_set(&s, 0));
    /* a clock that goes back does not turn the ring or hurt */
    (void)silence_seen(&s, t);
    assert_int_equal(silence_tick(&s, t), SILENCE_SAME);
}

struct fake_kernel {
    int rc;
    struct timesync_kernel k;
};

static int fake_read(void *self, struct timesync_kernel *ret, struct err *err)
{
    struct fake_kernel *f = self;
    if (f->rc != 0)
        return err_set(err, ERR_DENIED, "not allowed");
    *ret = f->k;
    return 0;
}

static void test_timesync(void **state)
{
    (void)state;
    static const struct timesync_ops fake = {.kernel = fake_read};
    static const struct {
        struct fake_kernel k;
        struct timesync_sntp sntp;
        enum timesync_state want;
        bool known;
        int64_t offset_ns;
    } rows[] = {
        {{0, {false, 2000, 500, 9000}}, {0}, TIMESYNC_YES, true, -2000},
        {{0, {false, -2000, 500, 9000}}, {0}, TIMESYNC_YES, true, 2000},
        {{0, {false, -200, 5000, 9000}}, {0}, TIMESYNC_YES, true, 5000}, /* the estimated error is larger */
        {{0, {true, 0, 0, 16000000}}, {0}, TIMESYNC_NO, false, 0},
        {{-1, {0}}, {0}, TIMESYNC_UNREADABLE, false, 0},
        {{0, {true, 0, 0, 0}}, {true, 1000, 77, 5}, TIMESYNC_NO, true, -77},
        {{-1, {0}}, {true, 1000, 77, 5}, TIMESYNC_NO, true, -77},
        {{0, {false, 2000, 0, 0}}, {true, 1000, 77, 5}, TIMESYNC_YES, true, -77},
        {{0, {false, 2000, 0, 0}}, {false, 1000, 77, 5}, TIMESYNC_YES, true, -2000},
        {{0, {true, 0, 0, 0}},
         {true, 1000 - INT64_C(3601) * NS_PER_S, 77, 5},
         TIMESYNC_NO,
         false,
         0},                                                                /* too old */
        {{0, {true, 0, 0, 0}}, {true, 2000, 77, 5}, TIMESYNC_NO, false, 0}, /* from the future */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake_kernel k = rows[i].k;
        struct timesync t = timesync_read(&fake, &k, &rows[i].sntp, 1000);
        if (t.state != rows[i].want || t.offset_known != rows[i].known || t.offset_ns != rows[i].offset_ns)
            fail_msg("row %zu: state %d, offset %lld", i, t.state, (long long)t.offset_ns);
        assert_true(t.state != TIMESYNC_UNREADABLE || t.why.code == ERR_DENIED);
    }
    int64_t good[4] = {100, 210, 220, 130}; /* there 110, back -90 */
    struct timesync_sntp s = timesync_sntp_of(good, 2, false);
    assert_true(s.valid);
    assert_int_equal(s.offset_ns, 100);
    assert_int_equal(s.delay_ns, 20);
    assert_false(timesync_sntp_of(good, 0, false).valid);
    assert_false(timesync_sntp_of(good, 16, false).valid);
    assert_false(timesync_sntp_of(good, 2, true).valid);
    int64_t negative[4] = {100, 210, 250, 130}, wild[4] = {INT64_MIN, INT64_MAX, 0, INT64_MAX};
    assert_false(timesync_sntp_of(negative, 2, false).valid);
    assert_false(timesync_sntp_of(wild, 2, false).valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),         cmocka_unit_test(test_wrap_and_reset),
        cmocka_unit_test(test_files_missing), cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_event),         cmocka_unit_test(test_series),
        cmocka_unit_test(test_thresholds),    cmocka_unit_test(test_silence),
        cmocka_unit_test(test_timesync),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
