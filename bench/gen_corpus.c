/*
 * gen_corpus - log lines for benchmarks on stdout, the same bytes for the same options everywhere. See usage.
 * The rules are those of docs/benchmark.md: sixteen systems, 500 hosts, 256 sessions that overlap, Poisson
 * arrivals with mild disorder, values from pools with Zipf's law.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gen/gen.h"

#define OUT_BYTES (4u << 20)

static const char usage[] =
    "usage: gen_corpus [--lines N] [--bytes N] [--seed N] [--rate N] [OPTION ...] > FILE\n"
    "  --lines N --bytes N   the end, whichever comes first (default 1000000 lines)\n"
    "  --rate N              events per second of the simulated time (default 5000)\n"
    "  --long --broken --bursts --churn   1 % long lines; 0.1 % invalid UTF-8 or no PRI; times of "
    "twenty-fold\n"
    "                        rate; hosts that come and go by the hour and day; --all: these four\n"
    "  --needles N           N lines with the word " GEN_NEEDLE ", spread evenly over --lines\n"
    "  --tsv                 the same events, split: time, host, program, pid, pri, message\n"
    "  --json                events in the manner of Windows, one JSON object a line\n"
    "  --attack              a million hosts, field names and templates without end, every line unique\n";

enum kind { KIND_SYSLOG, KIND_JSON, KIND_ATTACK };

struct source {
    enum kind kind;
    struct gen_syslog *syslog;
    struct gen_json *json;
    struct gen_attack attack;
};

static int number_of(const char *text, uint64_t max, uint64_t *ret)
{
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return -1;
    *ret = strtoull(text, &end, 10);
    return *end == '\0' && *ret <= max ? 0 : -1;
}

static int read_numbers(const char *name, const char *value, struct gen_opts *o)
{
    uint64_t rate = o->rate, needles = o->needles;
    const struct {
        const char *name;
        uint64_t max, *to;
    } rows[] = {{"--lines", UINT64_MAX, &o->lines},
                {"--bytes", UINT64_MAX, &o->bytes},
                {"--seed", UINT64_MAX, &o->seed},
                {"--rate", 1000000, &rate},
                {"--needles", 1000000, &needles}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) != 0)
            continue;
        if (number_of(value, rows[i].max, rows[i].to) != 0 || rate == 0)
            return -1;
        o->rate = (uint32_t)rate;
        o->needles = (uint32_t)needles;
        return 1;
    }
    return 0;
}

static bool read_switch(const char *name, struct gen_opts *o, enum kind *kind)
{
    const struct {
        const char *name;
        bool *to;
    } rows[] = {{"--long", &o->long_lines},
                {"--broken", &o->broken},
                {"--bursts", &o->bursts},
                {"--churn", &o->churn},
                {"--tsv", &o->tsv}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) == 0)
            return *rows[i].to = true;
    }
    if (strcmp(name, "--all") == 0)
        return o->long_lines = o->broken = o->bursts = o->churn = true;
    if (strcmp(name, "--json") == 0)
        *kind = KIND_JSON;
    else if (strcmp(name, "--attack") == 0)
        *kind = KIND_ATTACK;
    else
        return false;
    return true;
}

static void put_line(struct source *s, uint64_t number, struct gen_text *out)
{
    if (s->kind == KIND_SYSLOG)
        gen_syslog_line(s->syslog, number, out);
    else if (s->kind == KIND_JSON)
        gen_json_line(s->json, number, out);
    else
        gen_attack_line(&s->attack, number, out);
}

static int run(struct source *s, const struct gen_opts *o)
{
    struct gen_text out = {.p = malloc(OUT_BYTES), .max = OUT_BYTES};
    uint64_t bytes = 0, before = 0;
    bool failed = out.p == NULL;
    for (uint64_t i = 0; !failed && i < o->lines && bytes < o->bytes; i++) {
        before = out.n;
        put_line(s, i, &out);
        bytes += out.n - before;
        if (out.n > OUT_BYTES - GEN_LINE_MAX) {
            failed = fwrite(out.p, 1, out.n, stdout) != out.n;
            out.n = 0;
        }
    }
    failed = failed || fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0;
    free(out.p);
    if (failed)
        (void)fputs("gen_corpus: cannot write\n", stderr);
    return failed ? 3 : 0;
}

int main(int argc, char **argv)
{
    struct gen_opts o = {.seed = 1, .rate = 5000};
    struct source s = {.kind = KIND_SYSLOG};
    for (int i = 1; i < argc; i++) {
        int rc = read_numbers(argv[i], argv[i + 1], &o);
        if (rc < 0 || (rc == 0 && !read_switch(argv[i], &o, &s.kind))) {
            (void)fputs(usage, stderr);
            return 2;
        }
        i += rc;
    }
    if (o.lines == 0)
        o.lines = o.bytes == 0 ? 1000000 : UINT64_MAX;
    if (o.bytes == 0)
        o.bytes = UINT64_MAX;
    s.syslog = s.kind == KIND_SYSLOG ? gen_syslog_new(&o) : NULL;
    s.json = s.kind == KIND_JSON ? gen_json_new(&o) : NULL;
    gen_attack_init(&s.attack, &o);
    int rc = 3;
    if ((s.kind == KIND_SYSLOG && s.syslog == NULL) || (s.kind == KIND_JSON && s.json == NULL))
        (void)fputs("gen_corpus: no memory\n", stderr);
    else
        rc = run(&s, &o);
    gen_syslog_free(s.syslog);
    gen_json_free(s.json);
    return rc;
}
