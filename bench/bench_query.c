/*
 * What a predicate costs per event, in CPU time: bench_query [EVENTS]. The events are syslog lines with
 * fields as the parsers make them; each query is matched against all of them, best of three. Output: one line
 * per query, nanoseconds per event and how many matched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "query/query.h"

#define EVENTS_DEFAULT 100000u
#define ROUNDS 3

static int64_t cpu_ns(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        abort();
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct event make_event(struct arena *a, uint64_t n)
{
    struct event e = {.id = n + 1, .time_ns = (int64_t)n * NS_PER_S, .source = 1 + (uint32_t)(n % 50)};
    e.severity = (uint8_t)(n % 8);
    e.raw = arena_printf(a,
                         "<38>Nov 22 08:14:05 web-%02u sshd[%u]: %s password for invalid user %s%u from "
                         "10.%u.%u.%u port %u ssh2",
                         (unsigned)(n % 20), (unsigned)(1000 + n % 9000), n % 10 == 0 ? "Accepted" : "Failed",
                         n % 3 == 0 ? "Đặng" : "nguyenvan", (unsigned)(n % 5000), (unsigned)(n % 3),
                         (unsigned)(n % 200), (unsigned)(n % 256), (unsigned)(1024 + n % 60000));
    e.fields = ARENA_NEW(a, struct event_field, 5);
    if (e.raw.p == NULL || e.fields == NULL)
        abort();
    size_t pid = str_find_char(e.raw, '[') + 1, ip = str_find(e.raw, S(" from ")) + 6;
    e.message = str_from(e.raw, pid + 7);
    e.fields[e.n_fields++] = (struct event_field){.id = FIELD_HOST_NAME, .value = str_sub(e.raw, 20, 6)};
    e.fields[e.n_fields++] = (struct event_field){.id = FIELD_PROCESS_NAME, .value = str_sub(e.raw, 27, 4)};
    e.fields[e.n_fields++] = (struct event_field){.id = FIELD_PROCESS_PID, .value = str_sub(e.raw, pid, 4)};
    struct str rest = str_from(e.raw, ip);
    e.fields[e.n_fields++] =
        (struct event_field){.id = FIELD_SOURCE_IP, .value = str_sub(rest, 0, str_find_char(rest, ' '))};
    e.fields[e.n_fields++] =
        (struct event_field){.id = FIELD_EVENT_OUTCOME, .value = n % 10 == 0 ? S("success") : S("failure")};
    return e;
}

static const char *const queries[] = {
    "*",
    "severity:>=error",
    "host.name:web-07",
    "host.name:web*",
    "process.pid:>5000",
    "source.ip:10.1.0.0/16",
    "event.outcome:failure process.name:sshd",
    "nothere",
    "failed",
    "dang*",
    "*ang77",
    "\"password for invalid\"",
    "dang nhap sai",
    "raw:*invalid*10.1.7*",
    "raw:/user nguyen\\w+77 /",
    "message:/(a+)+b/",
    "(severity:>=error OR host.name:web-0?) failed NOT source.ip:10.0.0.0/16",
};

static void bench(const char *text, const struct event *events, size_t n, struct pred_scratch *s)
{
    struct arena a;
    struct query *q;
    struct pred_prog *p;
    struct err err = {0};
    int64_t best = INT64_MAX;
    size_t hits = 0;
    arena_init(&a, 1u << 20);
    if (query_parse(str_of(text), 0, &a, &q, &err) != 0 || pred_compile(q->where, &a, &p, &err) != 0) {
        (void)fprintf(stderr, "%s: %s\n", text, err.msg);
        exit(2);
    }
    for (int round = 0; round < ROUNDS; round++) {
        int64_t from = cpu_ns();
        hits = 0;
        for (size_t i = 0; i < n; i++)
            hits += pred_match(p, &events[i], s);
        int64_t took = cpu_ns() - from;
        best = took < best ? took : best;
    }
    printf("%7.1f ns  %8zu  %s\n", (double)best / (double)n, hits, text);
    pred_free(p);
    arena_done(&a);
}

int main(int argc, char **argv)
{
    uint64_t n = EVENTS_DEFAULT;
    struct arena a;
    struct pred_scratch *s;
    struct err err = {0};
    if (argc > 1 && (!str_to_u64(str_of(argv[1]), 10000000, &n) || n == 0)) {
        (void)fprintf(stderr, "usage: bench_query [EVENTS]\n");
        return 2;
    }
    arena_init(&a, SIZE_MAX);
    struct event *events = ARENA_NEW(&a, struct event, n);
    if (events == NULL || pred_scratch_new(&s, &err) != 0)
        return 3;
    for (uint64_t i = 0; i < n; i++)
        events[i] = make_event(&a, i);
    for (size_t i = 0; i < COUNT_OF(queries); i++)
        bench(queries[i], events, n, s);
    pred_scratch_free(s);
    arena_done(&a);
    return 0;
}
