#include <stdlib.h>

#include "store/inner.h"

bool store_seal_full(const struct store *s)
{
    const struct win *w = s->active;
    return w != NULL && w->n > 0 &&
           (w->raw_bytes >= s->o.window_bytes || w->mem_bytes / 4 >= s->o.window_bytes ||
            w->n >= STORE_ROWS_MAX);
}

void store_seg_unref(struct store *s, struct seg *g)
{
    (void)s;
    assert(g->refs > 0);
    g->refs--;
    if (g->refs == 1 && g->whole)
        seg_shut(g); /* only the list is left */
    if (g->refs == 0)
        seg_free(g);
}

void store_win_unref(struct store *s, struct win *w)
{
    (void)s;
    assert(w->refs > 0);
    if (--w->refs == 0)
        win_free(w);
}

int store_seg_list(struct store *s, struct seg *g, struct err *err)
{
    if (s->n_segs == s->segs_cap) {
        size_t cap = s->segs_cap == 0 ? 64 : s->segs_cap * 2;
        struct seg **p = realloc(s->segs, cap * sizeof(struct seg *));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "list of segments");
        s->segs = p;
        s->segs_cap = cap;
    }
    s->segs[s->n_segs++] = g;
    return 0;
}

static int encode(struct store *s, struct err *err)
{
    struct arena a;
    struct event *ev;
    struct win *w = s->sealing;
    struct block_place at = {.segment = s->open_seg->number,
                             .block = (uint32_t)s->open_seg->n_blocks,
                             .sealed_ns = sys_now(s->sys)};
    if (sys_random(s->sys, at.salt, sizeof(at.salt), err) != 0)
        return -1;
    arena_init(&a, STORE_ARENA_MAX);
    buf_clear(&s->block);
    int rc = win_events(w->head, w->n, &a, &ev, err);
    if (rc == 0)
        rc = block_encode(s->codec, s->open_seg->key, &at, ev, w->n, &s->block, &s->block_leaf, err);
    arena_done(&a);
    if (rc != 0)
        buf_clear(&s->block);
    s->block_leaf.offset = s->open_seg->size;
    return rc;
}

/* The block is on disk: write its leaf, then let readers find it there and no longer in the window. */
static int publish(struct store *s, struct err *err)
{
    char bytes[LEAF_BYTES];
    struct buf b = {.p = bytes, .cap = sizeof(bytes), .max = sizeof(bytes)};
    struct block_sources sources = block_sources(s->codec);
    struct digest hash = leaf_hash(&s->block_leaf);
    struct seg *g = s->open_seg;
    leaf_put(&b, &s->block_leaf);
    if (sys_write(s->sys, s->leaves, bytes, sizeof(bytes), s->tree.n * LEAF_BYTES, err) != 0)
        return err_wrap(err, "leaves");
    (void)pthread_mutex_lock(&s->mu);
    int rc = s->open_seg_listed ? 0 : store_seg_list(s, g, err);
    if (rc == 0 && !s->open_seg_listed) {
        g->first_leaf = s->tree.n;
        s->open_seg_listed = true;
    }
    if (rc == 0)
        rc = seg_add(g, &s->block_leaf, &sources, err);
    if (rc == 0) {
        tlog_add(&s->tree, &hash);
        s->sealed_id = s->block_leaf.first_id + s->block_leaf.count - 1;
        store_win_unref(s, s->sealing);
        s->sealing = NULL;
    }
    (void)pthread_mutex_unlock(&s->mu);
    if (rc == 0)
        buf_clear(&s->block);
    return rc;
}

/* A full segment gets its directory and its final name; its leaves are durable before. */
static int finish(struct store *s, struct err *err)
{
    if (s->open_seg == NULL || s->open_seg->raw_bytes < s->o.segment_bytes)
        return 0;
    if (sys_sync(s->sys, s->leaves, err) != 0 || seg_finish(s->open_seg, err) != 0)
        return -1;
    (void)pthread_mutex_lock(&s->mu);
    s->open_seg->whole = true;
    if (s->open_seg->refs == 1)
        seg_shut(s->open_seg);
    s->seg_finished = true;
    (void)pthread_mutex_unlock(&s->mu);
    s->open_seg = NULL;
    s->open_seg_listed = false;
    return 0;
}

int store_seal_run(struct store *s, struct err *err)
{
    assert(s->sealing != NULL);
    if (finish(s, err) != 0) /* left over from a failed attempt */
        return -1;
    if (s->open_seg == NULL) {
        if (seg_create(s->sys, s->dir, s->next_segment, s->sealing->first_id, s->ring.store_key, &s->open_seg,
                       err) != 0)
            return -1;
        s->next_segment++;
        s->open_seg_listed = false;
    }
    struct seg *g = s->open_seg;
    if (s->block.n == 0 && encode(s, err) != 0)
        return err_wrap(err, "block of event %llu", (unsigned long long)s->sealing->first_id);
    if (sys_write(s->sys, g->f, s->block.p, s->block.n, g->size, err) != 0 ||
        sys_sync(s->sys, g->f, err) != 0)
        return err_wrap(err, "segment %llu", (unsigned long long)g->number);
    if (publish(s, err) != 0)
        return -1;
    /* The window is safe now. What is left is tried again with the next one. */
    (void)finish(s, NULL);
    return 0;
}

static void run_and_note(struct store *s)
{
    struct err err = {0};
    int rc = store_seal_run(s, &err);
    (void)pthread_mutex_lock(&s->mu);
    s->seal_failed = rc != 0;
    s->seal_err = err;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
}

static void *sealer(void *arg)
{
    struct store *s = arg;
    (void)pthread_mutex_lock(&s->mu);
    for (;;) {
        while (!s->stop && (s->sealing == NULL || s->seal_failed))
            (void)pthread_cond_wait(&s->changed, &s->mu);
        if (s->stop)
            break;
        (void)pthread_mutex_unlock(&s->mu);
        run_and_note(s);
        (void)pthread_mutex_lock(&s->mu);
    }
    (void)pthread_mutex_unlock(&s->mu);
    return NULL;
}

int store_seal_thread(struct store *s, struct err *err)
{
    if (s->o.seal_inline || s->o.read_only)
        return 0;
    if (pthread_create(&s->thread, NULL, sealer, s) != 0)
        return err_set(err, ERR_NOMEM, "sealing thread");
    s->has_thread = true;
    return 0;
}

void store_seal_stop(struct store *s)
{
    if (!s->has_thread)
        return;
    (void)pthread_mutex_lock(&s->mu);
    s->stop = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
    (void)pthread_join(s->thread, NULL);
    s->has_thread = false;
}

void store_seal_wait(struct store *s)
{
    (void)pthread_mutex_lock(&s->mu);
    while (s->has_thread && s->sealing != NULL && !s->seal_failed)
        (void)pthread_cond_wait(&s->changed, &s->mu);
    (void)pthread_mutex_unlock(&s->mu);
}

void store_seal_retry(struct store *s)
{
    (void)pthread_mutex_lock(&s->mu);
    bool again = s->sealing != NULL && s->seal_failed;
    if (again && s->has_thread) {
        s->seal_failed = false;
        (void)pthread_cond_broadcast(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mu);
    if (again && !s->has_thread)
        run_and_note(s);
}

bool store_seal_start(struct store *s)
{
    store_seal_wait(s);
    if (s->active == NULL || s->active->n == 0)
        return true;
    (void)pthread_mutex_lock(&s->mu);
    bool idle = s->sealing == NULL;
    if (idle) {
        s->sealing = s->active;
        s->active = NULL;
        s->seal_failed = false;
        (void)pthread_cond_broadcast(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mu);
    if (idle && !s->has_thread)
        run_and_note(s);
    return idle;
}
