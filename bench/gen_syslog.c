/*
 * gen_syslog - deterministic syslog corpus: gen_syslog LINES [SEED] > FILE. About 200 bytes a line, RFC 3164
 * with PRI as rsyslog forwards it, 300 hosts, sessions that come in bursts, the programs a small office's
 * machines run. 1 % of lines are long (1–8 kB), 0.1 % hold broken UTF-8. Own numbers (splitmix64), so that
 * the same seed gives the same bytes everywhere.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t rnd(void)
{
    uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
    return (unsigned)(rnd() % n);
}

/* Small numbers are more frequent: the square of a uniform number. */
static unsigned skewed(unsigned n)
{
    uint64_t u = rnd() & 0xFFFFF;
    return (unsigned)(u * u * n >> 40);
}

static const char *const users[] = {"nguyenvana", "tranthib", "levanc",    "phamd",    "root",     "admin",
                                    "backup",     "oracle",   "hoangthie", "www-data", "postgres", "deploy",
                                    "vothif",     "dangvang", "buiquangh", "ubuntu"};
static const char *const units[] = {"nginx.service",     "postgresql.service", "cron.service",
                                    "ssh.service",       "rsyslog.service",    "apt-daily.service",
                                    "logrotate.service", "snmpd.service"};
static const char *const paths[] = {"/",
                                    "/dichvucong/hoso?id=%u",
                                    "/api/v1/tiepnhan/%u",
                                    "/assets/app-%u.js",
                                    "/login",
                                    "/vanban/den/%u/xem?loai=congvan&nam=2026",
                                    "/tracuu?ma=%u&phuong=cai-khe",
                                    "/images/%u.png"};
static const char *const agents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"};

/* 19 of 20 addresses are of the office's own 3,000; the rest of 200 outside that come again and again, as
 * scanners do. */
static void ip(char *out)
{
    unsigned k = skewed(3000), far = skewed(200);
    if (below(20) != 0)
        (void)snprintf(out, 32, "10.%u.%u.%u", k >> 9 & 255, k >> 1 & 255, 1 + k % 250);
    else
        (void)snprintf(out, 32, "113.%u.%u.%u", 160 + far % 30, far, 1 + (far * 7) % 250);
}

static int body(char *out, size_t n)
{
    char a[32], b[32], path[128];
    const char *user = users[skewed(16)];
    unsigned pid = 500 + skewed(30000);
    ip(a);
    ip(b);
    switch (below(10)) {
    case 0:
        return snprintf(out, n, "sshd[%u]: Failed password for %s%s from %s port %u ssh2", pid,
                        below(3) == 0 ? "invalid user " : "", user, a, 1024 + below(60000));
    case 1:
        return snprintf(out, n,
                        "sshd[%u]: Accepted publickey for %s from %s port %u ssh2: ED25519 "
                        "SHA256:%08" PRIx64 "%08" PRIx64 "qW3rT5yU7iO9pA1sD2fG4hJ6kL8",
                        pid, user, a, 1024 + below(60000), rnd() >> 32, rnd() >> 32);
    case 2:
        return snprintf(out, n,
                        "sudo:  %s : TTY=pts/%u ; PWD=/home/%s ; USER=root ; COMMAND=/usr/bin/systemctl "
                        "restart %s --no-pager --message='bao tri dinh ky thang %u'",
                        user, below(8), user, units[below(8)], 1 + below(12));
    case 3:
        return snprintf(
            out, n,
            "kernel: [%u.%06u] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:%02x:%02x:%02x:00:1b:21:aa:bb:cc:08:00 "
            "SRC=%s DST=%s LEN=60 TOS=0x00 PREC=0x00 TTL=%u ID=%u DF PROTO=TCP SPT=%u DPT=%u WINDOW=64240 "
            "RES=0x00 SYN URGP=0",
            below(900000), below(1000000), below(256), below(256), below(256), a, b, 40 + below(24),
            below(65536), 1024 + below(60000), below(1024));
    case 4:
        return snprintf(
            out, n,
            "CRON[%u]: (%s) CMD (/usr/local/bin/sao-luu.sh --muc %u --dich /srv/backup/%u >/dev/null 2>&1)",
            pid, user, below(8), below(1000));
    case 5:
        return snprintf(
            out, n,
            "systemd[1]: %s: Main process exited, code=exited, status=%u/FAILURE after running for %u.%03us",
            units[below(8)], below(4), below(90000), below(1000));
    default:
        (void)snprintf(path, sizeof(path), paths[below(8)], below(100000));
        return snprintf(
            out, n, "nginx: %s - - [22/Nov/2026:08:%02u:%02u +0700] \"%s %s HTTP/1.1\" %u %u \"-\" \"%s\"", a,
            below(60), below(60), below(6) == 0 ? "POST" : "GET", path, below(20) == 0 ? 404 : 200,
            200 + skewed(90000), agents[skewed(3)]);
    }
}

int main(int argc, char **argv)
{
    static char line[16384];
    uint64_t lines = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    unsigned host = 0, left = 0, second = 0;
    for (uint64_t i = 0; i < lines; i++) {
        if (left == 0) {
            host = skewed(300);
            left = 3 + below(30);
        }
        left--;
        second = (unsigned)(i / 5000);
        int n = snprintf(line, 256, "<%u>Nov %2u %02u:%02u:%02u may-%03u ",
                         8 * (below(2) ? 10 : 3) + 4 + below(3), 1 + second / 86400 % 28, second / 3600 % 24,
                         second / 60 % 60, second % 60, host);
        n += body(line + n, 4096);
        unsigned odd = below(1000);
        if (odd < 10) {
            unsigned more = 1000 + below(7000);
            memset(line + n, ' ', more);
            for (unsigned k = 0; k < more; k += 8)
                (void)memcpy(line + n + k, "du lieu ", 8);
            n += (int)more;
        } else if (odd == 10) {
            line[n++] = (char)0xC3;
        }
        line[n++] = '\n';
        if (fwrite(line, 1, (size_t)n, stdout) != (size_t)n)
            return 3;
    }
    return 0;
}
