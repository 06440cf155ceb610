#include <stdlib.h>

#include "store/inner.h"

int store_keep_checkpoint(struct store *s, struct err *err)
{
    struct tlog tree;
    struct ckpt c = {.time_ns = sys_now(s->sys)};
    (void)pthread_mutex_lock(&s->mu);
    tree = s->tree;
    c.kept = s->kept;
    s->seg_finished = false;
    (void)pthread_mutex_unlock(&s->mu);
    s->ckpt_due = true;
    c.size = tree.n;
    c.root = tlog_root(&tree);
    c.wal = s->wal != NULL ? wal_state(s->wal) : s->wal_last;
    /* Leaves first: a checkpoint never speaks of an entry that a crash may take away. */
    if ((!s->has_ckpt || c.size != s->ckpt.size) && sys_sync(s->sys, s->leaves, err) != 0)
        return err_wrap(err, "leaves");
    if (ckpt_save(s->sys, s->dir, s->origin, &s->ring, &c, err) != 0)
        return err_wrap(err, "checkpoint");
    (void)pthread_mutex_lock(&s->mu);
    s->ckpt = c;
    (void)pthread_mutex_unlock(&s->mu);
    s->has_ckpt = true;
    s->ckpt_due = false;
    s->ckpt_mono_ns = sys_mono(s->sys);
    return 0;
}

int store_keep_old_wal(struct store *s, uint64_t number, uint64_t last_id, struct err *err)
{
    if (s->n_old_wals == s->old_wals_cap) {
        size_t cap = s->old_wals_cap == 0 ? 8 : s->old_wals_cap * 2;
        struct store_old_wal *p = realloc(s->old_wals, cap * sizeof(*p));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "list of log files");
        s->old_wals = p;
        s->old_wals_cap = cap;
    }
    s->old_wals[s->n_old_wals++] = (struct store_old_wal){.number = number, .last_id = last_id};
    return 0;
}

/*
 * Remove log files whose events are all in durable blocks. The file that the last checkpoint names must
 * exist, so that its absence can be noticed: before it goes, a new checkpoint names another place.
 */
int store_keep_wals(struct store *s, struct err *err)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&s->mu);
    uint64_t sealed = s->sealed_id;
    (void)pthread_mutex_unlock(&s->mu);
    while (n < s->n_old_wals && s->old_wals[n].last_id <= sealed)
        n++;
    if (n == 0)
        return 0;
    if (s->wal == NULL && s->wal_last.number == s->old_wals[n - 1].number)
        s->wal_last.number = s->wal_last.size = 0;
    if (s->ckpt.wal.number != 0 && s->ckpt.wal.number <= s->old_wals[n - 1].number &&
        store_keep_checkpoint(s, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char path[WAL_PATH_MAX];
        struct err why = {0};
        wal_path(path, s->dir, s->old_wals[i].number);
        if (sys_remove(s->sys, path, &why) != 0 && why.code != ERR_NOT_FOUND)
            return err_set(err, why.code, "%s", why.msg);
    }
    memmove(s->old_wals, s->old_wals + n, (s->n_old_wals - n) * sizeof(*s->old_wals));
    s->n_old_wals -= n;
    return sys_sync_dir(s->sys, s->dir, err);
}

/* How many of the oldest segments are to go. mu held. */
static size_t to_remove(const struct store *s, int64_t now_ns)
{
    uint64_t stored = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->n_segs; i++)
        stored += s->segs[i]->size;
    for (; n < s->n_segs && s->segs[n]->whole; n++) {
        const struct seg *g = s->segs[n];
        int64_t sealed = g->n_blocks == 0 ? g->created_ns : g->blocks[g->n_blocks - 1].sealed_ns;
        int64_t age = now_ns > sealed ? now_ns - sealed : 0;
        bool old = s->o.keep_ns > 0 && age > s->o.keep_ns;
        bool big = s->o.keep_bytes > 0 && stored > s->o.keep_bytes;
        if ((!old && !big) || age < s->o.keep_floor_ns)
            break;
        stored -= g->size;
    }
    return n;
}

static int doom(struct store *s, size_t n, struct err *err)
{
    if (s->n_doomed + n > s->doomed_cap) {
        struct seg **p = realloc(s->doomed, (s->n_doomed + n) * sizeof(struct seg *));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "list of segments");
        s->doomed = p;
        s->doomed_cap = s->n_doomed + n;
    }
    (void)pthread_mutex_lock(&s->mu);
    memcpy(s->doomed + s->n_doomed, s->segs, n * sizeof(struct seg *));
    s->n_doomed += n;
    memmove(s->segs, s->segs + n, (s->n_segs - n) * sizeof(struct seg *));
    s->n_segs -= n;
    (void)pthread_mutex_unlock(&s->mu);
    return 0;
}

/* Destroy the files of segments that nobody reads any more: their keys first, then the names. */
static int remove_doomed(struct store *s, struct err *err)
{
    size_t left = 0, n = s->n_doomed;
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        struct seg *g = s->doomed[i];
        (void)pthread_mutex_lock(&s->mu);
        bool busy = g->refs > 1;
        (void)pthread_mutex_unlock(&s->mu);
        struct err why = {0};
        if (!busy && rc == 0) {
            rc = seg_destroy(s->sys, s->dir, g->number, true, &why);
            if (rc != 0 && why.code == ERR_NOT_FOUND)
                rc = 0;
            else if (rc != 0)
                (void)err_set(err, why.code, "%s", why.msg);
        }
        if (busy || rc != 0)
            s->doomed[left++] = g; /* the next call goes on */
        else
            seg_free(g);
    }
    s->n_doomed = left;
    return rc != 0 || left == n ? rc : sys_sync_dir(s->sys, s->dir, err);
}

/* Remove the oldest segments: first the signed word that they may be missing, then their keys, then the
 * files. */
int store_keep_retention(struct store *s, struct err *err)
{
    int64_t now = sys_now(s->sys);
    (void)pthread_mutex_lock(&s->mu);
    size_t n = to_remove(s, now);
    for (size_t i = 0; i < n; i++) {
        const struct seg *g = s->segs[i];
        if (g->first_leaf + g->n_blocks <= s->kept)
            continue; /* counted by an attempt that failed later */
        s->kept = g->first_leaf + g->n_blocks;
        for (size_t k = 0; k < g->n_blocks; k++)
            s->lost_events += g->blocks[k].count;
    }
    (void)pthread_mutex_unlock(&s->mu);
    if (n == 0)
        return remove_doomed(s, err);
    /* If this fails the segments stay listed and readable; they go after the next checkpoint. */
    if (store_keep_checkpoint(s, err) != 0)
        return -1;
    if (doom(s, n, err) != 0)
        return -1;
    return remove_doomed(s, err);
}
