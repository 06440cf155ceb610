/* bench_store DIR [EVENTS]: syslog events of about 200 bytes through append, commit, seal and scan, on one
 * core. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "query/pred.h"
#include "store/store.h"

#define BATCH 512u

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static struct event make(struct arena *a, uint64_t n, uint64_t *r)
{
    static const char *const users[] = {"nguyenvana", "tranthib", "admin",  "root",
                                        "oracle",     "postgres", "lehoang"};
    uint64_t x = next(r);
    struct event e = {.severity = 6, .facility = 4, .source = 1 + (uint32_t)(x % 40), .seq = n / 40 + 1};
    struct event_field *f = ARENA_NEW(a, struct event_field, 7);
    struct buf b;
    unsigned pid = 1000 + (unsigned)(x >> 8) % 30000, port = 1024 + (unsigned)(x >> 24) % 60000;
    char *p = ARENA_NEW(a, char, 320);
    b = (struct buf){.p = p, .cap = 320, .max = 320};
    e.time_ns = INT64_C(1795312800) * NS_PER_S + (int64_t)(n / 2000) * NS_PER_S;
    e.recv_ns = INT64_C(1795312800) * NS_PER_S + (int64_t)n * 500000 + (int64_t)(x >> 40 & 0xffff);
#define PUT(field, ...)                                                                                      \
    do {                                                                                                     \
        size_t from_ = b.n;                                                                                  \
        buf_printf(&b, __VA_ARGS__);                                                                         \
        (field) = (struct str){p + from_, b.n - from_};                                                      \
    } while (0)
    struct str ignore UNUSED;
    PUT(ignore, "<38>1 2026-11-22T%02u:%02u:%02u+07:00 ", (unsigned)(n / 7200000 % 24),
        (unsigned)(n / 120000 % 60), (unsigned)(n / 2000 % 60));
    PUT(f[0].value, "srv-%02u.cantho.gov.vn", (unsigned)e.source);
    PUT(ignore, " ");
    static const char *const programs[] = {"sshd", "sudo", "nginx", "postfix"};
    PUT(f[1].value, "%s", programs[x >> 50 & 3]);
    PUT(ignore, " ");
    PUT(f[2].value, "%u", pid);
    PUT(ignore, " - - ");
    size_t message = b.n;
    switch (x >> 50 & 3) {
    case 0:
        PUT(ignore, "Failed password for invalid user ");
        break;
    case 1:
        PUT(ignore, "pam_unix(sudo:session): session opened for user ");
        break;
    case 2:
        PUT(ignore, "GET /dich-vu-cong/tra-cuu/ho-so?id=%u HTTP/1.1 200 for ", (unsigned)(x >> 33) % 100000);
        break;
    default:
        PUT(ignore, "connect from mail gateway, status=sent (250 2.0.0 Ok: queued) user ");
        break;
    }
    PUT(f[3].value, "%s", users[(x >> 52) % COUNT_OF(users)]);
    PUT(ignore, " from ");
    PUT(f[4].value, "10.%u.%u.%u", (unsigned)(x >> 56) & 3, (unsigned)(x >> 58) & 15,
        (unsigned)(x >> 44) & 255);
    PUT(ignore, " port ");
    PUT(f[5].value, "%u", port);
    PUT(ignore, " ssh2: session handled by the gateway of the agency, zone dmz");
    f[6].value = S("failure");
    static const uint16_t ids[] = {FIELD_HOST_NAME, FIELD_PROCESS_NAME, FIELD_PROCESS_PID,  FIELD_USER_NAME,
                                   FIELD_SOURCE_IP, FIELD_SOURCE_PORT,  FIELD_EVENT_OUTCOME};
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        f[i].id = ids[i];
    e.raw = buf_str(&b);
    e.message = str_from(e.raw, message);
    e.fields = f;
    e.n_fields = 7;
    return e;
}

static double seconds(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long rss_kib(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void die(const struct err *err)
{
    (void)fprintf(stderr, "bench_store: %s\n", err->msg);
    exit(3);
}

/* The events are made outside the measured time, one batch at a time. */
static void fill(struct store *s, uint64_t n)
{
    struct arena a;
    struct err err = {0};
    uint64_t r = 88172645463325252ULL;
    double wall = 0, cpu = 0;
    arena_init(&a, 64u << 20);
    for (uint64_t i = 0; i < n; i += BATCH) {
        arena_reset(&a);
        struct event *e = ARENA_NEW(&a, struct event, BATCH);
        for (uint64_t k = 0; k < BATCH; k++)
            e[k] = make(&a, i + k, &r);
        double w = seconds(CLOCK_MONOTONIC), c = seconds(CLOCK_THREAD_CPUTIME_ID);
        bool last = i + BATCH >= n;
        if (store_append(s, e, BATCH, &err) != 0 ||
            ((last || i / BATCH % 16 == 15) && store_commit(s, NULL, &err) != 0) || store_tick(s, &err) != 0)
            die(&err);
        wall += seconds(CLOCK_MONOTONIC) - w;
        cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - c;
    }
    arena_done(&a);
    printf("append+commit: %.0f events/s wall, %.0f events/s of CPU in this thread\n", (double)n / wall,
           (double)n / cpu);
}

static uint64_t scan(struct store *s, const uint64_t *token)
{
    struct store_scan_opts o = {.tokens = token, .n_tokens = token == NULL ? 0 : 1};
    struct store_scan *c = NULL;
    struct err err = {0};
    const struct event *ev;
    size_t n = 0;
    uint64_t seen = 0;
    double w = seconds(CLOCK_MONOTONIC);
    if (store_scan_open(s, &o, &c, &err) != 0)
        die(&err);
    do {
        if (store_scan_next(c, &ev, &n, &err) != 0)
            die(&err);
        seen += n;
    } while (n > 0);
    store_scan_close(c);
    w = seconds(CLOCK_MONOTONIC) - w;
    printf("scan%s: %llu events in %.3f s\n", token == NULL ? "" : " for a word that is not there",
           (unsigned long long)seen, w);
    return seen;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_store DIR [EVENTS]\n");
        return 2;
    }
    char dir[4000], keys[4000];
    (void)snprintf(dir, sizeof(dir), "%s/store", argv[1]);
    (void)snprintf(keys, sizeof(keys), "%s/keys", argv[1]);
    uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000, absent = 12345;
    struct store_opts o = {.sys = sys_linux(), .dir = dir, .keys_dir = keys, .origin = "khien.bench/1"};
    struct store *s = NULL;
    struct store_recovery rec;
    struct store_stats t;
    struct err err = {0};
    o.seal_inline = getenv("INLINE") != NULL;
    if (store_open(&o, &s, &rec, &err) != 0)
        die(&err);
    double w = seconds(CLOCK_MONOTONIC), c = seconds(CLOCK_PROCESS_CPUTIME_ID);
    fill(s, n);
    store_close(s);
    printf("with close: %.0f events/s wall; %.3f s CPU of all threads (making the events included)\n",
           (double)n / (seconds(CLOCK_MONOTONIC) - w), seconds(CLOCK_PROCESS_CPUTIME_ID) - c);
    printf("RSS after writing %ld MiB\n", rss_kib() / 1024);
    if (store_open(&o, &s, &rec, &err) != 0)
        die(&err);
    store_stats(s, &t);
    printf("reopened in %.3f s; %llu events, raw %llu, stored %llu, ratio %.4f\n", (double)rec.took_ns * 1e-9,
           (unsigned long long)t.events, (unsigned long long)t.raw_bytes, (unsigned long long)t.stored_bytes,
           (double)t.stored_bytes / (double)t.raw_bytes);
    (void)scan(s, NULL);
    (void)scan(s, &absent);
    printf("RSS at the end %ld MiB\n", rss_kib() / 1024);
    store_close(s);
    return 0;
}
