/*
 * Events per second of parsing and of detect_run on one core, CPU time, each by itself, with the rules of the
 * catalogue or of other folders: each kind of line alone and mixed, or the lines of a file.
 * Usage: bench_detect SOURCE_ROOT [-s SECONDS] [-l FILE] [RULE_FOLDER …]. Instructions of an event:
 * valgrind --tool=callgrind --toggle-collect=detect_run bench_detect ROOT -s 0 -l FILE (each line once).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "detect/detect.h"
#include "parse/parse.h"

#define BATCH 4096u
#define LINE_BYTES_MAX 512u
#define FILE_BYTES_MAX ((size_t)1 << 30)

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

struct load {
    const char *name;
    size_t n, bytes;
    struct str *lines;
    struct event *events;
    struct arena mem;
};

static void *must(void *p)
{
    if (p == NULL)
        exit(3);
    return p;
}

static void new_load(struct load *l, const char *name, size_t n)
{
    *l = (struct load){.name = name, .n = n};
    arena_init(&l->mem, (size_t)4 << 30);
    l->lines = must(ARENA_NEW(&l->mem, struct str, n + 1));
    l->events = must(ARENA_NEW(&l->mem, struct event, n + 1));
}

/* kind == COUNT_OF(rows): all kinds in turn. */
static void make_lines(struct load *l, size_t kind)
{
    new_load(l, kind < COUNT_OF(rows) ? rows[kind].name : "mixed", BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        size_t k = kind < COUNT_OF(rows) ? kind : i % COUNT_OF(rows);
        char *text = must(ARENA_NEW(&l->mem, char, LINE_BYTES_MAX));
        l->lines[i] = (struct str){text, fill(text, rows[k].line, i / 8)};
        l->bytes += l->lines[i].n;
    }
}

static void read_lines(struct load *l, const char *path)
{
    char *bytes = NULL;
    size_t n = 0, count = 0;
    struct err err = {0};
    struct str rest, line;
    if (sys_read_file(sys_linux(), path, FILE_BYTES_MAX, &bytes, &n, &err) != 0) {
        (void)fprintf(stderr, "bench_detect: %s\n", err.msg);
        exit(3);
    }
    for (size_t i = 0; i < n; i++)
        count += bytes[i] == '\n';
    new_load(l, "file", count);
    rest = arena_str(&l->mem, (struct str){bytes, n});
    free(bytes);
    for (size_t i = 0; i < count; i++) {
        (void)str_cut(rest, '\n', &line, &rest);
        l->lines[i] = line;
        l->bytes += line.n;
    }
}

/* Seconds of one line's parsing; the last round's events stay. */
static double parse_all(struct load *l, double seconds)
{
    struct parse_ctx ctx = {
        .recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S, .history = true};
    struct parse_hint hint = {0};
    struct arena once;
    double start = now_s(), used = 0;
    uint64_t rounds = 0;
    arena_init(&once, (size_t)4 << 30);
    while (used < seconds) {
        arena_reset(&once);
        for (size_t i = 0; i < l->n; i++)
            parse_line(&ctx, &hint, l->lines[i], &once, &l->events[i]);
        used = now_s() - start;
        rounds++;
    }
    arena_done(&once);
    for (size_t i = 0; i < l->n; i++) {
        parse_line(&ctx, &hint, l->lines[i], &l->mem, &l->events[i]);
        l->events[i].id = i + 1;
    }
    return rounds == 0 ? 0 : used / (double)(rounds * l->n);
}

static void run(const struct detect_plan *plan, struct load *l, double seconds)
{
    struct detect_options options = {.seed = 7};
    struct detect_state *s = NULL;
    struct detect_stats stats;
    uint64_t n = 0, matches = 0;
    double parse = parse_all(l, seconds);
    if (detect_state_new(plan, &options, &s, NULL) != 0)
        exit(3);
    double start = now_s(), used = 0;
    do {
        for (size_t at = 0; at < l->n; at += BATCH) {
            size_t k = l->n - at < BATCH ? l->n - at : BATCH;
            detect_run(s, l->events + at, k, on_match, &matches);
        }
        n += l->n;
        used = now_s() - start;
    } while (used < seconds);
    detect_state_stats(s, &stats);
    double match = used / (double)n;
    printf("%-10s parse %9.0f, match %9.0f, both %9.0f events/s, %4zu bytes, %5.2f candidates an event, %llu "
           "matches, "
           "%zu windows\n",
           l->name, parse > 0 ? 1 / parse : 0, 1 / match, 1 / (parse + match), l->bytes / l->n,
           (double)stats.candidates / (double)n, (unsigned long long)matches, stats.windows);
    detect_state_free(s);
    arena_done(&l->mem);
}

struct options {
    const char *root, *file;
    double seconds;
    size_t n_rules;
    const char *rules[16];
};

static void read_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.root = ".", .seconds = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-s") == 0 && i + 1 < argc)
            o->seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "-l") == 0 && i + 1 < argc)
            o->file = argv[++i];
        else if (i == 1)
            o->root = argv[i];
        else if (o->n_rules < COUNT_OF(o->rules))
            o->rules[o->n_rules++] = argv[i];
    }
}

int main(int argc, char **argv)
{
    char rules[4096], maps[4096];
    struct options o;
    struct detect_plan *plan = NULL;
    struct load load;
    struct err err = {0};
    read_options(&o, argc, argv);
    (void)snprintf(rules, sizeof(rules), "%s/catalogue/rules", o.root);
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", o.root);
    if (o.n_rules == 0)
        o.rules[o.n_rules++] = rules;
    double start = now_s();
    if (detect_load(sys_linux(), o.rules, o.n_rules, maps, &plan, &err) != 0) {
        (void)fprintf(stderr, "bench_detect: %s\n", err.msg);
        return 3;
    }
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    printf("%zu rules of %zu loaded in %.0f ms, %ld MiB resident\n", detect_rule_count(plan),
           detect_report_count(plan), (now_s() - start) * 1e3, used.ru_maxrss / 1024);
    if (o.file != NULL) {
        read_lines(&load, o.file);
        run(plan, &load, o.seconds);
    }
    for (size_t i = 0; o.file == NULL && i <= COUNT_OF(rows); i++) {
        make_lines(&load, i);
        run(plan, &load, o.seconds);
    }
    detect_free(plan);
    return 0;
}
