/*
 * Events per second of detect_run on one core with the rules of the catalogue (or other folders): each kind
 * of line alone and mixed. Usage: bench_detect SOURCE_ROOT [seconds per row [rule folder …]].
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detect/detect.h"
#include "parse/parse.h"

#define BATCH 4096u
#define LINE_BYTES_MAX 512u

/* %u becomes a number that differs from line to line, so that groups come and go. */
static const struct {
    const char *name, *line;
} rows[] = {
    {"sshd-fail",
     "<38>Nov 22 07:59:58 vanthu sshd[18212]: Failed password for u%u from 10.9.%u.7 port 50022 ssh2"},
    {"sshd-key",
     "<38>Nov 22 07:59:58 web1 sshd[18212]: Accepted publickey for operator from 10.1.2.3 port 50%u ssh2: "
     "ED25519 SHA256:v3dpapGleDaUKf4V1vKyR9ZyUgjaJAmoCTcb2PLljI"},
    {"sudo", "<85>Nov 22 07:59:58 web1 sudo:   vanthu : TTY=pts/%u ; PWD=/home/vanthu ; USER=root ; "
             "COMMAND=/usr/bin/systemctl restart nginx.service postgresql.service"},
    {"nginx",
     "192.0.2.%u - - [22/Nov/2026:07:59:58 +0700] \"GET /van-ban/tim-kiem?q=quy-che&trang=%u HTTP/1.1\" 200 "
     "51234 \"https://cantho.example/\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0\""},
    {"firewall",
     "<4>Nov 22 07:59:58 fw1 kernel: [4634.25] [UFW BLOCK] IN=eth0 OUT= MAC=23:87:fc:c6:24:58 "
     "SRC=192.0.2.55 DST=192.0.2.1 LEN=44 TTL=38 ID=9496 PROTO=TCP SPT=562%u DPT=%u WINDOW=4096 SYN"},
    {"unknown",
     "<30>Nov 22 07:59:58 web1 postgres[12%u]: [7-1] LOG:  checkpoint complete: wrote 128 buffers (0.8%%); 0 "
     "WAL file(s) added, 0 removed, 0 recycled; write=12.7 s"},
};

static double now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void on_match(void *arg, const struct detect_match *m)
{
    (void)m;
    ++*(uint64_t *)arg;
}

/* Put the numbers into a line. */
static size_t fill(char *out, const char *line, unsigned number)
{
    size_t n = 0;
    for (; *line != '\0' && n + 12 < LINE_BYTES_MAX; line++) {
        if (line[0] == '%' && line[1] == 'u') {
            n += (size_t)snprintf(out + n, 12, "%u", number % 200);
            line++;
        } else {
            line += line[0] == '%';
            out[n++] = *line;
        }
    }
    return n;
}

/* kind == COUNT_OF(rows): all kinds in turn. */
static size_t make(size_t kind, char (*lines)[LINE_BYTES_MAX], struct event *events, struct arena *a)
{
    struct parse_ctx ctx = {
        .recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    size_t bytes = 0;
    for (unsigned i = 0; i < BATCH; i++) {
        size_t k = kind < COUNT_OF(rows) ? kind : i % COUNT_OF(rows);
        struct str raw = {lines[i], fill(lines[i], rows[k].line, i / 8)};
        parse_line(&ctx, NULL, raw, a, &events[i]);
        events[i].id = i + 1;
        bytes += raw.n;
    }
    return bytes;
}

static void run(const struct detect_plan *plan, const char *name, size_t kind, double seconds)
{
    static char lines[BATCH][LINE_BYTES_MAX];
    static struct event events[BATCH];
    struct detect_options options = {.seed = 7};
    struct detect_state *s = NULL;
    struct detect_stats stats;
    struct arena a;
    uint64_t n = 0, matches = 0;
    arena_init(&a, 256u << 20);
    size_t bytes = make(kind, lines, events, &a);
    if (detect_state_new(plan, &options, &s, NULL) != 0)
        exit(3);
    double start = now_s(), used = 0;
    while (used < seconds) {
        detect_run(s, events, BATCH, on_match, &matches);
        n += BATCH;
        used = now_s() - start;
    }
    detect_state_stats(s, &stats);
    printf("%-10s %9.0f events/s %7.1f MB/s  %5.2f candidates an event, %llu matches, %zu windows\n", name,
           (double)n / used, (double)bytes / BATCH * (double)n / used / 1e6,
           (double)stats.candidates / (double)n, (unsigned long long)matches, stats.windows);
    detect_state_free(s);
    arena_done(&a);
}

int main(int argc, char **argv)
{
    char rules[4096], maps[4096];
    const char *one = rules;
    struct detect_plan *plan = NULL;
    struct err err = {0};
    const char *root = argc > 1 ? argv[1] : ".";
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    (void)snprintf(rules, sizeof(rules), "%s/catalogue/rules", root);
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", root);
    const char *const *paths = argc > 3 ? (const char *const *)(argv + 3) : &one;
    double start = now_s();
    if (detect_load(sys_linux(), paths, argc > 3 ? (size_t)argc - 3 : 1, maps, &plan, &err) != 0) {
        (void)fprintf(stderr, "bench_detect: %s\n", err.msg);
        return 3;
    }
    printf("%zu rules of %zu loaded in %.0f ms\n", detect_rule_count(plan), detect_report_count(plan),
           (now_s() - start) * 1e3);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        run(plan, rows[i].name, i, seconds);
    run(plan, "mixed", COUNT_OF(rows), seconds);
    detect_free(plan);
    return 0;
}
