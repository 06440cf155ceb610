/*
 * bench_path ROOT DIR < LINES: the hot path once over the lines, in one thread, each stage in a function of
 * its own, for callgrind (bench/check.py). DIR is an empty folder for the store; the rules are those of
 * ROOT/catalogue. Clock and random numbers are made up, so that two runs do the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/when.h"
#include "detect/detect.h"
#include "flow/lines.h"
#include "parse/parse.h"
#include "store/store.h"

#define BATCH 1024u
#define START_NS (INT64_C(1795320000) * NS_PER_S)

struct path {
    struct sys_ops ops;
    struct sys sys;
    uint64_t random;
    int64_t clock_ns;
    struct detect_plan *plan;
    struct detect_state *detect;
    struct store *store;
    struct parse_hint hint;
    struct arena parsed, unpacked;
    struct event event[BATCH];
    struct buf packed, raw;
    struct str line[BATCH];
    size_t n;
    uint64_t lines, matches;
};

static int64_t now(void *self)
{
    struct path *p = self;
    return p->clock_ns;
}

static int random_bytes(void *self, void *out, size_t n, struct err *err)
{
    struct path *p = self;
    uint8_t *to = out;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        p->random = p->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        to[i] = (uint8_t)(p->random >> 33);
    }
    return 0;
}

NORETURN static void die(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "bench_path: %s: %s\n", what, err->msg);
    exit(3);
}

static void on_match(void *arg, const struct detect_match *m)
{
    struct path *p = arg;
    (void)m;
    p->matches++;
}

static void stage_parse(struct path *p)
{
    struct parse_ctx ctx = {.recv_ns = p->clock_ns, .zone_s = WHEN_VN_OFFSET_S};
    for (size_t i = 0; i < p->n; i++) {
        parse_line(&ctx, &p->hint, p->line[i], &p->parsed, &p->event[i]);
        p->event[i].source = 1;
        p->event[i].seq = p->lines + i + 1;
        p->event[i].recv_ns = p->clock_ns;
    }
}

static void stage_pack(struct path *p)
{
    for (size_t i = 0; i < p->n; i++)
        event_pack(&p->packed, &p->event[i]);
}

static void stage_unpack(struct path *p)
{
    struct err err = {0};
    size_t at = 0, used = 0;
    for (size_t i = 0; i < p->n; i++, at += used) {
        if (event_unpack(str_from(buf_str(&p->packed), at), &p->unpacked, &p->event[i], &used, &err) != 0)
            die("unpack", &err);
    }
}

static void stage_append(struct path *p)
{
    struct err err = {0};
    if (store_append(p->store, p->event, p->n, &err) != 0)
        die("append", &err);
}

static void stage_detect(struct path *p)
{
    detect_run(p->detect, p->event, p->n, on_match, p);
}

static void stage_commit(struct path *p)
{
    struct err err = {0};
    if (store_commit(p->store, NULL, &err) != 0)
        die("commit", &err);
}

/* One window holds all, so that the whole work of sealing is here. */
static void stage_seal(struct path *p)
{
    store_close(p->store);
}

/* Called through a table that the compiler must read, so that each stage stays a function with its name. */
static void (*const volatile stages[])(struct path *p) = {stage_parse,  stage_pack,   stage_unpack,
                                                          stage_append, stage_detect, stage_commit};
static void (*const volatile last_stage)(struct path *p) = stage_seal;

static void run_batch(struct path *p)
{
    p->clock_ns += (int64_t)p->n * 200 * NS_PER_US;
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        stages[i](p);
    p->lines += p->n;
    p->n = 0;
    buf_clear(&p->packed);
    buf_clear(&p->raw);
    arena_reset(&p->parsed);
    arena_reset(&p->unpacked);
}

static void read_all(struct path *p)
{
    struct lines *l = NULL;
    struct err err = {0};
    struct str raw;
    uint8_t flags = 0;
    size_t at[BATCH + 1];
    if (lines_new(0, &l, &err) != 0)
        die("lines", &err);
    int rc;
    do {
        at[0] = 0;
        while ((rc = p->n == BATCH ? 1 : lines_next(l, &raw, &flags, &err)) == 0) {
            buf_put(&p->raw, raw);
            at[++p->n] = p->raw.n;
        }
        for (size_t i = 0; i < p->n; i++)
            p->line[i] = str_sub(buf_str(&p->raw), at[i], at[i + 1] - at[i]);
        rc = p->n == BATCH ? 0 : rc;
        if (p->n > 0)
            run_batch(p);
    } while (rc == 0);
    if (rc < 0)
        die("lines", &err);
    lines_free(l);
}

static void open_all(struct path *p, const char *root, const char *dir)
{
    static char rules[4096], maps[4096], store[4096], keys[4096];
    const char *one = rules;
    struct err err = {0};
    struct store_recovery recovery;
    struct detect_options options = {.seed = 7};
    (void)snprintf(rules, sizeof(rules), "%s/catalogue/rules", root);
    (void)snprintf(maps, sizeof(maps), "%s/catalogue/sigma", root);
    (void)snprintf(store, sizeof(store), "%s/store", dir);
    (void)snprintf(keys, sizeof(keys), "%s/keys", dir);
    struct store_opts o = {.sys = &p->sys,
                           .dir = store,
                           .keys_dir = keys,
                           .origin = "khien.bench/1",
                           .window_bytes = 64u << 20,
                           .seal_inline = true};
    if (detect_load(sys_linux(), &one, 1, maps, &p->plan, &err) != 0 ||
        detect_state_new(p->plan, &options, &p->detect, &err) != 0 ||
        store_open(&o, &p->store, &recovery, &err) != 0)
        die("open", &err);
}

int main(int argc, char **argv)
{
    static struct path p;
    if (argc != 3) {
        (void)fputs("usage: bench_path ROOT DIR < LINES\n", stderr);
        return 2;
    }
    p.ops = *sys_linux()->ops;
    p.ops.now_ns = p.ops.mono_ns = now;
    p.ops.random = random_bytes;
    p.sys = (struct sys){.self = &p, .ops = &p.ops};
    p.clock_ns = START_NS;
    buf_init(&p.packed, 256u << 20);
    buf_init(&p.raw, 256u << 20);
    arena_init(&p.parsed, 256u << 20);
    arena_init(&p.unpacked, 256u << 20);
    open_all(&p, argv[1], argv[2]);
    read_all(&p);
    last_stage(&p);
    (void)printf("%llu %llu\n", (unsigned long long)p.lines, (unsigned long long)p.matches);
    detect_state_free(p.detect);
    detect_free(p.plan);
    buf_done(&p.packed);
    buf_done(&p.raw);
    arena_done(&p.parsed);
    arena_done(&p.unpacked);
    return 0;
}
