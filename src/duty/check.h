/*
 * check.h - machine checks: plain observations in, three-valued results with arguments out. A check neither
 * reads nor asks anything: flow fills struct check_obs, so every check is tested with rows. Each part of the
 * observations says by `read` whether it could be read at all; what was not read is "unreadable", never
 * "met". The password and session checks look at the accounts of Khiên itself, and their reasons say so.
 */
#ifndef KHIEN_DUTY_CHECK_H
#define KHIEN_DUTY_CHECK_H

#include "duty/duty.h"

#define CHECK_KEPT_MONTHS_MIN 12 /* default floor of D14.0.2: QCVN 12:2026/BCA, Decree 333/2026 art. 16.6 */
#define CHECK_REVIEW_DAYS_MAX 7  /* D14.0.3: weekly, QCVN 12 */
#define CHECK_PASSWORD_MONTHS_MAX 3 /* D13.6.1 */
#define CHECK_PASSWORD_LENGTH_MIN 8 /* D13.6.6 */
#define CHECK_PASSWORD_CLASSES 4    /* D13.6.7 */
#define CHECK_LOCKOUT_MIN 3         /* D13.6.3 */
#define CHECK_LOCKOUT_MAX 5
#define CHECK_IDLE_S_MAX 300        /* D15.6.c.2: TCVN 14423, administrators */
#define CHECK_SAMPLE_AGE_S_MAX 60   /* D16.1.c: default interval */
#define CHECK_COVERAGE_PCT_MIN 95.0 /* of the last hour */
#define CHECK_PARSED_PCT_MIN 95.0   /* D14.0.1: records with time, host and message understood */
#define CHECK_KEY_BITS_MIN 128      /* D17.1.c.1 */
#define CHECK_LAG_MS_MAX 60000      /* D19.6.2: p95 */
#define CHECK_OFFSET_MS_MAX 1000    /* D19.7.1 */
#define CHECK_OFFSET_ALARM_MS 5000
#define CHECK_VERIFY_AGE_S_MAX 86400  /* D17.1.a.2, D19.6.3: a full verification each day */
#define CHECK_EVALUATED_AGE_S_MAX 120 /* D16.1.b.1: the evaluator of thresholds runs every minute */

/*        id                    duty         freshness_s function           what it states */
#define CHECK_TABLE(X)                                                                                       \
    X("password.age", "D13.6.1", 86400, password_age, "no password older than 3 months")                     \
    X("password.initial", "D13.6.2", 3600, password_initial, "initial passwords must be changed")            \
    X("password.lockout", "D13.6.3", 3600, password_lockout, "locked after 3 to 5 failures")                 \
    X("password.bruteforce", "D13.6.4", 3600, password_bruteforce, "guessing is slowed down")                \
    X("password.captcha", "D13.6.5", 3600, password_captcha, "captcha at sign-in")                           \
    X("password.length", "D13.6.6", 3600, password_length, "at least 8 characters")                          \
    X("password.classes", "D13.6.7", 3600, password_classes, "all 4 classes of characters")                  \
    X("log.recorded", "D14.0.1", 3600, log_recorded, "every source recorded and understood")                 \
    X("log.kept", "D14.0.2", 86400, log_kept, "kept 12 months or since the start")                           \
    X("log.reviewed", "D14.0.3", 3600, log_reviewed, "reviewed within 7 days")                               \
    X("log.detection", "D14.0.5", 3600, log_detection, "rules for all 5 classes of acts")                    \
    X("session.single", "D15.6.c.1", 3600, session_single, "one session per administrator")                  \
    X("session.idle", "D15.6.c.2", 3600, session_idle, "idle sessions end")                                  \
    X("host.overload_alarm", "D16.1.b.1", 3600, host_overload_alarm, "thresholds set and evaluated")         \
    X("host.up", "D16.1.c.1", 3600, host_up, "the state up or down is watched")                              \
    X("host.load", "D16.1.c.2", 3600, host_load, "CPU and RAM are sampled")                                  \
    X("host.traffic", "D16.1.c.3", 3600, host_traffic, "network traffic is sampled")                         \
    X("config.audited", "D16.3.d.1", 3600, config_audited, "every change of configuration is logged")        \
    X("store.encrypted", "D17.1.a.1", 86400, store_encrypted, "everything stored is encrypted")              \
    X("store.integrity", "D17.1.a.2", 86400, store_integrity, "integrity codes are there and verified")      \
    X("key.length", "D17.1.c.1", 86400, key_length, "keys of 128 bits or more")                              \
    X("monitor.self", "D19.1.1", 3600, monitor_self, "the monitoring system is watched itself")              \
    X("source.silent", "D19.3.1", 3600, source_silent, "no silent source")                                   \
    X("log.central", "D19.6.1", 3600, log_central, "all sources and layers arrive in one store")             \
    X("log.realtime", "D19.6.2", 3600, log_realtime, "stored within 60 s")                                   \
    X("log.protected", "D19.6.3", 86400, log_protected, "seals verified, access audited")                    \
    X("clock.offset", "D19.7.1", 3600, clock_offset, "the clock is right to 1 s")

enum check_id {
#define X(id, duty, freshness_s, fn, doc) CHECK_##fn,
    CHECK_TABLE(X)
#undef X
        CHECK_COUNT
};

/* Classes of D14.0.5: truy cập, sử dụng, xóa, thay đổi, phá hủy. */
#define CHECK_CLASS_TABLE(X)                                                                                 \
    X(CHECK_ACCESS, "access")                                                                                \
    X(CHECK_USE, "use")                                                                                      \
    X(CHECK_DELETE, "delete")                                                                                \
    X(CHECK_CHANGE, "change")                                                                                \
    X(CHECK_DESTROY, "destroy")

enum check_class {
#define X(name, word) name,
    CHECK_CLASS_TABLE(X)
#undef X
        CHECK_CLASS_COUNT
};

/* The layers of D19.5 that the central store holds (D19.6.1). */
#define CHECK_LAYER_TABLE(X)                                                                                 \
    X(CHECK_NETWORK, "network")                                                                              \
    X(CHECK_SERVER, "server")                                                                                \
    X(CHECK_APPLICATION, "application")                                                                      \
    X(CHECK_DATABASE, "database")                                                                            \
    X(CHECK_ENDPOINT, "endpoint")

enum check_layer {
#define X(name, word) name,
    CHECK_LAYER_TABLE(X)
#undef X
        CHECK_LAYER_COUNT
};

/* Accounts of Khiên and the rules for their passwords and sessions. */
struct check_accounts {
    bool read;
    uint32_t accounts;          /* that may sign in */
    uint32_t passwords_old;     /* set more than 3 calendar months ago (calendar.h, T3) */
    int64_t oldest_set_ns;      /* of the oldest password; 0 no account */
    uint32_t initial_given;     /* accounts whose first password was chosen by another */
    uint32_t initial_unchanged; /* of them: that password may be used on and was never changed */
    uint32_t lockout_after;     /* failures until locked; 0 off */
    uint32_t delay_s;           /* wait between failures, or duration of the lock; 0 off */
    bool rate_limited;          /* sign-ins per address and minute are limited */
    uint32_t captcha_after;     /* failures after which a captcha is asked; 0 always */
    uint32_t length_min;        /* characters */
    uint32_t classes_min;       /* 0..4 */
    bool session_single;        /* a second sign-in ends the first session */
    uint32_t sessions_most;     /* largest number of live sessions of one account now */
    uint32_t idle_s;            /* seconds until a session without action ends; 0 never */
};

/* What arrives and how it is kept. */
struct check_logs {
    bool read;
    uint32_t sources;          /* in service (not switched off) */
    uint32_t sources_24h;      /* of them with an event in the last 24 h */
    uint32_t sources_silent;   /* of them silent by their own threshold */
    struct str silent_name;    /* one of them; empty none */
    uint64_t records_24h;      /* over all sources */
    uint64_t malformed_24h;    /* of them not understood (EVENT_MALFORMED) */
    int64_t lag_p95_ms;        /* receipt to durable, p95 of the last hour; -1 no record */
    int64_t oldest_ns;         /* oldest retained record; 0 empty store */
    int64_t since_ns;          /* when this node began to record */
    uint32_t retention_months; /* setting; 0: keep for ever */
    int64_t reviewed_ns;       /* last approved review of the logs; 0 none */
    bool rules_read;
    uint32_t rules[CHECK_CLASS_COUNT];  /* loaded rules by class */
    bool layers_read;                   /* events were assigned to layers for as long as is judged */
    uint32_t layers[CHECK_LAYER_COUNT]; /* sources of each layer with an event in the last 24 h */
};

/* The machine that the node runs on, from monitor/. */
struct check_host {
    bool read;
    int64_t sampled_ns;     /* newest sample of CPU and RAM; 0 none */
    int64_t net_sampled_ns; /* newest sample of the network; 0 none */
    double coverage_pct;    /* samples present of those due in the last hour, or since the start */
    double net_coverage_pct;
    double cpu_pct, ram_pct;    /* newest values, for the reason */
    uint32_t devices;           /* system devices in the register, this machine included; 0: no register */
    uint32_t devices_watched;   /* of them with fresh samples or heartbeats */
    uint32_t thresholds;        /* configured, 0..3 (cpu, ram, disk) */
    int64_t evaluated_ns;       /* when they were evaluated last; 0 never */
    int64_t heartbeat_ns;       /* when the state up/down of the node was recorded last; 0 never */
    uint32_t queue_dropped_24h; /* records that Khiên itself dropped */
    uint32_t restarts_24h;      /* of its own processes */
};

/* Store, keys, seals, audit. */
struct check_store {
    bool read;
    uint32_t parts, parts_encrypted; /* segments, register, spool: how many, how many encrypted */
    struct str cipher;               /* "AES-256-GCM" */
    int64_t verified_ns;             /* end of the last full verification; 0 never */
    bool verified_ok;
    uint32_t problems;   /* found by it */
    bool sealing;        /* checkpoints are being written */
    bool access_audited; /* each search and export writes an audit record */
    bool keys_read;
    uint32_t keys;         /* symmetric keys that protect data */
    uint32_t key_bits_min; /* shortest of them */
    bool audit_read;
    uint64_t config_changes; /* in the register since the start */
    uint64_t config_audited; /* audit events about them in the store */
};

enum check_sync { CHECK_SYNC_UNREADABLE, CHECK_SYNC_NO, CHECK_SYNC_YES };

struct check_clock {
    enum check_sync sync; /* what the kernel, or SNTP, says */
    bool offset_known;
    double offset_ms;        /* measured against the reference */
    uint32_t sources_skewed; /* sources whose time is off by more than CHECK_OFFSET_ALARM_MS */
};

struct check_obs {
    int64_t now_ns;
    struct check_accounts accounts;
    struct check_logs logs;
    struct check_host host;
    struct check_store store;
    struct check_clock clock;
};

/* Judge. The reason's texts are literals or views of `obs`. */
enum duty_verdict check_run(enum check_id id, const struct check_obs *obs, struct reason *ret);
/* The same as a fact of evidence, observed now, that expires after the check's freshness. */
struct duty_fact check_fact(enum check_id id, const struct check_obs *obs);

struct str check_name(enum check_id id);
struct str check_duty(enum check_id id);
struct str check_doc(enum check_id id);
int64_t check_freshness_ns(enum check_id id);
int check_find(struct str name); /* -1 unknown */
struct str check_class_name(enum check_class c);
int check_class_find(struct str word); /* -1 unknown */
struct str check_layer_name(enum check_layer l);
int check_layer_find(struct str word); /* -1 unknown */

#endif
