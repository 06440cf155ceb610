/*
 * Lines per second of parse_line on one core: sshd, sudo and nginx lines of about 200 bytes, each kind alone
 * and mixed. Usage: bench_parse [seconds per row].
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "parse/parse.h"

#define BATCH 1000

static const struct {
    const char *name;
    struct str line;
} rows[] = {
#define R(name, s)                                                                                           \
    {                                                                                                        \
        (name),                                                                                              \
        {                                                                                                    \
            (s), sizeof(s) - 1                                                                               \
        }                                                                                                    \
    }
    R("sshd",
      "<38>Nov 22 07:59:58 may-chu-van-thu.ubnd.cantho.example sshd[18212]: Failed password for invalid user "
      "quantri.vanthu from 192.0.2.110 port 50022 ssh2"),
    R("sshd-key",
      "<38>Nov 22 07:59:58 web1 sshd[18212]: Accepted publickey for operator from 2001:db8:1:2::77 port "
      "50022 ssh2: ED25519 SHA256:v3dpapGleDaUKf4V1vKyR9ZyUgjaJAmoCTcb2PLljIkkkkkkkk"),
    R("sudo", "<85>Nov 22 07:59:58 may-chu-van-thu.ubnd.cantho.example sudo:   vanthu : TTY=pts/0 ; "
              "PWD=/home/vanthu ; "
              "USER=root ; COMMAND=/usr/bin/systemctl restart nginx.service postgresql.service"),
    R("nginx",
      "192.0.2.110 - - [22/Nov/2026:07:59:58 +0700] \"GET /van-ban/tim-kiem?q=quy-che&trang=2 HTTP/1.1\" 200 "
      "51234 \"https://cantho.example/\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0\""),
    R("5424", "<165>1 2026-11-22T00:59:58.003123Z web1.cantho.example app 8710 ID47 [meta@32473 seq=\"17\" "
              "zone=\"dmz\" role=\"frontend\"] request finished in 17 ms for user vanthu from 192.0.2.110"),
    R("firewall",
      "<4>Nov 22 07:59:58 fw1 kernel: [463490.252331] [UFW BLOCK] IN=eth0 OUT= "
      "MAC=23:87:fc:c6:24:58:00:21:3f:98:99:78:08:00 SRC=192.0.2.55 DST=192.0.2.1 LEN=44 TOS=0x00 PREC=0x00 "
      "TTL=38 ID=9496 PROTO=TCP SPT=56247 DPT=22 WINDOW=4096 RES=0x00 SYN URGP=0 "),
    R("unknown",
      "<30>Nov 22 07:59:58 may-chu-van-thu.ubnd.cantho.example postgres[1234]: [7-1] LOG:  checkpoint "
      "complete: wrote 128 buffers (0.8%); 0 WAL file(s) added, 0 removed, 0 recycled; write=12.7 s"),
#undef R
};

static double now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* kind == COUNT_OF(rows): all kinds in turn, each with the memory of its own source. */
static void run(const char *name, size_t kind, double seconds)
{
    struct parse_hint hints[COUNT_OF(rows)] = {{0}};
    struct parse_ctx ctx = {.recv_ns = INT64_C(1795309200) * NS_PER_S, .zone_s = WHEN_VN_OFFSET_S};
    struct arena a;
    struct event e;
    size_t lines = 0, bytes = 0, fields = 0;
    double start = now_s(), took = 0;
    arena_init(&a, 16 << 20);
    for (; took < seconds; took = now_s() - start) {
        arena_reset(&a);
        for (size_t i = 0; i < BATCH; i++) {
            size_t k = kind < COUNT_OF(rows) ? kind : i % COUNT_OF(rows);
            parse_line(&ctx, &hints[k], rows[k].line, &a, &e);
            bytes += rows[k].line.n;
            fields += e.n_fields;
        }
        lines += BATCH;
    }
    printf("%-9s %4zu B/line %5.1f fields %6.0f ns/line %8.0f lines/s %6.0f MB/s\n", name, bytes / lines,
           (double)fields / (double)lines, took * 1e9 / (double)lines, (double)lines / took,
           (double)bytes / took / 1e6);
    arena_done(&a);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    for (size_t k = 0; k < COUNT_OF(rows); k++)
        run(rows[k].name, k, seconds);
    run("mixed", COUNT_OF(rows), seconds);
    return 0;
}
