/* Queries on a real store against the same questions asked event by event in memory. */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "store/block.h"
#include "store/help.h"
#include "store/search.h"
#include "store/seg.h"

#define N 20000u
#define BASE INT64_C(1795310000000000000)
#define NOW (BASE + INT64_C(3600) * NS_PER_S)

/* One store for all tests: they only read. */
static struct {
    char dir[256];
    struct store *store;
    struct arena mem;
    struct event *events; /* events[i].id = i + 1 */
} world;

static struct event make_event(struct arena *a, uint64_t n)
{
    struct event e = {.time_ns = BASE + (int64_t)(n * NS_PER_S / 4), .source = 1 + (uint32_t)(n % 3)};
    bool good = n % 10 == 0;
    unsigned pid = 1000 + (unsigned)(n * 7919 % 5000);
    e.severity = (uint8_t)(n % 8);
    e.seq = n / 3 + 1;
    e.raw = arena_printf(a, "<38>Nov 22 08:14:05 web-%02u sshd[%u]: %s password for %s%u from 10.0.%u.%u",
                         (unsigned)(n % 20), pid, good ? "Accepted" : "Failed", good ? "Đặng" : "user",
                         (unsigned)n, (unsigned)(n % 7), (unsigned)(n % 256));
    size_t at = str_find(e.raw, S("sshd["));
    e.message = str_from(e.raw, at);
    e.fields = ARENA_NEW(a, struct event_field, 6);
    assert_non_null(e.fields);
    e.fields[0] = (struct event_field){.id = FIELD_HOST_NAME, .value = str_sub(e.raw, 20, 6)};
    e.fields[1] = (struct event_field){.id = FIELD_PROCESS_PID, .value = str_sub(e.raw, at + 5, 4)};
    e.fields[2] =
        (struct event_field){.id = FIELD_EVENT_OUTCOME, .value = good ? S("success") : S("failure")};
    e.fields[3] =
        (struct event_field){.id = FIELD_SOURCE_IP, .value = str_from(e.raw, str_find(e.raw, S("10.0.")))};
    e.n_fields = 4;
    if (n % 4 == 0) {
        e.fields[4] = (struct event_field){
            .id = FIELD_HTTP_BYTES, .value = arena_printf(a, "%llu", (unsigned long long)(n * n % 10007))};
        e.fields[5] =
            (struct event_field){.name = S("x.nhãn"), .value = n % 8 == 0 ? S("Huế") : S("đà nẵng")};
        e.n_fields = 6;
    }
    return e;
}

static int open_world(void **state)
{
    (void)state;
    char dir[256], keys[256];
    struct store_recovery r;
    struct err err = {0};
    uint64_t durable;
    help_tmp_dir(world.dir);
    struct store_opts o = help_opts(sys_linux(), world.dir, dir, keys);
    o.window_bytes = 100000;
    o.segment_bytes = 800000;
    arena_init(&world.mem, 256u << 20);
    world.events = ARENA_NEW(&world.mem, struct event, N);
    assert_int_equal(store_open(&o, &world.store, &r, &err), 0);
    for (uint64_t n = 0; n < N; n++) {
        world.events[n] = make_event(&world.mem, n);
        assert_int_equal(store_append(world.store, &world.events[n], 1, &err), 0);
        assert_int_equal(world.events[n].id, n + 1);
        if (n % 1000 == 0)
            assert_int_equal(store_tick(world.store, &err), 0);
    }
    assert_int_equal(store_commit(world.store, &durable, &err), 0);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    store_close(world.store);
    help_remove_dir(world.dir);
    arena_done(&world.mem);
    return 0;
}

static struct str source_name(void *arg, uint32_t source)
{
    static const char *const names[] = {"", "một", "hai", "ba"};
    (void)arg;
    return source <= 3 ? str_of(names[source]) : (struct str){NULL, 0};
}

static struct search_opts opts(void)
{
    return (struct search_opts){.store = world.store, .sys = sys_linux(), .source_fn = source_name};
}

static struct query *parse(struct arena *a, const char *text)
{
    struct query *q;
    struct err err = {0};
    if (query_parse(str_of(text), NOW, a, &q, &err) != 0)
        fail_msg("%s: %s at %zu", text, err.msg, err.at);
    return q;
}

/* Which events match, asked one by one. */
static size_t brute(const struct query *q, const struct search_opts *o, bool *hits)
{
    struct arena a;
    struct pred_prog *p;
    struct pred_scratch *s;
    struct err err = {0};
    size_t n = 0;
    arena_init(&a, 8u << 20);
    assert_int_equal(pred_compile(q->where, &a, &p, &err), 0);
    assert_int_equal(pred_scratch_new(&s, &err), 0);
    pred_scratch_sources(s, source_name, NULL);
    for (size_t i = 0; i < N; i++) {
        const struct event *e = &world.events[i];
        bool in = (o->from_ns == 0 && o->to_ns == 0) || (e->time_ns >= o->from_ns && e->time_ns < o->to_ns);
        in = in && (o->source == 0 || e->source == o->source);
        hits[i] = in && pred_match(p, e, s);
        n += hits[i];
    }
    pred_scratch_free(s);
    pred_free(p);
    arena_done(&a);
    return n;
}

static const char *const queries[] = {"*",
                                      "failed",
                                      "accepted dang",
                                      "đặng",
                                      "Dang40",
                                      "user41",
                                      "failure",
                                      "success web-10",
                                      "*ser41",
                                      "user4*",
                                      "\"password for user41 from\"",
                                      "nothere",
                                      "failed NOT web-01",
                                      "source.ip:10.0.3.0/24",
                                      "source.ip:10.0.3.17",
                                      "host.name:web-07",
                                      "host.name:WEB-0?",
                                      "process.pid:>5900",
                                      "process.pid:1000",
                                      "severity:>=error",
                                      "event.outcome:success",
                                      "event.outcome:succ*",
                                      "http.response.body.bytes:[10 TO 50]",
                                      "x.nhãn:Huế",
                                      "x.nhãn:\"ĐÀ nẵng\"",
                                      "raw:/user1[0-9]{3} /",
                                      "source.name:hai",
                                      "event.id:[100 TO 120]",
                                      "(user41 OR user42) failed",
                                      "sshd nothere OR web-03",
                                      "@timestamp:>=2026-11-22T09:00:00+07:00",
                                      "NOT x.nhãn:*",
                                      "\"no such phrase at all\"",
                                      NULL};

struct list {
    uint64_t *ids;
    size_t n, stop_at;
};

static bool take(void *arg, const struct event *e)
{
    struct list *l = arg;
    const struct event *want = &world.events[e->id - 1];
    assert_true(l->n < N && e->id >= 1 && e->id <= N);
    assert_true(help_event_same(want, e));
    l->ids[l->n++] = e->id;
    return l->stop_at == 0 || l->n < l->stop_at;
}

/* All pages of a query, one behind the other, are what asking event by event gives. */
static void check_pages(const char *text, struct search_opts o)
{
    static bool hits[N];
    static uint64_t ids[N];
    struct arena a;
    struct err err = {0};
    struct search_end end = {.next = 0};
    struct list l = {.ids = ids};
    arena_init(&a, 8u << 20);
    struct query *q = parse(&a, text);
    size_t want = brute(q, &o, hits), pages = 0;
    do {
        o.cursor = end.next;
        if (search_events(&o, q, take, &l, &end, &err) != 0)
            fail_msg("%s: %s", text, err.msg);
        assert_int_equal(end.bad_blocks, 0);
        pages++;
    } while (end.next != 0);
    if (l.n != want)
        fail_msg("%s: %zu found, %zu are there", text, l.n, want);
    for (size_t i = 0, k = 0; i < N; i++) {
        size_t n = o.oldest_first ? i : N - 1 - i;
        if (hits[n])
            assert_int_equal(ids[k++], n + 1);
    }
    assert_true(pages >= want / (o.limit == 0 ? 100 : o.limit));
    arena_done(&a);
}

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; queries[i] != NULL; i++) {
        struct search_opts o = opts();
        o.limit = QUERY_LIMIT_MAX;
        check_pages(queries[i], o);
        o.oldest_first = true;
        o.limit = 1700;
        check_pages(queries[i], o);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    struct search_opts o = opts();
    o.limit = 333;
    o.from_ns = BASE + 1000 * NS_PER_S;
    o.to_ns = BASE + 1300 * NS_PER_S + 1;
    check_pages("*", o);
    check_pages("user4*", o);
    check_pages("@timestamp:<2026-11-22", o); /* outside */
    o.source = 2;
    check_pages("failed", o);
    o.from_ns = o.to_ns = 0;
    check_pages("accepted", o);
    o.source = 9;
    check_pages("*", o);
}

/* Pages that a row budget cuts still make the whole. */
static void test_cut_pages(void **state)
{
    (void)state;
    struct search_opts o = opts();
    o.limit = 500;
    o.budget_rows = 777;
    check_pages("accepted", o);
    o.oldest_first = true;
    check_pages("host.name:web-07", o);
}

static void test_limits(void **state)
{
    (void)state;
    static uint64_t ids[N];
    static const struct {
        const char *query;
        uint64_t limit;
        size_t stop_at, want;
        bool more;
    } cases[] = {
        {"*", 0, 0, 100, true},
        {"*", 5, 0, 5, true},
        {"* | limit 3", 0, 0, 3, false},
        {"* | limit 300", 0, 0, 100, true},
        {"* | limit 100", 0, 0, 100, false},
        {"* | limit 9 | head 4", 0, 0, 4, false},
        {"*", 50, 7, 7, true},
        {"nothere", 0, 0, 0, false},
        {"*", UINT64_MAX, 0, N, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct err err = {0};
        struct search_end end;
        struct list l = {.ids = ids, .stop_at = cases[i].stop_at};
        struct search_opts o = opts();
        arena_init(&a, 1u << 20);
        o.limit = cases[i].limit;
        assert_int_equal(search_events(&o, parse(&a, cases[i].query), take, &l, &end, &err), 0);
        if (l.n != cases[i].want || (end.next != 0) != cases[i].more || end.cut != SEARCH_WHOLE)
            fail_msg("row %zu: %zu events, next %llu", i, l.n, (unsigned long long)end.next);
        if (cases[i].more)
            assert_int_equal(end.next, ids[l.n - 1]);
        arena_done(&a);
    }
}

static void test_counts(void **state)
{
    (void)state;
    static bool hits[N];
    for (size_t i = 0; queries[i] != NULL; i++) {
        struct arena a;
        struct err err = {0};
        struct search_end end;
        struct search_opts o = opts();
        uint64_t n, sum = 0, counts[60];
        int64_t step;
        arena_init(&a, 8u << 20);
        struct query *q = parse(&a, queries[i]);
        assert_int_equal(search_count(&o, q, &n, &end, &err), 0);
        if (n != brute(q, &o, hits) || end.cut != SEARCH_WHOLE || end.next != 0 || end.matched != n)
            fail_msg("%s: %llu", queries[i], (unsigned long long)n);
        o.from_ns = BASE;
        o.to_ns = BASE + (int64_t)(N / 4 + 1) * NS_PER_S;
        assert_int_equal(search_histogram(&o, q, 60, counts, &step, &end, &err), 0);
        for (size_t k = 0; k < 60; k++)
            sum += counts[k];
        assert_int_equal(sum, n);
        uint64_t first = 0;
        for (size_t k = 0; k < N; k++)
            first += hits[k] && world.events[k].time_ns - BASE < step;
        assert_int_equal(counts[0], first);
        arena_done(&a);
    }
}

static void test_skips(void **state)
{
    (void)state;
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct search_opts o = opts();
    uint64_t n;
    arena_init(&a, 1u << 20);
    assert_int_equal(search_count(&o, parse(&a, "nothere"), &n, &end, &err), 0);
    assert_true(end.scanned < N / 10); /* only the open window and chance hits of the filters */
    assert_int_equal(search_count(&o, parse(&a, "user41 host.name:web-01"), &n, &end, &err), 0);
    assert_int_equal(n, 1);
    assert_true(end.scanned < N / 5);
    arena_done(&a);
}

/* Flip one byte in the middle of a segment file. */
static void damage(const char *dir)
{
    char path[600];
    struct dirent *e;
    bool done = false;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (!done && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        FILE *f = strstr(e->d_name, ".seg") == NULL ? NULL : fopen(path, "r+b");
        if (f == NULL)
            continue;
        char head[SEG_HEADER_BYTES + BLOCK_FIXED_BYTES];
        struct block_fixed fixed;
        assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
        struct str block = {head + SEG_HEADER_BYTES, BLOCK_FIXED_BYTES};
        assert_int_equal(block_read_fixed(block, &fixed, NULL), 0);
        long at = (long)(SEG_HEADER_BYTES + fixed.length - 1); /* the columns lie at its end */
        assert_int_equal(fseek(f, at, SEEK_SET), 0);
        int c = fgetc(f);
        assert_int_equal(fseek(f, at, SEEK_SET), 0);
        assert_int_not_equal(fputc(c ^ 1, f), EOF);
        assert_int_equal(fclose(f), 0);
        done = true;
    }
    (void)closedir(d);
    assert_true(done);
}

/* A damaged block is left out, counted and named; the rest of the answer stands. */
static void test_damaged(void **state)
{
    (void)state;
    char top[256], dir[256], keys[256];
    struct arena a;
    struct store *s;
    struct store_recovery r;
    struct err err = {0};
    struct search_end end;
    uint64_t n = 0, durable;
    help_tmp_dir(top);
    struct store_opts so = help_opts(sys_linux(), top, dir, keys);
    struct search_opts o = opts();
    arena_init(&a, 1u << 20);
    assert_int_equal(store_open(&so, &s, &r, &err), 0);
    for (uint64_t i = 0; i < 200; i++) {
        struct event e = world.events[i];
        assert_int_equal(store_append(s, &e, 1, &err), 0);
        assert_int_equal(store_commit(s, &durable, &err), 0);
        assert_int_equal(store_tick(s, &err), 0);
    }
    damage(dir);
    o.store = s;
    assert_int_equal(search_count(&o, parse(&a, "*"), &n, &end, &err), 0);
    assert_true(end.bad_blocks == 1 && n > 100 && n < 200);
    assert_non_null(strstr(end.bad, "block"));
    store_close(s);
    help_remove_dir(top);
    arena_done(&a);
}

/* -- budgets --------------------------------------------------------------------------------------------- */

struct clock {
    int64_t now_ns;
};

static int64_t clock_step(void *self)
{
    struct clock *c = self;
    return c->now_ns += NS_PER_MS;
}

static int real_random(void *self, void *out, size_t n, struct err *err)
{
    (void)self;
    return sys_random(sys_linux(), out, n, err);
}

static void test_budgets(void **state)
{
    (void)state;
    static uint64_t ids[N];
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct search_opts o = opts();
    struct list l = {.ids = ids};
    struct clock clock = {0};
    struct sys_ops ops = {.mono_ns = clock_step, .random = real_random};
    struct sys slow = {&clock, &ops};
    atomic_bool cancel = true;
    uint64_t n;
    arena_init(&a, 1u << 20);
    struct query *q = parse(&a, "nothere OR accepted");
    o.budget_rows = 1000;
    o.limit = QUERY_LIMIT_MAX;
    assert_int_equal(search_events(&o, q, take, &l, &end, &err), 0);
    assert_int_equal(end.cut, SEARCH_CUT_ROWS);
    assert_int_equal(end.scanned, 1000);
    assert_int_equal(end.next, N - 999);
    assert_int_equal(l.n, 100);
    o.budget_rows = 0;
    o.sys = &slow; /* each look at the clock costs 1 ms */
    o.budget_ns = 10 * NS_PER_MS;
    assert_int_equal(search_count(&o, q, &n, &end, &err), 0);
    assert_int_equal(end.cut, SEARCH_CUT_TIME);
    assert_true(end.scanned > 256 && end.scanned < N && end.took_ns >= 10 * NS_PER_MS && end.next != 0);
    o.budget_ns = 0;
    o.cancel = &cancel;
    assert_int_equal(search_count(&o, q, &n, &end, &err), 0);
    assert_int_equal(end.cut, SEARCH_CUT_CANCELLED);
    assert_true(end.scanned <= 256);
    assert_true(str_eq(search_cut_name(end.cut), S("cancelled")));
    o.cancel = NULL;
    o.budget_bytes = 1; /* raised to SEARCH_BYTES_MIN */
    struct search_table *t;
    assert_int_equal(
        search_table(&o, parse(&a, "* | stats count(), uniq(raw), p95(process.pid) by raw"), &t, &end, &err),
        0);
    assert_int_equal(end.cut, SEARCH_CUT_MEMORY);
    assert_true(t->n_rows > 100 && t->n_rows < N);
    search_table_free(t);
    l.n = 0;
    assert_int_equal(search_events(&o, parse(&a, "* | sort raw"), take, &l, &end, &err), 0);
    assert_int_equal(end.cut, SEARCH_CUT_MEMORY);
    assert_true(l.n > 100 && l.n < N);
    arena_done(&a);
}

/* -- tables ---------------------------------------------------------------------------------------------- */

static void put_cell(struct buf *b, const struct search_cell *c)
{
    if (c->kind == SEARCH_NULL)
        buf_put(b, S("-"));
    else if (c->kind == SEARCH_TEXT)
        buf_put(b, c->text);
    else if (c->kind == SEARCH_DOUBLE)
        buf_printf(b, "%.3f", c->d);
    else if (c->kind == SEARCH_TIME)
        buf_printf(b, "t%lld", (long long)((c->i - BASE) / NS_PER_S));
    else
        buf_printf(b, "%lld", (long long)c->i);
    buf_put(b, c->estimate ? S("~") : S(""));
}

static char *table_text(const char *query, struct search_opts o)
{
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct search_table *t;
    struct buf b;
    arena_init(&a, 1u << 20);
    buf_init(&b, 1u << 20);
    struct query *q = parse(&a, query);
    assert_true(search_is_table(q));
    if (search_table(&o, q, &t, &end, &err) != 0)
        fail_msg("%s: %s", query, err.msg);
    for (size_t i = 0; i < t->n_columns; i++) {
        buf_put(&b, i > 0 ? S(",") : S(""));
        buf_put(&b, t->columns[i]);
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t i = 0; i < t->n_columns; i++) {
            buf_put(&b, i > 0 ? S(",") : S("\n"));
            put_cell(&b, &t->rows[r][i]);
        }
    }
    search_table_free(t);
    arena_done(&a);
    char *text = buf_take(&b);
    assert_non_null(text);
    buf_done(&b);
    return text;
}

/* The numbers are known by arithmetic: N = 20000 events, every tenth accepted, hosts and sources in turn. */
static void test_tables(void **state)
{
    (void)state;
    static const struct {
        const char *query, *want;
    } cases[] = {
        {"* | stats count()", "count\n20000"},
        {"nothere | stats count(), sum(process.pid), avg(process.pid), min(raw), uniq(raw)",
         "count,sum(process.pid),avg(process.pid),min(raw),uniq(raw)\n0,-,-,-,0"},
        {"nothere | stats count() by raw", "raw,count"},
        {"* | stats count() as n by event.outcome", "event.outcome,n\nfailure,18000\nsuccess,2000"},
        {"* | stats count() by event.outcome | sort count",
         "event.outcome,count\nsuccess,2000\nfailure,18000"},
        {"* | stats count() by source.name | sort -source.name | limit 2",
         "source.name,count\nmột,6667\nhai,6667"},
        {"* | stats count() by severity | limit 2", "severity,count\nalert,2500\ncritical,2500"},
        {"* | stats count(), count(x.nhãn) by x.nhãn",
         "x.nhãn,count,count(x.nhãn)\nđà nẵng,2500,2500\nHuế,2500,2500\n-,15000,0"},
        {"* | top 3 host.name", "host.name,count\nweb-00,1000\nweb-01,1000\nweb-02,1000"},
        {"event.id:[1 TO 5] | stats min(event.id), max(event.id), sum(event.id), avg(event.id), "
         "p95(event.id)",
         "min(event.id),max(event.id),sum(event.id),avg(event.id),p95(event.id)\n1,5,15,3.000,5.000"},
        {"event.id:<=100 | stats p95(event.id), uniq(host.name), min(@timestamp), max(@timestamp)",
         "p95(event.id),uniq(host.name),min(@timestamp),max(@timestamp)\n95.000,20,t0,t24"},
        {"event.id:<=40 | stats count() by source.name, event.outcome | sort -count | fields count, "
         "source.name | limit 3",
         "count,source.name\n12,ba\n12,hai\n12,một"},
        {"* | limit 10 | stats count(), min(event.id)", "count,min(event.id)\n10,19991"},
        {"event.id:<=9 | histogram(1s)", "time,count\nt0,4\nt1,4\nt2,1"},
        {"event.id:<=8 | histogram(2s) by event.outcome | sort -count",
         "time,event.outcome,count\nt0,failure,7\nt0,success,1"},
        {"event.id:[11 TO 13] | fields host.name, event.id, @timestamp, severity, x.nhãn",
         "host.name,event.id,@timestamp,severity,x.nhãn\nweb-12,13,t3,warning,đà "
         "nẵng\nweb-11,12,t2,error,-\nweb-10,11,t2,critical,-"},
        {"event.id:<=100 | sort event.id | limit 2 | fields event.id, source.id",
         "event.id,source.id\n1,1\n2,2"},
        {"event.id:<=100 | sort -event.id | fields event.id | limit 2", "event.id\n100\n99"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = table_text(cases[i].query, opts());
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("%s gives\n%s\nwant\n%s", cases[i].query, text, cases[i].want);
        free(text);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_estimates(void **state)
{
    (void)state;
    static double values[N];
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct search_table *t;
    struct search_opts o = opts();
    size_t n = 0;
    arena_init(&a, 1u << 20);
    for (size_t i = 0; i < N; i += 4)
        values[n++] = (double)(i * i % 10007);
    qsort(values, n, sizeof(values[0]), by_value);
    double p95 = values[n - n / 20 - 1];
    assert_int_equal(
        search_table(&o, parse(&a, "* | stats p95(http.response.body.bytes), uniq(raw), uniq(process.pid)"),
                     &t, &end, &err),
        0);
    const struct search_cell *c = t->rows[0];
    assert_true(c[0].estimate && fabs(c[0].d - p95) <= 0.0101 * p95);
    assert_true(c[1].estimate && fabs((double)c[1].i - N) < 0.05 * N);
    assert_true(!c[2].estimate && c[2].i == 5000);
    search_table_free(t);
    assert_int_equal(search_table(&o, parse(&a, "event.id:<=10000 | stats uniq(raw)"), &t, &end, &err), 0);
    assert_true(!t->rows[0][0].estimate && t->rows[0][0].i == 10000);
    search_table_free(t);
    arena_done(&a);
}

static void test_sorted(void **state)
{
    (void)state;
    static uint64_t ids[N];
    static const struct {
        const char *query;
        uint64_t limit, want[5];
    } cases[] = {
        {"event.id:<=100 | sort @timestamp", 3, {1, 2, 3}},
        {"event.id:<=100 | sort -@timestamp | limit 2", 3, {100, 99}},
        {"event.id:<=9 | sort -severity", 4, {9, 1, 2, 3}},
        {"event.id:<=50 | sort host.name", 4, {41, 21, 1, 42}},
        {"event.id:<=50 | limit 3 | sort host.name", 4, {48, 49, 50}},
        {"event.id:<=8 | sort http.response.body.bytes", 5, {1, 5, 8, 7, 6}},
        {"event.id:<=8 | sort -http.response.body.bytes", 5, {5, 1, 8, 7, 6}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct err err = {0};
        struct search_end end;
        struct list l = {.ids = ids};
        struct search_opts o = opts();
        arena_init(&a, 1u << 20);
        o.limit = cases[i].limit;
        assert_int_equal(search_events(&o, parse(&a, cases[i].query), take, &l, &end, &err), 0);
        for (size_t k = 0; k < 5; k++) {
            if ((k < l.n ? ids[k] : 0) != cases[i].want[k])
                fail_msg("row %zu: place %zu has %llu", i, k, (unsigned long long)(k < l.n ? ids[k] : 0));
        }
        assert_int_equal(end.next, 0);
        arena_done(&a);
    }
}

/* Every size of a heap gives the same order as sorting everything. */
static void test_sorted_all(void **state)
{
    (void)state;
    static uint64_t all[N], some[N];
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct list l = {.ids = all};
    struct search_opts o = opts();
    arena_init(&a, 1u << 20);
    struct query *q = parse(&a, "source.id:2 | sort -process.pid");
    o.limit = QUERY_LIMIT_MAX;
    assert_int_equal(search_events(&o, q, take, &l, &end, &err), 0);
    assert_int_equal(l.n, 6667);
    for (o.limit = 1; o.limit < 200; o.limit += 13) {
        struct list s = {.ids = some};
        assert_int_equal(search_events(&o, q, take, &s, &end, &err), 0);
        assert_int_equal(s.n, o.limit);
        assert_memory_equal(all, some, s.n * sizeof(all[0]));
    }
    arena_done(&a);
}

static void test_around(void **state)
{
    (void)state;
    static uint64_t ids[N];
    static const struct {
        uint64_t id, before, after;
        size_t stop_at;
        uint64_t first, last;
    } cases[] = {
        {100, 0, 0, 0, 100, 100}, {100, 2, 3, 0, 94, 109},
        {1, 5, 1, 0, 1, 4},       {N, 2, 5, 0, N - 6, N},
        {5, 50, 0, 0, 2, 5},      {100, 2, 3, 1, 94, 94},
        {100, 2, 3, 4, 94, 103},  {10000, 500, 500, 0, 8500, 11500},
    };
    struct err err = {0};
    struct search_end end;
    struct search_opts o = opts();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct list l = {.ids = ids, .stop_at = cases[i].stop_at};
        assert_int_equal(
            search_around(&o, cases[i].id, cases[i].before, cases[i].after, take, &l, &end, &err), 0);
        assert_int_equal(l.n, (cases[i].last - cases[i].first) / 3 + 1);
        for (size_t k = 0; k < l.n; k++)
            assert_int_equal(ids[k], cases[i].first + 3 * k);
    }
    struct list l = {.ids = ids};
    assert_int_equal(search_around(&o, N + 1, 1, 1, take, &l, &end, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(search_around(&o, 0, 1, 1, take, &l, &end, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(l.n, 0);
}

static void test_misuse(void **state)
{
    (void)state;
    struct arena a;
    struct err err = {0};
    struct search_end end;
    struct search_table *t;
    struct search_live *live;
    struct search_opts o = opts();
    struct list l = {0};
    uint64_t n;
    int64_t step;
    arena_init(&a, 1u << 20);
    assert_int_equal(search_events(&o, parse(&a, "* | stats count()"), take, &l, &end, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(search_table(&o, parse(&a, "* | limit 1"), &t, &end, &err), -1);
    assert_int_equal(search_count(&o, parse(&a, "* | sort raw"), &n, &end, &err), -1);
    assert_int_equal(search_histogram(&o, parse(&a, "*"), 1, &n, &step, &end, &err), -1);
    assert_int_equal(search_live_new(parse(&a, "* | limit 1"), NULL, NULL, &live, &err), -1);
    assert_int_equal(
        search_table(&o, parse(&a, "* | stats count() by raw | fields raw | sort count"), &t, &end, &err),
        -1);
    assert_int_equal(err.code, ERR_USAGE);
    arena_done(&a);
}

static void test_live(void **state)
{
    (void)state;
    static bool hits[N];
    for (size_t i = 0; queries[i] != NULL; i++) {
        struct arena a;
        struct err err = {0};
        struct search_live *live;
        struct search_opts o = opts();
        arena_init(&a, 1u << 20);
        struct query *q = parse(&a, queries[i]);
        (void)brute(q, &o, hits);
        assert_int_equal(search_live_new(q, source_name, NULL, &live, &err), 0);
        arena_done(&a); /* the live query stands alone */
        for (size_t k = 0; k < N; k += 3)
            assert_int_equal(search_live_match(live, &world.events[k]), hits[k]);
        search_live_free(live);
    }
}

struct job {
    const struct query *q;
    uint64_t n;
};

static void *count_in_thread(void *arg)
{
    struct job *j = arg;
    struct search_opts o = opts();
    struct search_end end;
    if (search_count(&o, j->q, &j->n, &end, NULL) != 0)
        j->n = 0;
    return NULL;
}

/* The same parsed query in several threads at once. */
static void test_threads(void **state)
{
    (void)state;
    struct arena a;
    pthread_t t[4];
    struct job jobs[4];
    arena_init(&a, 1u << 20);
    const struct query *q = parse(&a, "accepted raw:/web-[0-9]+/ host.name:w*");
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        jobs[i] = (struct job){.q = q};
        assert_int_equal(pthread_create(&t[i], NULL, count_in_thread, &jobs[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        (void)pthread_join(t[i], NULL);
        assert_int_equal(jobs[i].n, N / 10);
    }
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),  cmocka_unit_test(test_ranges),     cmocka_unit_test(test_cut_pages),
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_counts),     cmocka_unit_test(test_skips),
        cmocka_unit_test(test_budgets), cmocka_unit_test(test_tables),     cmocka_unit_test(test_estimates),
        cmocka_unit_test(test_sorted),  cmocka_unit_test(test_sorted_all), cmocka_unit_test(test_around),
        cmocka_unit_test(test_misuse),  cmocka_unit_test(test_live),       cmocka_unit_test(test_threads),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests_name("search", tests, open_world, close_world);
}
