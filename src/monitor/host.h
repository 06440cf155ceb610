/*
 * host.h - one look at this machine: CPU, memory, network, disk, load, read from /proc and turned from
 * counters into rates. A value that could not be read is NAN ("not read"), never zero. Counters that went
 * back (restart of an interface, wrap of 32 bits) give NAN for one sample instead of a wild rate. Nothing is
 * kept but the last counters. Source: Linux proc(5).
 */
#ifndef KHIEN_MONITOR_HOST_H
#define KHIEN_MONITOR_HOST_H

#include "base/arena.h"
#include "model/event.h"
#include "sys/sys.h"

#define HOST_EVERY_S 10 /* default distance of samples */
#define HOST_PROC_BYTES_MAX (256u * 1024u)

/*        constant            name           unit       ECS-like field            vi en */
#define HOST_METRIC_TABLE(X)                                                                                 \
    X(HOST_CPU, "cpu", "%", "khien.metric.cpu", "CPU", "CPU")                                                \
    X(HOST_IOWAIT, "cpu_iowait", "%", "khien.metric.cpu_iowait", "Chờ đĩa", "Waiting for disk")              \
    X(HOST_RAM_USED, "ram_used", "B", "khien.metric.ram_used", "RAM đã dùng", "RAM used")                    \
    X(HOST_RAM_TOTAL, "ram_total", "B", "khien.metric.ram_total", "Tổng RAM", "RAM in total")                \
    X(HOST_RAM, "ram", "%", "khien.metric.ram", "RAM", "RAM")                                                \
    X(HOST_SWAP_USED, "swap_used", "B", "khien.metric.swap_used", "Swap đã dùng", "Swap used")               \
    X(HOST_NET_RX, "net_rx_bps", "bit/s", "khien.metric.net_rx_bps", "Mạng vào", "Network in")               \
    X(HOST_NET_TX, "net_tx_bps", "bit/s", "khien.metric.net_tx_bps", "Mạng ra", "Network out")               \
    X(HOST_LOAD1, "load1", "", "khien.metric.load1", "Tải trung bình 1 phút", "Load average, 1 minute")      \
    X(HOST_DISK, "disk", "%", "khien.metric.disk", "Đĩa", "Disk")                                            \
    X(HOST_DISK_FREE, "disk_free", "B", "khien.metric.disk_free", "Đĩa còn trống", "Disk free")              \
    X(HOST_DISK_READ, "disk_read_bps", "B/s", "khien.metric.disk_read_bps", "Đọc đĩa", "Disk reads")         \
    X(HOST_DISK_WRITE, "disk_write_bps", "B/s", "khien.metric.disk_write_bps", "Ghi đĩa", "Disk writes")     \
    X(HOST_UPTIME, "uptime", "s", "khien.metric.uptime", "Thời gian hoạt động", "Uptime")

enum host_metric {
#define X(metric, name, unit, field, vi, en) metric,
    HOST_METRIC_TABLE(X)
#undef X
        HOST_METRIC_COUNT
};

struct host_sample {
    int64_t at_ns;               /* UTC */
    double v[HOST_METRIC_COUNT]; /* NAN: not read */
};

struct host; /* the reader: roots and the last counters */

/*
 * root   prefix of "/proc/…": "" in production, a folder in tests; copied
 * disk   path whose file system is measured (the data directory); NULL: no disk values; copied
 */
int host_new(const struct sys *sys, const char *root, const char *disk, struct host **ret,
             struct err *err) MUST_USE;
void host_free(struct host *h); /* NULL is allowed */
DEFINE_FREEP(host)

/*
 * Take a sample. Rates need a sample before, so the first has NAN there. A file that cannot be read makes its
 * values NAN; the call itself fails only where nothing could be read (ERR_IO).
 */
int host_sample(struct host *h, struct host_sample *ret, struct err *err) MUST_USE;

struct str host_metric_name(enum host_metric m);
struct str host_metric_unit(enum host_metric m);
struct str host_metric_text(enum host_metric m, bool en);
int host_metric_find(struct str name); /* -1 unknown */

/*
 * The sample as a record: "khien-monitor cpu=12.5 ram_used=… net_rx_bps=…"; values not read are left out.
 * The event's raw text lies in the arena, fields point into it (khien.metric.*, event.dataset khien.monitor).
 * source is the id of the node's own source. Errors: ERR_NOMEM.
 */
int host_event(const struct host_sample *s, uint32_t source, struct arena *a, struct event *ret,
               struct err *err) MUST_USE;

#endif
