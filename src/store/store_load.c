/* Opening, first part: the leaves, the segments they speak of, and the blocks of the open segment behind
 * them. */
#include <stdio.h>
#include <stdlib.h>

#include "store/files.h"
#include "store/inner.h"

#define LEAVES_AT_ONCE 1024u

static bool exists(const struct store *s, uint64_t number, bool whole)
{
    char path[SEG_PATH_MAX];
    seg_path(path, s->dir, number, whole);
    return sys_exists(s->sys, path);
}

static int open_segment(struct store *s, uint64_t number, struct store_recovery *r, struct err *err)
{
    struct seg *g = NULL;
    bool whole = exists(s, number, true);
    if (seg_open(s->sys, s->dir, number, whole || !exists(s, number, false), !s->o.read_only && !whole,
                 s->ring.store_key, &g, err) != 0)
        return -1;
    g->first_leaf = s->tree.n;
    g->has_sources = false;
    if (store_seg_list(s, g, err) != 0) {
        seg_free(g);
        return -1;
    }
    r->segments++;
    s->next_segment = number + 1;
    return 0;
}

static int take_leaf(struct store *s, const struct leaf *l, struct store_recovery *r, struct err *err)
{
    struct digest hash = leaf_hash(l);
    struct seg *last = s->n_segs == 0 ? NULL : s->segs[s->n_segs - 1];
    if (l->first_id != s->sealed_id + 1 || l->count == 0 || l->first_id > UINT64_MAX - l->count ||
        l->segment + 1 < s->next_segment)
        return err_set(err, ERR_CORRUPT, "leaf %llu does not follow the one before",
                       (unsigned long long)s->tree.n);
    if (s->tree.n >= s->kept) {
        if ((last == NULL || last->number != l->segment) && open_segment(s, l->segment, r, err) != 0)
            return -1;
        if (seg_add(s->segs[s->n_segs - 1], l, NULL, err) != 0)
            return -1;
        r->blocks++;
    } else {
        s->lost_events += l->count;
        s->next_segment = l->segment + 1;
    }
    tlog_add(&s->tree, &hash);
    s->sealed_id = l->first_id + l->count - 1;
    return 0;
}

static int check_root(const struct store *s, struct err *err)
{
    if (!s->has_ckpt || s->tree.n != s->ckpt.size)
        return 0;
    struct digest root = tlog_root(&s->tree);
    if (!digest_eq(&root, &s->ckpt.root))
        return err_set(err, ERR_CORRUPT, "leaves: the first %llu do not have the signed root",
                       (unsigned long long)s->ckpt.size);
    return 0;
}

static int read_leaves(struct store *s, struct store_recovery *r, struct err *err)
{
    static const size_t max = LEAVES_AT_ONCE * LEAF_BYTES;
    uint64_t size = 0;
    if (sys_size(s->sys, s->leaves, &size, err) != 0)
        return -1;
    uint64_t whole = size - size % LEAF_BYTES;
    char *bytes = malloc(max);
    if (bytes == NULL)
        return err_set(err, ERR_NOMEM, "leaves");
    int rc = check_root(s, err);
    for (uint64_t at = 0; rc == 0 && at < whole;) {
        size_t n = whole - at < max ? (size_t)(whole - at) : max, got = 0;
        rc = sys_read(s->sys, s->leaves, bytes, n, at, &got, err);
        if (rc == 0 && got != n)
            rc = err_set(err, ERR_IO, "leaves: short read");
        for (size_t i = 0; rc == 0 && i < n; i += LEAF_BYTES) {
            struct leaf l = leaf_get(bytes + i);
            rc = take_leaf(s, &l, r, err);
            if (rc == 0)
                rc = check_root(s, err);
        }
        at += n;
    }
    free(bytes);
    if (rc != 0)
        return -1;
    if (s->has_ckpt && s->tree.n < s->ckpt.size)
        return err_set(err, ERR_CORRUPT, "leaves: %llu entries, %llu were signed",
                       (unsigned long long)s->tree.n, (unsigned long long)s->ckpt.size);
    r->torn_bytes += size - whole;
    return size == whole || s->o.read_only ? 0 : sys_truncate(s->sys, s->leaves, whole, err);
}

/* The block at the end of what is known of the open segment. *ret_ok: it is whole and follows on. */
static int next_block(struct store *s, struct seg *g, uint64_t file_size, struct leaf *ret, bool *ret_ok,
                      struct err *err)
{
    struct block_fixed f;
    struct err why = {0};
    const struct event *ev;
    size_t n = 0;
    *ret_ok = false;
    buf_clear(&s->block);
    if (file_size < g->size + BLOCK_FIXED_BYTES)
        return 0;
    if (seg_read(g, g->size, BLOCK_FIXED_BYTES, &s->block, err) != 0)
        return -1;
    if (block_read_fixed(buf_str(&s->block), &f, &why) != 0 || f.length > file_size - g->size ||
        f.segment != g->number || f.block != g->n_blocks || f.first_id != s->sealed_id + 1)
        return 0;
    if (seg_read(g, g->size, f.length, &s->block, err) != 0)
        return -1;
    if (block_open(s->codec, g->key, buf_str(&s->block), &why) != 0 ||
        block_decode(s->codec, buf_str(&s->block), &ev, &n, &why) != 0)
        return why.code == ERR_NOMEM ? err_set(err, why.code, "%s", why.msg) : 0;
    *ret = block_leaf(s->codec, buf_str(&s->block));
    ret->offset = g->size;
    *ret_ok = true;
    return 0;
}

/* Blocks that were synced and whose leaf was not: give them one. */
static int adopt_blocks(struct store *s, struct seg *g, struct store_recovery *r, struct err *err)
{
    uint64_t size = 0;
    if (sys_size(s->sys, g->f, &size, err) != 0)
        return -1;
    for (;;) {
        char bytes[LEAF_BYTES];
        struct buf b = {.p = bytes, .cap = sizeof(bytes), .max = sizeof(bytes)};
        struct leaf l;
        bool ok = false;
        if (next_block(s, g, size, &l, &ok, err) != 0)
            return -1;
        buf_clear(&s->block);
        if (!ok)
            break;
        leaf_put(&b, &l);
        if (!s->o.read_only &&
            sys_write(s->sys, s->leaves, bytes, sizeof(bytes), s->tree.n * LEAF_BYTES, err) != 0)
            return -1;
        struct digest hash = leaf_hash(&l);
        struct block_sources sources = block_sources(s->codec);
        if (seg_add(g, &l, g->has_sources ? &sources : NULL, err) != 0)
            return -1;
        tlog_add(&s->tree, &hash);
        s->sealed_id = l.first_id + l.count - 1;
        r->blocks++;
    }
    r->torn_bytes += size - g->size;
    return 0;
}

/* Sources of the blocks of the open segment: it has no directory yet, so their heads tell. */
static int part_sources(struct store *s, struct seg *g, struct err *err)
{
    size_t n = g->n_blocks;
    struct leaf *blocks = g->blocks;
    uint64_t size = g->size, raw = g->raw_bytes, first_id = g->first_id;
    g->blocks = NULL;
    g->n_blocks = g->blocks_cap = 0;
    g->raw_bytes = 0;
    g->has_sources = true;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct block_fixed f;
        struct err why = {0};
        bool ok = seg_read(g, blocks[i].offset, BLOCK_FIXED_BYTES, &s->block, &why) == 0 &&
                  block_read_fixed(buf_str(&s->block), &f, &why) == 0 &&
                  seg_read(g, blocks[i].offset, block_prefix(&f), &s->block, &why) == 0 &&
                  block_open(s->codec, g->key, buf_str(&s->block), &why) == 0;
        struct block_sources sources = ok ? block_sources(s->codec) : (struct block_sources){NULL, 0};
        rc = seg_add(g, &blocks[i], &sources, err); /* a damaged block has no known sources: never skipped */
    }
    buf_clear(&s->block);
    free(blocks);
    g->size = size;
    g->raw_bytes = raw;
    g->first_id = first_id;
    return rc;
}

/* A .part file without leaves: created, and perhaps the first block was synced. */
static int find_new_part(struct store *s, const struct files *f, struct seg **ret, struct err *err)
{
    for (size_t i = 0; i < f->n; i++) {
        struct seg *g = NULL;
        if (f->item[i].kind != FILES_PART || f->item[i].number < s->next_segment)
            continue;
        if (seg_open(s->sys, s->dir, f->item[i].number, false, !s->o.read_only, s->ring.store_key, &g, err) !=
            0)
            return -1;
        g->first_leaf = s->tree.n;
        *ret = g;
        return 0;
    }
    return 0;
}

static int open_part(struct store *s, const struct files *f, struct store_recovery *r, struct err *err)
{
    struct seg *g = s->n_segs == 0 ? NULL : s->segs[s->n_segs - 1], *fresh = NULL;
    char path[SEG_PATH_MAX];
    if (g != NULL && !g->whole && !g->damaged) {
        if (part_sources(s, g, err) != 0 || adopt_blocks(s, g, r, err) != 0)
            return -1;
        s->open_seg = g;
        s->open_seg_listed = true;
        return 0;
    }
    if (find_new_part(s, f, &fresh, err) != 0 || fresh == NULL)
        return fresh == NULL ? 0 : -1;
    fresh->has_sources = true;
    if (!fresh->damaged && adopt_blocks(s, fresh, r, err) != 0) {
        seg_free(fresh);
        return -1;
    }
    if (fresh->n_blocks > 0) {
        s->open_seg = fresh;
        s->open_seg_listed = true;
        s->next_segment = fresh->number + 1;
        r->segments++;
        return store_seg_list(s, fresh, err);
    }
    seg_path(path, s->dir, fresh->number, false); /* nothing in it was ever acknowledged as sealed */
    seg_free(fresh);
    return s->o.read_only ? 0 : sys_remove(s->sys, path, err);
}

/* Finish what a crash interrupted: half-written small files, segments that retention had given up. */
static int clean_up(struct store *s, const struct files *f, struct err *err)
{
    uint64_t first = s->n_segs > 0 ? s->segs[0]->number : s->next_segment;
    for (size_t i = 0; i < f->n && !s->o.read_only; i++) {
        char path[SEG_PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/%s", s->dir, f->item[i].name);
        if (f->item[i].kind == FILES_TEMP && sys_remove(s->sys, path, err) != 0)
            return -1;
        if (f->item[i].kind == FILES_SEG && f->item[i].number < first &&
            seg_destroy(s->sys, s->dir, f->item[i].number, true, err) != 0)
            return -1;
    }
    return 0;
}

int store_load_run(struct store *s, struct store_recovery *r, struct err *err)
{
    char path[SEG_PATH_MAX];
    struct files f = {.n = 0};
    struct err why = {0};
    s->has_ckpt =
        ckpt_load(s->sys, s->dir, s->origin[0] == '\0' ? NULL : s->origin, &s->ring, &s->ckpt, &why) == 0;
    if (!s->has_ckpt && why.code != ERR_NOT_FOUND)
        return err_set(err, why.code, "%s", why.msg);
    s->kept = s->has_ckpt ? s->ckpt.kept : 0;
    s->next_segment = 1;
    (void)snprintf(path, sizeof(path), "%s/leaves", s->dir);
    unsigned flags = s->o.read_only ? SYS_READ : SYS_READ | SYS_WRITE | SYS_CREATE;
    if (sys_open(s->sys, path, flags, &s->leaves, err) != 0 || read_leaves(s, r, err) != 0)
        return -1;
    if (!s->has_ckpt && s->tree.n > 0)
        return err_set(err, ERR_CORRUPT, "the checkpoint is missing");
    if (files_list(s->sys, s->dir, &f, err) != 0)
        return -1;
    int rc = open_part(s, &f, r, err);
    if (rc == 0)
        rc = clean_up(s, &f, err);
    files_done(&f);
    return rc;
}
