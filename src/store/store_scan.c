#include <stdlib.h>

#include "store/filter.h"
#include "store/inner.h"

#define PREFIX_GUESS 65536u /* head and filter of a small block come with one read */

struct part { /* a block, or a window where seg == NULL */
    struct seg *seg;
    struct win *win;
    const struct win_chunk *head;
    uint64_t offset, length, first_id;
    uint64_t count;
    size_t block;
};

struct store_scan {
    struct store *s;
    struct store_scan_opts o;
    uint64_t *tokens;
    struct part *parts; /* oldest first */
    size_t n_parts, parts_cap, at;
    struct block_codec *codec;
    struct buf bytes;
    struct arena arena;
    struct event *out;
    size_t out_cap, out_n;
    const struct part *now; /* where they are from */
};

static bool wanted(const struct store_scan *c, int64_t min_ns, int64_t max_ns, uint64_t first_id,
                   uint64_t count)
{
    const struct store_scan_opts *o = &c->o;
    return max_ns >= o->from_ns && (min_ns < o->to_ns || o->to_ns == INT64_MAX) &&
           first_id + count > o->from_id && first_id < o->to_id;
}

static struct part *add_part(struct store_scan *c)
{
    if (c->n_parts == c->parts_cap) {
        size_t cap = c->parts_cap == 0 ? 64 : c->parts_cap * 2;
        struct part *p = realloc(c->parts, cap * sizeof(*p));
        if (p == NULL)
            return NULL;
        c->parts = p;
        c->parts_cap = cap;
    }
    return &c->parts[c->n_parts];
}

static int add_blocks(struct store_scan *c, struct seg *g, struct err *err)
{
    for (size_t k = 0; k < g->n_blocks; k++) {
        const struct leaf *l = &g->blocks[k];
        if (!wanted(c, l->min_ns, l->max_ns, l->first_id, l->count) ||
            (c->o.source != 0 && !seg_has_source(g, k, c->o.source)))
            continue;
        struct part *p = add_part(c);
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "snapshot");
        *p = (struct part){.seg = g,
                           .offset = l->offset,
                           .length = l->length,
                           .first_id = l->first_id,
                           .count = l->count,
                           .block = k};
        g->refs++;
        c->n_parts++;
    }
    return 0;
}

static int add_window(struct store_scan *c, struct win *w, struct err *err)
{
    if (w == NULL || w->n == 0 || w->first_id + w->n <= c->o.from_id || w->first_id >= c->o.to_id)
        return 0;
    struct part *p = add_part(c);
    if (p == NULL)
        return err_set(err, ERR_NOMEM, "snapshot");
    *p = (struct part){.win = w, .head = w->head, .first_id = w->first_id, .count = w->n};
    w->refs++;
    c->n_parts++;
    return 0;
}

/* mu held: the list of what exists now. References keep files open and windows in memory. */
static int take_snapshot(struct store_scan *c, struct err *err)
{
    struct store *s = c->s;
    for (size_t i = 0; i < s->n_segs; i++) {
        /* A directory that does not check only costs the shortcut: the blocks are then read. */
        int rc = c->o.source == 0 ? 0 : seg_load_sources(s->segs[i], NULL);
        (void)rc;
        if (add_blocks(c, s->segs[i], err) != 0)
            return -1;
    }
    if (add_window(c, s->sealing, err) != 0)
        return -1;
    return add_window(c, s->active, err);
}

int store_scan_open(struct store *s, const struct store_scan_opts *o, struct store_scan **ret,
                    struct err *err)
{
    struct store_scan *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(err, ERR_NOMEM, "scan");
    c->s = s;
    c->o = *o;
    if (o->from_ns == 0 && o->to_ns == 0) {
        c->o.from_ns = INT64_MIN;
        c->o.to_ns = INT64_MAX;
    }
    if (o->from_id == 0 && o->to_id == 0)
        c->o.to_id = UINT64_MAX;
    buf_init(&c->bytes, BLOCK_BYTES_MAX);
    arena_init(&c->arena, STORE_ARENA_MAX);
    int rc = 0;
    if (o->n_tokens > 0) {
        c->tokens = calloc(o->n_tokens, sizeof(*c->tokens));
        if (c->tokens != NULL)
            memcpy(c->tokens, o->tokens, o->n_tokens * sizeof(*c->tokens));
        else
            rc = err_set(err, ERR_NOMEM, "scan");
    }
    if (rc == 0)
        rc = block_codec_new(0, &c->codec, err);
    if (rc == 0) {
        (void)pthread_mutex_lock(&s->mu);
        rc = take_snapshot(c, err);
        (void)pthread_mutex_unlock(&s->mu);
    }
    if (rc != 0) {
        store_scan_close(c);
        return -1;
    }
    *ret = c;
    return 0;
}

/* Open the block; *ret_skip where its filter rules a wanted word out. */
static int open_block(struct store_scan *c, const struct part *p, bool *ret_skip, struct err *err)
{
    struct str filter;
    struct block_fixed f;
    uint64_t n = p->length < PREFIX_GUESS || c->o.n_tokens == 0 ? p->length : PREFIX_GUESS;
    *ret_skip = false;
    if (seg_read(p->seg, p->offset, n, &c->bytes, err) != 0 ||
        block_read_fixed(buf_str(&c->bytes), &f, err) != 0)
        return -1;
    if (f.length != p->length || f.segment != p->seg->number || f.first_id != p->first_id ||
        f.count != p->count)
        return err_set(err, ERR_CORRUPT, "another block lies here");
    if (block_prefix(&f) > n) {
        n = block_prefix(&f);
        if (seg_read(p->seg, p->offset, n, &c->bytes, err) != 0)
            return -1;
    }
    if (block_open(c->codec, p->seg->key, buf_str(&c->bytes), err) != 0)
        return -1;
    if (c->o.n_tokens > 0 && block_filter(c->codec, &filter, err) != 0)
        return -1;
    for (size_t i = 0; i < c->o.n_tokens && !*ret_skip; i++)
        *ret_skip = !filter_has(filter, c->tokens[i]);
    if (*ret_skip || n == p->length)
        return 0;
    return seg_read(p->seg, p->offset, p->length, &c->bytes, err);
}

static int bad_part(const struct part *p, const struct err *why, struct err *err)
{
    return err_set(err, why->code, "segment %llu block %zu (events %llu to %llu): %s",
                   (unsigned long long)p->seg->number, p->block, (unsigned long long)p->first_id,
                   (unsigned long long)(p->first_id + p->count - 1), why->msg);
}

static int read_part(struct store_scan *c, const struct part *p, const struct event **ret, size_t *ret_n,
                     struct err *err)
{
    bool skip = false;
    struct err why = {0};
    if (p->seg == NULL) {
        struct event *ev;
        arena_reset(&c->arena);
        if (win_events(p->head, p->count, &c->arena, &ev, err) != 0)
            return -1;
        *ret = ev;
        *ret_n = p->count;
        return 0;
    }
    int rc = open_block(c, p, &skip, &why);
    *ret_n = 0;
    if (rc == 0 && !skip)
        rc = c->o.want == NULL ? block_decode(c->codec, buf_str(&c->bytes), ret, ret_n, &why)
                               : block_decode_some(c->codec, buf_str(&c->bytes), c->o.want, ret, ret_n, &why);
    return rc == 0 ? 0 : bad_part(p, &why, err);
}

/* Rows that the options ask for, in their direction. */
static int pick_rows(struct store_scan *c, const struct event *ev, size_t n, size_t *ret_n, struct err *err)
{
    const struct store_scan_opts *o = &c->o;
    size_t k = 0;
    if (n > c->out_cap) {
        struct event *p = realloc(c->out, n * sizeof(*p));
        if (p == NULL)
            return err_set(err, ERR_NOMEM, "events of a block");
        c->out = p;
        c->out_cap = n;
    }
    for (size_t i = 0; i < n; i++) {
        const struct event *e = &ev[o->oldest_first ? i : n - 1 - i];
        if (e->time_ns >= o->from_ns && (e->time_ns < o->to_ns || o->to_ns == INT64_MAX) &&
            e->id >= o->from_id && e->id < o->to_id && (o->source == 0 || e->source == o->source))
            c->out[k++] = *e;
    }
    *ret_n = k;
    return 0;
}

int store_scan_next(struct store_scan *c, const struct event **ret_events, size_t *ret_n, struct err *err)
{
    while (c->at < c->n_parts) {
        const struct part *p = &c->parts[c->o.oldest_first ? c->at : c->n_parts - 1 - c->at];
        const struct event *ev = NULL;
        size_t n = 0;
        c->at++;
        if (read_part(c, p, &ev, &n, err) != 0 || pick_rows(c, ev, n, &n, err) != 0)
            return -1;
        if (n > 0) {
            c->now = p;
            c->out_n = n;
            *ret_events = c->out;
            *ret_n = n;
            return 0;
        }
    }
    *ret_events = NULL;
    *ret_n = 0;
    return 0;
}

int store_scan_whole(struct store_scan *c, const struct event **ret_events, struct err *err)
{
    const struct event *ev = NULL;
    struct err why = {0};
    size_t n = 0;
    *ret_events = c->out;
    if (c->now->seg == NULL || c->o.want == NULL)
        return 0;
    if (block_decode(c->codec, buf_str(&c->bytes), &ev, &n, &why) != 0)
        return bad_part(c->now, &why, err);
    if (pick_rows(c, ev, n, &n, err) != 0)
        return -1;
    return n == c->out_n ? 0 : err_set(err, ERR_CORRUPT, "a block has other rows than before");
}

void store_scan_close(struct store_scan *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&c->s->mu);
    for (size_t i = 0; i < c->n_parts; i++) {
        if (c->parts[i].seg != NULL)
            store_seg_unref(c->s, c->parts[i].seg);
        else
            store_win_unref(c->s, c->parts[i].win);
    }
    (void)pthread_mutex_unlock(&c->s->mu);
    free(c->parts);
    free(c->tokens);
    free(c->out);
    block_codec_free(c->codec);
    buf_done(&c->bytes);
    arena_done(&c->arena);
    free(c);
}
