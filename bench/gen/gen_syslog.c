/*
 * Syslog as a collector sees it: 256 sessions at once, each a host and a system that writes some of its lines
 * in their order; what varies in a line is drawn anew from pools, so that values recur as they do in life.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gen/gen_cut.h"

#define SESSIONS 256u
#define HOSTS 500u
#define IPS 20000u
#define USERS 2000u
#define NUMBERS 2000u /* of the pool, for each width */
#define TAGS_MAX 128u
#define SEEDS_MAX 400u
#define IDS_KEPT 64u
#define LATE_US 800000u
#define BURST_EVERY_S 60u
#define BURST_LINES_MAX 40000u

struct seed {
    uint32_t pri, tag;
    bool with_pid;
    uint32_t fixed_pid; /* 0 = by host and program */
    struct gen_cut cut;
};

struct name {
    char text[40];
    uint8_t n;
};

static const char *const statuses[] = {"200", "304", "302", "404", "401", "403", "500", "400", "503"};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

struct session {
    uint32_t host, system, at, left;
};

struct ids { /* the latest of one length */
    uint64_t id[IDS_KEPT];
    uint32_t n;
};

struct stamp { /* texts of one second */
    int64_t s;
    char bsd[32], iso[40], clf[48];
};

struct gen_syslog {
    struct gen_opts o;
    struct gen_rng rng;
    struct gen_zipf systems, hosts, ips, users, numbers, statuses;
    struct name tag[TAGS_MAX], host[HOSTS], user[USERS], *ip;
    uint32_t n_tags, n_seeds, first_seed[32];
    struct seed *seeds;
    uint32_t (*pid)[TAGS_MAX]; /* of a program on a host */
    struct session session[SESSIONS], burst;
    uint32_t burst_left;
    int64_t burst_at_us, now_us;
    struct ids ids[GEN_ID_DIGITS_MAX + 1];
    struct stamp stamps[4];
    uint64_t next_needle, needles_done;
    char message[GEN_LINE_MAX];
};

static uint32_t tag_number(struct gen_syslog *g, const char *text, size_t n)
{
    for (uint32_t i = 0; i < g->n_tags; i++) {
        if (g->tag[i].n == n && memcmp(g->tag[i].text, text, n) == 0)
            return i;
    }
    if (g->n_tags == TAGS_MAX || n > sizeof(g->tag[0].text) || g->n_seeds == SEEDS_MAX) {
        (void)fprintf(stderr, "gen_corpus: too many seed lines or too long a tag: %s\n", text);
        exit(3);
    }
    struct name *t = &g->tag[g->n_tags++];
    t->n = (uint8_t)n;
    memcpy(t->text, text, n);
    return g->n_tags - 1;
}

/* "PRI tag message", "PRI tag[] message", "PRI tag[1] message" */
static void read_seed(struct gen_syslog *g, const char *line)
{
    struct seed *s = &g->seeds[g->n_seeds++];
    char *end;
    s->pri = (uint32_t)strtoul(line, &end, 10);
    const char *tag = end + 1;
    size_t n = strcspn(tag, " ["), whole = strcspn(tag, " ");
    s->tag = tag_number(g, tag, n);
    s->with_pid = n < whole;
    s->fixed_pid = s->with_pid ? (uint32_t)strtoul(tag + n + 1, NULL, 10) : 0;
    gen_cut_line(&s->cut, tag + whole + 1);
}

static void name_all(struct name *out, uint32_t n, void (*make)(struct gen_text *t, uint32_t index))
{
    for (uint32_t i = 0; i < n; i++) {
        struct gen_text t = {.p = out[i].text, .max = sizeof(out[i].text)};
        make(&t, i);
        out[i].n = (uint8_t)t.n;
    }
}

static void name_ip(struct gen_text *t, uint32_t index)
{
    gen_names_ip(t, index, (index & 1) != 0);
}

static void begin_session(struct gen_syslog *g, struct session *s);

struct gen_syslog *gen_syslog_new(const struct gen_opts *o)
{
    struct gen_syslog *g = calloc(1, sizeof(*g));
    if (g == NULL || (g->seeds = calloc(SEEDS_MAX, sizeof(*g->seeds))) == NULL ||
        (g->ip = calloc(IPS, sizeof(*g->ip))) == NULL || (g->pid = calloc(HOSTS, sizeof(*g->pid))) == NULL) {
        gen_syslog_free(g);
        return NULL;
    }
    g->o = *o;
    g->rng.state = gen_mix(o->seed);
    g->now_us = GEN_START_S * GEN_US;
    g->burst_at_us = g->now_us + BURST_EVERY_S * GEN_US / 2;
    gen_num_zipf(&g->systems, gen_seeds_n, 0.6);
    gen_num_zipf(&g->hosts, HOSTS, 0.9);
    gen_num_zipf(&g->ips, IPS, 1.0);
    gen_num_zipf(&g->users, USERS, 1.1);
    gen_num_zipf(&g->numbers, NUMBERS, 1.0);
    gen_num_zipf(&g->statuses, STATUSES, 1.8);
    name_all(g->host, HOSTS, gen_names_host);
    name_all(g->user, USERS, gen_names_user);
    name_all(g->ip, IPS, name_ip);
    for (uint32_t i = 0; i < gen_seeds_n; i++) {
        g->first_seed[i] = g->n_seeds;
        for (uint32_t k = 0; k < gen_seeds[i].n; k++)
            read_seed(g, gen_seeds[i].lines[k]);
    }
    for (uint32_t i = 0; i < SESSIONS; i++)
        begin_session(g, &g->session[i]);
    return g;
}

void gen_syslog_free(struct gen_syslog *g)
{
    if (g == NULL)
        return;
    struct gen_zipf *const all[] = {&g->systems, &g->hosts, &g->ips, &g->users, &g->numbers, &g->statuses};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        gen_num_zipf_free(all[i]);
    free(g->seeds);
    free(g->ip);
    free(g->pid);
    free(g);
}

/* A third of the hosts are switched on for ten hours of the day, each at its own time. */
static bool is_on(const struct gen_syslog *g, uint32_t host)
{
    uint32_t hour = (uint32_t)(g->now_us / GEN_US / 3600 % 24), from = (uint32_t)(gen_mix(host) % 24);
    return !g->o.churn || host % 3 != 1 || (hour + 24 - from) % 24 < 10;
}

static void begin_session(struct gen_syslog *g, struct session *s)
{
    s->host = gen_rank(&g->rng, &g->hosts);
    for (int i = 0; i < 8 && !is_on(g, s->host); i++)
        s->host = gen_rank(&g->rng, &g->hosts);
    s->system = gen_rank(&g->rng, &g->systems);
    s->at = gen_below(&g->rng, gen_seeds[s->system].n);
    s->left = 3 + gen_below(&g->rng, 30);
    if (gen_below(&g->rng, 3) == 0) /* its programs were started anew */
        memset(g->pid[s->host], 0, sizeof(g->pid[s->host]));
}

static const struct stamp *stamp_of(struct gen_syslog *g, int64_t s)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct stamp *t = &g->stamps[s & 3];
    if (t->s == s)
        return t;
    struct gen_clock c = gen_num_clock(s);
    const char *month = months[c.month - 1];
    t->s = s;
    (void)snprintf(t->bsd, sizeof(t->bsd), "%s %2d %02d:%02d:%02d", month, c.day % 100, c.hour % 100,
                   c.minute % 100, c.second % 100);
    (void)snprintf(t->iso, sizeof(t->iso), "%04d-%02d-%02dT%02d:%02d:%02d", c.year % 10000, c.month % 100,
                   c.day % 100, c.hour % 100, c.minute % 100, c.second % 100);
    (void)snprintf(t->clf, sizeof(t->clf), "%02d/%s/%04d:%02d:%02d:%02d +0700", c.day % 100, month,
                   c.year % 10000, c.hour % 100, c.minute % 100, c.second % 100);
    return t;
}

static uint64_t power10(unsigned n)
{
    uint64_t v = 1;
    while (n-- > 0)
        v *= 10;
    return v;
}

/* Another number as wide as this one; ports and the like stay what they can be. */
static uint64_t number_of(uint64_t bits, unsigned width)
{
    uint64_t low = width == 1 ? 0 : power10(width - 1), high = width == 5 ? 65536 : power10(width);
    return low + bits % (high - low);
}

static void put_number(struct gen_syslog *g, const struct gen_part *p, struct gen_text *t)
{
    uint32_t x = gen_below(&g->rng, 100);
    if (x < (p->n <= 2 ? 90u : 40u))
        gen_put(t, p->text, p->n);
    else if (p->n > 2 && x < 65)
        gen_num_put(t, number_of(gen_mix(gen_rank(&g->rng, &g->numbers) + 5000), p->n), p->n);
    else
        gen_num_put(t, number_of(gen_next(&g->rng), p->n), p->n);
}

static void put_id(struct gen_syslog *g, const struct gen_part *p, struct gen_text *t)
{
    struct ids *r = &g->ids[p->n];
    uint32_t x = gen_below(&g->rng, 100);
    if (x < 10) {
        gen_put(t, p->text, p->n);
        return;
    }
    uint64_t id = x < 65 && r->n > 0 ? r->id[gen_below(&g->rng, r->n < IDS_KEPT ? r->n : IDS_KEPT)] : 0;
    if (id == 0) {
        id = gen_next(&g->rng);
        r->id[r->n++ % IDS_KEPT] = id;
        r->n = r->n == 2 * IDS_KEPT ? IDS_KEPT : r->n;
    }
    if (p->kind == GEN_PART_UUID)
        gen_num_uuid(t, id, p->upper);
    else
        gen_num_hex(t, id, p->n, p->upper);
}

static void put_name(struct gen_text *t, const struct name *n)
{
    gen_put(t, n->text, n->n);
}

static void put_part(struct gen_syslog *g, const struct gen_part *p, const struct stamp *s,
                     struct gen_text *t)
{
    switch (p->kind) {
    case GEN_PART_TEXT:
    case GEN_PART_FIXED:
        gen_put(t, p->text, p->n);
        return;
    case GEN_PART_IP:
        put_name(t, &g->ip[gen_rank(&g->rng, &g->ips)]);
        return;
    case GEN_PART_NUMBER:
        put_number(g, p, t);
        return;
    case GEN_PART_HEX:
    case GEN_PART_UUID:
        put_id(g, p, t);
        return;
    case GEN_PART_USER:
        if (gen_in(&g->rng, 30))
            gen_put(t, p->text, p->n);
        else
            put_name(t, &g->user[gen_rank(&g->rng, &g->users)]);
        return;
    case GEN_PART_CLF:
        gen_puts(t, s->clf);
        return;
    case GEN_PART_UP: {
        uint64_t up = (uint64_t)(g->now_us - (GEN_START_S - 700000) * GEN_US);
        gen_putc(t, '[');
        gen_num_put(t, up / (uint64_t)GEN_US, 1);
        gen_putc(t, '.');
        gen_num_put(t, up % (uint64_t)GEN_US, 6);
        gen_putc(t, ']');
        return;
    }
    case GEN_PART_DATE:
        gen_put(t, s->iso, 10);
        return;
    case GEN_PART_TIME:
        gen_put(t, s->iso + 11, 8);
        return;
    case GEN_PART_UNIX:
        gen_num_put(t, (uint64_t)(s->s - 7 * 3600), 1);
        return;
    case GEN_PART_STATUS: {
        uint32_t rank = gen_rank(&g->rng, &g->statuses);
        gen_puts(t, statuses[rank]);
        return;
    }
    }
}

struct head {
    uint32_t pri, host, pid;
    const struct name *tag;
    int64_t at_us;
    const struct stamp *stamp;
    bool no_pri;
};

/* A fifth of the hosts write RFC 5424, half of these with structured data. */
static void put_line(struct gen_syslog *g, const struct head *h, struct gen_text *t)
{
    bool iso = h->host % 5 == 2;
    if (!h->no_pri) {
        gen_putc(t, '<');
        gen_num_put(t, h->pri, 1);
        gen_puts(t, iso ? ">1 " : ">");
    }
    if (iso) {
        gen_put(t, h->stamp->iso, 19);
        gen_putc(t, '.');
        gen_num_put(t, (uint64_t)(h->at_us % GEN_US), 6);
        gen_puts(t, "+07:00");
    } else {
        gen_put(t, h->stamp->bsd, 15);
    }
    gen_putc(t, ' ');
    put_name(t, &g->host[h->host]);
    if (g->o.churn && h->host % 10 == 7) { /* an address that another machine gets each day */
        gen_putc(t, '-');
        gen_num_put(t, (uint64_t)(h->at_us / GEN_US / 86400 % 1000), 3);
    }
    gen_putc(t, ' ');
    put_name(t, h->tag);
    if (iso) {
        gen_putc(t, ' ');
        if (h->pid != 0)
            gen_num_put(t, h->pid, 1);
        else
            gen_putc(t, '-');
        gen_puts(t, h->host % 2 == 0 ? " - - " : " - [timeQuality tzKnown=\"1\" isSynced=\"1\"] ");
    } else if (h->pid != 0) {
        gen_putc(t, '[');
        gen_num_put(t, h->pid, 1);
        gen_puts(t, "]: ");
    } else {
        gen_puts(t, ": ");
    }
}

/* ts, host, app, pid, pri, message, as ClickHouse reads TabSeparated. */
static void put_tsv(struct gen_syslog *g, const struct head *h, const struct gen_text *message,
                    struct gen_text *t)
{
    gen_put(t, h->stamp->iso, 10);
    gen_putc(t, ' ');
    gen_put(t, h->stamp->iso + 11, 8);
    gen_putc(t, '\t');
    put_name(t, &g->host[h->host]);
    gen_putc(t, '\t');
    put_name(t, h->tag);
    gen_putc(t, '\t');
    gen_num_put(t, h->pid, 1);
    gen_putc(t, '\t');
    gen_num_put(t, h->pri, 1);
    gen_putc(t, '\t');
    for (size_t i = 0; i < message->n; i++) {
        char c = message->p[i];
        if (c == '\\' || c == '\t')
            gen_putc(t, '\\');
        gen_putc(t, c == '\t' ? 't' : c);
    }
}

/* 1 % of the lines get 1 to 8 kB of an application's words behind them. */
static void make_long(struct gen_syslog *g, struct gen_text *m)
{
    size_t until = m->n + 1000 + gen_below(&g->rng, 7000);
    while (m->n < until) {
        gen_putc(m, ' ');
        gen_names_word(m, gen_below(&g->rng, 4096), 3);
        gen_putc(m, '=');
        gen_num_put(m, gen_below(&g->rng, 100000), 1);
    }
}

static void make_broken(struct gen_syslog *g, struct gen_text *m)
{
    static const char *const wrong[] = {"\xC3\x28",     "\xFF\xFE", "\xE1\xBA",
                                        "\xF0\x9F\x92", "\x80",     "\xED\xA0\x80"};
    gen_puts(m, " dữ liệu ");
    gen_puts(m, wrong[gen_below(&g->rng, sizeof(wrong) / sizeof(wrong[0]))]);
}

/* The session of the next line; time moves on by what lies between two arrivals. */
static struct session *arrive(struct gen_syslog *g)
{
    int64_t mean = GEN_US / (int64_t)g->o.rate;
    if (g->burst_left > 0) {
        g->now_us += gen_num_wait(&g->rng, mean / 20);
        g->burst_left--;
        if (!gen_in(&g->rng, 5))
            return &g->burst;
    } else {
        g->now_us += gen_num_wait(&g->rng, mean);
        if (g->o.bursts && g->now_us >= g->burst_at_us) {
            g->burst_at_us = g->now_us + gen_num_wait(&g->rng, BURST_EVERY_S * GEN_US);
            g->burst_left = gen_below(&g->rng, BURST_LINES_MAX);
            begin_session(g, &g->burst);
        }
    }
    return &g->session[gen_below(&g->rng, SESSIONS)];
}

static bool is_needle(struct gen_syslog *g, uint64_t number)
{
    if (g->o.needles == 0 || g->needles_done == g->o.needles ||
        number < (2 * g->needles_done + 1) * g->o.lines / (2 * g->o.needles))
        return false;
    g->needles_done++;
    return true;
}

static void fill_message(struct gen_syslog *g, const struct seed *s, const struct head *h, bool needle,
                         struct gen_text *m)
{
    if (needle) {
        gen_puts(m, "Failed password for invalid user " GEN_NEEDLE " from ");
        put_name(m, &g->ip[gen_rank(&g->rng, &g->ips)]);
        gen_puts(m, " port 40118 ssh2");
        return;
    }
    for (uint32_t i = 0; i < s->cut.n; i++)
        put_part(g, &s->cut.parts[i], h->stamp, m);
}

void gen_syslog_line(struct gen_syslog *g, uint64_t number, struct gen_text *out)
{
    struct session *s = arrive(g);
    struct gen_text m = {.p = g->message, .max = sizeof(g->message) / 2};
    bool needle = is_needle(g, number);
    const struct seed *seed =
        needle ? &g->seeds[g->first_seed[0]] : &g->seeds[g->first_seed[s->system] + s->at];
    uint32_t *pid = &g->pid[s->host][seed->tag];
    struct head h = {.pri = seed->pri, .host = s->host, .tag = &g->tag[seed->tag], .at_us = g->now_us};
    if (gen_in(&g->rng, 95))
        h.at_us -= gen_below(&g->rng, LATE_US);
    h.stamp = stamp_of(g, h.at_us / GEN_US);
    if (seed->with_pid && seed->fixed_pid == 0 && *pid == 0)
        *pid = 300 + gen_below(&g->rng, 32000);
    h.pid = !seed->with_pid ? 0 : seed->fixed_pid != 0 ? seed->fixed_pid : *pid;
    fill_message(g, seed, &h, needle, &m);
    if (g->o.long_lines && gen_in(&g->rng, 1))
        make_long(g, &m);
    uint32_t odd = g->o.broken ? gen_below(&g->rng, 2000) : 2;
    if (odd == 0)
        make_broken(g, &m);
    h.no_pri = odd == 1;
    if (g->o.tsv) {
        put_tsv(g, &h, &m, out);
    } else {
        put_line(g, &h, out);
        gen_put(out, m.p, m.n);
    }
    gen_putc(out, '\n');
    if (needle)
        return;
    s->at = (s->at + 1) % gen_seeds[s->system].n;
    if (s != &g->burst && --s->left == 0)
        begin_session(g, s);
}
