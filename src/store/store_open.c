#include <stdio.h>
#include <stdlib.h>

#include "store/files.h"
#include "store/inner.h"

static void set_defaults(struct store_opts *o)
{
    o->commit_ns = o->commit_ns > 0 ? o->commit_ns : 50 * NS_PER_MS;
    o->window_bytes = o->window_bytes > 0 ? o->window_bytes : 8u << 20;
    o->segment_bytes = o->segment_bytes > 0 ? o->segment_bytes : 256u << 20;
    o->checkpoint_ns = o->checkpoint_ns > 0 ? o->checkpoint_ns : 60 * NS_PER_S;
    o->reserve_bytes = o->reserve_bytes > 0 ? o->reserve_bytes : 256u << 20;
    o->window_ns = o->window_ns > 0 ? o->window_ns : 3600 * NS_PER_S;
}

static int copy_path(char *to, size_t size, const char *from, struct err *err)
{
    if (from == NULL)
        return 0;
    int n = snprintf(to, size, "%s", from);
    return n >= 0 && (size_t)n < size ? 0 : err_set(err, ERR_USAGE, "path or name too long: %.40s…", from);
}

static int new_store(const struct store_opts *o, struct store **ret, struct err *err)
{
    struct store *s;
    if (o->sys == NULL || o->dir == NULL || o->keys_dir == NULL || (!o->read_only && o->origin == NULL) ||
        o->window_bytes > (64u << 20))
        return err_set(err, ERR_USAGE,
                       "store: needs directories and an origin, and windows of at most 64 MiB");
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "store");
    s->sys = o->sys;
    s->o = *o;
    set_defaults(&s->o);
    (void)pthread_mutex_init(&s->mu, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    buf_init(&s->block, BLOCK_BYTES_MAX);
    buf_init(&s->packed, STORE_PACKED_MAX);
    if (copy_path(s->dir, sizeof(s->dir), o->dir, err) != 0 ||
        copy_path(s->keys_dir, sizeof(s->keys_dir), o->keys_dir, err) != 0 ||
        copy_path(s->node_key, sizeof(s->node_key), o->node_key_path, err) != 0 ||
        copy_path(s->origin, sizeof(s->origin), o->origin, err) != 0) {
        store_open_free(s);
        return -1;
    }
    s->o.dir = s->dir;
    s->o.keys_dir = s->keys_dir;
    s->o.node_key_path = o->node_key_path == NULL ? NULL : s->node_key;
    s->o.origin = s->origin;
    *ret = s;
    return 0;
}

void store_open_free(struct store *s)
{
    if (s == NULL)
        return;
    store_seal_stop(s);
    for (size_t i = 0; i < s->n_segs; i++)
        store_seg_unref(s, s->segs[i]);
    if (s->open_seg != NULL && !s->open_seg_listed)
        seg_free(s->open_seg);
    for (size_t i = 0; i < s->n_doomed; i++)
        seg_free(s->doomed[i]);
    free(s->doomed);
    free(s->segs);
    win_free(s->active);
    win_free(s->sealing);
    block_codec_free(s->codec);
    wal_free(s->wal);
    sys_close(s->sys, s->leaves);
    sys_close(s->sys, s->lock);
    buf_done(&s->block);
    buf_done(&s->packed);
    free(s->old_wals);
    ring_wipe(&s->ring);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->mu);
    free(s);
}

static int take_lock(struct store *s, struct err *err)
{
    char path[SEG_PATH_MAX];
    if (s->o.read_only)
        return 0;
    if (sys_mkdir(s->sys, s->dir, err) != 0 || sys_mkdir(s->sys, s->keys_dir, err) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/lock", s->dir);
    if (sys_open(s->sys, path, SYS_READ | SYS_WRITE | SYS_CREATE, &s->lock, err) != 0)
        return -1;
    if (sys_lock(s->sys, s->lock, err) != 0)
        return err != NULL && err->code == ERR_CONFLICT
                   ? err_set(err, ERR_CONFLICT, "another process has the store %s open", s->dir)
                   : err_wrap(err, "%s", path);
    return 0;
}

/* Is there anything that only a store leaves behind? */
static int is_fresh(const struct store *s, bool *ret, struct err *err)
{
    struct files f = {.n = 0};
    if (files_list(s->sys, s->dir, &f, err) != 0)
        return -1;
    *ret = true;
    for (size_t i = 0; i < f.n; i++) {
        char path[SEG_PATH_MAX];
        char *bytes = NULL;
        size_t n = 0;
        (void)snprintf(path, sizeof(path), "%s/%s", s->dir, f.item[i].name);
        if (f.item[i].kind == FILES_LEAVES && sys_read_file(s->sys, path, 1, &bytes, &n, NULL) == 0 &&
            n == 0) {
            free(bytes);
            continue; /* made in the first open, which did not get far */
        }
        free(bytes);
        if (f.item[i].kind <= FILES_CHECKPOINT)
            *ret = false;
    }
    files_done(&f);
    return 0;
}

static int check_format(struct store *s, bool fresh, struct err *err)
{
    char path[SEG_PATH_MAX], *bytes = NULL;
    size_t n = 0;
    struct err why = {0};
    uint64_t version = 0;
    (void)snprintf(path, sizeof(path), "%s/format", s->dir);
    if (sys_read_file(s->sys, path, 256, &bytes, &n, &why) != 0) {
        if (why.code == ERR_NOT_FOUND && fresh && !s->o.read_only)
            return sys_write_file(s->sys, path, S(STORE_FORMAT), err);
        return why.code == ERR_NOT_FOUND
                   ? err_set(err, fresh ? ERR_NOT_FOUND : ERR_CORRUPT, "%s is missing", path)
                   : err_set(err, why.code, "%s", why.msg);
    }
    struct str text = {bytes, n};
    int rc = 0;
    if (!str_starts(text, S("khien-store ")) || text.p[n - 1] != '\n' ||
        !str_to_u64(str_sub(text, 12, n - 13), UINT32_MAX, &version))
        rc = err_set(err, ERR_CORRUPT, "%s does not check", path);
    else if (version > 1)
        rc = err_set(err, ERR_CONFLICT, "%s: format %llu is newer than this program (1)", path,
                     (unsigned long long)version);
    else if (!str_eq(text, S(STORE_FORMAT)))
        rc = err_set(err, ERR_CORRUPT, "%s does not check", path);
    free(bytes);
    return rc;
}

/* What recovery found is made durable: the torn end of the open segment goes, a new checkpoint speaks for it
 * all. */
static int settle(struct store *s, struct err *err)
{
    if (s->o.read_only)
        return 0;
    store_seal_retry(s); /* a window that the log filled and that could not be written */
    if (s->open_seg != NULL && (sys_truncate(s->sys, s->open_seg->f, s->open_seg->size, err) != 0 ||
                                sys_sync(s->sys, s->open_seg->f, err) != 0))
        return -1;
    if (sys_sync(s->sys, s->leaves, err) != 0 || sys_sync_dir(s->sys, s->dir, err) != 0)
        return -1;
    if (store_keep_checkpoint(s, err) != 0)
        return -1;
    return store_keep_wals(s, err);
}

static int open_all(struct store *s, struct store_recovery *r, struct err *err)
{
    bool fresh = false;
    uint64_t seed = 0;
    if (take_lock(s, err) != 0 || is_fresh(s, &fresh, err) != 0 || check_format(s, fresh, err) != 0)
        return -1;
    if (ring_open(s->sys, s->keys_dir, s->o.node_key_path, fresh && !s->o.read_only, &s->ring, err) != 0)
        return -1;
    if (sys_random(s->sys, &seed, sizeof(seed), err) != 0 || block_codec_new(seed, &s->codec, err) != 0)
        return -1;
    if (store_load_run(s, r, err) != 0 || store_replay_run(s, r, err) != 0)
        return -1;
    int rc = settle(s, err);
    if (rc != 0 && err != NULL && err->code == ERR_FULL) { /* searching must work on a full disk */
        s->full = s->ckpt_due = true;
        *err = (struct err){0};
        rc = 0;
    }
    return rc == 0 ? store_seal_thread(s, err) : -1;
}

int store_open(const struct store_opts *o, struct store **ret, struct store_recovery *ret_recovery,
               struct err *err)
{
    struct store_recovery r = {0};
    struct err why = {0};
    struct store *s = NULL;
    int64_t start = sys_mono(o->sys);
    if (new_store(o, &s, err) != 0)
        return -1;
    if (open_all(s, &r, &why) != 0) {
        store_open_free(s);
        return err_set(err, why.code, "store: %s", why.msg);
    }
    s->durable = s->wal_last;
    s->ckpt_mono_ns = sys_mono(s->sys);
    r.took_ns = s->ckpt_mono_ns - start;
    *ret = s;
    if (ret_recovery != NULL)
        *ret_recovery = r;
    return 0;
}

/* Everything into blocks, a last checkpoint, no log. Whatever fails stays in the log for the next start. */
static void close_writer(struct store *s)
{
    struct err err = {0};
    uint64_t durable = 0;
    if (store_commit(s, &durable, &err) == 0 && store_seal_start(s))
        store_seal_wait(s);
    store_seal_stop(s);
    if (s->wal != NULL && !wal_has_frame(s->wal)) {
        s->wal_last = wal_state(s->wal);
        if (store_keep_old_wal(s, s->wal_last.number, s->wal_last.last_id, &err) == 0) {
            wal_free(s->wal);
            s->wal = NULL;
        }
    }
    int rc = store_keep_wals(s, &err);
    if (rc == 0)
        rc = store_keep_checkpoint(s, &err);
    if (rc == 0)
        rc = store_keep_retention(s, &err);
    if (s->open_seg != NULL) /* half of a block may be left by a failed attempt */
        rc = sys_truncate(s->sys, s->open_seg->f, s->open_seg->size, &err);
    (void)rc; /* nobody is left to tell; the next start recovers */
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    if (!s->o.read_only)
        close_writer(s);
    store_open_free(s);
}
