#include "flow/node.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypt/digest.h"
#include "crypt/kdf.h"
#include "flow/node_event.h"
#include "flow/node_priv.h"
#include "register/register_audit.h"
#include "register/register_state.h"

#define SAVE_NS (2 * NS_PER_S)
#define FIND_NS (NS_PER_S / 2)
#define SWEEP_NS (5 * NS_PER_S)
#define JUDGE_NS (60 * NS_PER_S)
#define JUDGE_STALE_NS (1 * NS_PER_S)
#define DAY_NS (86400 * NS_PER_S)

static bool join(char *out, size_t n, const char *dir, const char *part)
{
    int k = snprintf(out, n, "%s/%s", dir, part);
    return k > 0 && (size_t)k < n;
}

static bool holds_duties(const struct sys *sys, const char *dir)
{
    char path[NODE_PATH_BYTES + 32];
    return join(path, sizeof(path), dir, "catalogue.yaml") && sys_exists(sys, path);
}

int node_catalogue_dir(const struct sys *sys, const struct config *c, char *out, size_t out_n,
                       struct err *err)
{
    static const char *const beside[] = {"../catalogue", "../../catalogue", "../../../catalogue",
                                         "../share/khien/catalogue"};
    char exe[PATH_MAX], path[PATH_MAX + 64];
    const char *set = c == NULL ? "" : config_text(c, CONFIG_CATALOGUE);
    if (set[0] != '\0') {
        if (!holds_duties(sys, set))
            return err_set(err, ERR_USAGE, "catalogue: %s holds no catalogue.yaml", set);
        (void)snprintf(out, out_n, "%s", set);
        return 0;
    }
    ssize_t k = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *slash = NULL;
    if (k > 0) {
        exe[k] = '\0';
        slash = strrchr(exe, '/');
    }
    for (size_t i = 0; slash != NULL && i < COUNT_OF(beside); i++) {
        char real[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - exe), exe, beside[i]);
        if (!holds_duties(sys, path) || realpath(path, real) == NULL || strlen(real) >= out_n)
            continue;
        memcpy(out, real, strlen(real) + 1);
        return 0;
    }
    if (!holds_duties(sys, "/usr/share/khien/catalogue"))
        return err_set(err, ERR_NOT_FOUND,
                       "no catalogue found: set `catalogue:` in khien.yaml or give --catalogue DIR");
    (void)snprintf(out, out_n, "/usr/share/khien/catalogue");
    return 0;
}

const char *node_credential(const struct sys *sys, char *out, size_t out_n)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY"); /* systemd: LoadCredential=node.key */
    if (dir != NULL && join(out, out_n, dir, "node.key") && sys_exists(sys, out))
        return out;
    out[0] = '\0';
    return NULL;
}

/* The register's key is made from the node key under a label of its own. Source: RFC 5869. */
static int register_key(const struct node *n, uint8_t out[REGISTER_KEY_BYTES], struct err *err)
{
    char path[NODE_PATH_BYTES + 32], *key = NULL;
    size_t key_n = 0;
    (void)join(path, sizeof(path), n->keys_dir, "node.key");
    if (sys_read_file(n->sys, n->credential[0] != '\0' ? n->credential : path, 4096, &key, &key_n, err) != 0)
        return -1;
    kdf_hkdf((struct str){key, key_n}, S(""), S("khien register v1"), out, REGISTER_KEY_BYTES);
    digest_wipe(key, key_n);
    free(key);
    return 0;
}

static int open_register(struct node *n, struct err *err)
{
    char path[NODE_PATH_BYTES + 32];
    uint8_t key[REGISTER_KEY_BYTES];
    (void)join(path, sizeof(path), n->data_dir, "register.db");
    if (register_key(n, key, err) != 0)
        return -1;
    int rc = register_open(n->sys, path, key, sys_now(n->sys), &n->reg, err);
    digest_wipe(key, sizeof(key));
    return rc;
}

static int open_store(struct node *n, struct store_recovery *ret_recovery, struct err *err)
{
    char host[65] = "node";
    const char *name = config_text(n->config, CONFIG_NODE_NAME);
    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(n->origin, sizeof(n->origin), "khien.local/%s", name[0] != '\0' ? name : host);
    struct store_opts o = {
        .sys = n->sys,
        .dir = n->store_dir,
        .keys_dir = n->keys_dir,
        .node_key_path = n->credential[0] != '\0' ? n->credential : NULL,
        .origin = n->origin,
        .read_only = n->read_only,
        .commit_ns = config_number(n->config, CONFIG_COMMIT_MS) * NS_PER_MS,
        .checkpoint_ns = config_number(n->config, CONFIG_CHECKPOINT_S) * NS_PER_S,
        .keep_ns = config_number(n->config, CONFIG_RETENTION_DAYS) * DAY_NS,
        .keep_floor_ns = config_number(n->config, CONFIG_RETENTION_FLOOR) * DAY_NS,
        .keep_bytes = (uint64_t)config_number(n->config, CONFIG_RETENTION_SIZE) << 30,
        .reserve_bytes = (uint64_t)config_number(n->config, CONFIG_DISK_RESERVE) << 20,
    };
    return store_open(&o, &n->store, ret_recovery, err);
}

static int open_texts(struct node *n, struct err *err)
{
    char path[NODE_PATH_BYTES + 64];
    (void)join(path, sizeof(path), n->catalogue_dir, "texts/sentences.yaml");
    return sentence_load(n->sys, path, &n->sentences, err);
}

static int open_parts(struct node *n, bool rules, struct store_recovery *ret_recovery, struct err *err)
{
    if (open_texts(n, err) != 0 || open_store(n, ret_recovery, err) != 0 || open_register(n, err) != 0 ||
        node_source_open(n, err) != 0 || node_duty_open(n, err) != 0)
        return -1;
    if (n->read_only)
        return 0;
    if (rules && node_find_open(n, err) != 0)
        return -1;
    return node_watch_open(n, err);
}

int node_open(const struct node_opts *o, struct node **ret, struct store_recovery *ret_recovery,
              struct err *err)
{
    struct node *n = calloc(1, sizeof(*n));
    if (n == NULL)
        return err_set(err, ERR_NOMEM, "node");
    n->sys = o->sys;
    n->config = o->config;
    n->read_only = o->read_only;
    n->started_ns = n->judged_ns = sys_now(o->sys);
    n->duties_stale = true;
    n->access_before = INT64_MIN;
    const char *credential = node_credential(o->sys, n->credential, sizeof(n->credential));
    assert(credential == NULL || credential == n->credential);
    int rc = 0;
    if (o->catalogue_dir != NULL)
        (void)snprintf(n->catalogue_dir, sizeof(n->catalogue_dir), "%s", o->catalogue_dir);
    else
        rc = node_catalogue_dir(o->sys, o->config, n->catalogue_dir, sizeof(n->catalogue_dir), err);
    if (rc == 0 &&
        ((size_t)snprintf(n->data_dir, sizeof(n->data_dir), "%s", o->data_dir) >= sizeof(n->data_dir) - 32 ||
         !join(n->store_dir, sizeof(n->store_dir), o->data_dir, "store") ||
         !join(n->keys_dir, sizeof(n->keys_dir), o->data_dir, "keys")))
        rc = err_set(err, ERR_USAGE, "data directory: path too long");
    if (rc == 0)
        rc = open_parts(n, !o->no_rules, ret_recovery, err);
    if (rc != 0) {
        node_close(n);
        return -1;
    }
    *ret = n;
    return 0;
}

void node_close(struct node *n)
{
    struct err err = {0};
    if (n == NULL)
        return;
    if (n->store != NULL && n->reg != NULL && !n->read_only) {
        uint64_t durable;
        if (node_commit(n, &durable, &err) == 0 && node_find_flush(n, &err) == 0)
            if (node_source_save(n, &err) != 0)
                n->duties_stale = true; /* the newest events of the store tell it again at the next start */
    }
    node_find_close(n);
    series_free(n->series);
    host_free(n->host);
    node_source_close(n);
    arena_done(&n->duty_mem);
    reason_texts_free(n->texts);
    calendar_free(n->calendar);
    catalogue_free(n->catalogue);
    sentence_free(n->sentences);
    register_close(n->reg);
    store_close(n->store);
    free(n);
}

struct store *node_store(struct node *n)
{
    return n->store;
}
struct reg *node_register(struct node *n)
{
    return n->reg;
}
const struct sentences *node_sentences(const struct node *n)
{
    return n->sentences;
}
const struct sys *node_sys(const struct node *n)
{
    return n->sys;
}
const struct config *node_config(const struct node *n)
{
    return n->config;
}

int node_seed(struct node *n, uint64_t *ret, struct err *err)
{
    int64_t seed = 0;
    bool found = false;
    if (register_state_find(n->reg, S("detect.seed"), &seed, &found, err) != 0)
        return -1;
    if (!found && (sys_random(n->sys, &seed, sizeof(seed), err) != 0 ||
                   register_state_put(n->reg, S("detect.seed"), seed, err) != 0))
        return -1;
    *ret = (uint64_t)seed;
    return 0;
}

static void pass_on(struct node *n, const struct event *e, size_t n_events, bool find)
{
    if (n->oldest_pending_ns == 0 && n_events > 0)
        n->oldest_pending_ns = e[0].recv_ns;
    n->pending += n_events;
    if (find)
        node_find_run(n, e, n_events);
    for (size_t i = 0; n->on_event != NULL && i < n_events; i++)
        n->on_event(n->on_event_arg, &e[i]);
}

static int take(struct node *n, struct event *e, size_t n_events, bool find, struct err *err)
{
    if (store_append(n->store, e, n_events, err) != 0)
        return -1;
    pass_on(n, e, n_events, find);
    return 0;
}

int node_events(struct node *n, struct event *e, size_t n_events, struct err *err)
{
    return take(n, e, n_events, true, err);
}

int node_events_packed(struct node *n, struct event *e, size_t n_events, char *records, size_t bytes,
                       struct err *err)
{
    if (store_append_packed(n->store, e, n_events, records, bytes, err) != 0)
        return -1;
    pass_on(n, e, n_events, true);
    return 0;
}

static int take_own(struct node *n, struct event *e, bool find, struct err *err)
{
    struct node_source *self = node_source_find(n, n->self);
    assert(self != NULL);
    e->source = n->self;
    e->seq = self->last_seq + 1;
    if (take(n, e, 1, find, err) != 0)
        return -1;
    self->last_seq = e->seq;
    self->received = self->stored = self->stored + 1;
    self->last_seen_ns = e->recv_ns;
    if (self->first_ns == 0)
        self->first_ns = e->recv_ns;
    return 0;
}

int node_own_event(struct node *n, struct event *e, struct err *err)
{
    return take_own(n, e, true, err);
}

int node_own_event_seen(struct node *n, struct event *e, struct err *err)
{
    return take_own(n, e, false, err);
}

int64_t node_commit_wait(const struct node *n)
{
    int64_t every = config_number(n->config, CONFIG_COMMIT_MS) * NS_PER_MS;
    int64_t since = sys_mono(n->sys) - n->committed_mono_ns;
    return n->pending == 0 ? INT64_MAX : since >= every ? 0 : every - since;
}

int node_commit(struct node *n, uint64_t *ret_durable, struct err *err)
{
    n->committed_mono_ns = sys_mono(n->sys);
    if (store_commit(n->store, ret_durable, err) != 0)
        return -1;
    if (n->pending > 0) {
        node_watch_lag(n, sys_now(n->sys) - n->oldest_pending_ns, n->pending);
        n->pending = 0;
        n->oldest_pending_ns = 0;
    }
    if (n->audit_done != 0 && n->audit_event <= *ret_durable) {
        int64_t done = n->audit_done;
        n->audit_done = 0;
        if (register_audit_done(n->reg, done, err) != 0)
            return -1;
    }
    return 0;
}

static bool due(int64_t *last, int64_t now, int64_t every)
{
    if (now - *last < every && now >= *last)
        return false;
    *last = now;
    return true;
}

/*
 * The register must never know sequences that the store could lose: front would send those events again after
 * a crash, and they would be dropped as known.
 */
static int save_sources(struct node *n, uint64_t *ret_durable, struct err *err)
{
    if (n->pending > 0 && node_commit(n, ret_durable, err) != 0)
        return -1;
    return node_source_save(n, err);
}

int node_tick(struct node *n, uint64_t *ret_durable, struct err *err)
{
    struct store_stats stats;
    int64_t now = sys_now(n->sys);
    int rc = node_watch_tick(n, now, err);
    if (store_tick(n->store, err) != 0)
        rc = -1;
    if (node_watch_prune(n, now, err) != 0)
        rc = -1;
    node_event_watch_intake(n, now);
    if (node_event_flush(n, err) != 0)
        rc = -1;
    if (node_commit_wait(n) == 0 && node_commit(n, ret_durable, err) != 0)
        rc = -1;
    store_stats(n->store, &stats);
    *ret_durable = stats.durable_id;
    if (due(&n->found_ns, now, FIND_NS) && node_find_flush(n, err) != 0)
        rc = -1;
    if (due(&n->saved_ns, now, SAVE_NS) && save_sources(n, ret_durable, err) != 0)
        rc = -1;
    if (due(&n->swept_ns, now, SWEEP_NS))
        node_source_watch(n, now);
    bool stale = n->duties_stale || (n->next_change_ns != 0 && now >= n->next_change_ns);
    if (due(&n->judged_ns, now, stale ? JUDGE_STALE_NS : JUDGE_NS) && node_duty_judge(n, now, err) != 0)
        rc = -1;
    return rc;
}

void node_searched(struct node *n)
{
    n->searches++;
}

void node_changed(struct node *n)
{
    n->duties_stale = true;
    node_source_refresh(n);
}

void node_on_event(struct node *n, void (*fn)(void *arg, const struct event *e), void *arg)
{
    n->on_event = fn;
    n->on_event_arg = arg;
}

void node_set_process(struct node *n, size_t i, const struct node_process *p)
{
    assert(i < COUNT_OF(n->processes));
    struct node_process *q = &n->processes[i];
    for (uint32_t k = q->restarts; k < p->restarts; k++)
        n->restart_ns[n->restarts_noted++ % COUNT_OF(n->restart_ns)] = sys_now(n->sys);
    struct node_process old = *q;
    *q = *p;
    if (!p->known && old.pid == p->pid) { /* the parent knows pid and restarts, the child itself the rest */
        *q = old;
        q->restarts = p->restarts;
    } else if (p->known && p->restarts == 0) {
        q->restarts = old.restarts;
    }
}

void node_set_listen(struct node *n, struct str https, struct str syslog, struct str syslog_tls,
                     struct str fingerprint, int64_t cert_not_after_ns)
{
    struct node_listen *l = &n->listen;
    (void)snprintf(l->https, sizeof(l->https), "%.*s", STR_ARG(https));
    (void)snprintf(l->syslog, sizeof(l->syslog), "%.*s", STR_ARG(syslog));
    (void)snprintf(l->syslog_tls, sizeof(l->syslog_tls), "%.*s", STR_ARG(syslog_tls));
    (void)snprintf(l->fingerprint, sizeof(l->fingerprint), "%.*s", STR_ARG(fingerprint));
    l->cert_not_after_ns = cert_not_after_ns;
}
