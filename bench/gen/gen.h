/*
 * gen.h - parts of the corpus generator: numbers, text and the three kinds of corpus. Everything is a
 * function of the seed: own random numbers, own logarithm and power (the C library's may differ in the last
 * bit), no clock, no locale. Built with -ffp-contract=off, so that tables are the same on every processor.
 */
#ifndef KHIEN_BENCH_GEN_H
#define KHIEN_BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GEN_LINE_MAX 65536u /* bytes of the longest line */
#define GEN_US INT64_C(1000000)

/* splitmix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
struct gen_rng {
    uint64_t state;
};

static inline uint64_t gen_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t gen_next(struct gen_rng *r)
{
    return gen_mix(r->state += UINT64_C(0x9E3779B97F4A7C15));
}

/* 0 .. n-1 */
static inline uint32_t gen_below(struct gen_rng *r, uint32_t n)
{
    return (uint32_t)((gen_next(r) >> 32) * n >> 32);
}

/* true in `percent` of 100 cases */
static inline bool gen_in(struct gen_rng *r, uint32_t percent)
{
    return gen_below(r, 100) < percent;
}

/* gen_num.c: ranks 0 .. n-1 with weight (rank + 1)^-power, by Walker's alias method. */
struct gen_zipf {
    uint32_t n;
    uint32_t *cut, *other;
};

void gen_num_zipf(struct gen_zipf *z, uint32_t n, double power); /* ends the program without memory */
void gen_num_zipf_free(struct gen_zipf *z);
/* A time between two arrivals of a Poisson process, in µs. */
int64_t gen_num_wait(struct gen_rng *r, int64_t mean_us);

static inline uint32_t gen_rank(struct gen_rng *r, const struct gen_zipf *z)
{
    uint64_t x = gen_next(r);
    uint32_t i = (uint32_t)((x >> 32) * z->n >> 32);
    return (uint32_t)x < z->cut[i] ? i : z->other[i];
}

/* Text is put at a place that has room for GEN_LINE_MAX bytes. */
struct gen_text {
    char *p;
    size_t n, max;
};

static inline void gen_put(struct gen_text *t, const char *s, size_t n)
{
    if (n > t->max - t->n)
        n = t->max - t->n;
    memcpy(t->p + t->n, s, n);
    t->n += n;
}

static inline void gen_puts(struct gen_text *t, const char *s)
{
    gen_put(t, s, strlen(s));
}

static inline void gen_putc(struct gen_text *t, char c)
{
    gen_put(t, &c, 1);
}

/* gen_num.c */
void gen_num_put(struct gen_text *t, uint64_t v, unsigned width); /* decimal, zeros in front up to width */
void gen_num_hex(struct gen_text *t, uint64_t id, unsigned digits, bool upper); /* a function of id */
void gen_num_uuid(struct gen_text *t, uint64_t id, bool upper);

struct gen_clock {
    int year, month, day, hour, minute, second;
};
#define GEN_START_S INT64_C(1795305600)    /* 2026-11-22T00:00:00 in Cần Thơ (UTC+7), as if it were UTC */
struct gen_clock gen_num_clock(int64_t s); /* seconds since 1970, no leap seconds */

struct gen_opts {
    uint64_t lines, bytes, seed; /* the end: whichever comes first; 0 = not given */
    uint32_t rate;               /* events per second of the simulated time */
    uint32_t needles;            /* lines with GEN_NEEDLE, spread evenly over `lines` */
    bool long_lines, broken, bursts, churn, tsv;
};
#define GEN_NEEDLE "kimtrongdong"

/* The kinds. Each is made once and writes one line with its LF per call. */
struct gen_syslog;
struct gen_syslog *gen_syslog_new(const struct gen_opts *o);
void gen_syslog_line(struct gen_syslog *g, uint64_t number, struct gen_text *out);
void gen_syslog_free(struct gen_syslog *g);

struct gen_json;
struct gen_json *gen_json_new(const struct gen_opts *o);
void gen_json_line(struct gen_json *g, uint64_t number, struct gen_text *out);
void gen_json_free(struct gen_json *g);

/* The cardinality attack: a million hosts, a hundred thousand field names, a million templates, every line
 * unique. */
struct gen_attack {
    struct gen_rng rng;
    int64_t now_us;
    uint32_t rate;
};
void gen_attack_init(struct gen_attack *g, const struct gen_opts *o);
void gen_attack_line(struct gen_attack *g, uint64_t number, struct gen_text *out);

/* gen_names.c: names in the manner of the province's agencies; the same index gives the same name. */
void gen_names_host(struct gen_text *t, uint32_t index);
void gen_names_user(struct gen_text *t, uint32_t index);
bool gen_names_is_user(const char *word, size_t n); /* one of the names that seed lines use */
void gen_names_ip(struct gen_text *t, uint64_t id, bool inside);
void gen_names_word(struct gen_text *t, uint32_t index, unsigned syllables); /* letters only, 16^syllables */

/* gen_seeds.c: lines of the systems, "PRI tag message" or "PRI tag[] message" (with a process number). */
struct gen_system {
    const char *name;
    const char *const *lines;
    uint32_t n;
};
extern const struct gen_system gen_seeds[];
extern const uint32_t gen_seeds_n;

#endif
