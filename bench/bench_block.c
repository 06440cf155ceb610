/*
 * bench_block FILE [RAW_MIB]: the lines of a file through parse_line into blocks of 8 MiB raw and back: bytes
 * and CPU time per event, and whether every event came back as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "parse/parse.h"
#include "store/block.h"

#define ROWS_MAX 262144u

static double now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_block: %s\n", what);
    exit(3);
}

static bool same(const struct event *a, const struct event *b)
{
    if (a->time_ns != b->time_ns || a->recv_ns != b->recv_ns || a->seq != b->seq || a->source != b->source ||
        a->facility != b->facility || a->severity != b->severity || a->flags != b->flags || a->id != b->id ||
        a->n_fields != b->n_fields || !str_eq(a->raw, b->raw) || !str_eq(a->message, b->message))
        return false;
    for (uint16_t i = 0; i < a->n_fields; i++) {
        if (a->fields[i].id != b->fields[i].id || !str_eq(a->fields[i].value, b->fields[i].value))
            return false;
    }
    return true;
}

struct sums {
    uint64_t events, raw, stored, blocks, filter, head;
    double encode, decode;
};

static void run_block(struct block_codec *c, const struct event *e, size_t n, struct sums *s)
{
    static const uint8_t key[BLOCK_KEY_BYTES] = {1};
    struct block_place at = {.segment = 1, .block = (uint32_t)s->blocks, .sealed_ns = 1};
    struct leaf l;
    struct err err = {0};
    struct buf b;
    const struct event *out = NULL;
    size_t got = 0;
    struct block_fixed f = {0};
    buf_init(&b, BLOCK_BYTES_MAX);
    double t = now_s();
    if (block_encode(c, key, &at, e, n, &b, &l, &err) != 0)
        die(err.msg);
    s->encode += now_s() - t;
    if (block_read_fixed(buf_str(&b), &f, &err) != 0)
        die(err.msg);
    s->filter += f.filter_bytes;
    s->head += f.head_bytes;
    t = now_s();
    if (block_open(c, key, buf_str(&b), &err) != 0 || block_decode(c, buf_str(&b), &out, &got, &err) != 0)
        die(err.msg);
    s->decode += now_s() - t;
    for (size_t i = 0; i < n; i++) {
        if (got != n || !same(&e[i], &out[i]))
            die("an event came back changed");
    }
    s->events += n;
    s->raw += l.raw_bytes;
    s->stored += b.n;
    s->blocks++;
    buf_done(&b);
}

static uint32_t source_of(struct str host, uint64_t *seqs, uint32_t n, uint64_t *seq)
{
    uint32_t h = 5381;
    for (size_t i = 0; i < host.n; i++)
        h = h * 33 + (unsigned char)host.p[i];
    h %= n;
    *seq = ++seqs[h];
    return h + 1;
}

int main(int argc, char **argv)
{
    static uint64_t seqs[1024];
    if (argc < 2)
        die("usage: bench_block FILE [RAW_MIB]");
    uint64_t raw_max = (argc > 2 ? strtoull(argv[2], NULL, 10) : 8) << 20;
    FILE *in = fopen(argv[1], "rb");
    struct event *e = calloc(ROWS_MAX, sizeof(*e));
    struct parse_hint *hints = calloc(1024, sizeof(*hints));
    struct parse_ctx ctx = {.recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S};
    struct block_codec *c = NULL;
    struct err err = {0};
    struct arena a;
    struct sums s = {0};
    char *line = NULL;
    size_t cap = 0, n = 0;
    uint64_t raw = 0, id = 1, noise = 1;
    if (in == NULL || e == NULL || hints == NULL || block_codec_new(1, &c, &err) != 0)
        die("cannot start");
    arena_init(&a, (size_t)1 << 30);
    for (;;) {
        ssize_t got = getline(&line, &cap, in);
        if (got < 0 || raw >= raw_max || n == ROWS_MAX) {
            if (n > 0)
                run_block(c, e, n, &s);
            arena_reset(&a);
            n = 0;
            raw = 0;
        }
        if (got < 0)
            break;
        while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
            got--;
        struct str text = arena_str(&a, (struct str){line, (size_t)got});
        noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407u;
        ctx.recv_ns += 1000 * (int64_t)(noise >> 33) / 40000; /* some 100 µs apart */
        parse_line(&ctx, &hints[0], text, &a, &e[n]);
        e[n].source = source_of(event_get(&e[n], FIELD_HOST_NAME), seqs, 300, &e[n].seq);
        e[n].id = id++;
        raw += text.n;
        n++;
    }
    double ev = (double)s.events, bytes = (double)s.raw;
    printf("%llu events, %.1f bytes raw each, %llu blocks\n", (unsigned long long)s.events, bytes / ev,
           (unsigned long long)s.blocks);
    printf("stored %.2f bytes/event, ratio %.4f; of them filter %.2f, head %.2f\n", (double)s.stored / ev,
           (double)s.stored / bytes, (double)s.filter / ev, (double)s.head / ev);
    printf("encode %.0f ns/event, %.0f MB/s; decode %.0f ns/event, %.0f MB/s (CPU)\n", s.encode * 1e9 / ev,
           bytes / s.encode / 1e6, s.decode * 1e9 / ev, bytes / s.decode / 1e6);
    block_codec_free(c);
    arena_done(&a);
    free(line);
    free(hints);
    free(e);
    (void)fclose(in);
    return 0;
}
