#include "monitor/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cur.h"

#define PATH_BYTES_MAX 4096
#define DEVICES_MAX 256
#define DEVICE_NAME_BYTES 32
#define SECTOR_BYTES 512 /* the unit of diskstats, whatever the device has */
#define RAW_BYTES_MAX 2048

/* Two counters of one device: bytes in and out, or read and written. */
struct device {
    char name[DEVICE_NAME_BYTES];
    uint64_t in, out;
};

struct devices {
    bool known;
    int64_t mono_ns;
    size_t n;
    struct device of[DEVICES_MAX];
};

struct cpu {
    bool known;
    uint64_t total, idle, iowait;
};

struct host {
    const struct sys *sys;
    char root[PATH_BYTES_MAX], disk[PATH_BYTES_MAX];
    struct cpu cpu;
    struct devices net, disks;
    char text[HOST_PROC_BYTES_MAX]; /* of the file being read */
};

int host_new(const struct sys *sys, const char *root, const char *disk, struct host **ret, struct err *err)
{
    CLEANUP(host_freep) struct host *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return err_set(err, ERR_NOMEM, "monitor of this machine");
    h->sys = sys;
    int n = snprintf(h->root, sizeof(h->root), "%s", root);
    int m = snprintf(h->disk, sizeof(h->disk), "%s", disk == NULL ? "" : disk);
    if (n < 0 || (size_t)n >= sizeof(h->root) - 32 || m < 0 || (size_t)m >= sizeof(h->disk))
        return err_set(err, ERR_USAGE, "path too long");
    *ret = TAKE(h);
    return 0;
}

void host_free(struct host *h)
{
    free(h);
}

/* Files of /proc say size 0, so the text is read up to its end. False: not there, or too long. */
static bool read_text(struct host *h, const char *path, struct str *ret)
{
    char full[PATH_BYTES_MAX];
    struct sys_file *f = NULL;
    size_t n = 0;
    int len = snprintf(full, sizeof(full), "%s%s", h->root, path);
    if (len < 0 || (size_t)len >= sizeof(full) || sys_open(h->sys, full, SYS_READ, &f, NULL) != 0)
        return false;
    int rc = sys_read(h->sys, f, h->text, sizeof(h->text), 0, &n, NULL);
    sys_close(h->sys, f);
    if (rc != 0 || n == 0 || n == sizeof(h->text))
        return false;
    *ret = (struct str){h->text, n};
    return true;
}

static bool next_line(struct str *text, struct str *line)
{
    return text->n > 0 && (str_cut(*text, '\n', line, text) || line->n > 0);
}

/* The next number of a line of words; the cursor goes bad where it is none. */
static uint64_t next_number(struct cur *c)
{
    uint64_t v = 0;
    cur_spaces(c);
    if (!str_to_u64(cur_word(c), UINT64_MAX, &v))
        c->bad = true;
    return v;
}

static bool sample_cpu(struct host *h, struct host_sample *s)
{
    struct str text, line;
    struct cpu now = {.known = true};
    if (!read_text(h, "/proc/stat", &text) || !next_line(&text, &line) || !str_starts(line, S("cpu ")))
        return false;
    struct cur c = cur_of(str_from(line, 4));
    /* user nice system idle iowait irq softirq steal; guest time is inside user already */
    for (int i = 0; i < 8; i++) {
        uint64_t v = next_number(&c);
        if (__builtin_add_overflow(now.total, v, &now.total))
            return false;
        if (i == 3)
            now.idle = v;
        if (i == 4)
            now.iowait = v;
    }
    if (c.bad)
        return false;
    struct cpu old = h->cpu;
    h->cpu = now;
    if (!old.known || now.total <= old.total || now.idle < old.idle || now.iowait < old.iowait)
        return true;
    double total = (double)(now.total - old.total), idle = (double)(now.idle - old.idle);
    double wait = (double)(now.iowait - old.iowait);
    s->v[HOST_CPU] = fmax(0.0, 100.0 * (total - idle - wait) / total);
    s->v[HOST_IOWAIT] = fmin(100.0, 100.0 * wait / total);
    return true;
}

static bool sample_memory(struct host *h, struct host_sample *s)
{
    enum { TOTAL, AVAILABLE, SWAP_TOTAL, SWAP_FREE, COUNT };
    static const struct str keys[COUNT] = {
        {"MemTotal", 8}, {"MemAvailable", 12}, {"SwapTotal", 9}, {"SwapFree", 8}};
    struct str text, line, key, rest;
    double kb[COUNT] = {NAN, NAN, NAN, NAN};
    if (!read_text(h, "/proc/meminfo", &text))
        return false;
    while (next_line(&text, &line)) {
        if (!str_cut(line, ':', &key, &rest))
            continue;
        for (size_t i = 0; i < COUNT; i++) {
            struct cur c = cur_of(rest);
            uint64_t v = str_eq(key, keys[i]) ? next_number(&c) : 0;
            if (str_eq(key, keys[i]) && !c.bad)
                kb[i] = (double)v;
        }
    }
    if (isnan(kb[TOTAL]) || kb[TOTAL] <= 0)
        return false;
    s->v[HOST_RAM_TOTAL] = kb[TOTAL] * 1024;
    s->v[HOST_RAM_USED] = fmax(0.0, (kb[TOTAL] - kb[AVAILABLE])) * 1024;
    if (isnan(kb[AVAILABLE]))
        s->v[HOST_RAM_USED] = NAN;
    s->v[HOST_RAM] = 100.0 * s->v[HOST_RAM_USED] / s->v[HOST_RAM_TOTAL];
    s->v[HOST_SWAP_USED] = (kb[SWAP_TOTAL] - kb[SWAP_FREE]) * 1024;
    return true;
}

static const struct device *find_device(const struct devices *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++) {
        if (strcmp(d->of[i].name, name) == 0)
            return &d->of[i];
    }
    return NULL;
}

static bool add_device(struct devices *d, struct str name, uint64_t in, uint64_t out)
{
    if (d->n == DEVICES_MAX || name.n == 0 || name.n >= DEVICE_NAME_BYTES)
        return false;
    struct device *dev = &d->of[d->n++];
    memcpy(dev->name, name.p, name.n);
    dev->name[name.n] = '\0';
    dev->in = in;
    dev->out = out;
    return true;
}

/*
 * Growth of a counter. A counter that went back either wrapped at 32 bits (older drivers: both values below
 * 2^32 and the growth below 2^30) or was reset, which is not known: NAN.
 */
static double growth(uint64_t old, uint64_t now)
{
    if (now >= old)
        return (double)(now - old);
    uint64_t wrapped = now + (UINT64_C(1) << 32) - old;
    if (old <= UINT32_MAX && wrapped < UINT64_C(1) << 30)
        return (double)wrapped;
    return NAN;
}

/* Rates per second between two looks; a device seen for the first time adds nothing. */
static void rates(const struct devices *old, const struct devices *now, double unit, double *in, double *out)
{
    if (!old->known || now->mono_ns <= old->mono_ns)
        return;
    double s = (double)(now->mono_ns - old->mono_ns) / (double)NS_PER_S, sum_in = 0, sum_out = 0;
    for (size_t i = 0; i < now->n; i++) {
        const struct device *was = find_device(old, now->of[i].name);
        if (was != NULL) {
            sum_in += growth(was->in, now->of[i].in);
            sum_out += growth(was->out, now->of[i].out);
        }
    }
    *in = sum_in * unit / s;
    *out = sum_out * unit / s;
}

/* Loopback is not traffic; virtual ends and bridges would count the same bytes twice. */
static bool is_real_interface(struct str name)
{
    static const struct str virtual[] = {{"veth", 4},  {"docker", 6}, {"br-", 3}, {"virbr", 5}, {"ifb", 3},
                                         {"dummy", 5}, {"tun", 3},    {"tap", 3}, {"wg", 2}};
    for (size_t i = 0; i < COUNT_OF(virtual); i++) {
        if (str_starts(name, virtual[i]))
            return false;
    }
    return !str_eq(name, S("lo"));
}

static bool sample_net(struct host *h, struct host_sample *s)
{
    struct str text, line, name, rest;
    static const size_t skipped = 7; /* between received and sent bytes */
    struct devices *now = calloc(1, sizeof(*now));
    if (now == NULL || !read_text(h, "/proc/net/dev", &text)) {
        free(now);
        return false;
    }
    now->known = true;
    now->mono_ns = sys_mono(h->sys);
    while (next_line(&text, &line)) {
        if (!str_cut(line, ':', &name, &rest)) /* the two lines of headings have none */
            continue;
        struct cur c = cur_of(rest);
        uint64_t in = next_number(&c);
        for (size_t i = 0; i < skipped; i++)
            (void)next_number(&c);
        uint64_t out = next_number(&c);
        name = str_trim(name);
        if (!c.bad && is_real_interface(name))
            (void)add_device(now, name, in, out);
    }
    rates(&h->net, now, 8.0, &s->v[HOST_NET_RX], &s->v[HOST_NET_TX]);
    h->net = *now;
    free(now);
    return true;
}

/* Whole disks only: sda, vdb, xvda, nvme0n1, mmcblk0. Partitions and stacked devices count twice. */
static bool is_whole_disk(struct str name)
{
    static const struct str letters[] = {{"sd", 2}, {"vd", 2}, {"xvd", 3}, {"hd", 2}};
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (str_starts(name, letters[i]))
            return name.n > 0 && !ascii_is_digit(name.p[name.n - 1]);
    }
    return (str_starts(name, S("nvme")) || str_starts(name, S("mmcblk"))) &&
           str_find_char(name, 'p') == SIZE_MAX;
}

static bool sample_disks(struct host *h, struct host_sample *s)
{
    struct str text, line;
    struct devices *now = calloc(1, sizeof(*now));
    if (now == NULL || !read_text(h, "/proc/diskstats", &text)) {
        free(now);
        return false;
    }
    now->known = true;
    now->mono_ns = sys_mono(h->sys);
    while (next_line(&text, &line)) {
        struct cur c = cur_of(line);
        (void)next_number(&c);
        (void)next_number(&c);
        cur_spaces(&c);
        struct str name = cur_word(&c);
        uint64_t v[7];
        for (size_t i = 0; i < COUNT_OF(v); i++)
            v[i] = next_number(&c);
        if (!c.bad && is_whole_disk(name))
            (void)add_device(now, name, v[2], v[6]);
    }
    rates(&h->disks, now, SECTOR_BYTES, &s->v[HOST_DISK_READ], &s->v[HOST_DISK_WRITE]);
    h->disks = *now;
    free(now);
    return true;
}

/* The first word of a file as a number. */
static bool sample_first(struct host *h, const char *path, double *ret)
{
    struct str text;
    if (!read_text(h, path, &text))
        return false;
    struct cur c = cur_of(text);
    double v;
    if (!str_to_double(cur_word(&c), &v) || !isfinite(v))
        return false;
    *ret = v;
    return true;
}

static bool sample_load(struct host *h, struct host_sample *s)
{
    return sample_first(h, "/proc/loadavg", &s->v[HOST_LOAD1]);
}

static bool sample_uptime(struct host *h, struct host_sample *s)
{
    return sample_first(h, "/proc/uptime", &s->v[HOST_UPTIME]);
}

static bool sample_space(struct host *h, struct host_sample *s)
{
    struct sys_space space;
    if (h->disk[0] == '\0' || sys_space(h->sys, h->disk, &space, NULL) != 0 || space.total_bytes == 0)
        return false;
    s->v[HOST_DISK_FREE] = (double)space.free_bytes;
    s->v[HOST_DISK] = fmax(0.0, 100.0 * (1.0 - (double)space.free_bytes / (double)space.total_bytes));
    return true;
}

int host_sample(struct host *h, struct host_sample *ret, struct err *err)
{
    static bool (*const parts[])(struct host * h, struct host_sample * s) = {
        sample_cpu, sample_memory, sample_net, sample_disks, sample_load, sample_uptime, sample_space,
    };
    struct host_sample s = {.at_ns = sys_now(h->sys)};
    bool any = false;
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++)
        s.v[i] = NAN;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        any = parts[i](h, &s) || any;
    if (!any)
        return err_set(err, ERR_IO, "nothing about this machine could be read below '%s/proc'", h->root);
    *ret = s;
    return 0;
}

static const struct {
    struct str name, unit, field, vi, en;
} metrics[] = {
#define LIT(text)                                                                                            \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
#define X(metric, name, unit, field, vi, en) {LIT(name), LIT(unit), LIT(field), LIT(vi), LIT(en)},
    HOST_METRIC_TABLE(X)
#undef X
};
_Static_assert(COUNT_OF(metrics) == HOST_METRIC_COUNT, "one row per metric");

struct str host_metric_name(enum host_metric m)
{
    assert(m < HOST_METRIC_COUNT);
    return metrics[m].name;
}

struct str host_metric_unit(enum host_metric m)
{
    assert(m < HOST_METRIC_COUNT);
    return metrics[m].unit;
}

struct str host_metric_text(enum host_metric m, bool en)
{
    assert(m < HOST_METRIC_COUNT);
    return en ? metrics[m].en : metrics[m].vi;
}

int host_metric_find(struct str name)
{
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++) {
        if (str_eq(metrics[i].name, name))
            return (int)i;
    }
    return -1;
}

#define PROGRAM "khien-monitor"
#define DATASET "khien.monitor"

/* Values of percent and load with one decimal, bytes and rates whole. */
static int format_value(char *out, size_t n, double v)
{
    return snprintf(out, n, v < 1000.0 && v > -1000.0 ? "%.1f" : "%.0f", v);
}

int host_event(const struct host_sample *s, uint32_t source, struct arena *a, struct event *ret,
               struct err *err)
{
    char line[RAW_BYTES_MAX] = PROGRAM;
    size_t at[HOST_METRIC_COUNT], len[HOST_METRIC_COUNT], used = sizeof(PROGRAM) - 1;
    struct event_field *f = ARENA_NEW(a, struct event_field, HOST_METRIC_COUNT + 2);
    for (size_t m = 0; m < HOST_METRIC_COUNT; m++) {
        char value[64];
        len[m] = 0;
        int n = isfinite(s->v[m]) ? format_value(value, sizeof(value), s->v[m]) : 0;
        if (n <= 0 || (size_t)n >= sizeof(value))
            continue;
        int k = snprintf(line + used, sizeof(line) - used, " %.*s=%s", STR_ARG(metrics[m].name), value);
        assert(k > 0 && (size_t)k < sizeof(line) - used);
        used += (size_t)k;
        at[m] = used - (size_t)n;
        len[m] = (size_t)n;
    }
    struct str raw = arena_str(a, (struct str){line, used});
    if (f == NULL || raw.p == NULL)
        return err_set(err, ERR_NOMEM, "record of the monitor");
    struct event e = {.time_ns = s->at_ns, .recv_ns = s->at_ns, .source = source, .severity = 6};
    e.facility = EVENT_NO_FACILITY;
    e.raw = e.message = raw;
    e.fields = f;
    f[e.n_fields++] = (struct event_field){.id = FIELD_EVENT_DATASET, .value = S(DATASET)};
    f[e.n_fields++] =
        (struct event_field){.id = FIELD_PROCESS_NAME, .value = str_sub(raw, 0, sizeof(PROGRAM) - 1)};
    for (size_t m = 0; m < HOST_METRIC_COUNT; m++) {
        if (len[m] > 0)
            f[e.n_fields++] = (struct event_field){
                .id = FIELD_OTHER, .name = metrics[m].field, .value = str_sub(raw, at[m], len[m])};
    }
    *ret = e;
    return 0;
}
